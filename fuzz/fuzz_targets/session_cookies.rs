//! The backend gets its own cookies and no others; clearing deletes what it names and sets nothing.
#![no_main]
use httponly::cookie::set_cookie::parse;
use httponly::auth::cookies::{Names, Sent};
use httponly_fuzz::cookies;

const OTHERS: [&str; 3] = ["better-auth.*", "my.*", "two-factor"];

fn bare(name: &str) -> &str {
    name.strip_prefix("__Secure-").or(name.strip_prefix("__Host-")).unwrap_or(name)
}

/// Whether a name is one of those that were declared, told apart from the rules' own way of asking.
fn known(name: &str) -> bool {
    let name = bare(name);
    name == "my.session"
        || name.starts_with("better-auth.")
        || name.starts_with("my.")
        || name == "two-factor"
}

/// Whether a name is that of a copy of the session, whole or a part of it.
fn is_copy(name: &str) -> bool {
    let part = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = name.rsplit_once('.').filter(|(_, last)| part(last)).map_or(name, |(whole, _)| whole);
    whole.ends_with(".session_data")
}

libfuzzer_sys::fuzz_target!(|header: &str| {
    let names = Names::new("my.session", Some(OTHERS.map(String::from).into())).unwrap();
    let sent = cookies(header);
    let times = |name: &str| sent.iter().filter(|(other, _)| *other == name).count();
    let host = sent.iter().any(|(name, _)| *name == "__Host-my.session");
    for lookup in [false, true] {
        let out = names.forward(header, lookup);
        assert_eq!(names.forward(&out, lookup), out);
        for (name, value) in cookies(&out) {
            assert!(known(name) && sent.contains(&(name, value)), "{name}");
            assert!(bare(name) != "my.session" || !host || name.starts_with("__Host-"));
            assert!(!lookup || !is_copy(name), "{name}");
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            assert_eq!(times(name), 1);
        }
    }
    match names.read(header) {
        Sent::None => assert!(sent.iter().all(|(name, _)| bare(name) != "my.session")),
        Sent::Unusable => assert!(sent.iter().any(|(name, _)| bare(name) == "my.session")),
        Sent::Some { pairs, values } => {
            let read = cookies(&pairs);
            assert_eq!(read.iter().map(|pair| pair.1).collect::<Vec<_>>(), values);
            for (name, value) in read {
                assert!(bare(name) == "my.session" && times(name) == 1 && sent.contains(&(name, value)));
            }
        }
    }
    let lines = names.clear(header, "app.my.example", None, false);
    assert!(lines.len() <= 3 * (16 + 3));
    for line in lines {
        let cookie = parse(&line).expect("browsers read what deletes");
        assert!(known(cookie.name) && times(cookie.name) > 0, "{line}");
        assert!(
            cookie.value.is_empty()
                && cookie.max_age == Some(0)
                && cookie.http_only
                && cookie.path == Some("/")
        );
        assert!(cookie.domain.is_none_or(|domain| domain == "my.example" || domain == "app.my.example"));
        assert!(!cookie.name.starts_with("__Host-") || cookie.domain.is_none());
        assert!(!cookie.name.starts_with("__") || cookie.secure);
    }
});
