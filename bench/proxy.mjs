/**
 * Requests per second through the proxy, beside a bare `fetch` pass-through in the same node:http adapter.
 *
 * Upstream and proxies run in processes of their own, the client in this one. Peers that are not installed are left out.
 *
 * @module
 */
import { fork } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { median } from "./rounds.mjs";
import { budget, ratio, table, time } from "./table.mjs";

const TOKEN = "an-access-token-of-the-usual-length-0123456789abcdef";
const HEADERS = {
  cookie: `theme=dark; access_token=${TOKEN}; locale=en`,
  "sec-fetch-site": "same-origin",
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  accept: "application/json",
};
const CONNECTIONS = 32;

const listen = (server) =>
  new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));

/** The least that a framework's Node adapter does. */
const adapter = (handler) => async (incoming, outgoing) => {
  try {
    const { method } = incoming;
    const body = method === "GET" || method === "HEAD" ? null : Readable.toWeb(incoming);
    const headers = new Headers();
    for (let i = 0; i < incoming.rawHeaders.length; i += 2)
      headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const response = await handler(new Request(url, { method, headers, body, duplex: "half" }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body) await pipeline(Readable.fromWeb(response.body), outgoing);
    else outgoing.end();
  } catch {
    outgoing.destroy();
  }
};

/** The pass-through that everything is compared with: fetch, the token, and the answer as it comes. */
const bare = (origin) => async (incoming) => {
  const { pathname, search } = new URL(incoming.url);
  const { status, headers, body } = await fetch(
    `${origin}${pathname.slice("/api/proxy/api".length)}${search}`,
    {
      method: incoming.method,
      headers: { authorization: `Bearer ${TOKEN}`, accept: incoming.headers.get("accept") },
      body: incoming.body,
      duplex: "half",
      redirect: "manual",
    },
  );
  return new Response(body, { status, headers });
};

/** Node listeners of what is installed. */
async function listeners(origin) {
  const authorization = `Bearer ${TOKEN}`;
  const { apiProxy } = await import("httponly/server");
  const all = {
    "bare fetch": async () => adapter(bare(origin)),
    httponly: async () =>
      adapter(apiProxy({ targets: { api: { url: origin, authorization: { bearer: "access_token" } } } })),
    "hono/proxy": async () => {
      const { proxy } = await import("hono/proxy");
      return adapter((incoming) =>
        proxy(`${origin}${new URL(incoming.url).pathname.slice("/api/proxy/api".length)}`, {
          raw: incoming,
          headers: { authorization },
        }),
      );
    },
    h3: async () => {
      const { H3, proxyRequest } = await import("h3");
      const app = new H3().all("/api/proxy/api/**", (event) =>
        proxyRequest(event, `${origin}${event.url.pathname.slice("/api/proxy/api".length)}`, {
          headers: { authorization },
        }),
      );
      return adapter((incoming) => app.fetch(incoming));
    },
    "http-proxy-middleware": async () => {
      const { createProxyMiddleware } = await import("http-proxy-middleware");
      const proxy = createProxyMiddleware({
        target: origin,
        pathRewrite: { "^/api/proxy/api": "" },
        headers: { authorization },
      });
      return (incoming, outgoing) => proxy(incoming, outgoing, () => outgoing.destroy());
    },
  };
  const found = {};
  for (const [name, make] of Object.entries(all))
    try {
      found[name] = await make();
    } catch (error) {
      if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
  return { found, missing: Object.keys(all).filter((name) => !(name in found)) };
}

async function upstream() {
  const body = JSON.stringify({
    items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}`, price: 9.5 })),
  });
  const port = await listen(
    createServer((incoming, outgoing) => {
      const signedIn = incoming.headers.authorization === `Bearer ${TOKEN}`;
      outgoing.writeHead(signedIn ? 200 : 401, { "content-type": "application/json" });
      outgoing.end(body);
    }),
  );
  process.send({ port });
}

async function proxies({ origin }) {
  const { found, missing } = await listeners(origin);
  const ports = {};
  for (const [name, listener] of Object.entries(found)) ports[name] = await listen(createServer(listener));
  // Whatever it is asked, it answers with the microseconds of processor time that it has used.
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send({ used: user + system });
  });
  process.send({ ports, missing });
}

const next = (child) =>
  new Promise((done, failed) => {
    const ended = (code) => failed(new Error(`a server ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      done(message);
    });
  });

