// What an attacker, a second tab or a backend of another kind could do to a session: the real Better Auth behind the
// handler, and browsers that keep cookies.
import { type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type createBackend, createTables, USERS } from "../../examples/auth-backend/backend.js";
import {
  admin,
  anonymous,
  customSession,
  multiSession,
  twoFactor,
} from "../../examples/auth-backend/node_modules/better-auth/dist/plugins/index.mjs";
import { ADA, appFor, Browser, backend, GRACE } from "./support/auth.ts";

type Settings = NonNullable<Parameters<typeof createBackend>[0]>;
type Configure = NonNullable<Settings["configure"]>;
type Started = Awaited<ReturnType<typeof backend>>;

async function world(settings: Settings = {}, options: Partial<AuthBackendOptions> = {}) {
  let started: Started | undefined;
  const app = await appFor(async (origin) => {
    started = await backend({ origins: [origin], ...settings });
    return started;
  }, options);
  return { ...app, backend: started as Started };
}

const NAVIGATION = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const BOSS = USERS[2] as (typeof USERS)[number];
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
const me = async (browser: Browser) => JSON.parse((await browser.get("/me")).body);
const pathOf = (link = "") => {
  const { pathname, search } = new URL(link);
  return pathname + search;
};

describe("S1: a late answer to an old cookie leaves the new one alone", () => {
  /** An app whose look-ups of a dead session take their time. */
  async function slow() {
    let delay = 0;
    const app = await world(
      {},
      {
        fetch: async (input, init) => {
          const response = await fetch(input, init);
          if (String(input).includes("get-session")) await wait(delay);
          return response;
        },
      },
    );
    const browser = new Browser(app.origin);
    await browser.signin();
    app.backend.tables.session.length = 0;
    app.auth.purge();
    delay = 150;
    return { ...app, browser };
  }

  test.each([
    ["a poll of the app's", "/me", {}],
    ["a data request of SvelteKit", "/me/__data.json?x-sveltekit-invalidated=1", {}],
    ["a server component's payload", "/me?_rsc=1", { rsc: "1" }],
    ["the handler's get-session", "/api/auth/get-session", {}],
    [
      "the same, on a site without fetch metadata",
      "/me",
      { "sec-fetch-site": "", "sec-fetch-mode": "", "sec-fetch-dest": "", accept: "*/*" },
    ],
    ["another read of the handler's", "/api/auth/list-sessions", {}],
  ])("%s", async (_, path, more) => {
    const { browser, origin } = await slow();
    const headers = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== ""));
    const late = browser.get(path, headers);
    await wait(50);
    const second = new Browser(origin);
    // Both are tabs of one browser.
    for (const [name, value] of browser.jar) second.jar.set(name, value);
    await second.signin(GRACE.email, GRACE.password);
    const fresh = second.jar.get("codex-session");
    browser.jar.set("codex-session", fresh as string);
    const answer = await late;
    expect(answer.headers["set-cookie"] ?? []).toEqual([]);
    expect(browser.jar.get("codex-session")).toBe(fresh);
    expect((await me(browser)).user.email).toBe(GRACE.email);
  });

  test("a poll clears nothing, a navigation does: no login page loops", async () => {
    const { browser } = await slow();
    expect((await browser.get("/me")).status).toBe(401);
    expect(browser.jar.has("codex-session")).toBe(true);
    expect((await browser.get("/me", { ...NAVIGATION, "sec-purpose": "prefetch" })).status).toBe(401);
    expect(browser.jar.has("codex-session")).toBe(true);
    expect((await browser.get("/me", NAVIGATION)).status).toBe(401);
    expect(browser.jar.has("codex-session")).toBe(false);
  });

  test("a renewal of the old session does not come late over a new sign-in", async () => {
    let delay = 0;
    const { browser, origin } = await (async () => {
      const app = await world(
        { configure: (o) => ({ ...o, session: { expiresIn: 3600, updateAge: 0 } }) },
        {
          cacheTtl: 0,
          fetch: async (input, init) => {
            const response = await fetch(input, init);
            if (String(input).includes("get-session")) await wait(delay);
            return response;
          },
        },
      );
      return { ...app, browser: new Browser(app.origin) };
    })();
    await browser.signin();
    for (const path of ["/me", "/api/auth/get-session"]) {
      await browser.signin();
      delay = 150;
      const late = browser.get(path, path === "/me" ? NAVIGATION : {});
      await wait(50);
      const second = new Browser(origin);
      for (const [name, value] of browser.jar) second.jar.set(name, value);
      await second.signin(GRACE.email, GRACE.password);
      const fresh = second.jar.get("codex-session") as string;
      browser.jar.set("codex-session", fresh);
      await late;
      delay = 0;
      expect(browser.jar.get("codex-session"), path).toBe(fresh);
    }
  });
});

