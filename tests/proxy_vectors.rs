//! The vectors that Rust and TypeScript share about templates, redirects and targets, and what holds for any input,
//! with the `url` crate as the judge.

// Proptest does not run in the browser.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use httponly::error::Refusal;
use httponly::http::redirect;
use httponly::proxy::target::Base;
use httponly::template::{Context, scan, substitute};
use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

mod oracle;
use oracle::{inside, leaves};

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct RedirectRow {
    target: String,
    #[serde(default)]
    allow: Vec<String>,
    to: Option<String>,
}

#[test]
fn every_redirect_row_has_its_verdict() {
    let rows: Vec<RedirectRow> = vectors("redirect");
    assert!(rows.len() >= 200, "{}", rows.len());
    for RedirectRow { target, allow, to } in rows {
        let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
        assert_eq!(redirect::check(&target, &allow).as_deref(), to.as_deref(), "{target:?}");
    }
}

#[derive(Deserialize)]
struct TemplateRow {
    name: String,
    input: String,
    cookies: BTreeMap<String, String>,
    context: Option<String>,
    output: Option<String>,
    refused: Option<String>,
}

#[test]
fn every_template_row_has_its_output() {
    let rows: Vec<TemplateRow> = vectors("template");
    for row in rows {
        let context = Context::parse(row.context.as_deref().unwrap_or("text")).unwrap();
        let done = substitute(&row.input, context, |name| {
            Ok(row.cookies.get(name).map(String::as_str).unwrap_or_default().into())
        });
        let refused = done.as_ref().err().map(|refusal| refusal.code().as_str());
        assert_eq!(refused, row.refused.as_deref(), "{}", row.name);
        assert_eq!(done.ok().as_deref(), row.output.as_deref(), "{}", row.name);
    }
}

#[derive(Deserialize)]
struct Targets {
    path: Vec<PathRow>,
    header: Vec<HeaderRow>,
    location: Vec<LocationRow>,
}

#[derive(Deserialize)]
struct PathRow {
    target: String,
    rest: String,
    url: Option<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct HeaderRow {
    target: String,
    header: String,
    url: Option<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct LocationRow {
    target: String,
    requested: String,
    location: String,
    to: Option<String>,
}

fn by_path(base: &Base, rest: &str) -> Result<String, Refusal> {
    match rest.split_once('?') {
        Some((rest, query)) => base.join(rest, Some(query)),
        None => base.join(rest, None),
    }
}

fn by_header(base: &Base, url: &str) -> Result<String, Refusal> {
    let (rest, query) = base.inside(url)?;
    base.join(rest, query)
}

#[test]
fn every_target_row_resolves_or_is_refused() {
    let rows: Targets = vectors("target");
    let all = rows.path.iter().map(|row| (&row.target, &row.rest, &row.url, &row.refused, true));
    let all =
        all.chain(rows.header.iter().map(|row| (&row.target, &row.header, &row.url, &row.refused, false)));
    for (target, address, url, refused, path) in all {
        let base = Base::parse(Url::parse(target).unwrap().as_str()).unwrap();
        let done = if path { by_path(&base, address) } else { by_header(&base, address) };
        let code = done.as_ref().err().map(|refusal| refusal.code().as_str());
        assert_eq!(code, refused.as_deref(), "{target} {address:?}");
        assert_eq!(done.ok(), *url, "{target} {address:?}");
        if let Some(url) = url {
            assert!(inside(url, target), "{url}");
        }
    }
    for LocationRow { target, requested, location, to } in rows.location {
        let base = Base::parse(Url::parse(&target).unwrap().as_str()).unwrap();
        assert_eq!(base.relocate(&requested, &location, "/m"), to, "{location:?}");
    }
}

#[test]
fn a_declared_url_that_is_no_plain_base_is_refused() {
    for url in [
        "ftp://api.example/",
        "file:///etc",
        "https://user@api.example/",
        "https://user:pw@api.example/",
        "https://api.example/?a",
        "https://api.example/#a",
        "https://api.example/a%2fb",
        "https://api.example/a%5cb",
        "https://api.example//a",
        "https://api.example/%zz",
        "https://api.example/{{ cookies.a }}",
        "api.example",
        "",
    ] {
        assert_eq!(Base::parse(url), None, "{url}");
    }
}

/// Pieces that URL parsers take to heart, so that random texts are not all harmless.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/",
        "//",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        "%00",
        "%09",
        "%0a",
        "%",
        "%25",
        "@",
        ":",
        "?",
        "#",
        ";",
        "a",
        "v1",
        "evil.example",
        "https:",
        "javascript:",
        "\t",
        "\n",
        "\r",
        " ",
        "\0",
        "é",
        "\u{2028}",
        "\u{ff0f}",
        "{{ cookies.a }}",
        "&",
        "=",
        "+",
        "[",
        "]",
        "*",
        "~",
        "'",
        "\"",
        "<",
        "|",
        "%c0%ae",
        "%ff",
        "\u{7f}",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat()), ".{0,40}"]
}

