//! Whatever an upstream answers runs as no page of the app, sets no cookie but the declared ones, and is kept by no
//! shared cache once a cookie was spent on it.
#![no_main]
use httponly::cookie::set_cookie::parse;
use httponly::cookie::syntax::check_name;
use httponly::proxy::response::{Answer, CookieRule, Decision};
use httponly::proxy::response_headers::{HeaderAction, action};

fn has(list: &str, name: &str) -> bool {
    list.split(',')
        .map(|item| item.split('=').next().unwrap().trim_matches([' ', '\t']))
        .any(|item| item.eq_ignore_ascii_case(name))
}

// Flags, and behind them headers in lines.
libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let lines: Vec<(String, &str)> = input
        .1
        .split('\n')
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_matches([' ', '\t', '\r'])))
        .collect();
    let judged = |name: &str| !matches!(action(name), HeaderAction::Drop | HeaderAction::Keep);
    let headers: Vec<(&str, &str)> =
        lines.iter().filter(|line| judged(&line.0)).map(|(name, value)| (name.as_str(), *value)).collect();
    let rule = |name: &str| CookieRule { name: name.into(), path: Some("/".into()), ..CookieRule::default() };
    let cookies = [rule("sid"), rule("__Host-t")];
    let (spent, by_header) = (input.0 & 1 != 0, input.0 & 2 != 0);
    let status = if input.0 & 4 != 0 { 304 } else { 200 };
    let answer = Answer { headers: &headers, status, spent, by_header, cookies: &cookies, named: &[] };
    let verdicts = answer.judge(|location| location.starts_with('/').then(|| format!("/m{location}")));

    let mut set: Vec<(&str, &str)> = Vec::new();
    for verdict in &verdicts {
        match verdict {
            Decision::Set(name, value) => {
                assert!(*name == "set-cookie" || set.iter().all(|(other, _)| other != name), "{name} twice");
                set.push((name, value));
            }
            Decision::Copy(name) => {
                assert!(
                    name.starts_with("content-")
                        || ["digest", "link", "retry-after", "x-retry-after"].contains(name)
                );
            }
            Decision::Remove(name) => {
                assert!(check_name(*name).is_ok() && action(&name.to_ascii_lowercase()) == HeaderAction::Keep);
            }
        }
    }
    let get = |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    assert_eq!(get("x-content-type-options"), Some("nosniff"));
    assert_eq!(get("content-security-policy"), Some("sandbox"));
    assert!(get("location").is_none_or(|location| location.starts_with("/m/")));
    for (_, line) in set.iter().filter(|(name, _)| *name == "set-cookie") {
        if let Some(cookie) = parse(line) {
            assert!(["sid", "__Host-t"].contains(&cookie.name) && cookie.domain.is_none(), "{line}");
            assert_eq!(cookie.path, Some("/"));
        }
    }
    let caching = get("cache-control").unwrap_or_default();
    if get("set-cookie").is_some() {
        assert_eq!(caching, "private, no-store");
    } else if spent {
        assert!(has(caching, "private") && !has(caching, "public") && !has(caching, "s-maxage"), "{caching}");
    }
    let vary = get("vary").unwrap_or_default();
    assert!(
        has(vary, "*")
            || ["sec-fetch-dest", "sec-fetch-site", "sec-fetch-mode"].iter().all(|name| has(vary, name))
    );
    assert_eq!(get("cross-origin-resource-policy"), Some("same-origin"));
    assert!(
        get("www-authenticate")
            .is_none_or(|challenges| !challenges.to_ascii_lowercase().starts_with("basic"))
    );
    assert!(!spent || has(vary, "*") || has(vary, "cookie"), "{vary:?}");
    assert!(!by_header || has(vary, "*") || has(vary, "x-nordcraft-url"), "{vary:?}");
});
