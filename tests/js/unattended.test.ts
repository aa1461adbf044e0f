// What the documentation tells a person to type is run here without a person: nothing may wait for an answer, whatever
// the machine's npm is told, with a terminal or without one.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

type Environment = Record<string, string | undefined>;
const tool = new URL("../../tools/unattended.mjs", import.meta.url).href;
const { unattended }: { unattended: () => Environment } = await import(tool);

const folder = mkdtempSync(join(tmpdir(), "httponly-unattended-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, "greet"));
writeFileSync(
  join(folder, "greet/package.json"),
  JSON.stringify({ name: "greet", version: "1.0.0", bin: "greet.js" }),
);
writeFileSync(join(folder, "greet/greet.js"), "#!/usr/bin/env node\nconsole.log('hello');\n");
spawnSync("npm", ["pack", "--pack-destination", folder], { cwd: join(folder, "greet") });

/** Runs npx as on a new machine whose user tells npm to say no, for a package that is not in its cache. */
function npx(settings: Environment, terminal = false) {
  const userconfig = join(folder, "npmrc");
  writeFileSync(userconfig, "yes=false\n");
  const command = `npx --offline --package=file:${folder}/greet-1.0.0.tgz greet`;
  const [program, ...args] = terminal
    ? ["script", "-qec", `${command} </dev/null`, "/dev/null"]
    : ["bash", "-c", command];
  return spawnSync(program as string, args, {
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...settings,
      npm_config_userconfig: userconfig,
      npm_config_cache: mkdtempSync(join(folder, "cache-")),
    },
  });
}

test("npx stops at its question where nobody answers", () => {
  const { npm_config_yes: _, ...env } = unattended();
  const { status, stderr } = npx(env);
  expect(status).toBe(1);
  expect(stderr).toContain("npx canceled due to missing packages and no YES option");
});

test("npx asks nothing without a terminal", () => {
  const { status, stdout, stderr } = npx(unattended());
  expect([status, stdout, stderr]).toEqual([0, "hello\n", ""]);
});

test.skipIf(spawnSync("script", ["--version"]).status !== 0)("npx asks nothing in a terminal", () => {
  const { status, stdout } = npx(unattended(), true);
  expect(status).toBe(0);
  expect(stdout).toContain("hello");
});

test("what is run does not know whether this is continuous integration", () => {
  expect(unattended()).not.toHaveProperty("CI");
});
