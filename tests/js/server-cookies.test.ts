import { readFileSync } from "node:fs";
import {
  decodeToken,
  getRequestCookies,
  HttpOnlyError,
  parseSetCookie,
  type SetCookieAttributes,
  serializeSetCookie,
  splitSetCookie,
} from "httponly/server";
import { describe, expect, test } from "vitest";

function vectors<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}

describe("parseSetCookie", () => {
  const flags = { secure: false, httpOnly: false, partitioned: false };
  interface Row {
    line: string;
    cookie: null | ({ expires?: number } & Record<string, unknown>);
  }
  for (const { line, cookie } of vectors<Row>("set-cookie"))
    test(`reads ${JSON.stringify(line)}`, () => {
      const { expires, ...rest } = cookie ?? {};
      const expected = cookie && {
        ...flags,
        ...rest,
        ...(expires !== undefined && { expires: new Date(expires * 1000) }),
      };
      expect(parseSetCookie(line)).toEqual(expected);
    });
  test("keeps name and value of up to 4096 bytes together, counted in UTF-8", () => {
    expect(parseSetCookie(`n=${"v".repeat(4095)}`)?.value).toHaveLength(4095);
    expect(parseSetCookie(`n=${"v".repeat(4096)}`)).toBeNull();
    expect(parseSetCookie(`n=${"ü".repeat(2047)}`)).not.toBeNull();
    expect(parseSetCookie(`n=${"ü".repeat(2048)}`)).toBeNull();
  });
  test("reads a line that is longer than any before", () => {
    for (const length of [10, 100_000, 1_000_000, 10]) {
      const line = `a=b; X=${"x".repeat(length)}; Path=/p`;
      expect(parseSetCookie(line)).toMatchObject({ name: "a", value: "b", path: "/p" });
    }
  });
});

describe("getRequestCookies", () => {
  for (const { header, cookies } of vectors<{ header: string; cookies: [string, string][] }>("cookie-header"))
    test(`reads ${JSON.stringify(header)}, the first of equal names`, () => {
      const expected: Record<string, string> = Object.create(null);
      for (const [name, value] of cookies) expected[name] ??= value;
      expect(getRequestCookies(header)).toEqual(expected);
      expect(Object.keys(getRequestCookies(header))).toEqual(Object.keys(expected));
    });
  test("reads the cookie header of a request, and none where there is none", () => {
    const headers = { cookie: "a=1" };
    expect(getRequestCookies(new Request("http://localhost", { headers })).a).toBe("1");
    expect(Object.keys(getRequestCookies(new Request("http://localhost")))).toEqual([]);
  });
  test("a name that was not sent is undefined, whatever Object.prototype holds", () => {
    const cookies = getRequestCookies("a=1");
    for (const name of ["toString", "__proto__", "constructor", "hasOwnProperty"])
      expect(cookies[name]).toBeUndefined();
  });
  test("changing what was returned changes no later answer", () => {
    const first = getRequestCookies("a=1; b=2");
    first.a = "x";
    delete first.b;
    expect({ ...getRequestCookies("a=1; b=2") }).toEqual({ a: "1", b: "2" });
  });
  test("one header after the other, longer and shorter, each gives its own cookies", () => {
    for (const count of [3, 200, 1, 0, 50, 1000, 2]) {
      const expected = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`n${i}`, `v${i * count}`]),
      );
      const header = Object.entries(expected)
        .map(([name, value]) => `${name}=${value}`)
        .join("; ");
      expect({ ...getRequestCookies(header) }).toEqual(expected);
    }
  });
  test("names that stood in the header before are not taken for those of this one", () => {
    const headers = [
      "a=1; bb=2; c=3",
      "a=4; cc=5; c=6; d=7",
      "é=8; cc=9",
      "a=1; cc=2",
      "=x; a=3",
      "y; a=4",
      "b=5",
    ];
    const expected = [
      { a: "1", bb: "2", c: "3" },
      { a: "4", cc: "5", c: "6", d: "7" },
      { é: "8", cc: "9" },
      { a: "1", cc: "2" },
      { "": "x", a: "3" },
      { "": "y", a: "4" },
      { b: "5" },
    ];
    for (const [i, header] of headers.entries())
      expect({ ...getRequestCookies(header) }).toEqual(expected[i]);
    for (const [i, header] of [...headers.entries()].reverse())
      expect({ ...getRequestCookies(header) }).toEqual(expected[i]);
  });
  test("a large header with characters beyond ASCII is read in linear time", () => {
    const header = Array.from({ length: 20_000 }, (_, i) => `ü${i}=é`).join("; ");
    const start = performance.now();
    expect(getRequestCookies(header).ü19999).toBe("é");
    expect(performance.now() - start).toBeLessThan(1000);
  });
  test("a lone surrogate does not shift what follows", () => {
    expect({ ...getRequestCookies("a=\ud800; b=2") }).toEqual({ a: "\ud800", b: "2" });
  });
});