describe("S2: what happens to a user is known to all of his sessions", () => {
  async function two(settings: Settings = {}, person = ADA) {
    const app = await world(settings);
    const [here, there] = [new Browser(app.origin), new Browser(app.origin)];
    await here.signin(person.email, person.password);
    await there.signin(person.email, person.password);
    await me(here);
    await me(there);
    return { ...app, here, there };
  }

  test("verify-email by a link in another browser", async () => {
    const { origin, backend } = await world();
    const [here, there] = [new Browser(origin), new Browser(origin)];
    const account = { email: "new@example.com", password: "long-enough-1", name: "New", callbackURL: "/" };
    await here.post("/api/auth/sign-up/email", account);
    expect((await me(here)).user.emailVerified).toBe(false);
    const link = pathOf(backend.outbox[0]?.link);
    expect((await there.get(link, NAVIGATION)).status).toBe(302);
    expect((await me(here)).user.emailVerified).toBe(true);
  });

  test("verify-email with a token that is none forgets nothing", async () => {
    let calls = 0;
    const { origin } = await world(
      {},
      {
        fetch: (input, init) => {
          calls += 1;
          return fetch(input, init);
        },
      },
    );
    const [here, there] = [new Browser(origin), new Browser(origin)];
    await here.signin();
    await me(here);
    for (const token of ["x", "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSJ9.x"])
      await there.get(`/api/auth/verify-email?token=${token}&callbackURL=/`, NAVIGATION);
    calls = 0;
    await me(here);
    expect(calls).toBe(0);
  });

  test("change-email, confirmed by links in another browser", async () => {
    const configure: Configure = (o) => ({
      ...o,
      user: { ...o.user, changeEmail: { enabled: true, sendChangeEmailVerification: async () => {} } },
    });
    const { here, there, origin, backend } = await two({ configure });
    await here.post("/api/auth/change-email", { newEmail: "ada2@example.com", callbackURL: "/" });
    for (let i = 0; i < 2 && (await me(there)).user.email === ADA.email; i++) {
      const answer = await new Browser(origin).get(pathOf(backend.outbox[0]?.link), NAVIGATION);
      expect(answer.status).toBe(302);
    }
    expect((await me(here)).user.email).toBe("ada2@example.com");
    expect((await me(there)).user.email).toBe("ada2@example.com");
  });

  test("update-user", async () => {
    const { here, there } = await two();
    expect((await here.post("/api/auth/update-user", { name: "Countess" })).status).toBe(200);
    expect((await me(there)).user.name).toBe("Countess");
  });

  test("change-password with the other sessions ended", async () => {
    const { here, there } = await two();
    await here.post("/api/auth/change-password", {
      currentPassword: ADA.password,
      newPassword: "another-long-one",
      revokeOtherSessions: true,
    });
    expect((await me(there)).status).toBe("anonymous");
    expect((await me(here)).status).toBe("authenticated");
  });

  test("two-factor on and off", async () => {
    const tables = { ...createTables(), twoFactor: [] };
    const configure: Configure = (o) => ({
      ...o,
      plugins: [...(o.plugins ?? []), twoFactor({ skipVerificationOnEnable: true })],
    });
    const { here, there } = await two({ configure, tables });
    expect((await here.post("/api/auth/two-factor/enable", { password: ADA.password })).status).toBe(200);
    expect((await me(there)).user.twoFactorEnabled).toBe(true);
    expect((await here.post("/api/auth/two-factor/disable", { password: ADA.password })).status).toBe(200);
    expect((await me(there)).user.twoFactorEnabled).toBe(false);
  });

  test("delete-user, and its link", async () => {
    const links: string[] = [];
    const configure: Configure = (o) => ({
      ...o,
      user: {
        ...o.user,
        deleteUser: {
          enabled: true,
          sendDeleteAccountVerification: async ({ url }: { url: string }) => void links.push(url),
        },
      },
    });
    const { here, there } = await two({ configure });
    await here.post("/api/auth/delete-user", { callbackURL: "/" });
    expect((await me(there)).status).toBe("authenticated");
    expect((await here.get(pathOf(links[0]), NAVIGATION)).status).toBeLessThan(400);
    expect((await me(there)).status).toBe("anonymous");
    expect(here.jar.has("codex-session")).toBe(false);
  });

  test("a magic link used in another browser verifies the address here, too", async () => {
    const { origin, backend } = await world();
    const [here, there] = [new Browser(origin), new Browser(origin)];
    await here.post("/api/auth/sign-up/email", {
      email: "n@example.com",
      password: "long-enough-1",
      name: "N",
    });
    expect((await me(here)).user.emailVerified).toBe(false);
    await there.post("/api/auth/sign-in/magic-link", { email: "n@example.com", callbackURL: "/" });
    const fields = Object.fromEntries(new URL(backend.outbox[0]?.link ?? "").searchParams);
    expect((await there.post("/api/auth/magic-link/verify", fields)).status).toBe(200);
    const answer = await me(here);
    expect([answer.status, answer.user?.emailVerified ?? true]).toEqual([answer.status, true]);
  });

  test("an administrator's doings: banned, role, removed; and nobody else is asked about", async () => {
    let calls = 0;
    const configure: Configure = (o) => ({ ...o, plugins: [...(o.plugins ?? []), admin()] });
    const { origin } = await world(
      { configure },
      {
        fetch: (input, init) => {
          calls += 1;
          return fetch(input, init);
        },
      },
    );
    const [boss, ada, grace] = [new Browser(origin), new Browser(origin), new Browser(origin)];
    await boss.signin(BOSS.email, BOSS.password);
    await ada.signin();
    await grace.signin(GRACE.email, GRACE.password);
    const { id } = (await me(ada)).user;
    await me(grace);
    expect((await boss.post("/api/auth/admin/set-role", { userId: id, role: "admin" })).status).toBe(200);
    expect((await me(ada)).user.role).toBe("admin");
    calls = 0;
    expect((await me(grace)).status).toBe("authenticated");
    expect(calls).toBe(0);
    expect((await boss.post("/api/auth/admin/ban-user", { userId: id })).status).toBe(200);
    expect((await me(ada)).status).not.toBe("authenticated");
  });

  test("purge({ userId }) forgets all sessions of one user, and no other's", async () => {
    let calls = 0;
    const { origin, auth } = await world(
      {},
      {
        fetch: (input, init) => {
          calls += 1;
          return fetch(input, init);
        },
      },
    );
    const all = [new Browser(origin), new Browser(origin), new Browser(origin)] as const;
    await all[0].signin();
    await all[1].signin();
    await all[2].signin(GRACE.email, GRACE.password);
    const [one] = [await me(all[0]), await me(all[1]), await me(all[2])];
    calls = 0;
    auth.purge({ userId: one.user.id });
    for (const browser of all) await me(browser);
    expect(calls).toBe(2);
    for (const wrong of [{}, { userId: 1 }, null, 1, { userId: "a", other: 1 }])
      expect(() => auth.purge(wrong as never)).toThrow(TypeError);
  });
});

