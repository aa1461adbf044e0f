// Puts the engines into the package: each module as WebAssembly, in hexadecimal text, as its twin in JavaScript, and both
// in one file for bundlers, which cannot know where their output will run. The conditions of `exports` choose, on these
// files alone: they hold no state, so that nobody gets two of anything that does.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { twin } from "./twin.mjs";

const GENERATED = "js/wasm/gen/engine";
const TYPES = `import type { Source } from "../dist/wasm/load.js";
export declare const source: Source;
`;

/** What tells this build of a module from all others. */
export const idOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 8);

/** Of what a module's engines are made: of the module, and of how. */
function recipe(bytes) {
  const hash = createHash("sha256").update(bytes);
  for (const tool of ["lower", "twin", "engines"])
    hash.update(readFileSync(new URL(`${tool}.mjs`, import.meta.url)));
  return hash.digest("hex");
}

/** Writes the engines of a module below js/wasm/gen, unless they are there: the twin of the server takes half a minute. */
export async function makeEngines(name) {
  const path = (kind) => join(GENERATED, `${name}.${kind}`);
  const bytes = readFileSync(`js/wasm/gen/${name}.wasm`);
  const made = recipe(bytes);
  if (existsSync(path("made")) && readFileSync(path("made"), "utf8") === made) return;
  console.log(`twin: ${name}`);
  mkdirSync(GENERATED, { recursive: true });
  writeFileSync(path("js"), `export const source = "${bytes.toString("hex")}";\n`);
  writeFileSync(path("twin.js"), await twin(bytes, `target/wasm/${name}`));
  writeFileSync(
    path("either.js"),
    `import { source as wasm } from "./${name}.js";
import { source as twin } from "./${name}.twin.js";
export const source = (imports, compile) => {
  try {
    return compile(wasm);
  } catch {
    return twin(imports);
  }
};
`,
  );
  writeFileSync(path("made"), made);
}

/**
 * Copies the engines into the package, each with its types, and adds them to the manifest's `exports`.
 *
 * Bundlers set `module` and Node does not: a bundled server gets both engines, one that Node runs as installed gets
 * WebAssembly. Resolvers without `exports` find the files by their names.
 */
export function publishEngines(names, manifest) {
  mkdirSync("pkg/engine", { recursive: true });
  for (const name of names) {
    const file = (kind) => `./engine/${name}.${kind}`;
    for (const kind of ["js", "twin.js", "either.js"]) {
      cpSync(join(GENERATED, `${name}.${kind}`), join("pkg", file(kind)));
      writeFileSync(join("pkg", file(kind.replace(/js$/, "d.ts"))), TYPES);
    }
    manifest.exports[file("js")] = {
      workerd: file("twin.js"),
      "edge-light": file("twin.js"),
      browser: file("js"),
      module: file("either.js"),
      default: file("js"),
    };
    manifest.exports[file("twin.js")] = file("twin.js");
  }
}

/** The twins that `httponly/fallback` hands to the loader: by id, at once or, for what is loaded later, later. */
export function fallbackTwins(modules) {
  const entries = modules.map(({ name, id, later }) => ({
    id,
    path: `httponly/engine/${name}.twin.js`,
    later,
  }));
  const now = entries.filter(({ later }) => !later);
  const imports = now.map(({ path }, index) => `import { source as twin${index} } from "${path}";\n`);
  const members = [
    ...now.map(({ id }, index) => `  ${JSON.stringify(id)}: twin${index},\n`),
    ...entries
      .filter(({ later }) => later)
      .map(
        ({ id, path }) =>
          `  ${JSON.stringify(id)}: { load: () => import("${path}").then((m) => m.source) },\n`,
      ),
  ];
  writeFileSync("js/wasm/gen/twins.js", `${imports.join("")}export const twins = {\n${members.join("")}};\n`);
  writeFileSync(
    "js/wasm/gen/twins.d.ts",
    `import type { Twin } from "../load.js";
/** The twins of the page's modules, by the modules' ids. */
export const twins: { [id: string]: Twin | { load(): Promise<Twin> } };
`,
  );
}

/**
 * One line for each entry at the root of the package, for resolvers that know no `exports`: Parcel's, and TypeScript's
 * `node10`.
 */
export function writeStubs(manifest) {
  const files = [];
  for (const [entry, target] of Object.entries(manifest.exports)) {
    const name = /^\.\/([\w-]+)(?:\.js)?$/.exec(entry)?.[1];
    if (name === undefined) continue;
    const path = target.default ?? target;
    const client = readFileSync(join("pkg", path), "utf8").startsWith('"use client"')
      ? '"use client";\n'
      : "";
    const line = name === "fallback" ? `import "${path}";\n` : `export * from "${path}";\n`;
    writeFileSync(`pkg/${name}.js`, client + line);
    writeFileSync(`pkg/${name}.d.ts`, name === "fallback" ? "export {};\n" : line);
    files.push(`${name}.js`, `${name}.d.ts`);
  }
  return files;
}
