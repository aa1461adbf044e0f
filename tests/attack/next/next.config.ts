import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The upstream decides on slashes, as docs/nextjs.md says.
  skipTrailingSlashRedirect: true,
  // The declarations, the package and its dependencies lie above; types are checked with the tests.
  turbopack: { root: process.env.WORKSPACE_ROOT ?? fileURLToPath(new URL("../../..", import.meta.url)) },
  typescript: { ignoreBuildErrors: true },
};

export default config;
