import { readFileSync } from "node:fs";
import { apiProxy, applyTemplateValues, HttpOnlyError, proveSameOrigin, safeRedirect } from "httponly/server";
import { describe, expect, test } from "vitest";

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

describe("redirects", () => {
  const ORIGIN = "https://app.example";
  const rows = vectors<{ target: string; allow?: string[]; to: string | null }[]>("redirect");

  test("every row has its verdict, and what is accepted reads back as an accepted origin in Node", () => {
    expect(rows.length).toBeGreaterThan(200);
    for (const { target, allow, to } of rows) {
      const out = safeRedirect(target, {
        origin: ORIGIN,
        ...(allow ? { allow } : {}),
        fallback: "/fallback",
      });
      expect([target, out]).toEqual([target, to ?? "/fallback"]);
      const read = new URL(out, `${ORIGIN}/some/page`);
      expect([ORIGIN, ...(allow ?? [])]).toContain(read.origin);
      // What a framework makes of it that emits the path alone.
      expect(new URL(read.pathname, ORIGIN).origin).toBe(ORIGIN);
      expect(() => new Headers({ location: out })).not.toThrow();
    }
  });

  test("what is no string falls back, and nothing throws", () => {
    for (const target of [
      undefined,
      null,
      0,
      1n,
      true,
      {},
      [],
      ["/a"],
      ["/a", "/b"],
      () => "/a",
      Symbol("/a"),
      new URL("https://app.example/a"),
    ])
      expect(safeRedirect(target, { origin: ORIGIN })).toBe("/");
    expect(safeRedirect("/a", { origin: "no origin" })).toBe("/");
    expect(safeRedirect("/\ud800", { origin: ORIGIN })).toBe("/%EF%BF%BD");
    expect(safeRedirect("//evil.example", { origin: ORIGIN, fallback: "/home" })).toBe("/home");
    expect(
      safeRedirect("https://x.example/", { origin: ORIGIN, allow: ["x.example", "", "https://x.example/"] }),
    ).toBe("/");
  });
});

describe("templates", () => {
  interface Row {
    name: string;
    input: string;
    cookies: Record<string, string>;
    context?: "text" | "json" | "form" | "query" | "header";
    output?: string;
    refused?: string;
  }

  test.each(vectors<Row[]>("template"))("$name", ({ input, cookies, context, output, refused }) => {
    const fill = () =>
      context ? applyTemplateValues(input, cookies, context) : applyTemplateValues(input, cookies);
    if (refused === undefined) {
      expect(fill()).toBe(output);
      return;
    }
    let thrown: unknown;
    try {
      fill();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HttpOnlyError);
    expect(thrown).toMatchObject({ code: refused, status: 400 });
  });

  test("null becomes the empty text", () => {
    expect(applyTemplateValues(null, { a: "1" })).toBe("");
  });

  test("cookies may have no prototype, and getters and other types are no values", () => {
    const cookies = Object.assign(Object.create(null) as Record<string, string>, { a: "1" });
    expect(applyTemplateValues("{{ cookies.a }}", cookies)).toBe("1");
    const odd = {
      get a() {
        throw new Error("asked");
      },
      b: 1,
    } as unknown as Record<string, string>;
    expect(applyTemplateValues("[{{ cookies.a }}{{ cookies.b }}]", odd)).toBe("[]");
  });

  test("an unknown context is a TypeError", () => {
    expect(() => applyTemplateValues("a", {}, "html" as "text")).toThrow(TypeError);
  });
});

describe("targets", () => {
  interface Rows {
    path: { target: string; rest: string; url?: string; refused?: string }[];
    header: { target: string; header: string; url?: string; refused?: string }[];
  }
  const { path, header } = vectors<Rows>("target");

  /** The URL that is called for a request, or the code of the refusal. */
  async function call(target: string, request: Request): Promise<{ url?: string; refused?: string }> {
    let url: string | undefined;
    // A service binding, as far as the proxy can tell.
    const binding = async (input: unknown) => {
      url = String(input);
      return new Response("ok");
    };
    const response = await apiProxy({ mount: "/m", target: { url: target, fetch: binding as typeof fetch } })(
      request,
    );
    if (url !== undefined) return { url };
    return { refused: ((await response.json()) as { error: { code: string } }).error.code };
  }

  test("every address in a header resolves as in Rust", async () => {
    let asked = 0;
    for (const { target, header: value, url, refused } of header) {
      let headers: Headers;
      try {
        headers = new Headers({ "x-nordcraft-url": value });
      } catch {
        continue;
      }
      // Headers trim their values.
      if (headers.get("x-nordcraft-url") !== value) continue;
      asked++;
      expect([value, await call(target, new Request("https://app.example/m", { headers }))]).toEqual([
        value,
        url === undefined ? { refused } : { url },
      ]);
    }
    expect(asked).toBeGreaterThan(70);
  });

  test("every address in a path resolves as in Rust, or was made harmless by the URL parser before", async () => {
    let same = 0;
    for (const { target, rest, url, refused } of path) {
      const asked = `https://app.example/m/${rest}`;
      const request = new Request(asked);
      const done = await call(target, request);
      if (request.url === asked) {
        same++;
        expect([rest, done]).toEqual([rest, url === undefined ? { refused } : { url }]);
      } else if (done.url !== undefined) {
        const base = new URL(target);
        const prefix = base.pathname.replace(/\/$/, "");
        const read = new URL(done.url);
        expect(read.origin).toBe(base.origin);
        expect(read.pathname === prefix || read.pathname.startsWith(`${prefix}/`)).toBe(true);
      }
    }
    expect(same).toBeGreaterThan(70);
  });
});

describe("proveSameOrigin", () => {
  const URL_ = "https://app.example/x";
  const code = (headers: Record<string, string>, origin?: string) => {
    try {
      proveSameOrigin(new Request(URL_, { headers }), origin);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("a refusal is an HttpOnlyError cross-origin with status 403", () => {
    expect(code({})).toBeInstanceOf(HttpOnlyError);
    expect(code({})).toMatchObject({ code: "cross-origin", status: 403 });
  });

  test("the own origin is that of the request, or the one that is passed", () => {
    expect(code({ origin: "https://app.example" })).toBeUndefined();
    expect(code({ origin: "https://app.example" }, "http://internal:3000")).toBeDefined();
    expect(code({ origin: "http://internal:3000" }, "http://internal:3000/")).toBeUndefined();
    expect(code({ origin: "null" })).toBeDefined();
    expect(code({ origin: "null" }, "data:x")).toBeDefined();
  });
});
