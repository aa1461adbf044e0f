// Markup that an attacker brings into a page of the app: what loads, sends and asks by itself spends no token and sets
// no cookie.
import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FRAMEWORKS } from "./apps.ts";
import { BROWSERS, type Browser, type Profile, type Tab } from "./browsers.ts";
import { SECRETS } from "./rows.ts";
import { listen } from "./server.ts";
import { start, type World } from "./world.ts";

/** Milliseconds that markup is given to ask for what it names. */
const PATIENCE = 500;

/** Markup that asks for URL, with what a visitor does to it. `CLICK` is clicked, `FORM` is sent. */
const MARKUP: Record<string, string> = {
  "a link's ping": '<a id=CLICK href="#" ping="URL">x</a>',
  "a link": '<a id=CLICK href="URL" target=_blank>x</a>',
  "a link to a download": '<a id=CLICK href="URL" target=_blank download>x</a>',
  "a preload for fetch": '<link rel=preload as=fetch href="URL">',
  "a crossorigin preload for fetch": '<link rel=preload as=fetch crossorigin=use-credentials href="URL">',
  "a preload of an image": '<link rel=preload as=image href="URL">',
  "a preload of a script": '<link rel=preload as=script href="URL">',
  "a preload of a style": '<link rel=preload as=style href="URL">',
  "a preload of a font": '<link rel=preload as=font crossorigin href="URL">',
  "a preload of a track": '<link rel=preload as=track href="URL">',
  "a prefetch": '<link rel=prefetch href="URL">',
  "a prefetch for fetch": '<link rel=prefetch as=fetch crossorigin=use-credentials href="URL">',
  "a module preload": '<link rel=modulepreload href="URL">',
  "a module preload of JSON": '<link rel=modulepreload as=json href="URL">',
  "an icon": '<link rel=icon href="URL">',
  "a manifest": '<link rel=manifest href="URL" crossorigin=use-credentials>',
  "a stylesheet": '<link rel=stylesheet href="URL">',
  "an @import": '<style>@import "URL";</style>',
  "a speculation rule": '<script type=speculationrules>{"prefetch":[{"urls":["URL"]}]}</script>',
  "an import map's module": '<script type=module src="URL"></script>',
  "a script": '<script src="URL"></script>',
  "a form by GET":
    '<form id=FORM action="URL" target=_blank><input name=name value=by-form><input name=value value=v></form>',
  "a form by POST":
    '<form id=FORM action="URL" target=_blank method=post><input name=name value=by-form><input name=value value=v></form>',
  "a form by POST as text":
    '<form id=FORM action="URL" target=_blank method=post enctype="text/plain"><input name=\'{"name":"by-text","value":"\' value=\'"}\'></form>',
  "a form by POST in parts":
    '<form id=FORM action="URL" target=_blank method=post enctype="multipart/form-data"><input name=name value=by-parts><input name=value value=v></form>',
  "an image": '<img src="URL">',
  "a crossorigin image": '<img crossorigin=use-credentials src="URL">',
  "an image of a set": '<img srcset="URL 1x">',
  "an image of SVG": '<svg><image href="URL" width=9 height=9 /></svg>',
  "a use of SVG": '<svg><use href="URL#a" /></svg>',
  "an image button": '<input type=image src="URL">',
  "a video": '<video src="URL" preload=auto></video>',
  "a video's poster": '<video poster="URL"></video>',
  "an audio": '<audio src="URL" preload=auto></audio>',
  "a track": '<video src="data:video/mp4,x"><track default kind=captions src="URL"></video>',
  "a CSS url()": "<p style=\"background:url('URL')\">x</p>",
  "a font": '<style>@font-face{font-family:x;src:url("URL")}.font{font-family:x}</style><p class=font>x</p>',
  "a frame": '<iframe src="URL"></iframe>',
  "an object": '<object data="URL"></object>',
  "an embed": '<embed src="URL">',
  "a refresh": "<iframe srcdoc='<meta http-equiv=refresh content=\"0;url=URL\">'></iframe>",
};
/** What the page's own script does for such markup, or without the headers of a `fetch` of the page. */
const SCRIPTED = ["a beacon", "an event source", "a socket", "a no-cors fetch"];
const ways = [...Object.keys(MARKUP), ...SCRIPTED];

/** Images: what a target that declares the destination lets spend. */
const IMAGES = [
  "a preload of an image",
  "an icon",
  "an image",
  "a crossorigin image",
  "an image of a set",
  "an image of SVG",
  "an image button",
  "a video's poster",
  "a CSS url()",
];
/**
 * What looks like a `fetch` of the page, and what its own script asks for. By `proof: "header"` a target asks for more.
 */
const IMITATIONS = ["a crossorigin preload for fetch", "an event source", "a socket"];
/** By a form of the app's own origin one signs out without JavaScript. */
const FORMS = ["a form by POST", "a form by POST as text", "a form by POST in parts"];

/** What a browser does not ask for here: it has no such markup, or knows that it is of no use. */
const SILENT: Record<string, string[]> = {
  Chromium: ["an icon", "a manifest", "a speculation rule"],
  Firefox: [
    "a preload of a track",
    // It waits until the page asks for nothing else.
    "a prefetch",
    "a prefetch for fetch",
    "a module preload of JSON",
    "a manifest",
    "a speculation rule",
  ],
};

