import {
  clientAddress,
  type ErrorPage,
  guard,
  nextWithCookies,
  requestCookies,
  route,
  sessionProxy,
  setCookies,
} from "httponly/next";
import { type Auth, apiProxy, authBackend, cookieEndpoint } from "httponly/server";
import { NextRequest, NextResponse } from "next/server.js";
import { describe, expect, it } from "vitest";
import { upstream } from "./support/serve.ts";

const PROOF = { "x-httponly": "1" };

describe("route", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

  it("gives Next every method that a route.ts may export", () => {
    expect(Object.keys(route(() => new Response())).sort()).toEqual([...METHODS].sort());
  });

  it.each(METHODS)("%s reaches the handler with its request and context as they are", async (method) => {
    const seen: unknown[] = [];
    const handlers = route((request, platform) => {
      seen.push(request, platform);
      return new Response("answer");
    });
    const request = new NextRequest("https://app.example/", { method });
    const context = { params: Promise.resolve({}) };
    expect(await (await handlers[method](request, context)).text()).toBe("answer");
    expect(seen[0]).toBe(request);
    expect(seen[1]).toBe(context);
  });

  it("leaves a method that the handler does not know to its typed refusal", async () => {
    const request = new NextRequest("https://app.example/.nordcraft/cookies/set-cookie", {
      method: "DELETE",
    });
    const answer = await route(cookieEndpoint()).DELETE(request, undefined);
    expect(answer.status).toBe(405);
    expect((await answer.json()).error.code).toBe("method-not-allowed");
  });
});

describe("originHeaders", () => {
  const originHeaders = { protocol: "x-forwarded-proto", host: "x-forwarded-host" };
  const ask = async (headers: Record<string, string>, declared = true) => {
    const handlers = route(
      async (request) => Response.json({ url: request.url, body: await request.text() }),
      declared ? { originHeaders } : {},
    );
    const request = new NextRequest("http://localhost:3000/a%20b?q=1&q=2", {
      method: "POST",
      body: "text",
      headers,
    });
    const answer = await handlers.POST(request, undefined);
    return { status: answer.status, ...((await answer.json()) as { url?: string; body?: string }) };
  };

  it("make the request one of the origin that the proxy in front says, with its body", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "app.example:8443" };
    expect(await ask(headers)).toEqual({
      status: 200,
      url: "https://app.example:8443/a%20b?q=1&q=2",
      body: "text",
    });
  });

  it("never take a path for a host", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "app.example" };
    const request = new NextRequest("http://localhost:3000//evil.example/a", { headers });
    const handlers = route((request) => new Response(request.url), { originHeaders });
    expect(await (await handlers.GET(request, undefined)).text()).toBe("https://app.example//evil.example/a");
  });

  it("leave the request its abort signal", async () => {
    const gone = new AbortController();
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "app.example" };
    const request = new NextRequest("http://localhost:3000/", { headers, signal: gone.signal });
    let inner: AbortSignal | undefined;
    await route(
      (request) => {
        inner = request.signal;
        return new Response();
      },
      { originHeaders },
    ).GET(request, undefined);
    expect(inner?.aborted).toBe(false);
    gone.abort();
    expect(inner?.aborted).toBe(true);
  });

  it("are not read unless they are declared", async () => {
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "evil.example" };
    expect((await ask(headers, false)).url).toBe("http://localhost:3000/a%20b?q=1&q=2");
  });

  it.each([
    ["no header", {}],
    ["no host", { "x-forwarded-proto": "https" }],
    ["no protocol", { "x-forwarded-host": "app.example" }],
    ["two hosts", { "x-forwarded-proto": "https", "x-forwarded-host": "evil.example, app.example" }],
    ["a path", { "x-forwarded-proto": "https", "x-forwarded-host": "app.example/evil" }],
    ["credentials", { "x-forwarded-proto": "https", "x-forwarded-host": "app@evil.example" }],
    ["another scheme", { "x-forwarded-proto": "ftp", "x-forwarded-host": "app.example" }],
    ["a host that URL refuses", { "x-forwarded-proto": "https", "x-forwarded-host": "1.2.3.4.5" }],
    ["a port out of range", { "x-forwarded-proto": "https", "x-forwarded-host": "app.example:70000" }],
  ])("with %s are refused, and the handler is not called", async (_, headers) => {
    expect(await ask(headers as Record<string, string>)).toMatchObject({
      status: 400,
      error: { code: "url-invalid" },
    });
  });

  it("decide the Domain of the cookie endpoint", async () => {
    const request = new NextRequest("http://localhost:3000/.nordcraft/cookies/set-cookie", {
      method: "POST",
      body: JSON.stringify({ name: "a", value: "1", includeSubdomains: true }),
      headers: {
        ...PROOF,
        "content-type": "application/json",
        origin: "https://app.example.com",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "app.example.com",
      },
    });
    const answer = await route(cookieEndpoint(), { originHeaders }).POST(request, undefined);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringContaining("Domain=app.example.com")]);
  });
});

