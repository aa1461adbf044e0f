/** Own sign-in on a real Redis, by two instances that share nothing else. */
import { redisStore } from "httponly/redis";
import { createAuth, credentials, magicLink, oidc, type Store } from "httponly/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { liar, signInAt } from "../own/providers.ts";
import { Browser, ORIGIN, SECRET } from "../own/support.ts";
import { CLIENTS, type Client, HAS_REDIS, type RedisServer, redisServer } from "../support/redis.ts";

const outbox: string[] = [];

function app(store: Store, issuer = "https://id.example", secret: string | string[] = SECRET) {
  return createAuth({
    secret,
    origin: ORIGIN,
    store,
    providers: [
      credentials<{ email: string; password: string }>({ getProfile: ({ email }) => ({ id: email }) }),
      magicLink({ send: async ({ url }) => void outbox.push(url) }),
      oidc({ id: "corp", issuer, clientId: "client", clientSecret: "s", tokens: "keep" }),
    ],
    profileToUser: (profile) => ({
      id:
        profile.provider === "corp"
          ? profile.sub
          : profile.provider === "credentials"
            ? profile.id
            : profile.email,
    }),
  });
}

function copyOf(browser: Browser, auth: ReturnType<typeof app>): Browser {
  const copy = new Browser(auth);
  copy.jar = new Map(browser.jar);
  return copy;
}

