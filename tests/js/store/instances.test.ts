/** Three instances in processes of their own, one Redis, the real backend. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { USERS } from "../../../examples/auth-backend/backend.js";
import { admin } from "../../../examples/auth-backend/node_modules/better-auth/dist/plugins/index.mjs";
import { ADA, GRACE } from "../support/auth.ts";
import { type Instances, instances, type Said, SOON, soon, Visitor } from "../support/instances.ts";
import { HAS_REDIS, type RedisServer, redisServer } from "../support/redis.ts";
import { PROOF, send } from "../support/send.ts";

const BOSS = USERS[2] as (typeof USERS)[number];
/** How many endings are tried, with requests in flight. */
const ROUNDS = Number(process.env.HTTPONLY_ROUNDS ?? 28);
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

const configure = (options: { plugins?: unknown[]; user?: object }) => ({
  ...options,
  rateLimit: { enabled: false },
  user: { ...options.user, deleteUser: { enabled: true } },
  plugins: [...(options.plugins ?? []), admin()],
});

describe.skipIf(!HAS_REDIS)("three instances", () => {
  let redis: RedisServer;
  let app: Instances;
  beforeAll(async () => {
    redis = await redisServer();
    app = await instances({ redis, backend: { configure, attempts: 1e6 } as never });
  });
  afterAll(async () => {
    await app?.stop();
    await redis?.stop();
  });
  const statuses = async (visitor: Visitor) => (await visitor.everywhere()).map(({ status }) => status);
  const [in_, out] = ["authenticated", "anonymous"].map((status) => Array(3).fill(status));

  it("1,000 requests at once on a cold cache make one call to the backend", async () => {
    const ada = await new Visitor(app).signIn(ADA);
    app.slow(50);
    const before = app.lookups();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => ada.send(app.origin, "/me", "GET", PROOF)),
    );
    app.slow(0);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect([app.lookups() - before, app.log()]).toEqual([1, ""]);
  });

  it("what one instance knows the others need not ask", async () => {
    const ada = await new Visitor(app).signIn(ADA);
    await ada.at(app.each[0] as string);
    const before = app.lookups();
    expect(await statuses(ada)).toEqual(in_);
    expect(app.lookups() - before).toBe(0);
  });

  /** What ends or changes a session of somebody's: done at one instance, it is so at all. */
  const KINDS: Record<string, (round: number, at: string) => Promise<() => Promise<void>>> = {
    async "sign-out"(_, at) {
      const ada = await new Visitor(app).signIn(ADA);
      const copy = ada.copy();
      expect(await statuses(copy)).toEqual(in_);
      await ada.post("/sign-out", {}, at);
      return async () => expect(await statuses(copy)).toEqual(out);
    },
    async everywhere(_, at) {
      const [here, there] = [await new Visitor(app).signIn(ADA), await new Visitor(app).signIn(ADA)];
      expect([await statuses(here), await statuses(there)]).toEqual([in_, in_]);
      expect((await here.post("/revoke-sessions", {}, at)).status).toBe(200);
      return async () => expect(await statuses(there)).toEqual(out);
    },
    async "revoke by id"(_, at) {
      const [here, there] = [await new Visitor(app).signIn(GRACE), await new Visitor(app).signIn(GRACE)];
      expect(await statuses(here)).toEqual(in_);
      const { session } = (await there.at(app.each[0] as string)) as unknown as { session: { id: string } };
      expect(await statuses(there)).toEqual(in_);
      expect((await here.post("/revoke-session", { id: session.id }, at)).status).toBe(200);
      return async () => expect([await statuses(there), await statuses(here)]).toEqual([out, in_]);
    },
    async role(round, at) {
      const boss = await new Visitor(app).signIn(BOSS);
      const ada = await new Visitor(app).signIn(ADA);
      const { user } = (await ada.everywhere())[0] as Said;
      const role = round % 2 ? "admin" : "user";
      expect((await boss.post("/admin/set-role", { userId: user.id, role }, at)).status).toBe(200);
      return async () =>
        expect((await ada.everywhere()).map(({ user }) => user?.role)).toEqual(Array(3).fill(role));
    },
    async ban(_, at) {
      const boss = await new Visitor(app).signIn(BOSS);
      const ada = await new Visitor(app).signIn(ADA);
      const { user } = (await ada.everywhere())[0] as Said;
      expect((await boss.post("/admin/ban-user", { userId: user.id }, at)).status).toBe(200);
      return async () => {
        expect(await statuses(ada)).toEqual(out);
        expect((await boss.post("/admin/unban-user", { userId: user.id }, at)).status).toBe(200);
      };
    },
    async password(_, at) {
      const [here, there] = [await new Visitor(app).signIn(ADA), await new Visitor(app).signIn(ADA)];
      expect([await statuses(here), await statuses(there)]).toEqual([in_, in_]);
      const body = { currentPassword: ADA.password, newPassword: ADA.password, revokeOtherSessions: true };
      expect((await here.post("/change-password", body, at)).status).toBe(200);
      return async () => expect([await statuses(there), await statuses(here)]).toEqual([out, in_]);
    },
    async "verified, then deleted"(round, at) {
      const email = `new${round}@example.com`;
      const visitor = new Visitor(app);
      const account = { email, password: "long-enough-1", name: "New", callbackURL: "/" };
      expect((await visitor.post("/sign-up/email", account, at)).status).toBe(200);
      expect((await visitor.everywhere()).map(({ user }) => user.emailVerified)).toEqual([
        false,
        false,
        false,
      ]);
      const { pathname, search } = new URL(app.backend.outbox.find(({ to }) => to === email)?.link ?? "");
      expect((await new Visitor(app).get(pathname + search, at)).status).toBe(302);
      await wait(soon());
      expect((await visitor.everywhere()).map(({ user }) => user.emailVerified)).toEqual([true, true, true]);
      const copy = visitor.copy();
      expect((await visitor.post("/delete-user", { password: "long-enough-1" }, at)).status).toBe(200);
      return async () => expect(await statuses(copy)).toEqual(out);
    },
  };

  it(`endings at one instance hold at all within ${SOON} ms: ${ROUNDS} rounds, with requests in flight`, async () => {
    const others = await Promise.all([GRACE, BOSS].map((who) => new Visitor(app).signIn(who)));
    let running = true;
    let wrong = 0;
    let served = 0;
    // Who is nobody's concern is served all the while.
    const traffic = others.map(async (visitor) => {
      while (running) {
        const { status } = await send(app.origin, "/me", {
          headers: {
            ...PROOF,
            cookie: [...visitor.jar].map(([name, value]) => `${name}=${value}`).join("; "),
          },
        });
        served++;
        await wait(5);
        if (status !== 200) wrong++;
      }
    });
    const kinds = Object.entries(KINDS);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const [kind, act] = kinds[round % kinds.length] as (typeof kinds)[number];
        const at = app.each[round % 3] as string;
        const check = await act(round, at);
        await wait(soon());
        await check().catch((thrown: Error) => {
          thrown.message = `round ${round}, ${kind}, after ${soon()} ms: ${thrown.message} ${app.log()}`;
          throw thrown;
        });
      }
    } finally {
      running = false;
      await Promise.all(traffic);
    }
    expect([wrong, served > ROUNDS]).toEqual([0, true]);
  }, 300_000);

  it("a purge reaches all: by token, by user, and of everything", async () => {
    const ada = await new Visitor(app).signIn(ADA);
    const { user } = (await ada.everywhere())[0] as Said;
    for (const what of [{ userId: user.id }, decodeURIComponent(ada.jar.get("codex-session") ?? "")]) {
      const row = app.backend.tables.user.find(({ email }) => email === ADA.email) as { name: string };
      row.name = `Ada ${JSON.stringify(what).length} ${Math.random()}`;
      await send(app.each[1] as string, "/purge", { method: "POST", body: JSON.stringify(what) });
      await wait(soon());
      expect((await ada.everywhere()).map(({ user }) => user.name)).toEqual(Array(3).fill(row.name));
    }
  });

  it("nothing in Redis names a user, an address or a token", async () => {
    const ada = await new Visitor(app).signIn(ADA);
    const { user } = (await ada.everywhere())[0] as Said;
    const all = await redis.scan();
    expect(all.split("\n").length).toBeGreaterThan(8);
    const token = decodeURIComponent(ada.jar.get("codex-session") ?? "").split(".")[0] as string;
    expect(token.length).toBeGreaterThan(20);
    for (const secret of [
      ADA.email,
      user.id,
      "Lovelace",
      "authenticated",
      token,
      "codex-session",
      "emailVerified",
    ])
      expect(all.includes(secret), secret).toBe(false);
  });
});
