// Points 10 to 17 of the security checklist: whose a session is, and when it ends.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { authBackend } from "httponly/server";
import { describe, expect, test } from "vitest";
import { ADA, Browser, backend as backendFor, GRACE } from "../js/support/auth.ts";
import { codeOf, PROOF, send } from "../js/support/send.ts";
import { emailOf, lastLink, sessionLines, tablesWithUsers, world } from "./support.ts";

const SECRET = "a-secret-of-at-least-32-characters";

/** The cookie that a backend with this secret writes for a token. */
function signed(token: string, secret = SECRET): string {
  const signature = createHmac("sha256", secret).update(token).digest("base64");
  return `codex-session=${encodeURIComponent(`${token}.${signature}`)}`;
}

const page = (cookie: string) => new Request("http://127.0.0.1/", { headers: { cookie } });

describe("sessions", () => {
  test("checklist 10: only the backend's word makes a user: no presence, no shape, no foreign signature", async () => {
    const { origin, auth, backend } = await world({ secret: SECRET });
    const browser = new Browser(origin);
    await browser.signin();
    const token = backend.tables.session[0]?.token as string;
    const status = async (cookie: string) => (await auth.getSession(page(cookie))).status;
    expect(await status(signed(token))).toBe("authenticated");
    for (const cookie of [
      "codex-session=1",
      `codex-session=${token}`,
      `codex-session=${token}.`,
      signed(token, "another-secret-of-32-characters-xx"),
      signed(`${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`),
      `codex.session_data=${Buffer.from('{"user":{"id":"admin"}}').toString("base64")}`,
    ])
      expect([cookie, await status(cookie)]).toEqual([cookie, "anonymous"]);
    // One that ended there is over here.
    backend.tables.session.length = 0;
    auth.purge(token);
    expect(await status(signed(token))).toBe("anonymous");
  });

  test("checklist 11: after sign-out the cookie is anonymous on the next request, however it is sent", async () => {
    const { origin, auth } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    // Answers are kept by all session cookies together, so one session may be kept several times.
    const forms = [cookie, `theme=dark; ${cookie}`, `${cookie}; __Secure-${cookie}`];
    const statuses = () => Promise.all(forms.map(async (form) => (await auth.getSession(page(form))).status));
    expect(await statuses()).toEqual(Array(3).fill("authenticated"));
    await browser.post("/api/auth/sign-out");
    expect(await statuses()).toEqual(Array(3).fill("anonymous"));
  });

  test("checklist 11: another process knows it at most cacheTtl later, which the guide says", async () => {
    const { origin, url } = await world();
    const elsewhere = authBackend({ url, cookie: "codex-session", cacheTtl: 0.4 });
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    expect((await elsewhere.getSession(page(cookie))).status).toBe("authenticated");
    await browser.post("/api/auth/sign-out");
    await new Promise((done) => setTimeout(done, 450));
    expect((await elsewhere.getSession(page(cookie))).status).toBe("anonymous");
    const guide = readFileSync(new URL("../../docs/auth-backend.md", import.meta.url), "utf8");
    expect(guide).toMatch(/cacheTtl/);
  });

  test("checklist 12: each sign-in makes a new token, and a value set before is not adopted", async () => {
    const { origin, auth, backend } = await world({ secret: SECRET });
    const browser = new Browser(origin);
    // Well signed, so that only its being unknown speaks against it.
    const [name = "", value = ""] = signed("planted-by-an-attacker-000000000").split("=");
    browser.jar.set(name, value);
    const tokens = new Set<string | undefined>();
    for (const { email, password } of [ADA, ADA, GRACE]) {
      expect((await browser.signin(email, password)).status).toBe(200);
      tokens.add(browser.jar.get(name));
    }
    expect(tokens.size).toBe(3);
    expect(tokens.has(value)).toBe(false);
    expect(backend.tables.session.map(({ token }) => token)).not.toContain(
      "planted-by-an-attacker-000000000",
    );
    expect((await auth.getSession(page(`${name}=${value}`))).status).toBe("anonymous");
  });

  test("checklist 13: a backend that is away takes no cookie and makes nobody anonymous", async () => {
    const tables = await tablesWithUsers();
    const { origin, auth, backend, url } = await world({ secret: SECRET, tables }, { cacheTtl: 0 });
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    await backend.close();
    expect(await auth.getSession(page(cookie))).toEqual({
      status: "unavailable",
      user: null,
      session: null,
      setCookies: [],
    });
    const refused = await browser.post("/api/auth/sign-out");
    expect([refused.status, codeOf(refused)]).toEqual([503, "unavailable"]);
    expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
    expect([refused.headers["set-cookie"], refused.headers.location]).toEqual([undefined, undefined]);
    await backendFor({ port: Number(new URL(url).port), origins: [origin], secret: SECRET, tables });
    expect(emailOf(await browser.get("/me"))).toBe(ADA.email);
  });

  test("checklist 14: a cookie that the backend does not know is cleared by the first page, so nothing loops", async () => {
    const { origin } = await world({ secret: SECRET });
    for (const dead of ["garbage", signed("unknown").split("=")[1] ?? ""]) {
      const browser = new Browser(origin);
      browser.jar.set("codex-session", dead);
      // A poll may come late, and clears nothing: a navigation does.
      expect((await browser.get("/me")).headers["set-cookie"]).toBeUndefined();
      const navigation = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
      const first = await browser.get("/me", navigation);
      expect([first.status, sessionLines(first)[0]]).toEqual([
        401,
        expect.stringMatching(/^codex-session=; Max-Age=0/),
      ]);
      expect(browser.jar.size).toBe(0);
      expect((await browser.get("/me")).headers["set-cookie"]).toBeUndefined();
    }
  });

  test("checklist 15: two users' concurrent requests never see each other, and the key is the whole cookie", async () => {
    const { origin, auth } = await world();
    const [ada, grace] = [new Browser(origin), new Browser(origin)];
    await Promise.all([ada.signin(), grace.signin(GRACE.email, GRACE.password)]);
    for (let round = 0; round < 3; round++) {
      auth.purge();
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) => (i % 2 ? ada.get("/me") : grace.get("/me"))),
      );
      for (const [i, answer] of answers.entries()) expect(emailOf(answer)).toBe((i % 2 ? ADA : GRACE).email);
    }
    // One character from hers, in the middle and at the end, and it is nobody's.
    const { cookie } = ada;
    for (const at of [20, cookie.length - 5]) {
      const other = cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
      expect((await auth.getSession(page(other))).status).toBe("anonymous");
    }
    expect((await auth.getSession(page(cookie))).user?.email).toBe(ADA.email);
  });

  test("checklist 16: signing out is a POST with proof; by GET it is 405", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const answer = await send(origin, "/api/auth/sign-out", { method, headers: { ...PROOF, cookie } });
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, "POST"]);
    }
    const bare = await send(origin, "/api/auth/sign-out", { method: "POST", headers: { cookie } });
    expect([bare.status, codeOf(bare)]).toEqual([403, "cross-origin"]);
    expect((await browser.get("/me")).status).toBe(200);
    expect((await browser.post("/api/auth/sign-out")).status).toBe(200);
    expect((await browser.get("/me")).status).toBe(401);
  });

  test("checklist 16: signing out everywhere ends every session of the user, and no other's", async () => {
    const { origin } = await world();
    const [here, there, grace] = [new Browser(origin), new Browser(origin), new Browser(origin)];
    await here.signin();
    await there.signin();
    await grace.signin(GRACE.email, GRACE.password);
    const statuses = async () => {
      const answers = await Promise.all([here, there, grace].map((one) => one.get("/me")));
      return answers.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await here.post("/api/auth/revoke-sessions")).status).toBe(200);
    expect(await statuses()).toEqual([401, 401, 200]);
  });

  test("checklist 16: one session is ended by its identifier, and its token is never said", async () => {
    const { origin, backend } = await world();
    const [here, there] = [new Browser(origin), new Browser(origin)];
    await there.signin();
    const token = backend.tables.session[0]?.token as string;
    await here.signin();
    expect((await there.get("/me")).status).toBe(200);
    const listed = await here.get("/api/auth/list-sessions");
    expect(listed.body).not.toContain(token);
    const sessions = JSON.parse(listed.body) as { id: string }[];
    const { id } = sessions.find(({ id }) => id === backend.tables.session[0]?.id) ?? {};
    const grace = new Browser(origin);
    await grace.signin(GRACE.email, GRACE.password);
    // Nobody ends another user's.
    await grace.post("/api/auth/revoke-session", { id });
    expect((await there.get("/me")).status).toBe(200);
    const revoked = await here.post("/api/auth/revoke-session", { id });
    expect([revoked.status, revoked.body.includes(token)]).toEqual([200, false]);
    expect((await there.get("/me")).status).toBe(401);
    expect((await here.get("/me")).status).toBe(200);
  });

  test("checklist 17: no GET makes a session or changes whose it is", async () => {
    const { origin, backend } = await world();
    const query = new URLSearchParams({ email: ADA.email, password: ADA.password, provider: "github" });
    for (const path of ["sign-in/email", "sign-up/email", "sign-in/magic-link", "sign-in/social"]) {
      const answer = await new Browser(origin).get(`/api/auth/${path}?${query}`);
      expect([path, sessionLines(answer), answer.status >= 400]).toEqual([path, [], true]);
    }
    // An attacker sends the victim the links from the attacker's mails.
    const attacker = new Browser(origin);
    await attacker.post("/api/auth/sign-in/magic-link", { email: GRACE.email, callbackURL: "/library" });
    const magic = lastLink(backend);
    const account = { email: "evil@example.com", password: "long-enough-1", name: "E" };
    await attacker.post("/api/auth/sign-up/email", { ...account, callbackURL: "/library" });
    const verification = lastLink(backend);
    const victim = new Browser(origin);
    await victim.signin();
    const { cookie } = victim;
    for (const link of [magic, verification]) {
      expect([link, sessionLines(await victim.get(link))]).toEqual([link, []]);
      expect([link, sessionLines(await new Browser(origin).get(link))]).toEqual([link, []]);
    }
    expect(victim.cookie).toBe(cookie);
    expect(emailOf(await victim.get("/me"))).toBe(ADA.email);
  });

  test("signing in as another user is explicit, and ends the first user's part here", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    for (const { email, password } of [ADA, GRACE, ADA]) {
      await browser.signin(email, password);
      expect(emailOf(await browser.get("/me"))).toBe(email);
    }
  });
});
