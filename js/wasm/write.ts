/**
 * The `write` module: loaded on the first call, synchronously.
 *
 * @module
 */
import { source } from "httponly/engine/write.js";
import type { CookieOptions } from "../cookies.ts";
import { id } from "./gen/write.js";
import { instantiate } from "./load.ts";

type Exports = {
  a: WebAssembly.Memory;
  /** assignment */
  b(): number;
  /** make */
  c(
    scope: number,
    lifetime: number,
    includeSubdomains: number,
    secure: number,
    partitioned: number,
    secureContext: boolean,
    https: boolean,
  ): number;
  /** room */
  d(): number;
};

let wasm: Exports;
let units: Uint16Array;

/** Copies the texts of a call, each behind its length: 4097 for what is too long, 65535 for no string, 65534 for none. */
function put(...texts: unknown[]): void {
  wasm ??= instantiate<Exports>(source, id);
  units ??= new Uint16Array(wasm.a.buffer);
  let at = wasm.d() / 2;
  for (const text of texts) {
    const is = typeof text === "string";
    units[at++] = is ? Math.min(text.length, 4097) : text == null ? -2 : -1;
    if (is && text.length < 4097) for (let i = 0; i < text.length; i++) units[at++] = text.charCodeAt(i);
  }
}

/** 0 for nothing, 1 for false, 2 for true, 3 for anything else. */
function kind(value: unknown): number {
  return value == null ? 0 : typeof value === "boolean" ? 1 + +value : 3;
}

/** A lifetime in seconds; -Infinity for none, NaN for a `maxAge` that is no number, -2 for an `expires` that is no date. */
function seconds(maxAge: unknown, expires: unknown): number {
  if (maxAge != null) return typeof maxAge === "number" ? Math.max(maxAge, -1) : NaN;
  if (expires == null) return -Infinity;
  const left = expires instanceof Date ? (+expires - Date.now()) / 1000 : NaN;
  return Number.isNaN(left) ? -2 : Math.max(left, 0);
}

/**
 * Sets a cookie, or expires it at every scope that the options leave open; 0, or the refusal as a number.
 *
 * `document.cookie` goes by the host of the document's origin, which one without a URL of its own (`about:srcdoc`) has
 * from its creator, and by the path as loaded, whatever `history.pushState` has made of it since.
 */
export function write(name: unknown, value: unknown, options: CookieOptions = {}, removes?: boolean): number {
  const {
    maxAge,
    expires,
    sameSite,
    path,
    includeSubdomains,
    domain,
    secure,
    partitioned,
    verify,
    ...unknown
  } = options;
  // A mistyped option would be a setting that silently does not hold.
  for (const option of Object.keys(unknown)) throw new TypeError(`unknown option "${option}"`);
  const { document, location, performance, isSecureContext, origin = location?.origin } = globalThis;
  const lifetime = removes ? 0 : seconds(maxAge, expires);
  let scope = removes ? 6 : 0;
  let refused: number;
  do {
    put(
      name,
      value,
      path,
      domain,
      removes ? undefined : sameSite,
      document && (location?.hostname || document.domain || ""),
      path &&
        document &&
        new URL(performance.getEntriesByType?.("navigation")[0]?.name ?? location?.href ?? "about:").pathname,
    );
    refused = wasm.c(
      scope,
      lifetime,
      kind(includeSubdomains),
      kind(secure),
      kind(partitioned),
      isSecureContext,
      /^https/.test(origin),
    );
    if (refused < 0) {
      const bytes = new Uint8Array(wasm.a.buffer, wasm.b(), -refused % 8192);
      // A name that is deleted may be beyond ASCII.
      const text = name + String.fromCharCode(...bytes).slice((name as string).length);
      const kept = text.slice(0, -refused / 8192);
      try {
        document.cookie = text;
        refused =
          kept && verify !== false && scope < 2 && `; ${document.cookie};`.includes(`; ${kept}`) === !lifetime
            ? 28 - +!!lifetime
            : 0;
      } catch {
        refused = 30;
      }
    }
  } while (--scope > 0 && !refused);
  return refused;
}
