import { defineConfig } from "vitest/config";

// With ENGINE=twin the rules run as JavaScript, as where no WebAssembly may be compiled.
const twins = {
  find: /^httponly\/engine\/(\w+)\.js$/,
  replacement: new URL("pkg/engine/$1.twin.js", import.meta.url).pathname,
};

// The tests use the built package (`make build` first), so that what is tested is what is published.
export default defineConfig({
  resolve: { alias: process.env.ENGINE === "twin" ? [twins] : [] },
  test: { include: ["tests/js/**/*.test.ts"], testTimeout: 20_000, allowOnly: false },
});
