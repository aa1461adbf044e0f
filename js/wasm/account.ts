/**
 * The `account` module: loaded on the first call, asynchronously.
 *
 * @module
 */
import { refusal, WASM_BLOCKED } from "../errors.ts";
import { __wbg_set_wasm, bytes, imports } from "./gen/account.js";
import { instantiate } from "./load.ts";

export { setHttpOnlyCookie } from "./gen/account.js";

try {
  instantiate(bytes, imports, __wbg_set_wasm);
} catch (cause) {
  throw refusal(WASM_BLOCKED, cause);
}
