// Pages that use the package, bundled from an installed one.
import { build } from "esbuild";
import { project } from "./project.mjs";

const USE = `
export const use = async () => {
  try {
    setCookie("theme", "dark blue");
    const kept = getCookie("theme");
    deleteCookie("theme");
    await setHttpOnlyCookie("token", "1");
    return { kept, gone: getCookie("theme"), account: "ok" };
  } catch ({ code, message }) {
    return { code, message };
  }
};
`;
const HTTPONLY = `import { deleteCookie, getCookie, setCookie, setHttpOnlyCookie } from "httponly";\n`;
const FALLBACK = `import "httponly/fallback";\n`;
const START = `globalThis.said = use();\n`;

const ENTRIES = {
  "plain.js": HTTPONLY + USE + START,
  "before.js": FALLBACK + HTTPONLY + USE + START,
  "after.js": HTTPONLY + FALLBACK + USE + START,
  // In a bundle of its own, which shares no module with the other.
  "own-fallback.js": FALLBACK,
};

/** Scripts by their paths: each entry with its chunks. */
export async function pageFiles() {
  const folder = project("pages", {}, ENTRIES);
  const files = { "split.js": `import "./own-fallback.js";\nimport "./plain.js";\n` };
  for (const entry of Object.keys(ENTRIES)) {
    const { outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: [entry],
      bundle: true,
      minify: true,
      splitting: true,
      format: "esm",
      outdir: "out",
      write: false,
      logLevel: "error",
    });
    for (const { path, text } of outputFiles) files[path.split("/out/")[1]] = text;
  }
  return files;
}
