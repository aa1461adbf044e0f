// The page's side of the cookie specification, row by row, in a real browser: what is asserted is what it stored and
// what it sent. Each test is named after its row; docs/cookie-specification.md is the table of all rows.
import { type BrowserContext, type Cookie, expect, type Page, type Request } from "@playwright/test";
import type { CookieOptions } from "httponly";
import { type Outcome, type Site, test } from "./bare.ts";

/** A host whose subdomains Chromium finds on this machine, and takes for as safe as https. */
const HOST = "app.my.localhost";

test.beforeEach(({ page, site }) => open(page, site, HOST));

async function open(page: Page, site: Site, host: string, path = "/"): Promise<void> {
  await page.goto(site.at(host) + path);
  await page.waitForFunction(() => typeof attempt === "function");
}

const set = (page: Page, name: unknown, value: unknown, options?: unknown): Promise<Outcome> =>
  page.evaluate(
    ([name, value, options]) =>
      attempt(() => httponly.setCookie(name as string, value as string, options as CookieOptions)),
    [name, value, options] as const,
  );

const setHttpOnly = (page: Page, name: unknown, value: unknown, options?: unknown): Promise<Outcome> =>
  page.evaluate(
    ([name, value, options]) =>
      attempt(() => httponly.setHttpOnlyCookie(name as string, value as string, options as CookieOptions)),
    [name, value, options] as const,
  );

const get = (page: Page, name: unknown) => page.evaluate((name) => httponly.getCookie(name as string), name);

const useGet = (page: Page) => page.evaluate(() => httponly.configure({ method: "GET" }));

const header = (page: Page) => page.evaluate(() => document.cookie);

/** The one cookie of this name in the browser's own store. */
async function stored(context: BrowserContext, name: string): Promise<Cookie> {
  const found = (await context.cookies()).filter((cookie) => cookie.name === name);
  expect(found, `cookies of the name ${name}`).toHaveLength(1);
  return found[0] as Cookie;
}

async function refused(outcome: Promise<Outcome>, code: string, rule?: RegExp): Promise<void> {
  expect(await outcome).toMatchObject({
    error: { code, ...(rule && { rule: expect.stringMatching(rule) }) },
  });
}

const done = async (outcome: Promise<Outcome>) => expect(await outcome).toEqual({ value: undefined });

/** Seconds that a cookie has left; -1 for a session cookie. */
const left = ({ expires }: Cookie) => (expires === -1 ? -1 : expires - Date.now() / 1000);

