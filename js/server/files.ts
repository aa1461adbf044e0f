/**
 * The files beside an app, where there are files: read without an import that a bundler for the edge would refuse.
 *
 * @module
 */

/** What is used of `node:fs`. */
interface FileSystem {
  readFileSync(path: string, encoding: "utf8"): string;
  readdirSync(path: string, options: { withFileTypes: true }): { name: string; isDirectory(): boolean }[];
}

const host = globalThis as {
  process?: { argv?: string[]; cwd?(): string; getBuiltinModule?(id: string): unknown };
};

const fileSystem = () => host.process?.getBuiltinModule?.("node:fs") as FileSystem | undefined;

/** The folder that the process works in, with slashes; nothing where there is none. */
export function workingFolder(): string | undefined {
  try {
    return host.process?.cwd?.().replaceAll("\\", "/");
  } catch {
    return undefined;
  }
}

/** The script that the process runs, with slashes. */
export function mainScript(): string | undefined {
  return host.process?.argv?.[1]?.replaceAll("\\", "/");
}

/** A file's text; nothing where it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return fileSystem()?.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where it cannot be read. */
export function namesIn(folder: string): { name: string; isFolder: boolean }[] {
  try {
    const entries = fileSystem()?.readdirSync(folder, { withFileTypes: true }) ?? [];
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch {
    return [];
  }
}

/** The paths of all files below a folder, relative to it; nothing of a folder with more than `most`. */
export function filesBelow(folder: string, most = 20_000): string[] | undefined {
  const out: string[] = [];
  const open = [""];
  for (let below = open.pop(); below !== undefined; below = open.pop()) {
    for (const { name, isFolder } of namesIn(`${folder}/${below}`)) {
      const path = below === "" ? name : `${below}/${name}`;
      if (isFolder && name !== "node_modules") open.push(path);
      else if (!isFolder) out.push(path);
    }
    if (out.length + open.length > most) return undefined;
  }
  return out;
}
