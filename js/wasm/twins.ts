/**
 * What a page uses instead of WebAssembly where it may not be compiled.
 *
 * @module
 */
import { twins } from "./gen/twins.js";

/** Makes the page's modules run as JavaScript, made of the same Rust. */
export function useTwins(): void {
  globalThis.httponlyTwins = { ...globalThis.httponlyTwins, ...twins };
}
