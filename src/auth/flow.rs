//! The flows of an account: what each form asks of the backend, and what the backend's answer means for the visitor.
//!
//! A flow is a form with a name. Its table says which fields it takes, and to which path of the backend they go; the
//! paths and bodies are Better Auth's. Passwords and tokens go to the backend and nowhere else.

use crate::auth::failure::{self, Failure, meaning};
use crate::error::{Code, Refusal, Rule};
use crate::http::json::Json;
use crate::http::{form, json, redirect, retry_after};

/// What a form does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Signs in by e-mail address and password.
    SignIn,
    /// Makes an account.
    SignUp,
    /// Begins to sign in at a provider such as GitHub.
    Social,
    /// Asks for a mail with a link that signs in.
    SendMagicLink,
    /// Signs in by the token of that link.
    UseMagicLink,
    /// Asks for a mail that verifies the address.
    SendVerification,
    /// Asks for a mail with a link to a new password.
    RequestReset,
    /// Sets the new password by the token of that link.
    ResetPassword,
    /// Ends this session.
    SignOut,
    /// Ends all sessions of this user.
    SignOutEverywhere,
    /// Ends one session of this user, by its identifier.
    RevokeSession,
    /// Ends all sessions of this user but this one.
    RevokeOtherSessions,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Email,
    /// Never trimmed, never shown again.
    Password,
    /// Again the password; it does not reach the backend.
    Confirmation,
    /// Never shown again.
    Token,
    Text,
    /// A checkbox: there or not.
    Flag,
}

/// The fields of a form: their names in it, their names in the backend's body, and what they hold.
type Fields = &'static [(&'static str, &'static str, Kind)];

/// One request to the backend, always a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Below the backend's base path.
    pub path: &'static str,
    /// JSON.
    pub body: String,
}

/// A field that is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its name in the form.
    pub field: &'static str,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// The app's pages between which the flows lead: local paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    login: String,
    home: String,
    verify: Option<String>,
    reset: String,
    signed_out: String,
}

/// What the backend answered to a [`Step`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: &'a str,
    /// `Location`
    pub location: Option<&'a str>,
    /// `Retry-After`
    pub retry_after: Option<&'a str>,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The next step is to be made.
    Next,
    /// It worked.
    Done {
        /// Where the visitor goes; `None` to stay.
        location: Option<String>,
        /// What there is to say to one who stays.
        notice: Option<&'static str>,
        /// The user, as JSON, where the backend named one.
        user: Option<String>,
    },
    /// It did not.
    Failed(Failure),
}

const EMAIL: (&str, &str, Kind) = ("email", "email", Kind::Email);
const PASSWORD: (&str, &str, Kind) = ("password", "password", Kind::Password);
const REMEMBER_ME: (&str, &str, Kind) = ("rememberMe", "rememberMe", Kind::Flag);
const TOKEN: (&str, &str, Kind) = ("token", "token", Kind::Token);

/// Longest field in bytes; a token of an OAuth provider or a signed one is the longest there is.
const MAX_FIELD: usize = 4096;

impl Flow {
    /// All flows, by the name of their form action.
    pub const ALL: &[(&str, Flow)] = &[
        ("signin", Flow::SignIn),
        ("signup", Flow::SignUp),
        ("social", Flow::Social),
        ("sendMagicLink", Flow::SendMagicLink),
        ("useMagicLink", Flow::UseMagicLink),
        ("sendVerification", Flow::SendVerification),
        ("requestReset", Flow::RequestReset),
        ("resetPassword", Flow::ResetPassword),
        ("signout", Flow::SignOut),
        ("signoutEverywhere", Flow::SignOutEverywhere),
        ("revokeSession", Flow::RevokeSession),
        ("revokeOtherSessions", Flow::RevokeOtherSessions),
    ];

