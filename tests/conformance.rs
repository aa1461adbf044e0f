//! Other people's test data, where it lies beside the project: `HTTPONLY_CONFORMANCE`, or `../shared/conformance`.
//!
//! Nothing of it is copied here, for its licences differ. A suite that is absent is reported and passed over.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::{fs, path::PathBuf};

use httponly::cookie::attributes::{Prefix, check_domain, domain_gains, path_matches};
use httponly::cookie::set_cookie::{Attributes, SetCookie};
use httponly::cookie::syntax::decode_value;
use httponly::cookie::{header, set_cookie};
use httponly::http::date;
use serde_json::Value;

/// 2026-01-01, for which the data is evaluated.
const NOW: i64 = 1_767_225_600;

fn load(file: &str) -> Option<Value> {
    let folder = std::env::var_os("HTTPONLY_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"),
        PathBuf::from,
    );
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        println!("skipped: {file} is not there (set HTTPONLY_CONFORMANCE to its folder)");
        return None;
    };
    // One of the files opens with // lines that carry its licence.
    let start = text.find(['[', '{']).unwrap();
    let start = if text.starts_with("//") { text.find("\n[").unwrap() } else { start };
    Some(serde_json::from_str(&text[start..]).unwrap())
}

fn rows(file: &str) -> Vec<Value> {
    load(file).map_or_else(Vec::new, |value| value.as_array().unwrap().clone())
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} in {row}"))
}

/// Where a cookie comes from or goes to.
#[derive(Clone, Copy, Debug)]
struct Url<'a> {
    secure: bool,
    /// In any letter case, as the data has it.
    host: &'a str,
    path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads an absolute URL, or a path on `base`.
    fn parse(url: &'a str, base: Self) -> Self {
        let (secure, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme == "https", rest),
            None => (base.secure, url),
        };
        let (authority, path) = if rest.starts_with('/') {
            (base.host, rest)
        } else {
            rest.split_at(rest.find('/').unwrap_or(rest.len()))
        };
        Self { secure, host: authority.split(':').next().unwrap(), path: path.split('?').next().unwrap() }
    }

    /// default-path (RFC 6265bis section 5.1.4).
    fn default_path(self) -> &'a str {
        match self.path.rfind('/') {
            None | Some(0) => "/",
            Some(at) => &self.path[..at],
        }
    }
}

struct Stored {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
}

/// The storage model of RFC 6265bis section 5.7, as far as the data asks for it: no public suffixes beyond "one
/// label", no same-site context, no eviction.
#[derive(Default)]
struct Jar(Vec<Stored>);

impl Jar {
    fn receive(&mut self, line: &str, from: Url<'_>, by_script: bool) {
        let Some(cookie) = set_cookie::parse(line) else { return };
        let domain = cookie.domain().unwrap_or_default();
        let domain = domain.as_ref();
        if domain.is_empty() {
            // A host-only cookie.
        } else if domain == from.host {
            // The host itself is always covered.
        } else if check_domain(domain, from.host).is_err() || !domain_gains(domain) {
            return;
        }
        let path = cookie.path.unwrap_or_else(|| from.default_path());
        if !admits(&cookie, path, domain, from, by_script) {
            return;
        }
        let stored = Stored {
            name: cookie.name.to_owned(),
            value: cookie.value.to_owned(),
            domain: if domain.is_empty() { from.host } else { domain }.to_owned(),
            host_only: domain.is_empty(),
            path: path.to_owned(),
            secure: cookie.secure,
        };
        let dead = cookie.lifetime(NOW).is_some_and(|seconds| seconds <= 0);
        let same = self.0.iter().position(|old| {
            (&old.name, &old.domain, &old.path, old.host_only)
                == (&stored.name, &stored.domain, &stored.path, stored.host_only)
        });
        match same {
            Some(at) if dead => drop(self.0.remove(at)),
            // The creation-time of the old cookie is kept, and with it its place.
            Some(at) => self.0[at] = stored,
            None if dead => {}
            None => self.0.push(stored),
        }
    }

    /// The cookies for a URL (RFC 6265bis section 5.8.3): longer paths first, older cookies first.
    fn send(&self, to: Url<'_>) -> Vec<(&str, &str)> {
        let host = to.host.to_ascii_lowercase();
        let mut sent: Vec<&Stored> = self
            .0
            .iter()
            .filter(|cookie| {
                let covered = if cookie.host_only {
                    cookie.domain == host
                } else {
                    check_domain(cookie.domain.as_str(), host.as_str()).is_ok()
                };
                covered && path_matches(to.path, cookie.path.as_str()) && (!cookie.secure || to.secure)
            })
            .collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        sent.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())).collect()
    }
}

/// The conditions of Secure, `HttpOnly` and the prefixes.
fn admits(cookie: &SetCookie<'_>, path: &str, domain: &str, from: Url<'_>, by_script: bool) -> bool {
    if (cookie.secure && !from.secure) || (cookie.http_only && by_script) {
        return false;
    }
    let prefix = Prefix::of(if cookie.name.is_empty() { cookie.value } else { cookie.name });
    let nameless = cookie.name.is_empty() && (prefix.secure || prefix.host || prefix.http);
    let demands = (prefix.secure && !cookie.secure)
        || (prefix.host && (!domain.is_empty() || path != "/" || cookie.path != Some("/")))
        || (prefix.http && (!cookie.http_only || by_script));
    !nameless && !demands
}

