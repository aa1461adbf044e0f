// What one part of a page brought into the browser's cache, another part, or a sibling's page, would take out of it
// without asking the server: past every rule about who may load what.
import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FRAMEWORKS } from "./apps.ts";
import { BROWSERS, type Browser, type Profile, type Tab } from "./browsers.ts";
import { type Kind, LOADERS, type Loader, WARMERS } from "./loads.ts";
import { SECRETS } from "./rows.ts";
import { listen } from "./server.ts";
import { start, type World } from "./world.ts";

/** Milliseconds that something that must not run is given to run. */
const PATIENCE = 300;

const warmers = Object.keys(WARMERS);
const loaders = Object.keys(LOADERS);

/** What an upstream sends, made to be cached; each is tried at a target. */
const VARIANTS: { target: string; vary?: string }[] = [
  { target: "plain" },
  { target: "pictures", vary: "Accept-Encoding" },
  { target: "api" },
];

const TYPES: Record<Kind, string> = {
  script: "text/javascript",
  style: "text/css",
  xslt: "text/xsl",
  svg: "image/svg+xml",
};
const CODE: Record<Kind, string> = {
  script: 'typeof fetch === "function" && fetch("BEACON", { mode: "no-cors" });',
  style: '@import "BEACON";',
  // Firefox runs the handlers of what `<use>` takes in, as the page's own.
  svg: `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g id="part"><image href="data:," onerror="fetch('BEACON',{mode:'no-cors'})" width="9" height="9"/></g></svg>`,
  xslt: `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output method="html"/><xsl:template match="/"><html><body><script>fetch("BEACON",{mode:"no-cors"})</script></body></html></xsl:template></xsl:stylesheet>`,
};

/** One load: which warmer comes before which loader, of which variant. */
interface Row {
  warmer: string;
  loader: string;
  variant: number;
}
/** A path of its own, and a folder of its own, which is the scope of a service worker. */
const at = ({ warmer, loader, variant }: Row) =>
  `${warmers.indexOf(warmer)}/${loaders.indexOf(loader)}/${variant}/x`;
const PATH = /\/(?:c|ran)\/(\d+)\/(\d+)\/(\d+)\/x(?:\?|$)/;
function rowOf(url: string): Row | undefined {
  const [, warmer, loader, variant] = PATH.exec(url) ?? [];
  if (variant === undefined) return undefined;
  return {
    warmer: warmers[Number(warmer)] ?? "",
    loader: loaders[Number(loader)] ?? "",
    variant: Number(variant),
  };
}
const named = ({ warmer, loader, variant }: Row) => `${loader} after ${warmer}, ${variant}`;
const rowsOf = (warmer: string, variants: number[]): Row[] =>
  loaders.flatMap((loader) => variants.map((variant) => ({ warmer, loader, variant })));

/** Answers with the code of a row; `beacon` is where it tells that it runs. */
function sendCode(row: Row, beacon: string, response: ServerResponse): void {
  const { kind } = LOADERS[row.loader] as { kind: Kind };
  const { vary } = VARIANTS[row.variant] ?? {};
  response.setHeader("content-type", TYPES[kind]);
  response.setHeader("cache-control", "max-age=600");
  if (vary) response.setHeader("vary", vary);
  response.end(CODE[kind].replace("BEACON", beacon));
}

/** Answers with the smallest of images. */
function sendPixel(response: ServerResponse): void {
  response.setHeader("content-type", "image/gif");
  response.setHeader("cache-control", "max-age=600");
  response.end(Buffer.from("R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=", "base64"));
}

/** The targets at which a warmer may spend: a `fetch`, or what looks like one; an image where it is declared. */
const SPENDING: Record<string, string[]> = {
  "a fetch": ["api", "pictures"],
  "a crossorigin preload for fetch": ["api", "pictures"],
  "an image": ["pictures"],
};

/** What a sibling tries to take, beside an image. */
const SIBLING_ROWS: Row[] = ["script", "stylesheet"].map((loader) => ({
  warmer: "a fetch",
  loader,
  variant: 9,
}));
const TAKEN = ["image", "script", "stylesheet"];

