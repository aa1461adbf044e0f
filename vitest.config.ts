import { defineConfig } from "vitest/config";

// The tests use the built package (`make build` first), so that what is tested is what is published.
export default defineConfig({
  test: { include: ["tests/js/**/*.test.ts"], testTimeout: 20_000, allowOnly: false },
});