#[test]
fn http_state_parser_192_of_192_valid_rows() {
    let (rows, Some(superseded)) =
        (rows("http-state/tests/data/parser.json"), load("http-state/SUPERSEDED.json"))
    else {
        return;
    };
    let superseded: Vec<&str> = superseded
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .map(|name| name.as_str().unwrap())
        .collect();
    let (mut passed, mut failed) = (0, Vec::new());
    for row in rows.iter().filter(|row| !superseded.contains(&text(row, "test"))) {
        let from = Url { secure: false, host: "home.example.org", path: "/cookie-parser" };
        let to = row.get("sent-to").map_or("/cookie-parser-result", |to| to.as_str().unwrap());
        let mut jar = Jar::default();
        for line in row["received"].as_array().unwrap() {
            jar.receive(line.as_str().unwrap(), from, false);
        }
        let expected: Vec<_> =
            row["sent"].as_array().unwrap().iter().map(|c| (text(c, "name"), text(c, "value"))).collect();
        let sent = jar.send(Url::parse(to, from));
        if sent == expected {
            passed += 1;
        } else {
            failed.push(format!("{}: {sent:?} for {expected:?}", text(row, "test")));
        }
    }
    println!("http-state: {passed} of {} valid rows", passed + failed.len());
    assert_eq!(failed, Vec::<String>::new());
    assert!(rows.is_empty() || passed == 192, "{passed}");
}

#[test]
fn ietf_dates_70_of_70() {
    let mut count = 0;
    for file in ["examples.json", "bsd-examples.json"] {
        for row in rows(&format!("http-state/tests/data/dates/{file}")) {
            let written =
                date::parse(text(&row, "test")).map(|d| String::from_utf8(date::format(d).to_vec()).unwrap());
            assert_eq!(written.as_deref(), row["expected"].as_str(), "{row}");
            count += 1;
        }
    }
    println!("IETF dates: {count} rows");
    assert!(count == 0 || count == 70, "{count}");
}

#[test]
fn tough_cookie_dates() {
    let mut count = 0;
    for row in rows("tough-cookie/date.json") {
        // The other rows are assertions about a JavaScript Date.
        let (Some(input), Some(valid)) = (row["input"].as_str(), row["valid"].as_bool()) else { continue };
        assert_eq!(date::parse(input).is_some(), valid, "{row}");
        count += 1;
    }
    println!("tough-cookie dates: {count} rows");
}

#[test]
fn jshttp_cookie_parses_set_cookie_alike() {
    let mut count = 0;
    for row in rows("jshttp-cookie/parse-set-cookie.json") {
        let args = row["args"].as_array().unwrap();
        let (line, expected) = (args[0].as_str().unwrap(), &row["expected"]);
        // A decoder of one's own, Priority (which no specification has), and a line that browsers ignore.
        if args.len() > 1 || !expected["priority"].is_null() || line.trim().is_empty() {
            continue;
        }
        let cookie = set_cookie::parse(line).unwrap();
        assert_eq!(cookie.name, text(expected, "name"), "{row}");
        assert_eq!(decode_value(cookie.value), text(expected, "value"), "{row}");
        assert_eq!(cookie.secure, expected["secure"] == true, "{row}");
        assert_eq!(cookie.http_only, expected["httpOnly"] == true, "{row}");
        assert_eq!(cookie.partitioned, expected["partitioned"] == true, "{row}");
        assert_eq!(cookie.path, expected["path"].as_str(), "{row}");
        assert_eq!(cookie.domain().as_deref(), expected["domain"].as_str(), "{row}");
        assert_eq!(cookie.max_age, expected["maxAge"].as_i64(), "{row}");
        assert_eq!(
            cookie.same_site.map(|s| s.as_str().to_ascii_lowercase()).as_deref(),
            expected["sameSite"].as_str(),
            "{row}"
        );
        assert_eq!(cookie.expires.is_some(), expected["expires"].is_object(), "{row}");
        count += 1;
    }
    println!("jshttp parse-set-cookie: {count} rows");
}

#[test]
fn jshttp_cookie_reads_the_cookie_header_alike() {
    let mut count = 0;
    for row in rows("jshttp-cookie/parse-cookie.json") {
        let (args, Some(expected)) = (row["args"].as_array().unwrap(), row["expected"].as_object()) else {
            continue;
        };
        // A decoder of one's own; and cookies without `=`, which that parser drops and browsers call nameless.
        let Some(line) = args[0].as_str().filter(|_| args.len() == 1) else { continue };
        for (name, value) in expected.iter().filter(|(name, value)| !name.is_empty() && value.is_string()) {
            let pair = header::find(line, name.as_str()).unwrap_or_else(|| panic!("{row}"));
            assert_eq!(decode_value(&line[pair.value()]), value.as_str().unwrap(), "{row}");
        }
        count += 1;
    }
    println!("jshttp parse-cookie: {count} rows");
}

