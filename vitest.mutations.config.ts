/** The known bugs, each put back for a moment: `tools/mutations`. A test that passes is a bug that was noticed. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tools/mutations/mutations.run.ts"],
    testTimeout: 300_000,
    // Each runs tests of its own, in a process of its own.
    maxConcurrency: 2,
    disableConsoleIntercept: true,
  },
});
