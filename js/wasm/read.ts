/**
 * The `read` module: loaded on the first call, synchronously. Keeps the header that it has read, so that values are
 * slices of the browser's own string, and what was found in it.
 *
 * @module
 */
import { source } from "httponly/engine/read.js";
import { id } from "./gen/read.js";
import { instantiate } from "./load.ts";

type Exports = {
  a: WebAssembly.Memory;
  /** get */
  b(name: number, header: number): number;
  /** header */
  c(length: number): number;
  /** name */
  d(): number;
};

let wasm: Exports | undefined;
let units: Uint16Array | undefined;
/** The header that was read last, whether it was one of bytes, and its text, of which values are slices. */
export let last: string | undefined;
export let wasBytes: boolean;
export let header: string;
/** What was found in it. */
export let found: Map<unknown, string | null>;
/** How often bytes may turn out to be no UTF-8. */
let tries: number;

/** Copies a text; returns a number above 127 if it is not ASCII. */
function copy(text: string, pointer: number): number {
  if (!units?.length) units = new Uint16Array((wasm as Exports).a.buffer);
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits |= units[pointer / 2 + i] = text.charCodeAt(i);
  return bits;
}

/**
 * HTTP libraries give a header as one character a byte. Bytes that are UTF-8 become text, as the page has it. What is
 * none throws, which takes long: after so many no more are tried.
 */
function decode(bytes: string): string {
  try {
    return tries ? decodeURIComponent(escape(bytes)) : bytes;
  } catch {
    tries--;
    return bytes;
  }
}

/** The value of a cookie in a header, decoded where that is possible; null where there is none. */
export function read(name: unknown, text: unknown, isBytes: boolean): string | null {
  wasm ??= instantiate<Exports>(source, id);
  if (typeof text !== "string") return null;
  if (text !== last || isBytes !== wasBytes) {
    last = undefined;
    header = text;
    const pointer = wasm.c(text.length);
    if (copy(text, pointer) > 127 && isBytes) {
      tries = 99;
      header = text.replace(/[\x80-\xff]+/g, decode);
      copy(header, pointer);
    }
    found = new Map();
    wasBytes = isBytes;
    last = text;
  }
  const value = find(wasm, name);
  found.set(name, value);
  return value;
}

function find(wasm: Exports, name: unknown): string | null {
  if (typeof name !== "string" || name.length > 4096) return null;
  copy(name, wasm.d());
  const range = wasm.b(name.length, header.length);
  if (range < 0) return null;
  const value = header.slice(range % 2 ** 26, range / 2 ** 26);
  try {
    return value.includes("%") ? decodeURIComponent(value) : value;
  } catch {
    return value;
  }
}
