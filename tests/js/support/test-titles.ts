/**
 * The titles of tests, for documents that name them.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import ts from "typescript";

/** What a test file holds. */
export interface Tests {
  /** Of the tests that run: a title, or the fixed parts of one that is put together, with `…` for the others. */
  readonly names: string[];
  /** The same below the titles of what they stand in, parted by ` › `. */
  readonly paths: string[];
  /** Tests whose title is computed. */
  readonly unnamed: string[];
  /** Calls that keep tests from running, or others from it. */
  readonly idle: string[];
}

/** The tests of a TypeScript file, as the compiler reads it: what stands in a comment or a text is none. */
export function testsOf(path: string): Tests {
  const found: Tests = { names: [], paths: [], unnamed: [], idle: [] };
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node, above: readonly string[]): void => {
    let below = above;
    if (ts.isCallExpression(node)) {
      const called = calledOf(node);
      if (/^(test|it)(\.(each|for))?$/.test(called) && !isTable(node)) {
        const title = titleOf(node);
        if (title === undefined) found.unnamed.push(startOf(node));
        else {
          found.names.push(title);
          found.paths.push([...above, title].join(" › "));
        }
      } else if (/^(test\.)?describe(\.\w+)*$/.test(called)) {
        const title = titleOf(node);
        if (title !== undefined) below = [...above, title];
      }
      if (IDLE.test(node.expression.getText())) found.idle.push(startOf(node));
    }
    ts.forEachChild(node, (child) => visit(child, below));
  };
  visit(source, []);
  return found;
}

const IDLE = /^(test|it|describe|test\.describe)\.(skip|only|todo|fixme|fail|fails|skipIf|runIf|each)$/;

/** What is called: of `test.each(rows)("…")`, `test.each`; of `test.skipIf(…)("…")`, `test`. */
function calledOf({ expression }: ts.CallExpression): string {
  const called = ts.isCallExpression(expression) ? expression.expression : expression;
  return called.getText().replace(/\.(skipIf|runIf|concurrent|sequential)\b/g, "");
}

/** Whether a call is the first of the two of `test.each(rows)("…")`. */
function isTable(node: ts.CallExpression): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression === node;
}

function titleOf({ arguments: [title] }: ts.CallExpression): string | undefined {
  if (title && ts.isStringLiteralLike(title)) return title.text;
  if (title && ts.isTemplateExpression(title))
    return title.templateSpans.reduce((text, span) => `${text}…${span.literal.text}`, title.head.text);
  return undefined;
}

const startOf = (node: ts.Node) => node.getText().slice(0, 60);
