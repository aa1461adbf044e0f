//! What the backend's answer to a form means for the visitor.

use super::{EMAIL, Flow, Pages};
use crate::auth::failure::{self, Failure, meaning};
use crate::auth::second_factor;
use crate::error::{Code, Rule};
use crate::http::json::Json;
use crate::http::{form, json, retry_after};

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

impl Flow {
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
            Flow::SignIn => match second_factor::methods(reply.body) {
                Some(methods) => (Some(second_factor::location(&pages.two_factor, &methods, redirect)), None),
                None => (back(), None),
            },
            Flow::UseMagicLink | Flow::VerifyTotp | Flow::VerifyOtp | Flow::VerifyBackupCode => {
                (back(), None)
            }
            Flow::SendOtp => stay("code-sent"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("/login", "/", "/verify", "/reset-password", "/bye", "/two-factor").unwrap()
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
            (
                Flow::SignIn,
                r#"{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}"#,
                "/two-factor?methods=totp%2Cotp",
            ),
            (Flow::VerifyTotp, r#"{"user":{"id":"1"}}"#, "/"),
            (Flow::SendOtp, r#"{"status":true}"#, "code-sent"),
            (Flow::VerifyOtp, r#"{"user":{"id":"1"}}"#, "/"),
            (Flow::VerifyBackupCode, r#"{"user":{"id":"1"}}"#, "/"),
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
}
