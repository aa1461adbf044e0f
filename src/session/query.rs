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