describe.skipIf(!HAS_REDIS)("own sign-in by two instances", () => {
  let server: RedisServer;
  const made: Client[] = [];
  let stores: Store[];
  beforeAll(async () => {
    server = await redisServer();
    made.push(await CLIENTS.redis(server), await CLIENTS.ioredis(server));
    stores = made.map(({ client }) => redisStore(client));
  });
  beforeEach(async () => {
    await server.command("FLUSHALL");
  });
  afterAll(async () => {
    for (const { close } of made) await close();
    await server?.stop();
  });
  const apps = (issuer?: string) => stores.map((store) => app(store, issuer)) as [Auth, Auth];
  type Auth = ReturnType<typeof app>;

  it("what signs out on one is signed out on the other: one session, and all of a user's", async () => {
    const [one, two] = apps();
    const phone = new Browser(one);
    await phone.signIn();
    const copy = copyOf(phone, two);
    expect(await copy.who()).toBe("ada@example.com");
    await phone.post("/sign-out");
    expect(await copy.who()).toBe("anonymous");

    const [tablet, laptop, eve] = [new Browser(one), new Browser(two), new Browser(two)];
    await tablet.signIn();
    await laptop.signIn();
    await eve.signIn("eve@example.com");
    await tablet.post("/revoke-sessions");
    expect([await laptop.who(), await eve.who()]).toEqual(["anonymous", "eve@example.com"]);
    await laptop.signIn();
    expect(await copyOf(laptop, one).who()).toBe("ada@example.com");
  });

  it("a link is used once, by whichever is first", async () => {
    const [one, two] = apps();
    const asking = new Browser(one);
    await asking.post("/sign-in/magic-link", { email: "ada@example.com" });
    const token = new URL(outbox.at(-1) ?? "").searchParams.get("token");
    const tries = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        new Browser(i % 2 ? one : two).post("/magic-link/verify", { token }),
      ),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  });

  it("kept tokens are in the store, for either instance, until their session ends", async () => {
    const { issuer } = await liar();
    const [one, two] = apps(issuer);
    const browser = new Browser(one);
    await signInAt(browser, "corp");
    expect(browser.names).toEqual(["__Host-session"]);
    const tokens = await two.tokens(browser.request("/"), "corp");
    expect(tokens?.accessToken).toMatch(/^ey/);
    const copy = browser.request("/");
    await browser.post("/sign-out");
    expect(await two.tokens(copy, "corp")).toBe(null);
    expect((await server.scan()).includes(tokens?.accessToken ?? "-")).toBe(false);
  });

  it("nothing in Redis names a user, an address, a session or a token", async () => {
    const { issuer } = await liar();
    const [one, two] = apps(issuer);
    const [browser, elsewhere] = [new Browser(one), new Browser(two)];
    await signInAt(browser, "corp");
    const tokens = await one.tokens(browser.request("/"), "corp");
    await elsewhere.signIn("ada@example.com");
    const { session } = await elsewhere.peek();
    await new Browser(one).post("/sign-in/magic-link", { email: "ada@example.com" });
    const link = new URL(outbox.at(-1) ?? "").searchParams.get("token") as string;
    await new Browser(two).post("/magic-link/verify", { token: link });
    await elsewhere.post("/revoke-sessions");
    await browser.post("/sign-out");
    await signInAt(browser, "corp");
    const all = await server.scan();
    expect(all.split("\n").length).toBeGreaterThan(8);
    const secrets = ["ada@example.com", "johndoe", "session:", "user:", "tokens:", link, tokens?.accessToken];
    for (const secret of [...secrets, (session as { id: string }).id, ...browser.jar.values()])
      expect(all.includes(secret as string), secret).toBe(false);
  });

  it("a new secret in front of the old one ends and finds what the old one wrote", async () => {
    const fresh = "another secret of the tests' own, of 32 bytes";
    const before = app(stores[0] as Store);
    const browser = new Browser(before);
    await browser.signIn();
    const other = new Browser(before);
    await other.signIn("eve@example.com");
    await copyOf(other, before).post("/sign-out");
    const after = app(stores[1] as Store, undefined, [fresh, SECRET]);
    expect([await copyOf(browser, after).who(), await copyOf(other, after).who()]).toEqual([
      "ada@example.com",
      "anonymous",
    ]);
    await copyOf(browser, after).post("/sign-out");
    const old = app(stores[0] as Store, undefined, [SECRET, fresh]);
    expect(await copyOf(browser, old).who()).toBe("anonymous");
  });

  it("a value that somebody moved to another key, or made himself, is none", async () => {
    const [one, two] = apps();
    const [ada, eve] = [new Browser(one), new Browser(one)];
    await ada.signIn();
    await eve.signIn("eve@example.com");
    await copyOf(eve, two).post("/sign-out");
    const [key] = (await server.command("KEYS", "*")) as unknown as string[];
    const value = String(await server.command("GET", key as string));
    await copyOf(ada, one).post("/revoke-sessions");
    const keys = (await server.command("KEYS", "*")) as unknown as string[];
    const other = keys.find((one) => one !== key) as string;
    await server.command("SET", other, value);
    // An instance that heard nothing takes the moved value for none.
    expect(await copyOf(ada, app(stores[0] as Store)).who()).toBe("ada@example.com");
    await server.command("SET", key as string, "=1");
    expect(await copyOf(eve, app(stores[0] as Store)).who()).toBe("eve@example.com");
  });

  it("what ended stays ended on the instances that heard of it, though Redis comes back empty", async () => {
    const [one, two] = apps();
    const [ada, eve, bob] = ["ada@example.com", "eve@example.com", "bob@example.com"].map(
      () => new Browser(one),
    ) as [Browser, Browser, Browser];
    await ada.signIn();
    await eve.signIn("eve@example.com");
    await bob.signIn("bob@example.com");
    await copyOf(ada, two).who();
    await copyOf(ada, one).post("/sign-out");
    await copyOf(eve, one).post("/revoke-sessions");
    // Redis answers before all subscribers have read.
    await new Promise((done) => setTimeout(done, 50));
    await server.kill();
    await server.start();
    await vi.waitFor(async () => expect(await copyOf(bob, two).who()).toBe("bob@example.com"), 5000);
    expect([await copyOf(ada, two).who(), await copyOf(eve, two).who()]).toEqual(["anonymous", "anonymous"]);
    expect([await copyOf(ada, one).who(), await copyOf(eve, one).who()]).toEqual(["anonymous", "anonymous"]);
  });

  it("a Redis that is paused costs a bounded time, and what ended meanwhile is told when it is back", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const [one, two] = apps();
    const [ada, bob] = [new Browser(one), new Browser(one)];
    await ada.signIn();
    await bob.signIn("bob@example.com");
    const copy = copyOf(ada, two);
    server.pause();
    try {
      const took: number[] = [];
      const timed = async (act: () => Promise<unknown>) => {
        const start = performance.now();
        const done = await act();
        took.push(performance.now() - start);
        return done;
      };
      expect(await timed(() => copy.who())).toBe("unavailable");
      for (let i = 0; i < 20; i++) expect(await timed(() => copy.who())).toBe("unavailable");
      expect(((await timed(() => ada.post("/sign-out"))) as { status: number }).status).toBe(200);
      expect(Math.max(...took)).toBeLessThan(1200);
      expect(took.filter((each) => each > 400).length).toBeLessThan(5);
      expect(log.mock.calls.filter(([line]) => String(line).includes("the store fails")).length).toBe(2);
    } finally {
      server.resume();
      log.mockRestore();
    }
    await vi.waitFor(async () => expect(await copyOf(bob, two).who()).toBe("bob@example.com"), 5000);
    await vi.waitFor(async () => expect(await copy.who()).toBe("anonymous"), 5000);
  });
});
