//! Refusals of the backend under this package's names, beside its own.
//!
//! A backend says in codes and words of its own why it refuses, and its client library reads those. An app reads one
//! shape, whoever refused: `{ "error": { "code", "message", "reason" } }`. So what the page gets is both: the members
//! that the backend wrote, and `error`, of which no word is the backend's.

use crate::error::{Code, Rule};
use crate::http::json;
use crate::http::json::Json;

/// Why the backend, or the handler before it, did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Of the answer to the visitor.
    pub status: u16,
    /// Our name for it.
    pub code: Code,
    /// For people.
    pub message: &'static str,
    /// The backend's own code.
    pub reason: Option<String>,
    /// The field to blame.
    pub field: Option<&'static str>,
    /// Seconds until another attempt makes sense.
    pub retry_after: Option<u32>,
}

impl Failure {
    /// The failure that a rule stands for.
    pub fn of(rule: Rule) -> Self {
        Self {
            status: rule.status(),
            code: rule.code(),
            message: rule.text(),
            reason: None,
            field: None,
            retry_after: None,
        }
    }
}

/// What the codes of Better Auth mean, as far as a form can do something about them.
pub(super) fn meaning(reason: &str) -> Option<(Rule, Option<&'static str>, &'static str)> {
    let failed = |field, message| Some((Rule::FlowFailed, field, message));
    let field = |field, message| Some((Rule::FlowText, Some(field), message));
    match reason {
        "INVALID_EMAIL_OR_PASSWORD" | "INVALID_CREDENTIALS" => {
            failed(None, "the e-mail address or the password is wrong")
        }
        "EMAIL_NOT_VERIFIED" => failed(None, "the e-mail address is not verified yet"),
        "USER_ALREADY_EXISTS" | "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL" => {
            failed(Some("email"), "there is an account with this e-mail address already")
        }
        "INVALID_TOKEN" | "TOKEN_EXPIRED" | "EXPIRED_TOKEN" => {
            failed(None, "the link is used up or too old: ask for a new one")
        }
        "INVALID_EMAIL" => field("email", "this is no e-mail address"),
        "PASSWORD_TOO_SHORT" => field("password", "the password is too short"),
        "PASSWORD_TOO_LONG" => field("password", "the password is too long"),
        "PROVIDER_NOT_FOUND" => field("provider", "the authentication backend does not know this provider"),
        "INVALID_CODE" | "INVALID_OTP" | "INVALID_BACKUP_CODE" => failed(Some("code"), "the code is wrong"),
        "OTP_HAS_EXPIRED" => failed(Some("code"), "the code is too old: ask for a new one"),
        "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE" => {
            failed(Some("code"), "too many wrong codes: ask for a new one, or sign in again")
        }
        "INVALID_TWO_FACTOR_COOKIE" => failed(None, "too much time has passed: sign in again"),
        "SESSION_NOT_FOUND" => field("id", "there is no such session any more"),
        _ => None,
    }
}

/// What a body that came through the handler says about a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// The code, where the handler itself refused.
    pub own: Option<Code>,
    /// The backend's own code, where it refused.
    pub reason: Option<String>,
}

/// Reads a body that came through the handler.
pub(super) fn read(body: &str) -> ErrorBody {
    let members = json::spans(body).unwrap_or_default();
    let error = last(&members, "error").and_then(json::members).unwrap_or_default();
    let (code, beside) = (text(&error, "code"), text(&error, "reason"));
    let typed = code.as_deref().and_then(named);
    let alone = members.len() == 1 && beside.is_none();
    if let Some(own) = typed.filter(|&code| alone && is_handlers(code)) {
        return ErrorBody { own: Some(own), reason: None };
    }
    let written = text(&json::members(body).unwrap_or_default(), "code");
    let reason = written.or(if typed.is_some() { beside } else { code });
    ErrorBody { own: None, reason }
}

/// Whether the handler refuses with this code by itself. What the backend refuses has other codes, or a reason, or
/// members beside `error`; and a path that the backend does not know is like one that the handler does not.
pub(super) fn is_handlers(code: Code) -> bool {
    !matches!(
        code,
        Code::SigninFailed | Code::RateLimited | Code::Rejected | Code::Unauthenticated | Code::UnknownTarget
    )
}

/// Our code of this name.
pub(super) fn named(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}

/// A code, and no text that an upstream wants people to read.
pub(crate) fn is_plain(code: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=64).contains(&code.len()) && code.bytes().all(plain)
}

/// The backend's own code in a body that it wrote: the member `code`, that of `error`, or an `error` that is a code
/// itself, as OAuth has it (RFC 6749 section 5.2).
///
/// ```
/// use httponly::auth::failure::reason;
///
/// assert_eq!(reason(r#"{"code":"INVALID_TOKEN","message":"…"}"#).as_deref(), Some("INVALID_TOKEN"));
/// assert_eq!(reason(r#"{"error":"authorization_pending"}"#).as_deref(), Some("authorization_pending"));
/// assert_eq!(reason(r#"{"error":"Please try again."}"#), None);
/// ```
pub fn reason(body: &str) -> Option<String> {
    let members = json::members(body)?;
    let nested = || {
        let spans = json::spans(body)?;
        text(&json::members(last(&spans, "error")?)?, "code")
    };
    text(&members, "code").or_else(nested).or_else(|| text(&members, "error")).filter(|code| is_plain(code))
}

