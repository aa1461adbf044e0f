//! Which headers survive the proxy, both ways.
//!
//! Requests go by a list of what passes, responses by a list of what does not: an upstream is known, a client is not,
//! and a page may need any header of its API. Names are lower-case throughout.

use core::net::IpAddr;
use std::borrow::Cow;

use crate::cookie::set_cookie;

/// Seed 003's header with the upstream URL.
pub const URL_HEADER: &str = "x-nordcraft-url";
/// Seed 003's header that asks for templates in the body to be filled in, by its presence.
pub const BODY_HEADER: &str = "x-nordcraft-templates-in-body";

/// Hop-by-hop fields (RFC 9110 section 7.6.1, and RFC 2616 section 13.5.1 for what is older).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Request headers that pass to every target.
const REQUEST: &[&str] = &[
    "accept",
    "accept-language",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-event-id",
    "range",
];

/// Request headers that the proxy's decisions read.
const EVIDENCE: &[&str] = &[
    "authorization",
    "connection",
    "cookie",
    "origin",
    "sec-fetch-dest",
    "sec-purpose",
    "sec-fetch-site",
    crate::origin::PROOF_HEADER,
    BODY_HEADER,
    URL_HEADER,
];

/// Request headers that no target can list: they belong to one connection, are the proxy's own to set, or say who
/// the client is.
const NOT_LISTABLE: &[&str] = &[
    "accept-encoding",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "via",
    "x-real-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "x-middleware-subrequest",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "__proto__",
];

/// Response headers that would act on the app's origin, on the server before it, or on its caches.
const RESPONSE_DROPPED: &[&str] = &[
    "accept-ch",
    "alt-svc",
    "cdn-cache-control",
    "clear-site-data",
    "cloudflare-cdn-cache-control",
    "content-security-policy",
    "content-security-policy-report-only",
    "critical-ch",
    "edge-control",
    "expect-ct",
    "nel",
    "netlify-cdn-cache-control",
    "netlify-vary",
    "origin-agent-cluster",
    "public-key-pins",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-cookie2",
    "set-login",
    "strict-transport-security",
    "surrogate-control",
    "vercel-cdn-cache-control",
    "x-content-type-options",
    "x-lighttpd-send-file",
    "x-litespeed-cache-control",
    "x-reproxy-url",
    "x-sendfile",
];

/// Families of response headers that are dropped: CORS answers are the app's to give, and front servers and
/// frameworks take these for orders; Better Auth puts a session's token into `set-auth-token`.
const RESPONSE_DROPPED_FAMILIES: &[&str] = &["access-control-", "set-auth-", "x-accel-", "x-middleware-"];

/// What becomes of a response header, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fate {
    /// It is dropped.
    Drop = 0,
    /// It passes as it is.
    Keep = 1,
    /// [`Answer::judge`] decides by its value, which is one of few.
    Judge = 2,
    /// [`Answer::judge`] decides by its value, which may be any.
    JudgeUnique = 3,
    /// [`Answer::judge`] decides, without its value.
    JudgeName = 4,
}

/// What becomes of a response header.
pub fn fate(name: &str) -> Fate {
    match name {
        "cache-control" | "connection" | "content-encoding" | "content-type" | "vary" | "retry-after"
        | "x-retry-after" => Fate::Judge,
        "location" | "set-cookie" => Fate::JudgeUnique,
        // Digests are of the bytes that travelled, before `fetch` decoded them (RFC 9530 section 2).
        "content-length" | "content-digest" | "content-md5" | "digest" => Fate::JudgeName,
        _ if HOP_BY_HOP.contains(&name)
            || RESPONSE_DROPPED.contains(&name)
            || RESPONSE_DROPPED_FAMILIES.iter().any(|family| name.starts_with(family)) =>
        {
            Fate::Drop
        }
        _ => Fate::Keep,
    }
}

/// Whether a request header passes to every target.
pub fn passes(name: &str) -> bool {
    REQUEST.contains(&name)
}

/// Whether the proxy's decisions read a request header.
pub fn is_evidence(name: &str) -> bool {
    EVIDENCE.contains(&name)
}

/// Whether a target may list a request header to be forwarded.
pub fn is_listable(name: &str) -> bool {
    crate::cookie::syntax::check_name(name).is_ok()
        && !is_evidence(name)
        && !HOP_BY_HOP.contains(&name)
        && !NOT_LISTABLE.contains(&name)
        && !name.starts_with("x-forwarded-")
        && !name.starts_with("sec-")
}

