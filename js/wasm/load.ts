/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";

const BLOCKED = "the environment refuses WebAssembly: script-src needs 'wasm-unsafe-eval'";

/**
 * Compiles and starts a module; gives its exports.
 *
 * @throws {HttpOnlyError} with the code `wasm-blocked`, where compiling is forbidden
 */
export function instantiate<T>(text: string, imports?: WebAssembly.Imports): T {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(decode(text)), imports).exports as T;
  } catch (cause) {
    throw new HttpOnlyError("wasm-blocked", BLOCKED, BLOCKED, cause);
  }
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const { fromHex } = Uint8Array as { fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  return fromHex
    ? fromHex(text)
    : Uint8Array.from(text.match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
}
