//! What the page asks of the authentication backend, and what it makes of the answers.
//!
//! A page asks its own origin, where a handler passes the request on. So an answer may be the backend's, the handler's,
//! or that of an app which has no such handler.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::failure::{is_handlers, is_plain, meaning, named};
use super::second_factor;
use super::session_response::{Content, content, without_tokens};
use crate::error::{Code, Rule};
use crate::http::json;
use crate::http::{form, redirect, same_origin};

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInMethod {
    /// An e-mail address and a password: the answer says who is signed in.
    Credentials,
    /// A link in a mail: nobody is signed in yet.
    MagicLink,
    /// A provider elsewhere, to which the page is sent.
    OAuth,
}

/// The way that a provider's name stands for; `None` for no name.
pub fn way(provider: &str) -> Option<SignInMethod> {
    match provider {
        "" => None,
        "credentials" => Some(SignInMethod::Credentials),
        "magic-link" => Some(SignInMethod::MagicLink),
        _ => Some(SignInMethod::OAuth),
    }
}

impl SignInMethod {
    /// Its path below the endpoint.
    pub const fn path(self) -> &'static str {
        match self {
            SignInMethod::Credentials => "/sign-in/email",
            SignInMethod::MagicLink => "/sign-in/magic-link",
            SignInMethod::OAuth => "/sign-in/social",
        }
    }
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To sign in.
    SignIn,
    /// To sign out, here or everywhere.
    SignOut,
    /// Who is signed in.
    Session,
}

/// Why the page did not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable name.
    pub code: Code,
    /// The rule that it stands for; `None` where the handler gave a code of its own.
    pub rule: Option<Rule>,
    /// For people.
    pub message: String,
    /// The backend's own name of it: `INVALID_EMAIL_OR_PASSWORD`, say.
    pub reason: Option<String>,
}

/// Reads a refusal: the status of an answer and its body, which is the handler's `{ "error": { "code", "message" } }`,
/// the backend's `{ "code", "message" }` with such an `error` beside it or without, or anything.
///
/// ```
/// use httponly::error::Code;
/// use httponly::auth::client::{Operation, failure};
///
/// let body = r#"{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}"#;
/// let failure = failure(Operation::SignIn, 401, body);
/// assert_eq!(failure.code, Code::SigninFailed);
/// assert_eq!(failure.reason.as_deref(), Some("INVALID_EMAIL_OR_PASSWORD"));
/// ```
pub fn failure(asked: Operation, status: u16, body: &str) -> Failure {
    let members = json::spans(body).unwrap_or_default();
    let nested = last(&members, "error").and_then(json::spans);
    let beside = |name| nested.as_deref().and_then(|error| text(error, name));
    let code = beside("code").as_deref().and_then(named);
    let because = beside("reason");
    // What the handler refuses has a name; what the backend refuses is told by its own name for it, and by the status.
    if let (Some(code), Some(message)) = (code, beside("message"))
        && asked != Operation::Session
        && is_handlers(code)
        && members.len() == 1
        && because.is_none()
    {
        return Failure { code, rule: None, message, reason: None };
    }
    let theirs = nested.as_deref().filter(|_| code.is_none()).unwrap_or(&members);
    let message = text(theirs, "message");
    let name = text(theirs, "code").or_else(|| because.clone());
    let rule = match (asked, status) {
        (Operation::Session, 403) => Rule::FlowRejected,
        (Operation::Session, _) | (_, 500..) => Rule::BackendSilent,
        (_, 429) => Rule::FlowLimited,
        // Not even a name for it: there is no such handler, or none that knows this path.
        (_, 400..) if name.is_none() && status != 401 => Rule::EndpointRefused,
        // Not these credentials are refused, but this app, or whoever asks.
        (Operation::SignIn, 403) if name.as_deref() != Some("EMAIL_NOT_VERIFIED") => Rule::FlowRejected,
        (Operation::SignIn, 400..) => Rule::SigninFailed,
        (_, 401) => Rule::FlowUnauthenticated,
        (_, 400..) => Rule::FlowRejected,
        _ => Rule::EndpointRefused,
    };
    let message = match message.filter(|message| !message.is_empty()) {
        Some(message) => format!("{}: {message}", rule.text()),
        None => format!("{}: status {status}", rule.text()),
    };
    let reason = because.or(name).filter(|name| is_plain(name));
    Failure { code: rule.code(), rule: Some(rule), message, reason }
}

