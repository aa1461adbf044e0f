// The server side of the cookie specification, row by row: each test is named after the row it checks.
import { cookieEndpoint, decodeToken, getRequestCookies, parseSetCookie } from "httponly/server";
import { describe, expect, test } from "vitest";

const ORIGIN = "https://app.example";
const endpoint = cookieEndpoint();
const SAME_ORIGIN = {
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "cors",
  "sec-fetch-dest": "empty",
  "x-httponly": "1",
};

type Fields = Record<string, string>;

function get(fields: Fields, path = "/.nordcraft/cookies/set-cookie", origin = ORIGIN): Promise<Response> {
  const url = `${origin}${path}?${new URLSearchParams(fields)}`;
  return endpoint(new Request(url, { headers: SAME_ORIGIN }));
}

/** The one cookie that the endpoint answers with. */
async function cookie(fields: Fields, path?: string, origin?: string) {
  const response = await get({ name: "n", value: "v", ...fields }, path, origin);
  expect(response.status).toBe(200);
  const lines = response.headers.getSetCookie();
  expect(lines).toHaveLength(1);
  const parsed = parseSetCookie(lines[0] as string);
  if (parsed === null) throw new Error("browsers would ignore the line");
  return parsed;
}

async function refused(fields: Fields, code: string): Promise<void> {
  const response = await get(fields);
  expect(response.status).toBe(400);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(await response.json()).toEqual({ error: { code, message: expect.any(String) } });
}

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.c2lnbmF0dXJl`;
}

const inAnHour = Math.floor(Date.now() / 1000) + 3600;

/** Whether a date is the given number of seconds ahead, give or take the test's own time. */
function expectAhead(date: Date | undefined, seconds: number): void {
  expect(Math.abs((date?.getTime() ?? 0) - Date.now() - seconds * 1000)).toBeLessThan(5000);
}

describe("Server Endpoint: `/.nordcraft/cookies/set-cookie` (or `/.toddle/cookies/set-cookie`)", () => {
  for (const path of ["/.nordcraft/cookies/set-cookie", "/.toddle/cookies/set-cookie"])
    test(`Method: GET ${path}`, async () => {
      expect(await cookie({}, path)).toMatchObject({ name: "n", value: "v" });
    });
  test("Server responds with `Set-Cookie` header containing HttpOnly flag", async () => {
    const response = await get({ name: "n", value: "v" });
    expect(response.headers.get("set-cookie")).toContain("; HttpOnly");
    expect(await response.text()).toBe("");
    expect(response.headers.get("cache-control")).toContain("no-store");
  });
});

describe("Query parameters", () => {
  test("`name` | `string` | Yes | Cookie name", async () => {
    expect((await cookie({ name: "access_token" })).name).toBe("access_token");
    await refused({ value: "v" }, "field-invalid");
  });
  test("`value` | `string` | Yes | Cookie value", async () => {
    expect((await cookie({ value: "a=b; ü%" })).value).toBe("a=b; ü%");
    await refused({ name: "n" }, "field-invalid");
  });
  test('`sameSite` | `string` | No | `"Lax"` | SameSite attribute', async () => {
    expect((await cookie({})).sameSite).toBe("Lax");
    expect((await cookie({ sameSite: "Strict" })).sameSite).toBe("Strict");
    expect((await cookie({ sameSite: "none" })).sameSite).toBe("None");
  });
  test('`path` | `string` | No | `"/"` | Cookie path', async () => {
    expect((await cookie({})).path).toBe("/");
    expect((await cookie({ path: "/docs" })).path).toBe("/docs");
  });
  test("`ttl` | `number` | No | Time-to-live in seconds", async () => {
    expectAhead((await cookie({ ttl: "60" })).expires, 60);
    expect((await cookie({})).expires).toBeUndefined();
  });
  test('`includeSubdomains` | `string` | No | `"true"` | Include subdomain access', async () => {
    expect((await cookie({})).domain).toBe("app.example");
    expect((await cookie({ includeSubdomains: "true" })).domain).toBe("app.example");
    expect((await cookie({ includeSubdomains: "false" })).domain).toBeUndefined();
  });
});

describe("Cookie attributes always set", () => {
  test("`Secure` — Always", async () => {
    expect((await cookie({})).secure).toBe(true);
    expect((await cookie({ ttl: "0" })).secure).toBe(true);
  });
  test("`HttpOnly` — Always", async () => {
    expect((await cookie({})).httpOnly).toBe(true);
    expect((await cookie({ ttl: "0" })).httpOnly).toBe(true);
  });
  test("`SameSite` — From parameter", async () => {
    for (const sameSite of ["Lax", "Strict", "None"])
      expect((await cookie({ sameSite })).sameSite).toBe(sameSite);
  });
  test("`Path` — From parameter", async () => {
    for (const path of ["/", "/a", "/a/b c"]) expect((await cookie({ path })).path).toBe(path);
  });
});

describe("Expiration logic", () => {
  test("If `ttl > 0`: `Expires` = now + ttl seconds", async () => {
    for (const ttl of ["1", "3600", "86400"]) {
      const { expires, maxAge } = await cookie({ ttl });
      expectAhead(expires, Number(ttl));
      expect(maxAge).toBe(Number(ttl));
    }
    // The token's own exp does not count then.
    expectAhead((await cookie({ ttl: "60", value: jwt({ exp: inAnHour }) })).expires, 60);
  });
  test("If `ttl` not provided: attempt to decode the `value` as a JWT and use `exp` claim as expiration", async () => {
    const { expires } = await cookie({ value: jwt({ exp: inAnHour }) });
    expect(expires?.getTime()).toBe(inAnHour * 1000);
  });
  test("If `ttl === 0`: `Max-Age=0` (deletes the cookie)", async () => {
    for (const value of ["", "v", jwt({ exp: inAnHour })]) {
      const { maxAge, expires } = await cookie({ ttl: "0", value });
      expect(maxAge).toBe(0);
      expect(expires).toBeUndefined();
    }
  });
  test("If no TTL and not a JWT: session cookie (no expiry)", async () => {
    const { maxAge, expires } = await cookie({ value: "opaque" });
    expect([maxAge, expires]).toEqual([undefined, undefined]);
  });
});

describe("JWT decoding (`decodeToken`)", () => {
  test("Replaces Base64url characters (`-` → `+`, `_` → `/`)", () => {
    const token = jwt({ exp: 5, a: "???>>>" });
    expect(token.split(".")[1]).toMatch(/[-_]/);
    expect(decodeToken(token)).toEqual({ exp: 5 });
    expect(decodeToken(token.replaceAll("-", "+").replaceAll("_", "/"))).toEqual({ exp: 5 });
  });
  test("Splits by `.` and decodes the payload (second segment)", () => {
    expect(decodeToken(jwt({ exp: 5 }).split(".").slice(0, 2).join("."))).toEqual({ exp: 5 });
    expect(decodeToken(`.${jwt({ exp: 5 }).split(".")[1]}`)).toEqual({ exp: 5 });
  });
  test("Returns `{ exp?: number }` or `undefined` on failure", () => {
    expect(decodeToken(jwt({ exp: 1.5 }))).toEqual({ exp: 1.5 });
    expect(decodeToken(jwt({ sub: "a", nested: { exp: 1 } }))).toEqual({});
    expect(decodeToken(jwt({ exp: "1" }))).toEqual({});
    expect(decodeToken("opaque")).toBeUndefined();
  });
  test("Non-throwing: any parse error returns `undefined`", () => {
    const broken = [
      "",
      ".",
      "a.b.c",
      "a.!.c",
      `a.${btoa("{")}`,
      `a.${btoa('"exp"')}`,
      "a.=",
      undefined,
      null,
      7,
      {},
    ];
    for (const token of broken) expect(decodeToken(token)).toBeUndefined();
  });
});

describe("Subdomain behavior", () => {
  test("`includeSubdomains=true` (default): `Domain=<hostname>` is set, making the cookie available to all subdomains", async () => {
    expect((await cookie({})).domain).toBe("app.example");
    expect((await cookie({}, undefined, "https://a.b.example:8443")).domain).toBe("a.b.example");
  });
  test("`includeSubdomains=false`: No `Domain` attribute, cookie restricted to exact hostname", async () => {
    expect((await cookie({ includeSubdomains: "false" })).domain).toBeUndefined();
  });
  // Where a browser would refuse the Domain, or it adds nothing, the cookie is stored for the host alone.
  for (const origin of [
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "http://intranet",
  ])
    test(`\`Domain\` is left out on ${origin}, where browsers refuse it or it gains nothing`, async () => {
      expect((await cookie({}, undefined, origin)).domain).toBeUndefined();
    });
});

