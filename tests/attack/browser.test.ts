import { readFileSync } from "node:fs";
import { safeRedirect } from "httponly/server";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import base from "../../playwright.config.ts";
import { FRAMEWORKS } from "./apps.ts";
import { SECRETS } from "./rows.ts";
import { start, type World } from "./world.ts";

/** Milliseconds that something that must not run is given to run. */
const PATIENCE = 700;

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch(base.use?.launchOptions ?? {});
});
afterAll(async () => {
  await browser.close();
});

/** A script that says that it runs; BEACON is an address that the test watches. */
const SCRIPT = 'fetch("BEACON",{mode:"no-cors"});';
const HTML = `<!doctype html><p>upstream</p><script>${SCRIPT}</script>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><script>${SCRIPT}</script></svg>`;
const XHTML = `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>${SCRIPT}</script></body></html>`;
const XSL = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output method="html"/><xsl:template match="/"><html><body><script>${SCRIPT}</script></body></html></xsl:template></xsl:stylesheet>`;
const PDF = `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\("BEACON"\\))>>>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>`;

/** What the upstream sends. Those marked run where no proxy stands before it, which shows that the test would see it. */
const DOCUMENTS: [name: string, type: string | undefined, body: string, runs?: true][] = [
  ["HTML with a script", "text/html", HTML, true],
  ["HTML with an event handler", "text/html", `<img src=x onerror='${SCRIPT}'>`, true],
  ["HTML with a module", "text/html", `<script type=module>${SCRIPT}</script>`, true],
  ["HTML with a javascript: frame", "text/html", `<iframe src='javascript:${SCRIPT}'></iframe>`, true],
  [
    "HTML with a frame of its own",
    "text/html",
    `<iframe srcdoc='<script>${SCRIPT}</script>'></iframe>`,
    true,
  ],
  ["HTML that refreshes", "text/html", '<meta http-equiv=refresh content="0;url=BEACON">', true],
  [
    "HTML with a form that sends itself",
    "text/html",
    `<form action="BEACON"><input name=a></form><script>document.forms[0].submit()</script>`,
    true,
  ],
  ["HTML in UTF-7", "text/html;charset=utf-7", `+ADw-script+AD4-${SCRIPT}+ADw-/script+AD4-`],
  ["HTML without a type", undefined, HTML, true],
  ["HTML as text", "text/plain", HTML],
  ["HTML as JSON", "application/json", HTML],
  ["HTML as a type of nobody's", "x/y", HTML],
  ["XHTML", "application/xhtml+xml", XHTML, true],
  ["XML with a script of XHTML", "text/xml", XHTML, true],
  ["SVG", "image/svg+xml", SVG, true],
  [
    "XML with XSLT",
    "text/xml",
    '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="?xsl"?><a/>',
    true,
  ],
  [
    "parts of which one is HTML",
    "multipart/x-mixed-replace;boundary=x",
    `--x\r\nContent-Type: text/html\r\n\r\n${HTML}\r\n--x--`,
  ],
  ["a PDF with a script", "application/pdf", PDF],
  ["HTML as a PDF", "application/pdf", HTML],
  ["JavaScript", "text/javascript", SCRIPT],
];

/** How a page of the app comes to all of them at once. */
const WAYS: Record<string, (urls: string[]) => void> = {
  links(urls) {
    for (const url of urls) {
      const link = document.createElement("a");
      Object.assign(link, { href: url, target: "_blank" }).click();
    }
  },
  "windows that know their opener": (urls) => {
    for (const url of urls) window.open(url);
  },
  forms(urls) {
    for (const url of urls) {
      const form = document.createElement("form");
      Object.assign(form, { action: url, method: "post", target: "_blank" });
      document.body.append(form);
      form.submit();
    }
  },
  "frames, objects and embeds": (urls) => {
    for (const url of urls)
      for (const [name, source] of [
        ["iframe", "src"],
        ["object", "data"],
        ["embed", "src"],
      ] as const) {
        const element = document.createElement(name);
        element.setAttribute(source, url);
        document.body.append(element);
      }
  },
};

/**
 * How a page of the app, or markup that someone brought into it, would run a script; whether it did, as the browser
 * says it to the page.
 */
const LOADERS: Record<string, (url: string) => Promise<boolean>> = {
  script: (url) =>
    new Promise((done) => {
      const element = Object.assign(document.createElement("script"), { src: url });
      Object.assign(element, { onload: () => done(true), onerror: () => done(false) });
      document.body.append(element);
    }),
  "module script": (url) =>
    new Promise((done) => {
      const element = Object.assign(document.createElement("script"), { src: url, type: "module" });
      Object.assign(element, { onload: () => done(true), onerror: () => done(false) });
      document.body.append(element);
    }),
  // As text: the test runner would put a function of its own in its place.
  "import()": (url) =>
    new Function("url", "return import(url).then(() => true, () => false)")(url) as Promise<boolean>,
  worker: (url) =>
    new Promise((done) => {
      new Worker(url).onerror = () => done(false);
    }),
  "module worker": (url) =>
    new Promise((done) => {
      new Worker(url, { type: "module" }).onerror = () => done(false);
    }),
  "shared worker": (url) =>
    new Promise((done) => {
      new SharedWorker(url).onerror = () => done(false);
    }),
  importScripts: (url) =>
    new Promise((done) => {
      const text = `importScripts(${JSON.stringify(new URL(url, location.href).href)})`;
      new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))).onerror = () =>
        done(false);
    }),
  "audio worklet": (url) =>
    new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule(url).then(
      () => true,
      () => false,
    ),
  "service worker": (url) =>
    navigator.serviceWorker.register(url, { scope: "/" }).then(
      () => true,
      () => false,
    ),
};

interface RedirectRow {
  target: string;
  allow?: string[];
  to: string | null;
}
const REDIRECTS = JSON.parse(
  readFileSync(new URL("../vectors/redirect.json", import.meta.url), "utf8"),
) as RedirectRow[];

describe.each(FRAMEWORKS)("Chromium and %s", (framework) => {
  let world: World;
  let context: BrowserContext;
  let page: Page;
  let ran: Set<string>;
  const beacon = (at: number) => `http://${world.upstream}/ran/${at}`;

  beforeAll(async () => {
    world = await start(framework);
    world.answer(({ url }, response) => {
      const [, place, id] = /^\/(ran|direct|v1\/plain\/doc)\/(\d+)/.exec(url) ?? [];
      const at = Number(id);
      if (place === "ran") {
        ran.add(DOCUMENTS[at]?.[0] ?? "the script");
        response.end();
        return true;
      }
      const [, type, body] = DOCUMENTS[at] ?? ["the script", "text/javascript", SCRIPT];
      const sheet = url.endsWith("?xsl");
      if (type !== undefined) response.setHeader("content-type", sheet ? "text/xsl" : type);
      if (place !== "direct") {
        // What an upstream would like to be allowed.
        response.setHeader("service-worker-allowed", "/");
        response.setHeader("content-security-policy", "sandbox allow-scripts allow-same-origin allow-forms");
        response.setHeader("access-control-allow-origin", "*");
      }
      response.end((sheet ? XSL : body).replaceAll("BEACON", beacon(at)));
      return true;
    });
  });
  afterAll(async () => {
    await world.close();
  });
  beforeEach(async () => {
    ran = new Set();
    world.log.length = 0;
    context = await browser.newContext();
    await context.addCookies(
      (["access_token", "granted", "other"] as const).map((name) => ({
        name,
        value: SECRETS[name],
        url: world.origin,
        httpOnly: true,
      })),
    );
    page = await context.newPage();
    await page.goto(`${world.origin}/stage`);
    return () => context.close();
  });

  const arrived = (pattern: RegExp) =>
    new Set(world.log.flatMap(({ url }) => pattern.exec(url)?.[1] ?? [])).size;

  test("without a proxy, what an upstream sends runs", async () => {
    await page.evaluate(WAYS.links as (urls: string[]) => void, urls(`http://${world.upstream}/direct`));
    await expect.poll(() => [...ran].sort(), { timeout: 10_000 }).toEqual(expect.arrayContaining(RUNNING));
  });

  test.each(Object.entries(WAYS))("what an upstream sends runs nothing, opened by %s", async (_, open) => {
    await page.evaluate(open, urls("/api/proxy/plain/doc"));
    const documents = () => arrived(/^\/v1\/plain\/doc\/(\d+)$/);
    await expect.poll(documents, { timeout: 15_000 }).toBe(DOCUMENTS.length);
    await page.waitForTimeout(PATIENCE);
    expect([...ran]).toEqual([]);
    expect(world.strays).toEqual([]);
  });

  test("a script from the upstream itself would run", async () => {
    await page.evaluate(
      LOADERS.script as (url: string) => Promise<boolean>,
      `http://${world.upstream}/direct/999`,
    );
    await expect.poll(() => [...ran], { timeout: 5_000 }).toEqual(["the script"]);
  });

  test.each(Object.entries(LOADERS))("no page runs what an upstream sends as a %s", async (_, load) => {
    expect(await page.evaluate(load, "/api/proxy/plain/doc/999")).toBe(false);
    await page.waitForTimeout(PATIENCE / 4);
    expect([...ran]).toEqual([]);
    expect(world.log).toEqual([]);
    expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(
      0,
    );
  });

  test("a redirect that is allowed leads where Rust and Node say, by Chromium's parser", async () => {
    const own = "https://app.example";
    expect(REDIRECTS.length).toBeGreaterThan(200);
    const outs = REDIRECTS.map(({ target, allow, to }) => {
      const out = safeRedirect(target, { origin: own, fallback: "/fallback", ...(allow && { allow }) });
      expect([target, out]).toEqual([target, to ?? "/fallback"]);
      return out;
    });
    const origins = await page.evaluate(
      ([outs, base]) =>
        outs.map((out) => {
          const link = document.createElement("a");
          document.head.append(Object.assign(document.createElement("base"), { href: base }));
          link.setAttribute("href", out);
          return [new URL(out, base).origin, link.origin];
        }),
      [outs, `${own}/some/page`] as const,
    );
    const wrong = REDIRECTS.flatMap(({ target, allow = [] }, at) => {
      const node = new URL(outs[at] as string, `${own}/some/page`).origin;
      const right = [own, ...allow].includes(node) && origins[at]?.every((origin) => origin === node);
      return right ? [] : [[target, outs[at], node, origins[at]]];
    });
    expect(wrong).toEqual([]);
  });

  test("forty redirects by Location stay in the app", async () => {
    const rows = REDIRECTS.filter(({ target, allow }) => !allow && !/[\ud800-\udfff]/.test(target));
    const step = Math.floor(rows.length / 40);
    const sample = rows.filter((_, at) => at % step === 0).slice(0, 40);
    expect(sample).toHaveLength(40);
    for (const { target, to } of sample) {
      await page.goto(`${world.origin}/go?to=${encodeURIComponent(target)}`, { waitUntil: "commit" });
      const { origin, href } = new URL(page.url());
      expect([target, origin]).toEqual([target, world.origin]);
      if (to === null) expect([target, href]).toEqual([target, `${world.origin}/stage`]);
    }
    expect(world.strays).toEqual([]);
  });
});

const RUNNING = DOCUMENTS.filter(([, , , runs]) => runs).map(([name]) => name);

function urls(start: string): string[] {
  return DOCUMENTS.map((_, at) => `${start}/${at}`);
}
