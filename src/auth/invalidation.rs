//! What a request through the handler does to sessions, once the backend has answered it: whose cached answers are no
//! longer true, and whose sessions are over.
//!
//! The paths are Better Auth's. What is not known here, and is no reading, may have changed its own user.

use super::magic_link::LINK;
use crate::http::form;
use crate::http::form::Form;
use crate::http::json;
use crate::http::json::Json;
use crate::jwt;

/// Whose sessions a request may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reach {
    /// Nobody's.
    None = 0,
    /// The one whose cookie it carries.
    Own = 1,
    /// All sessions of that user.
    User = 2,
    /// All sessions of a user whom the cookie does not tell; see [`named`].
    Anyone = 3,
    /// All sessions of the user who is signed in by it, or else of the one whose cookie it carries.
    Arrival = 4,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// Whose sessions it changed.
    pub reach: Reach,
    /// Whether they are over, so that no copy of them is to be believed either.
    pub ends: bool,
}

const NOTHING: Invalidation = Invalidation { reach: Reach::None, ends: false };
const OWN: Invalidation = Invalidation { reach: Reach::Own, ends: false };

/// What is looked up, sent by mail or handed out, by whatever method: it changes no user and no session.
const ASKS: [&str; 24] = [
    "admin/get-user",
    "admin/has-permission",
    "admin/list-user-sessions",
    "admin/list-users",
    "device/code",
    "device/token",
    "email-otp/check-verification-otp",
    "email-otp/request-email-change",
    "email-otp/request-password-reset",
    "email-otp/send-verification-otp",
    "forget-password/email-otp",
    "get-access-token",
    "is-username-available",
    "organization/check-slug",
    "organization/has-permission",
    "phone-number/request-password-reset",
    "phone-number/send-otp",
    "refresh-token",
    "request-password-reset",
    "send-verification-email",
    "sign-in/magic-link",
    "two-factor/get-totp-uri",
    "two-factor/send-otp",
    "verify-password",
];

/// What may have come of a request for `asked`, a path below the backend's base, decoded and in lower case. `succeeded`
/// is whether the backend said so: what it did not answer, it may have done all the same to the sender's own session.
pub(super) fn of(method: &str, asked: &str, succeeded: bool) -> Invalidation {
    let reads = matches!(method, "GET" | "HEAD");
    let done = |reach, ends| if succeeded { Invalidation { reach, ends } } else { OWN };
    match asked {
        "ok" | "list-sessions" | "error" | LINK if reads => NOTHING,
        _ if reads && asked.starts_with("reset-password/") => NOTHING,
        _ if ASKS.contains(&asked) => OWN,
        // A link in a mail says whose address is verified or changed, not a cookie.
        "verify-email" | "email-otp/verify-email" => done(Reach::Anyone, false),
        "delete-user/callback" => done(Reach::User, true),
        "oauth-proxy-callback" | LINK => done(Reach::Arrival, false),
        _ if reads && (asked.starts_with("callback/") || asked.starts_with("oauth2/callback/")) => {
            done(Reach::Arrival, false)
        }
        _ if reads => OWN,
        // A token or a code that a mail brought says whose password it is.
        "reset-password" | "email-otp/reset-password" | "phone-number/reset-password" => {
            done(Reach::Anyone, true)
        }
        "admin/ban-user"
        | "admin/remove-user"
        | "admin/revoke-user-session"
        | "admin/revoke-user-sessions"
        | "admin/set-user-password" => done(Reach::Anyone, true),
        "admin/impersonate-user" | "admin/stop-impersonating" | "admin/create-user" => OWN,
        _ if asked.starts_with("admin/") => done(Reach::Anyone, false),
        "revoke-session"
        | "revoke-sessions"
        | "revoke-other-sessions"
        | "change-password"
        | "delete-user"
        | "delete-anonymous-user"
        | "multi-session/revoke" => done(Reach::User, true),
        "update-session" | "organization/set-active" | "organization/set-active-team" => OWN,
        _ if asked.starts_with("sign-in/") || asked.starts_with("sign-up/") => OWN,
        _ => done(Reach::User, false),
    }
}

/// Whether an answer may take the session's cookies away because its request ended or replaced the session.
pub(super) fn clears(method: &str, asked: &str, succeeded: bool) -> bool {
    succeeded && !matches!(method, "GET" | "HEAD") && !ASKS.contains(&asked)
}

