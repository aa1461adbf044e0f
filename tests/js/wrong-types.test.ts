import {
  apiProxy,
  applyTemplateValues,
  cookieEndpoint,
  decodeToken,
  getRequestCookies,
  parseSetCookie,
  safeRedirect,
  serializeSetCookie,
  splitSetCookie,
} from "httponly/server";
import { afterEach, describe, expect, test } from "vitest";

// What JSON, a form or a framework's query parser hands over in place of a string.
const OTHERS: [string, unknown][] = [
  ["a number", 5],
  ["true", true],
  ["an array", ["{{ cookies.a }}"]],
  ["an object with a length", { length: 40 }],
  ["a String object", new String("{{ cookies.a }}")],
  ["a symbol", Symbol("a")],
  ["a function", () => "a"],
];

// A module that once read what is no text answers nothing ever after: not even to other requests.
afterEach(() => {
  expect(getRequestCookies(`a=1; b=%41; c=${Math.random()}`).b).toBe("A");
  expect(splitSetCookie("a=1, b=2")).toEqual(["a=1", "b=2"]);
});

describe("what is no string breaks nothing for later calls", () => {
  test.each(OTHERS)("applyTemplateValues of %s", (_, value) => {
    expect(() => applyTemplateValues(value as string, { a: "1" })).toThrow(TypeError);
    expect(() => applyTemplateValues("{{ cookies.a }}", { a: "1" }, value as "text")).toThrow(TypeError);
  });

  test.each(OTHERS)("splitSetCookie, parseSetCookie, getRequestCookies and decodeToken of %s", (_, value) => {
    expect(() => splitSetCookie(value as string)).toThrow(TypeError);
    expect(() => parseSetCookie(value as string)).toThrow(TypeError);
    expect(() => getRequestCookies(value as string)).toThrow(TypeError);
    expect(decodeToken(value)).toBeUndefined();
  });

  test.each(OTHERS)("serializeSetCookie of %s", (_, value) => {
    const text = value as string;
    expect(() => serializeSetCookie(text, "1")).toThrow("a cookie name must be a string");
    expect(() => serializeSetCookie("a", text)).toThrow("a cookie value must be a string");
    expect(() => serializeSetCookie("a", "1", { path: text })).toThrow("a path must be a string");
    expect(() => serializeSetCookie("a", "1", { domain: text })).toThrow("a domain must be a string");
    expect(() => serializeSetCookie("a", "1", { sameSite: text as "Lax" })).toThrow("sameSite must be");
  });

  test.each(OTHERS)("safeRedirect of %s, also in allow, falls back", (_, value) => {
    const origin = "https://app.example";
    expect(safeRedirect(value, { origin })).toBe("/");
    expect(safeRedirect("/a", { origin, allow: [value as string] })).toBe("/a");
    expect(safeRedirect("/a", { origin, allow: value as string[] })).toBe("/a");
    expect(safeRedirect("/a", { origin, allow: null as unknown as string[] })).toBe("/a");
    expect(safeRedirect("/a", { origin: value as string })).toBe("/");
  });

  test.each(OTHERS)("cookieEndpoint and apiProxy declared with %s: TypeError", (_, value) => {
    expect(() => cookieEndpoint({ names: [value as string] })).toThrow(TypeError);
    expect(() => cookieEndpoint({ reserved: [value as string] })).toThrow(TypeError);
    expect(() => apiProxy({ target: { url: "https://api.example", cookies: [value as string] } })).toThrow(
      TypeError,
    );
    expect(() => apiProxy({ mount: value as string, target: { url: "https://api.example" } })).toThrow(
      TypeError,
    );
  });

  test.each(OTHERS)(
    "a proxy's header of %s: a typed 500, the TypeError is told, and no call",
    async (_, value) => {
      const called: string[] = [];
      const call = async (url: unknown) => {
        called.push(String(url));
        return new Response();
      };
      const headers = { "x-user": () => value as string };
      const told: unknown[] = [];
      const proxy = apiProxy({
        target: { url: "https://api.example", headers, fetch: call as typeof fetch },
        onError: ({ error }) => told.push(error.cause),
      });
      const request = new Request("https://app.example/api/proxy/", { headers: { "x-httponly": "1" } });
      const answer = await proxy(request);
      expect([answer.status, (await answer.json()).error.code]).toEqual([500, "unavailable"]);
      expect(told).toEqual([expect.any(TypeError)]);
      expect(called).toEqual([]);
    },
  );
});

test("cookies that throw, or are none, throw each time and use nothing up", () => {
  const thrower = new Proxy<Record<string, string>>(
    {},
    {
      getOwnPropertyDescriptor() {
        throw new Error("not yours");
      },
    },
  );
  for (let i = 0; i < 20_000; i++) {
    expect(applyTemplateValues("a{{ cookies.a }}", thrower)).toBe("a");
    if (i % 10 === 0) {
      expect(() =>
        applyTemplateValues("{{ cookies.a }}", undefined as unknown as Record<string, string>),
      ).toThrow(TypeError);
    }
  }
});
