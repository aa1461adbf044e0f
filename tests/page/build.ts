/**
 * Bundles the pages under test, as an app's own bundler would: for the browser, and for rendering on a server.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { compile } from "svelte/compiler";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Where the bundles are. */
export const BUILT = fileURLToPath(new URL("build/", import.meta.url));

function svelte(generate: "client" | "server"): Plugin {
  return {
    name: "svelte",
    setup({ onLoad }) {
      onLoad({ filter: /\.svelte$/ }, ({ path }) => {
        const options = { generate, runes: true, filename: path, name: basename(path, ".svelte") } as const;
        const { js, warnings } = compile(readFileSync(path, "utf8"), options);
        return { contents: js.code, warnings: warnings.map(({ message }) => ({ text: message })) };
      });
    },
  };
}

export default async function bundle(): Promise<void> {
  const common = {
    absWorkingDir: here,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  } as const;
  await build({
    ...common,
    entryPoints: ["plain", "react", "svelte", "cookie-react", "cookie-svelte"].map(
      (name) => `app/${name}-page.js`,
    ),
    outdir: `${BUILT}page`,
    splitting: true,
    platform: "browser",
    conditions: ["browser"],
    define: { "process.env.NODE_ENV": '"development"' },
    plugins: [svelte("client")],
  });
  await build({
    ...common,
    entryPoints: ["app/server.js"],
    outfile: `${BUILT}server.mjs`,
    platform: "node",
    packages: "external",
    plugins: [svelte("server")],
  });
}
