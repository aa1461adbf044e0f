// Builds the package: Rust to wasm (wasm-pack), wasm made small (binaryen) and put into ES modules (base64),
// TypeScript to JavaScript, all of it into pkg/. HACKING.md says why it is done this way.
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
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const MODULES = {
  cookies: ["--no-default-features", "--features", "cookies"],
  account: ["--no-default-features", "--features", "account"],
  server: ["--no-default-features", "--features", "server"],
};
const WASM_OPT = [
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-reference-types",
  "--enable-multivalue",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-mutable-globals",
  "--strip-debug",
  "--strip-producers",
  "--strip-target-features",
];
// The default stack of 1 MiB would be most of the module's memory.
const STACK = { cookies: 16 * 1024, account: 64 * 1024, server: 256 * 1024 };

function run(command, args, env = {}) {
  const path = [join(root, ".tools/bin"), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const done = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    env: { ...process.env, ...env, PATH: path },
  });
  if (done.status === 0) return;
  console.error(done.error?.message ?? `${done.stdout}${done.stderr}`);
  process.exit(1);
}

/** Newest modification time of a file or of all files below a folder. */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

async function buildWasm(name) {
  const generated = `js/wasm/gen/${name}.js`;
  const sources = Math.max(...["src", "Cargo.toml", "Cargo.lock", "tools/build.mjs"].map(newest));
  if (newest(generated) > sources) return;
  const out = `target/wasm/${name}`;
  console.log(`wasm: ${name}`);
  const flags = `${process.env.RUSTFLAGS ?? ""} -C link-arg=-zstack-size=${STACK[name]}`;
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
    {
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags,
      // No page downloads the server's module: speed counts there, not size.
      ...(name === "server" ? { CARGO_PROFILE_RELEASE_OPT_LEVEL: "3" } : {}),
    },
  );
  run("wasm-opt", [
    name === "server" ? "-O3" : "-Oz",
    ...WASM_OPT,
    `${out}/${name}_bg.wasm`,
    "-o",
    `${out}/${name}.wasm`,
  ]);
  mkdirSync("js/wasm/gen", { recursive: true });
  // The glue and its snippets become one file. The import namespace is the one that wasm-bindgen writes.
  await build({
    entryPoints: [`${out}/${name}_bg.js`],
    bundle: true,
    format: "esm",
    target: "es2022",
    outfile: generated,
    legalComments: "none",
    logLevel: "error",
  });
  const bytes = readFileSync(`${out}/${name}.wasm`);
  writeFileSync(
    generated,
    `${readFileSync(generated, "utf8")}export const bytes = "${bytes.toString("base64")}";\n`,
  );
  const types = readFileSync(`${out}/${name}.d.ts`, "utf8").replace(/^\/\* tslint.*\n\/\* eslint.*\n/, "");
  writeFileSync(
    `js/wasm/gen/${name}.d.ts`,
    `${types}
/** The module, base64. */
export const bytes: string;
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
`,
  );
  console.log(`wasm: ${name} ${bytes.length} bytes`);
}

const named = process.argv.slice(2);
for (const name of named.length ? named : Object.keys(MODULES)) await buildWasm(name);

rmSync("pkg/dist", { recursive: true, force: true });
mkdirSync("pkg", { recursive: true });
console.log("package: pkg/");
run("tsc", ["-p", "tsconfig.build.json"]);
cpSync("js/wasm/gen", "pkg/dist/wasm/gen", { recursive: true });
cpSync("pkg-template", "pkg", { recursive: true });
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"])
  if (existsSync(licence)) cpSync(licence, `pkg/${licence}`);
