/** A Redis that is killed, paused, full, restarted or slow, under three instances with visitors at work. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADA, GRACE } from "../support/auth.ts";
import { type Instances, instances, Visitor } from "../support/instances.ts";
import { HAS_REDIS, type RedisServer, redisServer, slowWay } from "../support/redis.ts";
import { PROOF } from "../support/send.ts";

/** Seconds that an instance may answer by itself. */
const LOCAL = 3;
/** Whether all troubles are tried (`make test-instances`), or the one in which the store neither answers nor refuses. */
const LONG = process.env.HTTPONLY_OUTAGE !== undefined;
/** Milliseconds of an outage. */
const OUTAGE = Number(process.env.HTTPONLY_OUTAGE ?? 4) * 1000;
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** What visitors saw. */
interface Seen {
  /** Answers to those who are signed in that were anything else than that. */
  wrong: string[];
  took: number[];
  /** Milliseconds after its end for which a session was let in. */
  stale: number;
}

/** Visitors at work on every instance, while something happens. */
async function watch(app: Instances, during: (ends: () => Promise<void>) => Promise<void>): Promise<Seen> {
  const seen: Seen = { wrong: [], took: [], stale: 0 };
  const living = await Promise.all([GRACE, GRACE, GRACE].map((who) => new Visitor(app).signIn(who)));
  const ending = await Promise.all([ADA, ADA].map((who) => new Visitor(app).signIn(who)));
  const ended = ending.map((visitor) => visitor.copy());
  for (const visitor of [...living, ...ended]) await visitor.everywhere();
  let running = true;
  let beganAt = Number.POSITIVE_INFINITY;
  let endedAt = Number.POSITIVE_INFINITY;
  const ask = async (visitor: Visitor, at: string) => {
    const start = performance.now();
    const { status } = await visitor.send(at, "/me", "GET", PROOF);
    seen.took.push(performance.now() - start);
    return status;
  };
  const work = app.each.flatMap((at) => [
    ...living.map(async (visitor) => {
      while (running) {
        const status = await ask(visitor, at);
        if (status !== 200) seen.wrong.push(`${status} at ${at}`);
        await wait(20);
      }
    }),
    ...ended.map(async (visitor) => {
      while (running) {
        const sent = performance.now();
        const status = await ask(visitor, at);
        const refusedEarly = performance.now() < beganAt;
        if (status === 200 && sent > endedAt) seen.stale = Math.max(seen.stale, sent - endedAt);
        else if (status !== 200 && (status !== 401 || refusedEarly))
          seen.wrong.push(`${status} of one who ends`);
        await wait(20);
      }
    }),
  ]);
  const ends = async () => {
    const start = performance.now();
    beganAt = start;
    const [one, all] = ending as [Visitor, Visitor];
    expect((await one.post("/sign-out", {}, app.each[0])).status).toBe(200);
    expect((await all.post("/revoke-sessions", {}, app.each[0])).status).toBe(200);
    seen.took.push((performance.now() - start) / 2);
    endedAt = performance.now();
  };
  try {
    await during(ends);
  } finally {
    running = false;
    await Promise.all(work);
  }
  return seen;
}

/** A line for the docs. */
function figures(what: string, { took, stale }: Seen): void {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] as number);
  console.log(
    `  ${what}: ${took.length} requests, median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, longest ${at(1)} ms; an ended session was let in for ${Math.round(stale)} ms`,
  );
}

describe.skipIf(!HAS_REDIS)("a store in trouble", () => {
  let redis: RedisServer;
  let app: Instances;
  const backend = {
    configure: (options: object) => ({ ...options, rateLimit: { enabled: false } }),
  } as never;
  beforeAll(async () => {
    redis = await redisServer();
    app = await instances({ redis, options: { localTtl: LOCAL }, backend });
  });
  afterAll(async () => {
    redis?.resume();
    await app?.stop();
    await redis?.stop();
  });
  const lines = () =>
    app
      .log()
      .split("\n")
      .filter((line) => line.includes("the store fails")).length;

  const troubles: [string, () => unknown, () => unknown][] = [
    ["paused", () => redis.pause(), () => redis.resume()],
    ["killed, and restarted empty", () => redis.kill(), () => redis.start()],
    [
      "full",
      () => redis.command("CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"),
      () => redis.command("CONFIG", "SET", "maxmemory", "0"),
    ],
  ];
  it.each(troubles.slice(0, LONG ? undefined : 1))(
    "%s: nobody is signed out, no ended session outlives the local seconds, and it recovers by itself",
    async (what, begins, ends) => {
      const before = lines();
      const seen = await watch(app, async (endSessions) => {
        await wait(500);
        await begins();
        await wait(OUTAGE / 2);
        await endSessions();
        await wait(OUTAGE / 2);
        await ends();
        await wait(LOCAL * 1000 + 2000);
        // It is used again: what is known to one is known to all, and the backend is not asked.
        const ada = await new Visitor(app).signIn(ADA);
        await ada.everywhere();
        const asked = app.lookups();
        await wait(LOCAL * 1000 + 500);
        await ada.everywhere();
        expect(app.lookups() - asked).toBeLessThan(3);
      });
      figures(what, seen);
      expect(seen.wrong).toEqual([]);
      expect(seen.stale).toBeLessThan(LOCAL * 1000);
      expect(Math.max(...seen.took)).toBeLessThan(2500);
      expect(lines() - before).toBeLessThanOrEqual(3);
    },
    60_000,
  );

  it.runIf(LONG)(
    "100 ms away: all that holds does, later",
    async () => {
      const way = await slowWay(redis.port, 50);
      const slow = await instances({
        redis: { url: `redis://127.0.0.1:${way.port}` },
        options: { localTtl: LOCAL },
        backend,
      });
      try {
        const seen = await watch(slow, async (endSessions) => {
          await wait(1000);
          await endSessions();
          await wait(2000);
        });
        figures("100 ms away", seen);
        expect(seen.wrong).toEqual([]);
        // Messages take their time on such a way; the local seconds bound what they miss.
        expect(seen.stale).toBeLessThan(LOCAL * 1000);
        expect(Math.max(...seen.took)).toBeLessThan(4000);
        expect(slow.log()).toBe("");
      } finally {
        await slow.stop();
        way.close();
      }
    },
    60_000,
  );
});
