import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { apiProxy, type Target } from "httponly/server";
import { describe, expect, test } from "vitest";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, listen, upstream } from "./support/serve.ts";

/** An app with one target `api`, and its upstream. */
async function setup(target: Partial<Target> = {}, answer?: Parameters<typeof upstream>[0]) {
  const api = await upstream(answer);
  const origin = await app(apiProxy({ targets: { api: { url: `${api.origin}/v1`, ...target } } }));
  return { origin, api };
}

const COOKIE = "t=secret; other=1";

/** What every response varies by: a browser's cache hands to nobody what another kind of request brought. */
const FETCHED = "Sec-Fetch-Dest, Sec-Fetch-Site, Sec-Fetch-Mode";

describe("authorization.bearer", () => {
  const target = { authorization: { bearer: "t" } };

  test("the cookie goes upstream as a bearer token, and no Cookie header does", async () => {
    const { origin, api } = await setup(target);
    const answer = await send(origin, "/api/proxy/api/me?a=b", { headers: { ...PROOF, cookie: COOKIE } });
    expect(answer).toMatchObject({ status: 200, body: "ok" });
    expect(api.log).toHaveLength(1);
    expect(api.log[0]).toMatchObject({ method: "GET", url: "/v1/me?a=b" });
    expect(api.log[0]?.headers).toMatchObject({ authorization: "Bearer secret" });
    expect(api.log[0]?.headers.cookie).toBeUndefined();
  });

  test("it replaces what the client sends as Authorization", async () => {
    const { origin, api } = await setup(target);
    const headers = { ...PROOF, cookie: COOKIE, authorization: "Bearer mine", connection: "authorization" };
    expect((await send(origin, "/api/proxy/api/me", { headers })).status).toBe(200);
    expect(api.log[0]?.headers.authorization).toBe("Bearer secret");
  });

  test("an encoded value is decoded first", async () => {
    const { origin, api } = await setup(target);
    await send(origin, "/api/proxy/api/", { headers: { ...PROOF, cookie: "t=a%20b%3D" } });
    expect(api.log[0]?.headers.authorization).toBe("Bearer a b=");
  });

  test.each([
    ["no cookie", undefined],
    ["another cookie only", "tt=1"],
    ["an empty cookie", "t="],
  ])("%s: 401 and no call", async (_, cookie) => {
    const { origin, api } = await setup(target);
    const answer = await send(origin, "/api/proxy/api/me", {
      headers: { ...PROOF, ...(cookie ? { cookie } : {}) },
    });
    expect(answer.status).toBe(401);
    expect(codeOf(answer)).toBe("unauthenticated");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(api.log).toEqual([]);
  });

  test.each(["t=%01", "t=a%7Fb", "t=a%0Db"])("a control character (%s): 400 and no call", async (cookie) => {
    const { origin, api } = await setup(target);
    const answer = await send(origin, "/api/proxy/api/", { headers: { ...PROOF, cookie } });
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe("header-invalid");
    expect(api.log).toEqual([]);
  });

  test.each(["t=1; t=2", "t=1; t=1", "t=1; a=b; t="])(
    "two cookies of the name (%s): 400 and no call",
    async (cookie) => {
      const { origin, api } = await setup(target);
      const answer = await send(origin, "/api/proxy/api/me", { headers: { ...PROOF, cookie } });
      expect(answer.status).toBe(400);
      expect(codeOf(answer)).toBe("field-invalid");
      expect(api.log).toEqual([]);
    },
  );

  test.each(["t=a%0d%0aX-Evil:%201", "t=a%00b", "t=%E2%82%AC"])(
    "a value that no header can carry (%s): 400 and no call",
    async (cookie) => {
      const { origin, api } = await setup(target);
      const answer = await send(origin, "/api/proxy/api/me", { headers: { ...PROOF, cookie } });
      expect(answer.status).toBe(400);
      expect(codeOf(answer)).toBe("header-invalid");
      expect(api.log).toEqual([]);
    },
  );
});