describe("S4: a backend that keeps its sessions in cookies", () => {
  const secret = "a-secret-that-both-backends-have-in-common";
  /** Better Auth without a database: all that it knows is in memory and in cookies. */
  const configure: Configure = ({ database: _, rateLimit: __, ...o }) => o;

  /** A browser that is signed in at a backend which has started again since. */
  async function restarted() {
    let url = "";
    const app = await world({ configure, secret }, { url: () => url });
    url = app.url;
    const browser = new Browser(app.origin);
    await browser.signin();
    expect(browser.jar.has("codex.session_data")).toBe(true);
    expect((await me(browser)).status).toBe("authenticated");
    url = (await backend({ configure, secret, origins: [app.origin] })).url;
    return { ...app, browser };
  }

  test("is asked again with all of its cookies before anybody is signed out", async () => {
    const { browser } = await restarted();
    const answer = await browser.get("/me", NAVIGATION);
    expect(answer.status).toBe(200);
    expect(browser.jar.has("codex-session") && browser.jar.has("codex.session_data")).toBe(true);
    expect((await me(browser)).user.email).toBe(ADA.email);
  });

  test("that one tab has no copy says nothing of another", async () => {
    const { browser, origin } = await restarted();
    const without = new Browser(origin);
    without.jar.set("codex-session", browser.jar.get("codex-session") as string);
    expect((await me(without)).status).toBe("anonymous");
    expect((await me(browser)).status).toBe("authenticated");
  });

  test("what was signed out, ended or purged here stays so, with a copy that someone kept", async () => {
    for (const end of [
      (browser: Browser) => browser.post("/api/auth/sign-out"),
      (browser: Browser) => browser.post("/api/auth/revoke-sessions"),
    ]) {
      const { browser, origin } = await restarted();
      const thief = new Browser(origin);
      for (const [name, value] of browser.jar) thief.jar.set(name, value);
      expect((await me(thief)).status).toBe("authenticated");
      await end(browser);
      expect((await me(thief)).status).toBe("anonymous");
    }
    const { browser, auth } = await restarted();
    auth.purge(browser.jar.get("codex-session"));
    expect((await me(browser)).status).toBe("anonymous");
  });
});

