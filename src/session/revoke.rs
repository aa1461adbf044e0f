//! Ending one session by its identifier: the page knows that, and never the token by which a backend ends sessions.

use crate::{
    cookie::endpoint::Form,
    json::{self, Json},
};

/// The identifier in the body of a request that names a session so; `None` for one that says something else.
pub fn id(form: Form, body: &str) -> Option<String> {
    let members = form.members(body)?;
    if members.iter().any(|(name, _)| name == "token") {
        return None;
    }
    text(members, "id")
}

/// The token of the session with this identifier, in the backend's list.
///
/// ```
/// use httponly::session::revoke::token;
///
/// let list = r#"[{"id":"1","token":"a"},{"id":"2","token":"b"}]"#;
/// assert_eq!(token(list, "2").as_deref(), Some("b"));
/// assert_eq!(token(list, "3"), None);
/// ```
pub fn token(list: &str, id: &str) -> Option<String> {
    let session =
        |item: &&str| json::members(item).and_then(|members| text(members, "id")).as_deref() == Some(id);
    text(json::members(json::items(list)?.into_iter().find(session)?)?, "token")
}

/// The backend's body that ends the session of a token.
pub fn body(token: &str) -> String {
    let mut out = String::from("{\"token\":");
    json::push_string(token, &mut out);
    out.push('}');
    out
}

fn text(members: Vec<(String, Json)>, name: &str) -> Option<String> {
    match members.into_iter().rfind(|(key, _)| key == name)?.1 {
        Json::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_a_session_by_its_identifier_or_not() {
        for (form, text, expected) in [
            (Form::Json, r#"{"id":"s1"}"#, Some("s1")),
            (Form::UrlEncoded, "id=s1", Some("s1")),
            (Form::Json, r#"{"id":"s1","token":"t"}"#, None),
            (Form::Json, r#"{"id":""}"#, None),
            (Form::Json, r#"{"id":1}"#, None),
            (Form::Json, "[]", None),
        ] {
            assert_eq!(id(form, text).as_deref(), expected, "{text}");
        }
        assert_eq!(body("a\"b"), r#"{"token":"a\"b"}"#);
        assert_eq!(token("null", "1"), None);
    }
}
