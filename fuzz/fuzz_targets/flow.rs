//! The forms of an account: the backend gets the fields of the form and links of the app, the visitor stays on the site
//! or goes to a provider, and no failed form shows a secret.
#![no_main]
use httponly::auth::flow::{Flow, Outcome, Pages, Reply, destination};
use httponly_fuzz::oracle::leaves;
use serde_json::{Map, Value, from_str};
use url::Url;

const OWN: &str = "https://app.example";

// A flow, and behind it the fields of a form in lines; behind an empty line a backend's answer.
libfuzzer_sys::fuzz_target!(|input: (u8, u16, &str)| {
    let (_, flow) = Flow::ALL[usize::from(input.0) % Flow::ALL.len()];
    let (form, body) = input.2.split_once("\n\n").unwrap_or((input.2, ""));
    let form: Vec<(&str, &str)> = form.split('\n').filter_map(|line| line.split_once('=')).collect();
    let field = |name: &str| form.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
    let pages = Pages::new("/login", "/", "/verify", "/reset?a", "/bye").unwrap();
    let wanted = destination(&[field("redirect").unwrap_or_default()], OWN);
    assert!(wanted.as_ref().is_none_or(|wanted| !leaves(wanted, &[])));
    let wanted = wanted.as_deref();

    for step in flow.plan(&form, &pages, wanted, OWN).unwrap_or_default() {
        let body: Map<String, Value> = from_str(&step.body).expect("JSON");
        for (name, value) in body {
            let url = value.as_str().filter(|_| name.ends_with("URL") || name == "redirectTo");
            let own = if name == "newPassword" { "password" } else { &*name };
            match (url, &value) {
                (Some(url), _) => {
                    let url = Url::parse(url).unwrap();
                    assert_eq!(url.origin().ascii_serialization(), OWN);
                    let back =
                        url.query_pairs().find(|(name, _)| name == "redirect" && url.path() == "/login");
                    assert!(back.is_none_or(|(_, back)| !leaves(&back, &[])));
                }
                (None, Value::String(text)) => assert_eq!(field(own).map(str::trim), Some(text.trim())),
                (None, value) => assert!(name == "rememberMe" && value.is_boolean()),
            }
        }
    }
    for (name, _) in flow.echo(&form) {
        assert!(["email", "name", "provider", "id", "rememberMe", "redirect"].contains(&name), "{name}");
    }
    let status = 200 + input.1 % 400;
    let reply = Reply { status, body, location: Some(body), retry_after: Some(body) };
    match flow.outcome(1, reply, &pages, wanted, field("email").unwrap_or_default(), 0.0) {
        Outcome::Next => {}
        Outcome::Done { location, .. } => {
            if let Some(to) = location {
                let provider =
                    flow == Flow::Social && (to.starts_with("http://") || to.starts_with("https://"));
                assert!(provider || !leaves(&to, &[]), "{to:?}");
            }
        }
        Outcome::Failed(failure) => {
            assert!((400..600).contains(&failure.status));
            assert!(failure.reason.is_none_or(
                |reason| reason.len() <= 64 && reason.bytes().all(|byte| byte.is_ascii_graphic())
            ));
        }
    }
});
