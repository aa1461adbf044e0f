// Refusals of the backend as the page gets them: its own members, for its client library, and one shape for the app.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, onTestFinished, test } from "vitest";
import type { createBackend } from "../../examples/auth-backend/backend.js";
import { ADA, appFor, Browser, backend } from "./support/auth.ts";
import { type Answer, PROOF, send } from "./support/send.ts";
import { app, upstream } from "./support/serve.ts";

interface Refusal {
  code?: string;
  message?: string;
  error: { code: string; message: string; reason?: string };
}

const read = ({ body }: Answer) => JSON.parse(body) as Refusal;
const isJson = { "content-type": "application/json" };

/** Better Auth, and an app in front of it. */
const world = (
  settings: Parameters<typeof createBackend>[0] = {},
  options: Partial<AuthBackendOptions> = {},
) => appFor((origin) => backend({ origins: [origin], ...settings }), options);

/** A backend that answers with this to all. */
async function answering(status: number, type: string | undefined, body: string, headers = {}) {
  const { origin: url } = await upstream((_, response) =>
    response.writeHead(status, { ...(type !== undefined && { "content-type": type }), ...headers }).end(body),
  );
  const auth = authBackend({ url, cookie: "codex-session" });
  onTestFinished(() => auth.purge());
  return { origin: await app(auth.handler), auth };
}

const post = (origin: string, path: string, body = "{}") =>
  send(origin, path, { method: "POST", headers: { ...PROOF, ...isJson }, body });

const WRONG = { email: ADA.email, password: "wrong-secret" };

describe("Better Auth refuses", () => {
  test.each([
    ["a wrong password", "sign-in/email", WRONG, 401, "signin-failed", "INVALID_EMAIL_OR_PASSWORD"],
    [
      "an address that is none",
      "sign-in/email",
      { ...WRONG, email: "ada" },
      400,
      "field-invalid",
      "INVALID_EMAIL",
    ],
    [
      "a body that lacks a field",
      "sign-in/email",
      { email: ADA.email },
      400,
      "signin-failed",
      "VALIDATION_ERROR",
    ],
    [
      "a short password",
      "sign-up/email",
      { name: "A", email: "a@example.com", password: "short" },
      400,
      "field-invalid",
      "PASSWORD_TOO_SHORT",
    ],
    [
      "an address that is taken",
      "sign-up/email",
      { ...WRONG, name: "A" },
      422,
      "signin-failed",
      "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
    ],
    [
      "an unknown provider",
      "sign-in/social",
      { provider: "github" },
      404,
      "field-invalid",
      "PROVIDER_NOT_FOUND",
    ],
    [
      "a token that it does not know",
      "reset-password",
      { token: "t", newPassword: "long-enough" },
      400,
      "signin-failed",
      "INVALID_TOKEN",
    ],
    ["a visitor who is not signed in", "update-user", { name: "A" }, 401, "unauthenticated", "UNAUTHORIZED"],
    [
      "a magic link that it does not know",
      "magic-link/verify",
      { token: "t" },
      401,
      "signin-failed",
      "INVALID_TOKEN",
    ],
  ])("%s: its own members, and our code", async (_, path, body, status, code, reason) => {
    const { origin } = await world();
    const answer = await new Browser(origin).post(`/api/auth/${path}`, body);
    const said = read(answer);
    expect([answer.status, said.error.code, said.error.reason]).toEqual([status, code, reason]);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect([said.code, typeof said.message]).toEqual([reason, "string"]);
    // No word of ours is the backend's.
    expect(said.error.message).not.toBe(said.message);
    expect(Object.keys(said.error)).toEqual(["code", "message", "reason"]);
  });

  test("too many attempts: rate-limited, without a code of its own", async () => {
    const { origin } = await world({ attempts: 1 }, { clientAddress: () => "192.0.2.1" });
    await post(origin, "/api/auth/sign-in/email", JSON.stringify(WRONG));
    const answer = await post(origin, "/api/auth/sign-in/email", JSON.stringify(WRONG));
    expect(answer.status).toBe(429);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(read(answer)).toEqual({
      message: "Too many requests. Please try again later.",
      error: { code: "rate-limited", message: "too many attempts: try again later" },
    });
  });

  test("an app that it does not trust: rejected", async () => {
    const { origin } = await appFor(async () => {
      const started = await backend({ origins: ["http://other.example"] });
      // Better Auth looks at no Origin in a test.
      const { auth } = started as unknown as { auth: { $context: Promise<{ skipOriginCheck: boolean }> } };
      (await auth.$context).skipOriginCheck = false;
      return started;
    });
    const browser = new Browser(origin);
    browser.jar.set("codex-session", "a.b");
    const answer = await browser.signin();
    expect([answer.status, read(answer).error.code, read(answer).error.reason]).toEqual([
      403,
      "rejected",
      "INVALID_ORIGIN",
    ]);
  });

  test("a path that it does not know, with nothing at all: as the handler does", async () => {
    const { origin } = await world();
    for (const path of ["/api/auth/nothing", "/api/auth/sign-in/nothing", "/api/auth/nothing//"]) {
      const answer = await post(origin, path);
      expect([path, answer.status, answer.body]).toEqual([
        path,
        404,
        '{"error":{"code":"unknown-target","message":"the path does not belong to the authentication backend"}}',
      ]);
      expect(answer.headers["content-type"]).toBe("application/json");
    }
    const head = await send(origin, "/api/auth/nothing", { method: "HEAD", headers: PROOF });
    expect([head.status, head.body]).toEqual([404, ""]);
  });

  test("a session that is not in the user's list: in the same shape", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    const answer = await browser.post("/api/auth/revoke-session", { id: "nobody's" });
    expect([answer.status, read(answer)]).toEqual([
      404,
      {
        code: "SESSION_NOT_FOUND",
        message: "there is no such session",
        error: {
          code: "field-invalid",
          message: "there is no such session any more",
          reason: "SESSION_NOT_FOUND",
        },
      },
    ]);
  });
});

