//! What passes between the page and the backend: which requests, which headers, where redirects lead.

use std::borrow::Cow;

use crate::auth::failure::Failure;
use crate::auth::flow::Flow;
use crate::auth::invalidation::{Invalidation, Named, Reach};
use crate::auth::magic_link::LINK;
use crate::auth::revocation::Wanted;
use crate::auth::{failure, form_post, invalidation, revocation};
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::same_origin::{Claims, check_read, prove_sender};
use crate::http::{form, json, redirect};
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

/// What a request asks for that the backend does not answer by itself, as the page needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SpecialRoute {
    /// It passes as it is.
    None = 0,
    /// A magic link was opened, and is not to be used up.
    ShowLink = 1,
    /// A magic link is to be used.
    UseLink = 2,
    /// A session is to be ended or chosen, perhaps by its identifier.
    Revoke = 3,
}

/// The browser's word on where a request comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender<'a> {
    /// What the proof of the same origin is made of.
    pub claims: Claims<'a>,
    /// `Sec-Fetch-Mode`
    pub mode: Option<&'a str>,
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

    /// What stands behind the base in a request URL of the origin `own`, with its slash, and the query.
    fn rest<'u>(&self, url: &'u str) -> Result<(&'u str, Option<&'u str>), Refusal> {
        let refused = |_: Refusal| Refusal::from(Rule::BackendPath);
        let own = crate::http::same_origin::of(url).ok_or(Rule::BackendPath)?;
        let mount = Base::parse(&format!("{own}{}", self.base)).ok_or(Rule::BackendPath)?;
        let (rest, query) = mount.inside(url).map_err(refused)?;
        // An empty segment or a slash at the end is another path to the backend, and none that it knows. A dot segment, which
        // no URL in normal form has, would name a path in a way that it is not known by here.
        let dotted = rest.split('/').any(|segment| redirect::dots(segment) > 0);
        if rest.is_empty() || rest.ends_with('/') || dotted {
            return Err(Rule::BackendPath.into());
        }
        Ok((rest, query))
    }

    /// What a request URL asks of the backend, whichever way it is written: a backend may decode paths, and not mind the
    /// case of letters.
    fn asked(&self, url: &str) -> Result<String, Refusal> {
        let (rest, _) = self.rest(url)?;
        Ok(form::decode(rest.as_bytes(), false).to_ascii_lowercase())
    }

    /// The backend's URL for a request URL. `backend` is in normal form, as `URL.href` gives it.
    ///
    /// # Errors
    /// [`Rule::BackendPath`].
    pub fn upstream(&self, backend: &str, url: &str) -> Result<String, Refusal> {
        let (rest, query) = self.rest(url)?;
        let target = Base::parse(backend).ok_or(Rule::BackendPath)?;
        let path = format!("{}/{rest}", self.base.trim_start_matches('/'));
        target.join(path.trim_start_matches('/'), query).map_err(|_| Rule::BackendPath.into())
    }

    /// The backend's URL that tells whose a session is.
    ///
    /// # Errors
    /// [`Rule::BackendPath`] if `backend` is no http or https URL.
    pub fn lookup(&self, backend: &str) -> Result<String, Refusal> {
        self.beside(backend, self.session.trim_start_matches('/'), None)
    }

    /// The methods that a path takes, as `Allow` writes them.
    pub fn allow(&self, url: &str) -> &'static str {
        match self.asked(url).as_deref() {
            _ if self.is(url, &self.sign_out) => "POST",
            Ok(LINK) => "GET, HEAD, POST",
            _ => "GET, HEAD, POST, PUT, PATCH, DELETE",
        }
    }

    /// What a request asks for beside the backend's own paths.
    pub fn detour(&self, method: &str, url: &str) -> SpecialRoute {
        match (method, self.asked(url).as_deref()) {
            ("GET" | "HEAD", Ok(LINK)) => SpecialRoute::ShowLink,
            ("POST", Ok(LINK)) => SpecialRoute::UseLink,
            ("POST", Ok(asked)) if revocation::is(asked) => SpecialRoute::Revoke,
            _ => SpecialRoute::None,
        }
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

    fn is(&self, url: &str, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        self.asked(url).is_ok_and(|asked| asked.eq_ignore_ascii_case(path))
    }

    /// Refuses a request that must not reach the backend. Whatever is no reading comes from the origin `own`; reading
    /// from elsewhere is navigating; signing out is a POST.
    ///
    /// # Errors
    /// [`Rule::BackendPath`], [`Rule::BackendMethod`], [`Rule::ProofMissing`], [`Rule::ForeignRead`].
    pub fn admit(&self, method: &str, url: &str, sender: &Sender<'_>, own: &str) -> Result<(), Refusal> {
        self.rest(url)?;
        if !self.allow(url).split(", ").any(|allowed| allowed == method) {
            return Err(Rule::BackendMethod.into());
        }
        if matches!(method, "GET" | "HEAD") {
            check_read(sender.claims.site, sender.mode, sender.claims.dest)
        } else {
            prove_sender(sender.claims, own)
        }
    }

    /// The body that a refusal of the backend (4xx) has in the page: its own members, where `body` is a JSON object, and
    /// `error`, whose code is the one that the page functions and the forms give for this path and status. Where no form
    /// asks, the answer of an OAuth endpoint stays as it is ([`failure::is_oauth`]).
    ///
    /// ```
    /// use httponly::auth::routes::Paths;
    ///
    /// let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
    /// assert_eq!(
    ///     paths.refusal("https://app.example/api/auth/sign-in/email", 429, ""),
    ///     r#"{"error":{"code":"rate-limited","message":"too many attempts: try again later"}}"#
    /// );
    /// ```
    pub fn refusal(&self, url: &str, status: u16, body: &str) -> String {
        let reason = failure::reason(body);
        let failure = if self.is(url, &self.session) {
            Failure::of(match status {
                401 => Rule::FlowUnauthenticated,
                403 => Rule::FlowRejected,
                _ => Rule::BackendSilent,
            })
        } else if status == 404 && json::members(body).is_none() {
            // Better Auth answers an unknown path with nothing at all.
            Failure::of(Rule::BackendPath)
        } else {
            let ends = self.is(url, &self.sign_out).then_some(Flow::SignOut);
            let flow = ends.or_else(|| Flow::at(&self.asked(url).ok()?));
            if flow.is_none() && failure::is_oauth(body) {
                return body.into();
            }
            Failure::refused(flow, status, reason.as_deref())
        };
        failure::typed(body, &Failure { reason, ..failure })
    }

    /// Whether a request is an OAuth provider's answer by form, which is not for the backend ([`form_post`]): a form
    /// without proof of the own origin, sent to a callback by a navigation of the whole window.
    pub fn is_form_post(
        &self,
        method: &str,
        url: &str,
        content_type: &str,
        sender: &Sender<'_>,
        own: &str,
    ) -> bool {
        method == "POST"
            && Form::of(content_type) == Ok(Form::UrlEncoded)
            && self.rest(url).is_ok_and(|(rest, _)| form_post::is_callback(rest))
            && prove_sender(sender.claims, own).is_err()
            && check_read(sender.claims.site, sender.mode, sender.claims.dest).is_ok()
    }

    /// Where such a request leads: to the same path, with what the form says as the query.
    ///
    /// # Errors
    /// [`Rule::BackendPath`], and those of [`form_post::query`].
    ///
    /// ```
    /// use httponly::auth::routes::Paths;
    ///
    /// let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
    /// let url = "https://app.example/api/auth/callback/apple";
    /// assert_eq!(paths.form_post(url, "code=c&state=s").unwrap(), "/api/auth/callback/apple?code=c&state=s");
    /// ```
    pub fn form_post(&self, url: &str, body: &str) -> Result<String, Refusal> {
        let (rest, _) = self.rest(url)?;
        let path = format!("{}/{rest}", self.base);
        // What is no callback leads nowhere, whoever asks.
        if !form_post::is_callback(rest) || redirect::check(&path, &[]).as_deref() != Some(&path) {
            return Err(Rule::BackendPath.into());
        }
        Ok(format!("{path}?{}", form_post::query(body)?))
    }

    /// What a request may have done to sessions. `succeeded` is whether the backend said so.
    pub fn effect(&self, method: &str, url: &str, succeeded: bool) -> Invalidation {
        let nothing = Invalidation { reach: Reach::None, ends: false };
        let Ok(asked) = self.asked(url) else { return nothing };
        if self.is(url, &self.sign_out) {
            return Invalidation { reach: Reach::Own, ends: true };
        }
        if self.is(url, &self.session) {
            let own = Invalidation { reach: Reach::Own, ends: false };
            return if matches!(method, "GET" | "HEAD") { nothing } else { own };
        }
        invalidation::of(method, &asked, succeeded)
    }

    /// Whether the answer may take the session's cookies away: it signs out, or ends or replaces the session by what it
    /// does. A navigation may as well ([`super::lines::is_navigation`]).
    pub fn clears(&self, method: &str, url: &str, succeeded: bool) -> bool {
        let asked = self.asked(url).unwrap_or_default();
        self.is(url, &self.sign_out)
            || (!self.is(url, &self.session) && invalidation::clears(method, &asked, succeeded))
    }

    /// Whether a request signs somebody in, here and now.
    pub fn signs_in(&self, method: &str, url: &str) -> bool {
        let asked = self.asked(url).unwrap_or_default();
        method == "POST" && (asked.starts_with("sign-in/") || asked.starts_with("sign-up/"))
    }

    /// Whether a request asks whose a session is, or reads in the background.
    pub fn looks(&self, method: &str, url: &str, navigates: bool) -> bool {
        self.is(url, &self.session) || (matches!(method, "GET" | "HEAD") && !navigates)
    }

    /// The users whom a request names that succeeded.
    pub fn named(&self, url: &str, form: Option<Form>, body: &str) -> Vec<Named> {
        let (Ok(asked), Ok((_, query))) = (self.asked(url), self.rest(url)) else { return Vec::new() };
        invalidation::named(&asked, query, form, body)
    }

    /// What the body of a request says of the session that it is to end or to choose.
    ///
    /// # Errors
    /// [`Rule::SessionUnnamed`].
    pub fn wanted(&self, url: &str, form: Option<Form>, body: &str) -> Result<Wanted, Refusal> {
        revocation::wanted(&self.asked(url)?, form, body)
    }
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
    use crate::auth::client::{Operation, failure};
    use crate::error::Code;

    const OWN: &str = "https://app.example";

    fn paths() -> Paths {
        Paths::new("/api/auth", "/get-session", "/sign-out").unwrap()
    }

    #[test]
    fn a_dot_segment_hides_no_path() {
        let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
        for rest in ["./sign-out", "x/../sign-out", "%2e/sign-out", "x/.%2E/revoke-session", "sign-out/."] {
            let url = format!("{OWN}/api/auth/{rest}");
            let refused = paths.admit("GET", &url, &Sender::default(), OWN).map_err(Refusal::rule);
            assert_eq!(refused, Err(Rule::BackendPath), "{rest}");
            assert!(paths.upstream("http://auth:8789/", &url).is_err(), "{rest}");
        }
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
            root.upstream("http://auth:1/", "https://app.example/authorize?a").unwrap(),
            "http://auth:1/authorize?a"
        );
    }

    #[test]
    fn the_backend_is_reached_below_its_base_and_nowhere_else() {
        let at = |backend: &str, rest: &str| paths().upstream(backend, &format!("{OWN}{rest}")).ok();
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
    fn signing_out_is_a_post_of_the_own_origin() {
        let sender = |site| Sender {
            claims: Claims { site, dest: Some("document"), ..Claims::default() },
            mode: Some("navigate"),
        };
        let url = "https://app.example/api/auth/sign-out";
        let admitted = |method, site| paths().admit(method, url, &sender(site), OWN).map_err(Refusal::rule);
        for method in ["GET", "HEAD", "PUT", "OPTIONS", "post"] {
            assert_eq!(admitted(method, Some("same-origin")), Err(Rule::BackendMethod), "{method}");
        }
        assert_eq!(admitted("POST", Some("same-origin")), Ok(()));
        for site in [Some("cross-site"), Some("same-site"), Some("none"), None] {
            assert_eq!(admitted("POST", site), Err(Rule::ProofMissing), "{site:?}");
        }
        assert_eq!(paths().allow(url), "POST");
    }

    #[test]
    fn reading_from_elsewhere_is_navigating() {
        let url = "https://app.example/api/auth/magic-link/verify?token=t";
        let admitted = |method, mode, dest| {
            let claims = Claims { site: Some("cross-site"), dest: Some(dest), ..Claims::default() };
            paths().admit(method, url, &Sender { claims, mode: Some(mode) }, OWN).map_err(Refusal::rule)
        };
        assert_eq!(admitted("GET", "navigate", "document"), Ok(()));
        assert_eq!(admitted("GET", "no-cors", "image"), Err(Rule::ForeignRead));
        assert_eq!(admitted("HEAD", "cors", "empty"), Err(Rule::ForeignRead));
        assert_eq!(admitted("POST", "navigate", "document"), Err(Rule::ProofMissing));
        assert_eq!(admitted("TRACE", "navigate", "document"), Err(Rule::BackendMethod));
    }

    #[test]
    fn a_provider_answers_by_form_at_its_callback_and_nowhere_else() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let from = |site: &'static str, mode, dest| Sender {
            claims: Claims {
                site: Some(site).filter(|site| !site.is_empty()),
                dest: Some(dest),
                origin: Some("https://appleid.apple.com"),
                ..Claims::default()
            },
            mode: Some(mode),
        };
        let provider = from("cross-site", "navigate", "document");
        let is = |method: &str, path: &str, kind: &str, sender: &Sender<'_>| {
            paths().is_form_post(method, &format!("{OWN}{path}"), kind, sender, OWN)
        };
        let callback = "/api/auth/callback/apple";
        for path in [callback, "/api/auth/callback/apple?x=y", "/api/auth/oauth2/callback/apple"] {
            assert!(is("POST", path, FORM, &provider), "{path}");
        }
        assert!(is("POST", callback, "Application/X-WWW-Form-URLEncoded; charset=utf-8", &provider));
        for path in [
            "/api/auth/sign-out",
            "/api/auth/callback/../sign-out",
            "/api/auth/callback/%2e%2e/sign-out",
            "/api/auth/callback/..%2fsign-out",
            "/api/auth/callback%2fapple",
            "/api/auth/callback/apple/",
            "/api/auth/callback/",
            "/api/auth//callback/apple",
            "/api/authority/callback/apple",
            "/callback/apple",
        ] {
            assert!(!is("POST", path, FORM, &provider), "{path}");
            assert!(paths().form_post(&format!("{OWN}{path}"), "code=c").is_err(), "{path}");
        }
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"] {
            assert!(!is(method, callback, FORM, &provider), "{method}");
        }
        for kind in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "x;application/x-www-form-urlencoded",
        ] {
            assert!(!is("POST", callback, kind, &provider), "{kind}");
        }
        for (site, mode, dest, expected) in [
            ("same-site", "navigate", "document", true),
            ("none", "navigate", "document", true),
            ("", "", "", true),
            // The own origin's are for the backend.
            ("same-origin", "navigate", "document", false),
            ("cross-site", "navigate", "iframe", false),
            ("cross-site", "no-cors", "empty", false),
            ("cross-site", "cors", "empty", false),
        ] {
            assert_eq!(is("POST", callback, FORM, &from(site, mode, dest)), expected, "{site} {mode} {dest}");
        }
        // Whatever it is, it does not reach the backend.
        let url = format!("{OWN}{callback}");
        let admitted = paths().admit("POST", &url, &provider, OWN);
        assert_eq!(admitted.map_err(Refusal::rule), Err(Rule::ProofMissing));
        // And where it leads passes as any way back from a provider does.
        assert_eq!(paths().admit("GET", &format!("{url}?code=c"), &provider, OWN), Ok(()));
    }

    #[test]
    fn what_a_request_did_to_sessions() {
        for (method, path, succeeded, reach, ends) in [
            ("GET", "get-session", true, Reach::None, false),
            ("POST", "get-session", true, Reach::Own, false),
            ("POST", "sign-out", true, Reach::Own, true),
            ("POST", "sign-out", false, Reach::Own, true),
            ("POST", "update-user", false, Reach::Own, false),
            ("POST", "revoke-sessions", true, Reach::User, true),
            ("POST", "revoke%2Dsessions", true, Reach::User, true),
            ("POST", "Revoke-Sessions", true, Reach::User, true),
            ("GET", "verify%2Demail", true, Reach::Anyone, false),
        ] {
            let url = format!("{OWN}/api/auth/{path}?x=1");
            let effect = paths().effect(method, &url, succeeded);
            assert_eq!(effect, Invalidation { reach, ends }, "{method} {path} {succeeded}");
        }
    }

    #[test]
    fn which_answers_may_take_the_cookies_away_and_which_only_look() {
        for (method, path, succeeded, clears, looks) in [
            ("POST", "sign-out", false, true, false),
            ("POST", "Sign%2Dout", true, true, false),
            ("POST", "delete-user", true, true, false),
            ("POST", "delete-user", false, false, false),
            ("GET", "get-session", true, false, true),
            ("POST", "get-session", true, false, true),
            ("GET", "list-sessions", true, false, true),
        ] {
            let url = format!("{OWN}/api/auth/{path}");
            assert_eq!(paths().clears(method, &url, succeeded), clears, "{method} {path}");
            assert_eq!(paths().looks(method, &url, false), looks, "{method} {path}");
        }
        assert!(!paths().looks("GET", &format!("{OWN}/api/auth/callback/x"), true));
        assert!(paths().looks("GET", &format!("{OWN}/api/auth/get-session"), true));
    }

    /// The code, the message and the reason of a refusal, as the page gets it.
    fn refusal(path: &str, status: u16, body: &str) -> [Option<String>; 3] {
        let body = paths().refusal(&format!("{OWN}/api/auth/{path}"), status, body);
        let error = json::spans(&body).unwrap().pop().filter(|(name, _)| name == "error").unwrap().1;
        let members = json::members(error).unwrap();
        ["code", "message", "reason"].map(|name| {
            let value = members.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())?;
            if let json::Json::String(text) = value { Some(text) } else { panic!("{value:?}") }
        })
    }

    #[test]
    fn a_refusal_of_the_backend_has_one_of_our_codes() {
        let code = |code: &str| format!(r#"{{"message":"their words","code":"{code}"}}"#);
        for (path, status, body, expected, message, reason) in [
            (
                "sign-in/email",
                401,
                code("INVALID_EMAIL_OR_PASSWORD"),
                Code::SigninFailed,
                "the e-mail address or the password is wrong",
                Some("INVALID_EMAIL_OR_PASSWORD"),
            ),
            ("sign-in/email", 429, code(""), Code::RateLimited, Rule::FlowLimited.text(), None),
            (
                "Sign-In/%65mail",
                403,
                code("BANNED_USER"),
                Code::Rejected,
                Rule::FlowRejected.text(),
                Some("BANNED_USER"),
            ),
            (
                "sign-in/email",
                400,
                code("VALIDATION_ERROR"),
                Code::SigninFailed,
                Rule::FlowFailed.text(),
                Some("VALIDATION_ERROR"),
            ),
            ("sign-in/username", 401, String::new(), Code::SigninFailed, Rule::FlowFailed.text(), None),
            (
                "sign-up/email",
                400,
                code("PASSWORD_TOO_SHORT"),
                Code::FieldInvalid,
                "the password is too short",
                Some("PASSWORD_TOO_SHORT"),
            ),
            (
                "change-password",
                400,
                code("PASSWORD_TOO_SHORT"),
                Code::FieldInvalid,
                "the password is too short",
                Some("PASSWORD_TOO_SHORT"),
            ),
            ("update-user", 400, code("X"), Code::Rejected, Rule::FlowRejected.text(), Some("X")),
            (
                "update-user",
                401,
                code("UNAUTHORIZED"),
                Code::Unauthenticated,
                Rule::FlowUnauthenticated.text(),
                Some("UNAUTHORIZED"),
            ),
            ("sign-out", 400, code("X"), Code::SigninFailed, Rule::FlowFailed.text(), Some("X")),
            ("device/token", 400, code("X"), Code::Rejected, Rule::FlowRejected.text(), Some("X")),
            ("nothing", 404, String::new(), Code::UnknownTarget, Rule::BackendPath.text(), None),
            ("nothing", 404, code("X"), Code::Rejected, Rule::FlowRejected.text(), Some("X")),
            ("get-session", 429, String::new(), Code::Unavailable, Rule::BackendSilent.text(), None),
            ("get-session", 404, String::new(), Code::Unavailable, Rule::BackendSilent.text(), None),
        ] {
            let expected =
                [Some(expected.as_str()), Some(message), reason].map(|text| text.map(str::to_owned));
            assert_eq!(refusal(path, status, &body), expected, "{path} {status} {body}");
        }
    }

    #[test]
    fn the_page_and_the_forms_read_the_same_with_our_code_beside_the_backends() {
        let pages = crate::auth::flow::Pages::new("/login", "/", "", "/reset", "/").unwrap();
        let bodies = [
            "",
            "null",
            "[]",
            "{}",
            r#"{"message":"m"}"#,
            r#"{"code":"INVALID_EMAIL_OR_PASSWORD","message":"m"}"#,
            r#"{"code":"INVALID_EMAIL","message":"m"}"#,
            r#"{"code":"EMAIL_NOT_VERIFIED","message":"m"}"#,
            r#"{"code":"PROVIDER_NOT_FOUND","message":"m"}"#,
            r#"{"code":"SESSION_NOT_FOUND","message":"m"}"#,
            r#"{"code":"BANNED_USER"}"#,
            r#"{"code":"cross-origin","message":"m"}"#,
            r#"{"code":"<b>no code</b>","message":"m"}"#,
            r#"{"error":{"code":"UNAUTHORIZED","message":"m"}}"#,
            r#"{"error":{"code":"INVALID_TOKEN","message":"m"},"success":false}"#,
        ];
        let form = [
            ("email", "a@b"),
            ("password", "p"),
            ("name", "n"),
            ("provider", "x"),
            ("token", "t"),
            ("id", "1"),
        ];
        for (_, flow) in Flow::ALL {
            let path = flow.plan(&form, &pages, None, OWN).unwrap()[0].path;
            for (status, body) in (400..=431).flat_map(|status| bodies.map(|body| (status, body))) {
                let typed = paths().refusal(&format!("{OWN}/api/auth{path}"), status, body);
                let outcome = |body| {
                    let retry_after = Some("7");
                    let reply = crate::auth::flow::Reply { status, body, location: None, retry_after };
                    flow.outcome(0, reply, &pages, None, "", 0.0)
                };
                assert_eq!(outcome(&typed), outcome(body), "{flow:?} {status} {body}");
                for asked in [Operation::SignIn, Operation::SignOut, Operation::Session] {
                    let read = |body| {
                        let failure = failure(asked, status, body);
                        (failure.code, failure.rule, failure.reason)
                    };
                    assert_eq!(read(&typed), read(body), "{asked:?} {path} {status} {body}");
                }
            }
        }
    }

    #[test]
    fn no_way_of_writing_a_path_gets_round_what_it_asks() {
        let url = |path: &str| format!("{OWN}/api/auth{path}");
        for path in ["/sign-out", "/sign%2Dout", "/sign%2dout", "/Sign-Out", "/%73ign-out"] {
            assert_eq!(paths().allow(&url(path)), "POST", "{path}");
        }
        for path in ["/magic-link/verify", "/magic-link/%76erify", "/Magic-Link/verify"] {
            assert_eq!(paths().detour("GET", &url(path)), SpecialRoute::ShowLink, "{path}");
            assert_eq!(paths().detour("POST", &url(path)), SpecialRoute::UseLink, "{path}");
        }
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
