/** The types of an app that declares its own sign-in. They are a program of their own: a declaration is the program's. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("an app that declares its own sign-in has signin know its providers and fields", {
  timeout: 120_000,
}, () => {
  const project = fileURLToPath(new URL("./register/tsconfig.json", import.meta.url));
  const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, ""]);
});