describe("templates", () => {
  const all = {
    cookies: ["t", "u"],
    templates: ["header", "query", "body"] as ("header" | "query" | "body")[],
  };

  test("Authorization whose credentials are exactly one template", async () => {
    const { origin, api } = await setup(all);
    const headers = { ...PROOF, cookie: COOKIE, authorization: "Token {{ cookies.t }}" };
    await send(origin, "/api/proxy/api/me", { headers });
    expect(api.log[0]?.headers.authorization).toBe("Token secret");
  });

  test.each([
    "Bearer mine",
    "Bearer x{{ cookies.t }}",
    "Bearer {{ cookies.t }}x",
    "Bearer {{ cookies.t }}{{ cookies.u }}",
    "Basic",
  ])("another Authorization is dropped: %s", async (authorization) => {
    const { origin, api } = await setup(all);
    const answer = await send(origin, "/api/proxy/api/me", {
      headers: { ...PROOF, cookie: COOKIE, authorization },
    });
    expect(answer.status).toBe(200);
    expect(api.log[0]?.headers.authorization).toBeUndefined();
  });

  test("an absent cookie in Authorization: 401 and no call", async () => {
    const { origin, api } = await setup(all);
    const headers = { ...PROOF, cookie: "x=1", authorization: "Bearer {{ cookies.t }}" };
    const answer = await send(origin, "/api/proxy/api/me", { headers });
    expect([answer.status, codeOf(answer)]).toEqual([401, "unauthenticated"]);
    expect(api.log).toEqual([]);
  });

  test("a listed header is filled in, an unlisted one is dropped, one that always passes stays text", async () => {
    const { origin, api } = await setup({ ...all, forwardHeaders: ["X-Page-URL"] });
    const template = "a {{ cookies.t }} {{ cookies.u }} b";
    const headers = {
      ...PROOF,
      cookie: COOKIE,
      "x-page-url": template,
      "x-other": template,
      accept: template,
    };
    await send(origin, "/api/proxy/api/me", { headers });
    expect(api.log[0]?.headers).toMatchObject({ "x-page-url": "a secret  b", accept: template });
    expect(api.log[0]?.headers["x-other"]).toBeUndefined();
  });

  test("a query is filled in, and all other pairs pass byte for byte", async () => {
    const { origin, api } = await setup(all);
    const query = "a=%zz&a=+&t=%7B%7B+cookies.t+%7D%7D&b=~%2b&u={{%20cookies.u%20}}";
    await send(origin, `/api/proxy/api/me?${query}`, { headers: { ...PROOF, cookie: "t=a%26b%20c" } });
    expect(api.log[0]?.url).toBe("/v1/me?a=%zz&a=+&t=a%26b%20c&b=~%2b&u=");
  });

  test.each([
    ["application/json", '{"t":"{{ cookies.t }}","n":1}', '{"t":"a\\"b\\\\c\\n","n":1}'],
    ["application/vnd.api+json; charset=utf-8", '"{{ cookies.t }}"', '"a\\"b\\\\c\\n"'],
    ["application/x-www-form-urlencoded", "x=1&t=%7B%7B+cookies.t+%7D%7D&x=2", "x=1&t=a%22b%5Cc%0A&x=2"],
    ["text/plain", "ü {{ cookies.t }}", 'ü a"b\\c\n'],
    ["application/graphql", "{{ cookies.none }}{{ cookies.t }}", undefined],
  ])("a body of %s is filled in", async (type, body, expected) => {
    const { origin, api } = await setup(all);
    const headers = { ...PROOF, cookie: "t=a%22b%5Cc%0A", "content-type": type };
    const answer = await send(origin, "/api/proxy/api/x", { method: "POST", headers, body });
    if (expected === undefined) {
      expect([answer.status, codeOf(answer)]).toEqual([403, "cookie-not-granted"]);
      expect(api.log).toEqual([]);
      return;
    }
    expect(api.log[0]?.body).toBe(expected);
    expect(api.log[0]?.headers["content-length"]).toBe(String(Buffer.byteLength(expected)));
    expect(api.log[0]?.headers["content-type"]).toBe(type);
  });

  test("a body without templates passes byte for byte and needs no proof", async () => {
    const { origin, api } = await setup(all);
    const body = '{ "a" : "\\u00e9" }\n\ufeff';
    const headers = { cookie: COOKIE, "content-type": "application/json" };
    expect((await send(origin, "/api/proxy/api/x", { method: "PUT", headers, body })).status).toBe(200);
    expect(api.log[0]?.body).toBe(body);
  });

  test.each([
    ["Latin-1", Buffer.from("é", "latin1")],
    ["an image", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff])],
    ["half a character", Buffer.from([0xe2, 0x82])],
    ["a surrogate", Buffer.from([0xed, 0xa0, 0x80])],
  ])("a body that is no text (%s): 400 and no call", async (_, body) => {
    const { origin, api } = await setup(all);
    const headers = { ...PROOF, cookie: COOKIE, "content-type": "application/json" };
    const answer = await send(origin, "/api/proxy/api/x", { method: "POST", headers, body });
    expect([answer.status, codeOf(answer)]).toEqual([400, "body-invalid"]);
    expect(api.log).toEqual([]);
  });

  test("where a target fills nothing in, templates are text, byte for byte", async () => {
    const { origin, api } = await setup({ cookies: ["t"], templates: [], forwardHeaders: ["x-a"] });
    const headers = { cookie: COOKIE, "x-a": "{{ cookies.t }}", authorization: "Bearer {{ cookies.t }}" };
    const body = "{{ cookies.t }}";
    await send(origin, "/api/proxy/api/x?t={{%20cookies.t%20}}", { method: "POST", headers, body });
    expect(api.log[0]).toMatchObject({ url: "/v1/x?t={{%20cookies.t%20}}", body });
    expect(api.log[0]?.headers["x-a"]).toBe("{{ cookies.t }}");
    expect(api.log[0]?.headers.authorization).toBeUndefined();
  });

  test.each<[string, string, Record<string, string>, string?]>([
    ["Authorization", "/api/proxy/api/", { authorization: "Bearer {{ cookies.other }}" }],
    ["a listed header", "/api/proxy/api/", { "x-page-url": "{{ cookies.other }}" }],
    ["the query", "/api/proxy/api/?a={{%20cookies.other%20}}", {}],
    ["a name in the query", "/api/proxy/api/?{{%20cookies.other%20}}=a", {}],
    ["the query, encoded", "/api/proxy/api/?a=%7b%7B%20cookies%2Eother+%7d%7D", {}],
    ["the body", "/api/proxy/api/", { "content-type": "text/plain" }, "{{ cookies.other }}"],
    [
      "a form",
      "/api/proxy/api/",
      { "content-type": "application/x-www-form-urlencoded" },
      "a=%7B%7B+cookies.other+%7D%7D",
    ],
    ["the prototype", "/api/proxy/api/", { authorization: "Bearer {{ cookies.__proto__ }}" }],
  ])("a cookie that was not granted, in %s: 403 and no call", async (_, path, headers, body) => {
    const { origin, api } = await setup({ ...all, forwardHeaders: ["x-page-url"] });
    const sent = {
      headers: { ...PROOF, cookie: COOKIE, ...headers },
      ...(body ? { method: "POST", body } : {}),
    };
    const answer = await send(origin, path, sent);
    expect([answer.status, codeOf(answer)]).toEqual([403, "cookie-not-granted"]);
    expect(api.log).toEqual([]);
  });

  test("two cookies of a name that a template spends: 400 and no call", async () => {
    const { origin, api } = await setup(all);
    const answer = await send(origin, "/api/proxy/api/?a={{%20cookies.t%20}}", {
      headers: { ...PROOF, cookie: "t=1; t=2" },
    });
    expect([answer.status, codeOf(answer)]).toEqual([400, "field-invalid"]);
    expect(api.log).toEqual([]);
  });

  test("what a value contains is not filled in", async () => {
    const { origin, api } = await setup({ ...all, forwardHeaders: ["x-a"] });
    const headers = { ...PROOF, cookie: "t={{ cookies.other }}; other=hidden", "x-a": "{{ cookies.t }}" };
    await send(origin, "/api/proxy/api/", { headers });
    expect(api.log[0]?.headers["x-a"]).toBe("{{ cookies.other }}");
  });
});

