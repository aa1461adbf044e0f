/**
 * The `account` module: loaded on the first call, asynchronously.
 *
 * @module
 */
import { source } from "httponly/engine/account.js";
import { __wbg_set_wasm, id, imports } from "./gen/account.js";
import type { instantiate, Twin } from "./load.ts";

export { cameBack, getSession, setHttpOnlyCookie, signin, signout } from "./gen/account.js";

let loading: Promise<void> | undefined;

/**
 * Makes the functions above work. The loader comes as an argument: a chunk that shares no import with the page's other
 * module makes that one smaller. Rejects with `wasm-blocked` where WebAssembly may not be compiled.
 */
export function load(instantiateModule: typeof instantiate): Promise<void> {
  loading ??= start(instantiateModule).catch((cause) => {
    loading = undefined;
    throw cause;
  });
  return loading;
}

async function start(instantiateModule: typeof instantiate): Promise<void> {
  const later = globalThis.httponlyTwins?.[id] as { load(): Promise<Twin> } | undefined;
  const engine = (await later?.load()) ?? source;
  const exports = instantiateModule<WebAssembly.Exports>(engine, undefined, imports);
  __wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
}
