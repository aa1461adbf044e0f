// Kinds of input that apps really have: what carries a request's cookies, header bytes, names that are no tokens, and lines
// that are passed on byte for byte.
import {
  cookieEndpoint,
  getRequestCookies,
  parseSetCookie,
  serializeSetCookie,
  splitSetCookie,
} from "httponly/server";
import { describe, expect, test } from "vitest";

const bytes = (text: string) => Buffer.from(text).toString("latin1");

describe("getRequestCookies", () => {
  const header = "a=1; b=%3B";
  test.each<[string, Parameters<typeof getRequestCookies>[0]]>([
    ["a header", header],
    ["a request of the Web", new Request("https://app.example", { headers: { cookie: header } })],
    ["its headers", new Headers({ cookie: header })],
    ["a request of Node", { headers: { cookie: header, host: "app.example" } as { cookie: string } }],
    ["its headers", { cookie: header }],
    ["several headers", { headers: { cookie: ["a=1", "b=%3B"] } }],
  ])("reads %s", (_, carrier) => {
    expect({ ...getRequestCookies(carrier) }).toEqual({ a: "1", b: ";" });
  });

  test.each([undefined, null, "", {}, { headers: {} }, { headers: { cookie: undefined } }, new Headers()])(
    "of what has none is empty: %o",
    (carrier) => {
      expect({ ...getRequestCookies(carrier as string) }).toEqual({});
    },
  );

  test.each([5, true, Symbol("s"), () => "a=1", ["a=1"], { cookie: 5 }, { headers: { cookie: true } }])(
    "refuses what carries none: %o",
    (carrier) => {
      expect(() => getRequestCookies(carrier as unknown as string)).toThrow(TypeError);
    },
  );
});

test("header bytes become the same text in a Cookie and in a Set-Cookie header", () => {
  for (const text of ["é", "\u{1F36A}", "ÿé", "plain"]) {
    expect(getRequestCookies(bytes(`a=${text}`)).a).toBe(text);
    expect(parseSetCookie(bytes(`a=${text}; Path=/`))).toMatchObject({ value: text, path: "/" });
    expect(parseSetCookie(`a=${text}`)?.value).toBe(text);
  }
});

test("names that browsers take and servers should not write begin a line", () => {
  expect(splitSetCookie("express:sess=a; path=/, express:sess.sig=b; path=/")).toEqual([
    "express:sess=a; path=/",
    "express:sess.sig=b; path=/",
  ]);
});

describe("a line that is passed on", () => {
  test.each([
    'id=%41"x y"; Path=/; Priority=High; SomethingNew',
    "express:sess=a,b; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60; Priority=Low",
    `a=${bytes("é")}; Path=/`,
  ])("keeps its bytes: %s", (line) => {
    const cookie = parseSetCookie(line, { raw: true });
    expect(cookie && serializeSetCookie(cookie.name, cookie.value, cookie)).toBe(line);
  });

  test("gets another Domain, and else stays as it is", () => {
    const cookie = parseSetCookie("a=%41; Domain=inner.example; Priority=High", { raw: true });
    expect(cookie).toMatchObject({ raw: true, more: ["Priority=High"] });
    expect(
      cookie && serializeSetCookie(cookie.name, cookie.value, { ...cookie, domain: "app.example" }),
    ).toBe("a=%41; Domain=app.example; Priority=High");
  });

  test.each([
    [["a", "b; Domain=evil.example", { raw: true }], "value-invalid"],
    [["a", "b\r\nSet-Cookie: c=d", { raw: true }], "value-invalid"],
    [["a;b", "c", { raw: true }], "name-invalid"],
    [["a", "b", { more: ["Priority=High; Domain=evil.example"] }], "path-invalid"],
    [["a", "b", { more: ["Priority=\r\n"] }], "path-invalid"],
  ] as const)("never becomes two: %j", (args, code) => {
    const [name, value, attributes] = args;
    expect(() => serializeSetCookie(name, value, attributes)).toThrow(expect.objectContaining({ code }));
  });

  test("options that do not exist are named", () => {
    expect(() => parseSetCookie("a=1", { rwa: true } as object)).toThrow(/unknown option "rwa"/);
  });
});

describe("the endpoint", () => {
  const handler = cookieEndpoint({ domains: ["my.example"], onError: () => {} });
  const post = async (fields: Record<string, unknown>) => {
    const response = await handler(
      new Request("https://app.my.example/.nordcraft/cookies/set-cookie", {
        method: "POST",
        body: JSON.stringify(fields),
        headers: { "content-type": "application/json", "x-httponly": "1" },
      }),
    );
    const { error } = response.ok ? { error: undefined } : await response.json();
    return [response.status, response.headers.get("set-cookie") ?? error.code];
  };

  test("sets a parent domain that it lists, and a partitioned cookie", async () => {
    const cookie = { name: "a", value: "1" };
    expect(await post({ ...cookie, domain: "my.example" })).toEqual([
      200,
      "a=1; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=my.example",
    ]);
    expect(await post({ ...cookie, partitioned: true, includeSubdomains: false })).toEqual([
      200,
      "a=1; HttpOnly; SameSite=None; Partitioned; Secure; Path=/",
    ]);
    expect(await post({ ...cookie, domain: "example" })).toEqual([400, "domain-invalid"]);
    expect(await post({ ...cookie, domain: "other.example" })).toEqual([400, "domain-invalid"]);
    expect(await post({ ...cookie, domain: 5 })).toEqual([400, "domain-invalid"]);
  });

  test("writes Max-Age beside Expires, and refuses a token that is over", async () => {
    const token = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.`;
    expect(await post({ name: "a", value: token(1) })).toEqual([400, "max-age-invalid"]);
    const [status, line] = await post({ name: "a", value: token(Math.floor(Date.now() / 1000) + 60) });
    expect([status, line]).toEqual([200, expect.stringMatching(/; Max-Age=(60|59); Expires=.* GMT$/)]);
  });
});
