/**
 * Builds apps of tests where they are stale: here, those under attack.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ACCOUNT, APPS, GUARDED_APPS, GUARDED_NEXT } from "./apps.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

/** How an app is built. */
export interface Buildable {
  readonly folder: string;
  /** Files and folders that it is made of, in its own. */
  readonly sources: readonly string[];
  /** The file that is there once it is built. */
  readonly built: string;
  /** Arguments to Node. */
  readonly build: readonly string[];
  /** Environment of the build. */
  readonly env?: Readonly<Record<string, string>>;
}

export default function build(): void {
  buildStale(
    [...Object.values(APPS), ACCOUNT, ...Object.values(GUARDED_APPS), GUARDED_NEXT],
    [join(here, "declarations.ts")],
  );
}

/** Builds those apps that are older than their sources, the package, or the files that they `share`. */
export function buildStale(apps: readonly Buildable[], share: readonly string[]): void {
  if (!existsSync(join(root, "pkg/dist/index.js"))) throw new Error("run `make build` first");
  const shared = Math.max(newest(join(root, "pkg")), ...share.map(newest));
  const link = realpathSync(join(root, "node_modules/next"));
  // The packages may be links to another folder.
  const workspace = link.startsWith(root) ? {} : { WORKSPACE_ROOT: common(root, link) };
  for (const app of apps) {
    const sources = app.sources.map((name) => newest(join(app.folder, name)));
    if (newest(join(app.folder, app.built)) > Math.max(shared, ...sources)) continue;
    const done = spawnSync(process.execPath, app.build, {
      cwd: app.folder,
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...workspace, ...app.env },
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
