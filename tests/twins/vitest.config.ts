import { defineConfig } from "vitest/config";

/** Both engines, given the same calls. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ["*.test.ts"], allowOnly: false, testTimeout: 60_000 },
});
