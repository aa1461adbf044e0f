// Makes a few files of the server's many, since Node takes longer to find and link eighty small files than to run them.
// What the page has too stays as it is: a page's bundler takes of it what is used, and errors are of one class.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../pkg/dist", import.meta.url));
const ENTRIES = ["server/index", "sveltekit", "next", "redis"];
/** Only the entries import these. */
const SERVER = /^(?:server\/|wasm\/server\.js$|wasm\/gen\/server\.js$|(?:sveltekit|next)-routes\.js$)/;
const SHARED = "shared-with-the-page/";

const isServer = (path) => SERVER.test(path) || ENTRIES.includes(path.replace(/\.js$/, ""));

/** Leaves imports of what the page has too, by their places in `dist`. */
const leaveShared = {
  name: "leave what the page has too",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, importer }) => {
      const inDist = relative(dist, join(dirname(importer), path)).replaceAll("\\", "/");
      return isServer(inDist) ? undefined : { path: SHARED + inDist, external: true };
    });
  },
};

export async function bundleServer() {
  const { outputFiles } = await build({
    entryPoints: ENTRIES.map((name) => join(dist, `${name}.js`)),
    outdir: dist,
    outbase: dist,
    chunkNames: "server/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "neutral",
    format: "esm",
    target: "es2022",
    minifySyntax: true,
    legalComments: "none",
    logLevel: "error",
    write: false,
    plugins: [leaveShared],
  });
  for (const name of readdirSync(dist, { recursive: true }).map((name) => name.replaceAll("\\", "/")))
    if (name.endsWith(".js") && isServer(name)) rmSync(join(dist, name));
  for (const { path, text } of outputFiles) {
    const above = relative(dirname(path), dist).replaceAll("\\", "/") || ".";
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll(`"${SHARED}`, `"${above}/`));
  }
}