describe("what a backend's refusal becomes", () => {
  const BANNED = '{"message":"You have been banned","code":"BANNED_USER"}';
  const named = (code: string, message: string, reason?: string) => ({
    code,
    message,
    ...(reason && { reason }),
  });
  const failed = "it did not work";
  const refused = "the authentication backend refused";

  test.each([
    [
      "a banned user",
      403,
      "application/json",
      BANNED,
      { ...JSON.parse(BANNED), error: named("rejected", refused, "BANNED_USER") },
    ],
    ["no word", 403, "application/json", "", { error: named("rejected", refused) }],
    ["text", 400, "text/plain", "at handler (/srv/auth.js:1)", { error: named("signin-failed", failed) }],
    ["a page", 401, "text/html", "<h1>401</h1>", { error: named("signin-failed", failed) }],
    ["no object", 400, "application/json", '["SECRET"]', { error: named("signin-failed", failed) }],
    [
      "no type and no body",
      429,
      undefined,
      "",
      { error: named("rate-limited", "too many attempts: try again later") },
    ],
    [
      "a member error",
      400,
      "application/json",
      '{"error":"invalid_grant","n":1}',
      { n: 1, error: named("signin-failed", failed, "invalid_grant") },
    ],
    [
      "a member error that looks like ours",
      401,
      "application/json",
      '{"error":{"code":"unavailable","message":"Pay here: evil.example"},"error":{"code":"cross-origin"}}',
      { error: named("signin-failed", failed, "cross-origin") },
    ],
    [
      "tokens",
      400,
      "application/problem+json",
      '{"token":"SECRET","a":{"accessToken":"SECRET"},"code":"X"}',
      { a: {}, code: "X", error: named("signin-failed", failed, "X") },
    ],
    [
      "a code that is a text",
      400,
      "application/json",
      '{"code":"Pay here: evil.example"}',
      { code: "Pay here: evil.example", error: named("signin-failed", failed) },
    ],
  ])("%s", async (_, status, type, body, expected) => {
    const { origin } = await answering(status, type, body);
    const answer = await post(origin, "/api/auth/sign-in/email");
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, expected]);
    const json = type?.endsWith("json") ? type : "application/json";
    expect(answer.headers["content-type"]).toBe(json);
    expect(answer.headers["cache-control"]).toBe("private, no-store");
    expect(answer.body).not.toContain("SECRET");
  });

  test("an OAuth endpoint is understood by its clients, and its tokens stay behind all the same", async () => {
    const body = { error: "authorization_pending", error_description: "wait", access_token: "SECRET" };
    const { origin } = await answering(400, "application/json", JSON.stringify(body));
    const answer = await post(origin, "/api/auth/device/token");
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, "authorization_pending"]);
    expect(answer.body).not.toContain("SECRET");
  });

  test("HEAD has no body, and JSON that breaks off is no answer", async () => {
    const page = await answering(403, "text/html", "");
    const head = await send(page.origin, "/api/auth/x", { method: "HEAD", headers: PROOF });
    expect([head.status, head.body]).toEqual([403, ""]);
    const broken = await answering(400, "application/json", '{"token":"SECRET"');
    expect((await post(broken.origin, "/api/auth/x")).status).toBe(503);
  });

  test.each([
    [200, "text/plain", "ok", {}],
    [200, "application/json", '{"error":{"code":"X"}}', {}],
    [302, "text/html", "<a>on</a>", { location: "/login?error=INVALID_TOKEN" }],
    [302, "application/json", '{"code":"X"}', { location: "/login" }],
  ])("what is no refusal passes as it is: %i %s", async (status, type, body, headers) => {
    const { origin } = await answering(status, type, body, headers);
    const answer = await send(origin, "/api/auth/x", { headers: PROOF });
    expect([answer.status, answer.body, answer.headers["content-type"]]).toEqual([status, body, type]);
  });
});