describe("Validation errors (400)", () => {
  test("Name is not a string or is empty", async () => {
    await refused({ value: "v" }, "field-invalid");
    await refused({ name: "", value: "v" }, "name-invalid");
  });
  test("Value is not a string", () => refused({ name: "n" }, "field-invalid"));
  test("SameSite is not one of Lax/Strict/None", async () => {
    for (const sameSite of ["", "Default", "Laxx"])
      await refused({ name: "n", value: "v", sameSite }, "same-site-invalid");
  });
  test("Path is not a string or doesn't start with `/`", async () => {
    for (const path of ["", "docs", "./"]) await refused({ name: "n", value: "v", path }, "path-invalid");
  });
  test("TTL is a non-numeric string", async () => {
    for (const ttl of ["soon", "60s", "", " ", "NaN", "Infinity", "-1"])
      await refused({ name: "n", value: "v", ttl }, "max-age-invalid");
  });
});

describe("Session Cookies (Legacy)", () => {
  test("A simplified action for setting an `access_token` cookie via `/.toddle/cookies/set-session-cookie`", async () => {
    const path = "/.toddle/cookies/set-session-cookie";
    const response = await get({ value: "t", ttl: "60" }, path);
    const parsed = parseSetCookie(response.headers.get("set-cookie") ?? "");
    expect(parsed).toMatchObject({ name: "access_token", value: "t", secure: true, httpOnly: true });
    expectAhead(parsed?.expires, 60);
    expect((await cookie({ name: "other" }, path)).name).toBe("access_token");
  });
});

