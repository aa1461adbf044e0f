// Lowers a module of wasm-bindgen, as WebAssembly text, to what binaryen's wasm2js can turn into JavaScript, so that the
// JavaScript computes what the module computes. Three things need it:
//
// - A reference to a JavaScript value becomes a number, its handle; instructions on the table of references become calls.
// - A function with several results hands them to an import, in one call, and has no result.
// - A conversion that saturates becomes a function of its own: binaryen's lowering of these wraps around instead.
//
// What it does not know it refuses, so that a new rustc or wasm-bindgen fails the build and not a page.

/** WebAssembly text as nested lists; strings keep their quotes. */
function parse(text) {
  const root = [];
  const open = [root];
  const token = /\(;[\s\S]*?;\)|;;[^\n]*|\s+|(\()|(\))|("(?:\\.|[^"\\])*"|[^\s()"]+)/g;
  for (const [, begins, ends, word] of text.matchAll(token)) {
    if (begins) {
      const list = [];
      open.at(-1).push(list);
      open.push(list);
    } else if (ends) open.pop();
    else if (word !== undefined) open.at(-1).push(word);
  }
  return root[0];
}

const print = (node) => (Array.isArray(node) ? `(${node.map(print).join(" ")})` : node);
const isList = (node, head) => Array.isArray(node) && node[0] === head;

/** The types behind `param` or `result`. */
const typesOf = (node, kind) =>
  node
    .filter((part) => isList(part, kind))
    .flatMap((part) => part.slice(1).filter((type) => type[0] !== "$"));

/** Bounds of a saturating conversion, each as the text of a constant. */
const SATURATION = {
  i32_s: { least: "-2147483648", most: "2147483647", below: "-2147483649", above: "2147483648" },
  i32_u: { least: "0", most: "-1", below: "-1", above: "4294967296" },
  i64_s: {
    least: "-9223372036854775808",
    most: "9223372036854775807",
    below: "-9223372036854777856",
    above: "9223372036854775808",
  },
  i64_u: { least: "0", most: "-1", below: "-1", above: "18446744073709551616" },
};

/** A function that converts a double as `i32.trunc_sat_f64_u` and its like say. */
function saturating(to, sign) {
  const { least, most, below, above } = SATURATION[`${to}_${sign}`];
  const choose = (test, yes, no) => `(if (result ${to}) ${test} (then ${yes}) (else ${no}))`;
  const compare = (how, bound) => `(f64.${how} (local.get $x) (f64.const ${bound}))`;
  const body = choose(
    compare("ge", above),
    `(${to}.const ${most})`,
    choose(
      compare("gt", below),
      `(${to}.trunc_f64_${sign} (local.get $x))`,
      // What is below everything, and what is no number.
      choose(compare("lt", "0"), `(${to}.const ${least})`, `(${to}.const 0)`),
    ),
  );
  return parse(`(func $sat_${to}_${sign} (param $x f64) (result ${to}) ${body})`);
}

/** Instructions on the table of references, and the imports that they become. */
const TABLE = {
  "table.get": "(param i32) (result i32)",
  "table.set": "(param i32 i32)",
  "table.grow": "(param i32 i32) (result i32)",
  "table.fill": "(param i32 i32 i32)",
};

/** What holds a block's instructions, and so may end in several values. */
const BLOCKS = ["block", "loop", "if", "then", "else"];

/** One module on its way. */
class Lowering {
  constructor(text) {
    this.module = parse(text);
    this.types = new Map();
    for (const part of this.module)
      if (isList(part, "type"))
        this.types.set(part[1], { params: typesOf(part[2], "param"), results: typesOf(part[2], "result") });
    const tables = this.module.filter((part) => isList(part, "table"));
    this.references = tables.find((table) => table.includes("externref"));
    /** Imports and functions that the result needs, by name. */
    this.needed = new Map();
  }

  signature(node) {
    const named = node.find((part) => isList(part, "type"));
    const { params, results } = named
      ? this.types.get(named[1])
      : { params: typesOf(node, "param"), results: typesOf(node, "result") };
    return { params, results };
  }

  /** The signatures of what the module imports and exports, by their names. */
  signatures() {
    const functions = new Map();
    const holding = this.holders();
    const imports = [];
    for (const part of this.module) {
      if (isList(part, "func")) functions.set(part[1], this.signature(part));
      if (!isList(part, "import")) continue;
      const signature = this.signature(part[3]);
      functions.set(part[3][1], signature);
      imports.push({ name: JSON.parse(part[2]), ...signature });
    }
    const exports = this.module
      .filter((part) => isList(part, "export"))
      .map(([, name, [kind, what]]) => ({
        name: JSON.parse(name),
        kind,
        ...(kind === "func" && { ...functions.get(what), holds: holding.has(what) }),
      }));
    for (const { name, params = [], results = [], kind } of [...imports, ...exports])
      if ([...(kind ? params : []), ...results].includes("i64"))
        throw new Error(`${name}: 64 bits cross from JavaScript`);
    const table = this.references && Number(this.references.find((part) => /^\d+$/.test(part)));
    return { imports, exports, table, needed: [...this.needed.keys()] };
  }

