/**
 * Sessions of several instances: what a known one costs with a store and without, and how many calls to the backend a
 * store saves.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { redisStore } from "httponly/redis";
import { authBackend } from "httponly/server";
import { createClient } from "redis";
import { median } from "./rounds.mjs";
import { serve } from "./serve.mjs";
import { budget, ratio, table, time } from "./table.mjs";

const SECRET = "a secret of the measurement, 32 bytes or more";
const INSTANCES = 3;
const SESSIONS = 100;
const page = (cookie) =>
  new Request("http://app.example/", { headers: { cookie: `codex-session=${cookie}` } });

/** A backend that knows a session by any cookie, and counts its look-ups. */
async function startBackend() {
  let lookups = 0;
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const server = await serve((request, response) => {
    lookups++;
    const id = /codex-session=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
    response.setHeader("content-type", "application/json");
    const user = { id, email: `${id}@example.com`, name: "Ada", role: "customer", emailVerified: true };
    response.end(JSON.stringify({ session: { id: `s${id}`, userId: id, expiresAt }, user }));
  });
  return { ...server, lookups: () => lookups };
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function startRedis() {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmpdir()];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const clients = [];
  return {
    async store() {
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return redisStore(client);
    },
    stop() {
      for (const client of clients) client.destroy();
      child.kill("SIGKILL");
    },
  };
}

/** An instance of an app: with a `fetch` of its own, it shares no cache with the others of this process. */
function instance(backend, more = {}) {
  const own = (url, init) => fetch(url, init);
  return authBackend({ url: backend.url, cookie: "codex-session", fetch: own, ...more });
}

async function expectUser(answer) {
  const { status } = await answer;
  if (status !== "authenticated") throw new Error(`the session is ${status}`);
}

/** The calls that so many sessions cost at so many instances. */
async function calls(backend, instances, name) {
  const before = backend.lookups();
  for (let i = 0; i < SESSIONS; i++)
    for (const auth of instances) await expectUser(auth.getSession(page(`${name}${i}`)));
  return backend.lookups() - before;
}

export async function measureStore({ quick }) {
  if (spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status !== 0)
    return { title: "Several instances", text: "skipped: redis-server is missing", notes: [], budgets: [] };
  const [backend, redis] = [await startBackend(), await startRedis()];
  try {
    const shared = async (more) => instance(backend, { store: await redis.store(), secret: SECRET, ...more });
    const candidates = {
      "known, without a store": instance(backend),
      "known, a copy in front of the store": await shared({ localTtl: 3600 }),
      "known to the store alone": await shared({ localTtl: 0 }),
    };
    const times = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
    const { rounds, each } = quick ? { rounds: 20, each: 50 } : { rounds: 60, each: 100 };
    // Subscribed, and known.
    for (const auth of Object.values(candidates)) await expectUser(auth.getSession(page("warm")));
    await new Promise((done) => setTimeout(done, 100));
    for (const auth of Object.values(candidates)) await expectUser(auth.getSession(page("warm")));
    for (let round = -rounds / 4; round < rounds; round++)
      for (const [name, auth] of Object.entries(candidates)) {
        const requests = Array.from({ length: each }, () => page("warm"));
        const began = performance.now();
        for (const request of requests) await expectUser(auth.getSession(request));
        if (round >= 0) times[name].push(((performance.now() - began) * 1e6) / each);
      }
    const [base, copy] = Object.values(times).map(median);
    const alone = await calls(
      backend,
      Array.from({ length: INSTANCES }, () => instance(backend)),
      "alone",
    );
    const many = await Promise.all(Array.from({ length: INSTANCES }, () => shared({})));
    const together = await calls(backend, many, "together");
    const source = "several instances";
    return {
      title: `Several instances, Redis on loopback, Node ${process.versions.node}`,
      text: table(
        ["one after the other", "median", "best", ""],
        Object.entries(times).map(([name, own]) => [
          name,
          time(median(own)),
          time(Math.min(...own)),
          ratio(median(own) / base),
        ]),
      ),
      notes: [
        `${SESSIONS} sessions at ${INSTANCES} instances: ${alone} calls to the backend without a store, ${together} with one; ${alone - together} saved.`,
      ],
      budgets: [
        budget("known session, a copy / without a store", copy / base, 1.5, { source }),
        // As many as there are sessions; a machine that is busy with other work makes a store late, and is asked instead.
        budget("backend calls, with a store / without", together / alone, 0.67, { source }),
      ],
      data: { times, alone, together },
    };
  } finally {
    redis.stop();
    backend.stop();
  }
}
