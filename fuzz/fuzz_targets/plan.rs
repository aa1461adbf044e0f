//! Whatever a client sends, a proxy spends only granted cookies, only with proof, and only at the declared target.
#![no_main]
use httponly::proxy::config::{Declaration, Proxy};
use httponly::proxy::headers::is_evidence;
use httponly::proxy::plan::Incoming;
use httponly::proxy::response::CookieRule;
use httponly_fuzz::oracle::inside;
use url::Url;

const TARGET: &str = "https://api.example/v1";
const COOKIES: &str = "granted=gggg; bearer=bbbb; other=oooo; __Host-s=ssss";

fn proxy(bearer: bool) -> Proxy {
    let list = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    let target = Declaration {
        name: "api".into(),
        url: Some(TARGET.into()),
        cookies: list(&["granted"]),
        templates: list(&["header", "query", "body"]),
        bearer: bearer.then(|| "bearer".into()),
        forward_headers: list(&["x-a"]),
        set_cookies: vec![CookieRule { name: "sid".into(), ..CookieRule::default() }],
        ..Declaration::default()
    };
    Proxy::new("/api/proxy", Some("https://app.example".into()), vec![target], 4096).unwrap()
}

// A method, a path, headers, and behind an empty line a body.
libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let proxy = proxy(input.0 & 1 != 0);
    let (head, body) = input.1.split_once("\n\n").unwrap_or((input.1, ""));
    let mut lines = head.split('\n');
    let address = lines.next().unwrap();
    let Ok(url) = Url::parse("https://app.example/api/proxy/").unwrap().join(address) else { return };
    let names: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let mut headers: Vec<(&str, &str)> = vec![("cookie", COOKIES)];
    for (name, value) in &names {
        if headers.iter().all(|header| header.0 != name)
            && !value.chars().any(|c| c.is_control() || c > '\u{ff}')
        {
            headers.push((name, value));
        }
    }
    let get = |name: &str| headers.iter().find(|header| header.0 == name).map(|header| header.1);
    let proven = match get("sec-fetch-site") {
        Some(site) => site == "same-origin" && get("sec-fetch-dest") == Some("empty"),
        None => {
            get("origin") == Some("https://app.example")
                || (get("origin").is_none() && get("x-httponly") == Some("1"))
        }
    };
    let method = if input.0 & 2 == 0 { "GET" } else { "POST" };
    let incoming = Incoming {
        method,
        url: url.as_str(),
        base: None,
        client: Some("192.0.2.7"),
        headers: headers.clone(),
    };
    let spent = |text: &str| {
        ["gggg", "bbbb", "oooo", "ssss"].into_iter().filter(|value| text.contains(value)).collect::<Vec<_>>()
    };
    if spent(input.1) != [] as [&str; 0] {
        return;
    }
    let Ok(plan) = proxy.plan(&incoming) else { return };
    assert!(inside(&plan.url, TARGET), "{:?}", plan.url);
    assert!(!spent(&plan.url).iter().any(|value| *value != "gggg"));
    let mut spends = !spent(&plan.url).is_empty();
    for (at, (name, value)) in plan.headers.iter().enumerate() {
        assert!(plan.headers.iter().skip(at + 1).all(|(other, _)| other != name), "{name} twice");
        assert!(!is_evidence(name) || *name == "authorization", "{name}");
        assert!(!["host", "via", "te", "upgrade", "content-length", "transfer-encoding"].contains(name));
        assert!(value.bytes().all(|byte| byte >= 0x20 || byte == b'\t'), "{name}: {value:?}");
        assert!(!spent(value).iter().any(|value| !["gggg", "bbbb"].contains(value)), "{name}");
        assert!(!value.contains("bbbb") || value == "Bearer bbbb" && *name == "authorization");
        assert!(*name != "x-forwarded-for" || value == "192.0.2.7");
        assert!(*name != "x-forwarded-host" || value == "app.example");
        spends |= !spent(value).is_empty();
    }
    assert!(!spends || (plan.spends && proven));
    assert!(!plan.sets || proven);
    if plan.fills_body
        && let Ok(Some(filled)) = proxy.fill(plan.target, &incoming, body.as_bytes())
    {
        let filled = String::from_utf8(filled).unwrap();
        assert!(proven && filled.len() <= 4096);
        assert!(!spent(&filled).iter().any(|value| *value != "gggg"));
    }
});