/// Whether the backend did what it was asked, by its status and where it leads: a link's page is told of a failure in its
/// query.
///
/// ```
/// use httponly::auth::invalidation::succeeded;
///
/// assert!(succeeded(302, Some("/library")));
/// assert!(!succeeded(302, Some("/login?error=INVALID_TOKEN")));
/// ```
pub fn succeeded(status: u16, location: Option<&str>) -> bool {
    let failed = |location: &str| {
        let query = location.split('#').next().and_then(|rest| rest.split_once('?')).map(|(_, query)| query);
        query.is_some_and(|query| form::field(query, "error").is_some())
    };
    (200..400).contains(&status) && !location.is_some_and(failed)
}

/// A user, as a request or an answer names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By identifier.
    Id(String),
    /// By e-mail address, in lower case.
    Email(String),
    /// By the token of one of his sessions.
    Token(String),
}

/// The users whom a request that succeeded names: in its body, or in the token of a link, which the backend has verified.
pub(super) fn named(asked: &str, query: Option<&str>, form: Option<Form>, body: &str) -> Vec<Named> {
    let fields = || form.and_then(|form| form.members(body)).unwrap_or_default();
    match asked {
        "verify-email" => {
            let token = query.and_then(|query| form::field(query, "token"));
            let claims =
                token.and_then(|token| jwt::payload(&token)).and_then(|claims| json::members(&claims));
            let claims = claims.unwrap_or_default();
            ["email", "updateTo"].iter().filter_map(|name| text(&claims, name)).map(|to| email(&to)).collect()
        }
        "email-otp/verify-email" | "email-otp/reset-password" => {
            text(&fields(), "email").map(|of| email(&of)).into_iter().collect()
        }
        "revoke-session" => text(&fields(), "token").map(Named::Token).into_iter().collect(),
        "multi-session/revoke" | "multi-session/set-active" => {
            text(&fields(), "sessionToken").map(Named::Token).into_iter().collect()
        }
        _ if asked.starts_with("admin/") => text(&fields(), "userId").map(Named::Id).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The users whom an answer names, the answer to what is no reading.
///
/// ```
/// use httponly::auth::invalidation::{Named, answered};
///
/// assert_eq!(answered(r#"{"user":{"id":"u1"}}"#), [Named::Id("u1".into())]);
/// assert_eq!(answered(r#"{"member":{"id":"m1","userId":"u1"}}"#), [Named::Id("u1".into())]);
/// ```
pub fn answered(body: &str) -> Vec<Named> {
    let members = json::spans(body).unwrap_or_default();
    let inside = |outer: &str, name: &str| {
        let object = members.iter().rfind(|(key, _)| key == outer)?.1;
        text(&json::members(object)?, name)
    };
    let own = json::members(body).and_then(|members| text(&members, "userId"));
    [inside("user", "id"), inside("member", "userId"), own].into_iter().flatten().map(Named::Id).collect()
}

fn email(address: &str) -> Named {
    Named::Email(address.to_lowercase())
}

fn text(members: &[(String, Json)], name: &str) -> Option<String> {
    match &members.iter().rfind(|(key, _)| key == name)?.1 {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_did_to_sessions() {
        for (method, asked, reach, ends) in [
            ("GET", "list-sessions", Reach::None, false),
            ("GET", "reset-password/token", Reach::None, false),
            ("GET", LINK, Reach::None, false),
            ("GET", "list-accounts", Reach::Own, false),
            ("GET", "verify-email", Reach::Anyone, false),
            ("GET", "delete-user/callback", Reach::User, true),
            ("GET", "callback/google", Reach::Arrival, false),
            ("GET", "oauth2/callback/example", Reach::Arrival, false),
            ("POST", LINK, Reach::Arrival, false),
            ("POST", "sign-in/email", Reach::Own, false),
            ("POST", "send-verification-email", Reach::Own, false),
            ("POST", "update-session", Reach::Own, false),
            ("POST", "update-user", Reach::User, false),
            ("POST", "change-email", Reach::User, false),
            ("POST", "change-password", Reach::User, true),
            ("POST", "set-password", Reach::User, false),
            ("POST", "unlink-account", Reach::User, false),
            ("POST", "link-social", Reach::User, false),
            ("POST", "two-factor/enable", Reach::User, false),
            ("POST", "two-factor/disable", Reach::User, false),
            ("POST", "two-factor/verify-totp", Reach::User, false),
            ("POST", "two-factor/send-otp", Reach::Own, false),
            ("POST", "delete-user", Reach::User, true),
            ("POST", "revoke-other-sessions", Reach::User, true),
            ("POST", "organization/leave", Reach::User, false),
            ("POST", "a-plugin/of-the-app", Reach::User, false),
            ("PATCH", "a-plugin/of-the-app", Reach::User, false),
            ("POST", "email-otp/verify-email", Reach::Anyone, false),
            ("POST", "reset-password", Reach::Anyone, true),
            ("POST", "phone-number/reset-password", Reach::Anyone, true),
            ("POST", "admin/set-role", Reach::Anyone, false),
            ("POST", "admin/update-user", Reach::Anyone, false),
            ("POST", "admin/unban-user", Reach::Anyone, false),
            ("POST", "admin/ban-user", Reach::Anyone, true),
            ("POST", "admin/has-permission", Reach::Own, false),
            ("POST", "admin/list-user-sessions", Reach::Own, false),
        ] {
            assert_eq!(of(method, asked, true), Invalidation { reach, ends }, "{method} {asked}");
            // Whoever fails changes nobody else's.
            let failed = if reach == Reach::None { NOTHING } else { OWN };
            assert_eq!(of(method, asked, false), failed, "{method} {asked}");
        }
    }

    #[test]
    fn what_may_take_the_cookies_away() {
        for (method, asked, may) in [
            ("POST", "delete-user", true),
            ("POST", "sign-in/email", true),
            ("POST", "multi-session/revoke", true),
            ("POST", "send-verification-email", false),
            ("GET", "list-sessions", false),
            ("GET", "delete-user/callback", false),
        ] {
            assert_eq!(clears(method, asked, true), may, "{method} {asked}");
            assert!(!clears(method, asked, false), "{method} {asked}");
        }
    }

    #[test]
    fn a_link_that_failed_says_so_where_it_leads() {
        for (status, location, expected) in [
            (200, None, true),
            (302, Some("https://app.example/a?b=c#error=d"), true),
            (302, Some("https://app.example/?x&error=TOKEN_EXPIRED"), false),
            (302, Some("/?%65rror=a"), false),
            (401, None, false),
            (500, None, false),
            (0, None, false),
        ] {
            assert_eq!(succeeded(status, location), expected, "{status} {location:?}");
        }
    }

    #[test]
    fn whom_a_request_names() {
        let id = |id: &str| Named::Id(id.into());
        let email = |email: &str| Named::Email(email.into());
        // {"email":"A@b","updateTo":"c@d"}
        let token = "e30.eyJlbWFpbCI6IkFAYiIsInVwZGF0ZVRvIjoiY0BkIn0.x";
        let query = format!("x=1&token={token}&callbackURL=/");
        for (asked, query, body, expected) in [
            ("verify-email", Some(query.as_str()), "", vec![email("a@b"), email("c@d")]),
            ("verify-email", Some("token=opaque"), "", vec![]),
            ("verify-email", None, "", vec![]),
            ("email-otp/reset-password", None, r#"{"email":"A@B","otp":"1"}"#, vec![email("a@b")]),
            ("admin/ban-user", None, r#"{"userId":"u1"}"#, vec![id("u1")]),
            ("admin/ban-user", None, r#"{"userId":""}"#, vec![]),
            ("admin/revoke-user-session", None, r#"{"sessionToken":"t"}"#, vec![]),
            ("revoke-session", None, r#"{"token":"t"}"#, vec![Named::Token("t".into())]),
            ("multi-session/revoke", None, r#"{"sessionToken":"t"}"#, vec![Named::Token("t".into())]),
            // Nobody names another by a field of his own.
            ("update-user", None, r#"{"userId":"u2","email":"a@b"}"#, vec![]),
        ] {
            assert_eq!(named(asked, query, Some(Form::Json), body), expected, "{asked} {query:?} {body}");
        }
        assert_eq!(answered("null"), []);
        assert_eq!(answered(r#"{"status":true,"user":null}"#), []);
        assert_eq!(answered(r#"{"id":"m","userId":"u1"}"#), [id("u1")]);
    }
}
