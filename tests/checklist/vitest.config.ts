import { defineConfig } from "vitest/config";

/** The security checklist, point by point; a backend that goes away under load; rate limits by client. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    allowOnly: false,
    globalSetup: "./build.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file keeps a core busy, and the outage counts seconds. In one process, the backend is loaded once for all.
    fileParallelism: false,
    isolate: false,
  },
});
