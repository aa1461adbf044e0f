//! The bindings: the only Rust that knows JavaScript. One file a module, wasm-bindgen outside, the rules inside.

#[cfg(feature = "account")]
mod account;
#[cfg(any(feature = "read", feature = "write"))]
mod cookies;
#[cfg(feature = "server")]
mod server;

#[cfg(all(test, feature = "account"))]
mod tests;