/// The failure with which a page was reached from a sign-in elsewhere, by the query of its address: `error`, and `reason`
/// where there is one. An `error` that is none of our codes is the backend's own, and so a reason; what is not a code at all
/// is not a failure of a sign-in.
///
/// ```
/// use httponly::error::Code;
/// use httponly::auth::client::came_back;
///
/// let failure = came_back("error=access_denied&redirect=/a").unwrap();
/// assert_eq!((failure.code, failure.reason.as_deref()), (Code::SigninFailed, Some("access_denied")));
/// assert_eq!(came_back("error=Please+try+again."), None);
/// ```
pub fn came_back(query: &str) -> Option<Failure> {
    let said = |name| form::field(query, name).filter(|text| is_plain(text));
    let error = said("error")?;
    let code = named(&error);
    let reason = said("reason").or_else(|| code.is_none().then_some(error));
    let rule = match code.unwrap_or(Code::SigninFailed) {
        Code::RateLimited => Rule::FlowLimited,
        Code::Rejected => Rule::FlowRejected,
        Code::Unavailable => Rule::BackendSilent,
        _ => Rule::SigninFailed,
    };
    let message = reason.as_deref().and_then(meaning).map_or(rule.text(), |(_, _, message)| message);
    Some(Failure { code: rule.code(), rule: Some(rule), message: message.into(), reason })
}

/// What an answer to a sign-in says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInResult {
    /// Who is signed in, as JSON without tokens.
    Here(String),
    /// The page has to go there.
    Go(String),
    /// A mail is under way.
    Mail,
    /// A second factor is needed, by one of these methods.
    SecondFactor(Vec<String>),
}

/// Reads the answer to a sign-in that succeeded.
///
/// # Errors
/// [`Rule::EndpointRefused`] for what is no such answer, [`Rule::SigninFailed`] where nobody is signed in by it.
pub fn arrival(way: SignInMethod, body: &str) -> Result<SignInResult, Rule> {
    let members = json::spans(body).ok_or(Rule::EndpointRefused)?;
    if way == SignInMethod::Credentials
        && let Some(methods) = second_factor::methods(body)
    {
        return Ok(SignInResult::SecondFactor(methods));
    }
    let user = last(&members, "user").filter(|user| json::members(user).is_some());
    match way {
        SignInMethod::MagicLink => Ok(SignInResult::Mail),
        SignInMethod::OAuth if user.is_none() => {
            let url = text(&members, "url").ok_or(Rule::SigninFailed)?;
            leads_to_a_page(&url).then_some(SignInResult::Go(url)).ok_or(Rule::EndpointRefused)
        }
        _ => user.and_then(without_tokens).map(SignInResult::Here).ok_or(Rule::SigninFailed),
    }
}

/// Who is signed in, as JSON without tokens: the user, the session, and what the backend says beside them.
pub type Signed = (String, String, Option<String>);

/// Reads an answer to "who is signed in?": `Ok(None)` for nobody. When a session ends is for the server to say, and not
/// looked at: the page's clock may be wrong.
///
/// # Errors
/// Where nobody can tell, or the backend refuses to say; the codes are those of a session answer.
pub fn session(status: u16, body: &str) -> Result<Option<Signed>, Failure> {
    let clean = |content| match content {
        Content::Nobody => Some(None),
        Content::Somebody(found) => {
            Some(Some((without_tokens(found.user)?, without_tokens(found.session)?, found.further()?)))
        }
    };
    let read = match status {
        200 => content(body).and_then(clean),
        401 => Some(None),
        _ => None,
    };
    read.ok_or_else(|| failure(Operation::Session, status, body))
}

/// Whether a page may be sent there by its own server: a provider's page, or a path of the app; never a script.
fn leads_to_a_page(url: &str) -> bool {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && (same_origin::of(url).is_some() || redirect::check(url, &[]).is_some())
}

