// Starts an example: the Bearer API, the authentication backend and the built SvelteKit or Next.js server, all on
// 127.0.0.1, and stops them when it ends.
//
//   node tools/demo.mjs [sveltekit|nextjs]           prints the URL and what to try; Ctrl+C stops it
//   node tools/demo.mjs [sveltekit|nextjs] --check   starts, fetches the page once, prints ok, stops
//
// PORT, API_PORT, AUTH_PORT and PROVIDER_PORT choose the ports and then must be free; otherwise 3000, 8788, 8789 and 8790,
// or free ones where those are taken.
// ORIGIN is where the browser finds the page (http://localhost:PORT): SvelteKit compares form posts with it, and
// httponly takes it for the app's own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join, sep } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PEOPLE, USERS } from "../examples/auth-backend/users.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const name = process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? "sveltekit";
const module = (path) => join(root, "node_modules", path);
const EXAMPLES = {
  sveltekit: {
    title: "SvelteKit server",
    sources: ["src", "svelte.config.js", "vite.config.ts", "package.json"],
    built: "build/index.js",
    build: [module("vite/bin/vite.js"), "build", "--logLevel", "warn"],
    serve: () => ["build/index.js"],
    says: "What the browser kept",
    tries: [
      "Set a cookie and see what the browser kept, then try a mistake and read which rule it broke.",
      "Sign in to the API (ada@example.com / analytical): the JWT goes into an HttpOnly cookie that JavaScript cannot read.",
      "Call /me and stream /events through the proxy, once with bearer and once with a template.",
      "Send the template to /echo, which was granted no cookie: refused, nothing leaves the server.",
      "Sign out: the server deletes the cookie with ttl 0. Both work with JavaScript off, too.",
      "Save your name or a theme and reload: the server renders it, and nothing flickers.",
      "Open /library: signed out you land on /login, and afterwards where you wanted to go. The users are below.",
      "Create an account, ask for a link to sign in, or for a new password: the mails are in the outbox.",
      "Sign in twice, in another browser, say, and end that session on /account; then sign out everywhere.",
      "Open /studio as a customer (403) and as a creator. All of this works with JavaScript off, too.",
    ],
  },
  nextjs: {
    title: "Next.js server",
    sources: ["app", "lib", "proxy.ts", "next.config.ts", "tsconfig.json", "package.json"],
    built: ".next/BUILD_ID",
    build: [module("next/dist/bin/next"), "build"],
    serve: (port) => [module("next/dist/bin/next"), "start", "-H", "127.0.0.1", "-p", String(port)],
    says: "What the API received",
    tries: [
      "Ask something while signed out: the proxy answers 401, and the API is not called.",
      "Sign in (ada@example.com / analytical): a server action puts the token into an HttpOnly cookie.",
      "Ask again: the answer streams word by word from POST /chatkit through /api/chatkit.",
      "See on the right which headers the server added, which came from the page, and that no script can read the token.",
      "Press Stop while it streams: the API's stream ends, too.",
      "Change the project or the theme and reload: the server renders the cookie. Signing in works without JavaScript.",
      "Open /library: signed out you land on /login, and afterwards where you wanted to go. The users are below.",
      "Create an account, ask for a link to sign in, or for a new password: the mails are in the outbox.",
      "End another browser's session on /account, or all; open /studio as a customer (403) and as a creator.",
    ],
  },
};
const example = EXAMPLES[name];
if (!example) {
  console.error(`There is no example "${name}": ${Object.keys(EXAMPLES).join(", ")}.`);
  process.exit(1);
}
const folder = join(root, "examples", name);
// What every Next.js command here runs with. The packages may be links to another folder.
const env = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  ...(realpathSync(module("next")).startsWith(realpathSync(root)) || {
    WORKSPACE_ROOT: commonFolder(realpathSync(root), realpathSync(module("next"))),
  }),
};
const children = [];

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** The deepest folder that holds both. */
function commonFolder(a, b) {
  const [left, right] = [a.split(sep), b.split(sep)];
  const differs = left.findIndex((part, at) => part !== right[at]);
  return left.slice(0, differs === -1 ? left.length : differs).join(sep) || sep;
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
  const sources = example.sources.map((name) => join(folder, name));
  if (newest(join(folder, example.built)) > Math.max(...[...sources, join(root, "pkg")].map(newest))) return;
  console.log("Building the example …");
  const done = spawnSync(process.execPath, example.build, { cwd: folder, encoding: "utf8", env });
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

function start(name, cwd, args, settings) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, ...settings },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.push(child);
  // The OpenID provider warns of its storage, which is in memory on purpose, and of this Node, on which it runs.
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!line.startsWith("oidc-provider WARNING")) console.error(line);
  });
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
const authPort = await port(process.env.AUTH_PORT, 8789);
const providerPort = await port(process.env.PROVIDER_PORT, 8790);
const webPort = await port(process.env.PORT, 3000);
const api = `http://127.0.0.1:${apiPort}`;
const auth = `http://127.0.0.1:${authPort}`;
const web = `http://127.0.0.1:${webPort}`;
const origin = process.env.ORIGIN ?? `http://localhost:${webPort}`;
start("API", join(root, "examples/api"), ["main.js"], { PORT: String(apiPort) });
start("authentication backend", join(root, "examples/auth-backend"), ["main.js"], {
  PORT: String(authPort),
  PROVIDER_PORT: String(providerPort),
  APP_ORIGINS: origin,
});
start(example.title, folder, example.serve(webPort), {
  PORT: String(webPort),
  HOST: "127.0.0.1",
  ORIGIN: origin,
  API_URL: api,
  AUTH_URL: auth,
  OUTBOX_URL: `${auth}/outbox`,
});
await Promise.all([answers(`${api}/me`), answers(`${auth}/outbox`), answers(`${web}/`)]);

if (check) {
  const page = await fetch(`${web}/`);
  const html = await page.text();
  if (page.status !== 200 || !html.includes(example.says)) await stop(1, `The page answers ${page.status}.`);
  console.log(`ok ${origin}`);
  await stop(0);
}

console.log(`
  ${origin}

${example.tries.map((text, at) => `  ${at + 1}  ${text}`).join("\n")}

  Users of the account pages
${USERS.map(({ email, password, role }) => `     ${email} / ${password} (${role})`).join("\n")}
  Their mails are on ${auth}/outbox
  At Example ID, the OpenID provider
${PEOPLE.map(({ email, password }) => `     ${email} / ${password}`).join("\n")}

  The API is ${api}, the authentication backend ${auth}. Ctrl+C stops all.`);
