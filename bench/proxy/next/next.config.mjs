import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  turbopack: { root: fileURLToPath(new URL("../../..", import.meta.url)) },
  rewrites: async () => [{ source: "/rewritten/:path*", destination: `${process.env.UPSTREAM}/:path*` }],
};
