// authBackend in front of the real thing: Better Auth on a server of its own, an app on another, and browsers.
import { type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, test } from "vitest";
import { type createBackend, createTables } from "../../examples/auth-backend/backend.js";
import { ADA, appFor, Browser, backend, GRACE, textOf } from "./support/auth.ts";
import { codeOf, PROOF, send } from "./support/send.ts";

type Started = Awaited<ReturnType<typeof backend>>;

/** An app and its backend. */
async function world(
  settings: Parameters<typeof createBackend>[0] = {},
  options: Partial<AuthBackendOptions> = {},
) {
  let started: Started | undefined;
  const app = await appFor(async (origin) => {
    started = await backend({ origins: [origin], ...settings });
    return started;
  }, options);
  return { ...app, backend: started as Started };
}

/** The path of the last mail's link, which leads to the app. */
const LINK = "/api/auth/magic-link/verify";
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const linkFields = (link: string) => Object.fromEntries(new URL(link, "http://app").searchParams);

function lastLink({ outbox }: Started): string {
  const { pathname, search } = new URL(outbox[0]?.link ?? "");
  return pathname + search;
}

const emailOf = ({ body }: { body: string }) =>
  (JSON.parse(body) as { user?: { email: string } }).user?.email;

describe("Better Auth behind the app", () => {
  test("sign in, whose it is, sign out: anonymous on the next request, in this process's cache too", async () => {
    const { origin, auth } = await world();
    const browser = new Browser(origin);
    expect((await browser.get("/me")).status).toBe(401);
    const signedIn = await browser.signin();
    expect(signedIn.status).toBe(200);
    expect(signedIn.headers["cache-control"]).toBe("private, no-store");

    const me = await browser.get("/me");
    expect(JSON.parse(me.body)).toMatchObject({
      status: "authenticated",
      user: { email: ADA.email, name: ADA.name, role: "customer", emailVerified: true },
      session: { userId: expect.any(String), expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    });

    // Checklist 11.
    const kept = browser.cookie;
    expect((await browser.post("/api/auth/sign-out")).status).toBe(200);
    expect(browser.jar.size).toBe(0);
    const request = new Request(`${origin}/`, { headers: { cookie: kept } });
    expect((await auth.getSession(request)).status).toBe("anonymous");
  });

  test("checklist 14: a cookie that the backend does not know is cleared, so no login page loops", async () => {
    const { origin } = await world();
    for (const value of ["garbage", "tok.c2lnbmF0dXJl"]) {
      const browser = new Browser(origin);
      browser.jar.set("codex-session", value);
      // A poll may come late, and clears nothing.
      expect((await browser.get("/me")).status).toBe(401);
      expect(browser.jar.has("codex-session")).toBe(true);
      expect((await browser.get("/me", NAVIGATION)).status).toBe(401);
      expect(browser.jar.has("codex-session")).toBe(false);
      const answer = await browser.get("/me");
      expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, undefined]);
    }
  });

  test("checklist 12: a value set before is not adopted; each sign-in makes a new one", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    browser.jar.set("codex-session", "planted.value");
    const values = new Set<string | undefined>();
    for (let i = 0; i < 2; i++) {
      await browser.signin();
      values.add(browser.jar.get("codex-session"));
    }
    expect(values.size).toBe(2);
    expect(values.has("planted.value")).toBe(false);
  });

  test("checklist 10: a session that ended at the backend is over here once it is purged", async () => {
    const { origin, auth, backend } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    expect((await browser.get("/me")).status).toBe(200);
    const token = backend.tables.session[0]?.token as string;
    backend.tables.session.length = 0;
    auth.purge(token);
    expect((await browser.get("/me")).status).toBe(401);
  });

  test("checklist 15: two users at once never see each other", async () => {
    const { origin } = await world();
    const [ada, grace] = [new Browser(origin), new Browser(origin)];
    await Promise.all([ada.signin(), grace.signin(GRACE.email, GRACE.password)]);
    const rounds = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? ada.get("/me") : grace.get("/me"))),
    );
    for (const [i, answer] of rounds.entries()) expect(emailOf(answer)).toBe((i % 2 ? ADA : GRACE).email);
    // One leaves, the other stays.
    await ada.post("/api/auth/sign-out");
    expect((await ada.get("/me")).status).toBe(401);
    expect(emailOf(await grace.get("/me"))).toBe(GRACE.email);
  });

  test("a switch of users in one browser is a switch at once", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    for (const { email, password } of [ADA, GRACE, ADA]) {
      await browser.signin(email, password);
      expect(emailOf(await browser.get("/me"))).toBe(email);
    }
  });

  test("checklist 46: an unknown user and a wrong password get the same answer", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    const unknown = await browser.signin("nobody@example.com", "wrong-password");
    const wrong = await browser.signin(ADA.email, "wrong-password");
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body]);
    expect(wrong.status).toBe(401);
  });

  test("a Secure backend's cookie has the prefix, and its Domain passes as it is", async () => {
    const { origin } = await world({ secure: true, domain: ".my.localhost" });
    const browser = new Browser(origin);
    const [line] = (await browser.signin()).headers["set-cookie"] ?? [];
    expect(line).toMatch(/^__Secure-codex-session=.*; Domain=\.my\.localhost;.*Secure/);
    expect((await browser.get("/me")).status).toBe(200);
  });
});

