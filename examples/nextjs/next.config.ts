import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  // The package and its dependencies lie in the workspace above.
  turbopack: { root: process.env.WORKSPACE_ROOT ?? fileURLToPath(new URL("../..", import.meta.url)) },
};

export default config;
