//! E-mail addresses to which links are mailed.

/// The one spelling of an address: its domain in lower case. `None` for what is none, or would be two to a mail server.
///
/// The text has to be in Unicode's normal form NFKC already: what looks like `@`, or like a letter of a domain, must have
/// become one before anybody looks for it.
///
/// ```
/// use httponly::sign_in::address::normal;
///
/// assert_eq!(normal(" Ada@Example.COM ").as_deref(), Some("Ada@example.com"));
/// assert_eq!(normal("ada@example.com,eve@evil.example"), None);
/// ```
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let odd = |c: char| c.is_control() || c.is_whitespace() || is_invisible(c);
    if text.len() > 254 || local.is_empty() || local.len() > 64 || text.chars().any(odd) {
        return None;
    }
    // What ends an address, or begins another, in some parser of mail headers.
    if local.contains(['(', ')', '<', '>', '[', ']', ':', ';', ',', '\\', '"', '@']) {
        return None;
    }
    let domain = domain.to_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.split('.').all(label).then(|| format!("{local}@{domain}"))
}

/// Characters without a width, or that turn the direction of writing: two addresses would look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address() {
        for (text, expected) in [
            ("ada@example.com", Some("ada@example.com")),
            ("Ada.L+x@EXAMPLE.com", Some("Ada.L+x@example.com")),
            ("ada@localhost", Some("ada@localhost")),
            ("ada@bücher.example", Some("ada@bücher.example")),
            ("ada", None),
            ("@example.com", None),
            ("ada@", None),
            ("a@b@c", None),
            ("ada@example.com\r\nBcc: eve@evil.example", None),
            ("ada @example.com", None),
            ("ada@exam ple.com", None),
            ("ada@example.com, eve@evil.example", None),
            ("\"a\"@example.com", None),
            ("<ada@example.com>", None),
            ("ada@example.com>", None),
            ("ada@.example.com", None),
            ("ada@example..com", None),
            ("ada@[127.0.0.1]", None),
            ("ad\u{200b}a@example.com", None),
            // A full stop to some, and a letter to others.
            ("ada@example\u{3002}com", None),
        ] {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
        }
        assert_eq!(normal(&format!("{}@example.com", "a".repeat(65))), None);
    }
}
