// The environments, each with what it takes to be built and served there. A row throws where the check fails.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { check, checkBinding, checkPage } from "./check.mjs";
import { freePort, project, run, serve, serveWorkerd } from "./project.mjs";

const bin = (folder, name) => join(folder, "node_modules/.bin", name);

export const WORKERD = "1.20261117.1";
const ESBUILD = "0.28.2";
/** Where workerd itself is. */
export const workerd = () => project("workerd", { workerd: WORKERD, esbuild: ESBUILD }, {});

const bundle = (folder, entry, out, more = []) =>
  run(bin(workerd(), "esbuild"), [entry, "--bundle", "--format=esm", `--outfile=${out}`, ...more], {
    cwd: folder,
  });
const FOR_WORKERD = [
  "--conditions=workerd,worker,browser",
  "--platform=neutral",
  "--main-fields=browser,module,main",
  "--external:node:*",
  "--external:cloudflare:*",
];

/** A worker of a module with `fetch`. */
const worker = (upstream) => `import { createApp } from "./app.mjs";
const app = createApp("${upstream}");
export default { fetch: async (request, env) => (await app(request, { env })) ?? new Response("", { status: 404 }) };
`;

/** A Node server of the app, as an ES module or as CommonJS. */
const nodeServer = (upstream, load) => `${load}
const { createServer } = require("node:http");
const { Readable } = require("node:stream");
const app = createApp("${upstream}");
createServer(async (incoming, outgoing) => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const hasBody = !["GET", "HEAD"].includes(incoming.method);
  const request = new Request("http://" + incoming.headers.host + incoming.url, {
    method: incoming.method, headers, ...(hasBody && { body: Readable.toWeb(incoming), duplex: "half" }),
  });
  const response = (await app(request)) ?? new Response("", { status: 404 });
  const lines = response.headers.getSetCookie();
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), ...(lines.length && { "set-cookie": lines }) });
  if (response.body) for await (const part of response.body) outgoing.write(part);
  outgoing.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
const REQUIRE = `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n`;

/** Checks a server, and ends it. */
async function checkServed(serving, upstream, { endpoint, page, also } = {}) {
  const server = await serving;
  try {
    await check(server.origin, upstream, endpoint);
    if (page) await checkPage(server.origin);
    await also?.(server.origin);
  } catch (failed) {
    throw new Error(`${failed.message}\n${server.said().slice(-1500)}`, { cause: failed });
  } finally {
    server.close();
  }
}

/** A worker with its API behind a service binding. */
const boundWorker = () => `import { apiProxy } from "httponly/server";
import app from "./app-worker.js";
const target = (fetch) => ({ url: "http://api.internal", fetch });
let reason = "";
const bound = apiProxy({ mount: "/bound", target: target((input, init, platform) => platform.env.API.fetch(input, init)) });
const unbound = apiProxy({
  mount: "/unbound",
  target: target((input, init, platform) => { const { fetch } = platform.env.API; return fetch(input, init); }),
  onError: ({ error }) => { reason = error.cause?.message; },
});
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/bound")) return bound(request, { env });
    if (pathname.startsWith("/unbound")) return new Response((await unbound(request, { env })).status + " " + reason);
    return app.fetch(request, env);
  },
};
`;

async function plainWorkerd(upstream) {
  const files = { "worker.js": boundWorker(), "app-worker.js": worker(upstream.origin) };
  const folder = project("plain-workerd", {}, files);
  bundle(folder, "worker.js", "main.js", FOR_WORKERD);
  const serving = serveWorkerd(folder, workerd(), "main.js", ', (name = "API", service = "api")');
  await checkServed(serving, upstream, { also: checkBinding });
}

/** A bundle without any of workerd's conditions, as a server's build of Vite makes it. */
async function bundledForNobody(upstream) {
  const folder = project("either-workerd", {}, { "worker.js": worker(upstream.origin) });
  bundle(folder, "worker.js", "main.js", ["--conditions=module", "--platform=neutral", "--external:node:*"]);
  await checkServed(serveWorkerd(folder, workerd(), "main.js"), upstream);
}

const SVELTEKIT = {
  "@sveltejs/kit": "2.70.4",
  "@sveltejs/vite-plugin-svelte": "7.3.1",
  svelte: "5.57.3",
  vite: "8.4.0",
};

/** A SvelteKit app: the hook serves what the app of all environments serves, and a page reads a cookie during SSR. */
function svelteKit(name, adapter, options, upstream) {
  const folder = project(
    name,
    { ...SVELTEKIT, ...adapter },
    {
      "svelte.config.js": `import adapter from "${Object.keys(adapter)[0]}";
