/**
 * Names of cookies that no page sets: those of the sessions of this process.
 *
 * @module
 */

const REGISTRY = Symbol.for("httponly.reserved");

/** A bundler may put this module into two bundles (Next does), so the names are the process's. */
function registry(): Set<string> {
  const holder = globalThis as { [REGISTRY]?: Set<string> };
  holder[REGISTRY] ??= new Set();
  return holder[REGISTRY];
}

/** Keeps names from being set by a page; one with `*` behind stands for all that begin so. */
export function reserve(names: Iterable<string>): void {
  for (const name of names) registry().add(name);
}

/** What was kept from pages so far. */
export function reserved(): string[] {
  return [...registry()];
}
