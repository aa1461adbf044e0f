/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */
import { refusal, WASM_BLOCKED } from "../errors.ts";

/**
 * Compiles and starts a module; gives its exports.
 *
 * The text is hexadecimal, in lower case: a third smaller than base64 once it is compressed, because equal bytes stay
 * equal text. Where there is no `fromHex`, decoding takes most of the first call.
 *
 * @throws {HttpOnlyError} with the code `wasm-blocked`, where compiling is forbidden
 */
export function instantiate(
  text: string,
  imports: WebAssembly.Imports,
  setWasm: (exports: WebAssembly.Exports) => void,
): WebAssembly.Exports {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(decode(text)), imports);
    setWasm(exports);
    (exports.__wbindgen_start as () => void)();
    return exports;
  } catch (cause) {
    throw refusal(WASM_BLOCKED, cause);
  }
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const { fromHex } = Uint8Array as { fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  if (fromHex) return fromHex(text);
  const digit = (code: number) => (code & 15) + (code >> 6) * 9;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = digit(text.charCodeAt(2 * i)) * 16 + digit(text.charCodeAt(2 * i + 1));
  return bytes;
}
