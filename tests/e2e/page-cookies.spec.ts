// What the specification's rows do not speak of: prefixes, partitions, scopes of deletion, cookies that are blocked, http
// without TLS, content security policies, and several tabs. In a real browser, judged by what it stored.
import { type BrowserContext, expect, type Page } from "@playwright/test";
import type { CookieOptions } from "httponly";
import { type Outcome, type Site, test } from "./bare.ts";

/** A host whose subdomains Chromium finds on this machine, and takes for as safe as https. */
const HOST = "app.my.localhost";

async function open(page: Page, site: Site, host = HOST, path = "/"): Promise<void> {
  await page.goto(site.at(host) + path);
  await page.waitForFunction(() => typeof attempt === "function");
}

const set = (page: Page, name: string, value: string, options?: CookieOptions): Promise<Outcome> =>
  page.evaluate(([name, value, options]) => attempt(() => httponly.setCookie(name, value, options)), [
    name,
    value,
    options,
  ] as const);

const remove = (page: Page, name: string, options?: CookieOptions): Promise<Outcome> =>
  page.evaluate(([name, options]) => attempt(() => httponly.deleteCookie(name, options)), [
    name,
    options,
  ] as const);

const get = (page: Page, name: string) => page.evaluate((name) => httponly.getCookie(name), name);

const DONE = { value: undefined };
const refused = (code: string) => ({ error: expect.objectContaining({ code }) });

const names = async (context: BrowserContext) =>
  (await context.cookies()).map(({ name, domain }) => `${name} ${domain}`).sort();

test.describe("name prefixes", () => {
  for (const prefix of ["__Host-", "__host-", "__Secure-", "__SECURE-"])
    test(`${prefix} gets what the browser demands of it, and is deleted again`, async ({
      page,
      context,
      site,
    }) => {
      await open(page, site);
      expect(await set(page, `${prefix}a`, "1")).toEqual(DONE);
      const host = prefix.toLowerCase() === "__host-";
      expect(await context.cookies()).toMatchObject([
        { name: `${prefix}a`, secure: true, path: "/", domain: host ? HOST : `.${HOST}` },
      ]);
      expect(await get(page, `${prefix}a`)).toBe("1");
      expect(await remove(page, `${prefix}a`)).toEqual(DONE);
      expect(await context.cookies()).toEqual([]);
    });

  const broken: [string, CookieOptions][] = [
    ["__Host-a", { path: "/docs" }],
    ["__Host-a", { domain: HOST }],
    ["__Host-a", { domain: "my.localhost" }],
    ["__Host-a", { secure: false }],
    ["__Secure-a", { secure: false }],
    ["__Http-a", {}],
    ["__Host-Http-a", {}],
    ["__http-a", { secure: true }],
  ];
  for (const [name, options] of broken)
    test(`${name} with ${JSON.stringify(options)} is refused before the write`, async ({
      page,
      context,
      site,
    }) => {
      await open(page, site);
      expect(await set(page, name, "1", options)).toEqual(refused("prefix-violated"));
      expect(await context.cookies()).toEqual([]);
    });

  test("the endpoint keeps the prefixes' rules too", async ({ page, context, site }) => {
    await open(page, site);
    const results = await page.evaluate(async () => [
      await attempt(() => httponly.setHttpOnlyCookie("__Host-a", "1")),
      await attempt(() => httponly.setHttpOnlyCookie("__Secure-b", "1")),
      await attempt(() => httponly.setHttpOnlyCookie("__Http-c", "1")),
    ]);
    expect(results.slice(0, 2)).toEqual([DONE, DONE]);
    expect(results[2]?.error).toBeDefined();
    expect(await names(context)).toEqual([`__Host-a ${HOST}`, `__Secure-b .${HOST}`]);
  });
});

