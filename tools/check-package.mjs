// Checks the package as users get it: packed, installed into an empty project, used from Node and from a Vite build
// without a plugin.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { unattended } from "./unattended.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "httponly-package-"));

function run(what, command, args, cwd = project) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: unattended(),
  });
  if (status !== 0) {
    console.error(`${what} failed:\n${error?.message ?? stdout + stderr}`);
    process.exit(1);
  }
  console.log(`  ${what}`);
  return stdout;
}

/** What stands beside `dist` in the package. */
const ENTRIES = ["fallback", "next", "react", "redis", "sentences", "server", "svelte", "sveltekit"];
const BESIDE_DIST = [
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "SECURITY.md",
  "package.json",
  ...ENTRIES.flatMap((name) => [`${name}.js`, `${name}.d.ts`]),
];

/** What only the paths of a machine that builds packages begin with or hold: of this one, and of any. */
const OF_A_MACHINE = [
  ...[root, homedir(), tmpdir(), process.env.CARGO_HOME, process.env.RUSTUP_HOME]
    .filter((folder) => folder !== undefined && folder !== "/")
    .map((folder) => join(folder, "/")),
  "/root/",
  "/home/",
  "/Users/",
  "\\Users\\",
  ".cargo",
  ".rustup",
  "registry/src",
  "/rustc/",
  "/rust/deps/",
];

/** Where a path of a machine is in the files of the package, their WebAssembly included: the file, and what it says. */
function pathsOfThisMachine(folder, files) {
  let modules = 0;
  const texts = files.flatMap((file) => {
    const text = readFileSync(join(folder, file), "latin1");
    const inlined = [...text.matchAll(/"(0061736d(?:[0-9a-f]{2})+)"/g)].map(([, hex]) =>
      Buffer.from(hex, "hex").toString("latin1"),
    );
    modules += inlined.length;
    return [text, ...inlined].map((text) => ({ file, text }));
  });
  if (modules < 3) throw new Error(`the package has three WebAssembly modules, not ${modules}`);
  return OF_A_MACHINE.flatMap((path) =>
    texts
      .filter(({ text }) => text.includes(path))
      .map(({ file, text }) => {
        const at = text.indexOf(path);
        return `  ${file}: ${JSON.stringify(text.slice(Math.max(0, at - 20), at + 60))}`;
      }),
  );
}