function jwt(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part(claims)}.c2lnbmF0dXJl`;
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** The request that the page sends to the cookie endpoint meanwhile. */
async function sent(page: Page, action: () => Promise<unknown>): Promise<Request> {
  const [request] = await Promise.all([page.waitForRequest(/\/\.(nordcraft|toddle)\/cookies\//), action()]);
  return request;
}

/** Both ways to speak to the endpoint: the specification's GET, and the POST that keeps tokens out of URLs. */
const METHODS = ["GET", "POST"] as const;

/** The fields of a request to the endpoint, wherever they stand. */
function fields(request: Request): Record<string, string> {
  const body = request.postData();
  return body === null
    ? Object.fromEntries(new URL(request.url()).searchParams)
    : (JSON.parse(body) as Record<string, string>);
}

/** Values that must survive the way to the browser and back. */
const VALUES = ["a b+c", "a&b=c", "a;b,c", '"quoted"', "50%", "%41", "ü€🍪", "<script>", "\\", "=="];

test.describe("cookie categories", () => {
  test("category · client cookie: set by setCookie, read by getCookie, visible to JavaScript", async ({
    page,
    context,
  }) => {
    await done(set(page, "theme", "dark"));
    expect(await get(page, "theme")).toBe("dark");
    expect(await header(page)).toBe("theme=dark");
    expect(await stored(context, "theme")).toMatchObject({ value: "dark", httpOnly: false });
  });

  test("category · HttpOnly cookie: set through the endpoint, spent by template in the proxy, invisible to JavaScript", async ({
    page,
    context,
    site,
  }) => {
    await done(setHttpOnly(page, "access_token", "s3cret"));
    expect(await stored(context, "access_token")).toMatchObject({ value: "s3cret", httpOnly: true });
    expect(await get(page, "access_token")).toBeNull();
    expect(await header(page)).toBe("");
    expect(await page.evaluate(async () => (await cookieStore.getAll()).length)).toBe(0);
    const status = await page.evaluate(async () => {
      const authorization = `Bearer ${httponly.getHttpOnlyCookie("access_token")}`;
      return (await fetch("/api/proxy/shop/me", { headers: { authorization } })).status;
    });
    expect(status).toBe(200);
    expect(site.api[0]?.headers).toMatchObject({ authorization: "Bearer s3cret" });
    expect(site.api[0]?.headers.cookie).toBeUndefined();
  });

  test("category · session cookie: set by setSessionCookies through the endpoint, read from the Cookie header, invisible to JavaScript", async ({
    page,
    context,
    site,
  }) => {
    await done(page.evaluate(() => attempt(() => httponly.setSessionCookies("t0ken"))));
    expect(await stored(context, "access_token")).toMatchObject({ value: "t0ken", httpOnly: true });
    expect(await header(page)).toBe("");
    expect(await get(page, "access_token")).toBeNull();
    await setHttpOnly(page, "other", "1");
    expect(site.asked.at(-1)?.headers.cookie).toBe("access_token=t0ken");
  });
});

test.describe("setCookie: arguments", () => {
  test("setCookie · Name: string, required", async ({ page, context }) => {
    for (const name of ["a", "!#$%&'*+-.^_`|~0", "toString", "__proto__"]) {
      await done(set(page, name, "1"));
      expect((await stored(context, name)).value).toBe("1");
    }
    await context.clearCookies();
    for (const name of [
      "",
      undefined,
      null,
      7,
      true,
      {},
      ["a"],
      "a b",
      "a=b",
      "a;b",
      "ü",
      "a\r\nb",
      "\ud800",
    ])
      await refused(set(page, name, "1"), "name-invalid");
    expect(await context.cookies()).toEqual([]);
  });

  test("setCookie · Value: string, required", async ({ page, context }) => {
    for (const value of VALUES) {
      await done(set(page, "a", value));
      expect(decodeURIComponent((await stored(context, "a")).value)).toBe(value);
      expect(await get(page, "a")).toBe(value);
    }
    await context.clearCookies();
    for (const value of [
      undefined,
      null,
      7,
      false,
      {},
      ["a"],
      "a\0",
      "a\r\nSet-Cookie: b=1",
      "\x7f",
      "\ud800",
    ])
      await refused(set(page, "a", value), "value-invalid");
    await refused(set(page, "a", "x".repeat(5000)), "too-large");
    expect(await context.cookies()).toEqual([]);
  });

  test("setCookie · Expires in: number?, seconds; omitted, a session cookie", async ({ page, context }) => {
    await done(set(page, "a", "1"));
    expect(left(await stored(context, "a"))).toBe(-1);
    for (const maxAge of [60, 86_400]) {
      await done(set(page, "a", "1", { maxAge }));
      expect(Math.abs(left(await stored(context, "a")) - maxAge)).toBeLessThan(5);
    }
    await done(set(page, "a", "1", { maxAge: 1e9 }));
    expect(Math.abs(left(await stored(context, "a")) - 400 * 86_400)).toBeLessThan(5);
    await done(set(page, "a", "1", { maxAge: 0 }));
    expect(await context.cookies()).toEqual([]);
    for (const maxAge of ["60", -1, Number.NaN, true])
      await refused(set(page, "a", "1", { maxAge }), "max-age-invalid");
    expect(await context.cookies()).toEqual([]);
  });

  test('setCookie · SameSite: string?, "Lax" by default; Lax, Strict or None', async ({ page, context }) => {
    await done(set(page, "a", "1"));
    expect((await stored(context, "a")).sameSite).toBe("Lax");
    for (const sameSite of ["Lax", "Strict", "None", "strict", "NONE"] as const) {
      await done(set(page, "a", "1", { sameSite }));
      const cookie = await stored(context, "a");
      expect(cookie.sameSite.toLowerCase()).toBe(sameSite.toLowerCase());
      expect(cookie.secure).toBe(sameSite.toLowerCase() === "none");
    }
    await context.clearCookies();
    for (const sameSite of ["", "Default", "Laxx", 1, true])
      await refused(set(page, "a", "1", { sameSite }), "same-site-invalid");
    expect(await context.cookies()).toEqual([]);
  });

  test('setCookie · Path: string?, "/" by default; starts with /', async ({ page, context, site }) => {
    await open(page, site, HOST, "/docs/page");
    await done(set(page, "a", "1"));
    expect((await stored(context, "a")).path).toBe("/");
    await done(set(page, "b", "1", { path: "/docs" }));
    expect((await stored(context, "b")).path).toBe("/docs");
    await done(set(page, "c", "1", { path: "/elsewhere" }));
    expect((await stored(context, "c")).path).toBe("/elsewhere");
    expect(await get(page, "c")).toBeNull();
    for (const path of ["", "docs", "./", 1, "/a;b", "/\n", "/ü"])
      await refused(set(page, "d", "1", { path }), "path-invalid");
    await refused(set(page, "d", "1", { path: `/${"x".repeat(1024)}` }), "too-large");
    expect((await context.cookies()).map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
  });

  test("setCookie · Include Subdomains: boolean?, true by default; true sets Domain", async ({
    page,
    context,
    site,
  }) => {
    await done(set(page, "a", "1"));
    await done(set(page, "b", "1", { includeSubdomains: true }));
    await done(set(page, "c", "1", { includeSubdomains: false }));
    const domains = Object.fromEntries((await context.cookies()).map(({ name, domain }) => [name, domain]));
    expect(domains).toEqual({ a: `.${HOST}`, b: `.${HOST}`, c: HOST });
    await open(page, site, `deep.${HOST}`);
    expect(await header(page)).toBe("a=1; b=1");
    for (const includeSubdomains of ["true", 1, 0, {}])
      await refused(set(page, "d", "1", { includeSubdomains }), "domain-invalid");
  });
});

