// Builds the package: Rust to wasm (wasm-pack), wasm made small (binaryen) and put into ES modules (as hexadecimal text),
// TypeScript to JavaScript, all of it into pkg/. CONTRIBUTING.md says why it is done this way.
//
//   node tools/build.mjs [cookies] [account] [server]     the named modules only, then the rest of the package
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundleServer } from "./bundle.mjs";
import { fallbackTwins, idOf, makeEngines, publishEngines, writeStubs } from "./engines.mjs";
import { blankPanics, blankStandardLibrary, renameExports, renameImports } from "./slim.mjs";
import { FEATURES } from "./twin.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const MODULES = {
  read: ["--no-default-features", "--features", "read"],
  write: ["--no-default-features", "--features", "write"],
  account: ["--no-default-features", "--features", "account"],
  server: ["--no-default-features", "--features", "server"],
};
const WASM_OPT = [...FEATURES, "--strip-debug", "--strip-producers", "--strip-target-features"];
/** Page modules that are loaded on the first call that needs them, asynchronously. */
const LATER = ["account"];
/** Modules that no page has. */
const SERVER_ONLY = ["server"];
/** Modules that import nothing and take numbers alone: wasm-bindgen has nothing to do there. */
const BARE = ["read", "write"];
// No page downloads the server, so it is built to be fast.
const OPT_LEVEL = { read: "z", write: "z", account: "z", server: "3" };
// The default stack of 1 MiB would be most of the module's memory.
const STACK = { read: 16 * 1024, write: 16 * 1024, account: 64 * 1024, server: 256 * 1024 };

function run(command, args, env = {}) {
  const path = [join(root, ".tools/bin"), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const done = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    env: { ...process.env, ...env, PATH: path },
  });
  if (done.status === 0) return done.stdout;
  console.error(done.error?.message ?? `${done.stdout}${done.stderr}`);
  process.exit(1);
}

/** Newest modification time of a file or of all files below a folder. */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The glue with its coders of UTF-8 made when they are first needed: some environments of test runners lack them. */
function lazyCoders(bound) {
  const decoder = /^let cachedTextDecoder = (new TextDecoder\(.*\));\n\n?cachedTextDecoder\.decode\(\);\n/m;
  const encoder = /^const cachedTextEncoder = new TextEncoder\(\);\n\n?if \([\s\S]*?^\}\n/m;
  const made = decoder.exec(bound)?.[1];
  if (made === undefined || !encoder.test(bound)) throw new Error("the glue makes its coders in another way");
  return bound
    .replace(decoder, "let cachedTextDecoder;\n")
    .replace("return cachedTextDecoder.decode(", `return (cachedTextDecoder ??= ${made}).decode(`)
    .replace(encoder, "let cachedTextEncoder;\n")
    .replace(/cachedTextEncoder\.encode/g, "(cachedTextEncoder ??= new TextEncoder()).encode");
}

/** One ES module of what wasm-bindgen wrote for the module's remaining imports and for its exports. */
async function glue(name, out, names) {
  const path = `${out}/${name}_bg.js`;
  const bound = readFileSync(path, "utf8");
  const exported = [...bound.matchAll(/^export (?:function|class) (\w+)/gm)].map((match) => match[1]);
  const own = exported.filter((symbol) => !symbol.startsWith("__")).concat("__wbg_set_wasm");
  const contents = [
    `export { ${own.join(", ")} } from "./${name}_bg.js";`,
    ...names.map(({ module, name, to }) => `import { ${name} as ${to} } from "${module}";`),
    `export const imports = { "": { ${names.map(({ to }) => to).join(", ")} } };`,
  ].join("\n");
  // The glue takes an argument's type on trust, and of a number it would write beyond the module's memory.
  const pass = "function passStringToWasm0(arg, malloc, realloc) {\n";
  if (name === "server" && !bound.includes(pass)) throw new Error("the glue passes strings in another way");
  const check = `    if (typeof arg !== "string") throw new TypeError("a string is needed");\n`;
  writeFileSync(path, lazyCoders(bound).replace(pass, pass + check));
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: out },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    legalComments: "none",
    logLevel: "error",
  });
  return outputFiles[0].text;
}

const ID = "/** What tells this build of the module from all others. */\n";

let remapped;
/**
 * The flags that keep this machine's paths out of what rustc writes: panics name the source files. Of several that fit
 * a path, rustc takes the last, so the wider ones come first. Each crate has one of its own, since the folders above it
 * are named after the registry.
 */
function withoutPaths() {
  remapped ??= remapFlags();
  return remapped;
}

function remapFlags() {
  const { packages } = JSON.parse(
    run("cargo", [
      "metadata",
      "--format-version=1",
      "--all-features",
      "--filter-platform=wasm32-unknown-unknown",
    ]),
  );
  const crates = packages.map(({ manifest_path }) => dirname(manifest_path));
  const folders = [
    [homedir(), "/home"],
    [process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "/cargo"],
    [run("rustc", ["--print", "sysroot"]).trim(), "/rust"],
    [root.replace(/\/$/, ""), "/httponly"],
    ...crates
      .filter((folder) => join(folder, "/") !== root)
      .map((folder) => [folder, `/${basename(folder)}`]),
  ];
  return folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}