export default { kit: { adapter: adapter(${options}), csrf: { trustedOrigins: ["*"] } } };
`,
      "vite.config.js": `import { sveltekit } from "@sveltejs/kit/vite";
export default { plugins: [sveltekit()] };
`,
      "src/app.html":
        "<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>",
      "src/hooks.server.js": `import { createApp } from "../app.mjs";
import { sessionHandle } from "httponly/sveltekit";
import { authBackend } from "httponly/server";
const app = createApp("${upstream.origin}");
const session = sessionHandle(authBackend({ url: "${upstream.origin}" }));
export const handle = async ({ event, resolve }) =>
  (await app(event.request, event.platform)) ?? session({ event, resolve });
`,
      "src/routes/+page.server.js": `export const load = ({ request, locals }) => ({
  cookies: request.headers.get("cookie") ?? "", user: locals.user?.email ?? null });
`,
      "src/routes/+page.svelte": `<script>
  import { getCookie } from "httponly";
  const { data } = $props();
</script>
<p>theme {getCookie("theme", { cookies: data.cookies })} of {data.user}</p>
`,
    },
  );
  run(bin(folder, "vite"), ["build", "--logLevel", "error"], { cwd: folder });
  return folder;
}

async function svelteKitCloudflare(upstream) {
  const folder = svelteKit("sveltekit-cloudflare", { "@sveltejs/adapter-cloudflare": "7.2.9" }, "", upstream);
  bundle(folder, ".svelte-kit/cloudflare/_worker.js", "main.js", FOR_WORKERD);
  await checkServed(serveWorkerd(folder, workerd(), "main.js"), upstream, { page: true });
  const weight = gzipSync(readFileSync(join(folder, "main.js")), { level: 9 }).length;
  console.log(`  the worker takes ${Math.ceil(weight / 1024)} KiB, gzipped`);
}

async function svelteKitNode(upstream) {
  const folder = svelteKit("sveltekit-node", { "@sveltejs/adapter-node": "5" }, "", upstream);
  const port = await freePort();
  const env = { PORT: String(port), HOST: "127.0.0.1", BODY_SIZE_LIMIT: "Infinity" };
  await checkServed(serve(process.execPath, ["build/index.js"], port, { cwd: folder, env }), upstream, {
    page: true,
  });
}

async function svelteKitVercelEdge(upstream) {
  const folder = svelteKit(
    "sveltekit-vercel",
    { "@sveltejs/adapter-vercel": "6.3.4" },
    `{ runtime: "edge" }`,
    upstream,
  );
  bundle(folder, ".vercel/output/functions/![-]/catchall.func/index.js", "edge.js", FOR_WORKERD);
  const entry = `import edge from "./edge.js";
