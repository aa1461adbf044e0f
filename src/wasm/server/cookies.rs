//! Reading and building cookies on the server.
//!
//! The readers are called once or more per request, so nothing is copied that need not be: JavaScript writes the text
//! into [`Exchange`], the reader leaves offsets there, and JavaScript slices its own string by them.

#![allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands strings over, it does not lend optional ones"
)]

use std::cell::RefCell;

use js_sys::JsString;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::cookie::attributes::SameSite;
use crate::cookie::endpoint::{Fields, MAX_BODY, Policy, Route, check_reach};
use crate::cookie::set_cookie::{Attributes, SetCookie};
use crate::cookie::{apply, header, set_cookie, syntax};
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::jwt;

/// What a text and its offsets cross the border in.
struct Exchange {
    /// UTF-8, written by JavaScript.
    text: Vec<u8>,
    /// Number of cookies, then for each: name start, name end, value start, value end, and the sum of 1 for a `%` in the
    /// value and 2 for the name that stood at this place in the header before, for requests repeat their names.
    cookies: Vec<u32>,
    /// The header before, if it was ASCII.
    before: Vec<u8>,
    /// Where the names of the header before stand in it.
    names: Vec<(u32, u32)>,
    /// See [`read_set_cookie`].
    set_cookie: [f64; 12],
}

thread_local! {
    static EXCHANGE: RefCell<Exchange> =
        const { RefCell::new(Exchange {
            text: Vec::new(),
            cookies: Vec::new(),
            before: Vec::new(),
            names: Vec::new(),
            set_cookie: [0.0; 12],
        }) };
}

/// The module's memory, in which the addresses below lie.
#[wasm_bindgen(js_name = moduleMemory)]
pub fn module_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Makes room for a text of so many bytes of UTF-8, and says where.
#[wasm_bindgen]
pub fn reserve(bytes: usize) -> *const u8 {
    EXCHANGE.with_borrow_mut(|exchange| {
        exchange.text.resize(bytes, 0);
        exchange.text.as_ptr()
    })
}

/// Turns byte offsets, which ascend but for zeros, into UTF-16 offsets.
fn to_utf16<'a>(text: &str, offsets: impl Iterator<Item = &'a mut u32>) {
    let (mut bytes, mut units) = (0, 0);
    for offset in offsets.filter(|offset| **offset > 0) {
        let between = text.get(bytes..*offset as usize).unwrap_or_default();
        bytes += between.len();
        units += between.encode_utf16().count();
        *offset = units as u32;
    }
}

/// Turns a byte offset into a UTF-16 offset; the identity for ASCII.
fn offset_of(text: &str) -> impl Fn(usize) -> usize {
    let ascii = text.is_ascii();
    move |at| if ascii { at } else { text.get(..at).map_or(0, |before| before.encode_utf16().count()) }
}

/// Reads the first so many bytes of the text as a `Cookie` header; the address of [`Exchange::cookies`].
#[wasm_bindgen(js_name = readCookies)]
pub fn read_cookies(bytes: usize) -> *const u32 {
    EXCHANGE.with_borrow_mut(|Exchange { text, cookies, before, names, .. }| {
        let text = text.get(..bytes).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
        cookies.clear();
        cookies.push(0);
        let mut count = 0;
        for pair in header::pairs(text) {
            let (name, value) = (pair.name(), pair.value());
            let known = names.get(count).is_some_and(|&(start, end)| {
                let known = before.get(start as usize..end as usize);
                known.is_some() && known == text.as_bytes().get(name.clone())
            });
            let flags = usize::from(pair.encoded) + 2 * usize::from(known);
            let numbers = [name.start, name.end, value.start, value.end, flags];
            cookies.extend(numbers.map(|number| number as u32));
            count += 1;
        }
        if let Some(first) = cookies.first_mut() {
            *first = count as u32;
        }
        before.clear();
        names.clear();
        if text.is_ascii() {
            before.extend(text.as_bytes());
            names.extend(cookies.get(1..).unwrap_or_default().chunks_exact(5).filter_map(|cookie| {
                match *cookie {
                    [start, end, ..] => Some((start, end)),
                    _ => None,
                }
            }));
        } else {
            to_utf16(
                text,
                cookies.iter_mut().skip(1).enumerate().filter(|(i, _)| i % 5 != 4).map(|(_, at)| at),
            );
        }
        cookies.as_ptr()
    })
}