describe("the header style of the cookie specification", () => {
  const target = {
    cookies: ["t"],
    templates: ["header", "query", "body"] as ("header" | "query" | "body")[],
  };

  test("x-nordcraft-url names an address inside the target, and its query may hold templates", async () => {
    const { origin, api } = await setup(target);
    const headers = {
      ...PROOF,
      cookie: "t=a%20%26",
      "x-nordcraft-url": `${api.origin}/v1/deep/x?q=a b&t={{ cookies.t }}`,
    };
    expect((await send(origin, "/api/proxy/api", { headers })).status).toBe(200);
    expect(api.log[0]?.url).toBe("/v1/deep/x?q=a%20b&t=a%20%26");
    expect(Object.keys(api.log[0]?.headers ?? {}).filter((name) => name.startsWith("x-"))).toEqual([]);
  });

  test("an empty x-nordcraft-url is as none", async () => {
    const { origin, api } = await setup(target);
    await send(origin, "/api/proxy/api/me", { headers: { "x-nordcraft-url": "" } });
    expect(api.log[0]?.url).toBe("/v1/me");
  });

  test("the body is filled in only if x-nordcraft-templates-in-body is there, with any value", async () => {
    const { origin, api } = await setup(target);
    const headers = {
      ...PROOF,
      cookie: COOKIE,
      "content-type": "text/plain",
      "x-nordcraft-url": `${api.origin}/v1/`,
    };
    const body = "{{ cookies.t }}";
    await send(origin, "/api/proxy/api", { method: "POST", headers, body });
    await send(origin, "/api/proxy/api", {
      method: "POST",
      headers: { ...headers, "x-nordcraft-templates-in-body": "" },
      body,
    });
    expect(api.log.map((received) => received.body)).toEqual([body, "secret"]);
  });

  test("an address outside the target: 400, no call, and nothing at a decoy", async () => {
    const { origin, api } = await setup(target);
    const decoy = await upstream();
    const authority = api.origin.slice("http://".length);
    for (const url of [
      `${decoy.origin}/v1/`,
      `${decoy.origin}/v1/?t={{ cookies.t }}`,
      `http://user@${authority}/v1/`,
      `http://${authority}@${decoy.origin.slice(7)}/v1/`,
      `http://${authority}\\@${decoy.origin.slice(7)}/v1/`,
      `${api.origin}/v2`,
      `${api.origin}/v1/../admin`,
      `${api.origin}/v1/%2e%2e/admin`,
      `${api.origin}/v1/..%2fadmin`,
      `${api.origin}/v1//x`,
      `${api.origin}/v1/{{ cookies.t }}`,
      `${api.origin}/v1/#{{ cookies.t }}`,
      `http://{{ cookies.t }}/v1/`,
      `http://localhost:${new URL(api.origin).port}/v1/`,
      `http://2130706433:${new URL(api.origin).port}/v1/`,
      `http://127.1:${new URL(api.origin).port}/v1/`,
      "file:///etc/passwd",
      "/v1/me",
      `${api.origin}/v1/, ${decoy.origin}/`,
    ]) {
      const answer = await send(origin, "/api/proxy/api", {
        headers: { ...PROOF, cookie: COOKIE, "x-nordcraft-url": url },
      });
      expect([url, answer.status, codeOf(answer)]).toEqual([url, 400, "url-invalid"]);
    }
    expect([...api.log, ...decoy.log]).toEqual([]);
  });
});

