/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */

/**
 * Compiles and starts a module; gives its exports, or throws what `WebAssembly` throws where compiling is forbidden.
 *
 * The text is hexadecimal, in lower case: a third smaller than base64 once it is compressed, because equal bytes stay
 * equal text.
 */
export function instantiate(
  text: string,
  imports: WebAssembly.Imports,
  setWasm: (exports: WebAssembly.Exports) => void,
): WebAssembly.Exports {
  const digit = (code: number) => (code & 15) + (code >> 6) * 9;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = digit(text.charCodeAt(2 * i)) * 16 + digit(text.charCodeAt(2 * i + 1));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  setWasm(exports);
  (exports.__wbindgen_start as () => void)();
  return exports;
}
