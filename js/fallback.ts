/**
 * For pages where no WebAssembly may be compiled: `import "httponly/fallback"`, before or after the import of `httponly`
 * but before its first call. The page's functions then run as JavaScript, made of the same Rust.
 *
 * @module
 */
import { useTwins } from "./wasm/twins.ts";

useTwins();
