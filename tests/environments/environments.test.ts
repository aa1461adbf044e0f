/**
 * The quick part of the environments: where the twins run, and test runners' page environments.
 *
 * @module
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSERS, type Browser } from "../attack/browsers.ts";
import { pageFiles } from "./pages.mjs";
import { project, run } from "./project.mjs";
import { ROWS } from "./rows.mjs";
import { startUpstream } from "./upstream.mjs";

for (const { name, run: works } of ROWS.filter(({ quick }) => quick))
  test(`${name}: the full check`, async () => {
    const upstream = await startUpstream();
    try {
      await works?.(upstream);
    } finally {
      await upstream.close();
    }
  });

/** What a page says of its calls. */
interface Said {
  kept: string | null;
  gone: string | null;
  code?: string;
  message?: string;
}

/** Pages under a policy that allows the page's own scripts, and no more. */
async function servePages(files: Record<string, string>, policy: string): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const script = files[pathname.slice(1)];
    if (pathname === "/.nordcraft/cookies/set-cookie") return response.writeHead(200).end();
    if (script !== undefined)
      return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    const name = pathname.slice(1) || "page";
    response
      .writeHead(200, { "content-type": "text/html", "content-security-policy": policy })
      .end(`<!doctype html><script type="module" src="/${name}.js"></script>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

describe.each(Object.keys(BROWSERS))("a page in %s", (name) => {
  let browser: Browser;
  let files: Record<string, string>;
  beforeAll(async () => {
    browser = await (BROWSERS[name] as () => Promise<Browser>)();
    files = await pageFiles();
  });
  afterAll(() => browser?.close());

  async function visit(path: string, policy: string): Promise<Said> {
    const server = await servePages(files, policy);
    const profile = await browser.profile();
    try {
      const tab = await profile.tab();
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
      return await tab.run(async () => {
        const page = globalThis as unknown as { said?: Promise<Said> };
        for (let left = 100; !page.said && left > 0; left--)
          await new Promise((done) => setTimeout(done, 20));
        return (await page.said) as Said;
      }, undefined);
    } finally {
      await profile.close();
      server.closeAllConnections();
      server.close();
    }
  }

  const WORKS = { kept: "dark blue", gone: null, account: "ok" };

  test.each(["before", "after", "split"])(
    "under script-src 'self' works with httponly/fallback, imported %s",
    async (kind) => {
      expect(await visit(kind, "default-src 'self'; script-src 'self'")).toEqual(WORKS);
    },
  );

  test("under script-src 'self' without it: wasm-blocked names it, and tells the browser's own reason", async () => {
    const { code, message } = await visit("plain", "default-src 'self'; script-src 'self'");
    expect(code).toBe("wasm-blocked");
    expect(message).toMatch(/"httponly\/fallback": \w*Error: ./);
  });

  test("works with 'wasm-unsafe-eval', and under Trusted Types", async () => {
    const policy =
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'";
    expect(await visit("plain", policy)).toEqual(WORKS);
  });
});

test("Parcel bundles a page and the server without a setting", () => {
  const folder = project(
    "parcel",
    { parcel: "2.16.4" },
    {
      "index.html": `<script type="module" src="./page.js"></script>`,
      "page.js": `import { getCookie, setHttpOnlyCookie } from "httponly";
import "httponly/fallback";
globalThis.use = [getCookie, setHttpOnlyCookie];`,
      "server.js": `import { parseSetCookie } from "httponly/server";
console.log(parseSetCookie("a=1; Max-Age=99999999999").maxAge);`,
      "package.json": {
        targets: {
          page: { source: "index.html" },
          server: {
            source: "server.js",
            context: "node",
            includeNodeModules: true,
            outputFormat: "esmodule",
          },
        },
      } as never,
    },
  );
  run(join(folder, "node_modules/.bin/parcel"), ["build", "--no-cache", "--no-source-maps"], { cwd: folder });
  expect(run(process.execPath, [join(folder, "dist/server/server.js")]).trim()).toBe("34560000");
});

const PAGE_TEST = `import { expect, test } from "vitest";
import { deleteCookie, getCookie, setCookie } from "httponly";
import { parseSetCookie } from "httponly/server";
test("cookies", () => {
  setCookie("theme", "dark blue");
  expect(getCookie("theme")).toBe("dark blue");
  deleteCookie("theme");
  expect(getCookie("theme")).toBe(null);
  expect(parseSetCookie("a=1; Max-Age=99999999999").maxAge).toBe(34560000);
});
`;

test.each(["jsdom", "happy-dom"])("vitest with %s: cookies are set, read and deleted", (environment) => {
  const folder = project(
    "runners",
    { vitest: "4.1.12", jsdom: "29.1.1", "happy-dom": "21.0.4" },
    { "page.test.js": PAGE_TEST },
  );
  run(join(folder, "node_modules/.bin/vitest"), ["run", "--environment", environment], { cwd: folder });
});