describe("serializeSetCookie", () => {
  const date = new Date(784111777_000);
  const written: [string, string, SetCookieAttributes | undefined, string][] = [
    ["a", "b", undefined, "a=b"],
    ["a", "b c;ü%", {}, "a=b%20c%3B%C3%BC%25"],
    ["a", "", { path: "/", maxAge: 0 }, "a=; Path=/; Max-Age=0"],
    ["a", "b", { expires: date }, "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT"],
    ["a", "b", { maxAge: 1e9 }, "a=b; Max-Age=34560000"],
    ["a", "b", { sameSite: "none" }, "a=b; SameSite=None; Secure"],
    ["a", "b", { partitioned: true }, "a=b; Partitioned; Secure"],
    ["a", "b", { domain: ".example.com", httpOnly: true }, "a=b; HttpOnly; Domain=example.com"],
    ["__Host-a", "b", { path: "/" }, "__Host-a=b; Secure; Path=/"],
  ];
  for (const [name, value, attributes, line] of written)
    test(`writes ${line}`, () => expect(serializeSetCookie(name, value, attributes)).toBe(line));

  const refused: [string, string, SetCookieAttributes, string][] = [
    ["", "b", {}, "name-invalid"],
    ["a;b", "c", {}, "name-invalid"],
    ["a", "b\r\nSet-Cookie: c=d", {}, "value-invalid"],
    ["a", "b", { path: "/; Domain=evil.example" }, "path-invalid"],
    ["a", "b", { domain: "example.com; Path=/" }, "domain-invalid"],
    ["a", "b", { sameSite: "Sometimes" as "Lax" }, "same-site-invalid"],
    ["a", "b", { sameSite: "None", secure: false }, "same-site-insecure"],
    ["a", "b", { partitioned: true, secure: false }, "partitioned-insecure"],
    ["__Host-a", "b", { path: "/", domain: "example.com" }, "prefix-violated"],
    ["__Http-a", "b", {}, "prefix-violated"],
    ["a", "b", { maxAge: -1 }, "max-age-invalid"],
    ["a", "b", { maxAge: Number.NaN }, "max-age-invalid"],
    ["a", "b", { expires: new Date(Number.NaN) }, "max-age-invalid"],
    ["a", "v".repeat(4096), {}, "too-large"],
  ];
  for (const [name, value, attributes, code] of refused)
    test(`refuses ${name}=${value.slice(0, 20)} ${JSON.stringify(attributes)} with ${code}`, () => {
      let thrown: unknown;
      try {
        serializeSetCookie(name, value, attributes);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(HttpOnlyError);
      expect(thrown).toMatchObject({ code, status: 400 });
    });
  const mistyped: [unknown, unknown, unknown, string][] = [
    [undefined, "b", {}, "name-invalid"],
    [7, "b", {}, "name-invalid"],
    ["a", undefined, {}, "value-invalid"],
    ["a", 7, {}, "value-invalid"],
    ["a", new String("b"), {}, "value-invalid"],
    ["a", "b\ud800", {}, "value-invalid"],
    ["a", "b", { path: 7 }, "path-invalid"],
    ["a", "b", { domain: {} }, "domain-invalid"],
    ["a", "b", { sameSite: true }, "same-site-invalid"],
    ["a", "b", { maxAge: "60" }, "max-age-invalid"],
    ["a", "b", { expires: "tomorrow" }, "max-age-invalid"],
    ["a", "b", { expires: 0 }, "max-age-invalid"],
  ];
  for (const [name, value, attributes, code] of mistyped)
    test(`refuses what no type allows: ${String(name)}, ${JSON.stringify(value)}, ${JSON.stringify(attributes)}`, () => {
      const write = serializeSetCookie as (name: unknown, value: unknown, attributes: unknown) => string;
      expect(() => write(name, value, attributes)).toThrow(expect.objectContaining({ code }));
    });
  test("takes null for absent", () => {
    const none = { path: null, domain: null, maxAge: null, expires: null, secure: null, sameSite: null };
    expect(serializeSetCookie("a", "\ufffd", none as unknown as SetCookieAttributes)).toBe("a=%EF%BF%BD");
  });
  test("names the character and its index", () => {
    expect(() => serializeSetCookie("a;b", "")).toThrow('";" (U+003B) at index 1');
  });
  test("what is written is read back", () => {
    const attributes = {
      maxAge: 60,
      expires: date,
      domain: "example.com",
      path: "/p",
      sameSite: "Lax",
    } as const;
    const line = serializeSetCookie("a", '50% ü; "x"', { ...attributes, httpOnly: true });
    expect(parseSetCookie(line)).toEqual({
      name: "a",
      value: '50% ü; "x"',
      ...attributes,
      secure: false,
      httpOnly: true,
      partitioned: false,
    });
  });
});

describe("splitSetCookie", () => {
  for (const { joined, lines } of vectors<{ joined: string; lines: string[] }>("split-set-cookie"))
    test(`divides ${JSON.stringify(joined)}`, () => expect(splitSetCookie(joined)).toEqual(lines));
  test("takes the lines of Headers one by one, so that no comma is guessed about", () => {
    const headers = new Headers();
    headers.append("set-cookie", "a=1, b=2");
    headers.append("set-cookie", "c=3");
    expect(splitSetCookie(headers)).toEqual(["a=1, b=2", "c=3"]);
    expect(splitSetCookie(new Headers())).toEqual([]);
  });
  test("divides the joined header where there is no getSetCookie", () => {
    const old = { get: () => "a=1; Path=/, b=2" } as unknown as Headers;
    expect(splitSetCookie(old)).toEqual(["a=1; Path=/", "b=2"]);
  });
});

describe("decodeToken", () => {
  for (const { token, claims } of vectors<{ token: string; claims: { exp?: number } | null }>("jwt"))
    test(`reads ${JSON.stringify(token)}`, () => expect(decodeToken(token)).toEqual(claims ?? undefined));
});