describe("the flows through the handler", () => {
  test("sign up, verify by the mail's link, be signed in as verified", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    const account = { email: "new@example.com", password: "long-enough-1", name: "New", role: "admin" };
    const signedUp = await browser.post("/api/auth/sign-up/email", { ...account, callbackURL: "/library" });
    expect(signedUp.status).toBe(200);
    // A role is not for the page to choose.
    const before = JSON.parse((await browser.get("/me")).body);
    expect(before).toMatchObject({ user: { emailVerified: false, role: "customer" } });

    const followed = await browser.get(lastLink(backend));
    expect([followed.status, followed.headers.location]).toEqual([302, "/library"]);
    expect(JSON.parse((await browser.get("/me")).body)).toMatchObject({ user: { emailVerified: true } });
  });

  test("a magic link signs in, leads into the app, and works once", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    await browser.post("/api/auth/sign-in/magic-link", { email: ADA.email, callbackURL: "/library" });
    const link = lastLink(backend);
    for (let scans = 0; scans < 3; scans++) {
      const shown = await new Browser(origin).get(link, { "sec-fetch-site": "cross-site", ...NAVIGATION });
      expect([shown.status, shown.headers["set-cookie"]]).toEqual([200, undefined]);
      expect(shown.headers["content-security-policy"]).toBe(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(shown.body).toContain('action="/api/auth/magic-link/verify"');
    }
    const used = await browser.form(LINK, linkFields(link), NAVIGATION);
    expect([used.status, used.headers.location]).toEqual([303, "/library"]);
    expect(emailOf(await browser.get("/me"))).toBe(ADA.email);
    const again = await new Browser(origin).form(LINK, linkFields(link), NAVIGATION);
    expect([again.status, again.headers.location]).toEqual([303, "/library?error=INVALID_TOKEN"]);
    expect(again.headers["set-cookie"]).toBeUndefined();
  });

  test("a program uses a magic link by JSON, and gets JSON", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    await browser.post("/api/auth/sign-in/magic-link", { email: ADA.email, callbackURL: "/library" });
    const fields = linkFields(lastLink(backend));
    const used = await browser.post(LINK, fields);
    expect([used.status, used.body]).toEqual([200, '{"redirect":true,"url":"/library"}']);
    expect(emailOf(await browser.get("/me"))).toBe(ADA.email);
    const again = await new Browser(origin).post(LINK, fields);
    expect([again.status, JSON.parse(again.body).code]).toEqual([401, "INVALID_TOKEN"]);
    expect((await browser.post(LINK, {})).status).toBe(400);
    const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    expect(codeOf(await browser.form(LINK, fields, foreign))).toBe("cross-origin");
  });

  test("a page of the app's own asks before a magic link is used", async () => {
    const { origin, backend } = await world({}, { pages: { magicLink: "/magic-link" } });
    const browser = new Browser(origin);
    await browser.post("/api/auth/sign-in/magic-link", { email: ADA.email, callbackURL: "/library" });
    const link = lastLink(backend);
    const shown = await browser.get(link);
    expect([shown.status, shown.headers.location]).toEqual([
      303,
      `/magic-link${new URL(link, origin).search}`,
    ]);
    expect((await browser.form(LINK, linkFields(link), NAVIGATION)).status).toBe(303);
    expect(emailOf(await browser.get("/me"))).toBe(ADA.email);
  });

  test("one session is ended by its identifier, and its token reaches no page", async () => {
    const { origin, backend } = await world();
    const [here, there] = [new Browser(origin), new Browser(origin)];
    await here.signin();
    await there.signin();
    const other = JSON.parse((await there.get("/me")).body).session.id;
    const grace = new Browser(origin);
    await grace.signin(GRACE.email, GRACE.password);
    const notTheirs = await grace.post("/api/auth/revoke-session", { id: other });
    expect([notTheirs.status, JSON.parse(notTheirs.body).code]).toEqual([404, "SESSION_NOT_FOUND"]);
    expect((await there.get("/me")).status).toBe(200);
    const list = JSON.parse((await here.get("/api/auth/list-sessions")).body) as { id: string }[];
    expect(list.map(({ id }) => id)).toContain(other);
    expect((await here.post("/api/auth/revoke-session", { id: other })).status).toBe(200);
    expect([(await there.get("/me")).status, (await here.get("/me")).status]).toEqual([401, 200]);
    expect((await new Browser(origin).post("/api/auth/revoke-session", { id: other })).status).toBe(401);
    for (const answer of here.seen)
      for (const { token } of backend.tables.session) expect(textOf(answer)).not.toContain(token);
  });

  test("two bundles of one process have one cache: what ends in one is over in the other", async () => {
    const { origin, auth, url } = await world();
    const twin = authBackend({ url, cookie: "codex-session" });
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    const ask = (of: typeof auth) => of.getSession(new Request(origin, { headers: { cookie } }));
    expect([(await ask(auth)).status, (await ask(twin)).status]).toEqual(["authenticated", "authenticated"]);
    await browser.post("/api/auth/sign-out");
    expect([(await ask(auth)).status, (await ask(twin)).status]).toEqual(["anonymous", "anonymous"]);
  });

  test("a password reset ends the sessions that there were, here too, and signs nobody in", async () => {
    const { origin, backend } = await world();
    const [browser, elsewhere] = [new Browser(origin), new Browser(origin)];
    await elsewhere.signin();
    expect((await elsewhere.get("/me")).status).toBe(200);
    await browser.post("/api/auth/request-password-reset", {
      email: ADA.email,
      redirectTo: "/reset-password",
    });
    const { location } = (await browser.get(lastLink(backend))).headers;
    expect(location).toMatch(/^\/reset-password\?token=/);
    const token = new URL(location ?? "", origin).searchParams.get("token");
    const reset = await browser.post("/api/auth/reset-password", { token, newPassword: "brand-new-secret" });
    expect([reset.status, reset.headers["set-cookie"]]).toEqual([200, undefined]);
    expect((await elsewhere.get("/me")).status).toBe(401);
    expect((await browser.signin(ADA.email, "brand-new-secret")).status).toBe(200);
  });

  test("checklist 16: signing out everywhere else is seen at once", async () => {
    const { origin } = await world();
    const [here, there] = [new Browser(origin), new Browser(origin)];
    await here.signin();
    await there.signin();
    expect((await there.get("/me")).status).toBe(200);
    expect((await here.post("/api/auth/revoke-other-sessions")).status).toBe(200);
    expect((await there.get("/me")).status).toBe(401);
    expect((await here.get("/me")).status).toBe(200);
  });

  test("without being remembered, the cookie ends with the browser", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    const { headers } = await browser.signin(ADA.email, ADA.password, { rememberMe: false });
    expect(headers["set-cookie"]?.find((line) => line.startsWith("codex-session="))).not.toMatch(/max-age/i);
    expect(browser.jar.has("codex.dont_remember")).toBe(true);
    expect((await browser.get("/me")).status).toBe(200);
  });

  test("checklist 9: no answer of a whole visit holds the token outside Set-Cookie", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    await browser.post("/api/auth/sign-up/email", {
      email: "n@example.com",
      password: "long-enough-1",
      name: "N",
    });
    await browser.signin();
    await browser.get("/me");
    await browser.get("/api/auth/get-session");
    await browser.get("/api/auth/list-sessions");
    await browser.post("/api/auth/update-user", { name: "Ada" });
    await browser.post("/api/auth/change-password", {
      currentPassword: ADA.password,
      newPassword: "another-secret-1",
      revokeOtherSessions: true,
    });
    const tokens = backend.tables.session.map(({ token }) => token as string);
    const values = browser.seen
      .flatMap(({ headers }) => headers["set-cookie"] ?? [])
      .map((line) => /=([^;.]{16,})/.exec(line)?.[1])
      .filter((value) => value !== undefined);
    expect(tokens.length).toBeGreaterThan(0);
    expect(values.length).toBeGreaterThan(2);
    for (const answer of browser.seen) {
      expect(answer.status).toBe(200);
      for (const token of [...tokens, ...values]) expect(textOf(answer)).not.toContain(token);
    }
  });
});