async function start(role, origin = "") {
  const child = fork(new URL(import.meta.url), [role, origin]);
  return { child, ...(await next(child)) };
}

async function used(child) {
  const answer = next(child);
  child.send("used");
  return (await answer).used;
}

/** One request; milliseconds to the first byte of the answer. */
const once = (port, agent) =>
  new Promise((done, failed) => {
    const began = performance.now();
    const sent = request(
      { port, host: "127.0.0.1", path: "/api/proxy/api/items", agent, headers: HEADERS },
      (answer) => {
        const first = performance.now() - began;
        if (answer.statusCode !== 200) failed(new Error(`status ${answer.statusCode}`));
        answer.on("error", failed);
        answer.on("end", () => done(first)).resume();
      },
    );
    sent.on("error", failed);
    sent.end();
  });

async function turn(child, port, agent, milliseconds) {
  const before = await used(child);
  const began = performance.now();
  const firsts = [];
  const client = async () => {
    while (performance.now() - began < milliseconds) firsts.push(await once(port, agent));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const seconds = (performance.now() - began) / 1000;
  return {
    rate: firsts.length / seconds,
    first: median(firsts),
    cpu: ((await used(child)) - before) / firsts.length,
  };
}

export async function measureProxy({ quick }) {
  const { child: api, port } = await start("upstream");
  const { child: app, ports, missing } = await start("proxies", `http://127.0.0.1:${port}`);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const [rounds, milliseconds] = quick ? [3, 200] : [7, 400];
    const turns = Object.fromEntries(Object.keys(ports).map((name) => [name, []]));
    for (const port of Object.values(ports)) await turn(app, port, agent, 2 * milliseconds);
    for (let round = 0; round < rounds; round++)
      for (const [name, port] of Object.entries(ports))
        turns[name].push(await turn(app, port, agent, milliseconds));
    const rates = Object.entries(turns).map(([name, all]) => ({
      name,
      rate: median(all.map(({ rate }) => rate)),
      first: median(all.map(({ first }) => first)),
      cpu: median(all.map(({ cpu }) => cpu)),
      cpuRatio: median(all.map(({ cpu }, round) => cpu / turns["bare fetch"][round].cpu)),
      ratio: median(all.map(({ rate }, round) => rate / turns["bare fetch"][round].rate)),
    }));
    const own = rates.find(({ name }) => name === "httponly");
    return {
      title: `Proxy: GET of 1 KB with a token, ${CONNECTIONS} connections, Node ${process.versions.node}`,
      text: table(
        ["", "requests/s", "/ bare fetch", "first byte", "processor/request", "/ bare fetch"],
        rates.map((one) => [
          one.name,
          one.rate.toFixed(0),
          ratio(one.ratio),
          time(one.first * 1e6),
          time(one.cpu * 1e3),
          ratio(one.cpuRatio),
        ]),
      ),
      notes: missing.length ? [`Not installed, so left out: ${missing.join(", ")}.`] : [],
      budgets: [
        budget("bare fetch / apiProxy, requests/s", 1 / own.ratio, 1 / 0.9, { source: "DESIGN 5" }),
        ...rates
          .filter(({ name }) => name === "h3" || name === "hono/proxy")
          .map((peer) =>
            budget(`${peer.name} / apiProxy, requests/s`, peer.ratio / own.ratio, 1, { source: "DESIGN 5" }),
          ),
      ],
      data: { rates, missing },
    };
  } finally {
    agent.destroy();
    for (const child of [api, app]) child.kill();
  }
}

const [, file, role, origin] = process.argv;
if (file === fileURLToPath(import.meta.url)) await (role === "upstream" ? upstream() : proxies({ origin }));
