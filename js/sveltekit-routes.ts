/**
 * The routes of a SvelteKit app, where it runs: the folder of its routes in development, and the manifest that the build
 * writes beside the server.
 *
 * @module
 */
import { filesBelow, mainScript, namesIn, readText, workingFolder } from "./server/files.ts";
import type { AppRoutes, FindRoutes } from "./server/key-check.ts";

/** How far above this module, in the built server, its manifest may lie. */
const LEVELS = 4;

export const kitRoutes: FindRoutes = ({ development, base }) =>
  development ? (ofSources() ?? ofTypes()) : (ofManifest(base) ?? ofTypes());

/** The routes by the folder that SvelteKit's router makes them of. */
function ofSources(): AppRoutes | undefined {
  const folder = workingFolder();
  const files = folder === undefined ? undefined : filesBelow(`${folder}/src/routes`);
  const routes = files?.filter((path) => /(^|\/)\+(page|server)[.@][^/]*$/.test(path));
  if (!routes?.length) return undefined;
  return { routes: routes.map((path) => `/${path.split("/").slice(0, -1).join("/")}`), groups: true };
}

/** The routes by what SvelteKit writes beside its types. */
function ofTypes(): AppRoutes | undefined {
  const text = readText(`${workingFolder()}/.svelte-kit/types/route_meta_data.json`);
  if (text === undefined) return undefined;
  try {
    const routes = Object.keys(JSON.parse(text) as object);
    return routes.length === 0 ? undefined : { routes, groups: true };
  } catch {
    return undefined;
  }
}

/** The routes by the manifest of a built server. */
function ofManifest(base: string): AppRoutes | undefined {
  for (const folder of folders())
    for (const below of ["", "/chunks", "/server", "/server/chunks"]) {
      const names = namesIn(folder + below).map(({ name }) => name);
      // The full one knows prerendered pages by their routes.
      for (const name of names.filter((name) => /^manifest(-full)?\.m?js/.test(name)).sort())
        if (!name.endsWith(".map")) {
          const found = readManifest(readText(`${folder}${below}/${name}`) ?? "", base);
          if (found) return found;
        }
    }
  return undefined;
}

/** Where a built server may be: around this module, around the script that runs, and where adapters put it. */
function folders(): string[] {
  const out: string[] = [];
  const { url } = import.meta as { url?: string };
  if (url?.startsWith("file:")) {
    let folder = decodeURIComponent(new URL(".", url).pathname).replace(/\/$/, "");
    for (let level = 0; level < LEVELS && folder !== ""; level++) {
      out.push(folder);
      folder = folder.slice(0, folder.lastIndexOf("/"));
    }
  }
  const script = mainScript();
  if (script !== undefined) {
    const folder = script.slice(0, script.lastIndexOf("/"));
    out.push(script, folder, `${folder}/build`);
  }
  const working = workingFolder();
  if (working !== undefined) out.push(`${working}/build`, `${working}/.svelte-kit/output`);
  return out;
}

function readManifest(text: string, base: string): AppRoutes | undefined {
  const strings = (list: string) =>
    [...list.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([one]) => JSON.parse(one) as string);
  const [, files] = /prerendered_routes:\s*new Set\((\[.*?\])\)/s.exec(text) ?? [];
  if (files === undefined) return undefined;
  const routes = [...text.matchAll(/\bid:\s*("(?:[^"\\]|\\.)*"),\s*pattern:/g)].map(
    ([, id = '""']) => JSON.parse(id) as string,
  );
  const prerendered = strings(files).map((path) => (path.startsWith(base) ? path.slice(base.length) : path));
  // A prerendered page is there by its path alone, without its group.
  return { routes: [...routes, ...prerendered], groups: prerendered.length === 0 };
}
