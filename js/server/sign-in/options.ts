/**
 * Options, as an app declares them: read as own properties only, and named where they are wrong. No value is shown that
 * might be a secret.
 *
 * @module
 */
import { kindOf as kind, type Names, ownOptions } from "../options.ts";

/** A copy of an app's options, of which none is unknown. */
export function checked<T extends object>(what: string, options: T, known: readonly string[]): T {
  return ownOptions(what, options, Object.fromEntries(known.map((name) => [name, true])) as Names<T>);
}

/** A text that is not empty. */
export function textOption(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "")
    throw new TypeError(`${name} must be a text, got ${kindOf(value)}`);
  return value;
}

/** A function, or nothing. */
export function functionOption(name: string, value: unknown, needed = false): void {
  if (value === undefined && !needed) return;
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, got ${kindOf(value)}`);
}

/** A number that is not negative, or nothing. */
export function numberOption(name: string, value: unknown, unit = "seconds"): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value >= 0) || !Number.isFinite(value))
    throw new TypeError(`${name} must be a number of ${unit}, got ${kindOf(value)}`);
  return value;
}

/** What a value is, for a message: never the value, but for a number. */
export function kindOf(value: unknown): string {
  if (value === "") return "an empty text";
  return typeof value === "number" ? String(value) : kind(value);
}
