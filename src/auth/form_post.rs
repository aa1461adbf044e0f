//! An OAuth provider's answer that arrives as a form (OAuth 2.0 Form Post Response Mode), as Apple's does.
//!
//! The provider's page makes the browser POST the code to the app's callback, from another site. No cookie with
//! `SameSite=Lax` comes along, so that no backend could know the browser by such a request. It is answered with the way to
//! a GET of the same path, whose query is what the form said: that is how all other providers answer, and is judged as
//! such.
//!
//! **What another site gains by this: nothing.** It can make a browser POST any form here, and so GET the callback with a
//! code and a state of its choice. It can do that without a POST: a link to the callback is a navigation, and passes. What
//! keeps a visitor from being signed in to somebody else's account is the same in both cases, the backend's `state`: a
//! cookie of the browser that began to sign in has to match it. The POST itself spends and sets no cookie, reaches no
//! backend, and leads nowhere but to its own path; from a frame, an image or a script it is refused, as the GET is.

use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::form::{Empty, select};

/// Largest body in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// What an answer says: RFC 6749 section 4.1.2, RFC 9207, Apple's `user` and VK's `device_id`. What else a form has, an ID
/// token say, is left out: it is no backend's to read, and a query is no place for it.
const FIELDS: [&str; 8] =
    ["code", "state", "iss", "error", "error_description", "error_uri", "user", "device_id"];

/// Whether a path below the backend's is a callback: `callback/<provider>` or `oauth2/callback/<provider>`, to the letter.
/// A provider's name that has to be encoded is none here.
///
/// ```
/// use httponly::auth::form_post::is_callback;
///
/// assert!(is_callback("callback/apple"));
/// assert!(!is_callback("callback/apple/x"));
/// ```
pub fn is_callback(rest: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let provider = rest.strip_prefix("oauth2/").unwrap_or(rest).strip_prefix("callback/");
    provider.is_some_and(|name| !matches!(name, "" | "." | "..") && name.bytes().all(plain))
}

/// The query of the callback, from the body of the form.
///
/// # Errors
/// [`Rule::EndpointContent`] for a body that is no form, [`Rule::FieldTwice`] for a field that stands twice,
/// [`Rule::FlowField`] for a form with neither `code` nor `error`, [`Rule::BodyTooLarge`].
///
/// ```
/// use httponly::auth::form_post::query;
///
/// assert_eq!(query("state=s+1&code=c%26&id_token=x").unwrap(), "code=c%26&state=s%201");
/// ```
pub fn query(body: &str) -> Result<String, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Rule::BodyTooLarge.into());
    }
    let fields = Form::UrlEncoded.members(body).ok_or(Rule::EndpointContent)?;
    let out = select(&fields, &FIELDS, Empty::Kept).ok_or(Rule::FieldTwice)?;
    let answers = fields.iter().any(|(name, _)| name == "code" || name == "error");
    if answers { Ok(out) } else { Err(Rule::FlowField.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_written_to_the_letter() {
        for rest in
            ["callback/apple", "callback/example-id", "oauth2/callback/my.provider_1~", "callback/..."]
        {
            assert!(is_callback(rest), "{rest}");
        }
        for rest in [
            "",
            "callback",
            "callback/",
            "callback//apple",
            "/callback/apple",
            "callback/.",
            "callback/..",
            "callback/../sign-out",
            "callback/apple/",
            "callback/apple/oauth-proxy",
            "callback/%61pple",
            "%63allback/apple",
            "Callback/apple",
            "callback/a%2fb",
            "callback/..%2fsign-out",
            "callback/%2e%2e",
            "callback/..;",
            "callback/a\\b",
            "callback/a b",
            "callback/a@evil.example",
            "callback/é",
            "oauth2/oauth2/callback/apple",
            "oauth2/sign-out",
            "delete-user/callback",
            "link/callback/apple",
            "sign-out",
        ] {
            assert!(!is_callback(rest), "{rest}");
        }
    }

    #[test]
    fn a_query_has_the_known_fields_once_and_nothing_else() {
        for (body, expected) in [
            ("code=c&state=s", Ok("code=c&state=s")),
            ("state=s&code=c&code_verifier=x&session=y&__proto__=z", Ok("code=c&state=s")),
            ("error=user_cancelled_authorize&state=s", Ok("state=s&error=user_cancelled_authorize")),
            (
                "code=c&user=%7B%22name%22%3A%7B%22firstName%22%3A%22%C3%89va%22%7D%7D&iss=https%3A%2F%2Fa.example",
                Ok(
                    "code=c&iss=https%3A//a.example&user=%7B%22name%22%3A%7B%22firstName%22%3A%22%C3%89va%22%7D%7D",
                ),
            ),
            // Nothing ends the field, the query or the header.
            (
                "code=a%26state%3Db%23%0D%0ASet-Cookie:%20x=y&state=%00+",
                Ok("code=a%26state%3Db%23%0D%0ASet-Cookie%3A%20x%3Dy&state=%00%20"),
            ),
            ("co%64e=c", Ok("code=c")),
            ("code=c&unknown=1&unknown=2", Ok("code=c")),
            ("code=c&code=d", Err(Rule::FieldTwice)),
            ("code=c&c%6fde=d", Err(Rule::FieldTwice)),
            ("code=c&state=s&state=s", Err(Rule::FieldTwice)),
            ("code=%ff", Err(Rule::EndpointContent)),
            ("state=s", Err(Rule::FlowField)),
            ("", Err(Rule::FlowField)),
            (r#"{"code":"c"}"#, Err(Rule::FlowField)),
            ("--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\nc\r\n--x--", Err(Rule::FlowField)),
        ] {
            let got = query(body).map_err(Refusal::rule);
            assert_eq!(got.as_deref(), expected.as_ref().map(|query| *query), "{body}");
        }
        let long = format!("code={}", "x".repeat(MAX_BODY));
        assert_eq!(query(&long).map_err(Refusal::rule), Err(Rule::BodyTooLarge));
    }
}
