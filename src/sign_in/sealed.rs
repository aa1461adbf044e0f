//! The form of sealed texts (RFC 7516 section 7.1), as this package writes them and takes them back.

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;

/// Whether a text is a compact JWE with a shared key (`dir`: nothing stands in the second part) in the one spelling that
/// it was written in. Decoders pass over the bits that the last character of a part has too many, so that a text which was
/// changed there would be taken for the same.
///
/// ```
/// use httponly::sign_in::sealed::is_compact;
///
/// assert!(is_compact("eyJ9..AAAA.BBBB.CCCCCCCCCCCCCCCCCCCCCA"));
/// assert!(!is_compact("eyJ9..AAAA.BBBB.CCCCCCCCCCCCCCCCCCCCCB"));
/// ```
pub fn is_compact(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').take(6).collect();
    let [header, key, iv, content, tag] = parts.as_slice() else { return false };
    text.len() <= LONGEST
        && key.is_empty()
        && [header, iv, content, tag].iter().all(|part| !part.is_empty() && is_canonical(part))
}

/// Whether a text is base64url without padding (RFC 4648 section 5), and no bit of it says nothing (section 3.5).
fn is_canonical(text: &str) -> bool {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    };
    let last = text.bytes().next_back().and_then(value).unwrap_or_default();
    let idle = match text.len() % 4 {
        0 => 0,
        2 => last & 0b1111,
        3 => last & 0b11,
        _ => 1,
    };
    idle == 0 && text.bytes().all(|byte| value(byte).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_has_one_spelling() {
        let tag = "AAAAAAAAAAAAAAAAAAAAAA";
        assert!(is_compact(&format!("a-_9..QQ.QUE.{tag}")));
        for text in [
            String::new(),
            "....".into(),
            format!("a-_9.QQ.QQ.QUE.{tag}"),
            format!("a-_9..QR.QUE.{tag}"),
            format!("a-_9..QQ.QUF.{tag}"),
            format!("a-_9..QQ.QUE.{tag}="),
            format!("a-_9..QQ.QUE.{tag}."),
            format!("a+/9..QQ.QUE.{tag}"),
            format!("a-_9..QQ..{tag}"),
            format!("a-_9..Q.QUE.{tag}"),
            format!("a-_9..QQ.QUE.{tag} "),
            format!("a-_9..QQ.QU%45.{tag}"),
        ] {
            assert!(!is_compact(&text), "{text}");
        }
    }
}