export default { fetch: (request, env, context) => edge(request, context) };
`;
  writeFileSync(join(folder, "vercel-main.js"), entry);
  bundle(folder, "vercel-main.js", "main.js", FOR_WORKERD);
  await checkServed(serveWorkerd(folder, workerd(), "main.js"), upstream);
}

/** Node of a major version, from npm. */
function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  return join(project(`node-${major}`, { node: `${major}` }, {}), "node_modules/node/bin/node");
}

const inNode = (major, kind) => async (upstream) => {
  const load =
    kind === "ESM"
      ? `${REQUIRE}import { createApp } from "./app.mjs";`
      : `const { createApp } = require("./app.mjs");`;
  const file = kind === "ESM" ? "server.mjs" : "server.cjs";
  const folder = project(`node-${kind}`, {}, { [file]: nodeServer(upstream.origin, load) });
  const port = await freePort();
  await checkServed(
    serve(nodeOf(major), [file], port, { cwd: folder, env: { PORT: String(port) } }),
    upstream,
  );
};

/** A server that a bundler has made one file of. */
const bundledForNode = (name, dependencies, build) => async (upstream) => {
  const folder = project(`bundled-${name}`, dependencies, {
    "server.mjs": nodeServer(upstream.origin, `${REQUIRE}import { createApp } from "./app.mjs";`),
    ...build.files,
  });
  const [command, ...args] = build.command;
  run(bin(folder, command), args, { cwd: folder });
  const port = await freePort();
  const started = serve(process.execPath, [build.out], port, { cwd: folder, env: { PORT: String(port) } });
  await checkServed(started, upstream);
};

async function inDeno(upstream) {
  const folder = project(
    "deno",
    { deno: "2" },
    {
      "server.mjs": `import { createApp } from "./app.mjs";
const app = createApp("${upstream.origin}");
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, async (request) => (await app(request)) ?? new Response("", { status: 404 }));
`,
    },
  );
  const port = await freePort();
  const env = { PORT: String(port) };
  await checkServed(
    serve(bin(folder, "deno"), ["run", "-A", "server.mjs"], port, { cwd: folder, env }),
    upstream,
  );
}

async function inBun(upstream) {
  const folder = project(
    "bun",
    { bun: "1" },
    {
      "server.mjs": `import { createApp } from "./app.mjs";
const app = createApp("${upstream.origin}");
Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: async (request) => (await app(request)) ?? new Response("", { status: 404 }) });
`,
    },
  );
  const port = await freePort();
  const env = { PORT: String(port) };
  await checkServed(serve(bin(folder, "bun"), ["server.mjs"], port, { cwd: folder, env }), upstream);
}

async function inWrangler(upstream) {
  const folder = project(
    "wrangler",
    { wrangler: "4.86.0" },
    {
      "worker.js": worker(upstream.origin),
      "wrangler.jsonc": JSON.stringify({ name: "app", main: "worker.js", compatibility_date: "2025-10-01" }),
    },
  );
  const port = await freePort();
  const args = [bin(folder, "wrangler"), "dev", "--local", "--ip", "127.0.0.1", "--port", String(port)];
  const env = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  await checkServed(serve(nodeOf(24), args, port, { cwd: folder, env }), upstream);
}

const WEBPACK = `export default { mode: "production", target: "node", entry: "./server.mjs",
  output: { path: import.meta.dirname + "/out", filename: "server.mjs", module: true, chunkFormat: "module" },
  experiments: { outputModule: true }, externals: { "node:http": "node-commonjs node:http" } };
`;

/** Jest with the page's environment, in the mode that takes ES modules. */
async function inJest() {
  const test = `import { expect, test } from "@jest/globals";
