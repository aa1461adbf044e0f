import { defineConfig } from "vitest/config";

/** The package where it is used: other runtimes, strict policies, bundlers and test runners. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    allowOnly: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
