//! Which response headers of an upstream pass to the page.
//!
//! Registered fields (the IANA registry of HTTP field names) pass by a list, whose entries say why. Unregistered ones
//! are an API's own (`X-Total-Count`) and pass, unless their name or family acts on the app's origin, on the server
//! before the app, or on its caches.

use super::headers::{HOP_BY_HOP, is_field_name};

/// Registered fields that pass, and why.
const PASSES: &[(&str, &str)] = &[
    ("accept-patch", "tells which patches the API takes (RFC 5789)"),
    ("accept-post", "tells which bodies the API takes"),
    ("accept-query", "tells which queries the API takes"),
    ("accept-ranges", "tells that the body can be had in parts (RFC 9110 section 14.3)"),
    ("age", "a cache counts with it (RFC 9111 section 5.1)"),
    ("allow", "tells which methods the resource takes"),
    ("cache-status", "tells how caches on the way answered (RFC 9211)"),
    ("content-disposition", "names a file that is downloaded (RFC 6266)"),
    ("content-language", "describes the body"),
    ("content-range", "tells which part of the whole the body is"),
    ("dasl", "describes a WebDAV resource"),
    ("date", "dates the response"),
    ("dav", "describes a WebDAV resource"),
    ("deprecation", "tells that the API goes away (RFC 9745)"),
    ("dpop-nonce", "the client needs it for its next proof (RFC 9449)"),
    ("etag", "validates a cached body"),
    ("expires", "a cache counts with it"),
    ("last-modified", "validates a cached body"),
    ("lock-token", "the client needs it for WebDAV"),
    ("memento-datetime", "dates an archived body"),
    ("odata-entityid", "names what was made"),
    ("odata-version", "tells how to read the body"),
    ("preference-applied", "answers `Prefer` (RFC 7240)"),
    ("replay-nonce", "the client needs it for ACME (RFC 8555)"),
    ("repr-digest", "describes the resource, not the bytes that travelled (RFC 9530)"),
    ("schedule-tag", "validates a calendar entry"),
    ("server-timing", "measures for the page's developer"),
    ("signature", "a client may verify it (RFC 9421)"),
    ("signature-input", "a client may verify it (RFC 9421)"),
    ("sunset", "tells that the API goes away (RFC 8594)"),
    ("unencoded-digest", "describes the body without its codings"),
    ("want-content-digest", "asks for digests (RFC 9530)"),
    ("want-repr-digest", "asks for digests (RFC 9530)"),
    ("warning", "tells what a cache did, in the old way"),
];

