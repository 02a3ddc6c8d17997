/** The real-cluster lane: every test talks to a Kubernetes that `test/cluster/setup.ts` starts and stops. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    globalSetup: ["test/cluster/setup.ts"],
    setupFiles: ["test/cluster/fit.ts"],
    // One cluster for all, and some tests take parts of it down: files run one after the other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A worker that held the history of a thousand pods takes its time to go on a busy machine.
    teardownTimeout: 60_000,
  },
});
