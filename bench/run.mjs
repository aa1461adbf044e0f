// Measures httponly beside its peers in one run, and sets each figure beside its budget. README.md says what and how.
//
//   node bench/run.mjs [--quick] [--only weight,page,node,session,store,proxy] [--json FILE]
//   node bench/run.mjs --check     size and memory alone; exit code 1 if one is over its budget
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { table, verdict } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
  },
});

const PARTS = {
  weight: async () => (await import("./weight.mjs")).measureWeight(),
  page: async () => (await import("./page.mjs")).measurePage(options),
  node: async () => (await import("./node.mjs")).measureNode(options),
  session: async () => (await import("./session.mjs")).measureSession(options),
  store: async () => (await import("./store.mjs")).measureStore(options),
  proxy: async () => (await import("./proxy.mjs")).measureProxy(options),
};

const version = (name) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
const peers = ["httponly", "js-cookie", "universal-cookie", "cookie", "tough-cookie", "set-cookie-parser"];
const machine = {
  node: process.versions.node,
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  load: loadavg()[0],
  versions: Object.fromEntries(peers.map((name) => [name, version(name)])),
};

const names = options.check ? ["weight"] : (options.only?.split(",") ?? Object.keys(PARTS));
const unknown = names.find((name) => !(name in PARTS));
if (unknown) throw new TypeError(`--only takes ${Object.keys(PARTS).join(", ")}, not ${unknown}`);

const began = performance.now();
console.log(
  Object.entries(machine.versions)
    .map((pair) => pair.join(" "))
    .join(", "),
);
console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.load.toFixed(1)}\n`);
const budgets = [];
const parts = {};
for (const name of names) {
  const sections = [await PARTS[name]()].flat();
  for (const { title, text, notes = [], budgets: own = [] } of sections) {
    console.log(
      [`## ${title}`, "", ...(text ? [text, ""] : []), ...notes, ...(notes.length ? [""] : [])].join("\n"),
    );
    budgets.push(...own);
  }
  parts[name] = sections.map(({ title, data }) => ({ title, data }));
}

const figure = (number, unit) => `${Number(number.toFixed(2)).toLocaleString("en-US")}${unit}`;
console.log("## Budgets\n");
console.log(
  table(
    ["", "is", "at most", "", "from"],
    budgets.map((one) => [
      one.what,
      figure(one.is, one.unit),
      figure(one.limit, one.unit),
      verdict(one),
      one.source,
    ]),
  ),
);
const seconds = (performance.now() - began) / 1000;
console.log(`\n${budgets.filter(({ ok }) => !ok).length} of ${budgets.length} over; ${seconds.toFixed(0)} s`);
if (options.json)
  writeFileSync(options.json, `${JSON.stringify({ machine, parts, budgets, seconds }, null, 2)}\n`);
if (options.check && budgets.some(({ exact, ok }) => exact && !ok)) process.exitCode = 1;
