// An app in a process of its own, one of several instances: node instance-process.mjs SETTINGS
// SETTINGS is JSON: { options, redis: { url, client }, upstash }
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { redisStore } from "httponly/redis";
import { authBackend } from "httponly/server";
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";

const { options, redis } = JSON.parse(process.argv[2]);

async function connected({ client, url }) {
  if (client === "ioredis") {
    const made = new Ioredis(url, { lazyConnect: true });
    made.on("error", () => {});
    await made.connect();
    return made;
  }
  const made = createClient({ url });
  made.on("error", () => {});
  await made.connect();
  return made;
}

const store = redis && redisStore(await connected(redis));
const auth = authBackend({ ...options, ...(store && { store }) });

async function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/revocations") return auth.revocations(request);
  if (pathname.startsWith("/api/auth/")) return auth.handler(request);
  if (pathname === "/purge") {
    auth.purge(await request.json());
    return new Response();
  }
  const { setCookies, ...rest } = await auth.getSession(request);
  const headers = new Headers();
  for (const line of setCookies) headers.append("set-cookie", line);
  const statuses = { authenticated: 200, anonymous: 401, rejected: 403, unavailable: 503 };
  return Response.json(rest, { status: statuses[rest.status], headers });
}

const server = createServer(async (incoming, outgoing) => {
  const { method } = incoming;
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  const init = { method, headers };
  if (method !== "GET") Object.assign(init, { body: Readable.toWeb(incoming), duplex: "half" });
  try {
    const response = await answer(new Request(new URL(incoming.url, options.origin), init));
    const cookies = response.headers.getSetCookie();
    for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
    if (cookies.length) outgoing.setHeader("set-cookie", cookies);
    outgoing.writeHead(response.status);
    outgoing.end(await response.text());
  } catch (thrown) {
    outgoing.writeHead(500);
    outgoing.end(String(thrown));
  }
});
// A thousand requests may come at once.
server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 }, () =>
  process.send({ port: server.address().port }),
);
