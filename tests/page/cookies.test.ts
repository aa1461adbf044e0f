// getCookie, setCookie and deleteCookie in Chromium: what the module and the JavaScript around it do together.
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { open, start, type World } from "./world.ts";

type HttpOnly = typeof import("httponly");
declare const httponly: HttpOnly;

let world: World;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await start();
});
afterAll(() => world.close());
beforeEach(async () => {
  context = await world.browser.newContext();
  page = await open(context, `${world.origin}/plain`);
});
afterEach(() => context.close());

/** What became of a call, whose arguments are JavaScript: the code and message of an error, or `[]`. */
function call(name: "setCookie" | "deleteCookie" | "getCookie", args: string, on = page): Promise<unknown[]> {
  return on.evaluate(
    ([name, args]) => {
      try {
        const value = (httponly[name] as (...args: unknown[]) => unknown)(
          ...new Function(`return [${args}]`)(),
        );
        return value === undefined ? [] : [value];
      } catch (error) {
        const { code, name, message } = error as InstanceType<HttpOnly["HttpOnlyError"]>;
        return [code ?? name, message];
      }
    },
    [name, args] as const,
  );
}
const jar = () => page.evaluate(() => document.cookie);

test("every text makes the round trip through the browser", async () => {
  for (const value of [
    "",
    "plain",
    "a=b==",
    '50% ü; "q", \\',
    " spaced ",
    "\u{1F36A}\u{10FFFF}",
    "%41",
    "'()*!~",
  ]) {
    expect(await call("setCookie", `"trip", ${JSON.stringify(value)}`)).toEqual([]);
    expect(await call("getCookie", `"trip"`)).toEqual([value]);
  }
  expect(await call("deleteCookie", `"trip"`)).toEqual([]);
  expect(await call("getCookie", `"trip"`)).toEqual([null]);
});

