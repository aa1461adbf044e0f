/**
 * The paths of a Next.js app, where it runs: its folders in development, and the manifest that a build writes. Files of
 * `public` and sources of rewrites are among them: `proxy.ts` stands before these, too.
 *
 * @module
 */
import { filesBelow, namesIn, readText, workingFolder } from "./server/files.ts";
import type { AppRoutes, FindRoutes } from "./server/key-check.ts";

const host = globalThis as { process?: { env?: Record<string, string | undefined> } };

/** Groups are known, and no key is one: a group says nothing to `proxy.ts`, which knows paths alone. */
export const nextRoutes: FindRoutes = ({ development }): AppRoutes | undefined => {
  const folder = workingFolder();
  if (folder === undefined) return undefined;
  const routes = development ? ofSources(folder) : ofManifest(folder);
  if (!routes?.length) return undefined;
  // More public files than are looked at, and nothing is known.
  const files = filesBelow(`${folder}/public`);
  if (!files) return undefined;
  return {
    routes: [...routes, ...files.map((path) => `/${literal(path)}`), "/_next/[...path]"],
    groups: true,
  };
};

/** What is read of `routes-manifest.json`. */
interface Manifest {
  basePath?: string;
  staticRoutes?: { page: string }[];
  dynamicRoutes?: { page: string }[];
  redirects?: Rule[];
  rewrites?: Record<"beforeFiles" | "afterFiles" | "fallback", Rule[] | undefined> | Rule[];
}

/** A rewrite or redirect; the internal ones are Next's own, about slashes and the base. */
interface Rule {
  source: string;
  destination?: string;
  internal?: boolean;
}

/** What Next has built, or builds in development: in `.next`, or where `distDir` says. */
function manifestOf(folder: string, development: boolean): { built: string; manifest: Manifest } | undefined {
  const others = namesIn(folder).filter(({ name, isFolder }) => isFolder && name !== "node_modules");
  for (const name of [".next", ...others.map(({ name }) => name)]) {
    const built = `${folder}/${name}${development ? "/dev" : ""}`;
    const manifest = json<Manifest>(`${built}/routes-manifest.json`);
    if (manifest) return { built, manifest };
  }
  return undefined;
}

function ofManifest(folder: string): string[] | undefined {
  const found = manifestOf(folder, false);
  if (!found) return undefined;
  const { built, manifest } = found;
  const pages = [...(manifest.staticRoutes ?? []), ...(manifest.dynamicRoutes ?? [])].map(({ page }) => page);
  const ofApp = Object.values(json<Record<string, string>>(`${built}/app-path-routes-manifest.json`) ?? {});
  return [...pages, ...ofApp, ...led(manifest)];
}

/** The app's rewrites, below its base. None where there are no files to find them in. */
export function nextRewrites(): [source: string, destination: string][] {
  const folder = workingFolder();
  const development = host.process?.env?.NODE_ENV === "development";
  const manifest = folder === undefined ? undefined : manifestOf(folder, development)?.manifest;
  if (!manifest) return [];
  const below = belowBase(manifest);
  return rewritesOf(manifest).map(({ source, destination = "" }) => [below(source), below(destination)]);
}

function rewritesOf({ rewrites = [] }: Manifest): Rule[] {
  if (Array.isArray(rewrites)) return rewrites;
  return [rewrites.beforeFiles, rewrites.afterFiles, rewrites.fallback].flatMap((list) => list ?? []);
}

/** Next writes the base before what lies below it. */
function belowBase({ basePath = "" }: Manifest): (path: string) => string {
  return (path) => {
    if (path === basePath) return "/";
    return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
  };
}

/** The sources of rewrites and redirects, as routes. */
function led(manifest: Manifest): string[] {
  const own = [...(manifest.redirects ?? []), ...rewritesOf(manifest)];
  return own
    .filter(({ internal }) => internal !== true)
    .map(({ source }) =>
      belowBase(manifest)(source)
        .split("/")
        .map((part) => (/[(*+{]/.test(part) ? "[...any]" : part.includes(":") ? "[any]" : part))
        .join("/"),
    );
}

/** Files that Next makes a route of by their name: `icon.png`, `sitemap.ts`. */
const METADATA =
  /^(favicon|icon\d*|apple-icon\d*|opengraph-image\d*|twitter-image\d*|robots|sitemap|manifest)\./;

function ofSources(folder: string): string[] {
  const found = manifestOf(folder, true);
  const out = found ? led(found.manifest) : [];
  for (const source of ["", "/src"]) {
    for (const path of filesBelow(`${folder}${source}/app`) ?? []) {
      const parts = path.split("/");
      const name = parts.pop() ?? "";
      const route = parts
        .filter((part) => !/^\(.*\)$|^@/.test(part))
        .map((part) => part.replace(/^(\(\.+\))+/, ""));
      if (/^(page|route)\.[\w.]+$/.test(name)) out.push(`/${route.join("/")}`);
      const [, stem] = METADATA.exec(name) ?? [];
      if (stem !== undefined) out.push(`/${[...route, `${stem}[any]`].join("/")}`);
    }
    for (const path of filesBelow(`${folder}${source}/pages`) ?? []) {
      const page = path.replace(/\.[\w.]+$/, "");
      if (!/^_(app|document|error)$/.test(page)) out.push(`/${page.replace(/(^|\/)index$/, "")}`);
    }
  }
  return out;
}

/** The name of a file as a route that has no parameters. */
function literal(path: string): string {
  return path.replace(/[[\]()]/g, (char) => `[x+${char.charCodeAt(0).toString(16)}]`);
}

function json<T>(path: string): T | undefined {
  try {
    return JSON.parse(readText(path) ?? "") as T;
  } catch {
    return undefined;
  }
}
