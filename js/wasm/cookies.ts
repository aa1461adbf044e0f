/**
 * The `cookies` module: loaded on the first call, synchronously.
 *
 * @module
 */
import { __wbg_set_wasm, attach, bytes, imports } from "./gen/cookies.js";
import { instantiate } from "./load.ts";

export { deleteCookie, getCookie, getHttpOnlyCookie, isShadow, setCookie } from "./gen/cookies.js";

let loaded = false;

/** Makes the functions above work. Throws `wasm-blocked` where WebAssembly may not be compiled. */
export function load(): void {
  if (!loaded) attach(instantiate(bytes, imports, __wbg_set_wasm));
  loaded = true;
}
