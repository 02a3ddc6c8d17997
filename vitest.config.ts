/** Tests that need only Node. The real-cluster lane has a configuration of its own: `vitest.cluster.config.ts`. */
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,test,examples,tools}/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/cluster/**"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts", "src/**/*.cases.ts"],
      reporter: ["text-summary", "json-summary", "html"],
      thresholds: { lines: 85 },
    },
  },
});
