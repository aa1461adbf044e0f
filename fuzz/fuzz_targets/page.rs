//! A page gets no token, is sent to no script, and shows a link's fields as text; a link is used as it was shown.
#![no_main]
use httponly::http::form::Form;
use httponly::auth::session_response::{SessionState, read};
use httponly::auth::magic_link;
use httponly::auth::client::{SignInResult, Operation, SignInMethod, arrival, failure, session, target};
use httponly_fuzz::oracle::leaves;
use serde_json::{Value, from_str};
use url::Url;

fn holds_token(value: &Value) -> bool {
    let tokens = ["token", "accesstoken", "refreshtoken", "idtoken", "sessiontoken"];
    let is_token = |key: &str| tokens.contains(&&*key.replace(['_', '-'], "").to_ascii_lowercase());
    match value {
        Value::Array(items) => items.iter().any(holds_token),
        Value::Object(members) => members.iter().any(|(key, value)| is_token(key) || holds_token(value)),
        _ => false,
    }
}

/// Whether it is an object without tokens; numbers and half characters that `serde_json` has no value for pass.
fn is_clean(json: &str) -> bool {
    json.starts_with('{')
        && from_str::<Value>(json).map_or(true, |value| value.is_object() && !holds_token(&value))
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    for way in [SignInMethod::Credentials, SignInMethod::MagicLink, SignInMethod::OAuth] {
        match arrival(way, text) {
            Ok(SignInResult::Here(user)) => assert!(is_clean(&user), "{user}"),
            Ok(SignInResult::Go(url)) => {
                let read = Url::parse("https://app.example/x").unwrap().join(&url);
                assert!(read.is_err() || !url.starts_with('/') || !leaves(&url, &[]), "{url:?}");
                assert!(
                    read.is_ok_and(|url| matches!(url.scheme(), "http" | "https")) || url.starts_with("http"),
                    "{url:?}"
                );
            }
            Ok(SignInResult::Mail) | Err(_) => {}
        }
    }
    if let Ok(Some((user, session))) = session(200, text) {
        assert!(is_clean(&user) && is_clean(&session));
    }
    if let SessionState::Authenticated(identity) = read(200, text, 0.0) {
        assert!(is_clean(&identity.user) && is_clean(&identity.session) && !identity.id.is_empty());
        let body: Result<Value, _> = from_str(text);
        assert!(body.map_or(true, |body| body["user"]["id"] == Value::String(identity.id)));
    }
    for asked in [Operation::SignIn, Operation::SignOut, Operation::Session] {
        let failure = failure(asked, 400, text);
        assert!(
            failure.rule.is_none()
                || failure.reason.is_none_or(|reason| reason.bytes().all(|byte| byte.is_ascii_graphic()))
        );
    }
    assert!(!leaves(&target(text, "https://app.example"), &["https://app.example"]));

    let (html, plain) = (magic_link::page(text, Some(text)), magic_link::page("", None));
    let count = |html: &str, what| html.matches(what).count();
    let inputs = count(&html, "<input ");
    assert!(inputs <= 4 && count(&html, "<") == count(&plain, "<") + inputs);
    assert_eq!(count(&html, "\""), count(&plain, "\"") + 6 * inputs);
    let (_, answer) = magic_link::answer(text);
    assert!(from_str::<Value>(&answer).is_ok_and(|answer| answer.is_object()));
    for form in [Form::UrlEncoded, Form::Json] {
        let Ok(query) = magic_link::consume(form, text) else { continue };
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let sent: Vec<(String, String)> = match form {
            Form::UrlEncoded => url::form_urlencoded::parse(text.as_bytes()).into_owned().collect(),
            Form::Json => match from_str::<serde_json::Map<String, Value>>(text) {
                Ok(members) => members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                    .collect(),
                Err(_) => continue,
            },
        };
        assert!(fields[0].0 == "token" && fields.iter().all(|field| sent.contains(field)), "{query}");
    }
});
