/**
 * Builds the apps under attack where they are stale.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ACCOUNT, APPS } from "./apps.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

export default function build(): void {
  if (!existsSync(join(root, "pkg/dist/index.js"))) throw new Error("run `make build` first");
  const shared = Math.max(newest(join(root, "pkg")), newest(join(here, "declarations.ts")));
  const link = realpathSync(join(root, "node_modules/next"));
  // The packages may be links to another folder.
  const workspace = link.startsWith(root) ? {} : { WORKSPACE_ROOT: common(root, link) };
  for (const app of [...Object.values(APPS), ACCOUNT]) {
    const sources = app.sources.map((name) => newest(join(app.folder, name)));
    if (newest(join(app.folder, app.built)) > Math.max(shared, ...sources)) continue;
    const done = spawnSync(process.execPath, app.build, {
      cwd: app.folder,
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...workspace },
    });
    if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  }
}

/** Newest modification time of a file or of all files below a folder. */
function newest(path: string): number {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The deepest folder that holds both. */
function common(a: string, b: string): string {
  const [left, right] = [a.split(sep), b.split(sep)];
  const differs = left.findIndex((part, at) => part !== right[at]);
  return left.slice(0, differs).join(sep) || sep;
}
