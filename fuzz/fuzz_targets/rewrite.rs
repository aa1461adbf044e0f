//! A `Set-Cookie` line that passes gets Domain and Path by rule only; to a browser all else is as it was.
#![no_main]
use httponly::cookie::set_cookie::{SetCookie, parse};
use httponly::proxy::response::CookieRule;
use httponly::auth::cookies::with_domain;

/// The parts of a line but for the attributes of these names, byte for byte.
fn parts<'l>(line: &'l str, but: &[&str]) -> Vec<&'l str> {
    let name = |part: &str| part.split('=').next().unwrap().trim_matches([' ', '\t']).to_ascii_lowercase();
    line.split(';')
        .enumerate()
        .filter(|(at, part)| *at == 0 || !but.contains(&&*name(part)))
        .map(|(_, part)| part)
        .collect()
}

/// The parts of a line that was rewritten, and what was added behind them.
fn is_rewritten(line: &str, out: &str, but: &[&str], added: &[String]) {
    let mut expected: Vec<String> = parts(line, but).into_iter().map(str::to_owned).collect();
    expected.extend_from_slice(added);
    assert_eq!(out.split(';').collect::<Vec<_>>(), expected);
}

libfuzzer_sys::fuzz_target!(|line: &str| {
    // What browsers ignore may become anything.
    let Some(cookie) = parse(line) else { return };
    let host = cookie.name.to_ascii_lowercase().starts_with("__host-");
    for domain in ["", "my.example"] {
        let out = with_domain(line, domain);
        assert_eq!(with_domain(&out, domain), out);
        let domain = (!domain.is_empty() && !host).then_some(domain);
        assert_eq!(parse(&out), Some(SetCookie { domain, ..cookie }));
        let added = domain.map(|domain| format!(" Domain={domain}"));
        is_rewritten(line, &out, &["domain"], added.as_slice());
    }
    for (domain, path) in
        [(None, None), (Some("my.example"), None), (None, Some("/p")), (Some("my.example"), Some("/p"))]
    {
        let rule = CookieRule {
            name: "sid".into(),
            domain: domain.map(str::to_owned),
            path: path.map(str::to_owned),
        };
        let out = rule.apply(line);
        assert_eq!(out.is_some(), cookie.name == "sid");
        let Some(out) = out else { continue };
        assert_eq!(rule.apply(&out).as_ref(), Some(&out));
        assert_eq!(parse(&out), Some(SetCookie { domain, path: path.or(cookie.path), ..cookie }));
        let but = if path.is_some() { &["domain", "path"][..] } else { &["domain"] };
        let added: Vec<String> = domain
            .map(|domain| format!(" Domain={domain}"))
            .into_iter()
            .chain(path.map(|path| format!(" Path={path}")))
            .collect();
        is_rewritten(line, &out, but, &added);
    }
});
