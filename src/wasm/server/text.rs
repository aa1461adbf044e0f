//! Templates, redirects and the proof of the same origin.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::origin;

/// Refuses a request without proof of the origin `own`; the four header values are as `Headers.get` gives them.
#[wasm_bindgen(js_name = proveSameOrigin)]
pub fn prove_same_origin(
    site: Option<String>,
    dest: Option<String>,
    origin: Option<String>,
    header: Option<String>,
    own: &str,
) -> Result<(), JsValue> {
    let claims = origin::Claims {
        site: site.as_deref(),
        dest: dest.as_deref(),
        origin: origin.as_deref(),
        header: header.as_deref(),
    };
    origin::prove(claims, own).map_err(super::thrown)
}
