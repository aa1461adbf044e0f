// Attacks on the cookie endpoint, and its manners.
import { authBackend, cookieEndpoint, parseSetCookie } from "httponly/server";
import { describe, expect, test } from "vitest";

const URL_ = "https://app.example/.nordcraft/cookies/set-cookie";
const SAME_ORIGIN = {
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "cors",
  "sec-fetch-dest": "empty",
  "x-httponly": "1",
};
const endpoint = cookieEndpoint();

function post(body: BodyInit, type: string, init: RequestInit = {}): Request {
  return new Request(URL_, {
    method: "POST",
    body,
    ...init,
    headers: { ...SAME_ORIGIN, "content-type": type },
  });
}

function json(fields: unknown): Request {
  return post(typeof fields === "string" ? fields : JSON.stringify(fields), "application/json");
}

async function line(response: Response | Promise<Response>): Promise<string> {
  const { status, headers } = await response;
  expect(status).toBe(200);
  expect(headers.getSetCookie()).toHaveLength(1);
  return headers.getSetCookie()[0] as string;
}

async function refused(response: Response | Promise<Response>, status: number, code: string): Promise<void> {
  const answer = await response;
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(answer.headers.get("cache-control")).toBe("private, no-store");
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await answer.json()).toEqual({ error: { code, message: expect.any(String) } });
  expect(answer.status).toBe(status);
}

describe("a POST sets what the GET sets", () => {
  const expected = "n=v%20w; HttpOnly; SameSite=Strict; Secure; Path=/p; Domain=app.example; Max-Age=0";
  const fields = {
    name: "n",
    value: "v w",
    sameSite: "strict",
    path: "/p",
    ttl: "0",
    includeSubdomains: "true",
  };
  test("from a query", async () => {
    const request = new Request(`${URL_}?${new URLSearchParams(fields)}`, { headers: SAME_ORIGIN });
    expect(await line(endpoint(request))).toBe(expected);
  });
  test("from a form", async () => {
    const request = post(new URLSearchParams(fields), "application/x-www-form-urlencoded;charset=UTF-8");
    expect(await line(endpoint(request))).toBe(expected);
  });
  test("from JSON, with strings or with types", async () => {
    expect(await line(endpoint(json(fields)))).toBe(expected);
    expect(await line(endpoint(json({ ...fields, ttl: 0, includeSubdomains: true })))).toBe(expected);
  });
  test("with 200, an empty body and no caching", async () => {
    const response = await endpoint(json({ name: "n", value: "v" }));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
    expect(response.headers.get("cache-control")).toBe("private, no-store");
  });
  test("from the body only: the query of a POST is not looked at", async () => {
    const request = new Request(`${URL_}?name=q&value=q`, {
      method: "POST",
      body: '{"name":"n","value":"v"}',
      headers: { ...SAME_ORIGIN, "content-type": "application/json" },
    });
    expect(parseSetCookie(await line(endpoint(request)))?.name).toBe("n");
  });
});

describe("behind a server that puts another Host into the request", () => {
  const ask = (url: string, headers: Record<string, string>, options = {}, fields = {}) =>
    cookieEndpoint(options)(
      new Request(`${url}/.nordcraft/cookies/set-cookie`, {
        method: "POST",
        body: JSON.stringify({ name: "n", value: "v", ...fields }),
        headers: { ...SAME_ORIGIN, "content-type": "application/json", ...headers },
      }),
    );
  const origin = { origin: "https://app.example" };
  test("a Domain that the browser would drop in silence is refused, with the remedy", async () => {
    const answer = await ask("http://app.internal:3000", origin);
    expect(answer.clone().headers.getSetCookie()).toEqual([]);
    expect((await answer.clone().json()).error.message).toContain("declare the app's origin");
    await refused(answer, 400, "domain-invalid");
    await refused(ask("http://example", origin, { origin: "https://shop.example" }), 400, "domain-invalid");
  });
  test("with the origin declared, without a Domain, and at the host itself all is well", async () => {
    for (const done of [
      ask("http://app.internal:3000", origin, origin),
      ask("http://app.internal:3000", origin, {}, { includeSubdomains: "false" }),
      ask("http://app.internal:3000", origin, {}, { name: "__Host-n" }),
      ask("http://app.internal:3000", origin, {}, { ttl: 0 }),
      ask("http://127.0.0.1:3000", origin),
      ask("http://app.example:3000", origin),
      ask("http://app.example", { origin: "https://app.example:8443" }),
      ask("http://app.internal:3000", {}),
      ask("http://app.internal:3000", { origin: "null" }),
    ])
      await line(done);
  });
});