describe("rate limits", () => {
  // The socket's address is the same for all here, so a header stands for what an adapter would know.
  const clientAddress = (request: Request) => request.headers.get("x-test-socket") ?? undefined;
  const from = (address: string, forged?: string) => ({
    "x-test-socket": address,
    ...(forged && { "x-forwarded-for": forged }),
  });
  const wrong = { email: ADA.email, password: "wrong-password" };

  test("ten wrong logins by one address stop that one only, whatever X-Forwarded-For it claims", async () => {
    const { origin } = await world({}, { clientAddress });
    const browser = new Browser(origin);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const headers = from("192.0.2.1", `203.0.113.${i}`);
      statuses.push((await browser.post("/api/auth/sign-in/email", wrong, headers)).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect(Number(browser.seen.at(-1)?.headers["retry-after"])).toBeGreaterThan(0);
    const other = await browser.post("/api/auth/sign-in/email", wrong, from("192.0.2.2", "192.0.2.1"));
    expect(other.status).toBe(401);
  });
});

describe("a backend that is away", () => {
  test("checklist 13: nobody is signed out, the answer is 503, and it recovers by itself", async () => {
    const secret = "a-secret-of-at-least-32-characters";
    const tables = createTables();
    const { origin, auth, backend: first, url } = await world({ secret, tables }, { cacheTtl: 0.2 });
    const browser = new Browser(origin);
    await browser.signin();
    const cookie = browser.cookie;
    expect((await browser.get("/me")).status).toBe(200);

    await first.close();
    const deadline = Date.now() + 1000;
    const statuses = new Set<number>();
    while (Date.now() < deadline) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => browser.get("/me")));
      for (const { status, headers } of answers) {
        statuses.add(status);
        expect(headers["set-cookie"]).toBeUndefined();
        expect(headers.location).toBeUndefined();
      }
    }
    expect([...statuses].sort()).toEqual([200, 503]);
    expect(browser.cookie).toBe(cookie);
    // Also while it is away: what is asked of the handler is refused, typed, and takes no cookie away.
    const refused = await browser.signin();
    expect([refused.status, codeOf(refused)]).toEqual([503, "unavailable"]);
    expect(await auth.getSession(new Request(origin, { headers: { cookie } }))).toMatchObject({
      status: "unavailable",
      setCookies: [],
    });

    await backend({ port: Number(new URL(url).port), origins: [origin], secret, tables });
    const back = await browser.get("/me");
    expect([back.status, emailOf(back)]).toEqual([200, ADA.email]);
  });
});

describe("the example itself", () => {
  test("its outbox is JSON, and a page that runs nothing for a browser", async () => {
    const started = await backend();
    const auth = authBackend({ url: started.url, cookie: "codex-session", origin: "http://localhost:5173" });
    const request = new Request("http://localhost:5173/api/auth/sign-in/magic-link", {
      method: "POST",
      headers: { ...PROOF, "content-type": "application/json" },
      body: JSON.stringify({ email: ADA.email, callbackURL: "/<script>" }),
    });
    expect((await auth.handler(request)).status).toBe(200);
    const mails = JSON.parse((await send(started.url, "/outbox")).body);
    expect(mails).toMatchObject([{ kind: "magic-link", to: ADA.email }]);
    expect(mails[0].link).toMatch(/^http:\/\/localhost:5173\/api\/auth\/magic-link\/verify\?token=/);
    const page = await send(started.url, "/outbox", { headers: { accept: "text/html" } });
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.body).not.toContain("<script");
    expect(page.body).toContain(ADA.email);
  });
});
