import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { apiProxy, cookieEndpoint } from "httponly/server";
import { clientAddress, type RouteEvent, route } from "httponly/sveltekit";
import { describe, expect, it } from "vitest";

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
