// Starts the example: the Bearer API and the built SvelteKit server, both on 127.0.0.1, and stops both when it ends.
//
//   node tools/demo.mjs           prints the URL and what to try; Ctrl+C stops it
//   node tools/demo.mjs --check   starts, fetches the page once, prints ok, stops
//
// PORT and API_PORT choose the ports and then must be free; otherwise 3000 and 8788, or free ones where those are taken.
// ORIGIN is where the browser finds the page (http://localhost:PORT): SvelteKit compares form posts with it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/sveltekit");
const check = process.argv.includes("--check");
const children = [];

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Newest modification time of a file or of all files below a folder. */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function buildIfStale() {
  if (!existsSync(join(root, "pkg/dist/index.js")))
    fail("The package is not built yet: run `make build`, or `node tools/build.mjs`.");
  const sources = ["src", "svelte.config.js", "vite.config.ts", "package.json"].map((name) =>
    join(example, name),
  );
  if (newest(join(example, "build/index.js")) > Math.max(...[...sources, join(root, "pkg")].map(newest)))
    return;
  console.log("Building the example …");
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const done = spawnSync(process.execPath, [vite, "build", "--logLevel", "warn"], {
    cwd: example,
    encoding: "utf8",
  });
  if (done.status !== 0) fail(`${done.stdout}${done.stderr}`);
}

/** The wanted port if it is free on 127.0.0.1; otherwise any free one, or none where it was chosen. */
async function port(chosen, preferred) {
  const wanted = Number(chosen ?? preferred);
  if (await free(wanted)) return wanted;
  if (chosen !== undefined) fail(`Port ${wanted} is taken.`);
  return free(0);
}

function free(wanted) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on("error", () => resolve(0));
    probe.listen(wanted, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function start(name, file, env) {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  child.on("exit", (code, signal) => {
    if (!stopping) stop(1, `The ${name} ended by itself (${signal ?? code}).`);
  });
}

let stopping = false;
async function stop(status, message) {
  if (stopping) return;
  stopping = true;
  if (message) console.error(message);
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const ended = running.map((child) => new Promise((resolve) => child.once("exit", resolve)));
  for (const child of running) child.kill("SIGTERM");
  await Promise.race([Promise.all(ended), wait(1500, undefined, { ref: false })]);
  process.exit(status);
}
// What still runs when this process ends, for whatever reason, ends with it.
process.on("exit", () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(0));

/** Waits until a server answers at all; its status does not matter here. */
async function answers(url) {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await wait(50);
  }
  await stop(1, `${url} does not answer.`);
}

buildIfStale();
const apiPort = await port(process.env.API_PORT, 8788);
const webPort = await port(process.env.PORT, 3000);
const api = `http://127.0.0.1:${apiPort}`;
const web = `http://127.0.0.1:${webPort}`;
const origin = process.env.ORIGIN ?? `http://localhost:${webPort}`;
start("API", join(root, "examples/api/main.js"), { PORT: String(apiPort) });
start("SvelteKit server", join(example, "build/index.js"), {
  PORT: String(webPort),
  HOST: "127.0.0.1",
  ORIGIN: origin,
  API_URL: api,
});
await Promise.all([answers(`${api}/me`), answers(`${web}/`)]);

if (check) {
  const page = await fetch(`${web}/`);
  const html = await page.text();
  if (page.status !== 200 || !html.includes("What the browser kept"))
    await stop(1, `The page answers ${page.status}.`);
  console.log(`ok ${origin}`);
  await stop(0);
}

console.log(`
  ${origin}

  1  Set a cookie and see what the browser kept, then try a mistake and read which rule it broke.
  2  Sign in (ada@example.com / analytical): the JWT goes into an HttpOnly cookie that JavaScript cannot read.
  3  Call /me and stream /events through the proxy, once with bearer and once with a template.
  4  Send the template to /echo, which was granted no cookie: refused, nothing leaves the server.
  5  Sign out: the server deletes the cookie with ttl 0. Both work with JavaScript off, too.
  6  Save your name or a theme and reload: the server renders it, and nothing flickers.

  The API is ${api}. Ctrl+C stops both.`);
