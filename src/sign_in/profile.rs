//! What providers say of a person.

use crate::http::json::{self, Json};

/// GitHub's profile, as JSON `{ id, login, name, email, emailVerified }`, by its answers for `/user` and `/user/emails`.
/// The address is the primary one; null where GitHub names none. One that stands in the public profile alone is nobody's
/// proof. `None` for an answer that names no account.
///
/// ```
/// use httponly::sign_in::profile::github;
///
/// let user = r#"{"id":1,"login":"ada","name":null,"email":null}"#;
/// assert_eq!(github(user, "[]").unwrap(), r#"{"id":1,"login":"ada","name":null,"email":null,"emailVerified":false}"#);
/// ```
pub fn github(user: &str, emails: &str) -> Option<String> {
    let spans = json::spans(user)?;
    let members = json::members(user)?;
    let id = spans.iter().rfind(|(name, _)| name == "id").map(|(_, id)| *id)?;
    if id.is_empty() || id.len() > 15 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let login = text(&members, "login").filter(|login| !login.is_empty())?;
    let primary = json::items(emails).unwrap_or_default().into_iter().find_map(|item| {
        let entry = json::members(item)?;
        let is = |name: &str| entry.iter().any(|(key, value)| key == name && *value == Json::Boolean(true));
        is("primary").then(|| text(&entry, "email").map(|email| (email, is("verified")))).flatten()
    });
    let address = primary.or_else(|| text(&members, "email").map(|email| (email, false)));
    let mut out = format!("{{\"id\":{id},\"login\":");
    json::push_string(&login, &mut out);
    out.push_str(",\"name\":");
    push_optional(text(&members, "name").as_deref(), &mut out);
    out.push_str(",\"email\":");
    push_optional(address.as_ref().map(|(email, _)| email.as_str()), &mut out);
    out.push_str(",\"emailVerified\":");
    out.push_str(if address.is_some_and(|(_, verified)| verified) { "true}" } else { "false}" });
    Some(out)
}

/// What is wrong with the claims of an ID token beyond what its signature, issuer, audience and nonce say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// It was made for another client (OpenID Connect Core section 3.1.3.7, step 5).
    AuthorizedParty,
    /// It was made in the future.
    Future,
}

/// Seconds by which clocks may differ.
pub const SKEW: f64 = 30.0;

/// Checks `azp` and `iat` of an ID token, which need not be there; `now` is in seconds.
///
/// # Errors
/// [`Odd`].
pub fn check(authorized: Option<&str>, issued: Option<f64>, client: &str, now: f64) -> Result<(), Odd> {
    if authorized.is_some_and(|party| party != client) {
        return Err(Odd::AuthorizedParty);
    }
    if issued.is_some_and(|issued| issued.is_nan() || issued > now + SKEW) {
        Err(Odd::Future)
    } else {
        Ok(())
    }
}

fn push_optional(text: Option<&str>, out: &mut String) {
    match text {
        Some(text) => json::push_string(text, out),
        None => out.push_str("null"),
    }
}

fn text(members: &[(String, Json)], name: &str) -> Option<String> {
    match members.iter().rfind(|(key, _)| key == name) {
        Some((_, Json::String(text))) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_has_the_primary_address_or_none() {
        let user = r#"{"login":"ada","id":7,"name":"Ada \"L\"","email":"public@example.com","extra":[1]}"#;
        for (emails, email, verified) in [
            (
                r#"[{"email":"a@b","primary":false,"verified":true},{"email":"c@d","primary":true,"verified":true}]"#,
                "c@d",
                true,
            ),
            (r#"[{"email":"c@d","primary":true,"verified":false}]"#, "c@d", false),
            ("[]", "public@example.com", false),
            (r#"{"message":"Not Found"}"#, "public@example.com", false),
            ("", "public@example.com", false),
        ] {
            let expected = format!(
                r#"{{"id":7,"login":"ada","name":"Ada \"L\"","email":"{email}","emailVerified":{verified}}}"#
            );
            assert_eq!(github(user, emails).as_deref(), Some(expected.as_str()), "{emails}");
        }
        for user in ["", "null", "[]", r#"{"id":"7","login":"a"}"#, r#"{"id":7}"#, r#"{"id":-1,"login":"a"}"#]
        {
            assert_eq!(github(user, "[]"), None, "{user}");
        }
    }

    #[test]
    fn a_token_for_another_client_or_of_tomorrow_is_none() {
        assert_eq!(check(None, None, "me", 0.0), Ok(()));
        assert_eq!(check(Some("me"), Some(20.0), "me", 0.0), Ok(()));
        assert_eq!(check(Some("you"), None, "me", 0.0), Err(Odd::AuthorizedParty));
        assert_eq!(check(None, Some(120.0), "me", 0.0), Err(Odd::Future));
    }
}