/// Reads the first so many bytes of the text as a `Set-Cookie` line; the address of twelve numbers, or null if browsers
/// would ignore the line: start and end of name, value, domain and path (-1 where absent), Expires (NaN where absent),
/// Max-Age (NaN where absent), SameSite (0 absent, 1 Lax, 2 Strict, 3 None), and the sum of 1 for Secure, 2 for
/// `HttpOnly`, 4 for Partitioned, 8 for a `%` in the value, 16 for a domain to write in lower case.
#[wasm_bindgen(js_name = readSetCookie)]
pub fn read_set_cookie(bytes: usize) -> *const f64 {
    EXCHANGE.with_borrow_mut(|Exchange { text, set_cookie, .. }| {
        let text = text.get(..bytes).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
        let Some(cookie) = set_cookie::parse(text) else { return std::ptr::null() };
        *set_cookie = numbers(text, &cookie);
        set_cookie.as_ptr()
    })
}

#[expect(clippy::cast_precision_loss, reason = "offsets, dates and lifetimes are below 2^53")]
fn numbers(line: &str, cookie: &SetCookie<'_>) -> [f64; 12] {
    let offset = offset_of(line);
    let place = |part: &str| {
        // A part that is not empty is a slice of the line.
        let start = if part.is_empty() { 0 } else { part.as_ptr() as usize - line.as_ptr() as usize };
        (offset(start) as f64, offset(start + part.len()) as f64)
    };
    let optional = |part: Option<&str>| part.map_or((-1.0, -1.0), place);
    let (name_start, name_end) = place(cookie.name);
    let (value_start, value_end) = place(cookie.value);
    let (domain_start, domain_end) = optional(cookie.domain);
    let (path_start, path_end) = optional(cookie.path);
    let number = |number: Option<i64>| number.map_or(f64::NAN, |number| number as f64);
    let same_site = match cookie.same_site {
        None => 0.0,
        Some(SameSite::Lax) => 1.0,
        Some(SameSite::Strict) => 2.0,
        Some(SameSite::None) => 3.0,
    };
    let capitals = cookie.domain.is_some_and(|domain| domain.bytes().any(|byte| byte.is_ascii_uppercase()));
    let flags = [cookie.secure, cookie.http_only, cookie.partitioned, cookie.value.contains('%'), capitals];
    let flags = flags.iter().rev().fold(0, |sum, &flag| 2 * sum + u8::from(flag));
    [
        name_start,
        name_end,
        value_start,
        value_end,
        domain_start,
        domain_end,
        path_start,
        path_end,
        number(cookie.expires),
        number(cookie.max_age),
        same_site,
        flags.into(),
    ]
}

/// Writes a `Set-Cookie` line. All come as the caller gave them, but for `expires`, in milliseconds since 1970.
#[wasm_bindgen(js_name = serializeSetCookie)]
#[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
pub fn serialize_set_cookie(
    name: &JsValue,
    value: &JsValue,
    max_age: &JsValue,
    expires: Option<f64>,
    domain: &JsValue,
    path: &JsValue,
    secure: Option<bool>,
    http_only: bool,
    same_site: &JsValue,
    partitioned: bool,
    raw: bool,
    more: Vec<String>,
) -> Result<String, JsValue> {
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let write = || -> Result<String, Refusal> {
        let name = text(name, Rule::NameNotText)?;
        let value = text(value, Rule::ValueNotText)?;
        let domain = optional(domain, |domain| text(domain, Rule::DomainNotText))?;
        let path = optional(path, |path| text(path, Rule::PathNotText))?;
        let attributes = Attributes {
            max_age: optional(max_age, |seconds| Ok(seconds.as_f64().ok_or(Rule::MaxAgeNotNumber)?))?,
            expires: expires.map(|milliseconds| milliseconds / 1000.0),
            domain: domain.as_deref(),
            path: path.as_deref(),
            secure,
            http_only,
            same_site: optional(same_site, |same_site| {
                let same_site = text(same_site, Rule::SameSiteUnknown)?;
                Ok(SameSite::parse(same_site.as_str()).ok_or(Rule::SameSiteUnknown)?)
            })?,
            partitioned,
            raw,
            more: &more,
        };
        set_cookie::serialize(&name, &value, &attributes)
    };
    write().map_err(super::thrown)
}

