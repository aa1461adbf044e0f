/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";

/** The rule behind `wasm-blocked`. */
export const BLOCKED = 'WebAssembly is refused here; a page can import "httponly/fallback"';

/** A module as JavaScript: a function from what the module imports to what it exports. */
export type Twin = (imports?: WebAssembly.Imports) => object;

type Compile = (text: string) => object;

/** A module as hexadecimal text, or as what makes its exports; that may try to compile a text first. */
export type Source = string | ((imports: WebAssembly.Imports | undefined, compile: Compile) => object);

// Bundles may hold the loader and the fallback apart, or twice: they meet here, and each build has ids of its own.
declare global {
  /** What a page has instead of WebAssembly, by the modules' ids. */
  var httponlyTwins: { [id: string]: Twin | { load(): Promise<Twin> } } | undefined;
}

/**
 * Compiles and starts a module; gives its exports.
 *
 * @param id of a module for which a page may have a twin at hand
 * @throws {HttpOnlyError} with the code `wasm-blocked`, where compiling is forbidden
 */
export function instantiate<T>(source: Source, id?: string, imports?: WebAssembly.Imports): T {
  const compile = (text: string) =>
    new WebAssembly.Instance(new WebAssembly.Module(decode(text)), imports).exports;
  const engine = (globalThis.httponlyTwins?.[id as string] as Twin | undefined) ?? source;
  try {
    return (typeof engine === "string" ? compile(engine) : engine(imports, compile)) as T;
  } catch (cause) {
    throw new HttpOnlyError("wasm-blocked", `${BLOCKED}: ${cause}`, BLOCKED, cause);
  }
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array as { fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  return (
    bytes.fromHex?.(text) ?? Uint8Array.from(text.match(/../g) as string[], (pair) => parseInt(pair, 16))
  );
}