/// Whether a `Connection` header names a field as its own.
pub fn nominates(connection: Option<&str>, name: &str) -> bool {
    connection.is_some_and(|options| options.split(',').any(|o| o.trim().eq_ignore_ascii_case(name)))
}

/// The client's address in normal form, an IPv4-mapped one as IPv4; `None` for what is no address.
pub fn address(text: &str) -> Option<String> {
    Some(text.trim().parse::<IpAddr>().ok()?.to_canonical().to_string())
}

/// The scheme and the rest of an Authorization value whose credentials are exactly one template.
///
/// ```
/// use httponly::proxy::headers::authorization;
///
/// assert_eq!(authorization("Bearer {{ cookies.t }}"), Some(("Bearer ", "t")));
/// assert_eq!(authorization("Bearer x{{ cookies.t }}"), None);
/// ```
pub fn authorization(value: &str) -> Option<(&str, &str)> {
    let mut templates = crate::template::scan(value);
    let template = templates.next()?;
    let scheme = value.get(..template.range.start)?;
    let whole = template.range.end == value.len() && templates.next().is_none();
    let token = scheme.trim_end_matches(' ');
    let legal =
        scheme.is_empty() || (token.len() < scheme.len() && crate::cookie::syntax::check_name(token).is_ok());
    (whole && legal).then_some((scheme, template.name))
}

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
    /// use httponly::proxy::headers::CookieRule;
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
pub enum Verdict<'a> {
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
    /// The headers whose [`Fate`] is to be judged, in order.
    pub headers: &'a [(&'a str, &'a str)],
    /// Whether a cookie was spent on the request.
    pub spent: bool,
    /// Whether [`URL_HEADER`] named the upstream's URL, of which the request's own says nothing.
    pub by_header: bool,
    /// The response cookies that may pass.
    pub cookies: &'a [CookieRule],
}

impl<'a> Answer<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1)
    }

    /// Decides about the headers. `relocate` gives the local address of a `Location` inside the target.
    ///
    /// Added to every response are `X-Content-Type-Options: nosniff` and `Content-Security-Policy: sandbox`: what an
    /// upstream sends must not run as a page or a script of the app.
    pub fn judge(&self, relocate: impl Fn(&str) -> Option<String>) -> Vec<Verdict<'a>> {
        use Verdict::{Copy, Remove, Set};

        let mut out = vec![
            Set("x-content-type-options", "nosniff".into()),
            Set("content-security-policy", "sandbox".into()),
        ];
        let content_type = self.get("content-type");
        let events = content_type.is_some_and(is_event_stream);
        if content_type.is_some() {
            out.push(Copy("content-type"));
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
        let (standard, other) = (self.get("retry-after"), self.get("x-retry-after"));
        if standard.is_some() {
            out.push(Copy("retry-after"));
        } else if let Some(value) = retry_after(None, other) {
            out.push(Set("retry-after", value.into()));
        }
        if other.is_some() {
            out.push(Copy("x-retry-after"));
        }
        out.extend(self.cache_control(events, sets_cookie).map(|value| Set("cache-control", value)));
        out.extend(self.vary().map(|value| Set("vary", value)));
        for option in self.get("connection").into_iter().flat_map(|options| options.split(',')) {
            let option = option.trim();
            // What is added or judged above is not the upstream's to take away, and only a token names a header.
            let kept = fate(&option.to_ascii_lowercase()) == Fate::Keep;
            if kept && crate::cookie::syntax::check_name(option).is_ok() {
                out.push(Remove(option));
            }
        }
        out
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

    fn vary(&self) -> Option<Cow<'a, str>> {
        let upstream = self.get("vary").filter(|value| !set_cookie::trim(value).is_empty());
        let mut value = upstream.map(Cow::Borrowed);
        for (_, field) in [(self.spent, "Cookie"), (self.by_header, URL_HEADER)].iter().filter(|(on, _)| *on)
        {
            let is = |known: &str, name: &str| set_cookie::trim(known).eq_ignore_ascii_case(name);
            let covered = |known: &str| is(known, "*") || is(known, field);
            value = Some(match value {
                None => Cow::Borrowed(*field),
                Some(fields) if fields.split(',').any(covered) => fields,
                Some(fields) => format!("{fields}, {field}").into(),
            });
        }
        value
    }
}