describe("clientAddress", () => {
  const request = (forwardedFor?: string) =>
    new Request("https://app.example/", {
      headers: forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor },
    });

  it.each([
    [1, "192.0.2.7", "192.0.2.7"],
    [1, "203.0.113.9, 192.0.2.7", "192.0.2.7"],
    [2, "203.0.113.9, 192.0.2.7, 10.0.0.1", "192.0.2.7"],
    [2, "192.0.2.7", undefined],
    [1, "evil", undefined],
    [1, undefined, undefined],
  ])("behind %i proxies, %j is %j", (trustProxy, forwardedFor, expected) => {
    expect(clientAddress({ trustProxy })(request(forwardedFor))).toBe(expected);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, "1", undefined, 256])(
    "refuses %j proxies when it is made",
    (hops) => {
      expect(() => clientAddress({ trustProxy: hops as number })).toThrow(TypeError);
    },
  );

  it("becomes X-Forwarded-For at the upstream", async () => {
    const { origin, log } = await upstream();
    const proxy = apiProxy({
      clientAddress: clientAddress({ trustProxy: 1 }),
      targets: { api: { url: origin } },
    });
    const headers = { "x-forwarded-for": "203.0.113.9, 192.0.2.7" };
    const answer = await route(proxy).GET(
      new NextRequest("https://app.example/api/proxy/api", { headers }),
      undefined,
    );
    expect(answer.status).toBe(200);
    expect(log[0]?.headers["x-forwarded-for"]).toBe("192.0.2.7");
  });
});

describe("nextWithCookies", () => {
  const pass = (cookie: string | undefined, lines?: string[]) => {
    const headers: Record<string, string> = { "x-other": "kept", ...(cookie !== undefined && { cookie }) };
    const response = nextWithCookies(new NextRequest("https://app.example/docs/a?b", { headers }), lines);
    const overridden = response.headers.get("x-middleware-override-headers")?.split(",") ?? [];
    return {
      response,
      cookie: response.headers.get("x-middleware-request-cookie"),
      overridden,
      lines: response.headers.getSetCookie(),
    };
  };

  it("lets a request go on as it is", () => {
    const { response, cookie, overridden, lines } = pass("a=1; b=%zz");
    expect(response.headers.get("x-middleware-next")).toBe("1");
    expect(response.headers.get("x-middleware-request-x-other")).toBe("kept");
    expect(cookie).toBe("a=1; b=%zz");
    expect(overridden.sort()).toEqual(["cookie", "x-other"]);
    expect(lines).toEqual([]);
    expect(response.headers.has("cache-control")).toBe(false);
  });

  it("passes every Set-Cookie line byte for byte and in order, and shows the page its cookie", () => {
    const sent = [
      'id="a b"=%zz; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Priority=High; sAmEsItE=lax',
      "id=2; Domain=example; Path=/; Partitioned; Secure",
      "other=; Max-Age=0",
    ];
    const { response, cookie, lines } = pass("id=0; other=1; c=3", sent);
    expect(lines).toEqual(sent);
    expect(cookie).toBe("id=2; c=3");
    expect(response.headers.get("cache-control")).toBe("private, no-store");
  });

  it("takes the Cookie header away when its last cookie goes", () => {
    const { cookie, overridden } = pass("id=1", ["id=; Max-Age=0"]);
    expect(cookie).toBeNull();
    expect(overridden).toEqual(["x-other"]);
  });

  it("adds a Cookie header where none was", () => {
    expect(pass(undefined, ["id=1; HttpOnly"]).cookie).toBe("id=1");
  });

  it("keeps a cookie of another path from the page", () => {
    expect(pass("a=1", ["a=2; Path=/admin"]).cookie).toBe("a=1");
  });
});

