//! Fields of a query, written so that every parser reads the same.

/// Writes text as the value of a query field: all but letters, digits, `-`, `_`, `.`, `~` and `/` is percent-encoded.
pub(crate) fn push_value(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let mut escape = Vec::with_capacity(3);
            crate::proxy::target::percent(byte, &mut escape);
            out.extend(escape.into_iter().map(char::from));
        }
    }
}

/// What stands between a path and one more field.
pub(crate) fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

/// The first value of a field, decoded.
pub(crate) fn field(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut named = pairs.filter(|(key, _)| decode(key.as_bytes(), true) == name);
    named.next().map(|(_, value)| decode(value.as_bytes(), true))
}

/// Percent-decodes; what is no UTF-8 becomes U+FFFD, and a `%` that two hexadecimal digits do not follow stays. `plus`
/// is whether `+` is a space.
pub(crate) fn decode(text: &[u8], plus: bool) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        out.push(match (byte, after) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (b'+', _) if plus => b' ',
            _ => *byte,
        });
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