import { deleteCookie, getCookie, setCookie } from "httponly";
import { parseSetCookie } from "httponly/server";
test("cookies", () => {
  setCookie("theme", "dark blue");
  expect(getCookie("theme")).toBe("dark blue");
  deleteCookie("theme");
  expect(getCookie("theme")).toBe(null);
});
`;
  const folder = project("jest", { jest: "30", "jest-environment-jsdom": "30" }, { "page.test.js": test });
  run(bin(folder, "jest"), ["--env=jsdom"], {
    cwd: folder,
    env: { NODE_OPTIONS: "--experimental-vm-modules" },
  });
}

/** Each with its name, whether `make test` runs it too, and what it does; what cannot be had here says why. */
export const ROWS = [
  { name: "workerd, bundled by esbuild", quick: true, run: plainWorkerd },
  { name: "workerd, a bundle made for no runtime in particular", quick: true, run: bundledForNobody },
  { name: "SvelteKit 2, adapter-cloudflare, in workerd", quick: true, run: svelteKitCloudflare },
  { name: "SvelteKit 2, adapter-vercel edge output, in workerd", run: svelteKitVercelEdge },
  { name: "SvelteKit 2, adapter-node", run: svelteKitNode },
  { name: "wrangler dev", run: inWrangler },
  { name: "Node 20, ESM", run: inNode(20, "ESM") },
  { name: "Node 20, require", run: inNode(20, "require") },
  { name: "Node 22, ESM", run: inNode(22, "ESM") },
  { name: "Node 22, require", run: inNode(22, "require") },
  { name: "Node 24, ESM", run: inNode(24, "ESM") },
  { name: "Node 24, require", run: inNode(24, "require") },
  { name: "Bun 1", run: inBun },
  { name: "Deno 2", run: inDeno },
  {
    name: "esbuild, a server for Node",
    run: bundledForNode(
      "esbuild",
      { esbuild: ESBUILD },
      {
        command: [
          "esbuild",
          "server.mjs",
          "--bundle",
          "--platform=node",
          "--format=esm",
          "--outfile=out/server.mjs",
        ],
        out: "out/server.mjs",
      },
    ),
  },
  {
    name: "Rollup, a server for Node",
    run: bundledForNode(
      "rollup",
      { rollup: "4", "@rollup/plugin-node-resolve": "16" },
      {
        command: [
          "rollup",
          "server.mjs",
          "-p",
          "node-resolve",
          "-f",
          "es",
          "-d",
          "out",
          "--entryFileNames",
          "server.mjs",
        ],
        out: "out/server.mjs",
      },
    ),
  },
  {
    name: "webpack 5, a server for Node",
    run: bundledForNode(
      "webpack",
      { webpack: "5", "webpack-cli": "6" },
      {
        files: { "webpack.config.mjs": WEBPACK },
        command: ["webpack", "-c", "webpack.config.mjs"],
        out: "out/server.mjs",
      },
    ),
  },
  {
    name: "Rspack, a server for Node",
    run: bundledForNode(
      "rspack",
      { "@rspack/core": "1", "@rspack/cli": "1" },
      {
        files: { "rspack.config.mjs": WEBPACK },
        command: ["rspack", "build", "-c", "rspack.config.mjs"],
        out: "out/server.mjs",
      },
    ),
  },
  {
    name: "Vite, a server for Node",
    run: bundledForNode(
      "vite",
      { vite: "8.4.0" },
      {
        files: {
          "vite.config.mjs": `export default { ssr: { noExternal: true }, build: { outDir: "out" } };\n`,
        },
        command: ["vite", "build", "--ssr", "server.mjs", "--logLevel", "error"],
        out: "out/server.js",
      },
    ),
  },
  { name: "SvelteKit 3, adapter-node", skipped: "no row of this run yet" },
  { name: "Next.js 16 (Turbopack, webpack, edge route)", skipped: "no row of this run yet" },
  { name: "OpenNext on Cloudflare", skipped: "no row of this run yet" },
  { name: "React Router 8 (Node, Cloudflare)", skipped: "no row of this run yet" },
  { name: "Astro 7 (Node, Cloudflare)", skipped: "no row of this run yet" },
  { name: "Nuxt 4 (Node, Cloudflare)", skipped: "no row of this run yet" },
  { name: "Jest 30 with jsdom, ES modules", run: inJest },
  { name: "Jest 30, CommonJS", skipped: "Jest's own require takes no ES module" },
  { name: "WebKitGTK pages", skipped: "no row of this run yet" },
];
