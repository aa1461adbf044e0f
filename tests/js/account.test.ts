// The flows of an account against the real backend; frameworks are in the tests of their own.
import { type AuthBackendOptions, authBackend, type FlowAnswer, runFlow } from "httponly/server";
import { describe, expect, test } from "vitest";
import { ADA, backend, GRACE } from "./support/auth.ts";
import { PROOF } from "./support/send.ts";
import { APP, type Fields, FORM, Visitor } from "./support/visitor.ts";

async function setup(options: Partial<AuthBackendOptions> = {}, of: Parameters<typeof backend>[0] = {}) {
  const server = await backend({ origins: [APP], ...of });
  const auth = authBackend({ url: server.url, cookie: "codex-session", ...options });
  return { ...server, auth, visitor: () => new Visitor(auth) };
}

const failure = (answer: FlowAnswer) => (answer.ok ? null : { status: answer.status, ...answer.error });
const location = (answer: FlowAnswer) => (answer.ok ? answer.location : failure(answer));
const notice = (answer: FlowAnswer) => (answer.ok ? answer.notice : failure(answer));
const credentials = ({ email, password }: typeof ADA) => ({ email, password });

describe("signing in", () => {
  test("leads to the redirect of the page, or home, and never off the site", async () => {
    const { visitor } = await setup();
    const { email, password } = ADA;
    for (const [path, more, expected] of [
      ["/login", {}, "/"],
      ["/login?redirect=/library?tab%3D1", {}, "/library?tab=1"],
      ["/login?redirect=//evil.example", {}, "/"],
      ["/login?redirect=/%5Cevil.example", {}, "/"],
      ["/login?redirect=/a", { redirect: "/b" }, "/b"],
      ["/login", { redirect: "https://evil.example/" }, "/"],
      ["/login", { redirect: `${APP}/library` }, "/library"],
    ] as const) {
      const ada = visitor();
      const answer = await ada.run("signin", { email, password, ...more }, path);
      expect([path, location(answer)]).toEqual([path, expected]);
      expect(await ada.who()).toBe(ADA.email);
    }
  });

  test("a form whose action drops the query still knows the page that shows it", async () => {
    const { visitor } = await setup();
    const from = (referer: string) =>
      visitor().run("signin", credentials(ADA), "/login", { ...FORM, referer });
    expect(location(await from(`${APP}/login?redirect=/library`))).toBe("/library");
    expect(location(await from("https://evil.example/?redirect=/library"))).toBe("/");
  });

  test("a wrong password is signin-failed, with the backend's reason; the form keeps the address alone", async () => {
    const { visitor } = await setup();
    const answer = await visitor().run("signin", {
      email: ADA.email,
      password: "wrong-secret",
      rememberMe: "on",
    });
    expect(answer).toEqual({
      ok: false,
      status: 401,
      error: {
        code: "signin-failed",
        message: "the e-mail address or the password is wrong",
        reason: "INVALID_EMAIL_OR_PASSWORD",
      },
      values: { email: ADA.email, rememberMe: "on" },
      setCookies: [],
    });
    const unknown = await visitor().run("signin", { email: "nobody@example.com", password: "wrong-secret" });
    expect(failure(unknown)).toEqual(failure(answer));
  });

  test("remember me decides whether the cookie outlives the browser", async () => {
    const { visitor } = await setup();
    const line = async (more: Fields) => {
      const answer = await visitor().run("signin", { ...credentials(ADA), ...more });
      return answer.setCookies.find((line) => line.startsWith("codex-session="));
    };
    expect(await line({ rememberMe: "on" })).toMatch(/max-age/i);
    expect(await line({})).not.toMatch(/max-age|expires/i);
  });

  test("an Auth of another make, which says no path, serves the flows alike", async () => {
    const { handler, getSession, purge } = (await setup()).auth;
    const visitor = new Visitor({ handler, getSession, purge });
    expect(location(await visitor.run("signin", credentials(ADA)))).toBe("/");
    expect(await visitor.who()).toBe(ADA.email);
  });

  test("a field that cannot be right is named, and no call is made", async () => {
    const { visitor, auth } = await setup({ fetch: () => Promise.reject(new Error("called")) });
    expect(auth.basePath).toBe("/api/auth");
    const answer = await visitor().run("signin", { email: "ada", password: "x" });
    expect(failure(answer)).toMatchObject({ status: 400, code: "field-invalid", field: "email" });
    expect(failure(await visitor().run("signin", { email: ADA.email }))).toMatchObject({ field: "password" });
  });

  test("checklist 18: another site's form does nothing; the own one needs no JavaScript", async () => {
    const { visitor } = await setup();
    const from = async (headers: Fields) => {
      const answer = await visitor().run("signin", credentials(ADA), "/login", headers);
      return answer.ok ? "in" : answer.error.code;
    };
    for (const headers of [
      { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
      { "sec-fetch-site": "same-site", origin: "https://blog.example" },
      { "sec-fetch-site": "cross-site", "x-httponly": "1" },
      { origin: "https://evil.example" },
      { origin: "null" },
      {},
    ] as Fields[])
      expect([headers, await from(headers)]).toEqual([headers, "cross-origin"]);
    for (const headers of [FORM, PROOF, { origin: APP }]) expect(await from(headers)).toBe("in");
  });

  test("too many attempts: rate-limited, and for how many seconds; another address is not blocked", async () => {
    const { visitor } = await setup(
      { clientAddress: (request) => request.headers.get("x-test-socket") ?? undefined },
      { attempts: 2 },
    );
    const at = (address: string, password: string) =>
      visitor().run("signin", { email: ADA.email, password }, "/login", {
        ...FORM,
        "x-test-socket": address,
        "x-forwarded-for": `203.0.113.${Math.floor(Math.random() * 256)}`,
      });
    for (let i = 0; i < 2; i++) expect(failure(await at("192.0.2.1", "wrong-secret"))?.status).toBe(401);
    const limited = failure(await at("192.0.2.1", ADA.password));
    expect(limited).toMatchObject({ status: 429, code: "rate-limited" });
    expect(limited?.retryAfter).toBeGreaterThan(0);
    expect(limited?.retryAfter).toBeLessThanOrEqual(900);
    expect((await at("192.0.2.2", ADA.password)).ok).toBe(true);
  });

  test("a backend that is away is unavailable, and signs nobody out", async () => {
    const { visitor, close } = await setup();
    const ada = visitor();
    await ada.run("signin", credentials(ADA));
    await close();
    for (const flow of ["signout", "signin"] as const) {
      const answer = await ada.run(flow, credentials(ADA), "/login");
      expect(failure(answer)).toMatchObject({ status: 503, code: "unavailable" });
      expect(answer.setCookies).toEqual([]);
    }
  });

  test("an unknown provider is a field that is wrong", async () => {
    const { visitor } = await setup();
    const answer = await visitor().run("social", { provider: "github" });
    expect(failure(answer)).toMatchObject({
      code: "field-invalid",
      reason: "PROVIDER_NOT_FOUND",
      field: "provider",
    });
  });
});

describe("a magic link", () => {
  test("comes by mail, signs in by its form, once", async () => {
    const { visitor, outbox } = await setup({ pages: { magicLink: "/magic-link" } });
    const ada = visitor();
    const sent = await ada.run("sendMagicLink", { email: ADA.email }, "/login?redirect=/library?tab%3D1");
    expect([notice(sent), sent.ok && sent.location]).toEqual(["magic-link-sent", null]);
    const { pathname, search } = new URL(outbox[0]?.link ?? "");
    const shown = await ada.auth.handler(ada.request(pathname + search));
    const page = new URL(shown.headers.get("location") ?? "", APP);
    expect([shown.status, page.pathname]).toEqual([303, "/magic-link"]);
    const token = page.searchParams.get("token") ?? "";
    const used = await ada.run("useMagicLink", { token }, page.pathname + page.search);
    expect(location(used)).toBe("/library?tab=1");
    expect(await ada.who()).toBe(ADA.email);
    const again = await visitor().run("useMagicLink", { token }, page.pathname + page.search);
    expect(failure(again)).toMatchObject({ status: 401, code: "signin-failed", reason: "INVALID_TOKEN" });
    expect(again.ok || again.values).toEqual({});
  });
});

test("a flow that there is not, and a page that is no local path, are mistakes of the app", async () => {
  const { auth, visitor } = await setup();
  const run = (flow: unknown, pages = {}) =>
    runFlow(auth, flow as "signin", { request: visitor().request("/", FORM), fields: new FormData(), pages });
  for (const flow of ["SignIn", "toString", 1, undefined]) await expect(run(flow)).rejects.toThrow(TypeError);
  for (const login of ["//evil.example", "login", 1])
    await expect(run("signin", { login })).rejects.toThrow(TypeError);
});

describe("making an account", () => {
  const NEW = { name: "Alan", email: "alan@example.com", password: "turing-machine" };

  test("leads to the page about the mail, whose link verifies", async () => {
    const { visitor, outbox } = await setup();
    const alan = visitor();
    const answer = await alan.run("signup", NEW, "/register?redirect=/library");
    expect(location(answer)).toBe("/verify?email=alan%40example.com&redirect=/library");
    expect(outbox[0]).toMatchObject({ kind: "verify-email", to: NEW.email });
    expect(notice(await alan.run("sendVerification", { email: NEW.email }))).toBe("verification-sent");
    const { pathname, search } = new URL(outbox[0]?.link ?? "");
    const verified = await alan.auth.handler(alan.request(pathname + search));
    expect([verified.status, verified.headers.get("location")]).toEqual([302, `${APP}/`]);
    expect((await alan.auth.getSession(alan.request("/"))).user?.emailVerified).toBe(true);
  });

  test("an address that is taken, and a short password, are said at their fields", async () => {
    const { visitor } = await setup();
    expect(failure(await visitor().run("signup", { ...NEW, email: ADA.email }))).toMatchObject({
      status: 422,
      code: "signin-failed",
      field: "email",
    });
    expect(failure(await visitor().run("signup", { ...NEW, password: "short" }))).toMatchObject({
      status: 400,
      code: "field-invalid",
      field: "password",
      reason: "PASSWORD_TOO_SHORT",
    });
  });
});

describe("a new password", () => {
  test("comes by mail, ends all sessions, and leads to the login page", async () => {
    const { visitor, outbox } = await setup();
    const [ada, other] = [visitor(), visitor()];
    await other.run("signin", credentials(ADA));
    expect(await other.who()).toBe(ADA.email);
    expect(notice(await ada.run("requestReset", { email: ADA.email }))).toBe("reset-sent");
    expect(notice(await ada.run("requestReset", { email: "nobody@example.com" }))).toBe("reset-sent");
    const { pathname, search } = new URL(outbox[0]?.link ?? "");
    const link = await ada.auth.handler(ada.request(pathname + search));
    const page = new URL(link.headers.get("location") ?? "", APP);
    expect(page.origin + page.pathname).toBe(`${APP}/reset-password`);
    const token = page.searchParams.get("token") ?? "";
    const form = { token, password: "difference-engine", confirmation: "difference-engine" };
    const differs = await ada.run("resetPassword", { ...form, confirmation: "x" });
    expect(failure(differs)).toMatchObject({ code: "field-invalid", field: "confirmation" });
    expect(differs.ok || differs.values).toEqual({});
    expect(location(await ada.run("resetPassword", form))).toBe("/login?notice=password-reset");
    expect(await other.who()).toBeNull();
    expect(failure(await ada.run("resetPassword", form))).toMatchObject({
      status: 400,
      reason: "INVALID_TOKEN",
    });
    expect((await ada.run("signin", { email: ADA.email, password: "difference-engine" })).ok).toBe(true);
  });
});

describe("signing out", () => {
  test("ends this session at once, and everywhere all of this user's", async () => {
    const { visitor } = await setup();
    const [one, two, three, grace] = [visitor(), visitor(), visitor(), visitor()];
    for (const ada of [one, two, three]) await ada.run("signin", credentials(ADA));
    await grace.run("signin", credentials(GRACE));
    for (const ada of [one, two, three]) expect(await ada.who()).toBe(ADA.email);
    const kept = new Visitor(one.auth);
    for (const [name, value] of one.jar) kept.jar.set(name, value);
    expect(location(await one.run("signout"))).toBe("/");
    expect([one.jar.size, await kept.who(), await two.who()]).toEqual([0, null, ADA.email]);
    expect(location(await two.run("signoutEverywhere"))).toBe("/");
    expect([two.jar.size, await three.who(), await grace.who()]).toEqual([0, null, GRACE.email]);
    expect(location(await two.run("signoutEverywhere"))).toBe("/");
  });

  test("the others can be ended alone", async () => {
    const { visitor } = await setup();
    const [one, two] = [visitor(), visitor()];
    for (const ada of [one, two]) await ada.run("signin", credentials(ADA));
    const listed = await one.auth.handler(one.request("/api/auth/list-sessions"));
    const ids = ((await listed.json()) as { id: string }[]).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const three = visitor();
    await three.run("signin", credentials(ADA));
    const { session } = await three.auth.getSession(three.request("/"));
    expect(notice(await one.run("revokeSession", { id: session?.id ?? "" }))).toBe("session-revoked");
    expect([await one.who(), await three.who()]).toEqual([ADA.email, null]);
    expect(failure(await one.run("revokeSession", { id: session?.id ?? "" }))).toMatchObject({ field: "id" });
    expect(notice(await one.run("revokeOtherSessions"))).toBe("sessions-revoked");
    expect([await one.who(), await two.who()]).toEqual([ADA.email, null]);
    expect(failure(await two.run("revokeOtherSessions"))).toMatchObject({
      status: 401,
      code: "unauthenticated",
    });
  });
});

test("a form of a hundred thousand fields costs what one of a hundred does", async () => {
  const visitor = new Visitor(authBackend({ url: "http://127.0.0.1:1", cookie: "codex-session" }));
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`a${at}`, ""]));
  const answer = await visitor.run("sendMagicLink", { ...many, email: ADA.email });
  expect(failure(answer)).toMatchObject({ code: "field-invalid", field: "email" });
});
