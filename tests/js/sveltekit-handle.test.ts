// The handle hook with a real backend's answers; SvelteKit itself is in the end-to-end tests.
import type { Handle as KitHandle } from "@sveltejs/kit";
import { type Auth, authBackend, type SessionAnswer } from "httponly/server";
import { clientAddress, guard, route, type SessionLocals, sessionHandle } from "httponly/sveltekit";
import { describe, expect, test } from "vitest";
import { ADA, backend } from "./support/auth.ts";
import { PROOF } from "./support/send.ts";

const APP = "http://localhost:5173";

function event(cookie?: string, path = "/library") {
  return {
    request: new Request(APP + path, { headers: { ...(cookie && { cookie }) } }),
    locals: {} as SessionLocals,
    url: new URL(APP + path),
    route: { id: null },
    isDataRequest: false,
    platform: { env: 1 },
    getClientAddress: () => "192.0.2.7",
  };
}

/** Runs the hook; the page answers what it is told. */
async function visit(auth: Pick<Auth, "getSession">, cookie?: string, page = () => new Response("page")) {
  const visited = event(cookie);
  const response = await sessionHandle(auth)({ event: visited, resolve: page });
  return { response, locals: visited.locals };
}

function answering(answer: Partial<SessionAnswer>): Pick<Auth, "getSession"> {
  return {
    getSession: async () => ({ status: "anonymous", user: null, session: null, setCookies: [], ...answer }),
  };
}

