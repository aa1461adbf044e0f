//! Which request headers survive the proxy.
//!
//! They go by a list of what passes: a client is not known, as an upstream is. Names are in lower case throughout.

use core::net::IpAddr;
/// The cookie specification's header with the upstream URL.
pub const URL_HEADER: &str = "x-nordcraft-url";
/// The cookie specification's header that asks for templates in the body to be filled in, by its presence.
pub const BODY_HEADER: &str = "x-nordcraft-templates-in-body";

/// Hop-by-hop fields (RFC 9110 section 7.6.1, and RFC 2616 section 13.5.1 for what is older).
pub(super) const HOP_BY_HOP: &[&str] = &[
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

/// Request headers that pass to every target: what is asked for, and what describes the body, which goes along with it
/// (RFC 9110 sections 8.3 to 8.7 and 14.4).
const REQUEST: &[&str] = &[
    "accept",
    "accept-language",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "digest",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-event-id",
    "range",
    "repr-digest",
];

/// Request headers that the proxy's decisions read.
const DECISION_HEADERS: &[&str] = &[
    "authorization",
    "connection",
    "cookie",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-purpose",
    "sec-fetch-site",
    crate::http::same_origin::PROOF_HEADER,
    BODY_HEADER,
    URL_HEADER,
];

/// Request headers that no target can list: they belong to one connection, are the proxy's own to set, or say who
/// the client is.
const FORBIDDEN_HEADERS: &[&str] = &[
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

/// Whether a request header passes to every target.
pub fn passes(name: &str) -> bool {
    REQUEST.contains(&name)
}

/// Whether a request header is a digest of the body's bytes, or of what they stand for.
pub fn is_digest(name: &str) -> bool {
    matches!(name, "content-digest" | "content-md5" | "digest" | "repr-digest")
}

/// Whether the proxy's decisions read a request header.
pub fn is_evidence(name: &str) -> bool {
    DECISION_HEADERS.contains(&name)
}

/// Whether a target may list a request header to be forwarded.
pub fn is_listable(name: &str) -> bool {
    is_field_name(name)
        && !is_evidence(name)
        && !HOP_BY_HOP.contains(&name)
        && !FORBIDDEN_HEADERS.contains(&name)
        && !name.starts_with("x-forwarded-")
        && !name.starts_with("sec-")
}

/// Whether a text is the name of a field: a token, as a cookie's name is (RFC 9110 section 5.1).
pub(super) fn is_field_name(name: &str) -> bool {
    crate::cookie::syntax::check_name(name).is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_or_names_the_client_cannot_be_listed() {
        for name in HOP_BY_HOP.iter().chain(FORBIDDEN_HEADERS).chain(DECISION_HEADERS) {
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
}
