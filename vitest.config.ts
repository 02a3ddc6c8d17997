/** Tests that need only Node. The real-cluster lane has a configuration of its own: `vitest.cluster.config.ts`. */
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,test,examples,tools}/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/cluster/**"],
    // For what hangs: with much else to do, a machine takes twenty times as long for a test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts", "src/**/*.cases.ts"],
      reporter: ["text-summary", "json-summary", "html"],
      thresholds: { lines: 85 },
    },
  },
});