    /// The flow of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, flow)| flow)
    }

    /// The paths below the backend's base path, one after the other.
    fn paths(self) -> &'static [&'static str] {
        match self {
            Flow::SignIn => &["/sign-in/email"],
            Flow::SignUp => &["/sign-up/email"],
            Flow::Social => &["/sign-in/social"],
            Flow::SendMagicLink => &["/sign-in/magic-link"],
            Flow::UseMagicLink => &["/magic-link/verify"],
            Flow::SendVerification => &["/send-verification-email"],
            Flow::RequestReset => &["/request-password-reset"],
            Flow::ResetPassword => &["/reset-password"],
            Flow::SignOut => &["/sign-out"],
            // Better Auth ends them all and clears no cookie; signing out clears it.
            Flow::SignOutEverywhere => &["/revoke-sessions", "/sign-out"],
            Flow::RevokeSession => &["/revoke-session"],
            Flow::RevokeOtherSessions => &["/revoke-other-sessions"],
        }
    }

    fn fields(self) -> Fields {
        match self {
            Flow::SignIn => &[EMAIL, PASSWORD, REMEMBER_ME],
            Flow::SignUp => &[("name", "name", Kind::Text), EMAIL, PASSWORD],
            Flow::Social => &[("provider", "provider", Kind::Text)],
            Flow::SendMagicLink | Flow::SendVerification | Flow::RequestReset => &[EMAIL],
            Flow::UseMagicLink => &[TOKEN],
            Flow::ResetPassword => &[
                TOKEN,
                ("password", "newPassword", Kind::Password),
                ("confirmation", "", Kind::Confirmation),
            ],
            Flow::RevokeSession => &[("id", "id", Kind::Text)],
            Flow::SignOut | Flow::SignOutEverywhere | Flow::RevokeOtherSessions => &[],
        }
    }

    /// What a form shows again after it failed: neither passwords nor tokens.
    pub fn echo<'f>(self, form: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let shown = |name: &str| {
            let open = |kind| !matches!(kind, Kind::Password | Kind::Confirmation | Kind::Token);
            name == "redirect" || self.fields().iter().any(|&(field, _, kind)| field == name && open(kind))
        };
        form.iter().filter(|(name, value)| shown(name) && value.len() <= MAX_FIELD).copied().collect()
    }

    /// The requests that a form asks for. Fields that the flow does not know are left out. `own` is the app's origin,
    /// to which the links in mails lead; `redirect` is where the visitor wants to go, checked already.
    ///
    /// # Errors
    /// A [`FieldError`] for the first field that is missing or malformed.
    pub fn plan(
        self,
        form: &[(&str, &str)],
        pages: &Pages,
        redirect: Option<&str>,
        own: &str,
    ) -> Result<Vec<Step>, FieldError> {
        let mut body = Body::default();
        let mut password = "";
        for &(field, member, kind) in self.fields() {
            let blame = |rule| FieldError { field, rule };
            let mut values = form.iter().filter(|(name, _)| *name == field).map(|&(_, value)| value);
            if kind == Kind::Flag {
                body.member(member, if values.any(is_on) { "true" } else { "false" });
                continue;
            }
            let value = match (values.next(), values.next()) {
                (value, None) => value.unwrap_or_default(),
                _ => return Err(blame(Rule::FlowText)),
            };
            let value =
                if matches!(kind, Kind::Password | Kind::Confirmation) { value } else { value.trim() };
            if kind == Kind::Confirmation {
                // A form without a second field asks for none.
                if form.iter().any(|(name, _)| *name == field) && value != password {
                    return Err(blame(Rule::FlowConfirmation));
                }
                continue;
            }
            if value.is_empty() {
                return Err(blame(Rule::FlowField));
            }
            if value.len() > MAX_FIELD || (kind != Kind::Password && value.chars().any(char::is_control)) {
                return Err(blame(Rule::FlowText));
            }
            if kind == Kind::Email && !is_address(value) {
                return Err(blame(Rule::FlowEmail));
            }
            if kind == Kind::Password {
                password = value;
            }
            body.text(member, value);
        }
        let back = format!("{own}{}", redirect.unwrap_or(&pages.home));
        let mut failed = format!("{own}{}", pages.login);
        if let Some(redirect) = redirect {
            failed.push(form::joint(&pages.login));
            failed.push_str("redirect=");
            form::push_value(redirect, &mut failed);
        }
        match self {
            Flow::Social | Flow::SendMagicLink => {
                body.text("callbackURL", &back);
                body.text("errorCallbackURL", &failed);
            }
            Flow::SignUp | Flow::SendVerification => body.text("callbackURL", &back),
            Flow::RequestReset => body.text("redirectTo", &format!("{own}{}", pages.reset)),
            _ => {}
        }
        let body = body.finish();
        Ok(self.paths().iter().map(|&path| Step { path, body: body.clone() }).collect())
    }

    /// What the reply to the step of this index means. `email` is that of the form; `now` is in milliseconds since
    /// 1970.
    pub fn outcome(
        self,
        index: usize,
        reply: Reply<'_>,
        pages: &Pages,
        redirect: Option<&str>,
        email: &str,
        now: f64,
    ) -> Outcome {
        let ends = matches!(self, Flow::SignOut | Flow::SignOutEverywhere);
        // A session that is over already needs no ending.
        let worked = matches!(reply.status, 200..300) || (ends && reply.status == 401);
        let failure = if worked { None } else { Some(self.failure(reply, now)) };
        match failure {
            Some(failure) => return Outcome::Failed(failure),
            None if index + 1 < self.paths().len() => return Outcome::Next,
            None => {}
        }
        let stay = |notice| (None, Some(notice));
        let back = || Some(redirect.unwrap_or(&pages.home).to_owned());
        let user = json::spans(reply.body)
            .and_then(|members| members.into_iter().rfind(|(name, _)| name == "user"))
            .map(|(_, user)| user)
            .filter(|user| user.starts_with('{'));
        let (location, notice) = match self {
            Flow::SignIn | Flow::UseMagicLink => (back(), None),
            Flow::SignOut | Flow::SignOutEverywhere => {
                (Some(redirect.unwrap_or(&pages.signed_out).to_owned()), None)
            }
            Flow::SignUp => match &pages.verify {
                Some(verify) if !is_verified(user) => {
                    let mut to = format!("{verify}{}email=", form::joint(verify));
                    form::push_value(email, &mut to);
                    if let Some(redirect) = redirect {
                        to.push_str("&redirect=");
                        form::push_value(redirect, &mut to);
                    }
                    (Some(to), None)
                }
                _ => (back(), None),
            },
            Flow::Social => match provider(reply.body) {
                Some(url) => (Some(url), None),
                None => return Outcome::Failed(Failure::of(Rule::BackendAway)),
            },
            Flow::SendMagicLink => stay("magic-link-sent"),
            Flow::SendVerification => stay("verification-sent"),
            Flow::RequestReset => stay("reset-sent"),
            Flow::ResetPassword => {
                (Some(format!("{}{}notice=password-reset", pages.login, form::joint(&pages.login))), None)
            }
            Flow::RevokeSession => stay("session-revoked"),
            Flow::RevokeOtherSessions => stay("sessions-revoked"),
        };
        Outcome::Done { location, notice, user: user.map(str::to_owned) }
    }

    fn failure(self, reply: Reply<'_>, now: f64) -> Failure {
        let wait = retry_after::seconds(reply.retry_after, None, now);
        let said = failure::read(reply.body);
        if let Some(code) = said.own {
            let rule = match code {
                Code::CrossOrigin => Rule::ProofMissing,
                Code::Unavailable => Rule::BackendAway,
                Code::BodyTooLarge => Rule::BodyTooLarge,
                Code::FieldInvalid => Rule::FlowText,
                _ => Rule::FlowFailed,
            };
            return Failure { retry_after: wait, ..Failure::of(rule) };
        }
        let in_location = || {
            let (_, query) = reply.location?.split_once('?')?;
            let query = query.split('#').next()?;
            query.split('&').find_map(|pair| pair.strip_prefix("error=")).map(str::to_owned)
        };
        let reason = said.reason.or_else(in_location).filter(|reason| failure::is_plain(reason));
        let known = reason.as_deref().and_then(meaning);
        let mut failure = match (reply.status, known) {
            // A link that does not work leads to a page that says so.
            (300..400, Some((rule, _, message))) if self == Flow::UseMagicLink => {
                Failure { message, ..Failure::of(rule) }
            }
            (300..400, None) if self == Flow::UseMagicLink && reason.is_some() => {
                Failure::of(Rule::FlowFailed)
            }
            (status, _) => Failure::refused(Some(self), status, reason.as_deref()),
        };
        if failure.code != Code::Unavailable {
            failure.reason = reason;
        }
        failure.retry_after = wait.filter(|_| matches!(failure.status, 429 | 503));
        failure
    }

    /// The flow whose form asks at a path: below the backend's base path, in lower case, without a slash before it. All
    /// ways to sign in are like the one by password.
    pub fn at(path: &str) -> Option<Self> {
        let asks = |flow: &Flow| flow.paths().iter().any(|own| own.strip_prefix('/') == Some(path));
        let known = Self::ALL.iter().map(|&(_, flow)| flow).find(asks);
        known.or_else(|| path.starts_with("sign-in/").then_some(Flow::SignIn))
    }

    /// A field that this form has.
    fn own_field(self, field: Option<&'static str>) -> Option<&'static str> {
        field.filter(|field| self.fields().iter().any(|(own, ..)| own == field))
    }
}

