import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const POINTS = 22;

test("each point of the checklist has a test that begins with its number", () => {
  const named = new Set<number>();
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"))) {
    const text = readFileSync(new URL(file, import.meta.url), "utf8");
    for (const [, numbers = ""] of text.matchAll(/"checklist ([\d, ]+): /g))
      for (const number of numbers.split(", ")) named.add(Number(number));
  }
  expect([...named].sort((a, b) => a - b)).toEqual(Array.from({ length: POINTS }, (_, i) => i + 1));
});
