import { defineConfig } from "vitest/config";

/** Attacks on both frameworks' built servers, through real sockets and from Chromium. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    allowOnly: false,
    globalSetup: "./build.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