test.describe("domains", () => {
  test("a parent domain is shared with the siblings", async ({ page, context, site }) => {
    await open(page, site);
    expect(await set(page, "a", "1", { domain: "my.localhost" })).toEqual(DONE);
    expect(await names(context)).toEqual(["a .my.localhost"]);
    await open(page, site, "api.my.localhost");
    expect(await get(page, "a")).toBe("1");
    expect(await remove(page, "a", { domain: "my.localhost" })).toEqual(DONE);
    expect(await context.cookies()).toEqual([]);
  });

  for (const domain of [
    "other.localhost",
    "y.localhost",
    `deep.${HOST}`,
    "localhost",
    "",
    "a b",
    "my.localhost/",
  ])
    test(`the domain "${domain}" is refused before the write`, async ({ page, context, site }) => {
      await open(page, site);
      expect(await set(page, "a", "1", { domain })).toEqual(refused("domain-invalid"));
      expect(await context.cookies()).toEqual([]);
    });

  test("a public suffix is nothing that rules can know: the browser keeps nothing, and that is told", async ({
    page,
    context,
    site,
  }) => {
    await open(page, site, "www.shop.co.uk");
    expect(await set(page, "a", "1", { domain: "co.uk" })).toEqual(refused("not-stored"));
    expect(await set(page, "a", "1", { domain: "shop.co.uk" })).toEqual(DONE);
    expect(await names(context)).toEqual(["a .shop.co.uk"]);
  });

  for (const host of ["localhost", "127.0.0.1"])
    test(`on ${host}, where Domain gains nothing, the cookie is host-only`, async ({
      page,
      context,
      site,
    }) => {
      await open(page, site, host);
      expect(await set(page, "a", "1", { includeSubdomains: true })).toEqual(DONE);
      const sealed = await page.evaluate(() => attempt(() => httponly.setHttpOnlyCookie("b", "1")));
      expect(sealed).toEqual(DONE);
      expect(await names(context)).toEqual([`a ${host}`, `b ${host}`]);
    });
});

test.describe("deleteCookie", () => {
  test("takes the host-only and the Domain cookie, partitioned or not", async ({ page, context, site }) => {
    await open(page, site);
    for (const includeSubdomains of [true, false])
      for (const partitioned of [true, false])
        expect(await set(page, "a", "1", { includeSubdomains, partitioned })).toEqual(DONE);
    expect(await names(context)).toEqual([`a .${HOST}`, `a .${HOST}`, `a ${HOST}`, `a ${HOST}`]);
    expect(await remove(page, "a")).toEqual(DONE);
    expect(await context.cookies()).toEqual([]);
    expect(await get(page, "a")).toBeNull();
  });

  test("with includeSubdomains false takes the host-only one alone, and tells that one is left", async ({
    page,
    context,
    site,
  }) => {
    await open(page, site);
    await set(page, "a", "1", { includeSubdomains: true });
    await set(page, "a", "2", { includeSubdomains: false });
    expect(await remove(page, "a", { includeSubdomains: false })).toEqual(refused("not-stored"));
    expect(await names(context)).toEqual([`a .${HOST}`]);
  });

  test("takes a cookie of a path by that path only", async ({ page, context, site }) => {
    await open(page, site, HOST, "/docs/page");
    await set(page, "a", "1", { path: "/docs" });
    expect(await remove(page, "a")).toEqual(refused("not-stored"));
    expect(await context.cookies()).toHaveLength(1);
    expect(await remove(page, "a", { path: "/docs" })).toEqual(DONE);
    expect(await context.cookies()).toEqual([]);
  });

  test("of what is not there does nothing, and no other cookie goes", async ({ page, context, site }) => {
    await open(page, site);
    await set(page, "ab", "1");
    expect(await remove(page, "a")).toEqual(DONE);
    expect(await names(context)).toEqual([`ab .${HOST}`]);
  });

  test("cannot take an HttpOnly cookie, which stays", async ({ page, context, site }) => {
    await open(page, site);
    await page.evaluate(() => httponly.setHttpOnlyCookie("a", "1"));
    await remove(page, "a");
    expect(await names(context)).toEqual([`a .${HOST}`]);
    expect(await set(page, "a", "2")).toEqual(refused("not-stored"));
    expect((await context.cookies())[0]?.value).toBe("1");
  });
});

test("the document's text is read as it is: only a request's header is one character a byte", async ({
  page,
  site,
}) => {
  await open(page, site);
  await page.evaluate(() => {
    document.cookie = "a=\u00c3\u00bc";
  });
  expect(await get(page, "a")).toBe("\u00c3\u00bc");
  expect(await page.evaluate(() => httponly.getCookie("a", { cookies: "a=\u00c3\u00bc" }))).toBe("ü");
  expect(await get(page, "a")).toBe("\u00c3\u00bc");
});

test("a patched document.cookie that throws, however often, breaks nothing", async ({ page, site }) => {
  await open(page, site);
  await page.evaluate(() => {
    const refuse = () => {
      throw new Error("no consent");
    };
    Object.defineProperty(document, "cookie", { configurable: true, get: () => "", set: refuse });
  });
  for (let i = 0; i < 20; i++) expect(await set(page, "a", "1")).toEqual(refused("no-document"));
  await page.evaluate(() => {
    Reflect.deleteProperty(document, "cookie");
  });
  expect(await set(page, "a", "1")).toEqual(DONE);
  expect(await get(page, "a")).toBe("1");
});

