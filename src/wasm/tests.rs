//! The bindings in a real browser: `wasm-pack test --headless --chrome`.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use crate::error::{Code, Rule};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/src/wasm/page.js")]
extern "C" {
    fn attach(exports: &JsValue);
    #[wasm_bindgen(js_name = getCookie)]
    fn get_cookie(name: &JsValue, cookies: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = setCookie)]
    fn set_cookie(name: &JsValue, value: &JsValue, options: &JsValue) -> f64;
    #[wasm_bindgen(js_name = deleteCookie)]
    fn delete_cookie(name: &JsValue, options: &JsValue) -> f64;
}

/// Runs JavaScript that has an expression's value.
fn js(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return ({expression})")).call0(&JsValue::NULL).unwrap()
}

fn get(name: &str) -> Option<String> {
    attach(&wasm_bindgen::exports());
    get_cookie(&name.into(), &JsValue::UNDEFINED).as_string()
}

/// Sets a cookie with the options that a JavaScript expression gives; the rule that was broken.
fn set(name: &JsValue, value: &JsValue, options: &str) -> Option<Rule> {
    attach(&wasm_bindgen::exports());
    rule(set_cookie(name, value, &js(options)))
}

fn rule(number: f64) -> Option<Rule> {
    (number != 0.0)
        .then(|| Rule::ALL.iter().copied().find(|&rule| f64::from(rule as u8) == number % 256.0).unwrap())
}

fn delete(name: &str) {
    assert_eq!(rule(delete_cookie(&name.into(), &JsValue::UNDEFINED)), None);
    assert_eq!(get(name), None);
}

#[wasm_bindgen_test]
fn every_text_makes_the_round_trip_through_the_browser() {
    for value in
        ["", "plain", "a=b==", "50% ü; \"q\", \\", " spaced ", "\u{1F36A}\u{10FFFF}", "%41", "'()*!~"]
    {
        assert_eq!(set(&"trip".into(), &value.into(), "undefined"), None, "{value}");
        assert_eq!(get("trip").as_deref(), Some(value));
    }
    delete("trip");
}

#[wasm_bindgen_test]
fn what_the_browser_would_drop_is_refused_and_not_written() {
    let (long, lone) = (JsValue::from("x".repeat(5000)), js("'a\\ud800'"));
    let (a, one) = (JsValue::from("a"), JsValue::from("1"));
    for (name, value, options, expected) in [
        (&a, &long, "{}", Rule::PairTooLarge),
        (&long, &one, "{}", Rule::PairTooLarge),
        (&a, &lone, "{}", Rule::ValueSurrogate),
        (&a, &"a\r\nb".into(), "{}", Rule::ValueControl),
        (&a, &JsValue::from(5), "{}", Rule::ValueNotText),
        (&a, &JsValue::UNDEFINED, "{}", Rule::ValueNotText),
        (&JsValue::NULL, &one, "{}", Rule::NameNotText),
        (&"".into(), &one, "{}", Rule::NameEmpty),
        (&"a;b".into(), &one, "{}", Rule::NameCharacter),
        (&a, &one, "{ path: '/; Domain=evil.example' }", Rule::PathCharacter),
        (&a, &one, "{ path: 5 }", Rule::PathNotText),
        (&a, &one, "{ path: '/'.repeat(1025) }", Rule::AttributeTooLarge),
        (&a, &one, "{ path: '/'.repeat(9000) }", Rule::AttributeTooLarge),
        (&a, &one, "{ sameSite: 'Sometimes' }", Rule::SameSiteUnknown),
        (&a, &one, "{ sameSite: {} }", Rule::SameSiteUnknown),
        (&a, &one, "{ sameSite: 'None', secure: false }", Rule::SameSiteInsecure),
        (&a, &one, "{ partitioned: true, secure: false }", Rule::PartitionedInsecure),
        (&"__Host-a".into(), &one, "{ path: '/x' }", Rule::PrefixHostPath),
        (&"__Http-a".into(), &one, "{}", Rule::PrefixHttp),
        (&a, &one, "{ maxAge: -1 }", Rule::MaxAgeNegative),
        (&a, &one, "{ maxAge: -Infinity }", Rule::MaxAgeNegative),
        (&a, &one, "{ maxAge: NaN }", Rule::MaxAgeNotNumber),
        (&a, &one, "{ maxAge: '60' }", Rule::MaxAgeNotNumber),
        (&a, &one, "{ expires: new Date(NaN) }", Rule::ExpiresNotDate),
        (&a, &one, "{ expires: 7 }", Rule::ExpiresNotDate),
        (&a, &one, "{ domain: 'example.com' }", Rule::DomainMismatch),
        (&a, &one, "{ domain: 5 }", Rule::DomainNotText),
        (&a, &one, "{ includeSubdomains: 'false' }", Rule::SubdomainsNotBoolean),
    ] {
        assert_eq!(set(name, value, options), Some(expected), "{options}");
        assert_eq!(js("document.cookie").as_string().as_deref(), Some(""), "{options}");
    }
}