/// Where the page goes afterwards: a target on the origin `own`, written as a path or in full; `/` for any other.
///
/// ```
/// use httponly::auth::client::target;
///
/// assert_eq!(target("/library?a#b", "https://app.example"), "/library?a#b");
/// assert_eq!(target("//evil.example", "https://app.example"), "/");
/// ```
pub fn target<'t>(wanted: &'t str, own: &str) -> Cow<'t, str> {
    redirect::check(wanted, &[own]).unwrap_or(Cow::Borrowed("/"))
}

/// Whether a sign-in that failed with this code leads to the page for failures. A backend that is away, or a handler
/// that is not there, has decided nothing: the form that was filled in stays.
pub fn is_decided(code: &str) -> bool {
    [Code::SigninFailed, Code::RateLimited, Code::Rejected].iter().any(|decided| decided.as_str() == code)
}

/// A target with what went wrong in its query: `error`, and `reason` where there is one.
///
/// ```
/// use httponly::auth::client::with_error;
///
/// assert_eq!(with_error("/login?a=1#b", "signin-failed", Some("X Y")), "/login?a=1&error=signin-failed&reason=X%20Y#b");
/// ```
pub fn with_error(target: &str, code: &str, reason: Option<&str>) -> String {
    let (rest, fragment) = match target.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (target, None),
    };
    let mut out = String::from(rest);
    out.push(if rest.contains('?') { '&' } else { '?' });
    out.push_str("error=");
    component(code, &mut out);
    if let Some(reason) = reason {
        out.push_str("&reason=");
        component(reason, &mut out);
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

fn component(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The member that counts where a name stands twice.
fn last<'a>(members: &[(String, &'a str)], name: &str) -> Option<&'a str> {
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// A member that is text.
fn text(members: &[(String, &str)], name: &str) -> Option<String> {
    json::string(last(members, name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    #[test]
    fn a_page_is_told_what_failed_elsewhere_in_our_words() {
        for (query, expected) in [
            ("error=signin-failed&reason=ACCESS_DENIED", Some((Code::SigninFailed, Some("ACCESS_DENIED")))),
            ("a=b&error=unavailable", Some((Code::Unavailable, None))),
            ("error=rate-limited", Some((Code::RateLimited, None))),
            ("error=rejected&reason=BANNED", Some((Code::Rejected, Some("BANNED")))),
            ("error=INVALID_TOKEN", Some((Code::SigninFailed, Some("INVALID_TOKEN")))),
            ("error=too-large", Some((Code::SigninFailed, None))),
            ("error=signin-failed&reason=%3Cb%3E", Some((Code::SigninFailed, None))),
            ("error=", None),
            ("error=%3Cscript%3E", None),
            ("errors=signin-failed", None),
            ("", None),
        ] {
            let failure = came_back(query);
            let found = failure.as_ref().map(|failure| (failure.code, failure.reason.as_deref()));
            assert_eq!(found, expected, "{query}");
        }
        let used = came_back("error=INVALID_TOKEN").unwrap();
        assert_eq!(used.message, "the link is used up or too old: ask for a new one");
    }

    #[test]
    fn a_refusal_says_by_its_code_what_an_app_has_to_do() {
        let better_auth = |code: &str| format!(r#"{{"message":"m","code":"{code}"}}"#);
        let wrong = better_auth("INVALID_EMAIL_OR_PASSWORD");
        for (asked, status, body, code, reason) in [
            (Operation::SignIn, 401, wrong.as_str(), Code::SigninFailed, Some("INVALID_EMAIL_OR_PASSWORD")),
            (
                Operation::SignIn,
                403,
                r#"{"code":"EMAIL_NOT_VERIFIED"}"#,
                Code::SigninFailed,
                Some("EMAIL_NOT_VERIFIED"),
            ),
            (
                Operation::SignIn,
                404,
                r#"{"code":"PROVIDER_NOT_FOUND"}"#,
                Code::SigninFailed,
                Some("PROVIDER_NOT_FOUND"),
            ),
            (Operation::SignIn, 401, "", Code::SigninFailed, None),
            (Operation::SignIn, 401, r#"{"code":"<b>no name</b>"}"#, Code::SigninFailed, None),
            (
                Operation::SignIn,
                403,
                r#"{"code":"INVALID_ORIGIN","message":"m"}"#,
                Code::Rejected,
                Some("INVALID_ORIGIN"),
            ),
            (Operation::SignIn, 429, r#"{"message":"Too many requests."}"#, Code::RateLimited, None),
            (Operation::SignIn, 500, &wrong, Code::Unavailable, Some("INVALID_EMAIL_OR_PASSWORD")),
            (Operation::SignIn, 503, "<h1>502</h1>", Code::Unavailable, None),
            (Operation::SignIn, 404, "<h1>404</h1>", Code::EndpointRefused, None),
            (Operation::SignIn, 404, "", Code::EndpointRefused, None),
            (Operation::SignIn, 0, "", Code::EndpointRefused, None),
            (
                Operation::SignIn,
                403,
                r#"{"error":{"code":"cross-origin","message":"m"}}"#,
                Code::CrossOrigin,
                None,
            ),
            (
                Operation::SignIn,
                401,
                r#"{"error":{"code":"signin-failed","message":"m","reason":"R"}}"#,
                Code::SigninFailed,
                Some("R"),
            ),
            (
                Operation::SignIn,
                401,
                r#"{"error":{"code":"NOT_OURS","message":"m"}}"#,
                Code::SigninFailed,
                Some("NOT_OURS"),
            ),
            // A backend's own code that looks like one of ours is not ours.
            (Operation::SignIn, 401, r#"{"code":"cross-origin"}"#, Code::SigninFailed, Some("cross-origin")),
            (
                Operation::SignOut,
                401,
                &better_auth("UNAUTHORIZED"),
                Code::Unauthenticated,
                Some("UNAUTHORIZED"),
            ),
            (
                Operation::SignOut,
                403,
                &better_auth("SESSION_NOT_FRESH"),
                Code::Rejected,
                Some("SESSION_NOT_FRESH"),
            ),
            (Operation::SignOut, 429, "", Code::RateLimited, None),
            (Operation::SignOut, 404, "", Code::EndpointRefused, None),
            (
                Operation::SignOut,
                503,
                r#"{"error":{"code":"unavailable","message":"m"}}"#,
                Code::Unavailable,
                None,
            ),
            (Operation::Session, 403, "", Code::Rejected, None),
            (Operation::Session, 429, "", Code::Unavailable, None),
            (Operation::Session, 404, "", Code::Unavailable, None),
            (Operation::Session, 200, "<!doctype html>", Code::Unavailable, None),
            (
                Operation::Session,
                503,
                r#"{"error":{"code":"unavailable","message":"m"}}"#,
                Code::Unavailable,
                None,
            ),
        ] {
            let failure = failure(asked, status, body);
            assert_eq!(
                (failure.code, failure.reason.as_deref()),
                (code, reason),
                "{asked:?} {status} {body}"
            );
            assert!(!failure.message.is_empty());
        }
    }

    #[test]
    fn an_answer_says_who_is_signed_in_or_where_to_go() {
        for (way, body, expected) in [
            (
                SignInMethod::Credentials,
                r#"{"redirect":false,"token":"t","user":{"id":"1","token":"t"}}"#,
                Ok(SignInResult::Here(r#"{"id":"1"}"#.into())),
            ),
            (
                SignInMethod::Credentials,
                r#"{"twoFactorRedirect":true,"twoFactorMethods":["totp"]}"#,
                Ok(SignInResult::SecondFactor(vec!["totp".into()])),
            ),
            (SignInMethod::Credentials, r#"{"twoFactorRedirect":false}"#, Err(Rule::SigninFailed)),
            (SignInMethod::Credentials, r#"{"user":null}"#, Err(Rule::SigninFailed)),
            (SignInMethod::Credentials, "<!doctype html>", Err(Rule::EndpointRefused)),
            (SignInMethod::Credentials, "", Err(Rule::EndpointRefused)),
            (SignInMethod::MagicLink, r#"{"status":true}"#, Ok(SignInResult::Mail)),
            (SignInMethod::MagicLink, "<!doctype html>", Err(Rule::EndpointRefused)),
            (
                SignInMethod::OAuth,
                r#"{"url":"https://accounts.example/o?x=1","redirect":true}"#,
                Ok(SignInResult::Go("https://accounts.example/o?x=1".into())),
            ),
            (
                SignInMethod::OAuth,
                r#"{"url":"/auth/x","redirect":true}"#,
                Ok(SignInResult::Go("/auth/x".into())),
            ),
            (
                SignInMethod::OAuth,
                r#"{"redirect":false,"user":{"id":"1"}}"#,
                Ok(SignInResult::Here(r#"{"id":"1"}"#.into())),
            ),
            (SignInMethod::OAuth, r#"{"url":"javascript:alert(1)"}"#, Err(Rule::EndpointRefused)),
            (SignInMethod::OAuth, r#"{"url":"//evil.example"}"#, Err(Rule::EndpointRefused)),
            (SignInMethod::OAuth, r#"{"url":"https:\\evil.example"}"#, Err(Rule::EndpointRefused)),
            (SignInMethod::OAuth, r#"{"url":7}"#, Err(Rule::SigninFailed)),
            (SignInMethod::OAuth, "{}", Err(Rule::SigninFailed)),
        ] {
            assert_eq!(arrival(way, body), expected, "{way:?} {body}");
        }
    }

    #[test]
    fn a_session_is_there_or_not_or_nobody_can_tell() {
        let signed = r#"{"session":{"id":"s","userId":"1","token":"t","expiresAt":"1999-01-01T00:00:00Z"},"user":{"id":"1"}}"#;
        for (status, body, expected) in [
            (
                200,
                signed,
                Ok(Some((
                    r#"{"id":"1"}"#.into(),
                    r#"{"id":"s","userId":"1","expiresAt":"1999-01-01T00:00:00Z"}"#.into(),
                    None,
                ))),
            ),
            (
                200,
                r#"{"session":{},"plan":{"name":"gold","token":"t"},"user":{"id":"1"}}"#,
                Ok(Some((r#"{"id":"1"}"#.into(), "{}".into(), Some(r#"{"plan":{"name":"gold"}}"#.into())))),
            ),
            (200, " null\n", Ok(None)),
            (200, r#"{"session":null,"user":null}"#, Ok(None)),
            (401, "", Ok(None)),
            (200, r#"{"session":{"userId":"2"},"user":{"id":"1"}}"#, Err(Code::Unavailable)),
            (200, "{}", Err(Code::Unavailable)),
            (200, "", Err(Code::Unavailable)),
            (200, "<!doctype html>", Err(Code::Unavailable)),
            (0, "", Err(Code::Unavailable)),
            (404, "", Err(Code::Unavailable)),
            (503, signed, Err(Code::Unavailable)),
            (403, "", Err(Code::Rejected)),
            (429, "", Err(Code::Unavailable)),
        ] {
            assert_eq!(session(status, body).map_err(|failure| failure.code), expected, "{status} {body}");
        }
    }

    #[test]
    fn nobody_is_sent_off_the_site_afterwards() {
        for (wanted, expected) in [
            ("/library", "/library"),
            ("https://app.example/library", "https://app.example/library"),
            ("https://app.example.evil.example/", "/"),
            ("https://app.example@evil.example/", "/"),
            ("https://evil.example/", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/.//evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("library", "/"),
            ("", "/"),
        ] {
            assert_eq!(target(wanted, OWN), expected, "{wanted}");
        }
    }

    #[test]
    fn what_went_wrong_stands_in_the_query_and_breaks_out_of_nothing() {
        assert_eq!(with_error("/login", "rate-limited", None), "/login?error=rate-limited");
        assert_eq!(
            with_error("/a?b=1", "x", Some("&c=2#d é")),
            "/a?b=1&error=x&reason=%26c%3D2%23d%20%C3%A9"
        );
    }
}
