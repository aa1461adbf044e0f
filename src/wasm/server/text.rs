//! Templates, redirects and the proof of the same origin.

// wasm-bindgen takes optional texts and lists of texts by value only.
#![allow(clippy::needless_pass_by_value)]

use std::borrow::Cow;

use js_sys::{Object, Reflect, TypeError};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::http::{redirect, same_origin};
use crate::template::{Context, substitute};

/// Refuses a request without proof of the origin `own`; the header values are as `Headers.get` gives them. `by_header` asks for
/// the header that no markup can send, too.
#[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
#[wasm_bindgen(js_name = proveSameOrigin)]
pub fn prove_same_origin(
    site: Option<String>,
    mode: Option<String>,
    dest: Option<String>,
    purpose: Option<String>,
    origin: Option<String>,
    header: Option<String>,
    own: &str,
    by_header: bool,
) -> Result<(), JsValue> {
    let claims = same_origin::Claims {
        site: site.as_deref(),
        mode: mode.as_deref(),
        dest: dest.as_deref(),
        purpose: purpose.as_deref(),
        origin: origin.as_deref(),
        header: header.as_deref(),
    };
    let prove = if by_header { same_origin::prove_by_header } else { same_origin::prove };
    prove(claims, own).map_err(super::thrown)
}

/// Puts cookies in the place of templates. `cookies` is an object; only its own properties that are strings count.
#[wasm_bindgen(js_name = applyTemplateValues)]
pub fn apply_template_values(text: &str, cookies: &Object, context: &str) -> Result<String, JsValue> {
    let Some(context) = Context::parse(context) else {
        return Err(TypeError::new("context is \"text\", \"json\", \"form\", \"query\" or \"header\"").into());
    };
    substitute(text, context, |name| {
        // Nothing may be thrown through this frame, not by a proxy either: the stack would not be given back.
        let own = Reflect::get_own_property_descriptor(cookies, &name.into()).ok();
        let value = own.and_then(|own| Reflect::get(&own, &"value".into()).ok()?.as_string());
        Ok(value.unwrap_or_default().into())
    })
    .map(Cow::into_owned)
    .map_err(super::thrown)
}

/// A redirect target that is local or lies at one of the origins `allow`; `undefined` for another.
#[wasm_bindgen(js_name = localRedirect)]
pub fn local_redirect(target: &str, allow: Vec<String>) -> Option<String> {
    let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
    redirect::check(target, &allow).map(Cow::into_owned)
}