const REFUSED: [args: string, code: string, message: RegExp][] = [
  ["'a', 'x'.repeat(5000)", "too-large", /4096/],
  ["'x'.repeat(5000), '1'", "too-large", /4096/],
  ["'a', 'a\\ud800'", "value-invalid", /surrogates: U\+D800 at index 1/],
  ["'a', 'a\\r\\nb'", "value-invalid", /U\+000D at index 1/],
  ["'a', 5", "value-invalid", /must be a string, got number$/],
  ["'a'", "value-invalid", /must be a string, got undefined$/],
  ["null, '1'", "name-invalid", /must be a string, got object$/],
  ["'', '1'", "name-invalid", /is not empty/],
  ["'a;b', '1'", "name-invalid", /";" \(U\+003B\) at index 1/],
  ["'sidebar:state', '1'", "name-invalid", /":" \(U\+003A\) at index 7/],
  ["'a', '1', { path: '/; Domain=evil.example' }", "path-invalid", /";"/],
  ["'a', '1', { path: 5 }", "path-invalid", /must be a string, got 5$/],
  ["'a', '1', { path: '/'.repeat(1025) }", "too-large", /1024/],
  ["'a', '1', { path: '/'.repeat(9000) }", "too-large", /1024/],
  ["'a', '1', { sameSite: 'Sometimes' }", "same-site-invalid", /must be Lax, Strict or None, got Sometimes$/],
  ["'a', '1', { sameSite: {} }", "same-site-invalid", /got object$/],
  ["'a', '1', { sameSite: 'None', secure: false }", "same-site-insecure", /./],
  ["'a', '1', { partitioned: true, secure: false }", "partitioned-insecure", /./],
  ["'__Host-a', '1', { path: '/x' }", "prefix-violated", /Path=\//],
  ["'__Http-a', '1'", "prefix-violated", /server/],
  ["'a', '1', { maxAge: -1 }", "max-age-invalid", /negative/],
  ["'a', '1', { maxAge: -Infinity }", "max-age-invalid", /negative/],
  ["'a', '1', { maxAge: NaN }", "max-age-invalid", /must be a number of seconds, got NaN$/],
  ["'a', '1', { maxAge: '60' }", "max-age-invalid", /must be a number of seconds, got 60$/],
  ["'a', '1', { expires: new Date(NaN) }", "max-age-invalid", /must be a valid Date, got object$/],
  ["'a', '1', { expires: 7 }", "max-age-invalid", /must be a valid Date, got 7$/],
  ["'a', '1', { domain: 'example.com' }", "domain-invalid", /lies below/],
  ["'a', '1', { domain: 5 }", "domain-invalid", /must be a string, got 5$/],
  ["'a', '1', { includeSubdomains: 'false' }", "domain-invalid", /must be true or false, got false$/],
  ["'a', '1', { httpOnly: true }", "TypeError", /^unknown option "httpOnly"$/],
  ["'a', '1', { maxage: 3600 }", "TypeError", /^unknown option "maxage"$/],
];

test.each(REFUSED)("setCookie(%s) is refused and not written", async (args, code, message) => {
  expect(await call("setCookie", args)).toEqual([code, expect.stringMatching(message)]);
  expect(await jar()).toBe("");
});

test("lifetimes end where they are said to end", async () => {
  for (const [options, stays] of [
    ["{ maxAge: 60 }", true],
    ["{ maxAge: 0.5 }", true],
    ["{ maxAge: Infinity }", true],
    ["{ maxAge: 0 }", false],
    ["{ expires: new Date(Date.now() + 60000) }", true],
    ["{ expires: new Date(0) }", false],
    ["{ maxAge: 60, expires: new Date(0) }", true],
    ["{ maxAge: null, expires: null, path: null, sameSite: null, domain: null, secure: null }", true],
  ] as const) {
    expect(await call("setCookie", `"life", "1", ${options}`), options).toEqual([]);
    expect(await call("getCookie", `"life"`), options).toEqual([stays ? "1" : null]);
  }
});

test("a cookie that is still there after its deletion is told, where it can be looked at", async () => {
  await page.evaluate(() => {
    document.cookie = "stays=1; path=/";
  });
  expect(await call("deleteCookie", `"stays", { path: "/elsewhere" }`)).toEqual([]);
  expect(await call("getCookie", `"stays"`)).toEqual(["1"]);
  expect((await call("deleteCookie", `"stays", { path: "/plain" }`))[0]).toBe("not-stored");
  expect(await call("deleteCookie", `"stays"`)).toEqual([]);
  expect(await jar()).toBe("");
});

test("a blocked cookie is told, unless nobody wants to know", async () => {
  // The browser keeps nothing that another origin's frame could not have: a patched setter stands for it.
  await page.evaluate(() =>
    Object.defineProperty(document, "cookie", { configurable: true, get: () => "", set() {} }),
  );
  expect((await call("setCookie", `"a", "1"`))[0]).toBe("not-stored");
  expect(await call("setCookie", `"a", "1", { verify: false }`)).toEqual([]);
});

test("a patched document.cookie may call in again", async () => {
  const outcome = await page.evaluate(() => {
    let calls = 0;
    const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie") as {
      get(): string;
      set(text: string): void;
    };
    const inner = () => {
      calls++;
      httponly.getCookie("other", { cookies: "other=inner" });
      try {
        httponly.setCookie("a b", "refused");
      } catch {}
    };
    Object.defineProperty(document, "cookie", {
      configurable: true,
      get() {
        inner();
        return get.call(this);
      },
      set(text: string) {
        inner();
        set.call(this, text);
      },
    });
    httponly.setCookie("patched", "outer");
    const read = httponly.getCookie("patched");
    httponly.deleteCookie("patched");
    return [read, httponly.getCookie("patched"), calls > 3];
  });
  expect(outcome).toEqual(["outer", null, true]);
});

test("a refused write does not hide what others wrote", async () => {
  expect(await call("getCookie", `"fresh"`)).toEqual([null]);
  for (const value of ["1", "2"]) {
    await page.evaluate((value) => {
      document.cookie = `fresh=${value}`;
    }, value);
    expect((await call("setCookie", `"fresh", "\\0"`))[0]).toBe("value-invalid");
    expect((await call("deleteCookie", `"f;"`))[0]).toBe("name-invalid");
    expect(await call("getCookie", `"fresh"`)).toEqual([value]);
  }
});

test("a header of any length is read", async () => {
  for (const length of [10, 8192, 8193, 100_000, 3_000_000]) {
    const header = `{ cookies: "n".repeat(${length}) + "=1; last=found; é=2" }`;
    expect(await call("getCookie", `"last", ${header}`), String(length)).toEqual(["found"]);
    expect(await call("getCookie", `"é", ${header}`)).toEqual(["2"]);
  }
  const many = `{ cookies: Array.from({ length: 500 }, (_, i) => "n" + i + "=v" + i).join("; ") }`;
  for (const i of [0, 63, 64, 65, 499])
    expect(await call("getCookie", `"n${i}", ${many}`)).toEqual([`v${i}`]);
});