describe("S4: a backend with a database and copies of its sessions in cookies", () => {
  test("a session that ended is over here, whatever its copy says; so is that of a user who was banned", async () => {
    const configure: Configure = (o) => ({
      ...o,
      session: { cookieCache: { enabled: true, maxAge: 3600 } },
      plugins: [...(o.plugins ?? []), admin()],
    });
    const { origin } = await world({ configure });
    const [boss, ada, thief] = [new Browser(origin), new Browser(origin), new Browser(origin)];
    await boss.signin(BOSS.email, BOSS.password);
    await ada.signin();
    const { id } = (await me(ada)).user;
    for (const [name, value] of ada.jar) thief.jar.set(name, value);
    expect(thief.jar.has("codex.session_data")).toBe(true);
    expect((await boss.post("/api/auth/admin/ban-user", { userId: id })).status).toBe(200);
    expect((await me(thief)).status).toBe("anonymous");
    expect((await boss.post("/api/auth/admin/unban-user", { userId: id })).status).toBe(200);
    await ada.signin();
    for (const [name, value] of ada.jar) thief.jar.set(name, value);
    await ada.post("/api/auth/sign-out");
    expect((await me(thief)).status).toBe("anonymous");
  });
});

describe("S5: activity prolongs a session", () => {
  test.each([
    ["one that is shorter than the cache", { expiresIn: 4, updateAge: 0 }],
    ["one with a late renewal", { expiresIn: 4, updateAge: 2 }],
    ["a deferred one", { expiresIn: 4, updateAge: 0, deferSessionRefresh: true }],
  ])("%s", { timeout: 20_000 }, async (_, session) => {
    const { origin } = await world({ configure: (o) => ({ ...o, session }) });
    const browser = new Browser(origin);
    await browser.signin();
    await me(browser);
    for (let i = 1; i < 6; i++) {
      await wait(1500);
      expect((await me(browser)).status, `after ${i * 1.5} s`).toBe("authenticated");
    }
  });

  test("a deferred renewal happens where the page asks the handler", { timeout: 20_000 }, async () => {
    const { origin } = await world({
      configure: (o) => ({ ...o, session: { expiresIn: 3, updateAge: 0, deferSessionRefresh: true } }),
    });
    const browser = new Browser(origin);
    await browser.signin();
    for (let i = 0; i < 10; i++) {
      await wait(500);
      const { body } = await browser.get("/api/auth/get-session");
      expect(JSON.parse(body)?.user?.email, `after ${i / 2} s`).toBe(ADA.email);
    }
  });
});

