/**
 * What a platform gives a handler beside the request reaches the `fetch` of a target and of a backend.
 *
 * @module
 */
import { apiProxy, authBackend } from "httponly/server";
import { expect, test } from "vitest";

interface Platform {
  env: { API: { fetch: typeof fetch } };
}

/** A service binding's shape: an object with a `fetch` of its own. */
function binding(answer: () => Response) {
  const asked: string[] = [];
  const API = {
    async fetch(input: unknown) {
      asked.push(String(input));
      return answer();
    },
  };
  return { platform: { env: { API } }, asked };
}

test("a service binding is one line in a target of the proxy", async () => {
  const { platform, asked } = binding(() => new Response("bound"));
  const handler = apiProxy({
    target: {
      url: "http://api.internal/v1",
      fetch: (input, init, platform: Platform) => platform.env.API.fetch(input, init),
    },
  });
  const request = new Request("https://app.example/api/proxy/me", { headers: { "x-httponly": "1" } });
  expect(await (await handler(request, platform)).text()).toBe("bound");
  expect(asked).toEqual(["http://api.internal/v1/me"]);
});

test("and in a backend, for look-ups and for its handler", async () => {
  const { platform, asked } = binding(() => Response.json(null));
  const auth = authBackend({
    url: "http://auth.internal",
    fetch: (input, init, platform) => platform.env.API.fetch(input, init),
  });
  const headers = { cookie: "better-auth.session_token=a.b", "x-httponly": "1" };
  const { status } = await auth.getSession(new Request("https://app.example/", { headers }), platform);
  expect(status).toBe("anonymous");
  const request = new Request("https://app.example/api/auth/list-sessions", { headers });
  expect((await auth.handler(request, platform)).status).toBe(200);
  expect(asked).toEqual([
    "http://auth.internal/api/auth/get-session",
    "http://auth.internal/api/auth/list-sessions",
  ]);
});
