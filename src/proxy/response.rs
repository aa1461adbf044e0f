//! What becomes of an upstream's response: its headers, judged, and what every proxied response gets.

use std::borrow::Cow;

use super::{
    challenge,
    headers::URL_HEADER,
    response_headers::{HeaderAction, action},
};
use crate::cookie::set_cookie;
use crate::cookie::syntax::check_name;
use crate::http::retry_after::retry_after;

/// What every response of the proxy varies by, a refusal too: the browser's cache must not hand to a script, or to a page
/// of a sibling, what an image or a `fetch` brought.
pub const VARY: &str = "Sec-Fetch-Dest, Sec-Fetch-Site, Sec-Fetch-Mode";

/// What every response of the proxy gets, a refusal too: what an upstream sends is data. It must not run as a page
/// (`sandbox`), not be guessed to be something else, and not be loaded by another origin.
pub const ALWAYS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "sandbox"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// A response cookie that may pass, and the attributes that it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieRule {
    /// The cookie's name.
    pub name: String,
    /// Its new Domain; without one the cookie becomes host-only, since the upstream's domain is not the app's.
    pub domain: Option<String>,
    /// Its new Path; without one the upstream's stays.
    pub path: Option<String>,
}

impl CookieRule {
    /// A `Set-Cookie` line with Domain and Path by this rule and every other byte as it was; `None` if the line sets
    /// another cookie.
    ///
    /// ```
    /// use httponly::proxy::response::CookieRule;
    ///
    /// let rule = CookieRule { name: "a".into(), path: Some("/".into()), ..CookieRule::default() };
    /// assert_eq!(rule.apply("a=1; Domain=api.example; Priority=High").as_deref(), Some("a=1; Priority=High; Path=/"));
    /// assert_eq!(rule.apply("b=1"), None);
    /// ```
    pub fn apply(&self, line: &str) -> Option<String> {
        let mut parts = line.split(';');
        let pair = parts.next()?;
        if set_cookie::trim(pair.split_once('=')?.0) != self.name {
            return None;
        }
        let mut out = pair.to_owned();
        for part in parts {
            let attribute = set_cookie::trim(part.split('=').next().unwrap_or_default());
            let replaced = attribute.eq_ignore_ascii_case("domain")
                || (self.path.is_some() && attribute.eq_ignore_ascii_case("path"));
            if !replaced {
                out.push(';');
                out.push_str(part);
            }
        }
        for (attribute, value) in [("; Domain=", &self.domain), ("; Path=", &self.path)] {
            if let Some(value) = value {
                out.push_str(attribute);
                out.push_str(value);
            }
        }
        Some(out)
    }
}

/// What a judged response header becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The header is sent with this value.
    Set(&'static str, Cow<'a, str>),
    /// The upstream's own value is sent.
    Copy(&'static str),
    /// A header that was to be kept is dropped after all.
    Remove(&'a str),
}

/// An upstream's response, as far as its headers are judged.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The headers whose [`HeaderAction`] is to be judged, in order.
    pub headers: &'a [(&'a str, &'a str)],
    /// The status.
    pub status: u16,
    /// Whether a cookie was spent on the request.
    pub spent: bool,
    /// Whether [`URL_HEADER`] named the upstream's URL, of which the request's own says nothing.
    pub by_header: bool,
    /// The response cookies that may pass.
    pub cookies: &'a [CookieRule],
    /// Further response headers that the target lets pass.
    pub named: &'a [String],
}

