/**
 * What a page downloads, and the memory that the page's reading module takes: the same on every machine.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { budget, bytes, table } from "./table.mjs";

const READ = 1_700;
const BOTH = 5_000;
const BOTH_IN_PRODUCTION = 4_400;
/** Chromium up to 113 compiles no larger module synchronously on the main thread: below it. */
const SYNCHRONOUS = 4_096;
const MEMORY = 192;

const resolveDir = fileURLToPath(new URL(".", import.meta.url));

const settings = (contents) => ({
  stdin: { contents, resolveDir, sourcefile: "page.js" },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  write: false,
  legalComments: "none",
  logLevel: "error",
});

/** Bundles into one file. */
export async function bundle(contents, options = {}) {
  const { outputFiles } = await build({ ...settings(contents), ...options });
  return outputFiles[0].text;
}

/** Bundles into what is loaded at once, and what a dynamic import loads later. */
async function split(contents) {
  const { outputFiles, metafile } = await build({
    ...settings(contents),
    splitting: true,
    metafile: true,
    outdir: "out",
  });
  const first = new Set();
  const visit = (path) => {
    if (first.has(path)) return;
    first.add(path);
    for (const one of metafile.outputs[path].imports) if (one.kind === "import-statement") visit(one.path);
  };
  const entry = Object.entries(metafile.outputs).find(([, { entryPoint }]) =>
    entryPoint?.endsWith("page.js"),
  );
  visit(entry[0]);
  const isFirst = ({ path }) => [...first].some((name) => path.endsWith(name));
  const text = (files) => files.map((file) => file.text).join("\n");
  return {
    first: text(outputFiles.filter(isFirst)),
    later: text(outputFiles.filter((file) => !isFirst(file))),
  };
}

const brotli = (text) =>
  brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text),
    },
  }).length;
const weigh = (text) => ({
  min: Buffer.byteLength(text),
  gzip: gzipSync(text, { level: 9 }).length,
  brotli: brotli(text),
});

/** The hexadecimal text of a wasm module in a bundle. */
const HEX = /"([\da-f]{400,})"/g;

/** How much of a bundle is wasm: what is left of it without the module's text is JavaScript. */
function shares(text) {
  const all = weigh(text);
  const js = weigh(text.replace(HEX, '""'));
  const wasm = { min: all.min - js.min, gzip: all.gzip - js.gzip, brotli: all.brotli - js.brotli };
  const modules = [...text.matchAll(HEX)].map(([, hex]) => hex.length / 2);
  const binary = modules.reduce((sum, size) => sum + size, 0);
  return { all, js, wasm, binary, modules };
}

/** KiB of linear memory after the first call, and after a header that is longer than most servers take. */
async function memory(text) {
  const exports = [];
  const { Instance } = WebAssembly;
  const former = globalThis.document;
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      exports.push(this.exports);
    }
  };
  try {
    globalThis.document = { cookie: "a=1" };
    const { getCookie } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    if (getCookie("a") !== "1") throw new Error("the bundle does not work");
    const kib = () => exports[0].a.buffer.byteLength / 1024;
    const first = kib();
    globalThis.document.cookie = `${"x".repeat(32_000)}=1; a=2`;
    if (getCookie("a") !== "2") throw new Error("the bundle does not work");
    return { first, long: kib() };
  } finally {
    WebAssembly.Instance = Instance;
    globalThis.document = former;
    if (former === undefined) delete globalThis.document;
  }
}

const PAGES = {
  httponly: 'export { getCookie, setCookie } from "httponly"',
  "js-cookie": 'export { default } from "js-cookie"',
  "universal-cookie": 'export { default } from "universal-cookie"',
  cookie: 'export { parseCookie, stringifySetCookie } from "cookie"',
};

export async function measureWeight() {
  const pages = {};
  for (const [name, source] of Object.entries(PAGES)) pages[name] = await bundle(source);
  const own = shares(pages.httponly);
  const read = shares(await bundle('export { getCookie } from "httponly"'));
  const production = shares(await bundle(PAGES.httponly, { conditions: ["production"] }));
  const every = await split('export * from "httponly"');
  const kib = await memory(pages.httponly);

  const weights = Object.fromEntries(Object.entries(pages).map(([name, text]) => [name, weigh(text)]));
  const account = shares(every.later);
  const row = (name, { min, gzip, brotli }) => [name, bytes(min), bytes(gzip), bytes(brotli)];
  const exact = { exact: true, unit: " B", source: "DESIGN 5" };
  const budgets = [
    budget("{ getCookie }, brotli", read.all.brotli, READ, exact),
    budget("{ getCookie, setCookie }, brotli", own.all.brotli, BOTH, exact),
    budget(
      "the same with the condition `production`, brotli",
      production.all.brotli,
      BOTH_IN_PRODUCTION,
      exact,
    ),
    ...own.modules.map((size, i) => budget(`wasm module ${i + 1} of the page`, size, SYNCHRONOUS - 1, exact)),
    budget("memory of the module that reads", kib.first, MEMORY, {
      exact: true,
      unit: " KiB",
      source: "DESIGN 5",
    }),
  ];
  return {
    title: "Page weight, bytes (esbuild, minified; gzip 9, brotli 11)",
    text: table(
      ["", "min", "gzip", "brotli"],
      [
        row("httponly { getCookie }", read.all),
        row("httponly { getCookie, setCookie }", own.all),
        row("  with the exports condition `production`", production.all),
        row("  of it JavaScript", own.js),
        row(`  of it wasm (${bytes(own.binary)} B, as hexadecimal)`, own.wasm),
        ...Object.entries(weights)
          .slice(1)
          .map(([name, weight]) => row(name, weight)),
        row("httponly, all of it, before any call", weigh(every.first)),
        row(`httponly's account chunk, on its first call (wasm ${bytes(account.binary)} B)`, account.all),
      ],
    ),
    notes: [
      `Linear memory of the module that reads: ${kib.first} KiB after the first call, ${kib.long} KiB after a header of 32,000 characters.`,
    ],
    budgets,
    data: {
      weights,
      read: read.all,
      production: production.all,
      js: own.js,
      wasm: own.wasm,
      binary: own.binary,
      account: account.all,
      memory: kib,
    },
  };
}
