//! Tokens of an API that renew themselves: when an access token is spent no more, and what the answer to a refresh token
//! means (RFC 6749 section 6).

use crate::{
    cookie::{
        attributes::{self, SameSite},
        set_cookie::{self, Attributes},
    },
    error::Refusal,
    http::json::{self, Json},
    jwt,
};

use super::cookie::named;

/// Seconds before its end at which an access token is not spent any more: it has a way to go.
const EARLY: f64 = 5.0;

/// Seconds that a refresh token is kept whose end nobody says: 30 days.
const KEPT: f64 = 2_592_000.0;

/// What a request carries under a name, with the prefixes that browsers know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Nothing.
    None,
    /// More than one: a sibling of the site may have planted the other.
    Twice,
    /// A name, as the browser spells it, and a value.
    One(String, String),
}

/// Looks for a cookie under a name, and under that with `__Host-` or `__Secure-` before it.
///
/// ```
/// use httponly::sign_in::refresh::{Carried, find};
///
/// assert_eq!(find("__Host-r=1", "r"), Carried::One("__Host-r".into(), "1".into()));
/// assert_eq!(find("r=1; __Secure-r=2", "r"), Carried::Twice);
/// ```
pub fn find(header: &str, name: &str) -> Carried {
    let spelled = |own: &str| {
        own == name
            || own
                .strip_prefix("__Host-")
                .or_else(|| own.strip_prefix("__Secure-"))
                .is_some_and(|own| own == name)
    };
    let mut found = named(header, "").filter(|(own, _)| spelled(own));
    match (found.next(), found.next()) {
        (None, _) => Carried::None,
        (Some((name, value)), None) => {
            let value = crate::cookie::syntax::decode_value(value);
            if value.is_empty() { Carried::None } else { Carried::One(name.into(), value.into_owned()) }
        }
        _ => Carried::Twice,
    }
}

/// Whether an access token is over, by its own `exp`; what is no JSON Web Token tells nothing, and is spent. `now` is in
/// seconds.
pub fn is_over(token: &str, now: f64) -> bool {
    jwt::decode(token).and_then(|claims| claims.exp).is_some_and(|end| end <= now + EARLY)
}

/// What the answer to a refresh token means.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// New tokens.
    Renewed {
        /// The token to spend.
        access: String,
        /// The next refresh token; `None` where the old one stays.
        refresh: Option<String>,
        /// Seconds that the access token lives, if the answer says so.
        lives: Option<f64>,
    },
    /// The refresh token is spent, revoked or over: its user has to sign in again.
    Refused,
    /// Nobody can tell: the server is away, or does not know this app. The refresh token may be good.
    Away,
}

/// Reads an answer; `field` is the member that is spent: `access_token`, or `id_token`.
///
/// ```
/// use httponly::sign_in::refresh::{Answer, read};
///
/// assert_eq!(read(400, r#"{"error":"invalid_grant"}"#, "access_token"), Answer::Refused);
/// assert_eq!(read(503, "", "access_token"), Answer::Away);
/// ```
pub fn read(status: u16, body: &str, field: &str) -> Answer {
    let members = json::members(body).unwrap_or_default();
    let text = |name: &str| match members.iter().rfind(|(key, _)| key == name) {
        Some((_, Json::String(text))) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    match status {
        200..300 => {
            let lives = match members.iter().rfind(|(key, _)| key == "expires_in") {
                Some((_, Json::Number(number) | Json::String(number))) => Some(json::double(number)),
                _ => None,
            };
            let lives = lives.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
            match (text(field), text("error")) {
                (Some(access), None) => Answer::Renewed { access, refresh: text("refresh_token"), lives },
                (_, Some(error)) => refusal(&error),
                _ => Answer::Away,
            }
        }
        400 | 401 | 403 => text("error").map_or(Answer::Refused, |error| refusal(&error)),
        _ => Answer::Away,
    }
}

/// What is wrong with the app or the server is no reason to sign anybody out.
fn refusal(error: &str) -> Answer {
    match error {
        "invalid_client"
        | "unauthorized_client"
        | "unsupported_grant_type"
        | "server_error"
        | "temporarily_unavailable"
        | "slow_down" => Answer::Away,
        _ => Answer::Refused,
    }
}

/// Where the two cookies lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Domain; host-only without one.
    pub domain: Option<String>,
    /// The host that the browser is at.
    pub host: String,
}

