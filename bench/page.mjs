/**
 * Reads and writes in a real page: headless Chromium, http, this machine's own server.
 *
 * @module
 */
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { median } from "./rounds.mjs";
import { budget, ratio, table, time } from "./table.mjs";
import { bundle } from "./weight.mjs";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PEERS = ["httponly", "js-cookie", "universal-cookie", "cookie"];

/** For each library, a script that puts a function reading one cookie into `read`. */
const READERS = {
  "document.cookie": "globalThis.read = () => document.cookie",
  httponly: 'import { getCookie } from "httponly"; globalThis.read = () => getCookie("theme0")',
  "js-cookie": 'import Cookies from "js-cookie"; globalThis.read = () => Cookies.get("theme0")',
  "universal-cookie":
    'import Cookies from "universal-cookie"; globalThis.read = () => new Cookies().get("theme0", { doNotParse: true })',
  cookie: 'import { parseCookie } from "cookie"; globalThis.read = () => parseCookie(document.cookie).theme0',
};

async function serve() {
  const server = createServer((_, response) => {
    // Isolated pages have a clock of 5 µs; others one of 100 µs.
    response.writeHead(200, {
      "content-type": "text/html",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end("<!doctype html><title>bench</title>");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, origin: `http://localhost:${server.address().port}` };
}

/** Script and first call in a browser context of its own, which has a process of its own: nothing is compiled yet. */
async function firstCalls(browser, origin, times, milliseconds) {
  const until = performance.now() + milliseconds;
  const scripts = {};
  for (const [name, source] of Object.entries(READERS))
    scripts[name] = await bundle(source, { format: "iife" });
  const all = Object.fromEntries(
    Object.keys(scripts).map((name) => [name, { script: [], call: [], next: [] }]),
  );
  for (let i = 0; i < times && performance.now() < until; i++)
    for (const [name, script] of Object.entries(scripts)) {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(origin);
        const once = await page.evaluate((script) => {
          document.cookie = "theme0=dark; path=/";
          // The browser's own first read, which every library waits for.
          void document.cookie;
          const began = performance.now();
          // biome-ignore lint/complexity/noCommaOperator: what makes eval global
          // biome-ignore lint/security/noGlobalEval: stands for a script element
          (0, eval)(script);
          const loaded = performance.now();
          const first = globalThis.read();
          const called = performance.now();
          globalThis.read();
          const again = performance.now();
          if (!first?.includes("dark")) throw new Error(`the first read gives ${first}`);
          return { script: loaded - began, call: called - loaded, next: again - called };
        }, script);
        for (const [what, took] of Object.entries(once)) all[name][what].push(took * 1e6);
      } finally {
        await context.close();
      }
    }
  const medians = (took) =>
    Object.fromEntries(Object.entries(took).map(([what, list]) => [what, median(list)]));
  return {
    times: all.httponly.call.length,
    first: Object.fromEntries(Object.entries(all).map(([name, took]) => [name, medians(took)])),
  };
}

const cells = ({ median, ratio: times }) => `${time(median)} ${ratio(times)}`;

function readBudgets(rows) {
  const worst = (count, of) => Math.max(...rows.filter((row) => row.count === count).map(of));
  return [1, 10, 40].flatMap((count) => [
    budget(
      `getCookie / document.cookie, ${count}`,
      worst(count, ({ answers }) => answers.httponly.ratio),
      1.5,
      {
        source: "issue 2",
      },
    ),
    budget(
      `getCookie / document.cookie, ${count}`,
      worst(count, ({ answers }) => answers.httponly.ratio),
      1.3,
      {
        source: "DESIGN 5",
      },
    ),
    ...PEERS.slice(1).map((peer) =>
      budget(
        `getCookie / ${peer}, ${count}`,
        worst(count, ({ answers }) => answers.httponly.ratio / answers[peer].ratio),
        1,
        { source: count > 1 && peer !== "cookie" ? "issue 2, DESIGN 5" : "DESIGN 5" },
      ),
    ),
  ]);
}

export async function measurePage({ quick }) {
  const script = await bundle('export * from "./browser.mjs"', { format: "iife", globalName: "bench" });
  const { server, origin } = await serve();
  let browser;
  try {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ARGS,
    });
    const page = await browser.newPage();
    await page.goto(origin);
    await page.addScriptTag({ content: script });
    const settings = quick ? { rounds: 20, milliseconds: 1 } : { rounds: 100, milliseconds: 1 };
    const reads = await page.evaluate((settings) => globalThis.bench.reads([1, 10, 40], settings), settings);
    const writes = await page.evaluate((settings) => globalThis.bench.writes([1, 40], settings), {
      rounds: settings.rounds / 4,
      milliseconds: 5,
    });
    await page.close();
    const { first, times } = await firstCalls(browser, origin, quick ? 3 : 20, quick ? 5_000 : 25_000);
    return [
      {
        title: `Reading one cookie, headless Chromium ${browser.version()}`,
        text: table(
          ["cookies, which", "document.cookie", ...PEERS, "httponly, best"],
          reads.map(({ count, which, answers }) => [
            `${count}, ${which}`,
            time(answers["document.cookie"].median),
            ...PEERS.map((peer) => cells(answers[peer])),
            ratio(answers.httponly.ratioOfBest),
          ]),
        ),
        notes: [
          "Median time of a call; × is the median over the rounds of its ratio to a bare document.cookie.",
        ],
        budgets: readBudgets(reads),
        data: reads,
      },
      {
        title: "Setting one cookie and looking whether it was kept, same browser",
        text: table(
          ["", ...writes.map(({ count }) => `beside ${count}`)],
          Object.keys(writes[0].answers).map((name) => [
            name === "document.cookie" ? "document.cookie, write and read" : name,
            ...writes.map(({ answers }) => cells(answers[name])),
          ]),
        ),
        notes: [
          "js-cookie, universal-cookie and cookie do not look, so a get is added to those that have one.",
        ],
        budgets: writes.map(({ count, answers }) =>
          budget(`setCookie / a bare write and read, beside ${count}`, answers.httponly.ratio, 1.15, {
            source: "DESIGN 5",
          }),
        ),
        data: writes,
      },
      {
        title: `First call in a fresh process, median of ${times}`,
        text: table(
          ["", "script", "first call", "second call"],
          Object.entries(first).map(([name, { script, call, next }]) => [
            name,
            time(script),
            time(call),
            time(next),
          ]),
        ),
        notes: ["script: parse, compile and run the bundle. The first call of httponly compiles its wasm."],
        data: first,
      },
    ];
  } finally {
    await browser?.close();
    await new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  }
}
