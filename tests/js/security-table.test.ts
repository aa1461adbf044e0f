// docs/security.md says for every promise which tests attack it. Here it is checked that these tests exist, and that no
// promise has none.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testsOf } from "./support/test-titles.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "docs/security.md"), "utf8");

interface Row {
  readonly attack: string;
  readonly file: string;
  readonly title: string;
}

const HEAD = "| what is tried | file | test |";

/** The rows of the tables of attacks; a `|` within a cell is written `\|`. */
function rowsOf(markdown: string): Row[] {
  return markdown
    .split("\n\n")
    .filter((block) => block.startsWith(HEAD))
    .flatMap((block) => block.split("\n").slice(2))
    .filter((line) => line !== "")
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      expect(cells, line).toHaveLength(3);
      const [attack = "", file = "", title = ""] = cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
      return { attack, file: file.replaceAll("`", ""), title };
    });
}

/** Whether a file has a test: by its title, alone or below what it stands in; in a Rust file, by its function. */
function isThere({ file, title }: Row): boolean {
  const path = join(root, file);
  if (!existsSync(path)) return false;
  if (file.endsWith(".rs")) return new RegExp(`^\\s*fn ${title}\\(`, "m").test(readFileSync(path, "utf8"));
  return testsOf(path).paths.some((known) => known === title || known.endsWith(` › ${title}`));
}

const promises = text
  .split(/^## /m)
  .slice(1)
  .filter((section) => /^\d+\. /.test(section))
  .map((section) => ({ promise: section.slice(0, section.indexOf("\n")), rows: rowsOf(section) }));
const rows = promises.flatMap(({ rows }) => rows);

describe("docs/security.md", () => {
  test("numbers its promises", () => {
    expect(promises.map(({ promise }) => Number.parseInt(promise, 10))).toEqual(
      promises.map((_, i) => i + 1),
    );
    expect(promises.length).toBeGreaterThan(10);
  });

  test.for(promises)("$promise: has attacks, each with a test that exists", ({ rows }) => {
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => !isThere(row))).toEqual([]);
  });

  test("describes every attack, and names none twice for one test", () => {
    expect(rows.filter(({ attack }) => attack === "")).toEqual([]);
    const keys = rows.map(({ attack, file, title }) => [attack, file, title].join("\n"));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test("says what is not defended", () => {
    expect(text).toMatch(/^## What is not defended$/m);
  });
});