test.describe("verify", () => {
  test("false does not look whether the browser kept the cookie", async ({ page, context, site }) => {
    await open(page, site);
    await page.evaluate(() => httponly.setHttpOnlyCookie("a", "1"));
    expect(await set(page, "a", "2", { verify: false })).toEqual(DONE);
    expect(await context.cookies()).toMatchObject([{ value: "1" }]);
    expect(await set(page, "b", "1", { verify: false })).toEqual(DONE);
    expect(await get(page, "b")).toBe("1");
  });

  test("false lets no refusal through that is known before the write", async ({ page, context, site }) => {
    await open(page, site);
    expect(await set(page, "a;b", "1", { verify: false })).toEqual(refused("name-invalid"));
    expect(await set(page, "a", "1", { domain: "other.localhost", verify: false })).toEqual(
      refused("domain-invalid"),
    );
    expect(await context.cookies()).toEqual([]);
  });

  test("finds the cookie among others of its name", async ({ page, site }) => {
    await open(page, site);
    await set(page, "a", "1", { includeSubdomains: false });
    expect(await set(page, "a", "2", { includeSubdomains: true })).toEqual(DONE);
    expect(await get(page, "a")).toBe("1");
  });
});

test.describe("http without TLS", () => {
  test("takes an ordinary cookie, and none that needs Secure", async ({ page, context, site }) => {
    await open(page, site, "www.shop.example");
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    expect(await set(page, "a", "1")).toEqual(DONE);
    const cases: [string, CookieOptions, string][] = [
      ["b", { sameSite: "None" }, "same-site-insecure"],
      ["b", { partitioned: true }, "partitioned-insecure"],
      ["b", { secure: true }, "not-stored"],
      ["__Host-b", {}, "prefix-violated"],
      ["__Secure-b", {}, "prefix-violated"],
    ];
    for (const [name, options, code] of cases)
      expect(await set(page, name, "1", options), JSON.stringify(options)).toEqual(refused(code));
    expect(await names(context)).toEqual(["a .www.shop.example"]);
    expect(await remove(page, "a")).toEqual(DONE);
    expect(await context.cookies()).toEqual([]);
  });

  test("cannot carry an HttpOnly cookie, which is told before anything is sent", async ({
    page,
    context,
    site,
  }) => {
    await open(page, site, "www.shop.example");
    const outcome = await page.evaluate(() => attempt(() => httponly.setHttpOnlyCookie("a", "1")));
    expect(outcome).toEqual(refused("not-stored"));
    expect(site.asked).toEqual([]);
    expect(await context.cookies()).toEqual([]);
  });
});

test("a partitioned cookie lies in the jar of its top-level site", async ({ page, context, site }) => {
  await open(page, site);
  expect(await set(page, "a", "1", { partitioned: true })).toEqual(DONE);
  expect(await context.cookies()).toMatchObject([
    { name: "a", secure: true, partitionKey: expect.stringContaining("localhost") },
  ]);
});

test("a sandboxed frame has no cookies: getCookie is null, and setCookie says so", async ({
  page,
  context,
  site,
}) => {
  await open(page, site);
  await set(page, "a", "1");
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const frame = document.createElement("iframe");
        frame.setAttribute("sandbox", "allow-scripts");
        frame.onload = resolve;
        frame.src = "/frame";
        document.body.append(frame);
      }),
  );
  const frame = page.frames()[1];
  if (!frame) throw new Error("there is no frame");
  await frame.waitForFunction(() => typeof attempt === "function");
  expect(await frame.evaluate(() => httponly.getCookie("a"))).toBeNull();
  expect(await frame.evaluate(() => httponly.getCookie("a", { cookies: "a=2" }))).toBe("2");
  expect(await frame.evaluate(() => attempt(() => httponly.setCookie("b", "1")))).toEqual(
    refused("no-document"),
  );
  expect(await frame.evaluate(() => attempt(() => httponly.deleteCookie("a")))).toEqual(
    refused("no-document"),
  );
  expect(await frame.evaluate(() => attempt(() => httponly.setHttpOnlyCookie("b", "1")))).toEqual(
    refused("network"),
  );
  expect(await names(context)).toEqual([`a .${HOST}`]);
});

test("a browser that blocks all cookies: setCookie says not-stored, and getCookie is null", async ({
  page,
  context,
  site,
}) => {
  const devtools = await context.newCDPSession(page);
  await open(page, site);
  await set(page, "before", "1");
  await devtools.send("Emulation.setDocumentCookieDisabled", { disabled: true });
  expect(await get(page, "before")).toBeNull();
  expect(await set(page, "a", "1")).toEqual(refused("not-stored"));
  await devtools.send("Emulation.setDocumentCookieDisabled", { disabled: false });
  expect(await get(page, "before")).toBe("1");
  expect(await names(context)).toEqual([`before .${HOST}`]);
});