describe("proxy", () => {
  it.each([
    ["", "/studio", 303],
    ["/api/auth", "/studio", 303],
    ["/api/auth", "/api/auth/..%2F..%2Fstudio", 303],
    ["/api/auth", "/api/auth//studio", 303],
    ["/api/auth", "/api/auth/get-session", 200],
  ])("lets past the guard what is the handler's below %j, as written: %s", async (basePath, path, status) => {
    const auth = authBackend({ url: "http://127.0.0.1:1", cookie: "codex-session", basePath });
    const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const run = sessionProxy(auth, { guard: guard({}, { otherwise: "signed-in" }) });
    expect((await run(new NextRequest(`https://app.example${path}`, { headers }))).status).toBe(status);
  });
});

it("proxy takes an Auth that is not authBackend's, whose paths lie below /api/auth", async () => {
  const auth: Auth = {
    handler: async () => new Response(),
    getSession: async () => ({ status: "anonymous", user: null, session: null, setCookies: [] }),
    purge() {},
  };
  const run = sessionProxy(auth, { guard: guard({}, { otherwise: "signed-in" }) });
  const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const open = async (path: string) =>
    (await run(new NextRequest(`https://app.example${path}`, { headers }))).status;
  expect([await open("/studio"), await open("/api/auth/get-session")]).toEqual([303, 200]);
});

describe("proxy with a page of the app for who may not come in", () => {
  const auth = authBackend({ url: "http://127.0.0.1:1", cookie: "codex-session" });
  const open = (errorPage: ErrorPage, headers: Record<string, string>) =>
    sessionProxy(auth, { guard: guard({ "/studio": { role: "creator" } }, { errorPage }) })(
      new NextRequest("https://app.example/studio", { headers: { cookie: "codex-session=x", ...headers } }),
    );
  const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

  it("shows it, with the guard's status and headers", async () => {
    const answer = await open(({ status }) => new Response(`own ${status}`), NAVIGATION);
    expect([answer.status, await answer.text()]).toEqual([503, "own 503"]);
    expect([answer.headers.get("retry-after"), answer.headers.get("cache-control")]).toEqual([
      "5",
      "private, no-store",
    ]);
  });

  it("answers what is no page by itself", async () => {
    const answer = await open(() => new Response("own"), { accept: "application/json" });
    expect([answer.status, (await answer.json()).error.code]).toEqual([503, "unavailable"]);
  });

  it.each([NextResponse.rewrite("https://app.example/refused"), NextResponse.next()])(
    "refuses one that Next.js would answer with 200",
    async (response) => {
      await expect(open(() => response, NAVIGATION)).rejects.toThrow("a rewrite with 200");
    },
  );
});

describe("outside a request", () => {
  it("requestCookies and setCookies say that there is none", async () => {
    await expect(requestCookies()).rejects.toThrow(/request scope/);
    await expect(setCookies("a=1")).rejects.toThrow(/request scope/);
  });
});