test("a node in a shadow tree, open or closed, has no cookies; one in the page has", async () => {
  await call("setCookie", `"a", "1"`);
  const read = await page.evaluate(() => {
    const shadows = (["open", "closed"] as const).map((mode) => {
      const shadow = document.createElement("div").attachShadow({ mode });
      return [shadow, shadow.appendChild(document.createElement("b"))];
    });
    const roots = [...shadows.flat(), document.body, document, document.createElement("i")];
    return roots.map((root) => httponly.getCookie("a", { root }));
  });
  expect(read).toEqual([null, null, null, null, "1", "1", "1"]);
});

describe("names that browsers take and servers should not write are read and deleted", () => {
  test.each(["sidebar:state", "a b", "é", "(a)", "a/b@c", "\u{1F36A}"])("%s", async (name) => {
    await page.evaluate((name) => {
      document.cookie = `${name}=x y; path=/`;
    }, name);
    expect(await call("getCookie", JSON.stringify(name))).toEqual(["x y"]);
    expect(await call("deleteCookie", JSON.stringify(name))).toEqual([]);
    expect(await jar()).toBe("");
  });
});

test("a path is looked at as it was loaded, whatever pushState has made of it", async () => {
  await page.evaluate(() => history.pushState(0, "", "/deep/x"));
  expect(await call("setCookie", `"a", "1", { path: "/deep" }`)).toEqual([]);
  expect(await context.cookies(`${world.origin}/deep`)).toMatchObject([{ name: "a", path: "/deep" }]);
  expect(await call("setCookie", `"b", "1", { path: "/plain" }`)).toEqual([]);
  expect(await call("getCookie", `"b"`)).toEqual(["1"]);
  expect(await call("deleteCookie", `"a", { path: "/deep" }`)).toEqual([]);
  expect(await context.cookies(`${world.origin}/deep`)).toEqual([]);
});

describe("in a frame of another site", () => {
  /** Runs in a page of `localhost` inside one of `127.0.0.1`: two sites to a browser, and both trustworthy. */
  async function framed() {
    const inner = world.origin.replace("127.0.0.1", "localhost");
    await page.evaluate((src) => {
      const frame = document.createElement("iframe");
      frame.src = src;
      document.body.append(frame);
    }, `${inner}/plain`);
    const frame = await page.waitForSelector("iframe").then((element) => element.contentFrame());
    await frame?.waitForFunction("globalThis.httponly");
    return frame as unknown as Page;
  }

  test("a Lax cookie is not-stored, and the message names SameSite; so is an HttpOnly one, before it is asked for", async () => {
    const frame = await framed();
    const refused = ["not-stored", expect.stringContaining("SameSite=None")];
    expect(await call("setCookie", `"a", "1"`, frame)).toEqual(refused);
    const asked = await frame.evaluate(() =>
      httponly.setHttpOnlyCookie("t", "x").catch(({ code, message }) => [code, message]),
    );
    expect(asked).toEqual(refused);
  });

  // Chromium keeps no others there in a context of its own, which is incognito.
  test("what is set as partitioned is deleted", async () => {
    const frame = await framed();
    expect(await call("setCookie", `"n", "1", { partitioned: true }`, frame)).toEqual([]);
    expect(await call("getCookie", `"n"`, frame)).toEqual(["1"]);
    expect(await call("deleteCookie", `"n"`, frame)).toEqual([]);
    expect(await call("getCookie", `"n"`, frame)).toEqual([null]);
  });
});

test("a srcdoc frame sets, reads and deletes the cookies of its page", async () => {
  const host = world.insecure;
  const inner = await open(context, `${host}/plain`);
  expect(await call("setCookie", `"k", "page"`, inner)).toEqual([]);
  const src = await inner.evaluate(() => document.querySelector<HTMLScriptElement>("script[src]")?.src);
  await inner.evaluate((src) => {
    const frame = document.createElement("iframe");
    frame.srcdoc = `<script type=module src="${src}"></script>`;
    document.body.append(frame);
  }, src);
  const frame = (await inner
    .waitForSelector("iframe")
    .then((element) => element.contentFrame())) as unknown as Page;
  await frame.waitForFunction("globalThis.httponly");
  expect(await call("setCookie", `"k", "frame"`, frame)).toEqual([]);
  expect(await context.cookies(host)).toMatchObject([{ name: "k", value: "frame", domain: ".app.test" }]);
  expect(await call("getCookie", `"k"`, frame)).toEqual(["frame"]);
  expect(await call("deleteCookie", `"k"`, frame)).toEqual([]);
  expect(await context.cookies(host)).toEqual([]);
});