#[wasm_bindgen_test]
fn lifetimes_end_where_they_are_said_to_end() {
    for (options, stays) in [
        ("{ maxAge: 60 }", true),
        ("{ maxAge: 0.5 }", true),
        ("{ maxAge: Infinity }", true),
        ("{ maxAge: 0 }", false),
        ("{ expires: new Date(Date.now() + 60000) }", true),
        ("{ expires: new Date(0) }", false),
        ("{ maxAge: 60, expires: new Date(0) }", true),
        ("{ maxAge: null, expires: null, path: null, sameSite: null, domain: null, secure: null }", true),
    ] {
        assert_eq!(set(&"life".into(), &"1".into(), options), None, "{options}");
        assert_eq!(get("life").is_some(), stays, "{options}");
    }
    delete("life");
}

#[wasm_bindgen_test]
fn a_cookie_that_is_still_there_after_its_deletion_is_told() {
    // The test page lies at the root: a cookie of its path is another one than the host's.
    js("document.cookie = 'stays=1; path=/'");
    attach(&wasm_bindgen::exports());
    let options = js("{ path: '/elsewhere' }");
    assert_eq!(rule(delete_cookie(&"stays".into(), &options)), None, "cannot be looked at from here");
    assert_eq!(get("stays").as_deref(), Some("1"));
    delete("stays");
}

#[wasm_bindgen_test]
fn a_blocked_cookie_is_told() {
    // The browser keeps nothing that another origin's frame could not have: a patched setter stands for it.
    js("Object.defineProperty(document, 'cookie', { configurable: true, get: () => '', set() {} })");
    let blocked = set(&"a".into(), &"1".into(), "{}");
    let unverified = set(&"a".into(), &"1".into(), "{ verify: false }");
    js("delete document.cookie");
    assert_eq!((blocked, unverified), (Some(Rule::NotStored), None));
}

#[wasm_bindgen_test]
fn a_patched_document_cookie_may_call_in_again() {
    attach(&wasm_bindgen::exports());
    let get = Closure::<dyn Fn() -> JsValue>::new(|| get_cookie(&"other".into(), &"other=inner".into()));
    Reflect::set(&js_sys::global(), &"inner".into(), get.as_ref()).unwrap();
    js("(globalThis.calls = 0, Object.defineProperty(document, 'cookie', { configurable: true, \
        get() { calls++; inner(); return Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').get.call(this) }, \
        set(text) { inner(); Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set.call(this, text) } }))");
    let refused = set(&"patched".into(), &"outer".into(), "{}");
    let read = get_cookie(&"patched".into(), &JsValue::UNDEFINED).as_string();
    let calls = js("calls").as_f64();
    js("delete document.cookie");
    assert_eq!((refused, read.as_deref()), (None, Some("outer")));
    assert!(calls.is_some_and(|calls| calls > 1.0));
    delete("patched");
}

#[wasm_bindgen_test]
fn a_refused_write_does_not_hide_what_others_wrote() {
    assert_eq!(get("fresh"), None);
    js("document.cookie = 'fresh=1'");
    assert_eq!(set(&"fresh".into(), &"\0".into(), "{}"), Some(Rule::ValueControl));
    assert_eq!(get("fresh").as_deref(), Some("1"));
    js("document.cookie = 'fresh=2'");
    assert!(delete_cookie(&"f;".into(), &JsValue::UNDEFINED) > 0.0);
    assert_eq!(get("fresh").as_deref(), Some("2"));
    delete("fresh");
}

