// Checks what CONTRIBUTING.md says of the layers, as far as it can be read off the sources:
//
// - the arrows point down: API (js/) → bindings (src/wasm/) → rules (the rest of src/), and no rule imports a binding;
// - no modules of src/ import each other in a circle (biome looks for those in js/);
// - js/ reaches a wasm module through js/wasm/ alone, and holds no security header and no cache policy.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const faults = [];

function files(folder, ending) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "gen" ? [] : files(path, ending);
    return path.endsWith(ending) ? [path] : [];
  });
}

/** The code of a file: neither its tests, which stand last, nor its comments. */
const codeOf = (path) =>
  readFileSync(path, "utf8")
    .split(/^#\[cfg\((?:test|all\(test[^\n]*)\)\]\n(?:mod|use) /m)[0]
    .replace(/^\s*\/\/.*$/gm, "");

/** `a::{b, c::d}` as `a::b` and `a::c::d`. */
function flatten(tree) {
  const items = [];
  let depth = 0;
  let item = "";
  for (const letter of tree) {
    if (letter === "{") depth++;
    if (letter === "}") depth--;
    if (letter === "," && depth === 0) {
      items.push(item);
      item = "";
    } else item += letter;
  }
  return [...items, item].flatMap((text) => {
    const [, head, body] = /^\s*((?:\w+::)*)\{([\s\S]*)\}\s*$/.exec(text) ?? [];
    return body === undefined ? [text.trim()] : flatten(body).map((rest) => head + rest);
  });
}

// --- Rust -----------------------------------------------------------------------------------------------------------

const sources = files("src", ".rs");
/** `src/auth/mod.rs` and `src/auth.rs` are the module `auth`. */
const moduleOf = (path) =>
  relative("src", path)
    .replace(/(\/mod)?\.rs$/, "")
    .split("/")
    .join("::");
const modules = new Map(sources.map((path) => [moduleOf(path), path]));

/** The deepest module that a path begins with. */
function target(path) {
  const parts = path.split("::");
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join("::");
    if (modules.has(name)) return name;
  }
}

const imports = new Map();
for (const [name, path] of modules) {
  const code = codeOf(path);
  const parent = name.split("::").slice(0, -1).join("::");
  const paths = [];
  for (const [, root, tree] of code.matchAll(/\buse (crate|super)::([^;]+);/g))
    paths.push(...flatten(tree).map((rest) => (root === "crate" ? rest : `${parent}::${rest}`)));
  for (const [, root, rest] of code.matchAll(/\b(crate|super)::((?:\w+::)*\w+)/g))
    paths.push(root === "crate" ? rest : `${parent}::${rest}`);
  const found = new Set(
    paths.map((text) => target(text.replace(/^::/, ""))).filter((other) => other && other !== name),
  );
  // A module's own parts are below it: what it says of them is no arrow up.
  imports.set(name, found);
  const isBinding = name === "wasm" || name.startsWith("wasm::");
  if (isBinding) continue;
  for (const other of found)
    if (other.split("::")[0] === "wasm") faults.push(`${path}: a rule imports the binding ${other}`);
  for (const crate of ["wasm_bindgen", "js_sys", "web_sys", "gloo_net", "serde_wasm_bindgen"])
    if (new RegExp(`\\b${crate}\\b`).test(code)) faults.push(`${path}: a rule knows JavaScript (${crate})`);
}

const done = new Set();
function walk(name, trail) {
  const at = trail.indexOf(name);
  if (at >= 0) {
    faults.push(`src: a circle of imports: ${[...trail.slice(at), name].join(" → ")}`);
    return;
  }
  if (done.has(name)) return;
  for (const other of imports.get(name) ?? []) walk(other, [...trail, name]);
  done.add(name);
}
for (const name of modules.keys()) walk(name, []);

// --- TypeScript -----------------------------------------------------------------------------------------------------

/** What only Rust writes: the headers that keep a response harmless, and what caches may do with it. */
const POLICY =
  /["'`](content-security-policy|x-content-type-options|nosniff|referrer-policy|cross-origin-resource-policy|(private, )?no-store|permissions-policy)["'`]/i;

for (const path of files("js", ".ts")) {
  const code = readFileSync(path, "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  const inWasm = path.startsWith("js/wasm/");
  for (const [, from] of code.matchAll(/\bfrom "([^"]+)"/g)) {
    const to = join(dirname(path), from);
    if (to.startsWith("js/wasm/gen/") && !inWasm) faults.push(`${path}: ${from} is for js/wasm/ to load`);
  }
  code.split("\n").forEach((line, at) => {
    const [, policy] = POLICY.exec(line) ?? [];
    if (policy) faults.push(`${path}:${at + 1}: "${policy}" is a decision, which belongs into src/`);
  });
}

for (const fault of faults) console.error(fault);
if (faults.length) process.exit(1);