impl<'a> Answer<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1)
    }

    /// Decides about the headers. `relocate` gives the local address of a `Location` inside the target. [`ALWAYS`] is
    /// part of it.
    pub fn judge(&self, relocate: impl Fn(&str) -> Option<String>) -> Vec<Decision<'a>> {
        use Decision::{Copy, Set};

        let mut out: Vec<_> = ALWAYS.iter().map(|(name, value)| Set(name, (*value).into())).collect();
        let events = self.get("content-type").is_some_and(is_event_stream);
        self.describe_body(events, &mut out);
        if events {
            // nginx, too, must not collect events.
            out.push(Set("x-accel-buffering", "no".into()));
        }
        let mut sets_cookie = false;
        for (_, line) in self.headers.iter().filter(|header| header.0 == "set-cookie") {
            if let Some(line) = self.cookies.iter().find_map(|rule| rule.apply(line)) {
                out.push(Set("set-cookie", line.into()));
                sets_cookie = true;
            }
        }
        if let Some(location) = self.get("location").and_then(relocate) {
            out.push(Set("location", location.into()));
        }
        if let Some(challenges) = self.get("www-authenticate").and_then(challenge::passing) {
            out.push(Set("www-authenticate", challenges.into()));
        }
        if self.get("link").is_some_and(is_pagination) {
            out.push(Copy("link"));
        }
        self.retry_after(&mut out);
        out.extend(self.cache_control(events, sets_cookie).map(|value| Set("cache-control", value)));
        out.push(Set("vary", self.vary()));
        self.remove_nominated(&mut out);
        out
    }

    /// The headers that describe the body, as far as they are true of the bytes that the page gets.
    fn describe_body(&self, events: bool, out: &mut Vec<Decision<'a>>) {
        use Decision::{Copy, Set};

        // A response without a body has neither type nor length nor coding (RFC 9110 sections 8.6, 15.3.5, 15.4.5); one that
        // answers for a cached body may say what that is.
        if matches!(self.status, 204 | 205) {
            return;
        }
        if let Some(content_type) = self.get("content-type") {
            // What a script, a worker or a style sheet is loaded from would act in the page that loads it.
            out.push(if is_loaded_as_code(content_type) {
                Set("content-type", "text/plain".into())
            } else {
                Copy("content-type")
            });
        }
        if self.status == 304 {
            return;
        }
        let decoded = match self.get("content-encoding") {
            Some(codings) if is_decoded(codings) => true,
            Some(_) => {
                out.push(Copy("content-encoding"));
                false
            }
            None => false,
        };
        for name in ["content-length", "content-digest", "content-md5", "digest"] {
            if !decoded && !events && self.get(name).is_some() {
                out.push(Copy(name));
            }
        }
    }

    fn retry_after(&self, out: &mut Vec<Decision<'a>>) {
        let (standard, other) = (self.get("retry-after"), self.get("x-retry-after"));
        if standard.is_some() {
            out.push(Decision::Copy("retry-after"));
        } else if let Some(value) = retry_after(None, other) {
            out.push(Decision::Set("retry-after", value.into()));
        }
        if other.is_some() {
            out.push(Decision::Copy("x-retry-after"));
        }
    }

    /// What `Connection` names belongs to the upstream's connection.
    fn remove_nominated(&self, out: &mut Vec<Decision<'a>>) {
        for option in self.get("connection").into_iter().flat_map(|options| options.split(',')) {
            let option = option.trim();
            let name = option.to_ascii_lowercase();
            // What is added or judged is not the upstream's to take away, and only a token names a header.
            let kept = action(&name) == HeaderAction::Keep || self.named.contains(&name);
            if kept && check_name(option).is_ok() {
                out.push(Decision::Remove(option));
            }
        }
    }

    fn cache_control(&self, events: bool, sets_cookie: bool) -> Option<Cow<'a, str>> {
        let upstream = self.get("cache-control");
        if sets_cookie {
            return Some("private, no-store".into());
        }
        if events {
            let private =
                if self.spent { "private, no-cache, no-transform" } else { "no-cache, no-transform" };
            return Some(private.into());
        }
        // Caches know a response by the URL of its request, and not all of the shared ones look at Vary.
        if !self.spent && !self.by_header {
            return upstream.map(Cow::Borrowed);
        }
        let upstream = upstream.unwrap_or_default();
        if upstream.contains('"') {
            // A quoted list of field names may hold commas; rather than read it, nothing is cached.
            return Some("private, no-store".into());
        }
        let mut value = String::from("private");
        for directive in upstream.split(',').map(str::trim) {
            let name = directive.split('=').next().unwrap_or_default().trim_end();
            let shared = ["", "public", "private", "s-maxage", "proxy-revalidate"];
            if !shared.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                value.push_str(", ");
                value.push_str(directive);
            }
        }
        Some(value.into())
    }

    fn vary(&self) -> Cow<'a, str> {
        let upstream = self.get("vary").filter(|value| !set_cookie::trim(value).is_empty());
        let is = |known: &str, name: &str| set_cookie::trim(known).eq_ignore_ascii_case(name);
        let mut value = match upstream {
            Some(fields) if fields.split(',').any(|known| is(known, "*")) => return fields.into(),
            None if !self.spent && !self.by_header => return VARY.into(),
            fields => fields.unwrap_or_default().to_owned(),
        };
        let spent = self.spent.then_some("Cookie");
        let by_header = self.by_header.then_some(URL_HEADER);
        for field in spent.into_iter().chain(by_header).chain(VARY.split(", ")) {
            if !value.split(',').any(|known| is(known, field)) {
                if !value.is_empty() {
                    value.push_str(", ");
                }
                value.push_str(field);
            }
        }
        value.into()
    }
}