#[wasm_bindgen_test]
fn a_header_of_any_length_is_read() {
    attach(&wasm_bindgen::exports());
    for length in [10, 8192, 8193, 100_000, 3_000_000] {
        let header = format!("{}=1; last=found; é=2", "n".repeat(length)).into();
        assert_eq!(get_cookie(&"last".into(), &header).as_string().as_deref(), Some("found"), "{length}");
        assert_eq!(get_cookie(&"é".into(), &header).as_string().as_deref(), Some("2"));
    }
    let many: String = (0..500).map(|i| format!("n{i}=v{i}; ")).collect();
    for i in [0, 63, 64, 65, 499] {
        let value = get_cookie(&format!("n{i}").into(), &many.as_str().into()).as_string();
        assert_eq!(value, Some(format!("v{i}")));
    }
}

#[wasm_bindgen_test]
fn a_shadow_tree_is_known_by_its_root() {
    let [shadow, light] =
        ["document.createElement('div').attachShadow({ mode: 'closed' })", "document"].map(js);
    assert!(super::cookies::is_shadow(&shadow));
    assert!(!super::cookies::is_shadow(&light));
    assert!(!super::cookies::is_shadow(&JsValue::NULL));
}

async fn ask(name: &str, options: &str) -> Object {
    let endpoint = "/no-such-endpoint".to_owned();
    let asked =
        super::account::set_http_only_cookie(endpoint, "POST".into(), name.into(), "1".into(), js(options));
    asked.await.unwrap_err().unchecked_into()
}

fn field(object: &Object, key: &str) -> Option<String> {
    Reflect::get(object, &key.into()).unwrap().as_string()
}

#[wasm_bindgen_test]
async fn an_http_only_cookie_is_checked_before_anything_is_sent() {
    for (name, options, expected) in [
        ("a b", "{}", Code::NameInvalid),
        ("a", "{ maxAge: -1 }", Code::MaxAgeInvalid),
        ("a", "{ path: 'x' }", Code::PathInvalid),
        ("a", "{ sameSite: 'x' }", Code::SameSiteInvalid),
        ("a", "{ includeSubdomains: 1 }", Code::DomainInvalid),
        ("__Http-a", "{}", Code::PrefixViolated),
    ] {
        assert_eq!(field(&ask(name, options).await, "code").as_deref(), Some(expected.as_str()), "{options}");
    }
}

#[wasm_bindgen_test]
async fn an_endpoint_that_is_none_refuses_with_its_status() {
    let refused = ask("a", "{}").await;
    assert_eq!(field(&refused, "code").as_deref(), Some("endpoint-refused"));
    assert!(field(&refused, "message").is_some_and(|message| message.contains("status 4")));
}

async fn sign_in(options: &str) -> Object {
    super::account::sign_in("/no-such-auth".to_owned(), js(options)).await.unwrap_err().unchecked_into()
}

#[wasm_bindgen_test]
async fn a_sign_in_that_makes_no_sense_is_refused_and_not_sent() {
    for (options, expected) in [
        ("{}", Rule::ProviderName),
        ("{ provider: '' }", Rule::ProviderName),
        ("{ provider: 7 }", Rule::ProviderName),
        ("undefined", Rule::ProviderName),
        ("{ provider: 'credentials' }", Rule::CredentialsNotObject),
        ("{ provider: 'credentials', credentials: 'a' }", Rule::CredentialsNotObject),
        ("{ provider: 'magic-link' }", Rule::CredentialsNotObject),
        ("{ provider: 'google', credentials: 7 }", Rule::CredentialsNotObject),
    ] {
        assert_eq!(field(&sign_in(options).await, "rule").as_deref(), Some(expected.text()), "{options}");
    }
}

#[wasm_bindgen_test]
async fn where_no_handler_is_mounted_nobody_signs_in_and_nobody_can_tell_who_is() {
    let options = "{ provider: 'google', failureCallback: '//evil.example/' }";
    let refused = sign_in(options).await;
    assert_eq!(field(&refused, "code").as_deref(), Some("endpoint-refused"));
    assert_eq!(field(&refused, "to"), None, "nothing was decided");

    let endpoint = "/no-such-auth/".to_owned();
    let refused: Object = super::account::get_session(endpoint).await.unwrap_err().unchecked_into();
    assert_eq!(field(&refused, "code").as_deref(), Some("unavailable"));
}
