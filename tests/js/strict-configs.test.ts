// A test that is left alone by `.only` fails the run on every machine; the runners' own defaults look for `CI`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["", ...readdirSync(join(root, "tests")).map((name) => join("tests", name))];
const configs = (name: string) => folders.map((folder) => join(folder, name)).filter(isThere);

function isThere(path: string): boolean {
  return existsSync(join(root, path));
}

async function configOf(path: string): Promise<{ forbidOnly?: boolean; test?: { allowOnly?: boolean } }> {
  return (await import(pathToFileURL(join(root, path)).href)).default;
}

test.for(configs("vitest.config.ts"))("%s takes no `.only`", async (path) => {
  expect((await configOf(path)).test?.allowOnly).toBe(false);
});

test.for(configs("playwright.config.ts"))("%s takes no `.only`", async (path) => {
  expect((await configOf(path)).forbidOnly).toBe(true);
});

test("every folder of browser tests is looked at", () => {
  expect(configs("vitest.config.ts").length).toBeGreaterThanOrEqual(4);
  expect(configs("playwright.config.ts").length).toBeGreaterThanOrEqual(2);
});
