import type { BrowserContext, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { USERS } from "../../examples/auth-backend/backend.js";
import { totp } from "../js/support/totp.ts";
import { ADA, GRACE, open, start, type World } from "./world.ts";

type HttpOnly = typeof import("httponly");
declare const httponly: HttpOnly;

let world: World;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await start();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.asked.length = 0;
  context = await world.browser.newContext();
  page = await open(context, `${world.origin}/login`);
});
afterEach(() => context.close());

interface Outcome {
  value?: unknown;
  error?: { name: string; code: string; reason?: string; rule?: string; message: string };
}

type Options = Record<string, unknown>;

/** Calls a function of the package in the page; an error becomes a value. */
function call(name: "signin" | "signout" | "getSession", options?: Options, on = page): Promise<Outcome> {
  return on.evaluate(
    async ([name, options]): Promise<Outcome> => {
      try {
        const ask = httponly[name] as (options: unknown) => Promise<unknown>;
        return { value: await ask(options) };
      } catch (thrown) {
        const { name, code, reason, rule, message } = thrown as NonNullable<Outcome["error"]>;
        return { error: { name, code, message, ...(reason && { reason }), ...(rule && { rule }) } };
      }
    },
    [name, options] as const,
  );
}

/** Calls a function that leads away: the page may be gone before it has an answer. */
async function leads(name: "signin" | "signout", options: Options, to: string): Promise<void> {
  await page.evaluate(
    ([name, options]) => {
      (httponly[name] as (options: unknown) => Promise<unknown>)(options).catch(() => {});
    },
    [name, options] as const,
  );
  await page.waitForURL(world.origin + to);
}

const credentials = ({ email, password } = ADA) => ({
  provider: "credentials",
  credentials: { email, password },
});

describe("signin with credentials", () => {
  test("gives the user, sets a cookie that no script sees, and getSession knows", async () => {
    expect(await call("getSession")).toEqual({ value: null });
    const { value } = await call("signin", credentials());
    expect(value).toEqual({ user: expect.objectContaining({ email: ADA.email, role: "customer" }) });
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: "codex-session", httpOnly: true });
    expect(await page.evaluate(() => document.cookie)).toBe("");
    expect(await call("getSession")).toEqual({
      value: {
        user: expect.objectContaining({ name: ADA.name }),
        session: expect.objectContaining({ id: expect.any(String), userId: expect.any(String) }),
      },
    });
    expect(page.url()).toBe(`${world.origin}/login`);
  });

  test("a wrong password is signin-failed, with the backend's own reason", async () => {
    const { error } = await call("signin", credentials({ ...ADA, password: "wrong-password" }));
    expect(error).toMatchObject({
      name: "HttpOnlyError",
      code: "signin-failed",
      reason: "INVALID_EMAIL_OR_PASSWORD",
    });
    expect(error?.message).not.toContain("wrong-password");
    expect(await context.cookies()).toEqual([]);
  });

  test("a second factor is asked for by its methods, and signs nobody in before", async () => {
    const [, , edsger] = USERS;
    const post = async (path: string, data: unknown) => {
      const headers = { origin: world.origin, "x-httponly": "1" };
      const response = await context.request.post(`${world.origin}/api/auth${path}`, { data, headers });
      return (await response.json()) as { totpURI: string; backupCodes: string[] };
    };
    await call("signin", credentials(edsger));
    const { totpURI, backupCodes } = await post("/two-factor/enable", { password: edsger?.password });
    await post("/two-factor/verify-totp", { code: totp(totpURI) });
    await call("signout");
    const outcome = await call("signin", { ...credentials(edsger), successCallback: "/library" });
    expect(outcome).toEqual({ value: { user: null, twoFactor: { methods: ["totp", "otp"] } } });
    expect(await call("getSession")).toEqual({ value: null });
    expect(page.url()).toBe(`${world.origin}/login`);
    await post("/two-factor/verify-backup-code", { code: backupCodes[0] });
    expect(await call("getSession")).toMatchObject({ value: { user: { email: edsger?.email } } });
  });

  test("leads to successCallback", async () => {
    await leads("signin", { ...credentials(), successCallback: "/library?a=1" }, "/library?a=1");
  });

  test.each([
    "//evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example/",
    "javascript:alert(document.domain)",
  ])("never leads to %j", async (successCallback) => {
    await leads("signin", { ...credentials(), successCallback }, "/");
  });

  test("a refusal leads to failureCallback, which is told what went wrong", async () => {
    const wrong = credentials({ ...ADA, password: "wrong-password" });
    const sorry = "/sorry?a=1&error=signin-failed&reason=INVALID_EMAIL_OR_PASSWORD";
    await leads("signin", { ...wrong, failureCallback: "/sorry?a=1" }, sorry);
  });

  test("nothing that scripts can reach holds a token", async () => {
    await page.evaluate(() => {
      const reached: string[] = [];
      Object.assign(globalThis, { reached });
      const { fetch } = globalThis;
      globalThis.fetch = async (...args) => {
        const response = await fetch(...args);
        reached.push(JSON.stringify([...response.headers]) + (await response.clone().text()));
        return response;
      };
    });
    const answers = [await call("signin", credentials()), await call("getSession")];
    const reached = await page.evaluate(() =>
      JSON.stringify([
        (globalThis as unknown as { reached: string[] }).reached,
        document.cookie,
        document.documentElement.outerHTML,
        { ...localStorage },
        { ...sessionStorage },
      ]),
    );
    const tokens = world.tokens();
    expect(tokens.length).toBeGreaterThan(0);
    const everything = reached + JSON.stringify(answers) + world.said.join();
    expect(everything).toContain(ADA.email);
    expect(tokens.filter((token) => everything.includes(token))).toEqual([]);
  });
});

