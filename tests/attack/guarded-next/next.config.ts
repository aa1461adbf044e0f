import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  basePath: "/app",
  rewrites: async () => [{ source: "/old/:slug", destination: "/notes/:slug" }],
  turbopack: { root: process.env.WORKSPACE_ROOT ?? fileURLToPath(new URL("../../..", import.meta.url)) },
  typescript: { ignoreBuildErrors: true },
};

export default config;
