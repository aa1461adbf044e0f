/**
 * Makes an instance of a module whose bytes are in the source: synchronously, on the first call, never at import.
 *
 * @module
 */

interface Glue {
  readonly bytes: string;
  readonly __wbg_set_wasm: (exports: WebAssembly.Exports) => void;
}

/** Compiles and starts a module; throws what `WebAssembly` throws where compiling is forbidden. */
export function instantiate<T extends Glue>(glue: T, namespace: string): T {
  const text = atob(glue.bytes);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, {
    [namespace]: glue as unknown as WebAssembly.ModuleImports,
  });
  glue.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as (() => void) | undefined)?.();
  return glue;
}