describe("addresses", () => {
  test("one target takes all of its mount", async () => {
    const api = await upstream();
    const origin = await app(apiProxy({ mount: "/api/chatkit/", target: { url: `${api.origin}/chatkit` } }));
    for (const path of ["/api/chatkit", "/api/chatkit/", "/api/chatkit/a/b?c", "/api/chatkit?x"])
      await send(origin, path);
    expect(api.log.map((received) => received.url)).toEqual([
      "/chatkit",
      "/chatkit",
      "/chatkit/a/b?c",
      "/chatkit?x",
    ]);
  });

  test.each([
    "/",
    "/api/proxy",
    "/api/proxy/",
    "/api/proxy/none/x",
    "/api/proxy/API/x",
    "/api/proxy/api2",
    "/api/proxyapi/x",
    "/api/proxy//api/x",
    "/api/proxy/%61pi/x",
    "/api/proxy/api%2fme",
    "/api/proxy/toString/x",
    "/api/proxy/__proto__/x",
    "/api/proxy/../proxy2/api",
  ])("no target under %s: 404 and no call", async (path) => {
    const { origin, api } = await setup();
    const answer = await send(origin, path);
    expect([answer.status, codeOf(answer)]).toEqual([404, "unknown-target"]);
    expect(api.log).toEqual([]);
  });

  test.each([
    "/api/proxy/api/%2e%2e%2fadmin",
    "/api/proxy/api/..%2fadmin",
    "/api/proxy/api/..%5cadmin",
    "/api/proxy/api/a%2f..%2f..%2fadmin",
    "/api/proxy/api//evil.example",
    "/api/proxy/api///evil.example",
    "/api/proxy/api/a//b",
    "/api/proxy/api/\\evil.example",
    "/api/proxy/api/%5c%5cevil.example",
    "/api/proxy/api/..;/admin",
    "/api/proxy/api/%00",
    "/api/proxy/api/a%0d%0aHost:%20evil.example",
    "/api/proxy/api/%c0%ae%c0%ae/admin",
    "/api/proxy/api/%zz",
    "/api/proxy/api/{{%20cookies.t%20}}",
    "/api/proxy/api/%7B%7B%20cookies.t%20%7D%7D/x",
  ])("an address that could leave the target (%s): 400 and no call", async (path) => {
    const { origin, api } = await setup();
    const answer = await send(origin, path, { headers: { ...PROOF, cookie: COOKIE } });
    expect([answer.status, codeOf(answer)]).toEqual([400, "url-invalid"]);
    expect(api.log).toEqual([]);
  });

  test.each([
    ["/api/proxy/api/@evil.example/x", "/v1/@evil.example/x"],
    ["/api/proxy/api/:80@evil.example", "/v1/:80@evil.example"],
    ["/api/proxy/api/%40evil.example", "/v1/%40evil.example"],
    ["/api/proxy/api/a/../b", "/v1/b"],
    ["/api/proxy/x/../api/b", "/v1/b"],
    ["/api/proxy/api/http:/evil.example", "/v1/http:/evil.example"],
    ["/api/proxy/api/a?u=http://evil.example/../..//x", "/v1/a?u=http://evil.example/../..//x"],
    ["/api/proxy/api/%252e%252e", "/v1/%252e%252e"],
  ])("%s stays inside the target, as %s", async (path, url) => {
    const { origin, api } = await setup();
    expect((await send(origin, path)).status).toBe(200);
    expect(api.log[0]?.url).toBe(url);
    expect(api.log[0]?.headers.host).toBe(new URL(api.origin).host);
  });

  test("a request target in absolute form reaches no other host", async () => {
    const { origin, api } = await setup();
    const decoy = await upstream();
    await send(origin, `${decoy.origin}/api/proxy/api/x`);
    expect(decoy.log).toEqual([]);
    expect(api.log.map((received) => received.url)).toEqual(["/v1/x"]);
  });

  test.each(["OPTIONS", "TRACE", "PROPFIND"])(
    "a method that is not allowed (%s): 405 with Allow",
    async (method) => {
      const api = await upstream();
      const handler = apiProxy({ targets: { api: { url: api.origin } } });
      const request = new Request("http://app.example/api/proxy/api/x");
      Object.defineProperty(request, "method", { value: method });
      const response = await handler(request);
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE");
      expect(((await response.json()) as { error: { code: string } }).error.code).toBe("method-not-allowed");
      expect(api.log).toEqual([]);
    },
  );

  test("declared methods replace the usual ones", async () => {
    const { origin, api } = await setup({ methods: ["get", "OPTIONS"] });
    expect((await send(origin, "/api/proxy/api/x", { method: "OPTIONS" })).status).toBe(200);
    expect((await send(origin, "/api/proxy/api/x", { method: "POST" })).status).toBe(405);
    expect(api.log.map((received) => received.method)).toEqual(["OPTIONS"]);
  });

  test("a URL that comes with each request", async () => {
    const api = await upstream((_, response) => response.writeHead(302, { location: "/tenant/x" }).end());
    const handler = apiProxy({
      targets: { api: { url: (_, platform) => `${api.origin}/${(platform as { tenant: string }).tenant}` } },
    });
    const request = new Request("http://app.example/api/proxy/api/me");
    const response = await handler(request, { tenant: "tenant" });
    expect(api.log[0]?.url).toBe("/tenant/me");
    expect(response.headers.get("location")).toBe("/api/proxy/api/x");
  });
});

test.each([
  undefined,
  "",
  "/v1",
  "ftp://api.example/",
  "http://u:p@api.example/",
  "http://api.example/?q",
  "a\nb",
])(
  "a URL that the app gives for a request, and that is none (%j): 502, for the request is not to blame",
  async (url) => {
    const handler = apiProxy({ targets: { api: { url: () => url as string } } });
    const response = await handler(new Request("http://app.example/api/proxy/api/me"));
    expect([response.status, (await response.json()).error.code]).toEqual([502, "upstream-unreachable"]);
  },
);

