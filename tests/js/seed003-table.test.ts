// docs/seed-003.md says for every row of the cookie specification which test checks it. Here it is checked that these
// tests exist, run, and that none is left out.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Row {
  row: string;
  file: string;
  name: string;
}

/** The rows of all tables: what is specified, the file, the test. A `|` within a cell is written `\|`. */
function rowsOf(markdown: string): Row[] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| row |"))
    .map((line) => {
      const cells = line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("\\|", "|"));
      const [row = "", file = "", name = ""] = cells;
      expect(cells, line).toHaveLength(3);
      return { row, file: file.replaceAll("`", ""), name };
    });
}

interface Tests {
  /** Of the tests that run: a name, or the fixed parts of one that is put together, with `…` for the others. */
  names: string[];
  /** Calls that keep tests from running, or others from it. */
  idle: string[];
}

/** The tests of a file, as the compiler reads it: what stands in a comment or a text is none. */
function testsOf(path: string): Tests {
  const found: Tests = { names: [], idle: [] };
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText();
      const title = node.arguments[0];
      if (called === "test" || called === "it") {
        if (title && ts.isStringLiteralLike(title)) found.names.push(title.text);
        else if (title && ts.isTemplateExpression(title))
          found.names.push(
            title.templateSpans.reduce((text, span) => `${text}…${span.literal.text}`, title.head.text),
          );
        else throw new Error(`${path}: a test without a name: ${node.getText().slice(0, 60)}`);
      } else if (
        /^(test|it|describe|test\.describe)\.(skip|only|todo|fixme|fail|fails|skipIf|runIf|each)$/.test(
          called,
        )
      )
        found.idle.push(node.getText().slice(0, 60));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const rows = rowsOf(read("docs/seed-003.md"));
const files = ["tests/js", "tests/e2e"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.startsWith("seed003-") && name !== "seed003-table.test.ts")
    .map((name) => `${folder}/${name}`),
);

describe("docs/seed-003.md", () => {
  test("has a table", () => {
    expect(rows.length).toBeGreaterThan(90);
    expect(files.length).toBeGreaterThanOrEqual(3);
  });

  test("names tests that exist", () => {
    const known = new Map<string, string[]>();
    for (const { file } of rows)
      if (!known.has(file)) known.set(file, existsSync(join(root, file)) ? testsOf(file).names : []);
    const missing = rows.filter(({ file, name }) => !known.get(file)?.includes(name));
    expect(missing).toEqual([]);
  });

  test("describes every row", () => {
    expect(rows.filter(({ row }) => row === "")).toEqual([]);
  });

  test("names no row twice for one test", () => {
    const keys = rows.map(({ row, file, name }) => [row, file, name].join("\n"));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });
});

describe.each(files)("%s", (file) => {
  const { names, idle } = testsOf(file);

  test("has no test that the table leaves out", () => {
    const named = rows.filter((row) => row.file === file).map(({ name }) => name);
    expect(names.filter((name) => !named.includes(name))).toEqual([]);
  });

  test("has no test that does not run", () => {
    expect(idle).toEqual([]);
  });
});
