//! Reading and building cookies on the server.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Refuses a cookie name that is no token.
#[wasm_bindgen(js_name = checkName)]
pub fn check_name(name: &str) -> Result<(), JsValue> {
    crate::cookie::syntax::check_name(name).map_err(super::thrown)
}
