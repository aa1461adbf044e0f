/**
 * Keys of a guard that match no route of the app: a misspelt key guards nothing, and says nothing by itself.
 *
 * @module
 */
import type { Guard } from "./guard.ts";

/** The routes of an app, as far as they are known where it runs. */
export interface AppRoutes {
  /** As SvelteKit writes their identifiers. */
  routes: readonly string[];
  /** Whether the groups of all of them are known. */
  groups: boolean;
}

/** Finds the routes of the app that runs; nothing where there are no files to find them in. */
export type FindRoutes = (where: { development: boolean; base: string }) => AppRoutes | undefined;

/** The framework's own router: whether a path below the base leads to a page. */
export type Leads = (path: string) => Promise<boolean>;

/** What is done about keys that match no route. */
export interface KeyCheck {
  /** Tells them in production, in one line; once, when the app starts. */
  log(base: string): Promise<void>;
  /**
   * Throws in development, for as long as there are such keys.
   *
   * @throws TypeError that names them
   */
  enforce(base: string): Promise<void>;
}

// Read through globalThis: bundlers for the edge refuse a module that names `process`.
const host = globalThis as { process?: { env?: Record<string, string | undefined> } };

/** What a framework's files say, which are no interface: what cannot be read is not known. */
function routesOf(find: FindRoutes, where: Parameters<FindRoutes>[0]): AppRoutes | undefined {
  try {
    return find(where);
  } catch {
    return undefined;
  }
}

export function keyCheck(guard: Guard, find: FindRoutes, leads: Leads = async () => true): KeyCheck {
  const development = host.process?.env?.NODE_ENV === "development";
  let done = false;
  const mistake = async (base: string): Promise<string | undefined> => {
    const known = routesOf(find, { development, base });
    if (!known) return undefined;
    const { routes, groups } = known;
    const certain = new Set(guard.unmatched(routes, { groups }));
    const keys: string[] = [];
    for (const key of guard.unmatched(routes, { groups, optional: false }))
      if (certain.has(key) || !(await leads(base + key))) keys.push(key);
    if (keys.length === 0) return undefined;
    const list = keys.map((key) => JSON.stringify(key)).join(", ");
    return `the guard's table has keys that match no route of the app, and guard nothing: ${list}`;
  };
  return {
    async log(base) {
      const text = development ? undefined : await mistake(base);
      if (text !== undefined) console.error(`httponly: ${text}`);
    },
    async enforce(base) {
      if (done || !development) return;
      const text = await mistake(base);
      if (text !== undefined) throw new TypeError(text);
      done = true;
    },
  };
}