/// `Retry-After`, in seconds or as a date: the upstream's own, or its `X-Retry-After`. `None` for anything else.
///
/// ```
/// use httponly::proxy::headers::retry_after;
///
/// assert_eq!(retry_after(None, Some("900")), Some("900"));
/// ```
pub fn retry_after<'a>(standard: Option<&'a str>, other: Option<&'a str>) -> Option<&'a str> {
    [standard, other].into_iter().flatten().map(str::trim).find(|value| {
        let seconds =
            !value.is_empty() && value.len() < 10 && value.bytes().all(|byte| byte.is_ascii_digit());
        seconds || crate::cookie::date::parse(value).is_some()
    })
}

/// Whether a media type is `text/event-stream`.
pub fn is_event_stream(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("text/event-stream")
}

/// A media type without its parameters.
pub(crate) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
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
        lines(Answer { headers, spent, by_header: false, cookies: RULES })
    }

    fn lines(answer: Answer<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        for verdict in
            answer.judge(|location| location.strip_prefix("http://up").map(|path| format!("/m{path}")))
        {
            lines.push(match verdict {
                Verdict::Set(name, value) => format!("{name}: {value}"),
                Verdict::Copy(name) => format!("={name}"),
                Verdict::Remove(name) => format!("-{name}"),
            });
        }
        // What every response gets.
        assert_eq!(
            lines.drain(..2).collect::<Vec<_>>(),
            ["x-content-type-options: nosniff", "content-security-policy: sandbox",]
        );
        lines
    }

    #[test]
    fn a_response_header_is_dropped_kept_or_judged_by_its_name() {
        for name in HOP_BY_HOP.iter().filter(|name| **name != "connection").chain(RESPONSE_DROPPED) {
            assert_eq!(fate(name), Fate::Drop, "{name}");
        }
        for name in [
            "access-control-allow-origin",
            "access-control-max-age",
            "set-auth-token",
            "x-accel-redirect",
            "x-middleware-next",
        ] {
            assert_eq!(fate(name), Fate::Drop, "{name}");
        }
        for name in ["etag", "last-modified", "x-request-id", "www-authenticate", "link", "expires"] {
            assert_eq!(fate(name), Fate::Keep, "{name}");
        }
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
    fn what_belongs_to_a_connection_or_names_the_client_cannot_be_listed() {
        for name in HOP_BY_HOP.iter().chain(NOT_LISTABLE).chain(EVIDENCE) {
            assert!(!is_listable(name), "{name}");
        }
        for name in
            ["x-forwarded-for", "x-forwarded-anything", "sec-fetch-site", "sec-ch-ua", "", "a b", "a:b", "ä"]
        {
            assert!(!is_listable(name), "{name}");
        }
        for name in ["x-page-url", "x-project-id", "user-agent", "referer", "traceparent", "accept"] {
            assert!(is_listable(name), "{name}");
        }
    }

    #[test]
    fn connection_names_fields_in_any_case_and_spacing() {
        assert!(nominates(Some("close, X-A ,x-b"), "x-a"));
        assert!(nominates(Some("X-B"), "x-b"));
        assert!(!nominates(Some("x-ab"), "x-a"));
        assert!(!nominates(None, "x-a"));
    }

    #[test]
    fn an_address_is_written_in_one_way_or_not_at_all() {
        for (text, written) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" ::FFFF:203.0.113.7 ", Some("203.0.113.7")),
            ("2001:0DB8:0::1", Some("2001:db8::1")),
            ("::1", Some("::1")),
            ("203.0.113.7, 1.1.1.1", None),
            ("203.0.113.7:80", None),
            ("[::1]", None),
            ("unknown", None),
            ("", None),
            ("0177.0.0.1", None),
        ] {
            assert_eq!(address(text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn authorization_is_a_scheme_and_one_template_or_a_template_alone() {
        for (value, read) in [
            ("Bearer {{ cookies.t }}", Some(("Bearer ", "t"))),
            ("Token   {{ cookies.t }}", Some(("Token   ", "t"))),
            ("{{ cookies.t }}", Some(("", "t"))),
            ("Bearer{{ cookies.t }}", None),
            ("Bearer {{ cookies.t }} ", None),
            ("Bearer {{ cookies.t }}{{ cookies.u }}", None),
            ("Bearer a {{ cookies.t }}", None),
            ("Digest a=\"{{ cookies.t }}\"", None),
            (" {{ cookies.t }}", None),
            ("Bearer {{cookies.t}}", None),
            ("Bearer x", None),
            ("", None),
        ] {
            assert_eq!(authorization(value), read, "{value}");
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
        let judged = |headers, spent| lines(Answer { headers, spent, by_header: true, cookies: RULES });
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
}
