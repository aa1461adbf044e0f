import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds the example if it is stale, and sees it answer once. */
export default function build(): void {
  const demo = fileURLToPath(new URL("../../tools/demo.mjs", import.meta.url));
  const done = spawnSync(process.execPath, [demo, "nextjs", "--check"], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
}
