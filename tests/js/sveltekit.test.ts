import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { apiProxy, cookieEndpoint } from "httponly/server";
import { clientAddress, type FetchInput, proxyHandleFetch, type RouteEvent, route } from "httponly/sveltekit";
import { describe, expect, it } from "vitest";
import { upstream } from "./support/serve.ts";

function event(request: Request, platform?: unknown): RouteEvent {
  return { request, platform, getClientAddress: () => "192.0.2.7" };
}

describe("route", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

  it("gives SvelteKit every method that a +server.ts may export", () => {
    expect(Object.keys(route(() => new Response())).sort()).toEqual([...METHODS].sort());
  });

  it.each(METHODS)("%s reaches the handler with its request and platform as they are", async (method) => {
    const seen: unknown[] = [];
    const handlers = route((request, platform) => {
      seen.push(request, platform);
      return new Response("answer");
    });
    const request = new Request("https://app.example/", { method });
    const platform = { req: 1 };
    expect(await (await handlers[method](event(request, platform))).text()).toBe("answer");
    expect(seen[0]).toBe(request);
    expect(seen[1]).toBe(platform);
  });

  it("mounts the cookie endpoint", async () => {
    const headers = { "content-type": "application/json", "x-httponly": "1" };
    const body = JSON.stringify({ name: "id", value: "1" });
    const request = new Request("https://app.example/.nordcraft/cookies/set-cookie", {
      method: "POST",
      headers,
      body,
    });
    const answer = await route(cookieEndpoint()).POST(event(request));
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^id=1;.*HttpOnly/)]);
  });

  it("leaves a method that the handler does not know to its typed refusal", async () => {
    const request = new Request("https://app.example/.nordcraft/cookies/set-cookie", { method: "DELETE" });
    const answer = await route(cookieEndpoint()).DELETE(event(request));
    expect(answer.status).toBe(405);
    expect((await answer.json()).error.code).toBe("method-not-allowed");
  });
});