/// Registered fields that do not pass: they act on the origin, on a connection or on a cache, carry credentials, belong
/// to requests, or are of no use to a page.
const REGISTERED: &[&str] = &[
    "a-im",
    "accept",
    "accept-additions",
    "accept-ch",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "accept-features",
    "accept-language",
    "accept-signature",
    "activate-storage-access",
    "alpn",
    "alt-svc",
    "alt-used",
    "alternates",
    "amp-cache-transform",
    "apply-to-redirect-ref",
    "authentication-control",
    "authentication-info",
    "authorization",
    "available-dictionary",
    "c-ext",
    "c-man",
    "c-opt",
    "c-pep",
    "c-pep-info",
    "cal-managed-id",
    "caldav-timezones",
    "capsule-protocol",
    "cdn-cache-control",
    "cdn-loop",
    "cert-not-after",
    "cert-not-before",
    "clear-site-data",
    "client-cert",
    "client-cert-chain",
    "cmcd-object",
    "cmcd-request",
    "cmcd-session",
    "cmcd-status",
    "cmsd-dynamic",
    "cmsd-static",
    "concealed-auth-export",
    "configuration-context",
    "content-base",
    "content-id",
    "content-location",
    "content-script-type",
    "content-security-policy",
    "content-security-policy-report-only",
    "content-style-type",
    "content-version",
    "cookie",
    "cookie2",
    "critical-ch",
    "cross-origin-embedder-policy",
    "cross-origin-embedder-policy-report-only",
    "cross-origin-opener-policy",
    "cross-origin-opener-policy-report-only",
    "cross-origin-resource-policy",
    "cta-common-access-token",
    "default-style",
    "delta-base",
    "depth",
    "derived-from",
    "destination",
    "detached-jws",
    "dictionary-id",
    "differential-id",
    "dpop",
    "early-data",
    "ediint-features",
    "expect",
    "expect-ct",
    "ext",
    "forwarded",
    "from",
    "getprofile",
    "hobareg",
    "host",
    "http2-settings",
    "if",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-schedule-tag-match",
    "if-unmodified-since",
    "im",
    "include-referred-token-binding-id",
    "incremental",
    "isolation",
    "keep-alive",
    "label",
    "last-event-id",
    "man",
    "max-forwards",
    "meter",
    "method-check",
    "method-check-expires",
    "mime-version",
    "negotiate",
    "nel",
    "odata-isolation",
    "odata-maxversion",
    "opt",
    "optional-www-authenticate",
    "ordering-type",
    "origin",
    "origin-agent-cluster",
    "oscore",
    "oslc-core-version",
    "overwrite",
    "p3p",
    "pep",
    "pep-info",
    "permissions-policy",
    "pics-label",
    "ping-from",
    "ping-to",
    "position",
    "pragma",
    "prefer",
    "priority",
    "privacy-sensitive",
    "profileobject",
    "protocol",
    "protocol-info",
    "protocol-query",
    "protocol-request",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-features",
    "proxy-instruction",
    "proxy-status",
    "public",
    "public-key-pins",
    "public-key-pins-report-only",
    "range",
    "redirect-ref",
    "referer",
    "referer-root",
    "referrer-policy",
    "refresh",
    "repeatability-client-id",
    "repeatability-first-sent",
    "repeatability-request-id",
    "repeatability-result",
    "reporting-endpoints",
    "report-to",
    "safe",
    "schedule-reply",
    "sec-gpc",
    "sec-purpose",
    "sec-token-binding",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "security-scheme",
    "server",
    "service-worker-allowed",
    "set-cookie2",
    "set-txn",
    "setprofile",
    "slug",
    "soapaction",
    "sourcemap",
    "status-uri",
    "strict-transport-security",
    "surrogate-capability",
    "surrogate-control",
    "tcn",
    "te",
    "timeout",
    "timing-allow-origin",
    "topic",
    "traceparent",
    "tracestate",
    "trailer",
    "ttl",
    "upgrade",
    "upgrade-insecure-requests",
    "urgency",
    "uri",
    "use-as-dictionary",
    "user-agent",
    "variant-vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
];

