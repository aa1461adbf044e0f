/**
 * The paths of a Next.js app, where it runs: its folders in development, and the manifest that a build writes. Files of
 * `public` and sources of rewrites are among them: `proxy.ts` stands before these, too.
 *
 * @module
 */
import { filesBelow, readText, workingFolder } from "./server/files.ts";
import type { AppRoutes, FindRoutes } from "./server/key-check.ts";

/** Groups are known, and no key is one: a group says nothing to `proxy.ts`, which knows paths alone. */
export const nextRoutes: FindRoutes = ({ development }): AppRoutes | undefined => {
  const folder = workingFolder();
  if (folder === undefined) return undefined;
  const routes = development ? ofSources(folder) : ofManifest(`${folder}/.next`);
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
  staticRoutes?: { page: string }[];
  dynamicRoutes?: { page: string }[];
  redirects?: { source: string }[];
  rewrites?: Rewrites | { source: string }[];
}
type Rewrites = Record<"beforeFiles" | "afterFiles" | "fallback", { source: string }[] | undefined>;

function ofManifest(folder: string): string[] | undefined {
  const manifest = json<Manifest>(`${folder}/routes-manifest.json`);
  if (!manifest) return undefined;
  const pages = [...(manifest.staticRoutes ?? []), ...(manifest.dynamicRoutes ?? [])].map(({ page }) => page);
  const ofApp = Object.values(json<Record<string, string>>(`${folder}/app-path-routes-manifest.json`) ?? {});
  return [...pages, ...ofApp, ...led(manifest)];
}

/** The sources of rewrites and redirects. */
function led({ redirects = [], rewrites = [] }: Manifest): string[] {
  const all = Array.isArray(rewrites)
    ? rewrites
    : [rewrites.beforeFiles, rewrites.afterFiles, rewrites.fallback].flatMap((list) => list ?? []);
  return [...redirects, ...all].map(({ source }) =>
    source
      .split("/")
      .map((part) => (/[(*+{]/.test(part) ? "[...any]" : part.includes(":") ? "[any]" : part))
      .join("/"),
  );
}

/** Files that Next makes a route of by their name: `icon.png`, `sitemap.ts`. */
const METADATA =
  /^(favicon|icon\d*|apple-icon\d*|opengraph-image\d*|twitter-image\d*|robots|sitemap|manifest)\./;

function ofSources(folder: string): string[] {
  const development = json<Manifest>(`${folder}/.next/dev/routes-manifest.json`);
  const out = development ? led(development) : [];
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
