//! What a backend says by itself: whose sessions ended or changed, in a message that it signed.
//!
//! Nothing here computes a MAC; it says what one is about, and whether a message is of now.

use super::invalidation::Named;
use crate::error::{Refusal, Rule};
use crate::http::json::{self, Json};

/// Milliseconds that a message may be older or newer than the clock here.
const TOLERANCE: u64 = 300_000;
/// Characters of the longest nonce.
const NONCE_MAX: usize = 128;
/// Bytes of the longest message.
pub const BODY_MAX: usize = 8192;

/// The header `x-httponly-signature`: `t=1764590000000,n=0b5f…,s=9a3c…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// When it was signed, in milliseconds since 1970, as it stands there.
    pub time: &'a str,
    /// A text that no other message has.
    pub nonce: &'a str,
    /// HMAC-SHA-256 in hexadecimal of [`signed_text`].
    pub mac: &'a str,
}

/// Reads the header; `now` is in milliseconds since 1970.
///
/// # Errors
///
/// [`Rule::NoticeUnsigned`] for what is none, [`Rule::NoticeLate`] for one that is not of now.
///
/// ```
/// use httponly::auth::notice::signature;
///
/// let header = format!("t=1000,n=abc,s={}", "0".repeat(64));
/// assert_eq!(signature(&header, 2000).unwrap().nonce, "abc");
/// assert!(signature(&header, 2_000_000).is_err());
/// ```
pub fn signature(header: &str, now: u64) -> Result<Signature<'_>, Refusal> {
    let mut parts = header.split(',');
    let mut part = |name: &str| parts.next().and_then(|part| part.trim().strip_prefix(name));
    let (time, nonce, mac) = (part("t="), part("n="), part("s="));
    let (Some(time), Some(nonce), Some(mac), None) = (time, nonce, mac, parts.next()) else {
        return Err(Rule::NoticeUnsigned.into());
    };
    let is_number = !time.is_empty() && time.len() <= 15 && time.bytes().all(|byte| byte.is_ascii_digit());
    let is_nonce =
        (1..=NONCE_MAX).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic());
    let is_mac = mac.len() == 64 && mac.bytes().all(|byte| byte.is_ascii_hexdigit());
    let at = time.parse::<u64>().ok().filter(|_| is_number && is_nonce && is_mac);
    match at {
        None => Err(Rule::NoticeUnsigned.into()),
        Some(at) if at.abs_diff(now) > TOLERANCE => Err(Rule::NoticeLate.into()),
        Some(_) => Ok(Signature { time, nonce, mac }),
    }
}

/// What is signed: `time.nonce.body`.
pub fn signed_text(signature: &Signature, body: &str) -> String {
    format!("{}.{}.{body}", signature.time, signature.nonce)
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether the sessions are over; else what they say has changed.
    pub ends: bool,
    /// Whose they are.
    pub named: Vec<Named>,
}

/// Reads a message: `{ "type": "ended" or "changed", "token"?, "userId"?, "email"? }`, with at least one of the three.
///
/// # Errors
///
/// [`Rule::NoticeBody`] for any other.
pub fn read(body: &str) -> Result<Notice, Refusal> {
    let members = json::members(body).ok_or(Rule::NoticeBody)?;
    let text = |name: &str| match members.iter().rfind(|(key, _)| key == name) {
        None => Ok(None),
        Some((_, Json::String(text))) if !text.is_empty() => Ok(Some(text.clone())),
        // A null or an empty name would be a mistake of the sender's, and end nothing.
        Some(_) => Err(Refusal::from(Rule::NoticeBody)),
    };
    let ends = match text("type")?.as_deref() {
        Some("ended") => true,
        Some("changed") => false,
        _ => return Err(Rule::NoticeBody.into()),
    };
    let named: Vec<Named> = [
        text("token")?.map(Named::Token),
        text("userId")?.map(Named::Id),
        text("email")?.map(|email| Named::Email(email.to_lowercase())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if named.is_empty() { Err(Rule::NoticeBody.into()) } else { Ok(Notice { ends, named }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_a_time_of_now_a_nonce_and_a_mac_in_this_order() {
        let mac = "0f".repeat(32);
        let now = 1_764_590_000_000;
        let good = format!("t={now},n=a-b_1,s={mac}");
        assert_eq!(signature(&good, now), Ok(Signature { time: "1764590000000", nonce: "a-b_1", mac: &mac }));
        assert_eq!(signed_text(&signature(&good, now).unwrap(), "{}"), "1764590000000.a-b_1.{}");
        for late in [now + TOLERANCE + 1, now - TOLERANCE - 1] {
            assert_eq!(signature(&good, late).map_err(Refusal::rule), Err(Rule::NoticeLate));
        }
        assert!(signature(&good, now + TOLERANCE).is_ok());
        for bad in [
            String::new(),
            format!("n=a,t={now},s={mac}"),
            format!("t={now},n=a,s={mac},s={mac}"),
            format!("t={now},n=,s={mac}"),
            format!("t={now},n=a b,s={mac}"),
            format!("t={now},n={},s={mac}", "a".repeat(129)),
            format!("t=-1,n=a,s={mac}"),
            format!("t=1e3,n=a,s={mac}"),
            format!("t={now},n=a,s={}", "0f".repeat(31)),
            format!("t={now},n=a,s={}", "zz".repeat(32)),
        ] {
            assert_eq!(signature(&bad, now).map_err(Refusal::rule), Err(Rule::NoticeUnsigned), "{bad}");
        }
    }

    #[test]
    fn a_notice_names_a_session_a_user_or_an_address() {
        let token = || Named::Token("t".into());
        for (body, expected) in [
            (r#"{"type":"ended","token":"t"}"#, Notice { ends: true, named: vec![token()] }),
            (
                r#"{"type":"changed","userId":"u"}"#,
                Notice { ends: false, named: vec![Named::Id("u".into())] },
            ),
            (
                r#"{"type":"ended","token":"t","userId":"u","email":"A@B.c"}"#,
                Notice {
                    ends: true,
                    named: vec![token(), Named::Id("u".into()), Named::Email("a@b.c".into())],
                },
            ),
        ] {
            assert_eq!(read(body), Ok(expected), "{body}");
        }
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"ended"}"#,
            r#"{"token":"t"}"#,
            r#"{"type":"gone","token":"t"}"#,
            r#"{"type":"ended","token":""}"#,
            r#"{"type":"ended","token":null,"userId":"u"}"#,
            r#"{"type":"ended","userId":1}"#,
        ] {
            assert_eq!(read(body).map_err(Refusal::rule), Err(Rule::NoticeBody), "{body}");
        }
    }
}
