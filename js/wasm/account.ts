/**
 * The `account` module: loaded on the first call, asynchronously.
 *
 * @module
 */
import { __wbg_set_wasm, bytes, imports } from "./gen/account.js";
import type { instantiate } from "./load.ts";

export { getSession, setHttpOnlyCookie, signin, signout } from "./gen/account.js";

let loaded = false;

/**
 * Makes the functions above work. The loader comes as an argument: a chunk that shares no import with the page's other
 * module makes that one smaller. Throws `wasm-blocked` where WebAssembly may not be compiled.
 */
export function load(instantiateModule: typeof instantiate): void {
  if (!loaded) {
    const exports = instantiateModule<WebAssembly.Exports>(bytes, imports);
    __wbg_set_wasm(exports);
    (exports.__wbindgen_start as () => void)();
  }
  loaded = true;
}
