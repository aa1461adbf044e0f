//! What passes between the page and the backend: which requests, which headers, where redirects lead.

use std::borrow::Cow;

use crate::error::{Refusal, Rule};
use crate::http::redirect;
use crate::proxy::response_headers::{HeaderAction, action};
use crate::proxy::target::Base;

/// Where a backend's paths lie, in the app and at the backend alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Below which all others lie: `/api/auth`, without a slash at its end.
    base: String,
    /// Where the backend tells whose a session is.
    session: String,
    /// Where it ends one.
    sign_out: String,
}

impl Paths {
    /// Declares the paths; the others are below `base` and begin with `/`. `None` for one that is no plain path.
    ///
    /// ```
    /// assert!(httponly::auth::routes::Paths::new("/api/auth", "/get-session", "/sign-out").is_some());
    /// ```
    pub fn new(base: &str, session: &str, sign_out: &str) -> Option<Self> {
        let base = base.strip_suffix('/').unwrap_or(base);
        for path in [base, session, sign_out].iter().filter(|path| !path.is_empty()) {
            if !path.starts_with('/') || path.contains(['?', '#']) || redirect::check(path, &[]).is_none() {
                return None;
            }
        }
        let plain = |path: &str| path.len() > 1;
        (plain(session) && plain(sign_out)).then(|| Self {
            base: base.into(),
            session: session.into(),
            sign_out: sign_out.into(),
        })
    }

    /// The path below which all others lie, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether a path below the base, decoded and in lower case, tells whose a session is.
    pub(super) fn is_session(&self, asked: &str) -> bool {
        is_at(asked, &self.session)
    }

    /// Whether a path below the base, decoded and in lower case, ends a session.
    pub(super) fn is_sign_out(&self, asked: &str) -> bool {
        is_at(asked, &self.sign_out)
    }

    /// The backend's URL that tells whose a session is.
    ///
    /// # Errors
    /// [`Rule::BackendPath`] if `backend` is no http or https URL.
    pub fn lookup(&self, backend: &str) -> Result<String, Refusal> {
        self.beside(backend, self.session.trim_start_matches('/'), None)
    }

    /// The backend's URL of a path below the base, with a query.
    ///
    /// # Errors
    /// [`Rule::BackendPath`] if `backend` is no http or https URL.
    pub fn beside(&self, backend: &str, rest: &str, query: Option<&str>) -> Result<String, Refusal> {
        let target = Base::parse(backend).ok_or(Rule::BackendPath)?;
        let path = format!("{}/{rest}", self.base);
        target.join(path.trim_start_matches('/'), query).map_err(|_| Rule::BackendPath.into())
    }
}

/// Whether a path below the base is the declared one.
fn is_at(asked: &str, path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|path| asked.eq_ignore_ascii_case(path))
}

/// Whether a request header passes to the backend as the client sent it. Origin, Cookie, X-Forwarded-For and
/// Accept-Encoding are the handler's own to set; all that could name another client, host or method is left out.
pub fn request_passes(name: &str) -> bool {
    matches!(name, "accept" | "accept-language" | "content-type" | "user-agent" | "x-captcha-response")
}

/// Whether a response header passes to the page as the backend sent it.
pub fn response_passes(name: &str) -> bool {
    let handled = matches!(
        name,
        "cache-control"
            | "pragma"
            | "expires"
            | "vary"
            | "location"
            | "set-cookie"
            | "retry-after"
            | "x-retry-after"
    );
    let token = name.starts_with("set-auth-") || matches!(name, "authorization" | "authentication-info");
    // What describes encoded bytes is stale once they are decoded, or once tokens are stripped.
    !handled
        && !token
        && !matches!(action(name), HeaderAction::Drop | HeaderAction::JudgeName)
        && !is_connection(name)
}

fn is_connection(name: &str) -> bool {
    matches!(name, "connection" | "content-encoding")
}

/// Whether a body is JSON by its content type, so that tokens are to be stripped from it; also where no type is said.
pub fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|value| {
        let kind = crate::proxy::response::essence(value).to_ascii_lowercase();
        kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json")
    })
}