describe("without proof of the same origin nothing is set", () => {
  const query = `${URL_}?name=n&value=v`;
  const rows: [string, Record<string, string>][] = [
    ["a request without any proof", {}],
    ["a fetch from another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" }],
    ["a fetch from a sibling domain", { "sec-fetch-site": "same-site", "sec-fetch-dest": "empty" }],
    ["an address typed or a bookmark", { "sec-fetch-site": "none", "sec-fetch-dest": "document" }],
    ["a link on the own site", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" }],
    ["an image on the own site", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" }],
    ["a frame on the own site", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["a foreign Origin with our header", { origin: "https://evil.example", "x-httponly": "1" }],
    ["Origin: null with our header", { origin: "null", "x-httponly": "1" }],
    ["another site with our header", { "sec-fetch-site": "cross-site", "x-httponly": "1" }],
  ];
  for (const [name, headers] of rows)
    test(name, async () => {
      await refused(endpoint(new Request(query, { headers })), 403, "cross-origin");
      const body = { method: "POST", body: "name=n&value=v" };
      const type = { "content-type": "application/x-www-form-urlencoded" };
      await refused(
        endpoint(new Request(URL_, { ...body, headers: { ...headers, ...type } })),
        403,
        "cross-origin",
      );
    });
  test("with an equal Origin, or with our header alone, it is set", async () => {
    const own = { origin: "https://app.example" };
    const body = { method: "POST", body: "name=n&value=v" };
    const type = { "content-type": "application/x-www-form-urlencoded" };
    for (const headers of [{ "x-httponly": "1" }, { ...own, "x-httponly": "1" }] as Record<string, string>[])
      await line(endpoint(new Request(query, { headers })));
    await line(endpoint(new Request(URL_, { ...body, headers: { ...own, ...type } })));
  });
  test("a GET needs the header that no markup can send, unless the app declares a client without it", async () => {
    const preload = {
      "sec-fetch-site": "same-origin",
      "sec-fetch-mode": "cors",
      "sec-fetch-dest": "empty",
    };
    for (const headers of [preload, { ...preload, "x-httponly": "0" }, { origin: "https://app.example" }])
      await refused(endpoint(new Request(query, { headers })), 403, "cross-origin");
    const bare = cookieEndpoint({ bareGet: true });
    await line(bare(new Request(query, { headers: preload })));
    // What is no fetch stays outside all the same.
    for (const mode of ["no-cors", "navigate"])
      await refused(
        bare(new Request(query, { headers: { ...preload, "sec-fetch-mode": mode } })),
        403,
        "cross-origin",
      );
    expect(() => cookieEndpoint({ bareGet: "yes" as unknown as boolean })).toThrow("bareGet must be");
  });
  test("behind TLS the app's own origin counts, for the proof and for Domain", async () => {
    const behind = cookieEndpoint({ origin: "https://app.example" });
    const inner = "http://10.0.0.7:3000/.nordcraft/cookies/set-cookie?name=n&value=v";
    const headers = { origin: "https://app.example", "x-httponly": "1" };
    expect(parseSetCookie(await line(behind(new Request(inner, { headers }))))?.domain).toBe("app.example");
    await refused(
      behind(new Request(inner, { headers: { origin: "http://10.0.0.7:3000" } })),
      403,
      "cross-origin",
    );
  });
  test("an origin that is no URL is a mistake in the program", () => {
    expect(() => cookieEndpoint({ origin: "app.example" })).toThrow(TypeError);
  });
});

describe("methods", () => {
  for (const method of ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    test(`${method} is answered with 405 and Allow`, async () => {
      const response = await endpoint(
        new Request(`${URL_}?name=n&value=v`, { method, headers: SAME_ORIGIN }),
      );
      expect(response.headers.get("allow")).toBe("GET, POST");
      await refused(response, 405, "method-not-allowed");
    });
});

describe("fields", () => {
  test("an unknown field is refused", async () => {
    await refused(endpoint(json({ name: "n", value: "v", Domain: "example" })), 400, "field-invalid");
    await refused(endpoint(json({ name: "n", value: "v", secure: false })), 400, "field-invalid");
  });
  test("a field that stands twice is refused", async () => {
    await refused(endpoint(json('{"name":"n","value":"v","value":"w"}')), 400, "field-invalid");
    await refused(endpoint(json('{"name":"n","value":"v","v\\u0061lue":"w"}')), 400, "field-invalid");
    await refused(
      endpoint(new Request(`${URL_}?name=n&value=v&name=m`, { headers: SAME_ORIGIN })),
      400,
      "field-invalid",
    );
  });
  test("name, value and path must be strings", async () => {
    await refused(endpoint(json({ name: 1, value: "v" })), 400, "name-invalid");
    await refused(endpoint(json({ name: "n", value: 1 })), 400, "value-invalid");
    await refused(endpoint(json({ name: "n", value: "v", path: ["/"] })), 400, "path-invalid");
  });
  test("includeSubdomains is true or false and nothing else", async () => {
    for (const includeSubdomains of [1, 0, "", "yes", "TRUE", null])
      await refused(endpoint(json({ name: "n", value: "v", includeSubdomains })), 400, "field-invalid");
  });
  test("control characters and lone surrogates are refused", async () => {
    await refused(endpoint(json({ name: "n", value: "v\r\nSet-Cookie: a=b" })), 400, "value-invalid");
    await refused(endpoint(json({ name: "n", value: "v\ud800" })), 400, "value-invalid");
    await refused(endpoint(json({ name: "n\n", value: "v" })), 400, "name-invalid");
  });
  test("nothing in a value, a path or a name becomes an attribute", async () => {
    const written = await line(endpoint(json({ name: "n", value: "v; Domain=evil.example; Path=/x" })));
    expect(parseSetCookie(written)).toMatchObject({ domain: "app.example", path: "/" });
    await refused(endpoint(json({ name: "n", value: "v", path: "/; Domain=evil" })), 400, "path-invalid");
    await refused(endpoint(json({ name: "n; Domain=evil", value: "v" })), 400, "name-invalid");
  });
  test("a cookie that is too large to be stored is refused", () =>
    refused(endpoint(json({ name: "n", value: "v".repeat(4096) })), 400, "too-large"));
  test("a lifetime beyond 400 days is cut", async () => {
    const { expires } =
      parseSetCookie(await line(endpoint(json({ name: "n", value: "v", ttl: 1e12 })))) ?? {};
    expect(Math.abs((expires?.getTime() ?? 0) - Date.now() - 400 * 86_400_000)).toBeLessThan(5000);
  });
  test("a deletion repeats Secure and Path, so that it deletes prefixed cookies", async () => {
    const written = await line(endpoint(json({ name: "__Host-n", value: "", ttl: 0 })));
    expect(written).toBe("__Host-n=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0");
  });
});

describe("bodies", () => {
  test("what is neither JSON nor a form is refused", async () => {
    await refused(endpoint(post("name=n&value=v", "text/plain")), 400, "body-invalid");
    await refused(endpoint(post("{}", "")), 400, "body-invalid");
    const form = new FormData();
    form.set("name", "n");
    const request = new Request(URL_, { method: "POST", body: form, headers: SAME_ORIGIN });
    await refused(endpoint(request), 400, "body-invalid");
  });
  test("what is declared as JSON and is none is refused", async () => {
    for (const body of ["", "{", "[]", "null", "name=n&value=v"])
      await refused(endpoint(json(body)), 400, "field-invalid");
  });
  test("what is not UTF-8 is refused", () =>
    refused(endpoint(post(new Uint8Array([0x7b, 0xff, 0x7d]), "application/json")), 400, "body-invalid"));
  test("8 KiB are read, and one byte more is refused", async () => {
    const padded = (size: number) => '{"name":"n","value":"v"}'.padEnd(size, " ");
    await line(endpoint(json(padded(8192))));
    await refused(endpoint(json(padded(8193))), 400, "body-too-large");
  });
  test("an endless body is given up at the limit, and cancelled", async () => {
    let chunks = 0;
    let cancelled = false;
    const body = new ReadableStream({
      pull(controller) {
        chunks++;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    await refused(
      endpoint(post(body, "application/json", { duplex: "half" } as RequestInit)),
      400,
      "body-too-large",
    );
    expect(cancelled).toBe(true);
    expect(chunks).toBeLessThan(12);
  });
});

describe("names", () => {
  test("with a list, nothing else is set", async () => {
    const listed = cookieEndpoint({ names: ["access_token", "theme"] });
    await line(listed(json({ name: "theme", value: "v" })));
    for (const name of ["other", "Theme", "__Host-theme"])
      await refused(listed(json({ name, value: "v" })), 400, "name-invalid");
  });
  test("the session, transactions and __Http- cookies are never set", async () => {
    const reserving = cookieEndpoint({ reserved: ["session"] });
    for (const name of [
      "session",
      "__Secure-session",
      "__Host-session",
      "__host-SESSION",
      "__Http-a",
      "__HOST-http-a",
    ])
      await refused(reserving(json({ name, value: "v" })), 400, "name-invalid");
    await line(reserving(json({ name: "sessions", value: "v" })));
  });
  test("the session cookies of Better Auth are reserved, whatever else is", async () => {
    for (const at of [endpoint, cookieEndpoint({ reserved: ["session"] })])
      for (const name of [
        "better-auth.session_token",
        "__Secure-better-auth.session_token",
        "better-auth.state",
      ])
        await refused(at(json({ name, value: "forged" })), 400, "name-invalid");
  });
  test("checklist 10: so are those of the backend that the process knows, also of one made later", async () => {
    const early = cookieEndpoint({ names: ["codex-session", "shop.cart", "theme"] });
    await line(early(json({ name: "codex-session", value: "v" })));
    authBackend({
      url: "http://127.0.0.1:1",
      cookie: "__Secure-codex-session",
      cookies: ["codex.*", "hint"],
    });
    for (const name of ["codex-session", "__Secure-codex-session", "__Host-codex-session", "codex-session.0"])
      await refused(early(json({ name, value: "forged" })), 400, "name-invalid");
    for (const name of ["codex.state", "__Secure-codex.session_data", "CODEX.x", "hint"])
      await refused(endpoint(json({ name, value: "forged" })), 400, "name-invalid");
    for (const name of ["theme", "shop.cart"]) await line(early(json({ name, value: "v" })));
  });
  test("the legacy path sets access_token, only if it is listed", async () => {
    const request = () =>
      new Request("https://app.example/.toddle/cookies/set-session-cookie?value=t", { headers: SAME_ORIGIN });
    expect(parseSetCookie(await line(endpoint(request())))?.name).toBe("access_token");
    await refused(cookieEndpoint({ names: ["theme"] })(request()), 400, "name-invalid");
  });
});
