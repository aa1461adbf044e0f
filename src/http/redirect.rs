//! Which redirect targets stay on the site.
//!
//! A target from a query parameter is an open redirect unless the string that goes into `Location` resolves to the
//! app's own origin in every parser that reads it: the browser's, the framework's and a proxy's.

use std::borrow::Cow;

/// Largest accepted target in bytes.
pub const MAX_TARGET: usize = 4096;

/// A local target: an absolute path with query and fragment; or a URL of one of the origins in `allow`, which are
/// written as `URL.origin` writes them. `None` for all else.
///
/// Characters that a header cannot carry are percent-encoded, all others come back as they are.
///
/// ```
/// use httponly::http::redirect::check;
///
/// assert_eq!(check("/inbox?tab=1#new", &[]).as_deref(), Some("/inbox?tab=1#new"));
/// assert_eq!(check("//evil.example", &[]), None);
/// assert_eq!(check("/\\evil.example", &[]), None);
/// assert_eq!(check("https://b.example/", &["https://b.example"]).as_deref(), Some("https://b.example/"));
/// ```
pub fn check<'t>(target: &'t str, allow: &[&str]) -> Option<Cow<'t, str>> {
    // URL parsers drop tabs and line breaks and take `\` for `/`.
    if target.len() > MAX_TARGET || target.bytes().any(|b| b < 0x20 || b == 0x7f || b == b'\\') {
        return None;
    }
    let rest = if target.starts_with('/') { target } else { after_origin(target, allow)? };
    let path = rest.split(['?', '#']).next()?;
    if !path.is_empty() && !stays(path) {
        return None;
    }
    Some(encode(target))
}

/// What stands behind an allowed origin, which must end there.
fn after_origin<'t>(target: &'t str, allow: &[&str]) -> Option<&'t str> {
    allow
        .iter()
        .filter(|origin| crate::http::same_origin::of(origin) == Some(origin))
        .find_map(|origin| target.strip_prefix(origin))
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Whether a path starts with one `/`, also after dot segments were resolved, and hides no slash, no backslash and
/// no control character behind a percent sign.
fn stays(path: &str) -> bool {
    let hidden = |pair: &[u8]| {
        matches!(pair, [b'%', b'0' | b'1', _] | [b'%', b'2', b'f' | b'F'] | [b'%', b'5', b'c' | b'C'])
            || matches!(pair, [b'%', b'7', b'f' | b'F'])
    };
    if path.as_bytes().windows(3).any(hidden) {
        return false;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let count = dots(segment);
        if count == 2 {
            kept.pop();
        }
        if count == 0 {
            kept.push(segment);
        } else if segments.peek().is_none() {
            // A dot segment at the end leaves an empty one (WHATWG URL section 4.4, path state).
            kept.push("");
        }
    }
    // An empty first segment with another behind it is `//host`.
    let names_host = kept.len() > 1 && kept.first().is_some_and(|first| first.is_empty());
    !names_host && !path.starts_with("//")
}

/// 1 for a single-dot segment, 2 for a double-dot one, 0 for all else (WHATWG URL section 4.1).
pub(crate) fn dots(segment: &str) -> usize {
    let mut count = 0;
    let mut rest = segment.as_bytes();
    while !rest.is_empty() {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return 0,
        };
        count += 1;
    }
    if count > 2 { 0 } else { count }
}

/// Percent-encodes what is not visible ASCII.
fn encode(target: &str) -> Cow<'_, str> {
    if target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return target.into();
    }
    let mut out = Vec::with_capacity(target.len() + 16);
    for byte in target.bytes() {
        if byte.is_ascii_graphic() {
            out.push(byte);
        } else {
            crate::http::percent::encode(byte, &mut out);
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed("/"), Cow::Owned)
}
