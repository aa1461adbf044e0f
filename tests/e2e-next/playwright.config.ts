import { defineConfig } from "@playwright/test";
import base from "../../playwright.config.ts";

const { webServer: _, ...shared } = base;

/** The Next.js example, in the browser of the other tests; each worker starts its own production server. */
export default defineConfig({
  ...shared,
  testDir: ".",
  outputDir: "../../test-results/next",
  globalSetup: "./build.ts",
});
