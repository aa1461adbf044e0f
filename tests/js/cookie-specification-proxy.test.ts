/** The cookie specification, row by row, as far as templates and the proxy go. A test is named after its row. */
import { apiProxy, applyTemplateValues, type Target } from "httponly/server";
import { describe, expect, test } from "vitest";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, upstream } from "./support/serve.ts";

const ALL: Partial<Target> = { cookies: ["access_token", "b"], templates: ["header", "query", "body"] };

async function setup(target: Partial<Target> = ALL) {
  const api = await upstream();
  const origin = await app(apiProxy({ targets: { api: { url: api.origin, ...target } } }));
  return { origin, api };
}

describe("Template Format", () => {
  test("`{{ cookies.<cookieName> }}`", () => {
    expect(applyTemplateValues("{{ cookies.access_token }}", { access_token: "abc" })).toBe("abc");
  });

  test("Currently only `cookies` is a supported template type", () => {
    const text = "{{ env.a }} {{ headers.a }} {{ a }}";
    expect(applyTemplateValues(text, { a: "1" })).toBe(text);
  });
});

describe("`applyTemplateValues()`", () => {
  test("Input: `(input: string | null, cookies: Record<string, string>)`", () => {
    expect(applyTemplateValues(null, {})).toBe("");
    expect(applyTemplateValues("", {})).toBe("");
    expect(applyTemplateValues("plain", {})).toBe("plain");
  });

  test("1. Scan the input string for all `{{ cookies.<name> }}` patterns", () => {
    expect(applyTemplateValues("{{ cookies.a }}-{{ cookies.b }}", { a: "1", b: "2" })).toBe("1-2");
  });

  test("2. Collect all unique cookie names: a name counts once, however often it stands there", () => {
    expect(applyTemplateValues("{{ cookies.a }}{{ cookies.a }}", { a: "{{ cookies.a }}" })).toBe(
      "{{ cookies.a }}{{ cookies.a }}",
    );
  });

  test("3. For each cookie name, replace all occurrences with the actual cookie value", () => {
    expect(applyTemplateValues("{{ cookies.a }} {{ cookies.b }} {{ cookies.a }}", { a: "$&", b: "$1" })).toBe(
      "$& $1 $&",
    );
  });

  test("4. If cookie not found, replace with empty string (prevents leaking template syntax to external services)", () => {
    expect(applyTemplateValues("[{{ cookies.none }}{{ cookies.toString }}]", { a: "1" })).toBe("[]");
  });
});

describe("Where Templates Are Resolved", () => {
  const headers = { ...PROOF, cookie: "access_token=s%20e&c; b=2" };

  test("1. **URL:** The proxy URL header value is processed through `applyTemplateValues()` to inject cookie values into the request URL", async () => {
    const { origin, api } = await setup();
    const url = `${api.origin}/x?token={{ cookies.access_token }}&b={{ cookies.b }}`;
    await send(origin, "/api/proxy/api", { headers: { ...headers, "x-nordcraft-url": url } });
    expect(api.log[0]?.url).toBe("/x?token=s%20e%26c&b=2");
  });

  test("2. **Headers:** All forwarded headers are processed through `mapTemplateHeaders()`, which applies template values to each header value", async () => {
    const { origin, api } = await setup({ ...ALL, forwardHeaders: ["x-a", "x-b"] });
    const templates = {
      authorization: "Bearer {{ cookies.access_token }}",
      "x-a": "{{ cookies.b }}-{{ cookies.b }}",
      "x-b": "plain",
    };
    await send(origin, "/api/proxy/api/", { headers: { ...headers, ...templates } });
    expect(api.log[0]?.headers).toMatchObject({
      authorization: "Bearer s e&c",
      "x-a": "2-2",
      "x-b": "plain",
    });
  });

  test("3. **Body:** If the `PROXY_TEMPLATES_IN_BODY` header is present, the request body is also processed", async () => {
    const { origin, api } = await setup();
    const style = { ...headers, "x-nordcraft-url": `${api.origin}/x`, "content-type": "text/plain" };
    const post = (extra: Record<string, string>) =>
      send(origin, "/api/proxy/api", {
        method: "POST",
        headers: { ...style, ...extra },
        body: "{{ cookies.b }}",
      });
    await post({});
    await post({ "x-nordcraft-templates-in-body": "true" });
    expect(api.log.map(({ body }) => body)).toEqual(["{{ cookies.b }}", "2"]);
  });

  test("`application/x-www-form-urlencoded`: Each form value is individually templated", async () => {
    const { origin, api } = await setup();
    const body = new URLSearchParams([
      ["token", "{{ cookies.access_token }}"],
      ["2", "a"],
      ["1", "{{ cookies.b }}"],
      ["2", "b"],
    ]).toString();
    await send(origin, "/api/proxy/api/", {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
      body,
    });
    expect([...new URLSearchParams(api.log[0]?.body)]).toEqual([
      ["token", "s e&c"],
      ["2", "a"],
      ["1", "2"],
      ["2", "b"],
    ]);
  });

  test("Other content types (JSON, text): The entire body text is templated", async () => {
    const { origin, api } = await setup();
    for (const type of ["application/json", "text/plain", "application/xml"]) {
      const body = '{"{{ cookies.b }}":["{{ cookies.access_token }}"]}';
      await send(origin, "/api/proxy/api/", {
        method: "POST",
        headers: { ...headers, "content-type": type },
        body,
      });
    }
    expect(api.log.map(({ body }) => body)).toEqual(Array(3).fill('{"2":["s e&c"]}'));
  });
});

