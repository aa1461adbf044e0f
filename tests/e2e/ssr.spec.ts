import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect as baseExpect, test as baseTest } from "@playwright/test";
import { build } from "esbuild";
import { getCookie } from "httponly";
import { getRequestCookies } from "httponly/server";
import { expect, hydrated, listed, test } from "./fixtures.ts";

test("a cookie is rendered during SSR, with the same answer in the page", async ({ page, open }) => {
  await open();
  await expect(page.getByTestId("greeting")).toHaveText("Hello, visitor.");
  await page.getByLabel("Your name").fill('Zoë "=%" 🍪');
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByTestId("greeting")).toHaveText('Hello, Zoë "=%" 🍪.');
  await expect(listed(page, "visitor")).toContainText('Zoë "=%" 🍪');

  const html = await (await page.request.get("/")).text();
  expect(html.replaceAll("&quot;", '"')).toContain('Hello, Zoë "=%" 🍪.');
  await page.reload();
  await hydrated(page);
  await expect(page.getByTestId("ssr-value")).toHaveText(JSON.stringify('Zoë "=%" 🍪'));
  await expect(page.getByTestId("page-value")).toHaveText(JSON.stringify('Zoë "=%" 🍪'));
});

test("nothing flickers: the greeting and the theme are right from the first paint to the last", async ({
  page,
  open,
}) => {
  await open();
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.getByText("dark", { exact: true }).click();
  await expect(listed(page, "theme")).toContainText("dark");

  await page.addInitScript(() => {
    const seen = { greetings: new Set<string>(), themes: new Set<string>() };
    Object.assign(window, { seen: () => ({ greetings: [...seen.greetings], themes: [...seen.themes] }) });
    const look = () => {
      const greeting = document.querySelector("[data-testid=greeting]")?.textContent;
      if (greeting) seen.greetings.add(greeting);
      const theme = document.documentElement?.dataset.theme;
      if (theme) seen.themes.add(theme);
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  });
  await page.reload();
  await hydrated(page);
  const seen = await page.evaluate(() =>
    (window as unknown as { seen: () => { greetings: string[]; themes: string[] } }).seen(),
  );
  expect(seen).toEqual({ greetings: ["Hello, Ada."], themes: ["dark"] });
});

baseTest.describe("getCookie gives the same answer during SSR and in a page of its own", () => {
  let server: Server;
  let origin: string;
  let given: string[] = [];

  baseTest.beforeAll(async () => {
    const bundled = await build({
      stdin: {
        contents: `import * as httponly from "httponly"; window.httponly = httponly;`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      format: "iife",
      write: false,
    });
    const script = bundled.outputFiles[0]?.text ?? "";
    server = createServer((request, response) => {
      if (request.url === "/script.js") {
        response.setHeader("content-type", "text/javascript; charset=utf-8");
        return response.end(script);
      }
      const name = new URL(request.url ?? "", "http://page").searchParams.get("name") ?? "";
      const cookies = request.headers.cookie ?? "";
      const answers = {
        header: getCookie(name, { cookies }),
        record: getCookie(name, { cookies: getRequestCookies(cookies) }),
      };
      response.setHeader("content-type", "text/html; charset=utf-8");
      if (given.length > 0) response.setHeader("set-cookie", given);
      const json = JSON.stringify(answers).replaceAll("<", "\\u003c");
      response.end(
        `<!doctype html><script id="ssr" type="application/json">${json}</script><script src="/script.js"></script>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });

  baseTest.beforeEach(() => {
    given = [];
  });

  baseTest.afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  type Page = import("@playwright/test").Page;
  const answers = async (page: Page, name: string) =>
    page.evaluate((name) => {
      const { httponly } = window as unknown as { httponly: typeof import("httponly") };
      const ssr = JSON.parse(document.getElementById("ssr")?.textContent ?? "null");
      return { ...ssr, page: httponly.getCookie(name) } as Record<
        "header" | "record" | "page",
        string | null
      >;
    }, name);

  const written: [title: string, name: string, value: string][] = [
    ["a value with =", "a", "b=c==d="],
    ["a value in quotes", "a", '"quoted"'],
    ["a value with %", "a", "100 % %41 %zz %"],
    ["a value with ü", "a", "grün"],
    ["a value with an emoji", "a", "🍪 a\u200db"],
    ["a value with ; and ,", "a", "a; b=c, d"],
    ["a value with spaces at its ends", "a", "  a  "],
    ["an empty value", "a", ""],
    ["a value with + and /", "a", "a+b/c"],
    ["the name toString", "toString", "1"],
    ["the name __proto__", "__proto__", "1"],
    ["the name constructor", "constructor", "1"],
    ["a name of all token characters", "!#$&'*+-.^_`|~", "1"],
    ["a name with %", "a%20b", "1"],
  ];
  for (const [title, name, value] of written)
    baseTest(`written by setCookie: ${title}`, async ({ page }) => {
      await page.goto(`${origin}/?name=${encodeURIComponent(name)}`);
      await page.evaluate(
        ([name, value]) =>
          (window as unknown as { httponly: typeof import("httponly") }).httponly.setCookie(name, value),
        [name, value] as const,
      );
      await page.reload();
      baseExpect(await answers(page, name)).toEqual({ header: value, record: value, page: value });
    });

  const foreign: [title: string, line: string, name: string][] = [
    ["a value in quotes", 'a="quoted"', "a"],
    ["a value that does not decode", "a=%zz%41", "a"],
    ["a value that decodes to bytes that are no UTF-8", "a=%ff", "a"],
    ["a value with =", "a=b=c", "a"],
    ["a value with spaces and commas", "a=b, c d", "a"],
    ["a nameless cookie", "alone", ""],
    ["an encoded line break", "a=b%0D%0Ac", "a"],
    ["a name with spaces", "a b=c", "a b"],
    ["an absent name next to toString", "b=c", "toString"],
    ["an absent name next to __proto__", "b=c", "__proto__"],
  ];
  for (const [title, line, name] of foreign)
    baseTest(`written by another server: ${title}`, async ({ page }) => {
      given = [line];
      await page.goto(origin);
      given = [];
      await page.goto(`${origin}/?name=${encodeURIComponent(name)}`);
      const { header, record, page: here } = await answers(page, name);
      baseExpect({ header, record }).toEqual({ header: here, record: here });
    });

  // Node gives header bytes as Latin-1, browsers read cookies as UTF-8. setCookie writes ASCII only, so this concerns
  // cookies that others wrote raw.
  baseTest("written by another script: raw UTF-8", async ({ page }) => {
    await page.goto(`${origin}/?name=a`);
    await page.evaluate(() => {
      document.cookie = "a=grün 🍪";
    });
    await page.reload();
    baseExpect(await answers(page, "a")).toEqual({ header: "grün 🍪", record: "grün 🍪", page: "grün 🍪" });
  });
});
