import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  // The API decides whether its paths end in a slash: Next would redirect them away.
  skipTrailingSlashRedirect: true,
  // The package and its dependencies lie in the workspace above.
  turbopack: { root: process.env.WORKSPACE_ROOT ?? fileURLToPath(new URL("../..", import.meta.url)) },
};

export default config;
