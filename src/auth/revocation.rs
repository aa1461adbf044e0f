//! Ending or choosing one session by its identifier: the page knows that, and never the token by which a backend does it.

use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::json;
use crate::http::json::Json;

/// What a request says of the session that is to end, or to be the active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// By a token, or by a user: the request passes as it is.
    AsIs,
    /// By its identifier: the token stands in a list.
    Listed(List),
}

/// Where the token of an identifier stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The identifier.
    pub id: String,
    /// The path of the list, below the backend's base.
    pub path: &'static str,
    /// The JSON that asks for it, by POST; `None` for a GET.
    pub body: Option<String>,
    /// What the backend calls the token.
    pub member: &'static str,
}

/// The paths that take one session's token, and those that take a user's identifier.
const PATHS: [&str; 5] = [
    "revoke-session",
    "admin/revoke-user-session",
    "admin/revoke-user-sessions",
    "multi-session/set-active",
    "multi-session/revoke",
];

/// Whether a path, below the backend's base, in lower case, is one of those that end or choose a session.
pub(super) fn is(asked: &str) -> bool {
    PATHS.contains(&asked)
}

/// Reads the body of a request. An empty token is none: Better Auth would end nothing, and say that it did.
pub(super) fn wanted(asked: &str, form: Option<Form>, body: &str) -> Result<Wanted, Refusal> {
    let members = form.and_then(|form| form.members(body)).unwrap_or_default();
    let member = if asked == "revoke-session" { "token" } else { "sessionToken" };
    let user = text(&members, "userId");
    if asked == "admin/revoke-user-sessions" {
        return if user.is_some() { Ok(Wanted::AsIs) } else { Err(Rule::SessionUnnamed.into()) };
    }
    if members.iter().any(|(name, _)| name == member) {
        let named = text(&members, member).is_some();
        return if named { Ok(Wanted::AsIs) } else { Err(Rule::SessionUnnamed.into()) };
    }
    let id = text(&members, "id").ok_or(Rule::SessionUnnamed)?;
    let (path, body) = match asked {
        "revoke-session" => ("list-sessions", None),
        "admin/revoke-user-session" => {
            let mut body = String::from("{\"userId\":");
            json::push_string(&user.ok_or(Rule::SessionUnnamed)?, &mut body);
            body.push('}');
            ("admin/list-user-sessions", Some(body))
        }
        _ => ("multi-session/list-device-sessions", None),
    };
    Ok(Wanted::Listed(List { id, path, body, member }))
}

/// The token of the session with this identifier, in the backend's list: an array of sessions or of objects that have one
/// as their `session`, or an object whose `sessions` is such an array.
///
/// ```
/// use httponly::auth::revocation::token;
///
/// let list = r#"[{"id":"1","token":"a"},{"id":"2","token":"b"}]"#;
/// assert_eq!(token(list, "2").as_deref(), Some("b"));
/// assert_eq!(token(list, "3"), None);
/// assert_eq!(token(&format!(r#"{{"sessions":{list}}}"#), "1").as_deref(), Some("a"));
/// assert_eq!(token(r#"[{"session":{"id":"1","token":"c"},"user":{"id":"1"}}]"#, "1").as_deref(), Some("c"));
/// ```
pub fn token(list: &str, id: &str) -> Option<String> {
    let member = |object, name: &str| Some(json::spans(object)?.into_iter().rfind(|(key, _)| key == name)?.1);
    let list = member(list, "sessions").unwrap_or(list);
    let sessions = json::items(list)?.into_iter().map(|item| member(item, "session").unwrap_or(item));
    let is = |session: &&str| {
        json::members(session).and_then(|members| text(&members, "id")).as_deref() == Some(id)
    };
    text(&json::members(sessions.into_iter().find(is)?)?, "token")
}

/// The backend's body that names the session of a token.
pub fn body(member: &str, token: &str) -> String {
    let mut out = String::from("{");
    json::push_string(member, &mut out);
    out.push(':');
    json::push_string(token, &mut out);
    out.push('}');
    out
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
    fn a_body_names_a_session_by_its_identifier_or_its_token_or_is_refused() {
        let refused = || Err(Rule::SessionUnnamed);
        let list = |path, body: Option<&str>, member| {
            Ok(Wanted::Listed(List { id: "s1".into(), path, body: body.map(String::from), member }))
        };
        for (asked, form, text, expected) in [
            ("revoke-session", Form::Json, r#"{"id":"s1"}"#, list("list-sessions", None, "token")),
            ("revoke-session", Form::UrlEncoded, "id=s1", list("list-sessions", None, "token")),
            ("revoke-session", Form::Json, r#"{"id":"s1","token":"t"}"#, Ok(Wanted::AsIs)),
            ("revoke-session", Form::Json, r#"{"id":"s1","token":""}"#, refused()),
            ("revoke-session", Form::Json, r#"{"id":""}"#, refused()),
            ("revoke-session", Form::Json, r#"{"id":1}"#, refused()),
            ("revoke-session", Form::Json, "[]", refused()),
            ("revoke-session", Form::UrlEncoded, "token=", refused()),
            (
                "admin/revoke-user-session",
                Form::Json,
                r#"{"id":"s1","userId":"u\"1"}"#,
                list("admin/list-user-sessions", Some(r#"{"userId":"u\"1"}"#), "sessionToken"),
            ),
            ("admin/revoke-user-session", Form::Json, r#"{"id":"s1"}"#, refused()),
            ("admin/revoke-user-session", Form::Json, r#"{"sessionToken":"t"}"#, Ok(Wanted::AsIs)),
            ("admin/revoke-user-session", Form::Json, r#"{"sessionToken":""}"#, refused()),
            ("admin/revoke-user-session", Form::Json, r#"{"sessionToken":null}"#, refused()),
            ("admin/revoke-user-sessions", Form::Json, r#"{"userId":"u1"}"#, Ok(Wanted::AsIs)),
            ("admin/revoke-user-sessions", Form::Json, r#"{"userId":""}"#, refused()),
            (
                "multi-session/set-active",
                Form::Json,
                r#"{"id":"s1"}"#,
                list("multi-session/list-device-sessions", None, "sessionToken"),
            ),
            ("multi-session/revoke", Form::Json, r#"{"sessionToken":"t"}"#, Ok(Wanted::AsIs)),
            ("multi-session/revoke", Form::Json, "{}", refused()),
        ] {
            assert!(is(asked));
            assert_eq!(wanted(asked, Some(form), text).map_err(Refusal::rule), expected, "{asked} {text}");
        }
        assert!(wanted("revoke-session", None, "").is_err());
        assert_eq!(body("token", "a\"b"), r#"{"token":"a\"b"}"#);
        assert_eq!(token("null", "1"), None);
    }
}