  /** The functions that may come to hold a reference while they run: by what they call, or call through the table. */
  holders() {
    const calls = new Map();
    const holding = new Set();
    const look = (node, name) => {
      if (!Array.isArray(node)) return;
      const [head, callee] = node;
      if (head === "call") calls.set(callee, [...(calls.get(callee) ?? []), name]);
      if (head === "table.get" || head === "call_indirect") holding.add(name);
      for (const part of node) look(part, name);
    };
    for (const part of this.module) {
      if (isList(part, "func")) look(part, part[1]);
      if (isList(part, "import") && this.signature(part[3]).results.includes("externref"))
        holding.add(part[3][1]);
    }
    for (const name of holding) for (const caller of calls.get(name) ?? []) holding.add(caller);
    return holding;
  }

  call(name, signature, operands) {
    this.needed.set(name, ["import", '"env"', `"${name}"`, parse(`(func $${name} ${signature})`)]);
    return ["call", `$${name}`, ...operands];
  }

  instruction(node) {
    if (!Array.isArray(node)) return node === "externref" ? "i32" : node;
    const [head, ...rest] = node;
    if (TABLE[head]) {
      if (rest[0] !== this.references[1]) throw new Error(`${head} of another table`);
      const operands = rest.slice(1).map((part) => this.instruction(part));
      return this.call(head.replace(".", "_"), TABLE[head], operands);
    }
    const [, to, from, sign] = /^(i\d\d)\.trunc_sat_(f\d\d)_([su])$/.exec(head) ?? [];
    if (to) {
      if (from !== "f64") throw new Error(head);
      this.needed.set(`sat_${to}_${sign}`, saturating(to, sign));
      return ["call", `$sat_${to}_${sign}`, ...rest.map((part) => this.instruction(part))];
    }
    if (head === "ref.null") return ["i32.const", "0"];
    if (/^(?:table\.|ref\.|tuple\.|memory\.(?!fill|copy|grow|size))/.test(head)) throw new Error(head);
    return node.map((part) => this.instruction(part));
  }

  /** Instructions of a function with several results: each tuple goes to an import. */
  body(nodes, results) {
    const holds = (node) => isList(node, "tuple.make") || (Array.isArray(node) && node.some(holds));
    const give = ([, , ...values]) =>
      this.call(
        `ret_${results.map((type) => (type === "externref" ? "r" : type[0])).join("")}`,
        `(param ${results.map((type) => (type === "externref" ? "i32" : type)).join(" ")})`,
        values.map((value) => this.instruction(value)),
      );
    return nodes.flatMap((node) => {
      if (!holds(node)) return [this.instruction(node)];
      if (node[0] === "tuple.make") return [give(node)];
      if (node[0] === "return") return [give(node[1]), ["return"]];
      if (!BLOCKS.includes(node[0])) throw new Error(`several values in ${node[0]}`);
      const kept = node.slice(1).filter((part) => !isList(part, "result"));
      return [[node[0], ...this.body(kept, results)]];
    });
  }

  func(node) {
    const { results } = this.signature(node);
    const isHead = (part) =>
      !Array.isArray(part) || ["export", "type", "param", "result", "local"].includes(part[0]);
    const first = node.findIndex((part, index) => index > 0 && !isHead(part));
    const end = first < 0 ? node.length : first;
    const several = results.length > 1;
    const head = node.slice(0, end).filter((part) => !(several && isList(part, "result")));
    const rest = node.slice(end);
    return [
      ...head.map((part) => this.instruction(part)),
      ...(several ? this.body(rest, results) : rest.map((part) => this.instruction(part))),
    ];
  }

  type([, name, [, ...parts]]) {
    const { results } = this.types.get(name);
    const kept = parts.filter((part) => !(results.length > 1 && isList(part, "result")));
    return ["type", name, ["func", ...kept.map((part) => this.instruction(part))]];
  }

  part(node) {
    switch (node[0]) {
      case "type":
        return this.type(node);
      case "table":
        return node === this.references ? undefined : node;
      case "elem":
        return node;
      case "export":
        return node[2][0] === "table" && node[2][1] === this.references?.[1] ? undefined : node;
      case "import":
        return ["import", '"env"', node[2], this.instruction(node[3])];
      case "func":
        return this.func(node);
      default:
        return this.instruction(node);
    }
  }

  lower() {
    const parts = this.module.slice(1).map((node) => this.part(node));
    const added = [...this.needed.values()];
    const all = [...parts.filter((part) => part !== undefined), ...added];
    // Imports stand before all that they are followed by.
    const rank = ([head]) =>
      ["type", "import"].indexOf(head) + (head === "type" || head === "import" ? 0 : 3);
    const sorted = all.sort((a, b) => rank(a) - rank(b));
    return `(module\n${sorted.map(print).join("\n")}\n)\n`;
  }
}

/**
 * @param text a module as binaryen's wasm-dis writes it
 * @returns `text` for wasm2js, and `signatures` of the imports and exports as they were
 */
export function lower(text) {
  const lowering = new Lowering(text);
  const lowered = lowering.lower();
  return { text: lowered, signatures: lowering.signatures() };
}
