//! Whatever is sent, the cookie is Secure, `HttpOnly` and of the host alone, and never the session's.
#![no_main]
use httponly::cookie::endpoint::{Fields, Policy, Route};
use httponly::http::form::Form;
use httponly::cookie::set_cookie::parse;
use httponly::auth::cookies::Names;

libfuzzer_sys::fuzz_target!(|input: (bool, &str)| {
    let form = if input.0 { Form::Json } else { Form::UrlEncoded };
    let Ok(fields) = Fields::parse(input.1, form) else { return };
    let policy = Policy { reserved: vec!["my.session".into()], ..Policy::default() };
    let Ok(line) = fields.set_cookie(Route::Cookie, &policy, "app.example", 0) else { return };
    let cookie = parse(&line).expect("browsers store what the endpoint sends");
    assert!(cookie.secure && cookie.http_only && cookie.domain.is_none_or(|domain| domain == "app.example"));
    assert!(!Names::new("my.session", None).unwrap().is_session(cookie.name), "{line}");
});