impl Failure {
    /// What a refusal of the backend means: its status, and its own code if it has one. `flow` is the form that asks;
    /// `None` for a request that no form of the account makes.
    ///
    /// ```
    /// use httponly::error::Code;
    /// use httponly::auth::{failure::Failure, flow::Flow};
    ///
    /// let refused = |flow, status| Failure::refused(flow, status, None).code;
    /// assert_eq!(refused(Some(Flow::SignIn), 401), Code::SigninFailed);
    /// assert_eq!(refused(None, 401), Code::Unauthenticated);
    /// ```
    pub fn refused(flow: Option<Flow>, status: u16, reason: Option<&str>) -> Self {
        match (status, reason.and_then(meaning)) {
            (429, _) => Failure::of(Rule::FlowLimited),
            (400..500, Some((rule, field, message))) => {
                let field = flow.and_then(|flow| flow.own_field(field));
                Failure { status, message, field, ..Failure::of(rule) }
            }
            (403, _) => Failure::of(Rule::FlowRejected),
            (401, _) if flow.is_none_or(|flow| flow.fields().first() != Some(&EMAIL)) => {
                Failure::of(Rule::FlowUnauthenticated)
            }
            (400..500, None) => {
                let rule = if flow.is_some() { Rule::FlowFailed } else { Rule::FlowRejected };
                Failure { status, ..Failure::of(rule) }
            }
            _ => Failure::of(Rule::BackendAway),
        }
    }
}