test.describe("setCookie: events", () => {
  test("setCookie · Success: the cookie was set, and the call returns", async ({ page, context }) => {
    await done(set(page, "a", "1", { maxAge: 60, sameSite: "Strict", path: "/" }));
    expect(await stored(context, "a")).toMatchObject({ value: "1", sameSite: "Strict" });
  });

  test("setCookie · Error: an argument is refused, and an HttpOnlyError with its code is thrown", async ({
    page,
    context,
  }) => {
    expect(await set(page, "a;b", "1")).toEqual({
      error: {
        code: "name-invalid",
        rule: "a cookie name is a token (RFC 6265bis 4.1.1)",
        message: 'a cookie name is a token (RFC 6265bis 4.1.1): ";" (U+003B) at index 1',
      },
    });
    expect(await context.cookies()).toEqual([]);
  });
});

test.describe("setCookie: attributes", () => {
  test("setCookie · sets SameSite", async ({ page, context }) => {
    await set(page, "a", "1", { sameSite: "Strict" });
    expect((await stored(context, "a")).sameSite).toBe("Strict");
  });

  test("setCookie · sets Path", async ({ page, context }) => {
    await set(page, "a", "1", { path: "/docs" });
    expect((await stored(context, "a")).path).toBe("/docs");
  });

  test("setCookie · sets Expires only if asked", async ({ page, context }) => {
    const expires = new Date(Date.now() + 90_000);
    await set(page, "a", "1");
    await set(page, "b", "1", { maxAge: 90 });
    await set(page, "c", "1", { expires });
    expect(left(await stored(context, "a"))).toBe(-1);
    for (const name of ["b", "c"]) expect(Math.abs(left(await stored(context, name)) - 90)).toBeLessThan(5);
    await set(page, "c", "1", { expires: new Date(0) });
    expect((await context.cookies()).map(({ name }) => name)).toEqual(["a", "b"]);
    const invalid = page.evaluate(() =>
      attempt(() => httponly.setCookie("d", "1", { expires: new Date(Number.NaN) })),
    );
    await refused(invalid, "max-age-invalid");
  });

  test("setCookie · sets Domain only with subdomains", async ({ page, context }) => {
    await set(page, "a", "1", { includeSubdomains: true });
    await set(page, "b", "1", { includeSubdomains: false });
    expect((await stored(context, "a")).domain).toBe(`.${HOST}`);
    expect((await stored(context, "b")).domain).toBe(HOST);
  });

  test("setCookie · sets neither HttpOnly nor Secure", async ({ page, context }) => {
    await set(page, "a", "1", { maxAge: 60, sameSite: "Strict", path: "/", includeSubdomains: true });
    expect(await stored(context, "a")).toMatchObject({ httpOnly: false, secure: false });
  });
});

test.describe("getCookie", () => {
  test("getCookie · arguments: [name]", async ({ page }) => {
    await set(page, "a", "1");
    await set(page, "b", "2");
    expect([await get(page, "a"), await get(page, "b")]).toEqual(["1", "2"]);
  });

  test("getCookie · client-side: finds the cookie in document.cookie", async ({ page, context, site }) => {
    await page.evaluate(() => {
      document.cookie = "raw=a=b";
      document.cookie = "encoded=%C3%BC%20%3B";
      document.cookie = "broken=%E0%A4%A";
      document.cookie = "rawer=x";
    });
    expect(await get(page, "raw")).toBe("a=b");
    expect(await get(page, "encoded")).toBe("ü ;");
    expect(await get(page, "broken")).toBe("%E0%A4%A");
    expect(await get(page, "rawer")).toBe("x");
    // What the server set, and what it then changed, is seen at once.
    for (const value of ["1", "2"]) {
      await context.addCookies([{ name: "server", value, url: site.at(HOST) }]);
      expect(await get(page, "server")).toBe(value);
    }
  });

  test("getCookie · server-side: reads the request's cookies, and answers as the page does", async ({
    page,
  }) => {
    for (const value of ["plain", ...VALUES]) {
      await set(page, "theme", value);
      await page.reload();
      await page.waitForFunction(() => typeof attempt === "function");
      expect(await page.evaluate(() => ({ ...document.body.dataset }))).toEqual({
        header: value,
        record: value,
      });
      expect(await get(page, "theme")).toBe(value);
    }
  });

  test("getCookie · Shadow DOM: null", async ({ page }) => {
    await set(page, "a", "1");
    const read = await page.evaluate(() => {
      const make = (mode: ShadowRootMode, parent: Node = document.body) => {
        const host = parent.appendChild(document.createElement("div"));
        const root = host.attachShadow({ mode });
        return { host, root, inner: root.appendChild(document.createElement("p")) };
      };
      const open = make("open");
      const closed = make("closed");
      const nested = make("closed", open.inner);
      const slotted = closed.host.appendChild(document.createElement("b"));
      closed.root.appendChild(document.createElement("slot"));
      const leaf = open.inner.appendChild(document.createTextNode("text"));
      const from = (root: Node) => httponly.getCookie("a", { root });
      const inside = [
        open.root,
        open.inner,
        leaf,
        closed.root,
        closed.inner,
        nested.host,
        nested.root,
        nested.inner,
      ];
      // Out of the document, a shadow tree still is one.
      const gone = make("open");
      gone.host.remove();
      inside.push(gone.root, gone.inner);
      const plain = document.createElement("div");
      // A slotted node belongs to the tree around the host; so does the host itself.
      const outside: Node[] = [document, document.body, open.host, closed.host, slotted, plain, gone.host];
      outside.push(document.createDocumentFragment(), new Text("detached"));
      return { inside: inside.map(from), outside: outside.map(from) };
    });
    expect(read).toEqual({ inside: Array(10).fill(null), outside: Array(9).fill("1") });
  });

  test("getCookie · null if there is no such cookie", async ({ page }) => {
    expect(await get(page, "a")).toBeNull();
    await set(page, "ab", "1");
    for (const name of ["a", "b", "AB", "toString", "__proto__", "constructor"])
      expect(await get(page, name)).toBeNull();
    await page.evaluate(() => httponly.deleteCookie("ab"));
    expect(await get(page, "ab")).toBeNull();
  });

  test("getCookie · null if the name is invalid", async ({ page }) => {
    await set(page, "a", "1");
    for (const name of [
      undefined,
      null,
      7,
      {},
      ["a"],
      "",
      " a",
      "a=1",
      "a;",
      "ü",
      "\ud800",
      "a".repeat(10_000),
    ])
      expect(await get(page, name)).toBeNull();
  });
});

