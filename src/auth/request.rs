//! A request for the backend's paths, read once: which path it asks for, whichever way that is written, and what follows
//! from it.

use crate::auth::failure::Failure;
use crate::auth::flow::Flow;
use crate::auth::invalidation::{Invalidation, Named, Reach};
use crate::auth::magic_link::LINK;
use crate::auth::revocation::Wanted;
use crate::auth::routes::Paths;
use crate::auth::{failure, form_post, invalidation, revocation};
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::same_origin::{Claims, check_read, prove_sender};
use crate::http::{form, json, redirect, same_origin};
use crate::proxy::target::Base;

/// What a request asks for, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whose session it is.
    Session,
    /// The end of its session.
    SignOut,
    /// The use of a magic link.
    Link,
    /// The end or the choice of a session, perhaps by its identifier.
    Revocation,
    /// Something else that the backend answers.
    Other,
}

/// What the handler does before a request reaches the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialRoute {
    /// Nothing: the request passes as it is.
    None,
    /// It shows a page that asks, so that a magic link is not used up.
    ShowLink,
    /// It uses a magic link.
    UseLink,
    /// It finds the token of a session that the page names by its identifier.
    Revoke,
}

/// A request, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    method: String,
    /// The path below the base, as it was written, without a slash before it.
    rest: String,
    /// The same, decoded and in lower case: a backend may decode paths, and ignore the case of letters.
    asked: String,
    query: Option<String>,
    kind: Kind,
}

impl Paths {
    /// Reads a request for one of these paths. `url` is in normal form, as `Request.url` gives it.
    ///
    /// # Errors
    /// [`Rule::BackendPath`] for another path, and for one that a backend could read as another than it says.
    ///
    /// ```
    /// use httponly::auth::request::Kind;
    /// use httponly::auth::routes::Paths;
    ///
    /// let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
    /// let request = paths.read("POST", "https://app.example/api/auth/sign%2Dout").unwrap();
    /// assert_eq!(request.kind(), Kind::SignOut);
    /// assert!(paths.read("GET", "https://app.example/api/auth/..%2fadmin").is_err());
    /// ```
    pub fn read(&self, method: &str, url: &str) -> Result<AuthRequest, Refusal> {
        #[cfg(test)]
        crate::auth::count::url();
        let refused = |_: Refusal| Refusal::from(Rule::BackendPath);
        let own = same_origin::of(url).ok_or(Rule::BackendPath)?;
        let mount = Base::parse(&format!("{own}{}", self.base())).ok_or(Rule::BackendPath)?;
        let (rest, query) = mount.inside(url).map_err(refused)?;
        // The backend takes an empty segment or a slash at the end for another path. A dot segment, which no URL in normal
        // form has, would name a path in a way that is not recognised here.
        let dotted = rest.split('/').any(|segment| redirect::dots(segment) > 0);
        if rest.is_empty() || rest.ends_with('/') || dotted {
            return Err(Rule::BackendPath.into());
        }
        let asked = form::decode(rest.as_bytes(), false).to_ascii_lowercase();
        let kind = match asked.as_str() {
            _ if self.is_sign_out(&asked) => Kind::SignOut,
            _ if self.is_session(&asked) => Kind::Session,
            LINK => Kind::Link,
            _ if revocation::is(&asked) => Kind::Revocation,
            _ => Kind::Other,
        };
        Ok(AuthRequest {
            method: method.into(),
            rest: rest.into(),
            asked,
            query: query.map(Into::into),
            kind,
        })
    }

    /// The backend's URL for a request. `backend` is in normal form, as `URL.href` gives it.
    ///
    /// # Errors
    /// [`Rule::BackendPath`].
    pub fn upstream(&self, backend: &str, request: &AuthRequest) -> Result<String, Refusal> {
        self.beside(backend, request.rest(), request.query())
    }

    /// Where an OAuth provider's answer by form leads: to the same path, with what the form says as the query.
    ///
    /// # Errors
    /// [`Rule::BackendPath`], and those of [`form_post::query`].
    ///
    /// ```
    /// use httponly::auth::routes::Paths;
    ///
    /// let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
    /// let request = paths.read("POST", "https://app.example/api/auth/callback/apple").unwrap();
    /// assert_eq!(paths.form_post(&request, "code=c&state=s").unwrap(), "/api/auth/callback/apple?code=c&state=s");
    /// ```
    pub fn form_post(&self, request: &AuthRequest, body: &str) -> Result<String, Refusal> {
        let rest = request.rest();
        let path = format!("{}/{rest}", self.base());
        // What is no callback leads nowhere, whoever asks.
        if !form_post::is_callback(rest) || redirect::check(&path, &[]).as_deref() != Some(&path) {
            return Err(Rule::BackendPath.into());
        }
        Ok(format!("{path}?{}", form_post::query(body)?))
    }
}

