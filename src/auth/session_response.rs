//! What a backend's answer to "whose session is this?" means.
//!
//! Four things, which must not be mixed up: a backend that is away signs nobody out, and one that says `null` does.

use std::borrow::Cow;

use crate::http::json;
use crate::http::json::Json;

/// The meaning of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionState<'a> {
    /// A session and its user.
    Authenticated(Identity<'a>),
    /// There is no session behind the cookie.
    Anonymous,
    /// The backend refuses to say: 403.
    Rejected,
    /// Nobody can tell: the backend is away, fails, has no time (429), or answers what makes no sense.
    Unavailable,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity<'a> {
    /// The user's identifier.
    pub id: String,
    /// When the session ends, in milliseconds since 1970, if the backend says so.
    pub expires: Option<f64>,
    /// The user, as JSON, without tokens.
    pub user: Cow<'a, str>,
    /// The session, as JSON, without tokens.
    pub session: Cow<'a, str>,
    /// What the backend says beside user and session, as a JSON object without tokens; `None` for nothing.
    pub data: Option<String>,
    /// The user's e-mail address, in lower case.
    pub email: Option<String>,
    /// When the session began, in milliseconds since 1970, if the backend says so.
    pub created: Option<f64>,
    /// The backend renews the session when it is asked by POST (Better Auth's `deferSessionRefresh`).
    pub wants_renewal: bool,
}

/// Milliseconds since 1970 until which an answer of `now` may be kept, `ttl` milliseconds at most. A session's answer is
/// not kept for longer than half of what is left of the session: so a backend that renews sessions in use hears of their
/// use before they end, whenever it begins to renew them.
///
/// ```
/// use httponly::auth::session_response::keep_until;
///
/// assert_eq!(keep_until(1000.0, 300.0, Some(1200.0)), 1100.0);
/// assert_eq!(keep_until(1000.0, 300.0, None), 1300.0);
/// ```
pub fn keep_until(now: f64, ttl: f64, expires: Option<f64>) -> f64 {
    now + expires.map_or(ttl, |expires| ttl.min((expires - now) / 2.0))
}

/// Reads an answer: its status, its body, and the time, in milliseconds since 1970.
///
/// ```
/// use httponly::auth::session_response::{SessionState, read};
///
/// assert_eq!(read(200, "null", 0.0), SessionState::Anonymous);
/// assert_eq!(read(503, "", 0.0), SessionState::Unavailable);
/// ```
pub fn read(status: u16, body: &str, now: f64) -> SessionState<'_> {
    match status {
        200 => identity(body, now).unwrap_or(SessionState::Unavailable),
        401 => SessionState::Anonymous,
        403 => SessionState::Rejected,
        _ => SessionState::Unavailable,
    }
}

fn identity(body: &str, now: f64) -> Option<SessionState<'_>> {
    let Content::Somebody(found) = content(body)? else { return Some(SessionState::Anonymous) };
    let expires = match last(&found.members, "expiresAt") {
        Some(Json::String(date)) => Some(milliseconds(date)?),
        Some(Json::Number(number)) => Some(json::double(number)),
        Some(_) => return None,
        None => None,
    };
    if expires.is_some_and(|expires| expires <= now) {
        return Some(SessionState::Anonymous);
    }
    let clean = |text| without_tokens(text).map(Cow::Owned);
    let further = found.further()?;
    let created = last(&found.members, "createdAt").and_then(|created| match created {
        Json::String(date) => milliseconds(date),
        Json::Number(number) => Some(json::double(number)),
        _ => None,
    });
    let email = text(&json::members(found.user)?, "email").map(|email| email.to_lowercase());
    let Found { id, user, session, wants_renewal, .. } = found;
    let (user, session) = (clean(user)?, clean(session)?);
    Some(SessionState::Authenticated(Identity {
        id,
        expires,
        user,
        session,
        data: further,
        email,
        created,
        wants_renewal,
    }))
}