test.describe("setHttpOnlyCookie: arguments", () => {
  for (const method of METHODS) {
    test.describe(method, () => {
      test.beforeEach(({ page }) => page.evaluate((method) => httponly.configure({ method }), method));

      test(`setHttpOnlyCookie by ${method} · Name: string, required`, async ({ page, context, site }) => {
        await done(setHttpOnly(page, "access_token", "1"));
        expect(await stored(context, "access_token")).toMatchObject({ value: "1" });
        for (const name of ["", undefined, null, 7, {}, "a b", "a;b", "a\r\nb", "\ud800", "__Http-a"])
          expect((await setHttpOnly(page, name, "1")).error?.code).toMatch(
            /^(name-invalid|prefix-violated)$/,
          );
        expect(site.asked).toHaveLength(1);
      });

      test(`setHttpOnlyCookie by ${method} · Value: string, required`, async ({ page, context, site }) => {
        await done(setHttpOnly(page, "a", "v"));
        expect((await stored(context, "a")).value).toBe("v");
        for (const value of [undefined, null, 7, {}, "a\0", "a\r\nb", "\ud800"])
          await refused(setHttpOnly(page, "a", value), "value-invalid");
        await refused(setHttpOnly(page, "a", "x".repeat(5000)), "too-large");
        expect(site.asked).toHaveLength(1);
      });

      test(`setHttpOnlyCookie by ${method} · Expires in: number?, seconds; omitted, a session cookie`, async ({
        page,
        context,
        site,
      }) => {
        await done(setHttpOnly(page, "a", "1"));
        expect(left(await stored(context, "a"))).toBe(-1);
        await done(setHttpOnly(page, "a", "1", { maxAge: 600 }));
        expect(Math.abs(left(await stored(context, "a")) - 600)).toBeLessThan(5);
        await done(setHttpOnly(page, "a", "1", { expires: new Date(Date.now() + 60_000) }));
        expect(Math.abs(left(await stored(context, "a")) - 60)).toBeLessThan(5);
        for (const options of [{ maxAge: "60" }, { maxAge: -1 }, { maxAge: Number.NaN }, { expires: "soon" }])
          await refused(setHttpOnly(page, "a", "1", options), "max-age-invalid");
        expect(site.asked).toHaveLength(3);
      });

      test(`setHttpOnlyCookie by ${method} · SameSite: string?, "Lax" by default`, async ({
        page,
        context,
        site,
      }) => {
        await done(setHttpOnly(page, "a", "1"));
        expect((await stored(context, "a")).sameSite).toBe("Lax");
        for (const sameSite of ["Lax", "Strict", "None"] as const) {
          await done(setHttpOnly(page, "a", "1", { sameSite }));
          expect((await stored(context, "a")).sameSite).toBe(sameSite);
        }
        for (const sameSite of ["", "Default", 1])
          await refused(setHttpOnly(page, "a", "1", { sameSite }), "same-site-invalid");
        expect(site.asked).toHaveLength(4);
      });

      test(`setHttpOnlyCookie by ${method} · Path: string?, "/" by default`, async ({
        page,
        context,
        site,
      }) => {
        await done(setHttpOnly(page, "a", "1"));
        await done(setHttpOnly(page, "b", "1", { path: "/docs" }));
        expect((await stored(context, "a")).path).toBe("/");
        expect((await stored(context, "b")).path).toBe("/docs");
        for (const path of ["", "docs", 1, "/;"])
          await refused(setHttpOnly(page, "c", "1", { path }), "path-invalid");
        expect(site.asked).toHaveLength(2);
      });

      test(`setHttpOnlyCookie by ${method} · Include Subdomains: boolean?, true by default`, async ({
        page,
        context,
        site,
      }) => {
        await done(setHttpOnly(page, "a", "1"));
        await done(setHttpOnly(page, "b", "1", { includeSubdomains: false }));
        expect((await stored(context, "a")).domain).toBe(`.${HOST}`);
        expect((await stored(context, "b")).domain).toBe(HOST);
        for (const includeSubdomains of ["true", 1])
          await refused(setHttpOnly(page, "c", "1", { includeSubdomains }), "domain-invalid");
        expect(site.asked).toHaveLength(2);
      });
    });
  }
});