/// Nothing for `undefined` and `null`.
fn optional<T>(
    value: &JsValue,
    read: impl FnOnce(&JsValue) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    (!value.is_undefined() && !value.is_null()).then(|| read(value)).transpose()
}

/// A string without lone surrogates, which UTF-8 would hide.
fn text(value: &JsValue, not_text: Rule) -> Result<String, Refusal> {
    let text = value.as_string().ok_or(not_text)?;
    if text.contains(char::REPLACEMENT_CHARACTER) {
        let units: Vec<u16> = JsString::from(value.clone()).iter().collect();
        syntax::encode_value(units.as_slice(), |_| ())?;
    }
    Ok(text)
}

/// The attributes of a `Set-Cookie` line that nothing here knows.
#[wasm_bindgen(js_name = unknownAttributes)]
pub fn unknown_attributes(line: &str) -> Vec<String> {
    set_cookie::unknown_attributes(line).into_iter().map(str::to_owned).collect()
}

/// Divides `Set-Cookie` headers that were joined with commas.
#[wasm_bindgen(js_name = splitSetCookie)]
pub fn split_set_cookie(joined: &str) -> Vec<String> {
    set_cookie::split(joined).map(str::to_owned).collect()
}

/// The `exp` of a JWT: NaN if it has none, nothing if the text is no JWT.
#[wasm_bindgen(js_name = decodeToken)]
pub fn decode_token(token: &str) -> Option<f64> {
    jwt::decode(token).map(|claims| claims.exp.unwrap_or(f64::NAN))
}

/// Refuses the methods that the cookie endpoint does not answer; whether the fields are in the body.
#[wasm_bindgen(js_name = endpointMethod)]
pub fn endpoint_method(method: &str) -> Result<bool, JsValue> {
    match method {
        "GET" => Ok(false),
        "POST" => Ok(true),
        _ => Err(super::thrown(Rule::EndpointMethod)),
    }
}

/// Refuses a body that is larger than the endpoint reads; asked after each chunk.
#[wasm_bindgen(js_name = endpointBody)]
pub fn endpoint_body(bytes: usize) -> Result<(), JsValue> {
    if bytes > MAX_BODY { Err(super::thrown(Rule::EndpointBody)) } else { Ok(()) }
}

/// The `Set-Cookie` line that a request to the cookie endpoint asks for.
///
/// `fields` are the bytes of the body, or those of the query without a content type; `now` is in milliseconds; `origin`
/// is the browser's.
#[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
#[wasm_bindgen(js_name = endpointSetCookie)]
pub fn endpoint_set_cookie(
    path: &str,
    fields: &[u8],
    content_type: Option<String>,
    host: &str,
    now: f64,
    names: Option<Vec<String>>,
    domains: Vec<String>,
    reserved: Vec<String>,
    origin: Option<String>,
) -> Result<String, JsValue> {
    let answer = || -> Result<String, Refusal> {
        let form = content_type.as_deref().map_or(Ok(Form::UrlEncoded), Form::of)?;
        let fields = Fields::parse(str::from_utf8(fields).map_err(|_| Rule::EndpointContent)?, form)?;
        let policy = Policy { names, domains, reserved };
        let line = fields.set_cookie(Route::of(path), &policy, host, (now / 1000.0).floor() as i64)?;
        check_reach(&line, origin.as_deref())?;
        Ok(line)
    };
    answer().map_err(super::thrown)
}

/// The `Cookie` header of a request for `path` after `Set-Cookie` lines; `now` is in milliseconds since 1970.
#[wasm_bindgen(js_name = carryCookies)]
pub fn carry_cookies(header: &str, lines: Vec<String>, path: &str, now: f64) -> String {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    apply::carry(header, &lines, path, (now / 1000.0) as i64)
}