describe("Better Auth's own client", () => {
  interface Client {
    signIn: { email(of: typeof WRONG): Promise<{ error: Record<string, unknown> | null }> };
    updateUser(of: { name: string }): Promise<{ error: Record<string, unknown> | null }>;
  }
  interface Module {
    createAuthClient(options: object): Client;
  }

  async function clientOf(baseURL: string, headers: Record<string, string>): Promise<Client> {
    const found = createRequire(new URL("../../examples/auth-backend/backend.js", import.meta.url));
    const module: Module = await import(pathToFileURL(found.resolve("better-auth/client")).href);
    return module.createAuthClient({ baseURL: `${baseURL}/api/auth`, fetchOptions: { headers } });
  }

  test("sees the code, the message and the status that it sees without the handler", async () => {
    let url = "";
    const { origin } = await appFor(async (own) => {
      const started = await backend({ origins: [own], attempts: 4 });
      url = started.url;
      return started;
    });
    const through = await clientOf(origin, { "x-httponly": "1" });
    const direct = await clientOf(url, { origin });
    for (const ask of [
      ({ signIn }: Client) => signIn.email(WRONG),
      ({ signIn }: Client) => signIn.email({ ...WRONG, email: "ada" }),
      (client: Client) => client.updateUser({ name: "A" }),
    ]) {
      const [here, there] = [await ask(through), await ask(direct)];
      const { error, ...rest } = here.error as { error: Refusal["error"] };
      expect(rest).toEqual(there.error);
      expect(Object.keys(rest).sort()).toEqual(["code", "message", "status", "statusText"]);
      expect(error.reason).toBe(there.error?.code);
    }
    // The fifth attempt of one address.
    expect((await through.signIn.email(WRONG)).error).toMatchObject({
      status: 429,
      message: "Too many requests. Please try again later.",
    });
  });
});