impl Pages {
    /// Checks the paths; an empty `verify` is none: who has made an account goes on at once. `None` if one is no local
    /// path.
    pub fn new(login: &str, home: &str, verify: &str, reset: &str, signed_out: &str) -> Option<Self> {
        let local = |path: &str| redirect::check(path, &[]).map(std::borrow::Cow::into_owned);
        Some(Self {
            login: local(login)?,
            home: local(home)?,
            verify: if verify.is_empty() { None } else { Some(local(verify)?) },
            reset: local(reset)?,
            signed_out: local(signed_out)?,
        })
    }
}

/// Where a visitor wants to go: the first of the candidates that says something, if it is a path of the app, or an
/// address of the app's origin `own`. What leads elsewhere is `None`.
///
/// ```
/// use httponly::auth::flow::destination;
///
/// let own = "https://app.example";
/// assert_eq!(destination(&["", "/library?a"], own).as_deref(), Some("/library?a"));
/// assert_eq!(destination(&["https://app.example/library"], own).as_deref(), Some("/library"));
/// assert_eq!(destination(&["//evil.example", "/library"], own), None);
/// ```
pub fn destination(candidates: &[&str], own: &str) -> Option<String> {
    let wanted = candidates.iter().find(|candidate| !candidate.is_empty())?;
    let path = match wanted.strip_prefix(own) {
        Some("") => "/",
        Some(path) if !own.is_empty() && path.starts_with('/') => path,
        _ => wanted,
    };
    redirect::check(path, &[]).map(std::borrow::Cow::into_owned)
}

/// The address of a provider's page that a reply leads to.
fn provider(body: &str) -> Option<String> {
    let Json::String(url) = json::members(body)?.into_iter().rfind(|(name, _)| name == "url")?.1 else {
        return None;
    };
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (plain && crate::http::same_origin::of(&url).is_some()).then_some(url)
}

