//! The `account` module: what the page asks of a server on its own origin.
//!
//! Every argument is checked by the rules of the cookies before anything is sent. A refusal is thrown as a plain object
//! `{ code, message, rule }`, which `js/account.ts` turns into an `HttpOnlyError`.

mod auth;

#[cfg(test)]
pub use auth::{get_session, sign_in};

use gloo_net::http::{Method, RequestBuilder};
use js_sys::{Date, JSON, JsString, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::cookie::assignment::{Buffer, CookieRequest, MAX_ASSIGNMENT, Page, write};
use crate::cookie::attributes;
use crate::cookie::attributes::domain_gains;
use crate::error::{Refusal, Rule};

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    /// The global object, of which a page has these.
    type Global;

    #[wasm_bindgen(method, getter)]
    fn location(this: &Global) -> Option<Location>;
    #[wasm_bindgen(method, getter, js_name = isSecureContext)]
    fn is_secure_context(this: &Global) -> Option<bool>;
    /// Of a document without a URL of its own, that of its creator.
    #[wasm_bindgen(method, getter)]
    fn origin(this: &Global) -> Option<String>;

    type Location;

    #[wasm_bindgen(method, getter)]
    fn origin(this: &Location) -> String;
    #[wasm_bindgen(method, getter)]
    fn hostname(this: &Location) -> String;
    #[wasm_bindgen(method, getter)]
    fn pathname(this: &Location) -> String;
}

/// The global object and where the page is; refuses where there is no page.
fn page() -> Result<(Global, Location), JsValue> {
    let global: Global = js_sys::global().unchecked_into();
    let location = global.location().ok_or_else(|| refused(Rule::NoDocument))?;
    Ok((global, location))
}

/// A plain object that JavaScript makes an error of.
fn thrown(code: &str, message: &str, rule: Option<&str>) -> JsValue {
    let object = Object::new();
    put(&object, "code", &code.into());
    put(&object, "message", &message.into());
    if let Some(rule) = rule {
        put(&object, "rule", &rule.into());
    }
    object.into()
}

fn refused(refusal: impl Into<Refusal>) -> JsValue {
    let refusal = refusal.into();
    thrown(refusal.code().as_str(), &refusal.to_string(), Some(refusal.rule().text()))
}

fn put(object: &Object, key: &str, value: &JsValue) {
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(object, &key.into(), value);
}

/// An option; `None` for null and undefined.
fn option(options: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(options, &key.into()).ok().filter(|value| !value.is_null_or_undefined())
}

/// The UTF-16 code units of a string: a Rust string would hide lone surrogates.
fn units(value: &JsValue, not_text: Rule) -> Result<Vec<u16>, Rule> {
    value.dyn_ref::<JsString>().map(|text| text.iter().collect()).ok_or(not_text)
}

/// The lifetime in seconds that `maxAge` or `expires` asks for.
fn lifetime(options: &JsValue) -> Result<Option<f64>, Rule> {
    if let Some(max_age) = option(options, "maxAge") {
        return max_age.as_f64().map(Some).ok_or(Rule::MaxAgeNotNumber);
    }
    let Some(expires) = option(options, "expires") else { return Ok(None) };
    let time = expires.dyn_ref::<Date>().map_or(f64::NAN, Date::get_time);
    if time.is_nan() {
        return Err(Rule::ExpiresNotDate);
    }
    Ok(Some(((time - Date::now()) / 1000.0).max(0.0)))
}

/// The fields to send, or the refusal that the server or the browser would have ready for them.
fn fields(name: &JsValue, value: &JsValue, options: &JsValue, secure: bool) -> Result<Fields, Refusal> {
    let name_units = units(name, Rule::NameNotText)?;
    let value_units = units(value, Rule::ValueNotText)?;
    let text = |key, rule| option(options, key).map(|value| units(&value, rule)).transpose();
    let same_site = text("sameSite", Rule::SameSiteUnknown)?;
    let path = text("path", Rule::PathNotText)?;
    let include_subdomains = option(options, "includeSubdomains")
        .map(|value| value.as_bool().ok_or(Rule::SubdomainsNotBoolean))
        .transpose()?;
    let partitioned = option(options, "partitioned")
        .map(|value| value.as_bool().ok_or(Rule::FieldMalformed))
        .transpose()?;
    text("domain", Rule::DomainNotText)?;
    let lifetime = lifetime(options)?;
    let ttl = lifetime.map(attributes::lifetime).transpose()?;
    let wish = CookieRequest {
        name: name_units.as_slice(),
        value: value_units.as_slice(),
        lifetime,
        same_site: same_site.as_deref(),
        path: path.as_deref(),
        domain: None,
        include_subdomains: false,
        secure: Some(true),
        partitioned: partitioned == Some(true),
    };
    let mut bytes = [0; MAX_ASSIGNMENT];
    write(&wish, &Page { host: [].as_slice(), secure, https: secure }, &mut Buffer::new(&mut bytes))?;

    let mut fields = vec![("name", name.clone()), ("value", value.clone())];
    let texts = ["sameSite", "path", "domain"].map(|key| (key, option(options, key)));
    fields.extend(texts.into_iter().filter_map(|(key, value)| Some((key, value?))));
    fields.extend(include_subdomains.map(|include| ("includeSubdomains", include.to_string().into())));
    fields.extend(partitioned.map(|partitioned| ("partitioned", partitioned.to_string().into())));
    fields.extend(ttl.map(|seconds| ("ttl", seconds.to_string().into())));
    Ok(fields)
}

