// docs/cookie-specification.md says for every row of the cookie specification which test checks it. Here it is checked that these
// tests exist, run, and that none is left out.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testsOf } from "./support/test-titles.ts";

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

const rows = rowsOf(read("docs/cookie-specification.md"));
const files = ["tests/js", "tests/e2e"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter(
      (name) => name.startsWith("cookie-specification-") && name !== "cookie-specification-table.test.ts",
    )
    .map((name) => `${folder}/${name}`),
);

describe("docs/cookie-specification.md", () => {
  test("has a table", () => {
    expect(rows.length).toBeGreaterThan(90);
    expect(files.length).toBeGreaterThanOrEqual(3);
  });

  test("names tests that exist", () => {
    const known = new Map<string, string[]>();
    for (const { file } of rows)
      if (!known.has(file))
        known.set(file, existsSync(join(root, file)) ? testsOf(join(root, file)).names : []);
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
  const { names, idle, unnamed } = testsOf(join(root, file));

  test("has no test that the table leaves out", () => {
    const named = rows.filter((row) => row.file === file).map(({ name }) => name);
    expect(names.filter((name) => !named.includes(name))).toEqual([]);
  });

  test("has no test without a name", () => {
    expect(unnamed).toEqual([]);
  });

  test("has no test that does not run", () => {
    expect(idle).toEqual([]);
  });
});
