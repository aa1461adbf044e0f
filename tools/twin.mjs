// Makes a module's twin: the same module as JavaScript, for where no WebAssembly may be compiled. It is a function from
// imports to exports, as a `WebAssembly.Instance` has them: with a memory that leaves its old buffer detached when it
// grows, a table of references, and lists for several results.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { lower } from "./lower.mjs";

const BINARYEN = fileURLToPath(new URL("../node_modules/binaryen/bin", import.meta.url));
/** What the modules may use: what the oldest browsers have that run them, and no more. */
export const FEATURES = [
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-reference-types",
  "--enable-multivalue",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-mutable-globals",
];

function binaryen(tool, args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(BINARYEN, tool), ...FEATURES, ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${tool}: ${stdout}${stderr}`);
}

/** Replaces what has to stand in the text once, or, where `optional`, may be absent. */
function replaceOnce(text, pattern, by, optional = false) {
  const found = text.match(new RegExp(pattern, "g"))?.length ?? 0;
  if (found === 1) return text.replace(pattern, () => by);
  if (found === 0 && optional) return text;
  throw new Error(`wasm2js writes ${pattern} in another way`);
}

/** As binaryen's, but that a growth leaves the old buffer detached, and one that is refused says so. */
const GROW = `function __wasm_memory_grow(pagesToAdd) {
  var oldPages = buffer.byteLength / 65536;
  var newPages = oldPages + (pagesToAdd >>> 0);
  if (newPages > 32767) return -1;
  try {
    buffer = grown(buffer, newPages * 65536);
  } catch {
    return -1;
  }
  HEAP8 = new Int8Array(buffer);
  HEAP16 = new Int16Array(buffer);
  HEAP32 = new Int32Array(buffer);
  HEAPU8 = new Uint8Array(buffer);
  HEAPU16 = new Uint16Array(buffer);
  HEAPU32 = new Uint32Array(buffer);
  HEAPF32 = new Float32Array(buffer);
  HEAPF64 = new Float64Array(buffer);
  bufferView = HEAPU8;
  return oldPages;
 }
`;

/** Older engines have no \`transfer\`; the old buffer has to be detached there too, since the glue looks for it. */
const GROWN = `function grown(buffer, length) {
  if (buffer.transfer) return buffer.transfer(length);
  var larger = new ArrayBuffer(length);
  new Uint8Array(larger).set(new Uint8Array(buffer));
  if (globalThis.structuredClone) structuredClone(buffer, { transfer: [buffer] });
  else new MessageChannel().port1.postMessage(buffer, [buffer]);
  return larger;
}
`;

/**
 * Data as a text with a character for each byte: it compresses as the words that it is, which base64 does not. Control
 * characters stand 256 higher, which is the same to a byte, since minifiers disagree on how these are written.
 */
const DATA = `function put(offset, text) {
  for (var i = 0; i < text.length; i++) bufferView[offset + i] = text.charCodeAt(i);
}
`;

const textOf = (bytes) =>
  Array.from(bytes, (byte) => String.fromCharCode(byte < 32 ? byte + 256 : byte)).join("");

/** Takes the module around binaryen's function away, and mends what is in it. */
function body(text) {
  let js = replaceOnce(text, /^import \* as env from 'env';\n/m, "", true);
  js = replaceOnce(js, /\nvar retasmFunc = asmFunc\([\s\S]*$/, "");
  js = replaceOnce(
    js,
    / {2}var base64ReverseLookup = [\s\S]*?\n {4}return uint8Array;\n {2}\}|\n {2}return uint8Array;\n\}/,
    "",
  );
  js = js.replace(
    /base64DecodeToExistingUint8Array\(bufferView, (\d+), "([^"]*)"\);/g,
    (_, offset, base64) => `put(${offset}, ${JSON.stringify(textOf(Buffer.from(base64, "base64")))});`,
  );
  if (js.includes("base64")) throw new Error("wasm2js writes data in another way");
  const grows = /function __wasm_memory_grow\(pagesToAdd\) \{[\s\S]*?return oldPages;\n \}\n/;
  const mended = replaceOnce(js, grows, GROW, true);
  return `${DATA}${mended === js ? "" : GROWN}${mended}`;
}

const isReference = (type) => type === "externref";
/** Names for as many parameters as there are types. */
const parameters = (types) => types.map((_, index) => `p${index}`);

/** An import as binaryen's function calls it: with handles for references, and 64 bits as two halves. */
function adaptImport({ name, params, results }) {
  const given = `imports.${name}`;
  if (![...params, ...results].some((type) => isReference(type) || type === "i64"))
    return `${name}: ${given}`;
  const halves = (p) => `BigInt.asIntN(64, (BigInt(${p}h >>> 0) << 32n) | BigInt(${p} >>> 0))`;
  const taken = params.flatMap((type, index) =>
    type === "i64" ? [`p${index}`, `p${index}h`] : [`p${index}`],
  );
  const passed = params.map((type, index) =>
    isReference(type) ? `held[p${index}]` : type === "i64" ? halves(`p${index}`) : `p${index}`,
  );
  const call = `${given}(${passed.join(", ")})`;
  return `${name}: (${taken.join(", ")}) => ${isReference(results[0]) ? `hold(${call})` : call}`;
}

/** What lowering made imports of. */
function ownImport(name) {
  switch (name) {
    case "table_get":
      return `${name}: (at) => hold(table[at])`;
    case "table_set":
      return `${name}: (at, handle) => { table[at] = held[handle]; }`;
    case "table_grow":
      return `${name}: (handle, by) => grow(by, held[handle])`;
    case "table_fill":
      return `${name}: (at, handle, count) => { table.fill(held[handle], at, at + count); }`;
    default:
      return name.startsWith("ret_") ? `${name}: (...values) => { results = values; }` : undefined;
  }
}

/** A function that makes an export with these parameters and results of binaryen's; exports share it by signature. */
function adapter({ params, results, holds }) {
  const passed = params.map((type, index) => (isReference(type) ? `hold(p${index})` : `p${index}`));
  const call = `call(${passed.join(", ")})`;
  const several = results.map((type, index) =>
    isReference(type) ? `held[results[${index}]]` : `results[${index}]`,
  );
  const result =
    results.length > 1 ? `(${call}, [${several}])` : isReference(results[0]) ? `held[${call}]` : call;
  const uses = holds || [...params, ...results].some(isReference);
  const kept = uses ? `depth++; try { return ${result}; } finally { release(); }` : `return ${result};`;
  return `(call) => (${parameters(params).join(", ")}) => { ${kept} }`;
}

function adaptExports(exports) {
  const shared = new Map();
  const members = exports.map((entry) => {
    const { name, kind, params = [], results = [], holds } = entry;
    if (kind === "table")
      return `${name}: { get: (at) => table[at], set(at, value) { table[at] = value; }, grow, get length() { return table.length; } }`;
    const plain = !holds && results.length < 2 && ![...params, ...results].some(isReference);
    if (kind !== "func" || plain) return `${name}: made.${name}`;
    const text = adapter(entry);
    if (!shared.has(text)) shared.set(text, `shape${shared.size}`);
    return `${name}: ${shared.get(text)}(made.${name})`;
  });
  const shapes = [...shared].map(([text, name]) => `const ${name} = ${text};`);
  return { members, shapes };
}

function wrap(js, { imports, exports, table, needed }) {
  const own = needed.map(ownImport).filter((text) => text !== undefined);
  const { members, shapes } = adaptExports(exports);
  return `${js}
export const source = (given) => {
  const imports = given?.[""];
  const held = [null];
  let table = new Array(${table ?? 0}).fill(null);
  let results;
  let depth = 0;
  const hold = (value) => held.push(value) - 1;
  // Handles live as long as the outermost call.
  const release = () => { if (!--depth) held.length = 1; };
  const grow = (by, value = null) => {
    const before = table.length;
    for (let i = 0; i < by; i++) table.push(value);
    return before;
  };
  const made = asmFunc({ env: { ${[...imports.map(adaptImport), ...own].join(",\n")} } });
  ${shapes.join("\n")}
  return { ${members.join(",\n")} };
};
`;
}

/**
 * @param bytes a module whose imports have names of their own in one namespace
 * @param folder where the steps are kept
 * @returns an ES module that exports `source`, minified
 */
export async function twin(bytes, folder) {
  mkdirSync(folder, { recursive: true });
  const path = (name) => join(folder, name);
  writeFileSync(path("twin.wasm"), bytes);
  binaryen("wasm-dis", [path("twin.wasm"), "-o", path("twin.wat")]);
  const { text, signatures } = lower(readFileSync(path("twin.wat"), "utf8"));
  writeFileSync(path("lowered.wat"), text);
  binaryen("wasm-as", [path("lowered.wat"), "-o", path("lowered.wasm")]);
  binaryen("wasm2js", [path("lowered.wasm"), "-Oz", "-o", path("lowered.js")]);
  const js = wrap(body(readFileSync(path("lowered.js"), "utf8")), signatures);
  writeFileSync(path("twin.js"), js);
  const { code } = await transform(js, {
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
  });
  return code;
}