describe("signin elsewhere", () => {
  test("a magic link is a mail, and signs nobody in yet", async () => {
    const outcome = await call("signin", {
      provider: "magic-link",
      credentials: { email: ADA.email },
      successCallback: "/library",
    });
    expect(outcome).toEqual({ value: { user: null } });
    expect(await call("getSession")).toEqual({ value: null });
    expect(page.url()).toBe(`${world.origin}/login`);
  });

  test("a provider that the backend does not know is signin-failed", async () => {
    const { error } = await call("signin", { provider: "google", successCallback: "/" });
    expect(error).toMatchObject({ code: "signin-failed", reason: "PROVIDER_NOT_FOUND" });
  });

  test("a provider's page is gone to, and the promise never resolves", async () => {
    let sent: unknown;
    await page.route("**/api/auth/sign-in/social", async (route) => {
      sent = route.request().postDataJSON();
      await route.fulfill({ json: { url: `${world.origin}/provider?state=s`, redirect: true } });
    });
    await page.route("**/provider?*", async (route) => {
      await new Promise((done) => setTimeout(done, 300));
      await route.fulfill({ contentType: "text/html", body: "<title>provider</title>" });
    });
    const settled = call("signin", { provider: "google", successCallback: "/library" }).then(
      () => "settled",
      () => "the page is gone",
    );
    expect(await settled).toBe("the page is gone");
    await page.waitForURL("**/provider?state=s");
    expect(sent).toEqual({ provider: "google", callbackURL: "/library", errorCallbackURL: "/login" });
  });

  test("an address that is no page's is not gone to", async () => {
    await page.route("**/api/auth/sign-in/social", (route) =>
      route.fulfill({ json: { url: "javascript:globalThis.ran = 1", redirect: true } }),
    );
    const { error } = await call("signin", { provider: "google" });
    expect(error?.code).toBe("endpoint-refused");
    expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
  });
});

describe("signout", () => {
  test("ends the session and takes the cookie, and works when nobody is signed in", async () => {
    await call("signin", credentials());
    expect(await call("signout")).toEqual({});
    expect(await context.cookies()).toEqual([]);
    expect(await call("getSession")).toEqual({ value: null });
    expect(await call("signout")).toEqual({});
  });

  test("leads to callback, and never off the site", async () => {
    await leads("signout", { callback: "/bye" }, "/bye");
    await page.waitForFunction("globalThis.httponly");
    await leads("signout", { callback: "//evil.example/" }, "/");
  });

  test("everywhere ends the user's sessions in other browsers, and nobody else's", async () => {
    const others = await Promise.all([ADA, GRACE].map(() => world.browser.newContext()));
    const [ada, grace] = (await Promise.all(others.map((other) => open(other, world.origin)))) as [
      Page,
      Page,
    ];
    await call("signin", credentials(), ada);
    await call("signin", credentials(GRACE), grace);
    await call("signin", credentials());
    expect(await call("signout", { everywhere: true })).toEqual({});
    expect(await call("getSession", undefined, ada)).toEqual({ value: null });
    expect((await call("getSession", undefined, grace)).value).toMatchObject({ user: { name: GRACE.name } });
    await Promise.all(others.map((other) => other.close()));
  });

  test("everywhere is unauthenticated when nobody is signed in", async () => {
    expect((await call("signout", { everywhere: true })).error?.code).toBe("unauthenticated");
  });
});

