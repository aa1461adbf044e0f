/** Limits to attempts at own sign-in: by account and by client, in one process, and by two instances on one Redis. */
import { redisStore } from "httponly/redis";
import { createAuth, credentials, magicLink, type Store } from "httponly/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Browser, type Got, ORIGIN, SECRET } from "../own/support.ts";
import { CLIENTS, type Client, HAS_REDIS, type RedisServer, redisServer } from "../support/redis.ts";

const RIGHT = "correct horse";

function app(rateLimit?: false | object, store?: Store) {
  let asked = 0;
  const sent: string[] = [];
  const auth = createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      credentials<{ email: string; password: string }>({
        getProfile({ email, password }) {
          asked++;
          if (password === "broken") throw new Error("the database is away");
          return password === RIGHT ? { id: email } : null;
        },
      }),
      magicLink({ send: async ({ email }) => void sent.push(email) }),
    ],
    profileToUser: (profile) => {
      const { id, email } = profile as { id?: string; email?: string };
      return { id: id ?? email ?? "" };
    },
    clientAddress: (request) => request.headers.get("x-test-address") ?? undefined,
    ...(rateLimit !== undefined && { rateLimit }),
    ...(store && { store }),
  } as Parameters<typeof createAuth>[0]);
  return { auth, sent, asked: () => asked };
}
type App = ReturnType<typeof app>;

const enter = ({ auth }: App, password: string, email = "ada@example.com", from?: string): Promise<Got> =>
  new Browser(auth).post("/sign-in/email", { email, password }, from ? { "x-test-address": from } : {});
const statuses = async (attempts: Promise<Got>[]) =>
  (await Promise.all(attempts)).map(({ status }) => status);

// At the beginning of a window, so that none ends within a test.
beforeEach(() => {
  const window = 900_000;
  vi.useFakeTimers({ toFake: ["Date"], now: Math.ceil(Date.now() / window) * window + 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("the eleventh wrong password of an account is 429 with Retry-After, and the app is not asked", async () => {
  const one = app();
  for (let i = 0; i < 10; i++) expect((await enter(one, "wrong")).status).toBe(401);
  const refused = await enter(one, RIGHT);
  expect([refused.status, refused.body?.error]).toMatchObject([
    429,
    { code: "rate-limited", reason: "RATE_LIMITED" },
  ]);
  const seconds = Number(refused.headers.get("retry-after"));
  expect([seconds > 0, seconds <= 900, one.asked()]).toEqual([true, true, 10]);
  // Nor is it another account by another letter case, or by blanks.
  expect((await enter(one, RIGHT, " ADA@example.com ")).status).toBe(429);
  expect((await enter(one, RIGHT, "eve@example.com")).status).toBe(200);
  vi.setSystemTime(Date.now() + seconds * 1000);
  expect((await enter(one, RIGHT)).status).toBe(200);
});

it("many at once are counted, too", async () => {
  const one = app({ account: 3 });
  const all = await statuses(Array.from({ length: 12 }, () => enter(one, "wrong")));
  expect(all.sort()).toEqual([401, 401, 401, ...Array(9).fill(429)]);
  expect(one.asked()).toBe(3);
});

it("who is let in has not failed, and an app that fails is nobody's attempt", async () => {
  const one = app({ account: 2 });
  for (let i = 0; i < 6; i++) expect((await enter(one, RIGHT)).status).toBe(200);
  for (let i = 0; i < 6; i++) expect((await enter(one, "broken")).status).toBe(503);
  expect(await statuses([enter(one, "wrong"), enter(one, "wrong"), enter(one, "wrong")])).toContain(429);
});

it("one client that tries all accounts is stopped, by its IPv6 network, and uses up none of theirs", async () => {
  const one = app({ client: 4 });
  for (let i = 0; i < 4; i++)
    expect((await enter(one, "wrong", `user${i}@example.com`, `2001:db8::${i}`)).status).toBe(401);
  for (let i = 0; i < 20; i++)
    expect((await enter(one, "wrong", "ada@example.com", `2001:db8::ff${i}`)).status).toBe(429);
  expect((await enter(one, RIGHT, "ada@example.com", "2001:db8:0:1::1")).status).toBe(200);
});

it("a form of a page is led back with the reason", async () => {
  const one = app({ account: 1 });
  await enter(one, "wrong");
  const got = await new Browser(one.auth).form("/sign-in/email", { email: "ada@example.com", password: "x" });
  const { searchParams } = new URL(got.location ?? "", ORIGIN);
  expect([got.status, searchParams.get("error"), searchParams.get("reason")]).toEqual([
    303,
    "rate-limited",
    "RATE_LIMITED",
  ]);
});

it("links by mail are counted by address, apart from passwords", async () => {
  const one = app({ account: 2 });
  const ask = (email: string) => new Browser(one.auth).post("/sign-in/magic-link", { email });
  expect(await statuses([ask("ada@example.com"), ask("ada@example.com"), ask("eve@example.com")])).toEqual([
    200, 200, 200,
  ]);
  expect((await ask("Ada@Example.com")).status).toBe(429);
  expect(one.sent.length).toBe(3);
  expect((await enter(one, RIGHT)).status).toBe(200);
});

it("false counts nothing, and a limit that is none is refused by name", async () => {
  const one = app(false);
  for (let i = 0; i < 15; i++) expect((await enter(one, "wrong")).status).toBe(401);
  expect(() => app({ acount: 1 })).toThrow('did you mean "account"?');
  expect(() => app({ account: -1 })).toThrow(TypeError);
});

describe.skipIf(!HAS_REDIS)("by two instances on one Redis", () => {
  let server: RedisServer;
  const made: Client[] = [];
  beforeAll(async () => {
    server = await redisServer();
    made.push(await CLIENTS.redis(server), await CLIENTS.ioredis(server));
  });
  afterAll(async () => {
    server?.resume();
    for (const { close } of made) await close();
    await server?.stop();
  });

  it("attempts at all of them count together, and each counts by itself while Redis is away", async () => {
    vi.useRealTimers();
    const both = made.map(({ client }) => app({ account: 6 }, redisStore(client))) as [App, App];
    const all = await statuses(Array.from({ length: 20 }, (_, i) => enter(both[i % 2] as App, "wrong")));
    expect(all.filter((status) => status === 401).length).toBe(6);
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    server.pause();
    try {
      const eve = await statuses(
        Array.from({ length: 20 }, () => enter(both[0], "wrong", "eve@example.com")),
      );
      expect(eve.filter((status) => status === 401).length).toBe(6);
    } finally {
      server.resume();
      log.mockRestore();
    }
  });
});
