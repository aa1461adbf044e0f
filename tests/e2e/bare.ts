/**
 * A bare site for tests: pages that hold nothing but the built package, the cookie endpoint, a proxy and an API. One
 * server answers under every name that the browser is told to find on this machine.
 *
 * @module
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { test as base } from "@playwright/test";
import { build } from "esbuild";
import { getCookie } from "httponly";
import { apiProxy, cookieEndpoint, getRequestCookies } from "httponly/server";
import config from "../../playwright.config.ts";
import { listener } from "../js/support/node.ts";
import { serve } from "./servers.ts";

/** What became of a call: its value, or the HttpOnlyError that it threw. */
export interface Outcome {
  value?: unknown;
  error?: { code: string; message: string; rule?: string };
}

declare global {
  /** The package, as the page's script imported it. */
  var httponly: typeof import("httponly");
  /** Makes a call, waits for it, and tells what became of it. */
  var attempt: (call: () => unknown) => Promise<Outcome>;
}

/** A request as it reached the site. */
export interface Seen {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
}

export interface Site {
  /** The site's origin under a host name. */
  at(host: string): string;
  /** What reached the cookie endpoint. */
  asked: Seen[];
  /** What reached the API behind the proxy. */
  api: Seen[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const ENTRY = `
import * as httponly from "httponly";
globalThis.httponly = httponly;
globalThis.attempt = async (call) => {
  try {
    const value = await call();
    return { value };
  } catch (thrown) {
    if (!(thrown instanceof httponly.HttpOnlyError) || thrown.name !== "HttpOnlyError") throw thrown;
    const { code, message, rule } = thrown;
    return { error: { code, message, rule } };
  }
};
`;
// What a page whose policy forbids evaluation can still be asked: its own script tries everything.
const PROBE = `
${ENTRY}
globalThis.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
const results = {};
for (const [name, call] of Object.entries({
  getHttpOnlyCookie: () => httponly.getHttpOnlyCookie("access_token"),
  setCookie: () => httponly.setCookie("a", "1"),
  getCookie: () => httponly.getCookie("a"),
  deleteCookie: () => httponly.deleteCookie("a"),
  setHttpOnlyCookie: () => httponly.setHttpOnlyCookie("sealed", "1"),
}))
  results[name] = await attempt(call);
results.violations = violations;
document.documentElement.dataset.results = JSON.stringify(results);
`;

/** The scripts of the pages, by path. */
async function bundle(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { page: "virtual:page", probe: "virtual:probe" },
    plugins: [
      {
        name: "pages",
        setup(build) {
          build.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path, namespace: "pages" }));
          build.onLoad({ filter: /./, namespace: "pages" }, ({ path }) => ({
            contents: path === "virtual:probe" ? PROBE : ENTRY,
            resolveDir: ROOT,
          }));
        },
      },
    ],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
    logLevel: "error",
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

const quoted = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

export const test = base.extend<{ clean: undefined }, { site: Site }>({
  launchOptions: [
    {
      ...config.use?.launchOptions,
      args: [
        ...(config.use?.launchOptions?.args ?? []),
        "--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.co.uk 127.0.0.1",
      ],
    },
    { scope: "worker" },
  ],
  site: [
    async ({}, use) => {
      const scripts = await bundle();
      const asked: Seen[] = [];
      const api: Seen[] = [];
      const seen = (request: IncomingMessage): Seen => ({
        method: request.method ?? "",
        url: new URL(request.url ?? "/", `http://${request.headers.host}`),
        headers: request.headers,
      });
      const upstream = await serve((request, response) => {
        api.push(seen(request));
        response.end("ok");
      });
      const url = `http://127.0.0.1:${upstream.port}`;
      const cookies = listener(cookieEndpoint());
      const proxy = listener(
        apiProxy({
          targets: {
            shop: { url, cookies: ["access_token"] },
            query: { url, cookies: ["access_token"], templates: ["query"] },
          },
        }),
      );
      const web = await serve((request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? "/", "http://site");
        if (/^\/\.(nordcraft|toddle)\//.test(pathname)) {
          asked.push(seen(request));
          return cookies(request, response);
        }
        if (pathname.startsWith("/api/proxy/")) return proxy(request, response);
        const script = scripts.get(pathname);
        if (script !== undefined) {
          // A sandboxed frame has an origin of its own.
          response.setHeader("access-control-allow-origin", "*");
          response.setHeader("content-type", "text/javascript; charset=utf-8");
          return response.end(script);
        }
        if (pathname === "/status") {
          const type = searchParams.get("type") ?? "text/html; charset=utf-8";
          response.writeHead(Number(searchParams.get("status")), { "content-type": type });
          return response.end(searchParams.get("body") ?? "<h1>Not what you look for</h1>");
        }
        const policy = searchParams.get("csp");
        if (policy !== null) response.setHeader("content-security-policy", policy);
        response.setHeader("content-type", "text/html; charset=utf-8");
        // What a server renders: the cookie of the request, read from the header and from the record.
        const header = request.headers.cookie ?? "";
        const theme = getCookie("theme", { cookies: header });
        const record = getCookie("theme", { cookies: getRequestCookies(header) });
        return response.end(`<!doctype html><title>bare</title>
<body data-header="${quoted(String(theme))}" data-record="${quoted(String(record))}">
<script type="module" src="${policy === null ? "/page.js" : "/probe.js"}"></script>`);
      });
      await use({ at: (host) => `http://${host}:${web.port}`, asked, api });
      web.close();
      upstream.close();
    },
    { scope: "worker" },
  ],
  clean: [
    async ({ site }, use) => {
      site.asked.length = 0;
      site.api.length = 0;
      await use(undefined);
    },
    { auto: true },
  ],
});