/** What tells rustc how to make a module. */
function rustEnv(name) {
  const flags = [
    ...(process.env.RUSTFLAGS ?? "").split(" ").filter((flag) => flag !== ""),
    `-Clink-arg=-zstack-size=${STACK[name]}`,
    ...withoutPaths(),
  ];
  return {
    // Parted by a unit separator, for a path may hold a space. With a target, build scripts do not get them.
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    CARGO_PROFILE_RELEASE_OPT_LEVEL: OPT_LEVEL[name],
  };
}

function buildBare(name) {
  run(
    "cargo",
    ["build", "--release", "--lib", "--target", "wasm32-unknown-unknown", ...MODULES[name]],
    rustEnv(name),
  );
  const out = `target/wasm/${name}`;
  mkdirSync(out, { recursive: true });
  const built = blankPanics(readFileSync("target/wasm32-unknown-unknown/release/httponly.wasm"));
  const { bytes: renamed, names } = renameExports(built);
  writeFileSync(`${out}/${name}_bg.wasm`, renamed);
  // Nothing stands below the stack's end, and no pointer is below 1024.
  const flagsOfOpt = ["-Oz", "--converge", "--low-memory-unused", ...WASM_OPT];
  run("wasm-opt", [...flagsOfOpt, `${out}/${name}_bg.wasm`, "-o", `${out}/${name}.wasm`]);
  const bytes = readFileSync(`${out}/${name}.wasm`);
  mkdirSync("js/wasm/gen", { recursive: true });
  writeFileSync(`js/wasm/gen/${name}.wasm`, bytes);
  writeFileSync(`js/wasm/gen/${name}.js`, `export const id = "${idOf(bytes)}";\n`);
  writeFileSync(`js/wasm/gen/${name}.d.ts`, `${ID}export const id: string;\n`);
  console.log(`wasm: ${name} ${bytes.length} bytes, exports ${names.join(" ")}`);
}

async function buildWasm(name) {
  const generated = `js/wasm/gen/${name}.js`;
  const sources = Math.max(...["src", "Cargo.toml", "Cargo.lock", "tools/build.mjs"].map(newest));
  if (newest(generated) > sources) return;
  if (BARE.includes(name)) return buildBare(name);
  const out = `target/wasm/${name}`;
  console.log(`wasm: ${name}`);
  run(
    "wasm-pack",
    [
      "build",
      "--release",
      "--target",
      "bundler",
      "--no-pack",
      "--no-gitignore",
      "--mode",
      "no-install",
      "--out-dir",
      out,
      "--out-name",
      name,
      ".",
      ...MODULES[name],
    ],
    rustEnv(name),
  );
  const bound = `${out}/${name}_bg.wasm`;
  writeFileSync(bound, blankStandardLibrary(readFileSync(bound)));
  run("wasm-opt", [
    name === "server" ? "-O3" : "-Oz",
    "--converge",
    ...WASM_OPT,
    bound,
    "-o",
    `${out}/${name}.wasm`,
  ]);
  const { bytes, names } = renameImports(readFileSync(`${out}/${name}.wasm`));
  mkdirSync("js/wasm/gen", { recursive: true });
  writeFileSync(`js/wasm/gen/${name}.wasm`, bytes);
  writeFileSync(generated, `${await glue(name, out, names)}export const id = "${idOf(bytes)}";\n`);
  const types = readFileSync(`${out}/${name}.d.ts`, "utf8").replace(/^\/\* (tslint|eslint).*\n/gm, "");
  writeFileSync(
    `js/wasm/gen/${name}.d.ts`,
    `${types}
${ID}export const id: string;
/** What it imports. */
export const imports: WebAssembly.Imports;
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
`,
  );
  console.log(`wasm: ${name} ${bytes.length} bytes`);
}

const named = process.argv.slice(2);
for (const name of named.length ? named : Object.keys(MODULES)) await buildWasm(name);

const all = Object.keys(MODULES);
for (const name of all) await makeEngines(name);
fallbackTwins(
  all
    .filter((name) => !SERVER_ONLY.includes(name))
    .map((name) => ({
      name,
      id: idOf(readFileSync(`js/wasm/gen/${name}.wasm`)),
      later: LATER.includes(name),
    })),
);

rmSync("pkg", { recursive: true, force: true });
mkdirSync("pkg", { recursive: true });
console.log("package: pkg/");
cpSync("pkg-template", "pkg", { recursive: true });
run("tsc", ["-p", "tsconfig.build.json"]);
const glueOnly = (path) => !path.endsWith("engine") && !path.endsWith(".wasm");
cpSync("js/wasm/gen", "pkg/dist/wasm/gen", { recursive: true, filter: glueOnly });
// What an exports condition chooses is imported by the package's own name.
const errors = readFileSync("pkg/dist/errors.js", "utf8");
writeFileSync("pkg/dist/errors.js", errors.replace("./sentences.js", "httponly/sentences.js"));
// The version stands in Cargo.toml alone.
await bundleServer();
const manifest = JSON.parse(readFileSync("pkg/package.json", "utf8"));
manifest.version = /^version = "(.*)"$/m.exec(readFileSync("Cargo.toml", "utf8"))[1];
publishEngines(all, manifest);
manifest.files.push(...writeStubs(manifest));
writeFileSync("pkg/package.json", `${JSON.stringify(manifest, undefined, 2)}\n`);
// npm shows the first parts of the README; pictures and files of the repository are not there.
const readme = readFileSync("README.md", "utf8")
  .replace(/^!\[.*\n\n/m, "")
  .replace(/\n## Reading on[\s\S]*/, "");
writeFileSync("pkg/README.md", readme);
for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "SECURITY.md"]) cpSync(name, `pkg/${name}`);