describe("proof of the same origin", () => {
  const bearer = { authorization: { bearer: "t" } };
  const SITES = [undefined, "same-origin", "same-site", "cross-site", "none"];
  const DESTS = [undefined, "empty", "document", "image", "iframe", "script"];
  const ORIGINS = [undefined, "own", "null", "http://evil.example"];

  test("every Sec-Fetch-Site, Sec-Fetch-Dest, Origin, method and content type: spent only with a proof", async () => {
    const { origin, api } = await setup(bearer);
    for (const site of SITES)
      for (const dest of DESTS)
        for (const from of ORIGINS)
          for (const [method, type, mode] of [
            ["GET", undefined, "cors"],
            ["GET", undefined, "no-cors"],
            ["GET", undefined, undefined],
            ["POST", "text/plain", "same-origin"],
            ["POST", "text/ping", "no-cors"],
            ["POST", "application/json", "cors"],
          ]) {
            const headers: Record<string, string> = { cookie: COOKIE };
            if (site) headers["sec-fetch-site"] = site;
            if (mode) headers["sec-fetch-mode"] = mode;
            if (dest) headers["sec-fetch-dest"] = dest;
            if (from) headers.origin = from === "own" ? origin : from;
            if (type) headers["content-type"] = type;
            const proven = site
              ? site === "same-origin" && dest === "empty" && (mode === "cors" || mode === "same-origin")
              : from === "own" &&
                !["script", "style"].includes(dest ?? "") &&
                // What `<use>` of SVG takes in, a browser may run.
                !(dest === "image" && mode === "same-origin");
            const before = api.log.length;
            const answer = await send(origin, "/api/proxy/api/x", { method: method as string, headers });
            const row = JSON.stringify({ site, dest, from, method, type, mode });
            expect([row, answer.status]).toEqual([row, proven ? 200 : 403]);
            if (!proven) expect(codeOf(answer)).toBe("cross-origin");
            expect([row, api.log.length - before]).toEqual([row, proven ? 1 : 0]);
            expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
          }
  });

  test("x-httponly: 1 proves where no foreign Origin stands beside it", async () => {
    const { origin } = await setup(bearer);
    const status = async (headers: Record<string, string>) =>
      (await send(origin, "/api/proxy/api/x", { headers: { cookie: COOKIE, ...headers } })).status;
    expect(await status({ "x-httponly": "1" })).toBe(200);
    expect(await status({ "x-httponly": "1", origin })).toBe(200);
    expect(await status({ "x-httponly": "1", origin: "http://evil.example" })).toBe(403);
    expect(await status({ "x-httponly": "1", origin: "null" })).toBe(403);
    expect(await status({ "x-httponly": "1", "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await status({ "x-httponly": "2" })).toBe(403);
  });

  test("behind TLS, the declared origin is the app's own", async () => {
    const api = await upstream();
    const origin = await app(
      apiProxy({ origin: "https://app.example/", targets: { api: { url: api.origin, ...bearer } } }),
    );
    const status = async (from: string) =>
      (await send(origin, "/api/proxy/api/x", { headers: { cookie: COOKIE, origin: from } })).status;
    expect(await status("https://app.example")).toBe(200);
    expect(await status(origin)).toBe(403);
  });

  test("a preflight gets no permission", async () => {
    const { origin, api } = await setup(bearer);
    const answer = await send(origin, "/api/proxy/api/x", {
      method: "OPTIONS",
      headers: {
        origin: "http://evil.example",
        "access-control-request-headers": "x-httponly",
        cookie: COOKIE,
      },
    });
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(api.log).toEqual([]);
  });

  test("what spends nothing needs no proof", async () => {
    const { origin } = await setup({ cookies: ["t"] });
    const headers = { cookie: COOKIE, "sec-fetch-site": "cross-site" };
    expect((await send(origin, "/api/proxy/api/x", { headers })).status).toBe(200);
  });
});

describe("request headers", () => {
  test("what is on the list passes, all else stays here", async () => {
    const { origin, api } = await setup({ forwardHeaders: ["x-page-url", "user-agent"] });
    await send(origin, "/api/proxy/api/", {
      headers: {
        accept: "application/json",
        "accept-language": "de",
        "accept-encoding": "br, zstd",
        "if-none-match": '"x"',
        "last-event-id": "7",
        "x-page-url": "caf\u00e9",
        "user-agent": "test",
        connection: "x-page-url, close",
        host: "evil.example",
        cookie: COOKIE,
        authorization: "Bearer mine",
        "proxy-authorization": "Basic x",
        "proxy-connection": "keep-alive",
        te: "trailers",
        upgrade: "h2c",
        forwarded: "for=1.2.3.4",
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-real-ip": "1.2.3.4",
        "cf-connecting-ip": "1.2.3.4",
        "true-client-ip": "1.2.3.4",
        "x-user-id": "1",
        "x-middleware-subrequest": "1",
        "x-original-url": "/admin",
        "x-http-method-override": "DELETE",
        "x-httponly": "1",
        origin: "http://evil.example",
        referer: "http://evil.example/",
      },
    });
    const { headers } = api.log[0] ?? { headers: {} };
    expect(headers).toMatchObject({
      accept: "application/json",
      "accept-language": "de",
      "accept-encoding": "gzip, deflate",
      "if-none-match": '"x"',
      "last-event-id": "7",
      "user-agent": "test",
      host: new URL(api.origin).host,
      connection: "keep-alive",
    });
    // Node's own fetch adds the last one.
    const expected = [
      "accept",
      "accept-encoding",
      "accept-language",
      "connection",
      "host",
      "if-none-match",
      "last-event-id",
      "user-agent",
    ];
    expect(
      Object.keys(headers)
        .filter((name) => name !== "sec-fetch-mode" && name !== "cache-control" && name !== "pragma")
        .sort(),
    ).toEqual(expected);
  });

  test("a header that Connection names does not pass, and one that it does not name does", async () => {
    const { origin, api } = await setup({ forwardHeaders: ["x-a", "x-b"] });
    await send(origin, "/api/proxy/api/", {
      headers: { "x-a": "1", "x-b": "caf\u00e9", connection: "close, X-A" },
    });
    expect(api.log[0]?.headers["x-a"]).toBeUndefined();
    expect(api.log[0]?.headers["x-b"]).toBe("caf\u00e9");
  });

  test("a range is asked for without compression", async () => {
    const { origin, api } = await setup();
    await send(origin, "/api/proxy/api/", { headers: { range: "bytes=0-1" } });
    expect(api.log[0]?.headers).toMatchObject({ range: "bytes=0-1", "accept-encoding": "identity" });
  });

  test("X-Forwarded-* come from what the app trusts", async () => {
    const api = await upstream();
    const origin = await app(
      apiProxy({
        origin: "https://app.example",
        // A careless app could even let lines through.
        clientAddress: (request) => request.headers.get("x-test-peer")?.replace("|", "\n"),
        targets: { api: { url: api.origin } },
      }),
    );
    for (const peer of [
      "203.0.113.7",
      "::ffff:203.0.113.7",
      "2001:DB8::1",
      "evil, 1.2.3.4",
      "1.2.3.4|x-evil|1",
    ]) {
      await send(origin, "/api/proxy/api/", {
        headers: { "x-test-peer": peer, "x-forwarded-for": "1.1.1.1" },
      });
    }
    expect(api.log.map(({ headers }) => headers["x-forwarded-for"])).toEqual([
      "203.0.113.7",
      "203.0.113.7",
      "2001:db8::1",
      undefined,
      undefined,
    ]);
    expect(api.log[0]?.headers).toMatchObject({
      "x-forwarded-proto": "https",
      "x-forwarded-host": "app.example",
    });
  });
});

describe("responses", () => {
  test("what acts on the app's origin is dropped, what sandboxes is added", async () => {
    const { origin } = await setup({}, (_, response) => {
      response.writeHead(200, {
        "content-type": "text/html",
        "content-security-policy": "default-src *",
        "x-content-type-options": "sniff",
        "service-worker-allowed": "/",
        "clear-site-data": '"*"',
        refresh: "0;url=http://evil.example",
        "access-control-allow-origin": "*",
        "access-control-allow-credentials": "true",
        "strict-transport-security": "max-age=1",
        "x-accel-redirect": "/internal",
        "x-sendfile": "/etc/passwd",
        "x-middleware-rewrite": "http://evil.example",
        "alt-svc": 'h2="evil.example:443"',
        "set-cookie": ["a=1", "b=2; HttpOnly"],
        connection: "x-hop, close",
        "x-hop": "1",
        "proxy-authenticate": "Basic",
        etag: '"1"',
        "retry-after": "5",
        "x-ratelimit-remaining": "3",
      });
      response.end("<script>alert(1)</script>");
    });
    const { headers, body } = await send(origin, "/api/proxy/api/");
    expect(body).toBe("<script>alert(1)</script>");
    expect(headers).toMatchObject({
      "content-type": "text/html",
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
      etag: '"1"',
      "retry-after": "5",
      "x-ratelimit-remaining": "3",
    });
    expect(Object.keys(headers).sort()).toEqual(
      [
        "connection",
        "content-security-policy",
        "content-type",
        "cross-origin-resource-policy",
        "date",
        "etag",
        "retry-after",
        "transfer-encoding",
        "x-content-type-options",
        "x-ratelimit-remaining",
        "vary",
      ].sort(),
    );
  });

  test("response cookies pass by name only, in order, with the Domain and Path of the rule", async () => {
    const lines = [
      "sid=a%20b; Domain=api.example; Path=/v1; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Secure; HttpOnly; Priority=High",
      "evil=1; Path=/",
      "theme=dark; DOMAIN = api.example; path=/v1",
      "SID=1",
      "sid=second; SameSite=Lax",
    ];
    const { origin } = await setup(
      { setCookies: { sid: { path: "/" }, theme: { domain: "app.example", path: "/api" } } },
      (_, response) =>
        response.writeHead(200, { "set-cookie": lines, "cache-control": "public, max-age=60" }).end(),
    );
    const { headers } = await send(origin, "/api/proxy/api/", { headers: PROOF });
    expect(headers["set-cookie"]).toEqual([
      "sid=a%20b; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Secure; HttpOnly; Priority=High; Path=/",
      "theme=dark; Domain=app.example; Path=/api",
      "sid=second; SameSite=Lax; Path=/",
    ]);
    expect(headers["cache-control"]).toBe("private, no-store");
  });

  test.each<[string, Record<string, string>]>([
    [
      "a form of another site",
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document", origin: "https://evil.example" },
    ],
    ["a form of its own", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" }],
    ["an image", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" }],
    ["a sibling subdomain", { "sec-fetch-site": "same-site", "sec-fetch-dest": "empty" }],
    ["no proof at all", {}],
  ])("%s sets no response cookie", async (_, headers) => {
    const { origin } = await setup({ setCookies: { sid: {} } }, (_received, response) =>
      response.writeHead(200, { "set-cookie": "sid=attacker" }).end("ok"),
    );
    const answer = await send(origin, "/api/proxy/api/login", {
      method: "POST",
      headers,
      body: "user=attacker",
    });
    expect(answer).toMatchObject({ status: 200, body: "ok" });
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  test.each<[string, Record<string, string>, string, string]>([
    ["nothing", {}, "private", "Cookie"],
    [
      "public",
      { "cache-control": "public, max-age=60, s-maxage=600", vary: "Accept" },
      "private, max-age=60",
      "Accept, Cookie",
    ],
    [
      "no-store",
      { "cache-control": "no-store", vary: "cookie, Accept" },
      "private, no-store",
      "cookie, Accept",
    ],
    ["quoted", { "cache-control": 'private="x, y", max-age=5', vary: "*" }, "private, no-store", "*"],
  ])(
    "where a cookie was spent, caching is private (upstream: %s)",
    async (_, upstreamHeaders, caching, vary) => {
      const { origin } = await setup({ authorization: { bearer: "t" } }, (_received, response) =>
        response.writeHead(200, upstreamHeaders).end(),
      );
      const { headers } = await send(origin, "/api/proxy/api/", { headers: { ...PROOF, cookie: COOKIE } });
      if (_ !== "quoted") expect(headers["cache-control"]).toBe(caching);
      else expect(headers["cache-control"]).toMatch(/^private/);
      expect(headers.vary).toBe(vary === "*" ? "*" : `${vary}, ${FETCHED}`);
    },
  );

  test("what is added to a response stays, whatever the upstream's Connection names", async () => {
    const { origin } = await setup({ authorization: { bearer: "t" } }, (_, response) =>
      response
        .writeHead(200, {
          connection: "close, content-security-policy, X-Content-Type-Options, cache-control, vary, x-hop",
          "cache-control": "public",
          "x-hop": "1",
        })
        .end(),
    );
    const { headers } = await send(origin, "/api/proxy/api/", { headers: { ...PROOF, cookie: COOKIE } });
    expect(headers).toMatchObject({
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private",
      vary: `Cookie, ${FETCHED}`,
    });
    expect(headers["x-hop"]).toBeUndefined();
  });

  test("a Connection header that names no header breaks nothing", async () => {
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(200, { connection: "close, no token, a;b", "x-a": "1" }).end("ok"),
    );
    const answer = await send(origin, "/api/proxy/api/");
    expect(answer).toMatchObject({ status: 200, body: "ok" });
    expect(answer.headers["x-a"]).toBe("1");
  });

  test("a status of which no response can be made: 502", async () => {
    const { origin } = await setup({}, (_, response) =>
      response.socket?.end("HTTP/1.1 999 Denied\r\ncontent-length: 2\r\n\r\nno"),
    );
    const answer = await send(origin, "/api/proxy/api/");
    expect(answer.status).toBe(502);
    expect(codeOf(answer)).toBe("upstream-unreachable");
  });

  test("two URLs in x-nordcraft-url are two responses to every cache", async () => {
    const { origin, api } = await setup({}, (_, response) =>
      response.writeHead(200, { "cache-control": "public, max-age=60, s-maxage=600" }).end(),
    );
    const { headers } = await send(origin, "/api/proxy/api", {
      headers: { "x-nordcraft-url": `${api.origin}/v1/a` },
    });
    expect(headers).toMatchObject({
      "cache-control": "private, max-age=60",
      vary: `x-nordcraft-url, ${FETCHED}`,
    });
  });

  test("a cookie in raw UTF-8 is text in queries and bodies, and bytes in headers", async () => {
    const { origin, api } = await setup({ cookies: ["t"], templates: ["header", "query", "body"] });
    const latin1 = Buffer.from("ü€").toString("latin1");
    const headers = { ...PROOF, cookie: `t=${latin1}`, authorization: "Bearer {{ cookies.t }}" };
    await send(origin, "/api/proxy/api/?q={{%20cookies.t%20}}", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      // Before a body that is a string, Node sends the headers in UTF-8.
      body: Buffer.from('{"q":"{{ cookies.t }}"}'),
    });
    expect(api.log[0]).toMatchObject({ url: "/v1?q=%C3%BC%E2%82%AC", body: '{"q":"ü€"}' });
    expect(api.log[0]?.headers.authorization).toBe(`Bearer ${latin1}`);
  });

  test("where none was spent, caching is the upstream's", async () => {
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(200, { "cache-control": "public, max-age=60", vary: "Accept" }).end(),
    );
    expect((await send(origin, "/api/proxy/api/")).headers).toMatchObject({
      "cache-control": "public, max-age=60",
      vary: `Accept, ${FETCHED}`,
    });
  });

  test("a cookie spent in the body counts as spent", async () => {
    const { origin } = await setup({ cookies: ["t"], templates: ["body"] });
    const headers = { ...PROOF, cookie: COOKIE, "content-type": "text/plain" };
    const answer = await send(origin, "/api/proxy/api/", {
      method: "POST",
      headers,
      body: "{{ cookies.t }}",
    });
    expect(answer.headers).toMatchObject({ "cache-control": "private", vary: `Cookie, ${FETCHED}` });
  });

  test("a decoded body loses its coding and its length, an undecoded one keeps its length", async () => {
    const { origin } = await setup({}, ({ url }, response) => {
      const body = url === "/v1/gzip" ? gzipSync("hello") : Buffer.from("hello");
      const coding = url === "/v1/gzip" ? { "content-encoding": "gzip" } : {};
      response.writeHead(200, { ...coding, "content-length": body.length }).end(body);
    });
    const gzip = await send(origin, "/api/proxy/api/gzip");
    expect(gzip.body).toBe("hello");
    expect(gzip.headers["content-encoding"]).toBeUndefined();
    expect(gzip.headers["content-length"]).toBeUndefined();
    const plain = await send(origin, "/api/proxy/api/plain");
    expect(plain.body).toBe("hello");
    expect(plain.headers["content-length"]).toBe("5");
  });

  test.each([204, 205, 304])("%i passes as it is, without a body", async (status) => {
    const { origin } = await setup({}, (_, response) => response.writeHead(status, { etag: '"1"' }).end());
    const answer = await send(origin, "/api/proxy/api/");
    expect(answer).toMatchObject({ status, body: "" });
    expect(answer.headers.etag).toBe('"1"');
  });

  test.each([400, 401, 403, 404, 418, 429, 500, 503])(
    "%i passes with its body, also after a streamed upload",
    async (status) => {
      const { origin } = await setup({}, (_, response) => response.writeHead(status).end("why"));
      expect(await send(origin, "/api/proxy/api/")).toMatchObject({ status, body: "why" });
      expect(await send(origin, "/api/proxy/api/", { method: "POST", body: "x".repeat(1000) })).toMatchObject(
        { status, body: "why" },
      );
    },
  );

  test("HEAD has no body and keeps its headers", async () => {
    const { origin, api } = await setup({}, (_, response) =>
      response.writeHead(200, { "x-total": "3" }).end(),
    );
    const answer = await send(origin, "/api/proxy/api/", { method: "HEAD" });
    expect([answer.status, answer.body, answer.headers["x-total"]]).toEqual([200, "", "3"]);
    expect(api.log[0]?.method).toBe("HEAD");
  });

  test.each([
    ["/v1/next?a#b", "/api/proxy/api/next?a#b"],
    ["next", "/api/proxy/api/a/next"],
    ["UPSTREAM/v1/x", "/api/proxy/api/x"],
    ["/login", undefined],
    ["http://evil.example/v1/x", undefined],
    ["//evil.example/", undefined],
    ["/v1/../admin", undefined],
    ["javascript:alert(1)", undefined],
  ])("a redirect to %s is not followed; its Location becomes %s", async (location, local) => {
    const api = await upstream((_, response) =>
      response.writeHead(302, { location: location.replace("UPSTREAM", `http://${_.headers.host}`) }).end(),
    );
    const origin = await app(apiProxy({ targets: { api: { url: `${api.origin}/v1` } } }));
    const answer = await send(origin, "/api/proxy/api/a/b");
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe(local);
    expect(api.log).toHaveLength(1);
  });

  test.each([
    ["https://files.example/a?b#c", true],
    ["https://files.example", true],
    ["https://files.example:444/a", false],
    ["https://files.example.evil/a", false],
    ["https://files.example@evil.example/", false],
    ["https://evil.example/https://files.example", false],
    ["http://files.example/a", false],
    ["HTTPS://files.example/a", false],
    ["//files.example/a", false],
    ["https://files.example\\@evil.example/", false],
    ["/login", false],
    ["https://files.example//evil.example", false],
  ])("a redirect to %s passes where its origin is allowed: %s", async (location, passes) => {
    const api = await upstream((_, response) => response.writeHead(302, { location }).end());
    const redirects = ["https://files.example"];
    const origin = await app(apiProxy({ targets: { api: { url: `${api.origin}/v1`, redirects } } }));
    const answer = await send(origin, "/api/proxy/api/a");
    expect([answer.status, answer.headers.location]).toEqual([302, passes ? location : undefined]);
    expect(api.log).toHaveLength(1);
  });

  test.each([
    [{ "x-retry-after": "900" }, "900"],
    [{ "retry-after": "5", "x-retry-after": "900" }, "5"],
    [{ "x-retry-after": "soon" }, undefined],
  ])("checklist 44: how long to wait is said in the standard way: %j", async (headers, retryAfter) => {
    const { origin } = await setup({}, (_, response) => response.writeHead(429, headers).end("{}"));
    const answer = await send(origin, "/api/proxy/api/x");
    expect([answer.status, answer.headers["retry-after"]]).toEqual([429, retryAfter]);
  });

  test("checklist 6: the token that Better Auth puts into a header goes to no page", async () => {
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(200, { "set-auth-token": "secret", "set-auth-jwt": "secret" }).end(),
    );
    expect(JSON.stringify((await send(origin, "/api/proxy/api/x")).headers)).not.toContain("secret");
  });
});

describe("what cannot be reached", () => {
  test("a refused connection: 502", async () => {
    const gone = await upstream();
    const closed = createServer();
    const dead = await listen(closed);
    await new Promise<void>((done) => closed.close(() => done()));
    const origin = await app(apiProxy({ targets: { dead: { url: dead }, gone: { url: gone.origin } } }));
    const answer = await send(origin, "/api/proxy/dead/");
    expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-unreachable"]);
    expect(answer.body).not.toContain("ECONNREFUSED");
    expect(answer.body).not.toContain("127.0.0.1");
  });

  test("a connection that is reset before the headers: 502", async () => {
    const { origin } = await setup({}, (_, __, request) => request.socket.destroy());
    const answer = await send(origin, "/api/proxy/api/");
    expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-unreachable"]);
  });

  test("retries send an idempotent request again, and no other", async () => {
    let calls = 0;
    const api = await upstream((_, response, request) =>
      ++calls % 3 ? request.socket.destroy() : response.end("ok"),
    );
    const origin = await app(apiProxy({ retries: 2, targets: { api: { url: api.origin } } }));
    expect((await send(origin, "/api/proxy/api/")).status).toBe(200);
    expect(calls).toBe(3);
    expect((await send(origin, "/api/proxy/api/", { method: "POST" })).status).toBe(502);
    expect(calls).toBe(4);
  });
});

describe("a declaration with a mistake throws when the proxy is made", () => {
  const url = "https://api.example";
  test.each<[string, unknown]>([
    ["no target", {}],
    ["both target and targets", { target: { url }, targets: { a: { url } } }],
    ["an empty list", { targets: {} }],
    ["a name that is no segment", { targets: { "a/b": { url } } }],
    ["a name of dots", { targets: { "..": { url } } }],
    ["an empty name", { targets: { "": { url } } }],
    ["no URL", { targets: { a: {} } }],
    ["a relative URL", { target: { url: "/v1" } }],
    ["another scheme", { target: { url: "ftp://api.example" } }],
    ["credentials", { target: { url: "https://u:p@api.example" } }],
    ["a query", { target: { url: "https://api.example/?a" } }],
    ["a cookie name that is none", { target: { url, cookies: ["a b"] } }],
    ["cookies that are no list", { target: { url, cookies: "a" } }],
    ["a bearer that is no name", { target: { url, authorization: { bearer: "" } } }],
    ["an authorization without a bearer", { target: { url, authorization: {} } }],
    ["another place", { target: { url, templates: ["path"] } }],
    ["a forbidden method", { target: { url, methods: ["CONNECT"] } }],
    ["a method with a space", { target: { url, methods: ["GET /"] } }],
    ["Cookie to forward", { target: { url, forwardHeaders: ["Cookie"] } }],
    ["Host to forward", { target: { url, forwardHeaders: ["host"] } }],
    ["Authorization to forward", { target: { url, forwardHeaders: ["authorization"] } }],
    ["X-Forwarded-For to forward", { target: { url, forwardHeaders: ["x-forwarded-for"] } }],
    ["Connection to forward", { target: { url, forwardHeaders: ["connection"] } }],
    ["a header that is no token", { target: { url, forwardHeaders: ["a b"] } }],
    [
      "a __Host- cookie with a domain",
      { target: { url, setCookies: { "__Host-a": { domain: "app.example" } } } },
    ],
    ["a path with ;", { target: { url, setCookies: { a: { path: "/;x" } } } }],
    ["a relative mount", { mount: "api", target: { url } }],
    ["a mount with a query", { mount: "/api?x", target: { url } }],
    ["a mount with dots", { mount: "/api/../x", target: { url } }],
    ["a timeout of 0", { timeout: 0, target: { url } }],
    ["a timeout that is no number", { timeout: Number.NaN, target: { url } }],
    ["a negative limit", { bodyLimit: -1, target: { url } }],
    ["a redirect to a path", { target: { url, redirects: ["/login"] } }],
    ["a redirect to an address", { target: { url, redirects: ["https://files.example/"] } }],
    ["half a retry", { retries: 0.5, target: { url } }],
    ["an origin that is none", { origin: "app.example", target: { url } }],
    ["an opaque origin", { origin: "data:x", target: { url } }],
  ])("%s", (_, options) => {
    expect(() => apiProxy(options as Parameters<typeof apiProxy>[0])).toThrow(TypeError);
  });

  test.each([
    [
      "an address without https://",
      { target: { url: "api.example.com" } },
      /url is a URL such as .* not "api.example.com"/,
    ],
    ["no address", { targets: { shop: { url: "" } } }, /the url of target "shop"/],
    ["an origin without https://", { origin: "app.example.com", target: { url } }, /origin is a URL such as/],
    [
      "a cookie's name for an authorization",
      { target: { url, authorization: "t" } },
      /`authorization: \{ bearer/,
    ],
  ])("%s, and the error names it", (_, options, says) => {
    expect(() => apiProxy(options as Parameters<typeof apiProxy>[0])).toThrow(says);
  });
});