/// The `Cache-Control` of a response that was made with a session at hand; `None` where the response's own stays. What
/// sets a cookie is kept by no cache, and neither is what was made for somebody who is signed in, unless the app says
/// otherwise.
///
/// ```
/// use httponly::auth::routes::cache_control;
///
/// assert_eq!(cache_control(true, false, Some("public")), Some("private, no-store"));
/// assert_eq!(cache_control(false, true, None), Some("private, no-store"));
/// assert_eq!(cache_control(false, true, Some("private, max-age=60")), None);
/// ```
pub fn cache_control(sets_cookie: bool, signed_in: bool, own: Option<&str>) -> Option<&'static str> {
    (sets_cookie || (signed_in && own.is_none())).then_some("private, no-store")
}

/// Where a redirect of the backend leads in the browser. What lies at the backend's own origin, absolute or not, lies
/// in the app, which is where the browser knows the backend; if it would lead off the app all the same, to `/`. Other
/// http and https addresses stay: an OAuth provider's, say. `None` for the rest.
///
/// ```
/// use httponly::auth::routes::relocate;
///
/// let local = |location| relocate("http://auth:8789/", "http://auth:8789/api/auth/verify-email", location);
/// assert_eq!(local("http://auth:8789/library?a#b").as_deref(), Some("/library?a#b"));
/// assert_eq!(local("https://accounts.example/o?x").as_deref(), Some("https://accounts.example/o?x"));
/// assert_eq!(local("javascript:alert(1)"), None);
/// ```
pub fn relocate(backend: &str, requested: &str, location: &str) -> Option<String> {
    let base = Base::parse(backend)?;
    let plain = location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let absolute = location.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'));
    match crate::http::same_origin::of(location) {
        Some(origin) if origin != base.origin() => plain.then(|| location.into()),
        None if absolute => None,
        _ => {
            let local = base.relocate(requested, location, "");
            let local = local.map(|local| if local.starts_with('/') { local } else { format!("/{local}") });
            let safe = local.as_deref().and_then(|local| redirect::check(local, &[]));
            Some(safe.map_or_else(|| "/".into(), Cow::into_owned))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    fn paths() -> Paths {
        Paths::new("/api/auth", "/get-session", "/sign-out").unwrap()
    }

    #[test]
    fn a_declaration_is_made_of_plain_paths() {
        for base in ["api/auth", "//evil", "/a?b", "/a#b", "/a/../..//b", "/\\a"] {
            assert_eq!(Paths::new(base, "/get-session", "/sign-out"), None, "{base}");
        }
        for path in ["", "/", "get-session", "//x"] {
            assert_eq!(Paths::new("/api/auth", path, "/sign-out"), None, "{path}");
        }
        assert_eq!(Paths::new("/api/auth/", "/get-session", "/sign-out"), Some(paths()));
        let root = Paths::new("", "/session", "/logout").unwrap();
        assert_eq!(root.lookup("http://auth:1/").unwrap(), "http://auth:1/session");
        assert_eq!(
            root.upstream("http://auth:1/", &root.read("GET", "https://app.example/authorize?a").unwrap())
                .unwrap(),
            "http://auth:1/authorize?a"
        );
    }

    #[test]
    fn the_backend_is_reached_below_its_base_and_nowhere_else() {
        let at = |backend: &str, rest: &str| {
            let request = paths().read("GET", &format!("{OWN}{rest}")).ok()?;
            paths().upstream(backend, &request).ok()
        };
        for (backend, path, expected) in [
            (
                "http://auth:1/",
                "/api/auth/sign-in/email?a=b&c",
                Some("http://auth:1/api/auth/sign-in/email?a=b&c"),
            ),
            ("http://auth:1", "/api/auth/ok", Some("http://auth:1/api/auth/ok")),
            ("https://api.example/v1", "/api/auth/ok", Some("https://api.example/v1/api/auth/ok")),
            ("http://auth:1/", "/api/auth", None),
            ("http://auth:1/", "/api/auth/", None),
            ("http://auth:1/", "/api/auth/ok/", None),
            ("http://auth:1/", "/api/authority/ok", None),
            ("http://auth:1/", "/api/auth//ok", None),
            ("http://auth:1/", "/api/auth/%2e%2e/admin", None),
            ("http://auth:1/", "/api/auth/..%2fadmin", None),
            ("http://auth:1/", "/api/auth/a%5cb", None),
            ("http://auth:1/", "/api/auth/a%00", None),
            ("http://auth:1/", "/outbox", None),
            ("ftp://auth/", "/api/auth/ok", None),
        ] {
            assert_eq!(at(backend, path).as_deref(), expected, "{backend} {path}");
        }
        assert_eq!(paths().lookup("http://auth:1").unwrap(), "http://auth:1/api/auth/get-session");
    }

    #[test]
    fn nothing_forged_passes_to_the_backend() {
        for name in [
            "cookie",
            "origin",
            "host",
            "referer",
            "authorization",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-real-ip",
            "cf-connecting-ip",
            "true-client-ip",
            "x-http-method-override",
            "x-middleware-subrequest",
            "sec-fetch-site",
            "connection",
            "accept-encoding",
            "content-length",
            "x-user-id",
        ] {
            assert!(!request_passes(name), "{name}");
        }
        for name in ["accept", "accept-language", "content-type", "user-agent"] {
            assert!(request_passes(name), "{name}");
        }
    }

    #[test]
    fn no_token_and_nothing_for_the_app_to_say_passes_to_the_page() {
        for name in [
            "set-auth-token",
            "set-auth-jwt",
            "authorization",
            "set-cookie",
            "location",
            "cache-control",
            "vary",
            "access-control-allow-origin",
            "clear-site-data",
            "strict-transport-security",
            "connection",
            "transfer-encoding",
            "content-length",
            "content-encoding",
            "x-retry-after",
            "refresh",
        ] {
            assert!(!response_passes(name), "{name}");
        }
        for name in ["content-type", "www-authenticate", "ratelimit", "ratelimit-policy", "x-request-id"] {
            assert!(response_passes(name), "{name}");
        }
    }

    #[test]
    fn json_is_known_by_its_type() {
        for value in
            ["application/json", "Application/JSON; charset=utf-8", "application/problem+json", "text/json"]
        {
            assert!(is_json(Some(value)), "{value}");
        }
        assert!(is_json(None) && is_json(Some("")));
        for value in ["text/html", "text/event-stream", "application/jsonlines"] {
            assert!(!is_json(Some(value)), "{value}");
        }
    }

    #[test]
    fn a_redirect_of_the_backend_leads_into_the_app_or_far_away() {
        let at = "http://auth:1/api/auth/callback/x";
        for (location, expected) in [
            ("http://auth:1/library", Some("/library")),
            ("http://auth:1", Some("/")),
            ("http://auth:1/api/auth/error?error=a%20b", Some("/api/auth/error?error=a%20b")),
            ("/login?error=INVALID_TOKEN", Some("/login?error=INVALID_TOKEN")),
            (
                "https://accounts.example/authorize?state=s",
                Some("https://accounts.example/authorize?state=s"),
            ),
            ("http://auth:1//evil.example", Some("/")),
            ("//evil.example", Some("/")),
            ("/\\evil.example", Some("/")),
            ("/a/..//evil.example", Some("/")),
            ("http://auth:1/%2f%2fevil.example", Some("/")),
            ("http://auth:12/x", Some("http://auth:12/x")),
            ("http://auth:1@evil.example/", None),
            ("HTTP://auth:1/x", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("https:evil.example", None),
        ] {
            assert_eq!(relocate("http://auth:1/", at, location).as_deref(), expected, "{location}");
        }
        assert_eq!(
            relocate("http://auth:1/v1", "http://auth:1/v1/api/auth/x", "http://auth:1/v1/library")
                .as_deref(),
            Some("/library")
        );
    }
}
