// Serves the SvelteKit example as a Cloudflare Worker: built with adapter-cloudflare, run in workerd, the runtime of
// Workers, with its authentication backend and its API behind URLs. All of it on 127.0.0.1.
//
//   node tools/demo-edge.mjs           prints the URL; Ctrl+C stops it
//   node tools/demo-edge.mjs --check   starts, signs in through it, prints ok, stops
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { USERS } from "../examples/auth-backend/users.js";
import { unattended } from "./unattended.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const folder = join(root, "examples/sveltekit");
const tools = join(root, ".tools/edge");
const out = join(folder, ".svelte-kit/cloudflare");
const NEEDS = ["@sveltejs/adapter-cloudflare@7.2.9", "workerd@1.20261117.1", "wrangler@4.86.0"];

function run(command, args, options) {
  const done = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options });
  if (done.status === 0) return;
  console.error(`${done.error ?? ""}${done.stdout}${done.stderr}`);
  process.exit(1);
}

function install() {
  if (existsSync(join(tools, "node_modules/wrangler"))) return;
  console.log("Fetching adapter-cloudflare and workerd …");
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, "package.json"), `{ "private": true }\n`);
  run("npm", ["install", "--no-audit", "--no-fund", "--legacy-peer-deps", ...NEEDS], {
    cwd: tools,
    env: unattended(),
  });
}

/** The worker as one module, as wrangler would upload it. */
async function buildWorker() {
  console.log("Building the example …");
  const adapter = join(tools, "node_modules/@sveltejs/adapter-cloudflare/index.js");
  run(process.execPath, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
    cwd: folder,
    env: unattended({ ADAPTER: adapter }),
  });
  await build({
    entryPoints: [join(out, "_worker.js")],
    outfile: join(out, "edge/worker.js"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  });
}

async function freePort(wanted) {
  const listens = (port) =>
    new Promise((resolve) => {
      const probe = createServer();
      probe.on("error", () => resolve(0));
      probe.listen(port, "127.0.0.1", () => {
        const { port: taken } = probe.address();
        probe.close(() => resolve(taken));
      });
    });
  return (await listens(wanted)) || listens(0);
}

/** Serves the files of the build with the types that a browser needs; wrangler does this by itself. */
const ASSETS = `const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", png: "image/png", json: "application/json", html: "text/html" };
export default { async fetch(request, env) {
  const file = await env.FILES.fetch(request);
  if (!file.ok) return new Response(null, { status: 404 });
  const type = TYPES[new URL(request.url).pathname.split(".").pop()] ?? "application/octet-stream";
  return new Response(file.body, { headers: { "content-type": type } });
} };
`;

/** What workerd reads; `settings` are the worker's environment. */
const config = (port, settings) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "assets", worker = .assets),
    (name = "cache", worker = .cache),
    (name = "files", disk = (path = ${JSON.stringify(out)})),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2025-10-01",
  compatibilityFlags = ["nodejs_compat"],
  cacheApiOutbound = "cache",
  bindings = [
    (name = "ASSETS", service = "assets"),
${Object.entries(settings)
  .map(([name, text]) => `    (name = "${name}", text = ${JSON.stringify(text)}),`)
  .join("\n")}
  ],
);
const assets :Workerd.Worker = (
  modules = [(name = "assets.js", esModule = embed "assets.js")],
  compatibilityDate = "2025-10-01",
  bindings = [(name = "FILES", service = "files")],
);
# A cache that keeps nothing.
const cache :Workerd.Worker = (
  serviceWorkerScript = "addEventListener('fetch', (e) => e.respondWith(new Response(null, { status: e.request.method === 'GET' ? 504 : 204 })))",
  compatibilityDate = "2025-10-01",
);
`;

const children = [];
function start(command, args, cwd, settings) {
  const stdio = ["ignore", "ignore", check ? "ignore" : "inherit"];
  children.push(spawn(command, args, { cwd, stdio, env: unattended(settings) }));
}
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(0));

async function answers(url) {
  for (let left = 200; left > 0; left--) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await wait(100);
  }
  throw new Error(`${url} does not answer`);
}

/** Signs in to the authentication backend through the worker, and opens what only the signed-in may see. */
async function tryIt(web) {
  const visit = { accept: "text/html" };
  const open = (path, headers = {}) =>
    fetch(web + path, { headers: { ...visit, ...headers }, redirect: "manual" });
  const expect = (what, is, status) => {
    if (is.status !== status) throw new Error(`${what}: ${is.status} instead of ${status}`);
  };
  expect("the page", await open("/"), 200);
  expect("the library, signed out", await open("/library"), 401);
  const signIn = () =>
    fetch(`${web}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: web, "x-httponly": "1" },
      body: JSON.stringify({ email: USERS[0].email, password: USERS[0].password }),
    });
  let signedIn = await signIn();
  // The backend listens before it has made its users.
  for (let left = 20; left > 0 && signedIn.status === 401; left--) {
    await wait(250);
    signedIn = await signIn();
  }
  expect(`signing in, ${await signedIn.clone().text()}`, signedIn, 200);
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]);
  expect("the library, signed in", await open("/library", { cookie: cookie.join("; ") }), 200);
}

install();
await buildWorker();
const [apiPort, authPort, providerPort, webPort] = [
  await freePort(8788),
  await freePort(8789),
  await freePort(8790),
  await freePort(3000),
];
const [api, auth, web] = [apiPort, authPort, webPort].map((port) => `http://127.0.0.1:${port}`);
const origin = process.env.ORIGIN ?? `http://localhost:${webPort}`;
start(process.execPath, ["main.js"], join(root, "examples/api"), { PORT: String(apiPort) });
start(process.execPath, ["main.js"], join(root, "examples/auth-backend"), {
  PORT: String(authPort),
  PROVIDER_PORT: String(providerPort),
  APP_ORIGINS: origin,
});
writeFileSync(join(out, "edge/assets.js"), ASSETS);
const settings = { ORIGIN: origin, API_URL: api, AUTH_URL: auth, OUTBOX_URL: `${auth}/outbox` };
writeFileSync(join(out, "edge/config.capnp"), config(webPort, settings));
start(join(tools, "node_modules/.bin/workerd"), ["serve", "config.capnp"], join(out, "edge"), {});
await Promise.all([answers(`${api}/me`), answers(`${auth}/outbox`), answers(`${web}/`)]);
if (check) {
  await tryIt(origin);
  console.log("ok");
  process.exit(0);
}
console.log(
  `The SvelteKit example in workerd: ${origin}\nIts API: ${api}\nIts authentication backend: ${auth}`,
);