#[test]
fn set_cookie_parser_splits_alike() {
    let mut count = 0;
    for row in rows("set-cookie-parser/split.json") {
        // An array or a number is a matter of its JavaScript signature.
        let Some(joined) = row["args"][0].as_str() else { continue };
        let expected: Vec<_> =
            row["expected"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        assert_eq!(set_cookie::split(joined).collect::<Vec<_>>(), expected, "{row}");
        count += 1;
    }
    println!("set-cookie-parser split: {count} rows");
}

#[test]
fn lines_of_the_top_sites_are_all_read() {
    let Some(sites) = load("jshttp-cookie/top-set-cookie.json") else { return };
    let mut count = 0;
    for line in sites.as_object().unwrap().values().flat_map(|lines| lines.as_array().unwrap()) {
        let line = line.as_str().unwrap();
        let cookie = set_cookie::parse(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(cookie.expires.is_some(), line.to_ascii_lowercase().contains("expires="), "{line}");
        count += 1;
    }
    println!("top sites: {count} lines");
}

/// Rows of web-platform-tests that are not about the rules here, with the reason.
const PASSED_OVER: &[(&str, &str)] = &[
    ("test9secure2=t; Secure\t;", "the page is served over https there"),
    (
        "test=6; path=\"/cookies/attributes/resources/path/one.html;\"",
        "the default path there is that of a helper page",
    ),
    ("test=13\nZYX", "a line break divides the header there before anything parses it"),
    ("test=46; domain=.; path=/cookies/attributes", "section 5.6.3 leaves nothing of the dot: host-only"),
];

/// Rows of web-platform-tests that a jar can run. They are read back by script, so `HttpOnly` cookies do not show.
#[test]
fn web_platform_rows() {
    let (mut passed, mut failed) = (0, Vec::new());
    for row in rows("wpt/cases.json") {
        let (file, via) = (text(&row, "file"), text(&row, "via"));
        // Prefix and path rows have another form; a NUL in a header is a network error in some browsers.
        if !matches!(via, "http" | "dom" | "http-redirect") || row["allowFetchFailure"] == true {
            continue;
        }
        if PASSED_OVER.iter().any(|(cookie, _)| row["cookie"] == *cookie) {
            continue;
        }
        let secure = file.contains(".https.");
        let path = format!("/{file}");
        let www = file.contains(".www.") || file.contains("domain-child");
        let host = if www { "www.web-platform.test" } else { "web-platform.test" };
        let from = Url { secure, host, path: &path };
        let mut jar = Jar::default();
        let lines = row["cookie"].as_array().cloned().unwrap_or_else(|| vec![row["cookie"].clone()]);
        for line in &lines {
            jar.receive(line.as_str().unwrap(), from, via == "dom");
        }
        let to = row["location"].as_str().map_or(from, |to| Url::parse(to, from));
        let sent: Vec<_> = jar
            .send(to)
            .iter()
            .map(
                |(name, value)| if name.is_empty() { (*value).to_owned() } else { format!("{name}={value}") },
            )
            .collect();
        if sent.join("; ") == text(&row, "expected") {
            passed += 1;
        } else {
            let line: String = row["cookie"].to_string().chars().take(100).collect();
            failed.push(format!("{file} {via}: {line} gives {sent:?} for {:?}\n", row["expected"]));
        }
    }
    println!("web platform: {passed} of {} rows", passed + failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What a browser keeps of a prefixed cookie, and what [`set_cookie::serialize`] is ready to write.
#[test]
fn web_platform_prefixes() {
    let mut count = 0;
    for row in rows("wpt/cases.json").into_iter().chain(rows("wpt/http-prefix-cases.json")) {
        let by_script = match text(&row, "via") {
            "prefix-dom" => true,
            "prefix-http" => false,
            _ => continue,
        };
        let key = if by_script { "shouldExistInDOM" } else { "shouldExistViaHTTP" };
        let exists = row.get("exists").unwrap_or(&row[key]).as_bool().unwrap();
        let secure = row.get("secure").is_none_or(|secure| secure == true);
        let line = format!("{}a=b; {}", text(&row, "prefix"), text(&row, "params"));
        let page = Url { secure, host: "web-platform.test", path: "/cookies/prefix/page.html" };
        let host = row["origin"].as_str().map_or(page.host, |origin| Url::parse(origin, page).host);
        let from = Url { host, ..page };
        let mut jar = Jar::default();
        jar.receive(&line, from, by_script);
        assert_eq!(!jar.0.is_empty(), exists, "{row}");
        if secure && !by_script {
            let cookie = set_cookie::parse(&line).unwrap();
            let attributes = Attributes {
                domain: cookie.domain,
                path: cookie.path,
                secure: Some(cookie.secure),
                http_only: cookie.http_only,
                ..Attributes::default()
            };
            assert_eq!(
                set_cookie::serialize(cookie.name, cookie.value, &attributes).is_ok(),
                exists,
                "{row}"
            );
        }
        count += 1;
    }
    println!("web platform prefixes: {count} rows");
}
