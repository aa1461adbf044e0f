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

/** What is done about keys that match no route. */
export interface KeyCheck {
  /** Tells them in production, in one line; once, when the app starts. */
  log(base: string): void;
  /**
   * Throws in development, for as long as there are such keys.
   *
   * @throws TypeError that names them
   */
  enforce(base: string): void;
}

// Read through globalThis: bundlers for the edge refuse a module that names `process`.
const host = globalThis as { process?: { env?: Record<string, string | undefined> } };

export function keyCheck(guard: Guard, find: FindRoutes): KeyCheck {
  const development = host.process?.env?.NODE_ENV === "development";
  let done = false;
  const mistake = (base: string): string | undefined => {
    const known = find({ development, base });
    if (!known) return undefined;
    const keys = guard.unmatched(known.routes, known.groups);
    if (keys.length === 0) return undefined;
    const list = keys.map((key) => JSON.stringify(key)).join(", ");
    return `the guard's table has keys that match no route of the app, and guard nothing: ${list}`;
  };
  return {
    log(base) {
      const text = development ? undefined : mistake(base);
      if (text !== undefined) console.error(`httponly: ${text}`);
    },
    enforce(base) {
      if (done || !development) return;
      const text = mistake(base);
      if (text !== undefined) throw new TypeError(text);
      done = true;
    },
  };
}
