//! What the proxies in front of the app say.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::http::forwarded;

/// The client's address by a number of proxies; `undefined` where there is none to be trusted.
#[wasm_bindgen(js_name = forwardedClient)]
pub fn forwarded_client(forwarded_for: &str, hops: usize) -> Option<String> {
    forwarded::client(forwarded_for, hops)
}

/// The origin that a proxy says the browser asked; throws a refusal.
#[wasm_bindgen(js_name = forwardedOrigin)]
pub fn forwarded_origin(protocol: &str, host: &str) -> Result<String, JsValue> {
    forwarded::origin(protocol, host).map_err(super::thrown)
}