/// Whether a body is an OAuth endpoint's refusal, whose clients go by its `error` (RFC 6749 section 5.2, RFC 8628 section
/// 3.5).
///
/// ```
/// use httponly::auth::failure::is_oauth;
///
/// assert!(is_oauth(r#"{"error":"authorization_pending"}"#));
/// assert!(!is_oauth(r#"{"error":{"code":"INVALID_TOKEN"}}"#));
/// ```
pub fn is_oauth(body: &str) -> bool {
    json::members(body).and_then(|members| text(&members, "error")).is_some_and(|code| is_plain(&code))
}

/// The body of a refusal: the members of the backend's, if that is an object, and `error`.
///
/// ```
/// use httponly::error::Rule;
/// use httponly::auth::failure::Failure;
/// use httponly::auth::failure::typed;
///
/// let failure = Failure { reason: Some("BANNED_USER".into()), ..Failure::of(Rule::FlowRejected) };
/// assert_eq!(
///     typed(r#"{"code":"BANNED_USER"}"#, &failure),
///     r#"{"code":"BANNED_USER","error":{"code":"rejected","message":"the authentication backend refused","reason":"BANNED_USER"}}"#
/// );
/// ```
pub fn typed(body: &str, failure: &Failure) -> String {
    let mut out = String::with_capacity(body.len() + 128);
    out.push('{');
    for (name, value) in json::spans(body).unwrap_or_default() {
        if name != "error" {
            json::push_string(&name, &mut out);
            out.push(':');
            out.push_str(value);
            out.push(',');
        }
    }
    out.push_str("\"error\":{\"code\":");
    json::push_string(failure.code.as_str(), &mut out);
    out.push_str(",\"message\":");
    json::push_string(failure.message, &mut out);
    if let Some(reason) = &failure.reason {
        out.push_str(",\"reason\":");
        json::push_string(reason, &mut out);
    }
    out.push_str("}}");
    out
}

/// The member that counts where a name stands twice.
fn last<'m, T>(members: &'m [(String, &'m T)], name: &str) -> Option<&'m T>
where
    T: ?Sized,
{
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
}

fn text(members: &[(String, Json)], name: &str) -> Option<String> {
    match members.iter().rev().find(|(key, _)| key == name)? {
        (_, Json::String(text)) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_handler_is_told_from_one_of_the_backend() {
        let own = |code| ErrorBody { own: Some(code), reason: None };
        let of = |reason: &str| ErrorBody { own: None, reason: Some(reason.into()) };
        for (body, said) in [
            (r#"{"error":{"code":"cross-origin","message":"m"}}"#, own(Code::CrossOrigin)),
            (r#"{"error":{"code":"unavailable","message":"m"}}"#, own(Code::Unavailable)),
            (r#"{"error":{"code":"field-invalid","message":"m"}}"#, own(Code::FieldInvalid)),
            // The backend's, as the handler passes them on.
            (
                r#"{"error":{"code":"field-invalid","message":"m","reason":"INVALID_EMAIL"}}"#,
                of("INVALID_EMAIL"),
            ),
            (r#"{"code":"A","error":{"code":"signin-failed","message":"m","reason":"A"}}"#, of("A")),
            (r#"{"message":"m","error":{"code":"field-invalid","message":"m"}}"#, ErrorBody::default()),
            (r#"{"error":{"code":"rejected","message":"m"}}"#, ErrorBody::default()),
            (r#"{"error":{"code":"unknown-target","message":"m"}}"#, ErrorBody::default()),
            // As backends write them.
            (r#"{"code":"cross-origin","message":"m"}"#, of("cross-origin")),
            (r#"{"error":{"code":"UNAUTHORIZED","message":"m"}}"#, of("UNAUTHORIZED")),
            (r#"{"error":"invalid_grant"}"#, ErrorBody::default()),
            ("[]", ErrorBody::default()),
            ("", ErrorBody::default()),
        ] {
            assert_eq!(read(body), said, "{body}");
        }
    }

    #[test]
    fn what_the_backend_wrote_stays_but_for_the_member_error() {
        let failure = Failure { reason: Some("X".into()), ..Failure::of(Rule::FlowFailed) };
        let error = r#""error":{"code":"signin-failed","message":"it did not work","reason":"X"}}"#;
        for (body, start) in [
            ("", "{"),
            ("null", "{"),
            ("[1]", "{"),
            (r#""text""#, "{"),
            ("{}", "{"),
            (
                r#"{ "code" : "X", "n": 1.50, "l": [1, {"error": 2}] }"#,
                r#"{"code":"X","n":1.50,"l":[1, {"error": 2}],"#,
            ),
            (r#"{"error":{"code":"unavailable"},"a":"\u00e9\"","\u0065rror":1}"#, r#"{"a":"\u00e9\"","#),
            (r#"{"__proto__":{},"a\"b":1}"#, r#"{"__proto__":{},"a\"b":1,"#),
        ] {
            assert_eq!(typed(body, &failure), format!("{start}{error}"), "{body}");
        }
    }

    #[test]
    fn a_reason_is_a_code_and_no_text() {
        for (body, expected) in [
            (r#"{"code":"A","error":{"code":"B"}}"#, Some("A")),
            (r#"{"error":{"code":"B"}}"#, Some("B")),
            (r#"{"error":"invalid_grant"}"#, Some("invalid_grant")),
            (r#"{"code":7,"error":"x"}"#, Some("x")),
            (r#"{"code":"<b>x</b>"}"#, None),
            (r#"{"code":""}"#, None),
            (r#"{"error":"it is not so"}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(reason(body).as_deref(), expected, "{body}");
        }
    }
}
