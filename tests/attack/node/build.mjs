// Writes the server as JavaScript, for a Node.js that does not read types.
import { build } from "esbuild";

await build({
  entryPoints: ["server.ts"],
  outfile: "build/server.mjs",
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
});
