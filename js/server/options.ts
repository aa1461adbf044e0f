/**
 * Options as an app declares them: own properties only, and none that does not exist.
 *
 * What `Object.prototype` was polluted with is nobody's declaration, and a mistyped option would be a setting that
 * silently does not hold.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";

/** Every name of `T`, so that the compiler knows when one is missing. */
export type Names<T> = { readonly [K in keyof T]-?: true };

/**
 * A copy of an app's options, with nothing behind it.
 *
 * @param where what they belong to: `apiProxy`, `apiProxy: target "api"`
 * @throws TypeError for what is not an object, and for an option that does not exist, by name
 */
export function ownOptions<T extends object>(where: string, given: T, names: Names<T>): T {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new TypeError(`${where}: options must be an object, got ${kindOf(given)}`);
  const own = Object.create(null) as T;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(names, name)) {
      const near = callWasm((m) => m.nearestOption(name, Object.keys(names)));
      const meant = near === undefined ? "" : `; did you mean "${near}"?`;
      throw new TypeError(`${where}: unknown option "${name}"${meant}`);
    }
    own[name as keyof T] = given[name as keyof T];
  }
  return own;
}

/** A copy of a table whose keys are the app's own names: of its own properties only. */
export function ownTable<T>(where: string, given: Readonly<Record<string, T>>): Record<string, T> {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new TypeError(`${where} must be an object, got ${kindOf(given)}`);
  return Object.assign(Object.create(null) as Record<string, T>, given);
}

/** @throws TypeError for what is neither a function nor absent */
export function ownFunction<T>(where: string, given: T | undefined): T | undefined {
  if (given !== undefined && typeof given !== "function")
    throw new TypeError(`${where} must be a function, got ${kindOf(given)}`);
  return given;
}

/** What a value is, for a message: never the value. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}