/** Runs a loader of each row; those that ran, by their own word or by the browser's. */
async function loadAll(tab: Tab, rows: Row[], url: (row: Row) => string): Promise<Row[]> {
  const said = await Promise.all(
    rows.map(async (row) => {
      const { load } = LOADERS[row.loader] as Loader;
      return { row, loaded: await tab.run(load, url(row)) };
    }),
  );
  await pause(PATIENCE);
  return said.filter(({ loaded }) => loaded).map(({ row }) => row);
}

/** Fills the cache with all rows, then loads all; those that ran. */
async function attack(tab: Tab, rows: Row[], url: (row: Row) => string, at: Watched): Promise<Set<string>> {
  const warm = WARMERS[(rows[0] as Row).warmer] as (url: string) => Promise<unknown>;
  await Promise.all(rows.map((row) => tab.run(warm, url(row))));
  // What is still under way would be asked for anew, not taken from the cache.
  for (let before = -1; before !== at.asked(); await pause(PATIENCE)) before = at.asked();
  const loaded = await loadAll(tab, rows, url);
  const own = rows.map(named);
  return new Set([...loaded.map(named), ...own.filter((row) => at.ran.has(row))]);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a server saw. */
interface Watched {
  /** How many requests there were. */
  asked(): number;
  /** The rows that told that they run. */
  ran: ReadonlySet<string>;
}

/** How a page of a sibling takes what the app fetched, and whether it got it, as the browser says it to that page. */
const takeImage = (url: string) =>
  new Promise<boolean>((done) => {
    const image = new Image();
    Object.assign(image, { onload: () => done(true), onerror: () => done(false), src: url });
  });

/**
 * A server of the attacker's and of the control. Each code of the control is there once, and refused from then on: what
 * runs at the second time came out of the cache.
 */
async function elsewhere() {
  const asked = new Set<string>();
  const ran = new Set<string>();
  const server = createServer(({ url = "", headers }, response) => {
    const row = rowOf(url);
    if (url.startsWith("/ran/") && row) {
      ran.add(named(row));
      response.end();
    } else if (asked.has(url)) {
      response.writeHead(403, { "cache-control": "no-store" }).end();
    } else if (row) {
      asked.add(url);
      sendCode(row, `http://${headers.host}/ran/${at(row)}`, response);
    } else if (url.startsWith("/pixel")) {
      asked.add(url);
      sendPixel(response);
    } else {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>page</title><body><p>page</p>");
    }
  });
  const port = await listen(server);
  return {
    origin: (host: string) => `http://${host}.my.localhost:${port}`,
    ran,
    asked: () => asked.size,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

let others: Awaited<ReturnType<typeof elsewhere>>;
beforeAll(async () => {
  others = await elsewhere();
});
afterAll(() => others.close());

/** Loaders that a browser does not have, or that run nothing in it. */
const MISSING: Record<string, string[]> = { Chromium: ["use of SVG"], Firefox: ["paint worklet"] };

describe.each(Object.keys(BROWSERS))("%s", (name) => {
  let browser: Browser;
  const present = loaders.filter((loader) => !MISSING[name]?.includes(loader));
  beforeAll(async () => {
    browser = await (BROWSERS[name] as () => Promise<Browser>)();
  });
  afterAll(() => browser.close());

  /** A page of a new profile. */
  async function visit(url: string, cookies = false): Promise<{ profile: Profile; tab: Tab }> {
    const profile = await browser.profile();
    if (cookies) await profile.setCookies(url, { access_token: SECRETS.access_token });
    const tab = await profile.tab();
    await tab.goto(url);
    return { profile, tab };
  }

  describe("without the proxy's headers", () => {
    const out: Record<string, string[]> = {};
    test.concurrent.each(warmers)("%s, then every loader", async (warmer) => {
      const app = others.origin(`w${warmers.indexOf(warmer)}${name.toLowerCase()}`);
      const { profile, tab } = await visit(app);
      const ran = await attack(tab, rowsOf(warmer, [0]), (row) => `${app}/c/${at(row)}?${name}`, others);
      await profile.close();
      out[warmer] = loaders.filter((loader) => ran.has(named({ warmer, loader, variant: 0 })));
    });

    test("every loader runs what it gets, and every warmer brings code into the cache", () => {
      expect(out.nothing).toEqual(present);
      // Chromium gives up what is no image, mostly before it is whole.
      for (const [warmer, ran] of Object.entries(out)) expect([warmer, ran]).not.toEqual([warmer, []]);
      const cached = Object.entries(out).flatMap(([warmer, ran]) => (warmer === "nothing" ? [] : ran));
      // The script of a service worker is asked for anew by both browsers.
      for (const loader of present)
        if (loader !== "service worker") expect([loader, cached.includes(loader)]).toEqual([loader, true]);
    });

    test("a sibling takes an image, a script and a style out of the cache", async () => {
      const app = others.origin(`app-${name.toLowerCase()}`);
      const { profile, tab } = await visit(app);
      expect(await takenBySibling(profile, tab, (rest) => `${app}/${rest}?sibling-${name}`)).toEqual(TAKEN);
      await profile.close();
    });
  });

  /** What a page of a sibling gets of what the app has just fetched. */
  async function takenBySibling(profile: Profile, tab: Tab, url: (rest: string) => string) {
    const rows = SIBLING_ROWS;
    for (const rest of ["pixel", ...rows.map((row) => `c/${at(row)}`)])
      await tab.run(WARMERS["a fetch"] as (url: string) => Promise<unknown>, url(rest));
    const evil = await profile.tab();
    await evil.goto(others.origin("evil"));
    const image = await evil.run(takeImage, url("pixel"));
    const loaded = await loadAll(evil, rows, (row) => url(`c/${at(row)}`));
    return [...(image ? ["image"] : []), ...loaded.map(({ loader }) => loader)];
  }

  describe.each(FRAMEWORKS)("%s", (framework) => {
    let world: World;
    const ran = new Set<string>();
    beforeAll(async () => {
      world = await start(framework, "app.my.localhost");
      world.answer(({ url }, response) => {
        const row = rowOf(url);
        if (url.startsWith("/ran/") && row) {
          ran.add(named(row));
          response.end();
        } else if (row) sendCode(row, `http://${world.upstream}/ran/${at(row)}`, response);
        else sendPixel(response);
        return true;
      });
    });
    afterAll(async () => {
      const [alive, output] = [world.alive(), world.output()];
      await world.close();
      expect(alive).toBe(true);
      expect(output).not.toMatch(/unhandled|uncaught/i);
    });

    /** What arrived of a row: with the token or without. */
    const arrivals = (warmer: string) =>
      world.log.flatMap(({ url, rawHeaders }) => {
        const row = url.startsWith("/v1/") && rowOf(url);
        if (!row || row.warmer !== warmer) return [];
        return [{ row, spent: rawHeaders.some((value) => value.includes(SECRETS.access_token)) }];
      });

    test.concurrent.each(warmers)("nothing runs what %s brought into the cache", async (warmer) => {
      const { profile, tab } = await visit(`${world.origin}/stage`, true);
      const variants = warmer === "a visited link" ? [0, 1] : VARIANTS.map((_, variant) => variant);
      const url = (row: Row) => `/api/proxy/${VARIANTS[row.variant]?.target}/c/${at(row)}`;
      const asked = () => arrivals(warmer).length;
      const got = await attack(tab, rowsOf(warmer, variants), url, { asked, ran });
      await profile.close();
      expect([...got]).toEqual([]);
      const spending = SPENDING[warmer] ?? [];
      const arrived = arrivals(warmer);
      for (const { row, spent } of arrived) {
        const { target } = VARIANTS[row.variant] as { target: string };
        expect([named(row), target, spent]).toEqual([named(row), target, spending.includes(target)]);
      }
    });

    test("a sibling takes nothing of what the app fetched", async () => {
      for (const target of ["plain", "pictures", "api"]) {
        const { profile, tab } = await visit(`${world.origin}/stage`, true);
        world.log.length = 0;
        const url = (rest: string) => `${world.origin}/api/proxy/${target}/${rest}`;
        const got = await takenBySibling(profile, tab, url);
        await profile.close();
        expect([target, got]).toEqual([target, []]);
        const spent = world.log.filter(({ rawHeaders }) =>
          rawHeaders.some((value) => value.includes(SECRETS.access_token)),
        );
        // The app's own fetch of each, and no more.
        expect([target, spent.length]).toEqual([target, target === "plain" ? 0 : TAKEN.length]);
      }
    });
  });
});
