/**
 * The `cookies` module: loaded on the first call, synchronously.
 *
 * @module
 */
import { refusal } from "../errors.ts";
import * as glue from "./gen/cookies.js";
import { instantiate } from "./load.ts";

let loaded = false;

/** The module. Throws `wasm-blocked` where WebAssembly may not be compiled. */
export function cookies(): typeof glue {
  try {
    if (!loaded) instantiate(glue.bytes, glue.imports, glue.__wbg_set_wasm);
    loaded = true;
    return glue;
  } catch (cause) {
    throw refusal(31, cause);
  }
}