/// Unregistered fields and families that do not pass, and on what they act. A name that ends in `-` is a family.
const ACTS: &[(&str, &str)] = &[
    ("access-control-", "CORS answers are the app's to give"),
    ("attribution-reporting-", "the browser registers advertisements for the origin"),
    ("authorization", "credentials"),
    ("cdn-", "front servers take it for an order"),
    ("cf-", "front servers take it for an order"),
    ("cloudflare-", "front servers take it for an order"),
    ("content-dpr", "changes how the origin's images are shown"),
    ("cross-origin-", "isolation is the app's to decide"),
    ("delegate-ch", "client hints are the app's to ask for"),
    ("document-", "document policies are the app's to decide"),
    ("edge-", "front servers take it for an order"),
    ("fastly-", "front servers take it for an order"),
    ("feature-policy", "permissions are the app's to give"),
    ("identity-", "sign-in of the browser is the app's"),
    ("idp-", "sign-in of the browser is the app's"),
    ("integrity-policy", "the app's to decide"),
    ("integrity-policy-report-only", "the app's to decide"),
    ("netlify-", "front servers take it for an order"),
    ("no-vary-search", "joins addresses in the browser's cache"),
    ("observe-browsing-topics", "the browser records it for the origin"),
    ("origin-", "trials and isolation are the app's to decide"),
    ("protected-audience-", "the browser acts on it for the origin"),
    ("reporting-", "reports of the origin are the app's"),
    ("sec-", "the browser's own"),
    ("secure-session-", "the browser binds a session of the origin"),
    ("service-worker-", "workers of the origin are the app's"),
    ("set-auth-", "carries a session's token (Better Auth)"),
    ("set-login", "tells the browser who is signed in"),
    ("shared-storage-", "the browser writes into the origin's storage"),
    ("speculation-rules", "the browser loads what it names"),
    ("supports-loading-mode", "prerendering is the app's to allow"),
    ("surrogate-", "front servers take it for an order"),
    ("vercel-", "front servers take it for an order"),
    ("x-accel-", "nginx takes it for an order"),
    ("x-amz-cf-", "front servers take it for an order"),
    ("x-azure-", "front servers take it for an order"),
    ("x-content-security-policy", "the old way to write the app's policy"),
    ("x-dns-prefetch-control", "the browser acts on it"),
    ("x-lighttpd-", "lighttpd takes it for an order"),
    ("x-litespeed-", "LiteSpeed takes it for an order"),
    ("x-lscache", "LiteSpeed takes it for an order"),
    ("x-matched-path", "the framework takes it for its own"),
    ("x-middleware-", "Next.js takes it for an order"),
    ("x-nextjs-", "Next.js takes it for an order"),
    ("x-action-", "Next.js takes it for an order"),
    ("x-permitted-cross-domain-policies", "plug-ins act on it"),
    ("x-prerender-", "front servers take it for an order"),
    ("x-pingback", "other servers act on it"),
    ("x-reproxy-", "perlbal takes it for an order"),
    ("x-robots-tag", "search engines act on it"),
    ("x-sendfile", "front servers take it for an order"),
    ("x-sendfile-", "front servers take it for an order"),
    ("x-sourcemap", "tools load what it names"),
    ("x-sveltekit-", "SvelteKit takes it for its own"),
    ("x-ua-compatible", "changes how a page is read"),
    ("x-vercel-", "front servers take it for an order"),
    ("x-webkit-csp", "the old way to write the app's policy"),
    ("x-xss-protection", "changes how a page is read"),
];

/// Fields that no target can name: the proxy sets or judges them, or they frame the message.
const JUDGED: &[&str] = &[
    "cache-control",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "digest",
    "link",
    "location",
    "retry-after",
    "set-cookie",
    "vary",
    "www-authenticate",
    "x-retry-after",
];

/// What becomes of a response header, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HeaderAction {
    /// It is dropped.
    Drop = 0,
    /// It passes as it is.
    Keep = 1,
    /// [`super::response::Answer::judge`] decides by its value, which is one of few.
    Judge = 2,
    /// [`super::response::Answer::judge`] decides by its value, which may be any.
    JudgeUnique = 3,
    /// [`super::response::Answer::judge`] decides, without its value.
    JudgeName = 4,
}

/// What becomes of a response header, whose name is in lower case.
///
/// ```
/// use httponly::proxy::response_headers::{HeaderAction, action};
///
/// assert_eq!(action("x-total-count"), HeaderAction::Keep);
/// assert_eq!(action("x-accel-redirect"), HeaderAction::Drop);
/// ```
pub fn action(name: &str) -> HeaderAction {
    match name {
        "cache-control" | "connection" | "content-encoding" | "content-type" | "vary" | "retry-after"
        | "x-retry-after" => HeaderAction::Judge,
        "link" | "location" | "set-cookie" | "www-authenticate" => HeaderAction::JudgeUnique,
        // Digests are of the bytes that travelled, before `fetch` decoded them (RFC 9530 section 2).
        "content-length" | "content-digest" | "content-md5" | "digest" => HeaderAction::JudgeName,
        _ if PASSES.iter().any(|(known, _)| *known == name) => HeaderAction::Keep,
        _ if HOP_BY_HOP.contains(&name) || REGISTERED.contains(&name) || acts(name) => HeaderAction::Drop,
        _ => HeaderAction::Keep,
    }
}

