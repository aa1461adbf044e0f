import { defineConfig } from "vitest/config";

/** The page's account functions in Chromium, against Better Auth behind a real server. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    allowOnly: false,
    globalSetup: "./build.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/tests\/page\/build\//] } },
  },
});