test.describe("setHttpOnlyCookie: flow", () => {
  test("setHttpOnlyCookie · 1. arguments are validated in the page: what is refused is never sent", async ({
    page,
    context,
    site,
  }) => {
    for (const method of METHODS) {
      await page.evaluate((method) => httponly.configure({ method }), method);
      await refused(setHttpOnly(page, "a b", "1"), "name-invalid");
      await refused(setHttpOnly(page, "__Host-a", "1", { path: "/x" }), "prefix-violated");
    }
    expect(site.asked).toEqual([]);
    expect(await context.cookies()).toEqual([]);
  });

  test("setHttpOnlyCookie · 2. all parameters go into a query string", async ({ page, site }) => {
    await useGet(page);
    const request = await sent(page, () =>
      setHttpOnly(page, "a", "1+ 2&=%;ü", {
        maxAge: 60,
        sameSite: "Strict",
        path: "/docs & more",
        includeSubdomains: false,
      }),
    );
    expect(request.method()).toBe("GET");
    expect(request.postData()).toBeNull();
    expect([...(site.asked[0]?.url.searchParams ?? [])].sort()).toEqual([
      ["includeSubdomains", "false"],
      ["name", "a"],
      ["path", "/docs & more"],
      ["sameSite", "Strict"],
      ["ttl", "60"],
      ["value", "1+ 2&=%;ü"],
    ]);
  });

  test("setHttpOnlyCookie · 2. by POST the parameters are JSON, and none stands in the URL", async ({
    page,
    site,
  }) => {
    const request = await sent(page, () =>
      setHttpOnly(page, "a", "1+ 2&=%;ü", {
        maxAge: 60,
        sameSite: "Strict",
        path: "/",
        includeSubdomains: false,
      }),
    );
    expect(request.method()).toBe("POST");
    expect(new URL(request.url()).search).toBe("");
    expect(site.asked[0]?.headers["content-type"]).toBe("application/json");
    expect(fields(request)).toEqual({
      name: "a",
      value: "1+ 2&=%;ü",
      ttl: "60",
      sameSite: "Strict",
      path: "/",
      includeSubdomains: "false",
    });
  });

  test("setHttpOnlyCookie · 3. the page fetches the endpoint, and proves its origin", async ({
    page,
    site,
  }) => {
    for (const method of METHODS) {
      await page.evaluate((method) => httponly.configure({ method }), method);
      const request = await sent(page, () => setHttpOnly(page, "a", "1"));
      expect(request.resourceType()).toBe("fetch");
      expect(new URL(request.url()).pathname).toBe("/.nordcraft/cookies/set-cookie");
      expect(request.method()).toBe(method);
      expect(site.asked.at(-1)).toMatchObject({
        method,
        headers: { "x-httponly": "1", "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty" },
      });
    }
    // A base element leads nowhere else.
    await page.evaluate(() => {
      document.head.append(
        Object.assign(document.createElement("base"), { href: "http://elsewhere.example/" }),
      );
    });
    await done(setHttpOnly(page, "a", "1"));
    expect(site.asked).toHaveLength(3);
    await page.evaluate(() => httponly.configure({ cookieEndpoint: "/.toddle/cookies/set-cookie" }));
    await done(setHttpOnly(page, "a", "2"));
    expect(site.asked.at(-1)?.url.pathname).toBe("/.toddle/cookies/set-cookie");
  });

  test("setHttpOnlyCookie · 4. the server answers with Set-Cookie and HttpOnly", async ({
    page,
    context,
  }) => {
    for (const method of METHODS) {
      await page.evaluate((method) => httponly.configure({ method }), method);
      const request = await sent(page, () => setHttpOnly(page, "a", method));
      const response = await request.response();
      expect(response?.status()).toBe(200);
      expect(await response?.headerValue("set-cookie")).toMatch(/^a=[^\n]*; HttpOnly[^\n]*$/);
      expect(await response?.headerValue("cache-control")).toContain("no-store");
      expect(await stored(context, "a")).toMatchObject({ value: method, httpOnly: true });
    }
  });

  test("setHttpOnlyCookie · 5. Success: the promise resolves once the browser has the cookie", async ({
    page,
    context,
  }) => {
    for (const method of METHODS) {
      await page.evaluate((method) => httponly.configure({ method }), method);
      await done(setHttpOnly(page, method, "1"));
      expect((await stored(context, method)).httpOnly).toBe(true);
    }
  });

  test("setHttpOnlyCookie · 5. Error: the promise rejects with an HttpOnlyError and its code", async ({
    page,
    context,
    site,
  }) => {
    await refused(setHttpOnly(page, "", "1"), "name-invalid", /not empty/);
    // The endpoint's own refusal keeps its code.
    await refused(setHttpOnly(page, "better-auth.session_token", "1"), "name-invalid");
    expect(site.asked).toHaveLength(1);
    for (const status of [404, 500]) {
      await page.evaluate((path) => httponly.configure({ cookieEndpoint: path }), `/status?status=${status}`);
      const { error } = await setHttpOnly(page, "a", "1");
      expect(error).toMatchObject({
        code: "endpoint-refused",
        message: expect.stringContaining(String(status)),
      });
      expect(error?.message).not.toContain("<h1>");
    }
    await page.evaluate(() => httponly.configure({ cookieEndpoint: "/.nordcraft/cookies/set-cookie" }));
    await context.setOffline(true);
    await refused(setHttpOnly(page, "a", "1"), "network");
    await context.setOffline(false);
    expect(await context.cookies()).toEqual([]);
    await done(setHttpOnly(page, "a", "1"));
  });
});

