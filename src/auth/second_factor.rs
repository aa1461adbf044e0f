//! A sign-in whose first factor was right, and that needs a second one: a code of an app, of a mail or of a backup list.

use crate::auth::failure::is_plain;
use crate::http::{form, json};

/// The methods that a user may choose from, by an answer to a sign-in; `None` where no second factor is needed. A method
/// is a plain name: `totp`, `otp`.
///
/// ```
/// use httponly::auth::second_factor::methods;
///
/// let body = r#"{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}"#;
/// assert_eq!(methods(body).unwrap(), ["totp", "otp"]);
/// assert_eq!(methods(r#"{"user":{"id":"1"}}"#), None);
/// ```
pub fn methods(body: &str) -> Option<Vec<String>> {
    let members = json::spans(body)?;
    let last = |name: &str| members.iter().rfind(|(key, _)| key == name).map(|(_, value)| *value);
    if last("twoFactorRedirect")? != "true" {
        return None;
    }
    let listed = last("twoFactorMethods").and_then(json::items).unwrap_or_default();
    Some(listed.into_iter().filter_map(json::string).filter(|method| is_plain(method)).collect())
}

/// Where the second factor is asked for: the app's page, with the methods, and where the visitor goes then.
///
/// ```
/// use httponly::auth::second_factor::location;
///
/// let methods = ["totp".to_owned(), "otp".to_owned()];
/// assert_eq!(
///     location("/two-factor", &methods, Some("/library?a")),
///     "/two-factor?methods=totp%2Cotp&redirect=/library%3Fa"
/// );
/// assert_eq!(location("/two-factor", &[], None), "/two-factor");
/// ```
pub fn location(page: &str, methods: &[String], redirect: Option<&str>) -> String {
    let mut out = String::from(page);
    let listed = Some(methods.join(",")).filter(|methods| !methods.is_empty());
    for (name, value) in [("methods", listed.as_deref()), ("redirect", redirect)] {
        let Some(value) = value else { continue };
        out.push(form::joint(&out));
        out.push_str(name);
        out.push('=');
        form::push_value(value, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_answers_ask_for_a_second_factor() {
        for (body, expected) in [
            (r#"{"twoFactorRedirect":true}"#, Some(vec![])),
            (r#"{"twoFactorRedirect":true,"twoFactorMethods":"totp"}"#, Some(vec![])),
            (
                r#"{"twoFactorRedirect":true,"twoFactorMethods":["otp",1,null,"a b","<b>"]}"#,
                Some(vec!["otp"]),
            ),
            (r#"{"user":null,"twoFactorRedirect":true,"twoFactorMethods":["totp"]}"#, Some(vec!["totp"])),
            (r#"{"twoFactorRedirect":true,"twoFactorRedirect":false}"#, None),
            (r#"{"twoFactorRedirect":"true"}"#, None),
            (r#"{"twoFactorMethods":["totp"]}"#, None),
            ("[]", None),
            ("", None),
        ] {
            let expected: Option<Vec<String>> =
                expected.map(|methods| methods.into_iter().map(str::to_owned).collect());
            assert_eq!(methods(body), expected, "{body}");
        }
    }

    #[test]
    fn a_page_with_a_query_of_its_own_keeps_it() {
        assert_eq!(location("/login?step=2", &["totp".to_owned()], None), "/login?step=2&methods=totp");
    }
}