/// Whether an unregistered field acts on more than the response.
fn acts(name: &str) -> bool {
    let is = |known: &str| name == known || (known.ends_with('-') && name.starts_with(known));
    ACTS.iter().any(|(known, _)| is(known))
}

/// Whether a target may name a response header to pass: none that the proxy sets or judges, that frames the message or
/// belongs to a connection, carries credentials, or answers CORS. `name` is in lower case.
pub fn is_nameable(name: &str) -> bool {
    const NEVER: &[&str] = &[
        "content-security-policy",
        "content-security-policy-report-only",
        "cross-origin-resource-policy",
        "proxy-authenticate",
        "service-worker-allowed",
        "set-cookie2",
        "x-content-type-options",
        "__proto__",
    ];
    let family = [
        "access-control-",
        "set-auth-",
        "x-middleware-",
        "x-nextjs-",
        "x-sveltekit-",
        "x-accel-",
        "x-litespeed-",
        "x-lscache",
        "x-reproxy-",
        "x-sendfile",
        "x-lighttpd-",
        "secure-session-",
        "sec-",
        "shared-storage-",
        "speculation-rules",
        "use-as-dictionary",
        "clear-site-data",
    ];
    is_field_name(name)
        && !JUDGED.contains(&name)
        && !HOP_BY_HOP.contains(&name)
        && !NEVER.contains(&name)
        && !family.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_field_passes_by_the_list_alone() {
        for (name, why) in PASSES {
            assert_eq!(action(name), HeaderAction::Keep, "{name}");
            assert!(!why.is_empty() && !REGISTERED.contains(name) && !acts(name), "{name}");
        }
        for name in HOP_BY_HOP.iter().filter(|name| **name != "connection").chain(REGISTERED) {
            assert_eq!(action(name), HeaderAction::Drop, "{name}");
        }
    }

    #[test]
    fn an_unregistered_field_passes_unless_it_acts() {
        for name in [
            "x-total-count",
            "x-request-id",
            "x-ratelimit-remaining",
            "ratelimit",
            "ratelimit-policy",
            "x-page",
            "total",
            "x-correlation-id",
            "openai-processing-ms",
            "grpc-status",
            "x-sender",
            "security-level",
            "documentation",
        ] {
            assert_eq!(action(name), HeaderAction::Keep, "{name}");
        }
        for (name, why) in ACTS {
            assert!(!why.is_empty());
            assert_eq!(action(name), HeaderAction::Drop, "{name}");
            if name.ends_with('-') {
                assert_eq!(action(&format!("{name}anything")), HeaderAction::Drop, "{name}");
            }
        }
    }

    #[test]
    fn a_target_names_none_that_the_proxy_answers_for() {
        for name in JUDGED.iter().chain(HOP_BY_HOP).chain(&[
            "content-security-policy",
            "access-control-allow-origin",
            "",
            "a b",
        ]) {
            assert!(!is_nameable(name), "{name}");
        }
        for name in
            ["server", "x-frame-options", "content-location", "via", "timing-allow-origin", "x-robots-tag"]
        {
            assert!(is_nameable(name), "{name}");
        }
    }

    #[test]
    fn the_lists_are_in_lower_case_and_name_nothing_twice() {
        let mut names: Vec<&str> =
            PASSES.iter().chain(ACTS).map(|(name, _)| *name).chain(REGISTERED.iter().copied()).collect();
        names.extend(JUDGED);
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        );
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        let twice = all - names.len();
        // `authorization` is a request's, and no response passes one.
        assert_eq!(twice, 1);
    }
}