impl Found<'_> {
    /// What stands beside user and session, as a JSON object without tokens; `Some(None)` for nothing.
    #[expect(clippy::option_option, reason = "nothing is not the same as what makes no sense")]
    pub(super) fn further(&self) -> Option<Option<String>> {
        match self.others.as_slice() {
            [] => Some(None),
            others => Some(Some(object(others)?).filter(|data| data != "{}")),
        }
    }
}

/// An object of these members, without tokens; of several with one name the last.
fn object(members: &[(String, &str)]) -> Option<String> {
    let mut out = String::from("{");
    for (at, (name, value)) in members.iter().enumerate() {
        if members.iter().skip(at + 1).any(|(later, _)| later == name) {
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        json::push_string(name, &mut out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    without_tokens(&out)
}

/// A session and its user, as they stand in a body.
pub(super) struct Found<'a> {
    id: String,
    pub user: &'a str,
    pub session: &'a str,
    members: Vec<(String, Json)>,
    /// What stands beside them.
    others: Vec<(String, &'a str)>,
    wants_renewal: bool,
}

/// What a body of status 200 says.
pub(super) enum Content<'a> {
    Nobody,
    Somebody(Found<'a>),
}

/// Reads a body of status 200; `None` where it makes no sense.
pub(super) fn content(body: &str) -> Option<Content<'_>> {
    if body.trim_matches([' ', '\t', '\r', '\n']) == "null" {
        return Some(Content::Nobody);
    }
    let (mut user, mut session, mut wants_renewal) = (None, None, false);
    let mut others = Vec::new();
    for (name, value) in json::spans(body)? {
        match name.as_str() {
            "user" => user = Some(value),
            "session" => session = Some(value),
            "needsRefresh" => wants_renewal = value == "true",
            _ => others.push((name, value)),
        }
    }
    if (user, session) == (Some("null"), Some("null")) {
        return Some(Content::Nobody);
    }
    let (user, session) = (user?, session?);
    let id = text(&json::members(user)?, "id").filter(|id| !id.is_empty())?;
    let members = json::members(session)?;
    if text(&members, "userId").is_some_and(|owner| owner != id) {
        return None;
    }
    Some(Content::Somebody(Found { id, user, session, members, others, wants_renewal }))
}

/// The member that counts where a name stands twice.
fn last<'m>(members: &'m [(String, Json)], name: &str) -> Option<&'m Json> {
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn text(members: &[(String, Json)], name: &str) -> Option<String> {
    match last(members, name)? {
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// JSON without what a page must not hold: members named `token`, and an OAuth provider's `accessToken`,
/// `refreshToken` and `idToken`, at every depth. `None` for what is no JSON.
///
/// ```
/// use httponly::auth::session_response::without_tokens;
///
/// let body = r#"{"redirect":false,"token":"secret","user":{"id":"1"}}"#;
/// assert_eq!(without_tokens(body).unwrap(), r#"{"redirect":false,"user":{"id":"1"}}"#);
/// ```
pub fn without_tokens(body: &str) -> Option<String> {
    let names = ["token", "accesstoken", "refreshtoken", "idtoken", "sessiontoken"];
    json::without(body, &|name| {
        let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
        names.iter().any(|token| plain.eq_ignore_ascii_case(token))
    })
}

/// Milliseconds since 1970 of a date as `JSON.stringify` writes it: `2026-11-22T01:34:33.611Z`, the fraction optional,
/// with `Z` or an offset.
fn milliseconds(date: &str) -> Option<f64> {
    let number = |from: usize, to: usize| {
        let digits = date.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let is = |at: usize, byte: u8| date.as_bytes().get(at) == Some(&byte);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marked = is(4, b'-') && is(7, b'-') && (is(10, b'T') || is(10, b' ')) && is(13, b':') && is(16, b':');
    let ranged =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 25 && minute < 60 && second < 61;
    if !marked || !ranged {
        return None;
    }
    let mut rest = date.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        rest = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    let offset = match rest.as_bytes() {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), hours @ ..] => {
            let digits: String =
                hours.iter().filter(|byte| **byte != b':').map(|&byte| char::from(byte)).collect();
            let clock: i64 = (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse().ok())??;
            let minutes = clock / 100 * 60 + clock % 100;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    // Days from a civil date: years begin in March, so that a leap day is the last.
    let year = if month < 3 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    i32::try_from(seconds / 1000).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    Some(seconds as f64 * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"id":"u1","name":"Ada"}"#;

    fn status(standing: &SessionState<'_>) -> &'static str {
        match standing {
            SessionState::Authenticated(_) => "authenticated",
            SessionState::Anonymous => "anonymous",
            SessionState::Rejected => "rejected",
            SessionState::Unavailable => "unavailable",
        }
    }

    #[test]
    fn an_answer_means_one_of_four_things() {
        let with = |session: &str| format!(r#"{{"user":{USER},"session":{session}}}"#);
        for (code, body, expected) in [
            (200, with("{}"), "authenticated"),
            (200, with(r#"{"userId":"u1","expiresAt":"2026-11-22T01:34:33.611Z"}"#), "authenticated"),
            (200, with(r#"{"expiresAt":1790000000000}"#), "authenticated"),
            (200, "null".into(), "anonymous"),
            (200, " null\n".into(), "anonymous"),
            (200, r#"{"user":null,"session":null}"#.into(), "anonymous"),
            (401, String::new(), "anonymous"),
            (401, with("{}"), "anonymous"),
            // The session has ended.
            (200, with(r#"{"expiresAt":"2024-01-01T00:00:00Z"}"#), "anonymous"),
            (403, String::new(), "rejected"),
            (429, r#"{"message":"Too many requests"}"#.into(), "unavailable"),
            // Nobody can tell.
            (500, "null".into(), "unavailable"),
            (502, String::new(), "unavailable"),
            (503, with("{}"), "unavailable"),
            (404, "null".into(), "unavailable"),
            (302, String::new(), "unavailable"),
            (204, String::new(), "unavailable"),
            (200, String::new(), "unavailable"),
            (200, "<html>".into(), "unavailable"),
            (200, "nul".into(), "unavailable"),
            (200, "undefined".into(), "unavailable"),
            (200, "{}".into(), "unavailable"),
            (200, "[]".into(), "unavailable"),
            (200, format!(r#"{{"user":{USER}}}"#), "unavailable"),
            (200, r#"{"session":{}}"#.into(), "unavailable"),
            (200, r#"{"user":{},"session":{}}"#.into(), "unavailable"),
            (200, r#"{"user":{"id":""},"session":{}}"#.into(), "unavailable"),
            (200, r#"{"user":{"id":1},"session":{}}"#.into(), "unavailable"),
            (200, r#"{"user":"u1","session":{}}"#.into(), "unavailable"),
            (200, format!(r#"{{"user":{USER},"session":null}}"#), "unavailable"),
            // Another user's session.
            (200, with(r#"{"userId":"u2"}"#), "unavailable"),
            (200, with(r#"{"expiresAt":"tomorrow"}"#), "unavailable"),
            (200, with(r#"{"expiresAt":true}"#), "unavailable"),
            (200, with("{}") + "x", "unavailable"),
        ] {
            assert_eq!(status(&read(code, &body, 1_750_000_000_000.0)), expected, "{code} {body}");
        }
    }

    #[test]
    fn who_is_signed_in_comes_without_tokens() {
        let body = r#"{"session":{"token":"secret","userId":"u1","expiresAt":"2026-11-22T01:34:33.611Z"},
            "user":{"id":"u1","accounts":[{"accessToken":"x","n":1}]}}"#;
        let SessionState::Authenticated(identity) = read(200, body, 0.0) else { panic!("not signed in") };
        assert_eq!(identity.id, "u1");
        assert_eq!(identity.expires, Some(1_795_311_273_000.0));
        assert_eq!(identity.user, r#"{"id":"u1","accounts":[{"n":1}]}"#);
        assert_eq!(identity.session, r#"{"userId":"u1","expiresAt":"2026-11-22T01:34:33.611Z"}"#);
    }

    #[test]
    fn what_stands_beside_user_and_session_is_kept_without_tokens() {
        for (more, data) in [
            ("", None),
            (r#","token":"t""#, None),
            (r#","needsRefresh":true"#, None),
            (r#","a":1,"b":{"token":"t","c":[]},"needsRefresh":false"#, Some(r#"{"a":1,"b":{"c":[]}}"#)),
            (
                r#","a":1,"a":2,"access_token":"t","__proto__":{"x":1}"#,
                Some(r#"{"a":2,"__proto__":{"x":1}}"#),
            ),
        ] {
            let body = format!(r#"{{"user":{USER},"session":{{"createdAt":"1970-01-01T00:00:02Z"}}{more}}}"#);
            let SessionState::Authenticated(identity) = read(200, &body, 0.0) else { panic!("{more}") };
            assert_eq!(identity.data.as_deref(), data, "{more}");
            assert_eq!(identity.wants_renewal, more.contains("true"), "{more}");
            assert_eq!(identity.created, Some(2000.0));
        }
    }

    #[test]
    fn an_answer_is_kept_for_half_of_what_is_left_of_its_session_at_most() {
        for (ttl, expires, kept) in [
            (300.0, None, 300.0),
            (300.0, Some(10_000.0), 300.0),
            (300.0, Some(600.0), 300.0),
            (300.0, Some(100.0), 50.0),
            (0.0, Some(100.0), 0.0),
        ] {
            let until = keep_until(1000.0, ttl, expires.map(|left: f64| 1000.0 + left));
            assert!((until - 1000.0 - kept).abs() < 0.001, "{ttl} {expires:?}");
        }
    }

    #[test]
    fn tokens_are_stripped_at_every_depth_in_every_spelling() {
        for (body, out) in [
            ("null", "null"),
            (r#"{"token":"a"}"#, "{}"),
            (r#"{"token":null,"status":true}"#, r#"{"status":true}"#),
            (
                r#"{"\u0074oken":"a","Token":"b","session":{"token":"c","id":"1"}}"#,
                r#"{"session":{"id":"1"}}"#,
            ),
            (r#"[{"id":"1","token":"a"},{"id":"2","token":"b"}]"#, r#"[{"id":"1"},{"id":"2"}]"#),
            (r#"{"access_token":1,"refreshToken":2,"idToken":3,"session_token":4}"#, "{}"),
            (r#"{"tokens":1,"tokenType":"Bearer"}"#, r#"{"tokens":1,"tokenType":"Bearer"}"#),
        ] {
            assert_eq!(without_tokens(body).as_deref(), Some(out), "{body}");
        }
        assert_eq!(without_tokens("token=a"), None);
    }

    #[test]
    fn a_date_is_read_as_json_writes_it() {
        for (date, expected) in [
            ("1970-01-01T00:00:00Z", Some(0.0)),
            ("1970-01-01T00:00:00.999Z", Some(0.0)),
            ("2000-02-29T12:00:00+02:00", Some(951_818_400_000.0)),
            ("2000-02-29T12:00:00-0030", Some(951_827_400_000.0)),
            ("2026-11-22T01:34:33.611Z", Some(1_795_311_273_000.0)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000.0)),
            ("1969-12-31T23:59:59Z", Some(-1000.0)),
            ("2026-11-22", None),
            ("2026-11-22T01:34:33", None),
            ("2026-13-22T01:34:33Z", None),
            ("2026-11-22T01:34:33.Z", None),
            ("2026-11-22T01:34:33+2:00", None),
            ("Sun, 22 Nov 2026 01:34:33 GMT", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(date), expected, "{date}");
        }
    }
}