describe("S7: one account pushes nobody else out of the cache", () => {
  test.each([
    [
      "another name of the session's",
      (v: number, own: string) => `codex-session=${own}; __Secure-codex-session=v${v}`,
    ],
    [
      "other cookies",
      (v: number, own: string) => `codex-session=${own}; codex.x=${v}; codex.session_data=${v}`,
    ],
    [
      "the session's own, written otherwise",
      (v: number, own: string) =>
        `codex-session=%${own.charCodeAt(0).toString(16)}${own.slice(1)}; __Host-codex-session=${own}${v}`,
    ],
  ])("%s", async (_, variant) => {
    let calls = 0;
    const { origin, auth } = await world(
      {},
      {
        cacheSize: 20,
        fetch: (input, init) => {
          calls += 1;
          return fetch(input, init);
        },
      },
    );
    const [ada, grace] = [new Browser(origin), new Browser(origin)];
    await ada.signin();
    await grace.signin(GRACE.email, GRACE.password);
    const own = ada.jar.get("codex-session") as string;
    await me(grace);
    for (let i = 0; i < 60; i++)
      await auth.getSession(new Request(origin, { headers: { cookie: variant(i, own) } }));
    calls = 0;
    expect((await me(grace)).user.email).toBe(GRACE.email);
    expect(calls).toBe(0);
  });
});

describe("S8: a session is ended by its id, and never by nothing", () => {
  const configure: Configure = (o) => ({
    ...o,
    plugins: [...(o.plugins ?? []), admin(), multiSession()],
  });

  test("an administrator ends another user's session", async () => {
    const { origin } = await world({ configure });
    const [boss, ada] = [new Browser(origin), new Browser(origin)];
    await boss.signin(BOSS.email, BOSS.password);
    await ada.signin();
    const { user, session } = await me(ada);
    const end = (body: object) => boss.post("/api/auth/admin/revoke-user-session", body);
    for (const body of [
      { sessionToken: "" },
      {},
      { id: "" },
      { id: session.id },
      { sessionToken: null, id: session.id },
      { sessionToken: "", id: session.id, userId: user.id },
    ]) {
      const answer = await end(body);
      expect([answer.status, JSON.parse(answer.body).error.code], JSON.stringify(body)).toEqual([
        400,
        "field-invalid",
      ]);
      expect((await me(ada)).status).toBe("authenticated");
    }
    expect((await boss.post("/api/auth/admin/revoke-user-sessions", { userId: "" })).status).toBe(400);
    const listed = await boss.post("/api/auth/admin/list-user-sessions", { userId: user.id });
    expect(listed.body).toContain(session.id);
    expect((await end({ id: "nobody's", userId: user.id })).status).toBe(404);
    expect((await end({ id: session.id, userId: user.id })).status).toBe(200);
    expect((await me(ada)).status).toBe("anonymous");
    await ada.signin();
    await me(ada);
    expect((await boss.post("/api/auth/admin/revoke-user-sessions", { userId: user.id })).status).toBe(200);
    expect((await me(ada)).status).toBe("anonymous");
    // Somebody who is no administrator ends nobody's.
    await ada.signin();
    const boss_ = (await me(boss)) as { user: { id: string }; session: { id: string } };
    const tried = await ada.post("/api/auth/admin/revoke-user-session", {
      id: boss_.session.id,
      userId: boss_.user.id,
    });
    expect(tried.status).toBe(403);
  });

  test("several accounts in one browser: one is chosen, and one ended, by id", async () => {
    const { origin } = await world({ configure });
    const browser = new Browser(origin);
    await browser.signin();
    const ada = (await me(browser)).session.id;
    await browser.signin(GRACE.email, GRACE.password);
    const grace = (await me(browser)).session.id;
    const { body } = await browser.get("/api/auth/multi-session/list-device-sessions");
    expect(JSON.parse(body)).toHaveLength(2);
    expect(body).not.toContain('"token"');
    expect((await browser.post("/api/auth/multi-session/set-active", { sessionToken: "" })).status).toBe(400);
    expect((await browser.post("/api/auth/multi-session/set-active", { id: ada })).status).toBe(200);
    expect((await me(browser)).user.email).toBe(ADA.email);
    expect((await browser.post("/api/auth/multi-session/revoke", { id: grace })).status).toBe(200);
    expect(JSON.parse((await browser.get("/api/auth/multi-session/list-device-sessions")).body)).toHaveLength(
      1,
    );
    expect((await browser.post("/api/auth/multi-session/set-active", { id: grace })).status).toBe(404);
  });
});

