/**
 * The `server` module: loaded once, on the first call.
 *
 * @module
 */
import { source } from "httponly/engine/server.js";
import { type ErrorCode, HttpOnlyError } from "../errors.ts";
import * as glue from "./gen/server.js";
import { BLOCKED } from "./load.ts";

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

/**
 * Refuses what is no string before it crosses. The glue takes the caller's word for it, and a number or an array would
 * leave the module's memory in ruins for every call that follows.
 *
 * @throws TypeError naming the argument
 */
export function text(argument: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${argument} is a string`);
  return value;
}

/** As {@link text}, for a list; a missing one stays missing. */
export function texts(argument: string, values: readonly string[] | undefined): string[] | undefined {
  if (values === undefined) return undefined;
  if (!Array.isArray(values)) throw new TypeError(`${argument} is a list of strings`);
  for (const value of values) text(`each of ${argument}`, value);
  return [...values];
}

/**
 * A URL that an app declares.
 *
 * @throws TypeError naming the option and what it got
 */
export function declaredUrl(option: string, value: unknown): URL {
  if (typeof value !== "string" || !URL.canParse(value)) {
    const got = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new TypeError(`${option} is a URL such as https://api.example.com, not ${got}`);
  }
  return new URL(value);
}

/** What the module exports. */
export type ServerModule = typeof glue;
/** A proxy's declaration, as the rules hold it. */
export type ProxyBinding = glue.Proxy;
/** A backend's declaration. */
export type BackendBinding = glue.Backend;
/** A request on its way to a backend. */
export type AuthExchangeBinding = glue.AuthExchange;
/** A guard's table. */
export type GuardBinding = glue.Guard;
/** A visit that a guard judges. */
export type GuardVisitBinding = glue.GuardVisit;

/** The rules of one declared own sign-in. */
export type SignInBinding = glue.SignIn;

let loaded = false;

/** The bytes of a hexadecimal text of more than a megabyte, by the fastest way that the runtime has. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const { Buffer } = globalThis as {
    Buffer?: { from(text: string, coding: "hex"): Uint8Array<ArrayBuffer> };
  };
  if (Buffer) return Buffer.from(text, "hex");
  const { fromHex } = Uint8Array as { fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  if (fromHex) return fromHex(text);
  const digit = (code: number) => (code & 15) + (code >> 6) * 9;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = digit(text.charCodeAt(2 * i)) * 16 + digit(text.charCodeAt(2 * i + 1));
  return bytes;
}

const compile = (text: string): WebAssembly.Exports =>
  new WebAssembly.Instance(new WebAssembly.Module(decode(text)), glue.imports).exports;

function load(): void {
  try {
    const exports = typeof source === "string" ? compile(source) : source(glue.imports, compile);
    glue.__wbg_set_wasm(exports as WebAssembly.Exports);
    (exports as { __wbindgen_start(): void }).__wbindgen_start();
  } catch (cause) {
    const error = new HttpOnlyError("wasm-blocked", `${BLOCKED}: ${cause}`, BLOCKED, cause);
    throw Object.assign(error, { status: 500 });
  }
  loaded = true;
}

/** Calls the rules; what they refuse is thrown as a {@link ServerRefusal}. */
export function callWasm<T>(call: (module: typeof glue) => T): T {
  if (!loaded) load();
  try {
    return call(glue);
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    const { code, message, rule, status } = thrown as Thrown;
    throw Object.assign(new HttpOnlyError(code, message, rule), { status });
  }
}