describe("SSR Cookie Reading: `getRequestCookies()`", () => {
  test("Parses the `Cookie` header from an incoming HTTP request", () => {
    const request = new Request(ORIGIN, { headers: { cookie: "a=1; b=x%20y; a=2" } });
    expect({ ...getRequestCookies(request) }).toEqual({ a: "1", b: "x y" });
  });
  test("Output: `Record<string, string>` — all cookies as key-value pairs, filtering out any entries with undefined keys or values", () => {
    expect({ ...getRequestCookies(new Request(ORIGIN)) }).toEqual({});
    expect({ ...getRequestCookies("; ;a=1;; b=") }).toEqual({ a: "1", b: "" });
    expect(Object.getPrototypeOf(getRequestCookies("a=1"))).toBeNull();
  });
});

describe("Business Rules", () => {
  test("1. HttpOnly is always paired with Secure: The server endpoint always sets both flags together", async () => {
    for (const fields of [{}, { ttl: "0" }, { sameSite: "None" }, { includeSubdomains: "false" }] as Fields[])
      expect(await cookie(fields)).toMatchObject({ secure: true, httpOnly: true });
  });
  test("3. JWT auto-expiry: HttpOnly cookies that contain JWTs automatically inherit the token's `exp` claim as the cookie expiration", async () => {
    expect((await cookie({ value: jwt({ exp: inAnHour }) })).expires?.getTime()).toBe(inAnHour * 1000);
  });
  test("4. TTL=0 deletes: Setting TTL to 0 sends `Max-Age=0`, which instructs the browser to delete the cookie", async () => {
    const response = await get({ name: "n", value: jwt({ exp: inAnHour }), ttl: "0" });
    expect(response.headers.get("set-cookie")).toMatch(/; Max-Age=0$/);
  });
  test("5. Subdomain default: Cookies include subdomain access by default (`includeSubdomains=true`)", async () => {
    expect((await cookie({})).domain).toBe("app.example");
  });
});

describe("Edge Cases", () => {
  test("Non-JWT values with no TTL: Results in a session cookie (expires when browser closes)", async () => {
    for (const value of ["opaque", "a.b.c", "1.2"])
      expect(await cookie({ value })).not.toHaveProperty("expires");
  });
  test("Malformed JWT: `decodeToken()` silently returns `undefined`, cookie becomes a session cookie", async () => {
    const malformed = jwt({ exp: inAnHour }).replace(/\.[^.]{4}/, ".");
    expect(decodeToken(malformed)).toBeUndefined();
    expect(await cookie({ value: malformed })).not.toHaveProperty("expires");
  });
  test("Empty cookie value: Allowed — sets a cookie with an empty string value", async () => {
    expect(await cookie({ value: "" })).toMatchObject({ name: "n", value: "" });
  });
  test("Special characters in cookie values: Values are passed as query parameters and are URL-encoded by `URLSearchParams`", async () => {
    for (const value of ["a b+c", "a&b=c", "a;b,c", '"quoted"', "50%", "%41", "ü€🍪", "<script>", "\\"])
      expect((await cookie({ value })).value).toBe(value);
  });
});
