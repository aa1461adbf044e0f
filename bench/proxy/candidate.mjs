// One proxy in its own process: node bench/proxy/candidate.mjs NAME UPSTREAM
//
// All that take a Request stand behind one adapter, so that the ratios are between proxies and not between adapters.
import { Agent, createServer } from "node:http";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const [name, upstream] = process.argv.slice(2);
const pathOf = (request) => new URL(request.url).pathname.replace("/api/proxy", "");

async function ours(settings = {}) {
  const { apiProxy } = await import("httponly/server");
  const proxy = { url: upstream, authorization: { bearer: "token" }, ...settings };
  return apiProxy({ target: proxy });
}

/** `{ web: (request) => response }`, or `{ node: (incoming, outgoing) => void }` */
const MAKE = {
  "the adapter, no proxy": async () => ({
    web: async (request) => {
      await request.arrayBuffer();
      return Response.json({ text: "x".repeat(300) }, { headers: { etag: '"3-abc"' } });
    },
  }),
  "bare fetch": async () => ({
    web: async (request) => {
      const headers = new Headers(request.headers);
      headers.delete("host");
      const { method, body } = request;
      const init = { method, headers, body, redirect: "manual", ...(body ? { duplex: "half" } : {}) };
      const answer = await fetch(upstream + pathOf(request), init);
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    },
  }),
  httponly: async () => ({ web: await ours() }),
  "httponly, over fetch": async () => ({ web: await ours({ fetch: (url, init) => fetch(url, init) }) }),
  "httponly, templates": async () => ({
    web: await ours({ cookies: ["token"], templates: ["header", "body"] }),
  }),
  h3: async () => {
    const { H3, proxyRequest } = await import("h3");
    const app = new H3().all("/**", (event) => proxyRequest(event, upstream + pathOf(event.req)));
    return { web: (request) => app.fetch(request) };
  },
  "hono/proxy": async () => {
    const { Hono } = await import("hono");
    const { proxy } = await import("hono/proxy");
    const app = new Hono().all("*", (c) => proxy(upstream + pathOf(c.req.raw), c.req.raw));
    return { web: (request) => app.fetch(request) };
  },
  "http-proxy-middleware": () => middleware(undefined),
  "http-proxy-middleware, keep-alive": () => middleware(new Agent({ keepAlive: true })),
  "Next: bare fetch": () => next("bare"),
  "Next: httponly": () => next("httponly"),
  "Next: rewrites": () => next("rewritten"),
};

/** The built app in next/, by one of its three ways. */
async function next(way) {
  process.env.UPSTREAM = upstream;
  const { default: create } = await import("next");
  const dir = fileURLToPath(new URL("next", import.meta.url));
  const app = create({ dev: false, dir, hostname: "127.0.0.1", port: 0 });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    node: (incoming, outgoing) => {
      incoming.url = incoming.url.replace("/api/proxy", `/${way}`);
      return handle(incoming, outgoing);
    },
  };
}

async function middleware(agent) {
  const { createProxyMiddleware } = await import("http-proxy-middleware");
  const settings = { target: upstream, changeOrigin: true, pathRewrite: { "^/api/proxy": "" } };
  const proxy = createProxyMiddleware({ ...settings, ...(agent ? { agent } : {}) });
  return { node: (incoming, outgoing) => proxy(incoming, outgoing, () => outgoing.end()) };
}

function toRequest(incoming, signal) {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i], raw[i + 1]);
  const { method, url } = incoming;
  const init = { method, headers, signal };
  if (method !== "GET" && method !== "HEAD") {
    init.body = Readable.toWeb(incoming);
    init.duplex = "half";
  }
  return new Request(`http://${incoming.headers.host}${url}`, init);
}

async function send(response, outgoing) {
  for (const [field, value] of response.headers) outgoing.setHeader(field, value);
  outgoing.writeHead(response.status);
  if (!response.body) return outgoing.end();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return outgoing.end();
    if (!outgoing.write(value)) await new Promise((resume) => outgoing.once("drain", resume));
  }
}

const { web, node } = await MAKE[name]();
const server = createServer(
  node ??
    (async (incoming, outgoing) => {
      const controller = new AbortController();
      outgoing.on("close", () => {
        if (!outgoing.writableFinished) controller.abort();
      });
      try {
        await send(await web(toRequest(incoming, controller.signal)), outgoing);
      } catch (error) {
        console.error(name, error);
        outgoing.destroy();
      }
    }),
);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", (id) => process.send({ id, cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
process.on("disconnect", () => process.exit());