describe("clientAddress", () => {
  it("is the adapter's for a request that route passed on", async () => {
    const request = new Request("https://app.example/");
    const handlers = route((request) => new Response(clientAddress(request)));
    expect(await (await handlers.GET(event(request))).text()).toBe("192.0.2.7");
  });

  it("is undefined for any other request", () => {
    expect(clientAddress(new Request("https://app.example/"))).toBeUndefined();
  });

  it("becomes X-Forwarded-For at the upstream, whatever the client claims", async () => {
    const server = createServer((request, response) => response.end(request.headers["x-forwarded-for"]));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const headers = { "x-forwarded-for": "203.0.113.9", "x-httponly": "1" };
      const request = new Request("https://app.example/api/proxy/api/", { headers });
      const answer = await route(apiProxy({ clientAddress, targets: { api: { url } } })).GET(event(request));
      expect(await answer.text()).toBe("192.0.2.7");
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe("handleFetch", () => {
  /** What SvelteKit hands to the hook for a `load` that fetches during SSR of a visitor's request. */
  function input(url: string, cookie: string | undefined, init?: RequestInit) {
    const passed: Request[] = [];
    const visit = new Request(
      "https://app.example/page",
      cookie === undefined ? {} : { headers: { cookie } },
    );
    const input: FetchInput = {
      event: { ...event(visit), url: new URL(visit.url) },
      request: new Request(url, init),
      fetch: async (request) => {
        passed.push(request as Request);
        return new Response("from SvelteKit");
      },
    };
    return { input, passed };
  }

  it("sends the token of the visitor's cookie to a target on another host, and no cookie", async () => {
    const api = await upstream((received, response) => response.end(JSON.stringify(received.headers)));
    const hook = proxyHandleFetch({
      targets: { api: { url: `${api.origin}/v1`, authorization: { bearer: "token" } } },
      clientAddress,
    });
    const { input: asked, passed } = input(`${api.origin}/v1/me?a=b`, "token=abc; other=secret", {
      headers: { accept: "application/json", authorization: "Bearer forged", cookie: "token=forged" },
    });
    const headers = await (await hook(asked)).json();
    expect(api.log[0]?.url).toBe("/v1/me?a=b");
    expect(headers.authorization).toBe("Bearer abc");
    expect(headers.accept).toBe("application/json");
    expect(headers.cookie).toBeUndefined();
    expect(headers["x-forwarded-for"]).toBe("192.0.2.7");
    expect(headers["x-httponly"]).toBeUndefined();
    expect(passed).toEqual([]);
  });

  it("sends a body on", async () => {
    const api = await upstream();
    const hook = proxyHandleFetch({
      targets: { api: { url: api.origin, authorization: { bearer: "token" } } },
    });
    const init = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    expect((await hook(input(`${api.origin}/x`, "token=abc", init).input)).status).toBe(200);
    expect(api.log[0]).toMatchObject({ method: "POST", body: "{}" });
  });

  it("fills templates into query and body, as the proxy does for the page", async () => {
    const api = await upstream();
    const hook = proxyHandleFetch({
      targets: { api: { url: api.origin, cookies: ["token"], templates: ["query", "body"] } },
    });
    const init = {
      method: "POST",
      body: '{"t":"{{ cookies.token }}"}',
      headers: { "content-type": "application/json" },
    };
    const { input: asked } = input(`${api.origin}/x?t={{ cookies.token }}`, "token=abc", init);
    expect((await hook(asked)).status).toBe(200);
    expect(api.log[0]).toMatchObject({ url: "/x?t=abc", body: '{"t":"abc"}' });
  });

  it("answers 401 without a call where the token is absent", async () => {
    const api = await upstream();
    const hook = proxyHandleFetch({
      targets: { api: { url: api.origin, authorization: { bearer: "token" } } },
    });
    const answer = await hook(input(`${api.origin}/me`, undefined).input);
    expect(answer.status).toBe(401);
    expect((await answer.json()).error.code).toBe("unauthenticated");
    expect(api.log).toEqual([]);
  });

  it("fills templates in where the cookie is granted, and refuses them elsewhere", async () => {
    const api = await upstream((received, response) => response.end(received.headers.authorization));
    const init = { headers: { authorization: "Bearer {{ cookies.token }}" } };
    const granted = proxyHandleFetch({ target: { url: api.origin, cookies: ["token"] } });
    expect(await (await granted(input(`${api.origin}/me`, "token=abc", init).input)).text()).toBe(
      "Bearer abc",
    );
    const refused = proxyHandleFetch({ targets: { api: { url: api.origin } } });
    expect((await refused(input(`${api.origin}/me`, "token=abc", init).input)).status).toBe(403);
    expect(api.log.length).toBe(1);
  });

  it("takes the most specific target", async () => {
    const api = await upstream((received, response) =>
      response.end(received.headers.authorization ?? "none"),
    );
    const hook = proxyHandleFetch({
      targets: {
        open: { url: api.origin },
        closed: { url: () => `${api.origin}/me`, authorization: { bearer: "token" } },
      },
    });
    expect(await (await hook(input(`${api.origin}/me/x`, "token=abc").input)).text()).toBe("Bearer abc");
    expect(await (await hook(input(`${api.origin}/menu`, "token=abc").input)).text()).toBe("none");
  });

  it("gives a request to the own origin its proof, and leaves any other to SvelteKit", async () => {
    const hook = proxyHandleFetch({ targets: { api: { url: "https://api.example" } } });
    const own = input("https://app.example/api/proxy/api/me", "token=abc");
    expect(await (await hook(own.input)).text()).toBe("from SvelteKit");
    expect(own.passed[0]?.headers.get("x-httponly")).toBe("1");
    const foreign = input("https://api.example.evil/me", "token=abc");
    await hook(foreign.input);
    expect(foreign.passed).toEqual([foreign.input.request]);
    expect(foreign.passed[0]?.headers.get("x-httponly")).toBeNull();
  });

  it("refuses targets that apiProxy refuses", () => {
    expect(() => proxyHandleFetch({ targets: { api: { url: "ftp://api.example" } } })).toThrow(TypeError);
  });
});
