/**
 * The proxy beside its peers, on loopback: upstream, load and each proxy in a process of its own, taking turns.
 *
 * @module
 */
import { fork, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./rounds.mjs";
import { budget, ratio, table } from "./table.mjs";

const BARE = "bare fetch";
const PEERS = ["h3", "hono/proxy"];
const CANDIDATES = [
  BARE,
  "httponly",
  "httponly, over fetch",
  ...PEERS,
  "http-proxy-middleware",
  "http-proxy-middleware, keep-alive",
  "the adapter, no proxy",
];
const TEMPLATES = "httponly, templates";
const IN_NEXT = ["Next: bare fetch", "Next: httponly", "Next: rewrites"];
const KINDS = { get: "GET, 300 B back", post: "POST of 10 KB, 300 B back" };

/** Builds the app in proxy/next, whose rewrites lead to the upstream. */
function buildNext(upstream) {
  const next = fileURLToPath(new URL("../node_modules/next/dist/bin/next", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [next, "build"], {
    cwd: fileURLToPath(new URL("proxy/next", import.meta.url)),
    encoding: "utf8",
    env: { ...process.env, UPSTREAM: upstream, NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
}

/** A child process that answers what it is asked. */
async function child(file, ...args) {
  const process_ = fork(fileURLToPath(new URL(`proxy/${file}`, import.meta.url)), args);
  const waiting = new Map();
  const { port } = await new Promise((done, failed) => {
    process_.once("message", done);
    process_.once("exit", () => failed(new Error(`${file} ${args} ended`)));
  });
  process_.on("message", ({ id, ...answer }) => waiting.get(id)?.(answer));
  let id = 0;
  return {
    port,
    ask(message) {
      id++;
      process_.send(typeof message === "object" ? { ...message, id } : id);
      return new Promise((done) => waiting.set(id, done));
    },
    stop: () => process_.disconnect(),
  };
}

async function turn(load, proxy, task) {
  const before = (await proxy.ask()).cpu;
  const { result, error } = await load.ask({ ...task, port: proxy.port });
  if (error) throw new Error(error);
  const after = (await proxy.ask()).cpu;
  const cpu = after.user + after.system - before.user - before.system;
  return { perSecond: result.answers / result.seconds, cpu: cpu / result.answers, ...result };
}

/** Median figures, and ratios of the best round to the best of the bare one: whoever shares the machine only slows. */
function summary(turns, bare) {
  const of = (key) => median(turns.map((one) => one[key]));
  const ratioOf = (key, best) => best(...turns.map((one) => one[key])) / best(...bare.map((one) => one[key]));
  return {
    perSecond: of("perSecond"),
    cpu: of("cpu"),
    first: of("first"),
    first99: of("first99"),
    perSecondRatio: ratioOf("perSecond", Math.max),
    cpuRatio: ratioOf("cpu", Math.min),
  };
}

async function compare(load, proxies, kind, { rounds, milliseconds, connections, warm }) {
  const turns = Object.fromEntries(Object.keys(proxies).map((name) => [name, []]));
  const task = { kind, connections, milliseconds };
  for (const name of Object.keys(proxies)) await turn(load, proxies[name], { ...task, milliseconds: warm });
  for (let round = 0; round < rounds; round++)
    for (const name of Object.keys(proxies)) turns[name].push(await turn(load, proxies[name], task));
  const bare = turns[Object.keys(proxies)[0]];
  return Object.fromEntries(Object.entries(turns).map(([name, own]) => [name, summary(own, bare)]));
}

const milliseconds = (number) => `${number.toFixed(2)} ms`;

function section(title, answers) {
  return table(
    [title, "req/s", "", "CPU/req", "", "first byte", "p99"],
    Object.entries(answers).map(([name, one]) => [
      name,
      one.perSecond.toFixed(0),
      ratio(one.perSecondRatio),
      `${one.cpu.toFixed(0)} µs`,
      ratio(one.cpuRatio),
      milliseconds(one.first),
      milliseconds(one.first99),
    ]),
  );
}

function against(answers, kind, own, peer, limit) {
  const [ours, theirs] = [answers[own], answers[peer]];
  const source = "DESIGN 5";
  return [
    budget(`req/s of ${peer} / ${own}, ${kind}`, theirs.perSecondRatio / ours.perSecondRatio, limit, {
      source,
    }),
    budget(`CPU of ${own} / ${peer}, ${kind}`, ours.cpuRatio / theirs.cpuRatio, limit, { source }),
  ];
}

export async function measureProxy({ quick }) {
  const settings = {
    rounds: quick ? 5 : 12,
    milliseconds: quick ? 70 : 140,
    connections: 8,
    warm: quick ? 400 : 900,
  };
  const children = [];
  const start = async (...args) => {
    const started = await child(...args);
    children.push(started);
    return started;
  };
  try {
    const { port } = await start("upstream.mjs");
    const upstream = `http://127.0.0.1:${port}`;
    buildNext(upstream);
    const load = await start("load.mjs");
    const startAll = async (names) => {
      const all = {};
      for (const name of names) all[name] = await start("candidate.mjs", name, upstream);
      return all;
    };
    const plain = await startAll(CANDIDATES);
    const { [TEMPLATES]: templates } = await startAll([TEMPLATES]);
    const inNext = await startAll(IN_NEXT);

    const answers = {};
    const next = {};
    for (const kind of Object.keys(KINDS)) {
      answers[kind] = await compare(load, plain, kind, settings);
      // Next's route handlers take some seconds until they are compiled.
      next[kind] = await compare(load, inNext, kind, { ...settings, warm: quick ? 1500 : 4000 });
    }
    const few = { ...settings, connections: 2, rounds: quick ? 2 : 4 };
    const bare = await compare(load, { [BARE]: plain[BARE], httponly: plain.httponly }, "megabyte", few);
    const filled = await compare(load, { [TEMPLATES]: templates }, "templates", few);
    const large = { ...bare, "httponly, one template filled in": filled[TEMPLATES] };

    const streams = [];
    for (const [name, proxy] of [...Object.entries(plain).slice(0, -1), ...Object.entries(inNext)]) {
      const { result, error } = await load.ask({ kind: "events", port: proxy.port });
      streams.push([name, ...(error ? [error] : [`${result.came} ms`, `${result.second} ms`])]);
      if (result) answers.events = { ...answers.events, [name]: result };
    }

    return {
      title: `The proxy beside its peers, loopback, Node ${process.versions.node}`,
      text: [
        ...Object.entries(KINDS).map(([kind, title]) => section(title, answers[kind])),
        ...Object.entries(KINDS).map(([kind, title]) => section(`Next.js, ${title}`, next[kind])),
        table(
          ["POST of 1 MB of JSON", "CPU/req", "first byte"],
          Object.entries(large).map(([name, one]) => [
            name,
            `${(one.cpu / 1000).toFixed(2)} ms`,
            milliseconds(one.first),
          ]),
        ),
        table(["event stream, gzip accepted", "1st event came", "2nd was sent"], streams),
      ].join("\n\n"),
      notes: [
        `× is to a bare fetch in the same node:http Web adapter, best of ${settings.rounds} rounds, other figures medians; httponly spends a cookie on each request.`,
        "http-proxy-middleware takes Node's own request, without the adapter. CPU is that of the proxy's process.",
      ],
      budgets: Object.keys(KINDS).flatMap((kind) => [
        ...against(answers[kind], kind, "httponly", BARE, 1 / 0.9),
        ...PEERS.flatMap((peer) => against(answers[kind], kind, "httponly", peer, 1)),
        ...against(next[kind], kind, IN_NEXT[1], IN_NEXT[0], 1 / 0.9),
        ...against(next[kind], kind, IN_NEXT[1], IN_NEXT[2], 1),
      ]),
      data: { answers, next, large },
    };
  } finally {
    for (const one of children) one.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { title, text, notes, budgets } = await measureProxy({ quick: process.argv.includes("--quick") });
  console.log([title, "", text, "", ...notes].join("\n"));
  for (const { what, is, limit, ok } of budgets)
    console.log(`${ok ? "ok  " : "OVER"} ${what} ${is.toFixed(2)} (at most ${limit.toFixed(2)})`);
}
