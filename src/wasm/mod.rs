//! The bindings: the only Rust that knows JavaScript. One file a module, wasm-bindgen outside, the rules inside.

#[cfg(feature = "account")]
mod account;
#[cfg(all(feature = "cookies", not(feature = "std")))]
mod bump;
#[cfg(feature = "cookies")]
mod cookies;
#[cfg(feature = "server")]
mod server;

#[cfg(all(test, feature = "cookies", feature = "account"))]
mod tests;
