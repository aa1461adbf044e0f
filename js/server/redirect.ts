/**
 * Redirect targets that stay on the site.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";

/**
 * A redirect target from a source that you do not trust, or the fallback. Local targets are absolute paths with query
 * and fragment; an absolute URL passes only if `allow` lists its origin, the app's own included.
 *
 * It never throws: what is no string, and what a browser, a framework or `URL` could take for another origin, falls
 * back.
 *
 * @param options.origin the app's own origin, against which the answer is read back
 * @param options.fallback default `/`; returned as it is
 * @param options.allow exact origins
 *
 * @example
 * ```ts
 * const to = safeRedirect(url.searchParams.get("redirect"), { origin: url.origin });
 * ```
 */
export function safeRedirect(
  target: unknown,
  options: { origin: string; fallback?: string; allow?: string[] },
): string {
  // What `Object.prototype` was polluted with is no option.
  const own = Object.assign(Object.create(null) as Partial<typeof options>, options);
  const { fallback = "/", origin = "" } = own;
  if (typeof target !== "string") return fallback;
  // A list that the environment was to fill may have holes, or not be there.
  const allow = Array.isArray(own.allow) ? own.allow.filter((allowed) => typeof allowed === "string") : [];
  const local = callWasm((m) => m.localRedirect(target, allow));
  if (local === undefined) return fallback;
  // The platform's own parser has the last word.
  try {
    const read = new URL(local, origin).origin;
    return read === new URL(origin).origin || allow.includes(read) ? local : fallback;
  } catch {
    return fallback;
  }
}