impl Scope {
    /// The lines that set a token, and before them the one that ends it at the scope of the whole host, where the page's
    /// own functions may have set it: two of a name would both be sent. Without `seconds` it is a refresh token, which is kept
    /// until its own end, or for 30 days.
    ///
    /// # Errors
    /// What a browser would drop: a token that is too large.
    pub fn set(
        &self,
        name: &str,
        token: &str,
        seconds: Option<f64>,
        now: f64,
    ) -> Result<Vec<String>, Refusal> {
        let own =
            jwt::decode(token).and_then(|claims| claims.exp).map(|end| end - now).filter(|left| *left > 0.0);
        let max_age = own.or(seconds).unwrap_or(KEPT);
        let mut lines: Vec<String> = self.other(name).into_iter().collect();
        lines.push(set_cookie::serialize(name, token, &attributes(self.domain.as_deref(), max_age))?);
        Ok(lines)
    }

    /// The lines that clear a token.
    pub fn clear(&self, name: &str) -> Vec<String> {
        let own = set_cookie::serialize(name, "", &attributes(self.domain.as_deref(), 0.0));
        self.other(name).into_iter().chain(own.ok()).collect()
    }

    fn other(&self, name: &str) -> Option<String> {
        let host = self.host.as_str();
        if self.domain.is_some() || name.starts_with("__Host-") || !attributes::domain_gains(host) {
            return None;
        }
        set_cookie::serialize(name, "", &attributes(Some(host), 0.0)).ok()
    }
}

fn attributes(domain: Option<&str>, max_age: f64) -> Attributes<'_> {
    Attributes {
        max_age: Some(max_age),
        domain,
        path: Some("/"),
        secure: Some(true),
        http_only: true,
        same_site: Some(SameSite::Lax),
        ..Attributes::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"exp":100}`
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMH0.x";

    #[test]
    fn a_token_is_spent_until_shortly_before_its_end() {
        assert!(!is_over(TOKEN, 90.0));
        assert!(is_over(TOKEN, 96.0) && is_over(TOKEN, 200.0));
        assert!(!is_over("opaque", 1e12));
    }

    #[test]
    fn only_a_refused_refresh_token_signs_out() {
        let renewed = |access: &str, refresh: Option<&str>, lives| Answer::Renewed {
            access: access.into(),
            refresh: refresh.map(Into::into),
            lives,
        };
        for (status, body, expected) in [
            (
                200,
                r#"{"access_token":"a","refresh_token":"r","expires_in":60}"#,
                renewed("a", Some("r"), Some(60.0)),
            ),
            (200, r#"{"access_token":"a"}"#, renewed("a", None, None)),
            (200, r#"{"access_token":"a","expires_in":-1}"#, renewed("a", None, None)),
            (200, r#"{"access_token":""}"#, Answer::Away),
            (200, "<html>", Answer::Away),
            (200, r#"{"error":"bad_refresh_token"}"#, Answer::Refused),
            (400, r#"{"error":"invalid_grant"}"#, Answer::Refused),
            (401, "", Answer::Refused),
            (401, r#"{"error":"invalid_client"}"#, Answer::Away),
            (403, "", Answer::Refused),
            (404, "", Answer::Away),
            (429, r#"{"error":"slow_down"}"#, Answer::Away),
            (500, r#"{"error":"invalid_grant"}"#, Answer::Away),
            (302, "", Answer::Away),
            (0, "", Answer::Away),
        ] {
            assert_eq!(read(status, body, "access_token"), expected, "{status} {body}");
        }
    }

    #[test]
    fn of_two_scopes_one_is_left() {
        let scope = Scope { domain: None, host: "app.example".into() };
        let lines = scope.set("access", TOKEN, None, 40.0).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("Domain=app.example") && lines[0].contains("Max-Age=0"), "{lines:?}");
        assert!(lines[1].contains("Max-Age=60") && !lines[1].contains("Domain"), "{lines:?}");
        assert_eq!(scope.set("__Host-access", "t", Some(5.0), 0.0).unwrap().len(), 1);
        let local = Scope { domain: None, host: "localhost".into() };
        assert_eq!(local.clear("access").len(), 1);
        assert!(local.set("a", &"x".repeat(5000), None, 0.0).is_err());
    }
}
