import { defineConfig } from "vitest/config";

/** Own sign-in in Chromium: the page's functions, forms without JavaScript, a real OpenID provider. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    allowOnly: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
