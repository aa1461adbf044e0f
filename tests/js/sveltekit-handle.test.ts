// The handle hook with a real backend's answers; SvelteKit itself is in the end-to-end tests.
import type { Handle as KitHandle } from "@sveltejs/kit";
import { type Auth, authBackend, type SessionAnswer } from "httponly/server";
import { clientAddress, guard, handle, route, type SessionLocals } from "httponly/sveltekit";
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
  const response = await handle(auth)({ event: visited, resolve: page });
  return { response, locals: visited.locals };
}

function answering(answer: Partial<SessionAnswer>): Pick<Auth, "getSession"> {
  return {
    getSession: async () => ({ status: "anonymous", user: null, session: null, setCookies: [], ...answer }),
  };
}

describe("handle", () => {
  test("is what SvelteKit takes for its hook", () => {
    const hook: KitHandle = handle(answering({}));
    expect(hook).toBeTypeOf("function");
  });

  test("puts who is signed in into locals, from the cookie that the mounted handler set", async () => {
    const { url } = await backend({ origins: [APP] });
    const auth = authBackend({ url, cookie: "codex-session", clientAddress });
    const { POST } = route(auth.handler);
    const signIn = new Request(`${APP}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { ...PROOF, "content-type": "application/json" },
      body: JSON.stringify({ email: ADA.email, password: ADA.password }),
    });
    const signedIn = await POST({ request: signIn, getClientAddress: () => "192.0.2.7" });
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
      const response = await handle(answering({}), { guard: table })({
        event: visited,
        resolve: () => new Response("ran"),
      });
      expect(response.status).toBe(status);
    },
  );
});