test.describe("the endpoint, and what the browser keeps of its answer", () => {
  for (const method of METHODS)
    test(`endpoint by ${method} · Secure and HttpOnly always; SameSite and Path from the parameters`, async ({
      page,
      context,
    }) => {
      await page.evaluate((method) => httponly.configure({ method }), method);
      await done(setHttpOnly(page, "a", "1", { sameSite: "Strict", path: "/docs" }));
      expect(await stored(context, "a")).toMatchObject({
        secure: true,
        httpOnly: true,
        sameSite: "Strict",
        path: "/docs",
      });
    });

  for (const method of METHODS)
    test(`endpoint by ${method} · expiry: ttl, else the JWT's exp, 0 deletes, else the session`, async ({
      page,
      context,
    }) => {
      await page.evaluate((method) => httponly.configure({ method }), method);
      const exp = inAnHour();
      await done(setHttpOnly(page, "a", jwt({ exp }), { maxAge: 60 }));
      expect(Math.abs(left(await stored(context, "a")) - 60)).toBeLessThan(5);
      await done(setHttpOnly(page, "a", jwt({ exp })));
      expect(Math.abs((await stored(context, "a")).expires - exp)).toBeLessThan(1);
      await done(setHttpOnly(page, "a", "opaque"));
      expect(left(await stored(context, "a"))).toBe(-1);
      await done(setHttpOnly(page, "a", jwt({ exp }), { maxAge: 0 }));
      expect(await context.cookies()).toEqual([]);
    });

  test("endpoint · subdomains: Domain is the host by default, and a subdomain gets the cookie", async ({
    page,
    context,
    site,
  }) => {
    await done(setHttpOnly(page, "wide", "1"));
    await done(setHttpOnly(page, "narrow", "1", { includeSubdomains: false }));
    await done(setHttpOnly(page, "again", "1"));
    expect(site.asked.at(-1)?.headers.cookie).toBe("wide=1; narrow=1");
    await open(page, site, `deep.${HOST}`);
    await done(setHttpOnly(page, "own", "1"));
    expect(site.asked.at(-1)?.headers.cookie).toBe("wide=1; again=1");
    expect((await stored(context, "own")).domain).toBe(`.deep.${HOST}`);
    await open(page, site, "localhost");
    await done(setHttpOnly(page, "here", "1"));
    expect((await stored(context, "here")).domain).toBe("localhost");
  });

  test("endpoint · a bad parameter is 400 and sets nothing", async ({ page, context }) => {
    const answers = await page.evaluate(async () => {
      const answers: [string, number, string][] = [];
      for (const query of [
        "value=v",
        "name=&value=v",
        "name=n",
        "name=n&value=v&sameSite=Laxx",
        "name=n&value=v&path=docs",
        "name=n&value=v&ttl=soon",
      ]) {
        const response = await fetch(`/.nordcraft/cookies/set-cookie?${query}`, {
          headers: { "x-httponly": "1" },
        });
        answers.push([query, response.status, (await response.json()).error.code]);
      }
      for (const body of [
        { name: 7, value: "v" },
        { name: "n", value: 7 },
        { name: "n", value: "v", path: 7 },
      ]) {
        const response = await fetch("/.nordcraft/cookies/set-cookie", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        answers.push([JSON.stringify(body), response.status, (await response.json()).error.code]);
      }
      return answers;
    });
    expect(answers.map(([what, status]) => [what, status])).toEqual(answers.map(([what]) => [what, 400]));
    expect(answers.map(([, , code]) => code)).toEqual([
      "field-invalid",
      "name-invalid",
      "field-invalid",
      "same-site-invalid",
      "path-invalid",
      "max-age-invalid",
      "name-invalid",
      "value-invalid",
      "path-invalid",
    ]);
    expect(await context.cookies()).toEqual([]);
  });

  test("endpoint · what is no fetch of the page sets nothing: a link, a form, a frame, an image", async ({
    page,
    context,
    site,
  }) => {
    const url = `${site.at(HOST)}/.nordcraft/cookies/set-cookie?name=n&value=v`;
    await page.evaluate(async (url) => {
      const loaded = (tag: "img" | "iframe") =>
        new Promise((resolve) => {
          const element = Object.assign(document.createElement(tag), { onload: resolve, onerror: resolve });
          element.src = url;
          document.body.append(element);
        });
      await Promise.all([loaded("img"), loaded("iframe")]);
    }, url);
    await page.goto(url);
    await page.setContent(`<form method="post" action="${url}"><button>go</button></form>`);
    await Promise.all([page.waitForResponse(url), page.click("button")]);
    expect(site.asked).toHaveLength(4);
    expect(await context.cookies()).toEqual([]);
  });
});

test.describe("getHttpOnlyCookie", () => {
  const template = (page: Page, name: unknown) =>
    page.evaluate((name) => httponly.getHttpOnlyCookie(name as string), name);

  test("getHttpOnlyCookie · arguments: [name]; null for what is no name", async ({ page }) => {
    for (const name of ["", undefined, null, 7, {}, ["a"]]) expect(await template(page, name)).toBeNull();
  });

  test("getHttpOnlyCookie · returns a template, whether there is such a cookie or not", async ({ page }) => {
    for (const name of ["a", "toString", "__Host-a"])
      expect(await template(page, name)).toBe(`{{ cookies.${name} }}`);
    await setHttpOnly(page, "a", "s3cret");
    expect(await template(page, "a")).toBe("{{ cookies.a }}");
  });

  test('getHttpOnlyCookie · example: getHttpOnlyCookie("access_token")', async ({ page }) => {
    expect(await template(page, "access_token")).toBe("{{ cookies.access_token }}");
  });
});

test.describe("setSessionCookies", () => {
  const session = (page: Page, ...args: unknown[]) =>
    page.evaluate((args) => attempt(() => httponly.setSessionCookies(...(args as [string, number?]))), args);

  test("setSessionCookies · arguments: [access_token, ttl?]", async ({ page, context }) => {
    await done(session(page, "t"));
    expect(await stored(context, "access_token")).toMatchObject({ value: "t", expires: -1, secure: true });
    await done(session(page, "u", 60));
    expect((await stored(context, "access_token")).value).toBe("u");
    expect(Math.abs(left(await stored(context, "access_token")) - 60)).toBeLessThan(5);
    const exp = inAnHour();
    await done(session(page, jwt({ exp })));
    expect(Math.abs((await stored(context, "access_token")).expires - exp)).toBeLessThan(1);
    await done(session(page, "", 0));
    expect(await context.cookies()).toEqual([]);
  });

  for (const method of METHODS)
    test(`setSessionCookies by ${method} · asks the legacy path`, async ({ page, context }) => {
      await page.evaluate((method) => httponly.configure({ method }), method);
      const request = await sent(page, () => session(page, "t", 60));
      expect(new URL(request.url()).pathname).toBe("/.toddle/cookies/set-session-cookie");
      expect(request.method()).toBe(method);
      expect(fields(request)).toMatchObject({ value: "t", ttl: "60" });
      expect((await stored(context, "access_token")).httpOnly).toBe(true);
    });

  test("setSessionCookies · Success: the promise resolves", async ({ page }) => {
    await done(session(page, "t"));
  });

  test("setSessionCookies · Error: the promise rejects with an HttpOnlyError", async ({
    page,
    context,
    site,
  }) => {
    await refused(session(page, 7), "value-invalid");
    await refused(session(page, "t", -1), "max-age-invalid");
    await refused(session(page, "t", "60"), "max-age-invalid");
    expect(site.asked).toEqual([]);
    expect(await context.cookies()).toEqual([]);
  });
});

test.describe("getRequestCookies is used by", () => {
  test("getRequestCookies · the proxy, which resolves templates from them", async ({ page, site }) => {
    await setHttpOnly(page, "access_token", "a=b; c%");
    await page.evaluate(() =>
      fetch("/api/proxy/shop/me", { headers: { authorization: "Bearer {{ cookies.access_token }}" } }),
    );
    expect(site.api[0]?.headers.authorization).toBe("Bearer a=b; c%");
  });

  test("getRequestCookies · rendering on the server, where getCookie reads them", async ({ page }) => {
    await set(page, "theme", "dark = 100 %");
    await page.reload();
    expect(await page.evaluate(() => document.body.dataset.record)).toBe("dark = 100 %");
    await page.evaluate(() => httponly.deleteCookie("theme"));
    await page.reload();
    expect(await page.evaluate(() => document.body.dataset.record)).toBe("null");
  });
});

test.describe("business rules", () => {
  test("rule 1 · HttpOnly never comes without Secure", async ({ page, context }) => {
    for (const options of [{}, { maxAge: 60 }, { sameSite: "None" }, { includeSubdomains: false }]) {
      await done(setHttpOnly(page, "a", "1", options));
      await expect.poll(() => context.cookies()).not.toEqual([]);
      for (const cookie of await context.cookies())
        expect(cookie).toMatchObject({ httpOnly: true, secure: true });
    }
  });

  test("rule 2 · a template for an absent cookie becomes empty text; in Authorization it is 401 and no call", async ({
    page,
    site,
  }) => {
    const status = await page.evaluate(async () => {
      const headers = { authorization: `Bearer ${httponly.getHttpOnlyCookie("access_token")}` };
      return (await fetch("/api/proxy/shop/me", { headers })).status;
    });
    expect(status).toBe(401);
    expect(site.api).toEqual([]);
    await page.evaluate(() => fetch("/api/proxy/shop/me?token={{ cookies.access_token }}"));
    // The target takes templates in headers alone, so this is text like any other.
    expect(decodeURIComponent(site.api[0]?.url.search ?? "")).toBe("?token={{ cookies.access_token }}");
    await page.evaluate(() => fetch("/api/proxy/query/me?token={{ cookies.access_token }}"));
    expect(site.api[1]?.url.search).toBe("?token=");
  });

  test("rule 3 · a JWT without ttl lives until its exp", async ({ page, context }) => {
    const exp = inAnHour();
    await done(setHttpOnly(page, "a", jwt({ exp })));
    expect(Math.abs((await stored(context, "a")).expires - exp)).toBeLessThan(1);
  });

  test("rule 4 · ttl 0 deletes", async ({ page, context }) => {
    for (const name of ["a", "__Host-b", "__Secure-c"]) {
      await done(setHttpOnly(page, name, "1"));
      await stored(context, name);
      await done(setHttpOnly(page, name, "1", { maxAge: 0 }));
      expect(await context.cookies()).toEqual([]);
      await done(setHttpOnly(page, name, "1"));
      await done(page.evaluate((name) => attempt(() => httponly.deleteHttpOnlyCookie(name)), name));
      expect(await context.cookies()).toEqual([]);
    }
  });

  test("rule 5 · subdomains are included by default", async ({ page, context, site }) => {
    await done(set(page, "a", "1"));
    await done(setHttpOnly(page, "b", "1"));
    for (const name of ["a", "b"]) expect((await stored(context, name)).domain).toBe(`.${HOST}`);
    await open(page, site, `deep.${HOST}`);
    expect(await get(page, "a")).toBe("1");
  });

  test("rule 6 · getCookie is null inside a shadow root", async ({ page }) => {
    await set(page, "a", "1");
    const read = await page.evaluate(() => {
      const values: (string | null)[] = [];
      class Reader extends HTMLElement {
        connectedCallback() {
          const inner = this.attachShadow({ mode: "closed" }).appendChild(document.createElement("p"));
          values.push(httponly.getCookie("a", { root: inner }), httponly.getCookie("a", { root: this }));
        }
      }
      customElements.define("cookie-reader", Reader);
      document.body.append(document.createElement("cookie-reader"));
      return values;
    });
    expect(read).toEqual([null, "1"]);
  });
});

test.describe("edge cases", () => {
  test("edge · no JWT and no ttl: a session cookie", async ({ page, context }) => {
    for (const value of ["opaque", "a.b.c", "1.2"]) {
      await done(setHttpOnly(page, "a", value));
      expect(left(await stored(context, "a"))).toBe(-1);
    }
  });

  test("edge · malformed JWT: a session cookie", async ({ page, context }) => {
    await done(setHttpOnly(page, "a", jwt({ exp: inAnHour() }).replace(/\.[^.]{4}/, ".")));
    expect(left(await stored(context, "a"))).toBe(-1);
  });

  test("edge · an empty value is kept", async ({ page, context }) => {
    await done(set(page, "a", ""));
    await done(setHttpOnly(page, "b", ""));
    for (const name of ["a", "b"]) expect((await stored(context, name)).value).toBe("");
    expect(await get(page, "a")).toBe("");
  });

  for (const method of METHODS)
    test(`edge · special characters reach the endpoint by ${method} and come back unharmed`, async ({
      page,
      context,
    }) => {
      await page.evaluate((method) => httponly.configure({ method }), method);
      for (const value of VALUES) {
        const request = await sent(page, () => setHttpOnly(page, "a", value));
        expect(fields(request).value).toBe(value);
        expect(decodeURIComponent((await stored(context, "a")).value)).toBe(value);
      }
    });
});