describe("Header Sanitization", () => {
  test("1. Removes hop-by-hop headers (Connection, Keep-Alive, etc.)", async () => {
    const { origin, api } = await setup({ forwardHeaders: ["x-hop"] });
    await send(origin, "/api/proxy/api/", {
      method: "POST",
      body: "x",
      headers: {
        // Without it, Node's client sends no Trailer.
        "transfer-encoding": "chunked",
        connection: "x-hop, close",
        "keep-alive": "timeout=99",
        "x-hop": "1",
        te: "trailers",
        upgrade: "h2c",
        "proxy-authorization": "x",
        "proxy-authenticate": "x",
        "proxy-connection": "x",
      },
    });
    const received = Object.keys(api.log[0]?.headers ?? {});
    for (const name of [
      "keep-alive",
      "x-hop",
      "te",
      "trailer",
      "upgrade",
      "proxy-authorization",
      "proxy-authenticate",
      "proxy-connection",
    ])
      expect(received).not.toContain(name);
    // Its own connection to the upstream, not the client's.
    expect(api.log[0]?.headers.connection).toBe("keep-alive");
  });

  test("2. Removes Layr-specific headers (proxy URL, template flags)", async () => {
    const { origin, api } = await setup();
    const headers = {
      "x-nordcraft-url": `${api.origin}/x`,
      "x-nordcraft-templates-in-body": "true",
      "x-httponly": "1",
    };
    await send(origin, "/api/proxy/api", { headers });
    expect(Object.keys(api.log[0]?.headers ?? {}).filter((name) => name.startsWith("x-"))).toEqual([]);
  });

  test("3. Removes the Cookie header (cookies are injected via templates instead)", async () => {
    const { origin, api } = await setup();
    const headers = {
      ...PROOF,
      cookie: "access_token=a; b=2",
      authorization: "Bearer {{ cookies.access_token }}",
    };
    await send(origin, "/api/proxy/api/", { headers });
    expect(api.log[0]?.headers.cookie).toBeUndefined();
    expect(api.log[0]?.headers.authorization).toBe("Bearer a");
  });

  test("4. Applies template substitution to remaining header values", async () => {
    const { origin, api } = await setup({ ...ALL, forwardHeaders: ["x-a"] });
    await send(origin, "/api/proxy/api/", {
      headers: { ...PROOF, cookie: "b=2", "x-a": "<{{ cookies.b }}>" },
    });
    expect(api.log[0]?.headers["x-a"]).toBe("<2>");
  });

  test("5. Sets `Accept-Encoding: gzip, deflate` (no brotli support in proxy)", async () => {
    const { origin, api } = await setup();
    await send(origin, "/api/proxy/api/", { headers: { "accept-encoding": "br" } });
    expect(api.log[0]?.headers["accept-encoding"]).toBe("gzip, deflate");
  });
});

describe("Business Rules", () => {
  test("2. **Cookie template fallback**: If a cookie doesn't exist, templates resolve to empty string (not the template syntax)", async () => {
    const { origin, api } = await setup({ ...ALL, forwardHeaders: ["x-a"] });
    const answer = await send(origin, "/api/proxy/api/?q={{%20cookies.b%20}}", {
      method: "POST",
      headers: { ...PROOF, "x-a": "[{{ cookies.b }}]", "content-type": "application/json" },
      body: '{"b":"{{ cookies.b }}"}',
    });
    expect(answer.status).toBe(200);
    expect(api.log[0]).toMatchObject({ url: "/?q=", body: '{"b":""}' });
    expect(api.log[0]?.headers["x-a"]).toBe("[]");
  });
});

describe("Edge Cases", () => {
  test("**Proxy timeout**: API proxy has a 5-second timeout (`AbortSignal.timeout(5000)`); returns 504 on timeout", async () => {
    const api = await upstream(() => {});
    const origin = await app(apiProxy({ target: { url: api.origin } }));
    const started = performance.now();
    const answer = await send(origin, "/api/proxy/");
    const took = performance.now() - started;
    expect([answer.status, codeOf(answer)]).toEqual([504, "upstream-timeout"]);
    expect(took).toBeGreaterThan(4900);
    expect(took).toBeLessThan(6000);
  });

  test("**IPv6 localhost**: Proxy strips `cf-connecting-ip` header for localhost requests to avoid Cloudflare errors", async () => {
    const { origin, api } = await setup();
    for (const host of ["localhost", "[::1]", "127.0.0.1", "app.example"])
      await send(origin, "/api/proxy/api/", { headers: { host, "cf-connecting-ip": "::1" } });
    expect(api.log).toHaveLength(4);
    for (const { headers } of api.log) {
      expect(headers["cf-connecting-ip"]).toBeUndefined();
      expect(headers.host).toBe(new URL(api.origin).host);
    }
  });
});