test("configure changes what is named, and nothing that is undefined", async ({ page, site }) => {
  await open(page, site);
  const ask = () => page.evaluate(() => attempt(() => httponly.setHttpOnlyCookie("a", "1")));
  await page.evaluate(() => httponly.configure({ cookieEndpoint: "/.toddle/cookies/set-cookie" }));
  await page.evaluate(() => httponly.configure({ cookieEndpoint: undefined, method: undefined }));
  expect(await ask()).toEqual(DONE);
  expect(site.asked.at(-1)).toMatchObject({ method: "POST" });
  expect(site.asked.at(-1)?.url.pathname).toBe("/.toddle/cookies/set-cookie");
});

test("an endpoint that answers with a page is none: a fallback for unknown paths, or a sign-in page", async ({
  page,
  context,
  site,
}) => {
  await open(page, site);
  const ask = (path: string) =>
    page.evaluate((cookieEndpoint) => {
      httponly.configure({ cookieEndpoint });
      return attempt(() => httponly.setHttpOnlyCookie("a", "1"));
    }, path);
  expect(await ask("/elsewhere")).toMatchObject({
    error: {
      code: "endpoint-refused",
      message: expect.stringMatching(
        /^the endpoint refused: a page of HTML, status 200: mount `cookieEndpoint`/,
      ),
    },
  });
  expect(await ask("/status?status=200&type=Text/HTML")).toEqual(refused("endpoint-refused"));
  for (const answer of ["type=text/plain", "body=", "type=application/json&body={}"])
    expect(await ask(`/status?status=200&${answer}`)).toEqual(DONE);
  expect(await context.cookies()).toEqual([]);
});

test("two tabs see each other's cookies at once, in both directions", async ({ page, context, site }) => {
  const other = await context.newPage();
  for (const tab of [page, other]) await open(tab, site);
  await set(page, "a", "1");
  expect(await get(other, "a")).toBe("1");
  await set(other, "a", "2");
  expect(await get(page, "a")).toBe("2");
  await remove(page, "a");
  expect(await get(other, "a")).toBeNull();
  expect(await set(other, "a", "3", { maxAge: 0 })).toEqual(DONE);
  expect(await context.cookies()).toEqual([]);
});

test.describe("content security policies", () => {
  /** What the page's own script saw: the tests' way of calling would be let through by any policy. */
  async function results(page: Page, site: Site, policy: string) {
    await page.goto(`${site.at(HOST)}/?csp=${encodeURIComponent(policy)}`);
    const html = page.locator("html[data-results]");
    return JSON.parse((await html.getAttribute("data-results")) ?? "") as Record<string, Outcome | string[]>;
  }

  test("the strictest that allows wasm: everything works, and nothing is violated", async ({
    page,
    context,
    site,
  }) => {
    const policy =
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    expect(await results(page, site, policy)).toEqual({
      getHttpOnlyCookie: { value: "{{ cookies.access_token }}" },
      setCookie: {},
      getCookie: { value: "1" },
      deleteCookie: {},
      setHttpOnlyCookie: {},
      violations: [],
    });
    expect(await names(context)).toEqual([`sealed .${HOST}`]);
  });

  test("without 'wasm-unsafe-eval': HttpOnlyError wasm-blocked says what is missing, and getHttpOnlyCookie works", async ({
    page,
    context,
    site,
  }) => {
    const { violations, getHttpOnlyCookie, ...others } = await results(
      page,
      site,
      "default-src 'none'; script-src 'self'; connect-src 'self'",
    );
    expect(getHttpOnlyCookie).toEqual({ value: "{{ cookies.access_token }}" });
    const rule = 'WebAssembly is refused here; a page can import "httponly/fallback"';
    // The browser's own reason stands behind the rule.
    const message = expect.stringMatching(
      /^WebAssembly is refused here.*"httponly\/fallback": CompileError: .*Content Security Policy/is,
    );
    const blocked = { error: { code: "wasm-blocked", rule, message } };
    expect(others).toEqual({
      setCookie: blocked,
      getCookie: blocked,
      deleteCookie: blocked,
      setHttpOnlyCookie: blocked,
    });
    expect(new Set(violations as string[])).toEqual(new Set(["script-src"]));
    expect(site.asked).toEqual([]);
    expect(await context.cookies()).toEqual([]);
  });
});