/// An endpoint in full: a base element must not send what goes there elsewhere.
fn absolute(endpoint: String, location: &Location) -> String {
    if endpoint.starts_with('/') { format!("{}{endpoint}", location.origin()) } else { endpoint }
}

/// The endpoint's fields, each a string.
type Fields = Vec<(&'static str, JsValue)>;

/// Asks the endpoint to set a cookie that the page cannot read.
///
/// `endpoint` is a path on the page's origin; `method` is `POST`, which sends JSON, or `GET`, which sends a query.
#[wasm_bindgen(js_name = setHttpOnlyCookie)]
pub async fn set_http_only_cookie(
    endpoint: String,
    method: String,
    name: JsValue,
    value: JsValue,
    options: JsValue,
) -> Result<(), JsValue> {
    let (global, location) = page()?;
    // An http page may hold an https one in a frame, which then is no secure context.
    let https = global.origin().unwrap_or_else(|| location.origin()).starts_with("https:");
    let secure = https || global.is_secure_context().unwrap_or(false);
    let mut fields = fields(&name, &value, &options, secure).map_err(refused)?;
    let url = absolute(endpoint, &location);
    send(&url, &method, &fields).await?;
    // Only a cookie of the same Domain replaces another: a deletion that leaves the scope open takes both.
    let has = |key| fields.iter().any(|(field, _)| *field == key);
    let deletes =
        fields.iter().any(|(key, value)| *key == "ttl" && value.as_string().as_deref() == Some("0"));
    if deletes && !has("includeSubdomains") && !has("domain") && domain_gains(location.hostname().as_str()) {
        fields.push(("includeSubdomains", "false".into()));
        send(&url, &method, &fields).await?;
    }
    Ok(())
}

async fn send(url: &str, method: &str, fields: &Fields) -> Result<(), JsValue> {
    let builder = RequestBuilder::new(url).header("x-httponly", "1");
    let request = if method.eq_ignore_ascii_case("GET") {
        let query = fields.iter().map(|(key, value)| (*key, value.as_string().unwrap_or_default()));
        builder.method(Method::GET).query(query).build()
    } else {
        let body = Object::new();
        for (key, value) in fields {
            put(&body, key, value);
        }
        builder.method(Method::POST).header("content-type", "application/json").body(JSON::stringify(&body)?)
    };
    let unreachable = |_| refused(Rule::Network);
    let response = request.map_err(unreachable)?.send().await.map_err(unreachable)?;
    let page = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.get(..9).is_some_and(|kind| kind.eq_ignore_ascii_case("text/html")));
    if response.ok() && !page {
        return Ok(());
    }
    let text = response.text().await.unwrap_or_default();
    // An app's fallback for unknown paths, or a sign-in page behind a redirect, answers 200 and sets nothing. Some
    // servers call their empty answers HTML.
    if response.ok() && text.is_empty() {
        return Ok(());
    }
    // The endpoint's own `{ error: { code, message } }`, or whatever else stood in the way.
    let body = JSON::parse(&text).unwrap_or_default();
    let error = option(&body, "error").unwrap_or_default();
    let text = |key| option(&error, key)?.as_string();
    if let (Some(code), Some(message)) = (text("code"), text("message")) {
        return Err(thrown(&code, &message, None));
    }
    let rule = Rule::EndpointRefused;
    let what = if response.ok() { "a page of HTML, status" } else { "status" };
    // Who gets this has most likely mounted none, or elsewhere.
    let remedy = if response.ok() || response.status() == 404 {
        ": mount `cookieEndpoint` there, or name its address to `configure`"
    } else {
        ""
    };
    let message = format!("{}: {what} {}{remedy}", rule.text(), response.status());
    Err(thrown(rule.code().as_str(), &message, Some(rule.text())))
}
