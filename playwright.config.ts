import { defineConfig } from "@playwright/test";
import { hosts } from "./tests/e2e/hosts.ts";

/** One server a host, because SvelteKit compares form posts with the one ORIGIN that it knows. */
const webServer = Object.values(hosts).map(({ origin, port, apiPort, authPort, providerPort }) => ({
  command: "node tools/demo.mjs",
  env: {
    PORT: String(port),
    API_PORT: String(apiPort),
    AUTH_PORT: String(authPort),
    PROVIDER_PORT: String(providerPort),
    ORIGIN: origin,
  },
  url: `http://127.0.0.1:${port}/`,
  timeout: 120_000,
  reuseExistingServer: false,
  gracefulShutdown: { signal: "SIGTERM" as const, timeout: 5_000 },
}));

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  workers: 2,
  timeout: 30_000,
  // A machine that is busy elsewhere for seconds; what passes at the second try is listed as flaky.
  retries: 1,
  expect: { timeout: 5_000 },
  forbidOnly: true,
  reporter: "list",
  webServer,
  use: {
    actionTimeout: 5_000,
    baseURL: hosts.localhost.origin,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