describe("handle", () => {
  test("is what SvelteKit takes for its hook", () => {
    const hook: KitHandle = sessionHandle(answering({}));
    expect(hook).toBeTypeOf("function");
  });

  test("puts who is signed in into locals, from the cookie that the mounted handler set", async () => {
    const { url } = await backend({ origins: [APP] });
    const auth = authBackend({ url, cookie: "codex-session", clientAddress });
    const { POST } = route(auth.handler);
    const signin = new Request(`${APP}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { ...PROOF, "content-type": "application/json" },
      body: JSON.stringify({ email: ADA.email, password: ADA.password }),
    });
    const signedIn = await POST({ request: signin, getClientAddress: () => "192.0.2.7" });
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0];
    const { response, locals } = await visit(auth, cookie);
    expect(locals).toMatchObject({
      userId: locals.user?.id,
      user: { email: ADA.email },
      session: { userId: locals.userId },
      sessionStatus: "authenticated",
    });
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("vary")).toBe("Cookie");
    expect(JSON.stringify(locals)).not.toContain(cookie?.split("=")[1]?.split(".")[0]);
  });

  test.each(["anonymous", "unavailable", "rejected"] as const)(
    "%s: nobody, and why; the page still answers",
    async (status) => {
      const { response, locals } = await visit(answering({ status }), "codex-session=x");
      expect(locals).toEqual({ userId: null, user: null, session: null, sessionStatus: status });
      expect([response.status, await response.text()]).toEqual([200, "page"]);
      expect(response.headers.getSetCookie()).toEqual([]);
    },
  );

  test("checklist 5, 8: the lines go along byte for byte, beside the page's own, and no cache keeps them", async () => {
    const lines = ["codex-session=a%2Bb=.c; Path=/; Priority=High", "x=; Max-Age=0; Domain=my.example"];
    const { response } = await visit(answering({ setCookies: lines }), "codex-session=x", () => {
      const headers = new Headers({ "cache-control": "public, max-age=60", "set-cookie": "own=1" });
      return new Response("page", { status: 201, headers });
    });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(["own=1", ...lines]);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
  });

  test("what an app says of caches stays where no cookie is set", async () => {
    const user = { id: "u", email: "", name: null, role: "", emailVerified: true, createdAt: "" };
    const { response } = await visit(answering({ status: "authenticated", user }), "codex-session=x", () => {
      return new Response("page", { headers: { "cache-control": "private, max-age=60", vary: "Accept" } });
    });
    expect(response.headers.get("cache-control")).toBe("private, max-age=60");
    expect(response.headers.get("vary")).toBe("Accept, Cookie");
    expect((await visit(answering({}))).response.headers.get("cache-control")).toBeNull();
  });

  test("a response whose headers are immutable, and one without a body, are no obstacle", async () => {
    const redirect = () => Response.redirect(`${APP}/login`, 303);
    const { response } = await visit(answering({ setCookies: ["a=1"] }), "codex-session=x", redirect);
    expect([response.status, response.headers.get("location")]).toEqual([303, `${APP}/login`]);
    expect(response.headers.getSetCookie()).toEqual(["a=1"]);
    const empty = await visit(answering({}), undefined, () => new Response(null, { status: 304 }));
    expect(empty.response.status).toBe(304);
  });

  test("url and clientAddress get what the adapter knows", async () => {
    const asked: unknown[] = [];
    const auth = authBackend({
      url: (_, platform) => {
        asked.push(platform);
        return "http://127.0.0.1:1";
      },
      clientAddress: (request) => {
        asked.push(clientAddress(request));
        return undefined;
      },
      cookie: "codex-session",
    });
    const { locals } = await visit(auth, "codex-session=x");
    expect(locals.sessionStatus).toBe("unavailable");
    expect(asked).toEqual([{ env: 1 }, "192.0.2.7"]);
  });

  describe("the app's own page for who may not come in", () => {
    const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const refused: unknown[] = [];
    const rules = guard(
      { "/library": { role: "admin" } },
      {
        errorPage: (refusal, request) => {
          refused.push([refusal, new URL(request.url).pathname]);
          const headers = {
            "content-type": "text/html",
            "content-security-policy": "default-src 'self'",
            vary: "X",
          };
          return new Response(`<h1>${refusal.status}</h1>`, { status: 200, headers });
        },
      },
    );
    const open = (
      status: SessionAnswer["status"],
      more: object,
      headers: Record<string, string> = NAVIGATION,
    ) => {
      const user = { id: "u", email: "", name: null, role: "", emailVerified: true, createdAt: "" };
      const auth = answering({
        status,
        user: status === "authenticated" ? user : null,
        setCookies: ["a=1", "b=2"],
      });
      const visited = { ...event(), request: new Request(`${APP}/library`, { headers }), ...more };
      return sessionHandle(auth, { guard: rules })({ event: visited, resolve: () => new Response("page") });
    };

    test.each([
      ["authenticated", 403, "rejected", null],
      ["unavailable", 503, "unavailable", "5"],
    ] as const)(
      "%s: %i, with what the guard says of caches, cookies and waiting",
      async (status, code, error, retry) => {
        refused.length = 0;
        const { headers, ...response } = await open(status, {}).then(async (answer) => ({
          headers: answer.headers,
          status: answer.status,
          body: await answer.text(),
        }));
        expect(response).toEqual({ status: code, body: `<h1>${code}</h1>` });
        expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
        expect(Object.fromEntries(headers)).toMatchObject({
          "cache-control": "private, no-store",
          "content-security-policy": "default-src 'self'",
          "content-type": "text/html",
          "x-content-type-options": "nosniff",
          vary: "X, Cookie",
        });
        expect(headers.get("retry-after")).toBe(retry);
        expect(refused).toEqual([
          [{ status: code, error: { code: error, message: expect.any(String) } }, "/library"],
        ]);
      },
    );

    test("is asked for where a page was asked for, and nowhere else", async () => {
      refused.length = 0;
      const answers = await Promise.all([
        open("authenticated", { isDataRequest: true }),
        open("authenticated", { isRemoteRequest: true }),
        open("authenticated", {}, { accept: "application/json" }),
        open("anonymous", {}),
        open("anonymous", {}, { accept: "application/json" }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 303, 401]);
      for (const answer of answers.filter(({ status }) => status !== 303))
        expect(await answer.json()).toMatchObject({ error: { code: expect.any(String) } });
      expect(refused).toEqual([]);
    });

    test("fails loudly where it is none, and where it throws the error is the framework's to show", async () => {
      expect(() => guard({}, { errorPage: "/error" as never })).toThrow("errorPage is a function");
      const thrown = guard({}, { otherwise: "signed-in", errorPage: () => Promise.reject(new Error("own")) });
      const visited = { ...event(), request: new Request(`${APP}/library`, { headers: NAVIGATION }) };
      const visit = sessionHandle(answering({ status: "unavailable" }), { guard: thrown });
      await expect(visit({ event: visited, resolve: () => new Response("page") })).rejects.toThrow("own");
    });
  });

  test.each([
    ["POST", "/?/remote=hash/publish", 303],
    ["POST", "/login?%2Fremote=hash/publish", 303],
    ["POST", "/?/publish", 200],
    ["GET", "/?/remote=hash/publish", 200],
  ])(
    "a remote function's form, which any page would run, fulfils every rule: %s %s",
    async (method, path, status) => {
      const table = guard({ "/studio": "signed-in", "/login": "signed-out" });
      const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
      const visited = { ...event(undefined, path), request: new Request(APP + path, { method, headers }) };
      const response = await sessionHandle(answering({}), { guard: table })({
        event: visited,
        resolve: () => new Response("ran"),
      });
      expect(response.status).toBe(status);
    },
  );
});