describe("getSession", () => {
  test("calls at the same time share one request", async () => {
    await page.evaluate(() => Promise.all(Array.from({ length: 20 }, () => httponly.getSession())));
    expect(world.asked).toEqual(["GET /get-session"]);
  });

  test("an answer from before a sign-in is nobody's afterwards", async () => {
    let release = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const hold = async (route: Route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    };
    await page.route("**/api/auth/get-session", hold, { times: 1 });
    const early = call("getSession");
    await expect.poll(() => world.asked).toContain("GET /get-session");
    await call("signin", credentials());
    const late = call("getSession");
    expect((await late).value).toMatchObject({ user: { name: ADA.name } });
    release();
    expect(await early).toEqual({ value: null });
  });
});

describe("trouble", () => {
  test("a backend that is away is unavailable, signs nobody out, and is not mistaken for a refusal", async () => {
    await call("signin", credentials());
    await world.stop();
    try {
      expect((await call("getSession")).error?.code).toBe("unavailable");
      const again = { ...credentials(GRACE), failureCallback: "/sorry" };
      expect((await call("signin", again)).error?.code).toBe("unavailable");
      expect((await call("signout")).error?.code).toBe("unavailable");
      expect(page.url()).toBe(`${world.origin}/login`);
    } finally {
      await world.restart();
    }
    expect((await call("getSession")).value).toMatchObject({ user: { name: ADA.name } });
  });

  test("without a network it is network", async () => {
    await call("getSession");
    await context.setOffline(true);
    for (const name of ["getSession", "signout"] as const)
      expect((await call(name)).error?.code).toBe("network");
    expect((await call("signin", credentials())).error?.code).toBe("network");
  });

  test.each([
    ["a page of HTML", 200, "text/html", "<!doctype html>", "endpoint-refused", "unavailable"],
    ["a redirect", 302, "text/plain", "", "endpoint-refused", "unavailable"],
    ["no such path", 404, "text/plain", "", "endpoint-refused", "unavailable"],
    ["too many requests", 429, "application/json", '{"message":"slow down"}', "rate-limited", "unavailable"],
    ["a refusal", 403, "application/json", '{"code":"INVALID_ORIGIN"}', "rejected", "rejected"],
    ["a failure", 500, "text/html", "<h1>oops</h1>", "unavailable", "unavailable"],
    [
      "a handler's own refusal",
      403,
      "application/json",
      '{"error":{"code":"cross-origin","message":"no proof"}}',
      "cross-origin",
      "rejected",
    ],
  ])("%s is typed", async (_, status, contentType, body, signin, session) => {
    const headers = { "retry-after": "17", ...(status === 302 && { location: "/elsewhere" }) };
    await page.route("**/api/auth/**", (route) => route.fulfill({ status, contentType, body, headers }));
    expect((await call("signin", credentials())).error?.code).toBe(signin);
    expect((await call("signout")).error?.code).toBe(signin);
    expect((await call("getSession")).error?.code).toBe(session);
    if (status !== 429) return;
    const wait = page.evaluate(() =>
      httponly.signout().catch(({ retryAfter }: { retryAfter: number }) => retryAfter),
    );
    expect(await wait).toBe(17);
  });

  test("authEndpoint is configured", async () => {
    await page.route("**/elsewhere/get-session", (route) => route.fulfill({ json: null }));
    await page.evaluate(() => httponly.configure({ authEndpoint: "/elsewhere/" }));
    expect(await call("getSession")).toEqual({ value: null });
    expect(world.asked).toEqual([]);
  });
});
