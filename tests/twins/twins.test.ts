/**
 * Each module and its twin, given the same calls by chance: bit for bit the same answers, the same refusals, and the
 * same bytes in memory.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EDGES, random } from "./random.ts";

const pkg = new URL("../../pkg/", import.meta.url);
/** The glue of wasm-bindgen, as it is before the package is bundled. */
const generated = new URL("../../js/wasm/gen/", import.meta.url);
const CALLS = Number(process.env.CALLS ?? 20_000);
const SEED = Number(process.env.SEED ?? 20_261_201);

type Exports = WebAssembly.Exports & Record<string, unknown>;
type Twin = (imports?: WebAssembly.Imports) => Exports;

/** Both engines of a module: what makes its exports of its imports. */
async function engines(name: string): Promise<Record<"wasm" | "twin", Twin>> {
  const source = async (kind: string) => (await import(new URL(`engine/${name}.${kind}`, pkg).href)).source;
  const bytes = Buffer.from((await source("js")) as string, "hex");
  return {
    wasm: (imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports,
    twin: (await source("twin.js")) as Twin,
  };
}

/** A module's glue, each time anew, over an engine. */
async function glueOver(name: string, engine: Twin, copy: string): Promise<Record<string, unknown>> {
  const glue = await import(new URL(`${name}.js?${copy}`, generated).href);
  const exports = engine(glue.imports);
  glue.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
  return glue;
}

/** What a call gave or threw, in full. */
function outcome(call: () => unknown): string {
  const whole = (_: string, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return `number ${value}`;
    if (Object.is(value, -0)) return "number -0";
    if (typeof value === "bigint") return `bigint ${value}`;
    if (value === undefined) return "undefined";
    return value;
  };
  try {
    return JSON.stringify(call(), whole) ?? "nothing";
  } catch (thrown) {
    const told = thrown instanceof Error ? { name: thrown.name, message: thrown.message } : thrown;
    return `throws ${JSON.stringify(told, whole)}`;
  }
}

/** The free functions of a glue with the types of their parameters. */
function functionsOf(name: string): { name: string; types: string[] }[] {
  const declared = readFileSync(new URL(`${name}.d.ts`, generated), "utf8");
  return [...declared.matchAll(/^export function (\w+)\((.*)\): /gm)]
    .filter(([, name]) => !name?.startsWith("__"))
    .map(([, name, parameters]) => ({
      name: name as string,
      types: (parameters as string)
        .split(/, (?=\w+\??: )/)
        .filter((parameter) => parameter !== "")
        .map((parameter) => {
          const [, optional, type] = /^\w+(\??): (.*)$/.exec(parameter) as RegExpExecArray;
          return optional ? `${type} | undefined` : (type as string);
        }),
    }));
}

const ENDPOINT = "/.nordcraft/cookies/set-cookie";
const FORM = "application/x-www-form-urlencoded";

/** Takes what stands in the module's memory, which the callers of these put there. */
const OF_MEMORY = ["moduleMemory", "reserve", "readCookies", "readSetCookie"];

describe("server", () => {
  test(`answers ${CALLS} calls of its functions alike, seed ${SEED}`, async () => {
    const { wasm, twin } = await engines("server");
    const glues = [
      await glueOver("server", wasm, "engine=wasm"),
      await glueOver("server", twin, "engine=twin"),
    ];
    const functions = functionsOf("server").filter(({ name }) => !OF_MEMORY.includes(name));
    expect(functions.length).toBeGreaterThan(70);
    const { one, ofType } = random(SEED);
    const seen = new Set<string>();
    for (let count = 0; count < CALLS; count++) {
      const { name, types } = one(functions);
      const given = types.map(ofType);
      const [a, b] = glues.map((glue) =>
        outcome(() => (glue[name] as (...args: unknown[]) => unknown)(...given)),
      );
      if (a !== b) expect({ name, given, answer: b }).toEqual({ name, given, answer: a });
      if (a?.startsWith("throws") !== true) seen.add(name);
    }
    // Chance has to find what is no refusal, or nothing was compared.
    expect(seen.size).toBeGreaterThan(functions.length / 2);
  });

  test("converts numbers at every edge alike", async () => {
    const { wasm, twin } = await engines("server");
    const glues = [await glueOver("server", wasm, "edge=wasm"), await glueOver("server", twin, "edge=twin")];
    const token = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.x";
    const form = new TextEncoder().encode("name=a&value=b&ttl=3600");
    const calls: Record<string, (edge: number) => unknown[]> = {
      serializeSetCookie: (edge) => ["a", "1", edge, ...Array(4), false, undefined, false, false, []],
      setToken: (edge) => ["a", "1", edge, undefined, "app.example", 1.8e12],
      isTokenOver: (edge) => [token, edge],
      noticeSignature: (edge) => [`t=1000,n=abc,s=${"0".repeat(64)}`, "", edge],
      readSessionAnswer: (edge) => [200, "null", edge, edge],
      endpointSetCookie: (edge) => [ENDPOINT, form, FORM, "app.example", edge, undefined, [], [], undefined],
    };
    const answered = new Set<string>();
    for (const edge of EDGES)
      for (const [name, given] of Object.entries(calls)) {
        const call = (glue: Record<string, unknown>) =>
          (glue[name] as (...args: unknown[]) => unknown)(...given(edge));
        const [a, b] = glues.map((glue) => outcome(() => call(glue)));
        expect({ name, edge, answer: b }).toEqual({ name, edge, answer: a });
        if (!a?.startsWith("throws")) answered.add(name);
      }
    expect([...answered].sort()).toEqual(Object.keys(calls).sort());
  });

  test("reads headers from its memory alike, growing it", async () => {
    const { wasm, twin } = await engines("server");
    const glues = [
      await glueOver("server", wasm, "memory=wasm"),
      await glueOver("server", twin, "memory=twin"),
    ];
    const { text, below } = random(SEED + 1);
    for (let count = 0; count < CALLS / 10; count++) {
      const header = text().repeat(1 + below(count % 100 === 0 ? 4000 : 3));
      const bytes = new TextEncoder().encode(header);
      const answers = glues.map((glue) => {
        const call = (name: string, ...args: unknown[]) =>
          (glue[name] as (...args: unknown[]) => unknown)(...args);
        return outcome(() => {
          const at = call("reserve", bytes.length) as number;
          const memory = call("moduleMemory") as WebAssembly.Memory;
          new Uint8Array(memory.buffer).set(bytes, at);
          const said = call(count % 2 ? "readCookies" : "readSetCookie", bytes.length);
          return [at, said, memory.buffer.byteLength];
        });
      });
      expect({ header, answer: answers[1] }).toEqual({ header, answer: answers[0] });
    }
  });
});

describe.each(["read", "write"])("%s", (name) => {
  test(`answers ${CALLS} calls alike, and leaves the same bytes in memory`, async () => {
    const made = Object.values(await engines(name)).map((make) => make());
    const { one, text, number, below } = random(SEED + name.length);
    const functions = Object.keys(made[0] ?? {}).filter((key) => typeof made[0]?.[key] === "function");
    const memory = (exports: Exports) => exports.a as WebAssembly.Memory;
    const room = (exports: Exports, length: number) =>
      (exports[name === "read" ? "c" : "d"] as (length: number) => number)(length);
    let count = 0;
    for (; count < CALLS; count++) {
      const given = text();
      const key = one(functions);
      const numbers = Array.from({ length: 7 }, () => (below(2) ? below(5) : number()));
      if (name === "read") numbers.splice(0, 2, below(given.length + 2), given.length);
      const answers = made.map((exports) => {
        const at = room(exports, given.length) >>> 0;
        const units = new Uint16Array(memory(exports).buffer, at - (at % 2), given.length);
        for (let i = 0; i < given.length; i++) units[i] = given.charCodeAt(i);
        return outcome(() => (exports[key] as (...args: number[]) => unknown)(...numbers));
      });
      if (answers[0] !== answers[1])
        expect({ key, given, numbers, answer: answers[1] }).toEqual({
          key,
          given,
          numbers,
          answer: answers[0],
        });
      if (answers[0]?.startsWith("throws")) break;
    }
    expect(count).toBe(CALLS);
    const [wasm, twin] = made.map((exports) => Buffer.from(memory(exports).buffer));
    expect(twin?.equals(wasm as Buffer)).toBe(true);
  });
});