fn is_verified(user: Option<&str>) -> bool {
    user.and_then(json::members)
        .and_then(|members| members.into_iter().rfind(|(name, _)| name == "emailVerified"))
        .is_some_and(|(_, value)| value == Json::Boolean(true))
}

/// What a checkbox sends; one that is not checked sends nothing.
fn is_on(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "false" | "off" | "0" | "no")
}

fn is_address(text: &str) -> bool {
    let blank = text.chars().any(char::is_whitespace);
    text.len() <= 320
        && !blank
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

/// A JSON object as it grows.
#[derive(Default)]
struct Body(String);

impl Body {
    fn member(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        json::push_string(name, &mut self.0);
        self.0.push(':');
        self.0.push_str(value);
    }

    fn text(&mut self, name: &str, value: &str) {
        let mut text = String::with_capacity(value.len() + 2);
        json::push_string(value, &mut text);
        self.member(name, &text);
    }

    fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

impl From<FieldError> for Refusal {
    fn from(blame: FieldError) -> Self {
        blame.rule.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    fn pages() -> Pages {
        Pages::new("/login", "/", "/verify", "/reset-password", "/bye").unwrap()
    }

    fn plan(flow: &str, form: &[(&str, &str)]) -> Result<Vec<(&'static str, String)>, FieldError> {
        let steps = Flow::parse(flow).unwrap().plan(form, &pages(), Some("/library"), OWN)?;
        Ok(steps.into_iter().map(|Step { path, body }| (path, body)).collect())
    }

    #[test]
    fn a_form_is_one_request_with_the_fields_that_it_knows() {
        let ada = ("email", " ada@example.com ");
        for (flow, form, path, body) in [
            (
                "signin",
                &[ada, ("password", " p\"w "), ("role", "admin")][..],
                "/sign-in/email",
                r#"{"email":"ada@example.com","password":" p\"w ","rememberMe":false}"#,
            ),
            (
                "signin",
                &[ada, ("password", "x"), ("rememberMe", "off"), ("rememberMe", "on")],
                "/sign-in/email",
                r#"{"email":"ada@example.com","password":"x","rememberMe":true}"#,
            ),
            (
                "signup",
                &[("name", "Ada"), ada, ("password", "x")],
                "/sign-up/email",
                r#"{"name":"Ada","email":"ada@example.com","password":"x","callbackURL":"https://app.example/library"}"#,
            ),
            (
                "social",
                &[("provider", "github")],
                "/sign-in/social",
                r#"{"provider":"github","callbackURL":"https://app.example/library","errorCallbackURL":"https://app.example/login?redirect=/library"}"#,
            ),
            ("useMagicLink", &[("token", "t")], "/magic-link/verify", r#"{"token":"t"}"#),
            (
                "requestReset",
                &[ada],
                "/request-password-reset",
                r#"{"email":"ada@example.com","redirectTo":"https://app.example/reset-password"}"#,
            ),
            (
                "resetPassword",
                &[("token", "t"), ("password", "x"), ("confirmation", "x")],
                "/reset-password",
                r#"{"token":"t","newPassword":"x"}"#,
            ),
            ("signout", &[("id", "1")], "/sign-out", "{}"),
            ("revokeSession", &[("id", "1")], "/revoke-session", r#"{"id":"1"}"#),
        ] {
            assert_eq!(plan(flow, form).unwrap(), [(path, body.to_owned())], "{flow}");
        }
        let everywhere: Vec<_> = plan("signoutEverywhere", &[]).unwrap().into_iter().map(|s| s.0).collect();
        assert_eq!(everywhere, ["/revoke-sessions", "/sign-out"]);
        assert_eq!(Flow::parse("SignIn"), None);
    }

    #[test]
    fn a_field_that_is_not_as_it_must_be_is_named() {
        let long = "x".repeat(MAX_FIELD + 1);
        for (flow, form, field, rule) in [
            ("signin", &[][..], "email", Rule::FlowField),
            ("signin", &[("email", "  ")], "email", Rule::FlowField),
            ("signin", &[("email", "ada")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a@b@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a b@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a@b\r\nBcc: x@y")], "email", Rule::FlowText),
            ("signin", &[("email", "a@b"), ("email", "c@d")], "email", Rule::FlowText),
            ("signin", &[("email", "a@b")], "password", Rule::FlowField),
            ("signin", &[("email", "a@b"), ("password", &long)], "password", Rule::FlowText),
            ("signup", &[("email", "a@b"), ("password", "x")], "name", Rule::FlowField),
            (
                "resetPassword",
                &[("token", "t"), ("password", "x"), ("confirmation", "y")],
                "confirmation",
                Rule::FlowConfirmation,
            ),
            ("useMagicLink", &[("token", "")], "token", Rule::FlowField),
        ] {
            assert_eq!(plan(flow, form), Err(FieldError { field, rule }), "{flow} {form:?}");
        }
    }

    #[test]
    fn a_form_shows_neither_passwords_nor_tokens_again() {
        let form = [
            ("email", "a@b"),
            ("password", "secret"),
            ("confirmation", "secret"),
            ("token", "secret"),
            ("rememberMe", "on"),
            ("redirect", "/x"),
            ("other", "secret"),
        ];
        for (_, flow) in Flow::ALL {
            assert!(flow.echo(&form).iter().all(|(_, value)| *value != "secret"), "{flow:?}");
        }
        assert_eq!(Flow::SignIn.echo(&form), [("email", "a@b"), ("rememberMe", "on"), ("redirect", "/x")]);
    }

    fn outcome(flow: Flow, status: u16, body: &str) -> Outcome {
        flow.outcome(0, Reply { status, body, ..Reply::default() }, &pages(), None, "a+b@c", 0.0)
    }

    #[test]
    fn success_leads_on_or_says_something() {
        let to = |flow, body| match outcome(flow, 200, body) {
            Outcome::Done { location, notice, .. } => location.or(notice.map(Into::into)).unwrap(),
            other => panic!("{other:?}"),
        };
        for (flow, body, expected) in [
            (Flow::SignIn, r#"{"user":{"id":"1"}}"#, "/"),
            (Flow::SignUp, r#"{"user":{"id":"1","emailVerified":false}}"#, "/verify?email=a%2Bb%40c"),
            (Flow::SignUp, r#"{"user":{"id":"1","emailVerified":true}}"#, "/"),
            (
                Flow::Social,
                r#"{"url":"https://github.example/o?a","redirect":true}"#,
                "https://github.example/o?a",
            ),
            (Flow::SendMagicLink, "{}", "magic-link-sent"),
            (Flow::UseMagicLink, "{}", "/"),
            (Flow::SendVerification, "{}", "verification-sent"),
            (Flow::RequestReset, "{}", "reset-sent"),
            (Flow::ResetPassword, "{}", "/login?notice=password-reset"),
            (Flow::SignOut, "{}", "/bye"),
            (Flow::RevokeSession, "{}", "session-revoked"),
            (Flow::RevokeOtherSessions, "{}", "sessions-revoked"),
        ] {
            assert_eq!(to(flow, body), expected, "{flow:?} {body}");
        }
        assert_eq!(outcome(Flow::SignOutEverywhere, 200, "{}"), Outcome::Next);
        assert_eq!(outcome(Flow::SignOutEverywhere, 401, ""), Outcome::Next);
        let Outcome::Done { user, .. } = outcome(Flow::SignIn, 200, r#"{"user":{"id":"1"}}"#) else {
            panic!()
        };
        assert_eq!(user.as_deref(), Some(r#"{"id":"1"}"#));
        for url in ["javascript:alert(1)", "//evil.example", "https:\\\\x", ""] {
            let body = format!(r#"{{"url":{url:?}}}"#);
            assert!(matches!(outcome(Flow::Social, 200, &body), Outcome::Failed(_)), "{url}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_failure_is_typed() {
        for (flow, status, body, code, answered, reason, field) in [
            (
                Flow::SignIn,
                401,
                r#"{"code":"INVALID_EMAIL_OR_PASSWORD"}"#,
                "signin-failed",
                401,
                Some("INVALID_EMAIL_OR_PASSWORD"),
                None,
            ),
            (
                Flow::SignIn,
                401,
                r#"{"error":{"code":"UNAUTHORIZED","message":"x"}}"#,
                "signin-failed",
                401,
                Some("UNAUTHORIZED"),
                None,
            ),
            (Flow::SignIn, 401, "", "signin-failed", 401, None, None),
            (
                Flow::SignIn,
                403,
                r#"{"code":"EMAIL_NOT_VERIFIED"}"#,
                "signin-failed",
                403,
                Some("EMAIL_NOT_VERIFIED"),
                None,
            ),
            (
                Flow::SignIn,
                403,
                r#"{"code":"INVALID_ORIGIN"}"#,
                "rejected",
                403,
                Some("INVALID_ORIGIN"),
                None,
            ),
            (
                Flow::SignIn,
                403,
                r#"{"error":{"code":"cross-origin","message":"x"}}"#,
                "cross-origin",
                403,
                None,
                None,
            ),
            (Flow::SignIn, 429, r#"{"message":"Too many requests."}"#, "rate-limited", 429, None, None),
            (
                Flow::SignIn,
                503,
                r#"{"error":{"code":"unavailable","message":"x"}}"#,
                "unavailable",
                503,
                None,
                None,
            ),
            (Flow::SignIn, 500, r#"{"code":"SECRET"}"#, "unavailable", 503, None, None),
            (Flow::SignIn, 302, "", "unavailable", 503, None, None),
            (Flow::SignIn, 400, r#"{"code":"<b>x</b>"}"#, "signin-failed", 400, None, None),
            (
                Flow::SignUp,
                422,
                r#"{"code":"USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"}"#,
                "signin-failed",
                422,
                Some("USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"),
                Some("email"),
            ),
            (
                Flow::SignUp,
                400,
                r#"{"code":"PASSWORD_TOO_SHORT"}"#,
                "field-invalid",
                400,
                Some("PASSWORD_TOO_SHORT"),
                Some("password"),
            ),
            (
                Flow::ResetPassword,
                400,
                r#"{"code":"INVALID_TOKEN"}"#,
                "signin-failed",
                400,
                Some("INVALID_TOKEN"),
                None,
            ),
            (
                Flow::RevokeSession,
                401,
                r#"{"code":"UNAUTHORIZED"}"#,
                "unauthenticated",
                401,
                Some("UNAUTHORIZED"),
                None,
            ),
        ] {
            let Outcome::Failed(failure) = outcome(flow, status, body) else { panic!("{flow:?} {status}") };
            let got = (failure.code.as_str(), failure.status, failure.reason.as_deref(), failure.field);
            assert_eq!(got, (code, answered, reason, field), "{flow:?} {status} {body}");
        }
    }

    #[test]
    fn too_many_attempts_say_how_long() {
        let reply = |retry_after| Reply { status: 429, retry_after, ..Reply::default() };
        let wait = |retry_after| {
            let out = Flow::SignIn.outcome(0, reply(retry_after), &pages(), None, "", 0.0);
            let Outcome::Failed(failure) = out else { panic!("{out:?}") };
            failure.retry_after
        };
        assert_eq!(wait(Some("900")), Some(900));
        assert_eq!(wait(Some("soon")), None);
    }

    #[test]
    fn a_used_magic_link_is_a_failure_though_the_backend_redirects() {
        let reply = Reply { status: 302, location: Some("/?error=INVALID_TOKEN"), ..Reply::default() };
        let out = Flow::UseMagicLink.outcome(0, reply, &pages(), None, "", 0.0);
        let Outcome::Failed(failure) = out else { panic!("{out:?}") };
        assert_eq!((failure.status, failure.reason.as_deref()), (401, Some("INVALID_TOKEN")));
    }

    #[test]
    fn a_destination_is_in_the_app() {
        for (candidates, expected) in [
            (&[][..], None),
            (&["", ""], None),
            (&["/a"], Some("/a")),
            (&["", "/b"], Some("/b")),
            (&["//evil.example", "/b"], None),
            (&["/\\evil.example"], None),
            (&["https://evil.example/"], None),
            (&["https://app.example"], Some("/")),
            (&["https://app.example/a?b#c"], Some("/a?b#c")),
            (&["https://app.example//evil.example"], None),
            (&["https://app.example.evil.example/"], None),
            (&["https://app.example@evil.example/"], None),
        ] {
            assert_eq!(destination(candidates, OWN).as_deref(), expected, "{candidates:?}");
        }
    }
}