impl AuthRequest {
    /// What it asks for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The path below the base, as it was written, without a slash before it.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The query, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// Whether its response has no body (RFC 9110 section 9.3.2).
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The request method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The methods that its path takes, as `Allow` writes them.
    pub fn allow(&self) -> &'static str {
        match self.kind {
            Kind::SignOut => "POST",
            Kind::Link => "GET, HEAD, POST",
            _ => "GET, HEAD, POST, PUT, PATCH, DELETE",
        }
    }

    /// What the handler does before the backend is asked.
    pub fn special(&self) -> SpecialRoute {
        match (self.kind, self.method.as_str()) {
            (Kind::Link, "GET" | "HEAD") => SpecialRoute::ShowLink,
            (Kind::Link, "POST") => SpecialRoute::UseLink,
            (Kind::Revocation, "POST") => SpecialRoute::Revoke,
            _ => SpecialRoute::None,
        }
    }

    /// Refuses a request that must not reach the backend. A request that changes something comes from the origin `own`;
    /// a request from elsewhere that reads is a navigation; signing out is a POST.
    ///
    /// # Errors
    /// [`Rule::BackendMethod`], [`Rule::ProofMissing`], [`Rule::ForeignRead`].
    pub fn admit(&self, claims: Claims<'_>, own: &str) -> Result<(), Refusal> {
        if !self.allow().split(", ").any(|allowed| allowed == self.method) {
            return Err(Rule::BackendMethod.into());
        }
        if self.reads() {
            check_read(claims.site, claims.mode, claims.dest)
        } else {
            prove_sender(claims, own)
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
    /// let request = paths.read("POST", "https://app.example/api/auth/sign-in/email").unwrap();
    /// assert_eq!(
    ///     request.refusal(429, ""),
    ///     r#"{"error":{"code":"rate-limited","message":"too many attempts: try again later"}}"#
    /// );
    /// ```
    pub fn refusal(&self, status: u16, body: &str) -> String {
        let reason = failure::reason(body);
        let failure = if self.kind == Kind::Session {
            Failure::of(match status {
                401 => Rule::FlowUnauthenticated,
                403 => Rule::FlowRejected,
                _ => Rule::BackendSilent,
            })
        } else if status == 404 && json::members(body).is_none() {
            // Better Auth answers an unknown path with nothing at all.
            Failure::of(Rule::BackendPath)
        } else {
            let ends = (self.kind == Kind::SignOut).then_some(Flow::SignOut);
            let flow = ends.or_else(|| Flow::at(&self.asked));
            if flow.is_none() && failure::is_oauth(body) {
                return body.into();
            }
            Failure::refused(flow, status, reason.as_deref())
        };
        failure::typed(body, &Failure { reason, ..failure })
    }

    /// Whether it is an OAuth provider's answer by form, which is not for the backend ([`form_post`]): a form without
    /// proof of the own origin, sent to a callback by a navigation of the whole window.
    pub fn is_form_post(&self, content_type: &str, claims: Claims<'_>, own: &str) -> bool {
        self.method == "POST"
            && Form::of(content_type) == Ok(Form::UrlEncoded)
            && form_post::is_callback(&self.rest)
            && prove_sender(claims, own).is_err()
            && check_read(claims.site, claims.mode, claims.dest).is_ok()
    }

    /// What it may have done to sessions. `succeeded` is whether the backend said so.
    pub fn effect(&self, succeeded: bool) -> Invalidation {
        match self.kind {
            Kind::SignOut => Invalidation { reach: Reach::Own, ends: true },
            Kind::Session if self.reads() => Invalidation { reach: Reach::None, ends: false },
            Kind::Session => Invalidation { reach: Reach::Own, ends: false },
            _ => invalidation::of(&self.method, &self.asked, succeeded),
        }
    }

    /// Whether the answer may take the session's cookies away: it signs out, or ends or replaces the session by what it
    /// does. A navigation may as well ([`super::lines::is_navigation`]).
    pub fn clears(&self, succeeded: bool) -> bool {
        match self.kind {
            Kind::SignOut => true,
            Kind::Session => false,
            _ => invalidation::clears(&self.method, &self.asked, succeeded),
        }
    }

    /// Whether it signs somebody in, here and now.
    pub fn signs_in(&self) -> bool {
        self.method == "POST" && (self.asked.starts_with("sign-in/") || self.asked.starts_with("sign-up/"))
    }

    /// Whether it asks whose a session is, or reads in the background.
    pub fn looks(&self, navigates: bool) -> bool {
        self.kind == Kind::Session || (self.reads() && !navigates)
    }

    /// The users whom a request names that succeeded.
    pub fn named(&self, form: Option<Form>, body: &str) -> Vec<Named> {
        invalidation::named(&self.asked, self.query(), form, body)
    }

    /// What its body says of the session that it is to end or to choose.
    ///
    /// # Errors
    /// [`Rule::SessionUnnamed`].
    pub fn wanted(&self, form: Option<Form>, body: &str) -> Result<Wanted, Refusal> {
        revocation::wanted(&self.asked, form, body)
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

    fn read(method: &str, url: &str) -> AuthRequest {
        paths().read(method, url).unwrap()
    }

    #[test]
    fn a_dot_segment_hides_no_path() {
        let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
        for rest in ["./sign-out", "x/../sign-out", "%2e/sign-out", "x/.%2E/revoke-session", "sign-out/."] {
            let url = format!("{OWN}/api/auth/{rest}");
            let refused = paths.read("GET", &url).map_err(Refusal::rule);
            assert_eq!(refused, Err(Rule::BackendPath), "{rest}");
        }
    }

    #[test]
    fn signing_out_is_a_post_of_the_own_origin() {
        let sender =
            |site| Claims { site, mode: Some("navigate"), dest: Some("document"), ..Claims::default() };
        let url = "https://app.example/api/auth/sign-out";
        let admitted = |method, site| read(method, url).admit(sender(site), OWN).map_err(Refusal::rule);
        for method in ["GET", "HEAD", "PUT", "OPTIONS", "post"] {
            assert_eq!(admitted(method, Some("same-origin")), Err(Rule::BackendMethod), "{method}");
        }
        assert_eq!(admitted("POST", Some("same-origin")), Ok(()));
        for site in [Some("cross-site"), Some("same-site"), Some("none"), None] {
            assert_eq!(admitted("POST", site), Err(Rule::ProofMissing), "{site:?}");
        }
        assert_eq!(read("POST", url).allow(), "POST");
    }

    #[test]
    fn reading_from_elsewhere_is_navigating() {
        let url = "https://app.example/api/auth/magic-link/verify?token=t";
        let admitted = |method, mode, dest| {
            let site = Some("cross-site");
            let claims = Claims { site, mode: Some(mode), dest: Some(dest), ..Claims::default() };
            read(method, url).admit(claims, OWN).map_err(Refusal::rule)
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
        let from = |site: &'static str, mode, dest| Claims {
            site: Some(site).filter(|site| !site.is_empty()),
            mode: Some(mode),
            dest: Some(dest),
            origin: Some("https://appleid.apple.com"),
            ..Claims::default()
        };
        let provider = from("cross-site", "navigate", "document");
        let is = |method: &str, path: &str, kind: &str, sender: Claims<'_>| {
            let request = paths().read(method, &format!("{OWN}{path}"));
            request.is_ok_and(|request| request.is_form_post(kind, sender, OWN))
        };
        let callback = "/api/auth/callback/apple";
        for path in [callback, "/api/auth/callback/apple?x=y", "/api/auth/oauth2/callback/apple"] {
            assert!(is("POST", path, FORM, provider), "{path}");
        }
        assert!(is("POST", callback, "Application/X-WWW-Form-URLEncoded; charset=utf-8", provider));
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
            assert!(!is("POST", path, FORM, provider), "{path}");
            let led = paths().read("POST", &format!("{OWN}{path}"));
            assert!(led.and_then(|request| paths().form_post(&request, "code=c")).is_err(), "{path}");
        }
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"] {
            assert!(!is(method, callback, FORM, provider), "{method}");
        }
        for kind in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "x;application/x-www-form-urlencoded",
        ] {
            assert!(!is("POST", callback, kind, provider), "{kind}");
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
            assert_eq!(is("POST", callback, FORM, from(site, mode, dest)), expected, "{site} {mode} {dest}");
        }
        // Whatever it is, it does not reach the backend.
        let url = format!("{OWN}{callback}");
        let admitted = read("POST", &url).admit(provider, OWN);
        assert_eq!(admitted.map_err(Refusal::rule), Err(Rule::ProofMissing));
        // And where it leads passes as any way back from a provider does.
        assert_eq!(read("GET", &format!("{url}?code=c")).admit(provider, OWN), Ok(()));
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
            let effect = read(method, &url).effect(succeeded);
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
            assert_eq!(read(method, &url).clears(succeeded), clears, "{method} {path}");
            assert_eq!(read(method, &url).looks(false), looks, "{method} {path}");
        }
        assert!(!read("GET", &format!("{OWN}/api/auth/callback/x")).looks(true));
        assert!(read("GET", &format!("{OWN}/api/auth/get-session")).looks(true));
    }

    fn refusal(path: &str, status: u16, body: &str) -> [Option<String>; 3] {
        let body = read("POST", &format!("{OWN}/api/auth/{path}")).refusal(status, body);
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
        let pages = crate::auth::flow::Pages::new("/login", "/", "", "/reset", "/", "/two-factor").unwrap();
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
            ("code", "123456"),
        ];
        for (_, flow) in Flow::ALL {
            let path = flow.plan(&form, &pages, None, OWN).unwrap()[0].path;
            for (status, body) in (400..=431).flat_map(|status| bodies.map(|body| (status, body))) {
                let typed = read("POST", &format!("{OWN}/api/auth{path}")).refusal(status, body);
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
            assert_eq!(read("POST", &url(path)).allow(), "POST", "{path}");
        }
        for path in ["/magic-link/verify", "/magic-link/%76erify", "/Magic-Link/verify"] {
            assert_eq!(read("GET", &url(path)).special(), SpecialRoute::ShowLink, "{path}");
            assert_eq!(read("POST", &url(path)).special(), SpecialRoute::UseLink, "{path}");
        }
    }
}
