/**
 * The `server` module: loaded once, on the first call.
 *
 * @module
 */
import { type ErrorCode, HttpOnlyError } from "../errors.ts";
import * as glue from "./gen/server.js";
import { instantiate } from "./load.ts";

interface Thrown {
  code: ErrorCode;
  message: string;
  rule: string;
  status: number;
}

/** A refusal by the server's rules: the error of the page, with the status that a handler answers with. */
export interface ServerRefusal extends HttpOnlyError {
  readonly status: number;
}

let loaded = false;

/** Calls the rules; what they refuse is thrown as a {@link ServerRefusal}. */
export function rules<T>(call: (module: typeof glue) => T): T {
  if (!loaded) instantiate(glue.bytes, glue.imports, glue.__wbg_set_wasm);
  loaded = true;
  try {
    return call(glue);
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    const { code, message, rule, status } = thrown as Thrown;
    throw Object.assign(new HttpOnlyError(code, message, rule), { status });
  }
}
