/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */

/** Compiles and starts a module; throws what `WebAssembly` throws where compiling is forbidden. */
export function instantiate(
  base64: string,
  imports: WebAssembly.Imports,
  setWasm: (exports: WebAssembly.Exports) => void,
): void {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  setWasm(exports);
  (exports.__wbindgen_start as () => void)();
}
