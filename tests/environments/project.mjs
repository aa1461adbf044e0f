// Projects as users have them: a folder outside of the repository, the packed package unchanged, no plugin and no setting.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unattended } from "../../tools/unattended.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const pkg = fileURLToPath(new URL("../../pkg", import.meta.url));

/** Runs a program to its end; throws what it said if it failed. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 300_000,
    ...options,
    env: { ...unattended(), ...options.env },
  });
  if (done.status === 0) return done.stdout;
  const said = `${done.error ?? ""}${done.stdout}${done.stderr}`;
  throw new Error(`${command} ${args.join(" ")}\n${said.slice(-3000)}`);
}

let packed;
/** The package as npm packs it, unpacked. */
function tarball() {
  if (packed) return packed;
  const folder = mkdtempSync(join(tmpdir(), "httponly-packed-"));
  const [{ filename }] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: pkg }),
  );
  run("tar", ["-xzf", filename], { cwd: folder });
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  packed = join(folder, "package");
  return packed;
}

/**
 * A project with these dependencies, installed once for each set of them, with the package as it is now and these files.
 *
 * @returns its folder
 */
export function project(name, dependencies, files) {
  const manifest = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
  const all = { ...manifest.dependencies, ...dependencies };
  const version = createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), "httponly-environments", `${name}-${version}`);
  mkdirSync(folder, { recursive: true });
  const isModule = files["package.json"]?.type ?? "module";
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name, private: true, type: isModule, ...files["package.json"], dependencies: all }),
  );
  if (!existsSync(join(folder, "node_modules/.installed"))) {
    run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
    writeFileSync(join(folder, "node_modules/.installed"), "");
  }
  rmSync(join(folder, "node_modules/httponly"), { recursive: true, force: true });
  cpSync(tarball(), join(folder, "node_modules/httponly"), { recursive: true });
  cpSync(join(here, "app.mjs"), join(folder, "app.mjs"));
  for (const [path, text] of Object.entries(files)) {
    if (path === "package.json") continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts a server and waits until it answers; its output is told if it does not. */
export async function serve(command, args, port, options = {}) {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...options,
    env: { ...unattended(), ...options.env },
  });
  let said = "";
  let ended = false;
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  child.on("exit", () => (ended = true));
  const origin = `http://127.0.0.1:${port}`;
  const close = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {}
  };
  for (let left = 300; left > 0 && !ended; left--) {
    try {
      await fetch(`${origin}/nothing`);
      return { origin, close, said: () => said };
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  close();
  throw new Error(`${command} does not answer:\n${said.slice(-3000)}`);
}

/** Serves a worker in workerd. */
export async function serveWorkerd(folder, workerd, main, bindings = "") {
  const port = await freePort();
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "assets", worker = .assets),
    (name = "cache", worker = .cache),
    (name = "api", worker = .api),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "${main}")],
  compatibilityDate = "2025-10-01",
  compatibilityFlags = ["nodejs_compat"],
  cacheApiOutbound = "cache",
  bindings = [(name = "ASSETS", service = "assets")${bindings}],
);
# A cache that keeps nothing.
const cache :Workerd.Worker = (
  serviceWorkerScript = "addEventListener('fetch', (e) => e.respondWith(new Response(null, { status: e.request.method === 'GET' ? 504 : 204 })))",
  compatibilityDate = "2025-10-01",
);
const api :Workerd.Worker = (
  serviceWorkerScript = "addEventListener('fetch', (e) => e.respondWith(new Response('from the binding: ' + new URL(e.request.url).pathname)))",
  compatibilityDate = "2025-10-01",
);
const assets :Workerd.Worker = (
  serviceWorkerScript = "addEventListener('fetch', (e) => e.respondWith(new Response('', { status: 404 })))",
  compatibilityDate = "2025-10-01",
);
`,
  );
  return serve(join(workerd, "node_modules/.bin/workerd"), ["serve", "config.capnp"], port, { cwd: folder });
}
