//! The doors: the only Rust that knows JavaScript. One file a module, wasm-bindgen outside, the rules inside.

#[cfg(feature = "account")]
mod account;
#[cfg(feature = "cookies")]
mod cookies;
#[cfg(feature = "server")]
mod server;