/// Whether a media type is `text/event-stream`.
pub fn is_event_stream(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("text/event-stream")
}

/// A media type without its parameters.
pub(crate) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Whether a browser takes a body of this type for code that it runs in the page: a script or a module (every JavaScript
/// MIME type of the MIME Sniffing standard, section 4.6, and WebAssembly), a style sheet, or one of XSLT. Of several
/// types in one field a browser takes the last that it can read, so one such type is enough.
///
/// ```
/// use httponly::proxy::response::is_loaded_as_code;
///
/// assert!(is_loaded_as_code("Text/JavaScript;charset=utf-8"));
/// assert!(is_loaded_as_code("application/json, text/javascript"));
/// assert!(!is_loaded_as_code("application/json"));
/// ```
pub fn is_loaded_as_code(content_type: &str) -> bool {
    const TYPES: &[&str] = &[
        "application/ecmascript",
        "application/javascript",
        "application/wasm",
        "application/x-ecmascript",
        "application/x-javascript",
        "application/xslt+xml",
        "text/css",
        "text/ecmascript",
        "text/javascript",
        "text/jscript",
        "text/livescript",
        "text/x-ecmascript",
        "text/x-javascript",
        "text/xsl",
    ];
    content_type.split([',', '"']).any(|part| {
        let kind = part.split(';').next().unwrap_or_default();
        let kind = kind.trim_matches([' ', '\t', '\r', '\n', '\u{c}', '\u{b}']).to_ascii_lowercase();
        // `text/javascript1.0` to `text/javascript1.5`, and whatever a later list adds to them.
        TYPES.contains(&kind.as_str()) || kind.starts_with("text/javascript1.")
    })
}

/// Whether a `Link` field only tells what belongs together, as the pages of a list do: nothing in it is loaded or opened
/// by a browser by itself.
fn is_pagination(link: &str) -> bool {
    const LOADED: &[&str] = &[
        "preload",
        "prefetch",
        "prerender",
        "preconnect",
        "stylesheet",
        "dictionary",
        "icon",
        "manifest",
        "serviceworker",
        "expect",
        "dns-",
        "pingback",
    ];
    let link = link.to_ascii_lowercase();
    !LOADED.iter().any(|relation| link.contains(relation)) && !link.contains(['\\', '*'])
}

/// Whether bytes begin as zstd frames do, skippable ones too (RFC 8878 section 3.1).
///
/// ```
/// use httponly::proxy::response::is_zstd;
///
/// assert!(is_zstd(&[0x28, 0xb5, 0x2f, 0xfd, 0]));
/// assert!(!is_zstd(b"{\"a\":1}"));
/// ```
pub fn is_zstd(start: &[u8]) -> bool {
    matches!(start, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Whether `fetch` decodes a body with these content codings, which leaves the header stale.
fn is_decoded(codings: &str) -> bool {
    const KNOWN: [&str; 5] = ["gzip", "x-gzip", "deflate", "br", "identity"];
    codings.split(',').all(|coding| KNOWN.iter().any(|known| coding.trim().eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[CookieRule] = &[];

    fn judged(headers: &[(&str, &str)], spent: bool) -> Vec<String> {
        lines(Answer { headers, status: 200, spent, by_header: false, cookies: RULES, named: &[] })
    }

    fn lines(answer: Answer<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        for verdict in
            answer.judge(|location| location.strip_prefix("http://up").map(|path| format!("/m{path}")))
        {
            lines.push(match verdict {
                Decision::Set(name, value) => format!("{name}: {value}"),
                Decision::Copy(name) => format!("={name}"),
                Decision::Remove(name) => format!("-{name}"),
            });
        }
        // What every response gets.
        assert_eq!(
            lines.drain(..3).collect::<Vec<_>>(),
            [
                "x-content-type-options: nosniff",
                "content-security-policy: sandbox",
                "cross-origin-resource-policy: same-origin",
            ]
        );
        let varies = lines.iter_mut().find(|line| line.starts_with("vary: ")).unwrap();
        let fetched = format!("vary: {VARY}");
        if *varies == fetched {
            lines.retain(|line| *line != fetched);
        } else if !varies.ends_with('*') {
            *varies = varies.strip_suffix(&format!(", {VARY}")).unwrap().into();
        }
        lines
    }

    #[test]
    fn x_retry_after_is_also_said_in_the_standard_way() {
        for (headers, out) in [
            (&[("retry-after", "5")][..], &["=retry-after"][..]),
            (&[("retry-after", "soon")], &["=retry-after"]),
            (&[("x-retry-after", "900")], &["retry-after: 900", "=x-retry-after"]),
            (&[("x-retry-after", "soon")], &["=x-retry-after"]),
            (&[("x-retry-after", "900"), ("retry-after", "5")], &["=retry-after", "=x-retry-after"]),
        ] {
            assert_eq!(judged(headers, false), out, "{headers:?}");
        }
    }

    #[test]
    fn a_decoded_body_loses_what_describes_its_encoded_bytes() {
        let described = [("content-length", ""), ("content-digest", ""), ("content-md5", "")];
        let with = |coding| [&[("content-encoding", coding)][..], &described].concat();
        for coding in ["gzip", "X-GZIP", "deflate", "br", "gzip, br", "identity"] {
            assert_eq!(judged(&with(coding), false), Vec::<String>::new(), "{coding}");
        }
        for coding in ["zstd", "gzip, zstd", "aes128gcm"] {
            let kept = ["=content-encoding", "=content-length", "=content-digest", "=content-md5"];
            assert_eq!(judged(&with(coding), false), kept, "{coding}");
        }
        assert_eq!(judged(&described, false), ["=content-length", "=content-digest", "=content-md5"]);
    }

    #[test]
    fn an_event_stream_is_not_collected_on_its_way() {
        for content_type in ["text/event-stream", "TEXT/Event-Stream; charset=utf-8"] {
            let headers =
                [("content-type", content_type), ("content-length", ""), ("cache-control", "public")];
            let plain = ["=content-type", "x-accel-buffering: no", "cache-control: no-cache, no-transform"];
            assert_eq!(judged(&headers, false), plain);
            assert!(
                judged(&headers, true).contains(&"cache-control: private, no-cache, no-transform".into())
            );
        }
    }

    #[test]
    fn where_a_cookie_was_spent_caching_is_private_and_varies() {
        for (caching, expected) in [
            ("", "private"),
            ("public", "private"),
            ("Public, Max-Age=5", "private, Max-Age=5"),
            ("s-maxage=5, stale-while-revalidate=9", "private, stale-while-revalidate=9"),
            ("private", "private"),
            ("no-store", "private, no-store"),
            ("no-cache=\"set-cookie, x\", max-age=1", "private, no-store"),
        ] {
            let lines = judged(&[("cache-control", caching)], true);
            assert!(lines.contains(&format!("cache-control: {expected}")), "{caching} {lines:?}");
            assert!(lines.contains(&"vary: Cookie".into()));
        }
        for (vary, expected) in [
            ("*", "*"),
            ("cookie", "cookie"),
            ("A, COOKIE", "A, COOKIE"),
            ("A", "A, Cookie"),
            (" ", "Cookie"),
            // What a cache does not take for white space (RFC 9110 section 5.6.3).
            ("\u{a0}*", "\u{a0}*, Cookie"),
            ("A, \u{b}Cookie", "A, \u{b}Cookie, Cookie"),
        ] {
            assert!(judged(&[("vary", vary)], true).contains(&format!("vary: {expected}")), "{vary}");
        }
        assert_eq!(
            judged(&[("vary", "A"), ("cache-control", "public")], false),
            ["cache-control: public", "vary: A",]
        );
    }

    #[test]
    fn where_a_header_named_the_url_a_response_is_no_shared_cache_s_and_varies_by_it() {
        let judged = |headers, spent| {
            lines(Answer { headers, status: 200, spent, by_header: true, cookies: RULES, named: &[] })
        };
        assert_eq!(judged(&[], false), ["cache-control: private", "vary: x-nordcraft-url"]);
        assert_eq!(
            judged(&[("cache-control", "public, max-age=60"), ("vary", "Accept")], true),
            ["cache-control: private, max-age=60", "vary: Accept, Cookie, x-nordcraft-url"]
        );
        assert_eq!(judged(&[("vary", "*")], true), ["cache-control: private", "vary: *"]);
    }

    #[test]
    fn connection_takes_away_what_was_to_be_kept_and_nothing_else() {
        let added =
            "content-security-policy, X-Content-Type-Options, Cache-Control, vary, content-type, set-cookie";
        for (options, removed) in
            [("X-Hop", vec!["-X-Hop"]), (added, vec![]), ("no token, a;b, \u{e9}, , x-hop", vec!["-x-hop"])]
        {
            assert_eq!(judged(&[("connection", options)], false), removed, "{options}");
        }
    }

    #[test]
    fn a_location_is_local_or_gone() {
        assert_eq!(judged(&[("location", "http://up/a")], false), ["location: /m/a"]);
        assert_eq!(judged(&[("location", "http://evil/a")], false), Vec::<String>::new());
    }

    #[test]
    fn a_cookie_passes_by_its_exact_name() {
        let rule = CookieRule { name: "a".into(), ..CookieRule::default() };
        for line in ["A=1", "aa=1", "a", "=a", "b=a=1", "", "\u{a0}a=1", "a\u{b}=1"] {
            assert_eq!(rule.apply(line), None, "{line}");
        }
        for (line, out) in [
            ("a=1", "a=1"),
            (" a =x==; Path=/p;Domain=d; domain=e; HttpOnly", " a =x==; Path=/p; HttpOnly"),
            ("a=\"1 2\"; Partitioned; X=y", "a=\"1 2\"; Partitioned; X=y"),
            ("a=1;\tDomain\t=d; \u{a0}Domain=e", "a=1; \u{a0}Domain=e"),
        ] {
            assert_eq!(rule.apply(line).as_deref(), Some(out), "{line}");
        }
    }

    #[test]
    fn code_leaves_as_text() {
        for code in [
            "text/javascript",
            "TEXT/JavaScript ; charset=utf-8",
            "application/javascript",
            "application/x-javascript",
            "text/javascript1.5",
            "text/jscript",
            "text/livescript",
            "text/x-ecmascript",
            "application/ecmascript;v=1",
            "application/wasm",
            "text/css",
            "text/xsl",
            "application/json, text/javascript",
            "text/javascript, application/json",
            "a/b;x=\",text/javascript",
            "\ttext/javascript",
        ] {
            assert_eq!(judged(&[("content-type", code)], false), ["content-type: text/plain"], "{code}");
        }
        for data in [
            "application/json",
            "text/html",
            "image/svg+xml",
            "text/plain",
            "text/javascript+json",
            "x/css",
            "",
            "/",
        ] {
            assert_eq!(judged(&[("content-type", data)], false), ["=content-type"], "{data}");
        }
    }

    #[test]
    fn a_response_without_a_body_describes_none() {
        let headers = [
            ("content-length", ""),
            ("content-encoding", "zstd"),
            ("content-digest", ""),
            ("content-md5", ""),
        ];
        for status in [204, 205, 304] {
            let answer = Answer {
                headers: &headers,
                status,
                spent: false,
                by_header: false,
                cookies: RULES,
                named: &[],
            };
            assert_eq!(lines(answer), Vec::<String>::new(), "{status}");
        }
        assert!(judged(&headers, false).contains(&"=content-length".into()));
    }

    #[test]
    fn every_response_varies_by_who_fetches_it_and_for_what() {
        for (upstream, expected) in [
            ("", VARY.to_owned()),
            ("Accept", format!("Accept, {VARY}")),
            ("sec-fetch-site", "sec-fetch-site, Sec-Fetch-Dest, Sec-Fetch-Mode".into()),
            ("*", "*".into()),
            ("Accept, *", "Accept, *".into()),
        ] {
            let headers = [("vary", upstream)];
            let answer = Answer {
                headers: &headers,
                status: 304,
                spent: false,
                by_header: false,
                cookies: RULES,
                named: &[],
            };
            let vary = answer.judge(|_| None).into_iter().find_map(|verdict| match verdict {
                Decision::Set("vary", value) => Some(value.into_owned()),
                _ => None,
            });
            assert_eq!(vary, Some(expected), "{upstream}");
        }
    }

    #[test]
    fn a_link_that_tells_pages_of_a_list_passes_and_one_that_loads_does_not() {
        for (link, passes) in [
            ("<https://api.example/items?page=2>; rel=\"next\"", true),
            ("</items>; rel=first, </items?page=9>; rel=last", true),
            ("</x.js>; rel=preload; as=script", false),
            ("</a>; rel=next, </b>; rel=MODULEPRELOAD", false),
            ("</a>; rel=\"next prefetch\"", false),
            ("</a>; rel=compression-dictionary", false),
            ("<//cdn>; rel=dns-prefetch", false),
            ("</a>; rel*=UTF-8''pre%6Coad", false),
            ("</a>; rel=\"pre\\load\"", false),
        ] {
            assert_eq!(judged(&[("link", link)], false).contains(&"=link".into()), passes, "{link}");
        }
    }
}
