//! The `server` module: the rules that handlers ask, request by request.
//!
//! A refusal is thrown as a plain object `{ code, message, rule, status }`, which `js/wasm/server.ts` turns into an
//! `HttpOnlyError`.

mod auth;
mod cookies;
mod flow;
mod forwarded;
mod guard;
mod message;
mod notice;
mod proxy;
mod sign_in;
mod text;

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::{Code, Refusal};
use crate::http::response::Kind;

/// The object that stands for a refusal on its way to JavaScript.
pub(crate) fn thrown(refusal: impl Into<Refusal>) -> JsValue {
    let refusal = refusal.into();
    let object = Object::new();
    let fields: [(&str, JsValue); 4] = [
        ("code", refusal.code().as_str().into()),
        ("message", refusal.to_string().into()),
        ("rule", refusal.rule().text().into()),
        ("status", refusal.rule().status().into()),
    ];
    for (key, value) in fields {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&object, &key.into(), &value);
    }
    object.into()
}

/// The headers of a kind of response, names and values in turns; none for an unknown one.
#[wasm_bindgen(js_name = responseHeaders)]
pub fn response_headers(kind: &str) -> Vec<String> {
    let headers = Kind::parse(kind).map(Kind::headers).unwrap_or_default();
    headers.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect()
}

/// The status with which a handler answers an error of this code; 500 for an unknown one.
#[wasm_bindgen(js_name = statusOf)]
pub fn status_of(code: &str) -> u16 {
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    known.map_or(500, |known| known.status())
}