/** Where markup aims, and which ways may spend there, or set. */
const AIMS: Record<string, { url: (at: number) => string; may: string[]; without?: string[] }> = {
  "a bearer target": { url: (at) => `/api/proxy/api/m/${at}`, may: IMITATIONS },
  "a target with a proof by header": { url: (at) => `/api/proxy/headed/m/${at}`, may: [] },
  "a target for images": { url: (at) => `/api/proxy/pictures/m/${at}`, may: [...IMAGES, ...IMITATIONS] },
  "the cookie endpoint": {
    url: (at) => `/.nordcraft/cookies/set-cookie?name=set-${at}&value=v`,
    may: [],
  },
  // Declared with the risk: what looks like a `fetch` sets.
  "a cookie endpoint with bareGet": { url: (at) => `/bare-cookies?name=set-${at}&value=v`, may: IMITATIONS },
  "the sign-out": { url: (at) => `/api/auth/sign-out?m=${at}`, may: [], without: FORMS },
};

/** Brings all markup into the page, and does what a visitor is tricked into. */
function bring({ rows, beacons }: { rows: string[]; beacons: [string, string][] }): void {
  for (const row of rows) {
    const part = document.createRange().createContextualFragment(row);
    document.body.append(part);
  }
  for (const form of document.querySelectorAll("form")) form.submit();
  for (const link of document.querySelectorAll("a")) link.click();
  for (const track of document.querySelectorAll("track")) track.track.mode = "showing";
  for (const [way, url] of beacons) {
    if (way === "a beacon") navigator.sendBeacon(url, new URLSearchParams("name=by-beacon&value=v"));
    if (way === "an event source") new EventSource(url);
    if (way === "a socket") new WebSocket(url.replace(/^http/, "ws"));
    if (way === "a no-cors fetch") fetch(url, { mode: "no-cors" }).catch(() => {});
  }
}

/** The upstream's control: an app that lets in whatever asks. */
async function open() {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>page</title><body><p>page</p>");
  });
  const port = await listen(server);
  return {
    origin: `http://open.my.localhost:${port}`,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const markup = (url: (at: number) => string, without: string[] = []) => ({
  rows: Object.entries(MARKUP).flatMap(([way, html], at) =>
    without.includes(way) ? [] : html.replaceAll("URL", url(at)),
  ),
  beacons: SCRIPTED.map((way): [string, string] => [way, url(ways.indexOf(way))]),
});

describe.each(Object.keys(BROWSERS))("%s", (name) => {
  let browser: Browser;
  let profile: Profile;
  let tab: Tab;
  beforeAll(async () => {
    browser = await (BROWSERS[name] as () => Promise<Browser>)();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    profile = await browser.profile();
    tab = await profile.tab();
    return () => profile.close();
  });

  test("all of the markup asks for what it names", async () => {
    const server = await open();
    try {
      await tab.goto(server.origin);
      await tab.run(
        bring,
        markup((at) => `${server.origin}/m/${at}`),
      );
      await new Promise((done) => setTimeout(done, 3 * PATIENCE));
      const asks = (way: string) =>
        server.asked.some((url) => url.split("?")[0] === `/m/${ways.indexOf(way)}`);
      expect(ways.filter((way) => !asks(way) && !SILENT[name]?.includes(way))).toEqual([]);
    } finally {
      server.close();
    }
  });

  describe.each(FRAMEWORKS)("%s", (framework) => {
    let world: World;
    beforeAll(async () => {
      world = await start(framework, "app.my.localhost");
    });
    afterAll(async () => {
      const [alive, output] = [world.alive(), world.output()];
      await world.close();
      expect(alive).toBe(true);
      expect(output).not.toMatch(/unhandled|uncaught/i);
    });

    test.each(Object.entries(AIMS))(
      "markup spends and sets nothing at %s",
      async (_, { url, may, without }) => {
        world.log.length = 0;
        const own = { access_token: SECRETS.access_token, auth_session: "s3cr3tAuthSession" };
        await profile.setCookies(world.origin, own);
        await tab.goto(`${world.origin}/stage`);
        await tab.run(
          bring,
          markup((at) => world.origin + url(at), without),
        );
        await new Promise((done) => setTimeout(done, 2 * PATIENCE));
        const spent = world.log
          .filter(({ rawHeaders }) => rawHeaders.some((value) => /s3cr3t/.test(value)))
          .map(({ url }) => ways[Number(/m[/=](\d+)/.exec(url)?.[1])] ?? url);
        const cookies = await profile.cookies();
        const set = cookies.flatMap((cookie) => ways[Number(/^set-(\d+)$/.exec(cookie)?.[1])] ?? []);
        expect([...spent, ...set].filter((way) => !may.includes(way))).toEqual([]);
        // Neither did a form set what its fields say, nor was a session ended.
        expect(cookies.filter((cookie) => !/^set-\d+$/.test(cookie)).sort()).toEqual(Object.keys(own).sort());
      },
    );
  });
});