try {
  const bin = (name) => join(root, "node_modules/.bin", name);
  run("publint finds nothing", bin("publint"), ["--strict", "pkg"], root);
  // Accepted: the package has no CommonJS (Node 20.19 and later can `require` ES modules), so `esm-only`.
  run(
    "the types resolve in every ES module mode",
    bin("attw"),
    ["--pack", "pkg", "--profile", "esm-only"],
    root,
  );

  const [packed] = JSON.parse(
    run("npm packs it", "npm", ["pack", "--json", "--pack-destination", project], join(root, "pkg")),
  );
  const paths = packed.files.map(({ path }) => path);
  const isBuilt = (path) => path.startsWith("dist/") || path.startsWith("engine/");
  const foreign = paths.filter((path) =>
    isBuilt(path) ? !/\.(js|d\.ts)$/.test(path) : !BESIDE_DIST.includes(path),
  );
  if (foreign.length) throw new Error(`the package holds what it should not: ${foreign}`);
  const missing = BESIDE_DIST.filter((path) => !paths.includes(path));
  if (missing.length) throw new Error(`the package lacks ${missing}`);
  console.log(`  it holds ${BESIDE_DIST.join(", ")}, and what was built`);

  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "empty", private: true, type: "module" }),
  );
  run("npm installs it into an empty project", "npm", [
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    packed.filename,
  ]);
  const told = pathsOfThisMachine(join(project, "node_modules/httponly"), paths);
  if (told.length)
    throw new Error(`paths of the machine that built it are in the package:\n${told.join("\n")}`);
  console.log("  no path of this machine is in it, nor in its WebAssembly");
  const installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  if (installed.join() !== "httponly,jose,oauth4webapi") throw new Error(`it brings along ${installed}`);
  const dist = join(project, "node_modules/httponly/dist");
  const eager = readdirSync(dist, { recursive: true })
    .filter((name) => name.endsWith(".js"))
    .filter((name) =>
      /^import [^(]*from "(jose|oauth4webapi)"/m.test(readFileSync(join(dist, name), "utf8")),
    );
  if (eager.length) throw new Error(`jose and oauth4webapi are loaded before they are used by ${eager}`);
  console.log("  it brings along jose and oauth4webapi, and loads them when they are used");

  writeFileSync(
    join(project, "use.js"),
    `
    import assert from "node:assert/strict";
    import { getCookie, getHttpOnlyCookie, HttpOnlyError, setCookie } from "httponly";
    import { cookieEndpoint, getRequestCookies, parseSetCookie, serializeSetCookie } from "httponly/server";
    import { route } from "httponly/sveltekit";
    assert.equal(getCookie("a", { cookies: "a=1%202; b=3" }), "1 2");
    assert.equal(getHttpOnlyCookie("token"), "{{ cookies.token }}");
    assert.throws(() => setCookie("a", "1"), (error) => error instanceof HttpOnlyError && error.code === "no-document");
    assert.equal(getRequestCookies("a=1; b=2").b, "2");
    assert.equal(parseSetCookie(serializeSetCookie("a", "ü", { httpOnly: true })).httpOnly, true);
    const { POST } = route(cookieEndpoint());
    const request = new Request("https://app.example/.nordcraft/cookies/set-cookie", {
      method: "POST", body: JSON.stringify({ name: "a", value: "1" }),
      headers: { "content-type": "application/json", "x-httponly": "1" },
    });
    const response = await POST({ request });
    assert.equal(response.status, 200, await response.text());
    assert.match(response.headers.getSetCookie()[0], /^a=1;.*HttpOnly/);
  `,
  );
  run("it works from Node", process.execPath, ["use.js"]);

  writeFileSync(
    join(project, "sign-in.js"),
    `
    import assert from "node:assert/strict";
    import { createAuth, credentials, github, google, magicLink, oauth, oidc, tokenRefresh } from "httponly/server";
    assert.equal([github, google, magicLink, oauth, oidc, tokenRefresh].every((one) => typeof one === "function"), true);
    const auth = createAuth({
      secret: "a secret of 32 bytes or more, of a test",
      origin: "https://app.example",
      providers: [credentials({ getProfile: ({ email }) => ({ id: email }) })],
      profileToUser: ({ id }) => ({ id }),
    });
    const response = await auth.handler(new Request("https://app.example/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
      body: JSON.stringify({ email: "ada@example.com", password: "x" }),
    }));
    assert.equal(response.status, 200, await response.text());
    const cookie = response.headers.getSetCookie()[0].split(";")[0];
    const { user } = await auth.getSession(new Request("https://app.example/", { headers: { cookie } }));
    assert.deepEqual(user, { id: "ada@example.com" });
  `,
  );
  run("own sign-in works from Node", process.execPath, ["sign-in.js"]);
  // Edge platforms have none of Node's modules.
  const { metafile } = await build({
    stdin: { contents: 'export { createAuth, tokenRefresh } from "httponly/server";', resolveDir: project },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*"],
    logLevel: "error",
  });
  const nodes = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const named = nodes.filter((path) => path.startsWith("node:"));
  if (named.length) throw new Error(`own sign-in imports ${named}`);
  console.log("  own sign-in imports no module of Node");

  mkdirSync(join(project, "src"));
  writeFileSync(join(project, "index.html"), `<script type="module" src="/src/main.js"></script>`);
  writeFileSync(
    join(project, "src/main.js"),
    `
    import { getCookie, setCookie, setHttpOnlyCookie } from "httponly";
    setCookie("seen", getCookie("seen") ?? "first");
    document.onclick = () => setHttpOnlyCookie("a", "1");
  `,
  );
  run("Vite builds it without a plugin", bin("vite"), ["build", "--logLevel", "error"]);
  const assets = join(project, "dist/assets");
  const chunks = readdirSync(assets).map((name) => ({
    name,
    text: readFileSync(join(assets, name), "utf8"),
  }));
  if (chunks.some(({ text }) => text.includes("HEAP") || text.includes("new Int8Array(")))
    throw new Error("the page downloads a twin that it does not use");
  const wasm = chunks.filter(({ text }) => text.includes("0061736d"));
  if (chunks.length !== wasm.length || wasm.length !== 2)
    throw new Error(
      `the page should get its module at once and the account module later, not ${chunks.map(({ name }) => name)}`,
    );
  const large = chunks.filter(({ text }) => text.length > 250_000);
  if (large.length) throw new Error(`the page downloads the server: ${large.map(({ name }) => name)}`);
  console.log("  the account module is a chunk of its own");
} finally {
  rmSync(project, { recursive: true, force: true });
}