describe("S9 and S10: the session's name, and Secure", () => {
  test("the name is Better Auth's own when none is given", async () => {
    const auth = authBackend({ url: "http://127.0.0.1:1", fetch: async () => Response.json(null) });
    const ask = (name: string) =>
      auth.getSession(new Request("https://app.example/", { headers: { cookie: `${name}=x.y` } }));
    expect((await ask("__Secure-better-auth.session_token")).setCookies[0]).toContain(
      "better-auth.session_token=;",
    );
    expect((await ask("session")).setCookies).toEqual([]);
  });

  test("a sign-in whose session has another name is told and typed, and is no login loop", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => said.mockRestore());
    const { origin } = await world({}, { cookie: "another.session_token" });
    const answer = await new Browser(origin).signin();
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([503, "unavailable"]);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    const [line] = said.mock.calls.map(String);
    expect(line).toMatch(/"codex-session".*"another\.session_token"/);
    expect(said.mock.calls).toHaveLength(1);
  });

  test("on an https origin the session's cookie is Secure, whatever the backend thinks of its own", async () => {
    const { backend } = await world({ origins: ["https://app.example"] });
    const auth = authBackend({ url: backend.url, cookie: "codex-session", origin: "https://app.example" });
    const request = new Request("http://127.0.0.1/api/auth/sign-in/email", {
      method: "POST",
      headers: { origin: "https://app.example", "content-type": "application/json" },
      body: JSON.stringify({ email: ADA.email, password: ADA.password }),
    });
    const lines = (await auth.handler(request)).headers.getSetCookie();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^codex-session=[^;]+;.*; Secure$/);
  });
});

describe("S11 and S12: what else a backend says of a session is kept", () => {
  test("further members beside user and session, and within them; tokens are not", async () => {
    const { origin } = await world({
      configure: (o) => ({
        ...o,
        plugins: [
          ...(o.plugins ?? []),
          anonymous(),
          customSession(async ({ user, session }) => ({
            user: { ...user, plan: "gold" },
            session,
            organization: { role: "owner", accessToken: "secret-1" },
            token: "secret-2",
            flags: ["a"],
          })),
        ],
      }),
    });
    const browser = new Browser(origin);
    await browser.signin();
    const answer = await me(browser);
    expect(answer).toMatchObject({
      user: { plan: "gold" },
      data: { organization: { role: "owner" }, flags: ["a"] },
    });
    expect(answer.data).toEqual({ organization: { role: "owner" }, flags: ["a"] });
    const guest = new Browser(origin);
    await guest.post("/api/auth/sign-in/anonymous");
    expect((await me(guest)).user.isAnonymous).toBe(true);
  });

  test("where there is nothing else, there is no data", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    expect(await me(browser)).not.toHaveProperty("data");
  });
});
