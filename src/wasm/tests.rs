//! The bindings in a real browser: `wasm-pack test --headless --chrome`.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use crate::error::{Code, Rule};

wasm_bindgen_test_configure!(run_in_browser);

/// Runs JavaScript that has an expression's value.
fn js(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return ({expression})")).call0(&JsValue::NULL).unwrap()
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