/// As many cases as `PROPTEST_CASES` asks for, and not fewer than these texts need.
fn at_least(cases: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(cases), ..config }
}

proptest! {
    #![proptest_config(at_least(4000))]

    #[test]
    fn an_accepted_redirect_reads_back_as_the_same_origin(rest in hostile(), slash in any::<bool>()) {
        let target = if slash { format!("/{rest}") } else { rest };
        if let Some(out) = redirect::check(&target, &[]) {
            prop_assert!(!leaves(&out, &[]), "{target:?} became {out:?}");
            prop_assert!(out.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn an_accepted_redirect_to_an_allowed_origin_reads_back_as_one(rest in hostile()) {
        let allow = ["https://ok.example", "http://ok.example:8080"];
        for origin in allow {
            let target = format!("{origin}{rest}");
            if let Some(out) = redirect::check(&target, &allow) {
                prop_assert!(!leaves(&out, &allow), "{target:?} became {out:?}");
            }
        }
    }

    #[test]
    fn a_resolved_address_never_leaves_the_target(rest in hostile(), prefix in prop::sample::select(vec!["", "/", "/v1", "/v1/", "/a/b"])) {
        let target = format!("https://api.example{prefix}");
        let base = Base::parse(Url::parse(&target).unwrap().as_str()).unwrap();
        if let Ok(url) = by_path(&base, &rest) {
            prop_assert!(inside(&url, &target), "{rest:?} became {url:?}");
        }
        for url in [rest.clone(), format!("{target}{rest}"), format!("{target}/{rest}")] {
            if let Ok(resolved) = by_header(&base, &url) {
                prop_assert!(inside(&resolved, &target), "{url:?} became {resolved:?}");
            }
        }
    }

    #[test]
    fn a_rewritten_location_stays_under_the_mount(location in hostile()) {
        let base = Base::parse("https://api.example/v1").unwrap();
        for location in [location.clone(), format!("/v1{location}"), format!("https://api.example/v1{location}")] {
            if let Some(local) = base.relocate("https://api.example/v1/x", &location, "/m") {
                let read = Url::parse("https://app.example/").unwrap().join(&local).unwrap();
                prop_assert_eq!(read.origin().ascii_serialization(), "https://app.example");
                prop_assert!(read.path() == "/m" || read.path().starts_with("/m/"), "{:?} became {:?}", location, local);
            }
        }
    }

    #[test]
    fn substitution_is_one_pass(parts in prop::collection::vec((".{0,8}", "[a-z]{1,3}", ".{0,12}|\\{\\{ cookies\\.[a-z] \\}\\}"), 0..6)) {
        // Text without braces between templates, so that what is a template is known beforehand.
        let plain = |text: &str| text.replace(['{', '}'], "");
        let template: String = parts.iter().flat_map(|(text, name, _)| [plain(text), format!("{{{{ cookies.{name} }}}}")]).collect();
        let mut values = parts.iter().map(|(_, _, value)| value.as_str());
        let mut asked = Vec::new();
        let filled = substitute(&template, Context::Text, |name| {
            asked.push(name.to_owned());
            Ok(values.next().unwrap().into())
        }).unwrap();
        let expected: String = parts.iter().map(|(text, _, value)| plain(text) + value).collect();
        prop_assert_eq!(filled, expected);
        prop_assert_eq!(asked, parts.iter().map(|(_, name, _)| name.clone()).collect::<Vec<_>>());
        prop_assert_eq!(scan(&template).count(), parts.len());
    }

    #[test]
    fn a_value_in_json_stays_inside_its_string(value in ".*") {
        let filled = substitute("{\"a\":\"{{ cookies.v }}\"}", Context::Json, |_| Ok(value.as_str().into())).unwrap();
        let read: BTreeMap<String, String> = serde_json::from_str(&filled).unwrap();
        prop_assert_eq!(read, BTreeMap::from([("a".into(), value)]));
    }

    #[test]
    fn a_value_in_a_form_or_query_stays_inside_its_pair(value in ".*") {
        for context in [Context::Form, Context::Query] {
            let filled = substitute("a=1&v={{ cookies.v }}&b=2", context, |_| Ok(value.as_str().into())).unwrap();
            let read: Vec<_> = url::form_urlencoded::parse(filled.as_bytes()).into_owned().collect();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            prop_assert_eq!(read, vec![pair("a", "1"), pair("v", &value), pair("b", "2")]);
        }
    }

    #[test]
    fn a_text_without_templates_is_not_touched(text in hostile()) {
        // Also where the random characters happen to spell one.
        let text = text.replace("cookies", "cookie");
        for context in [Context::Text, Context::Json, Context::Form, Context::Query, Context::Header] {
            let same = substitute(&text, context, |_| panic!("there is no template"));
            prop_assert_eq!(same.unwrap(), text.as_str());
        }
    }
}
