//! The `Cookie` header after `Set-Cookie`: what the same request would have carried, had the cookies been set before.
//!
//! A server that sets a cookie and renders the page in the same turn needs it, since the browser has not seen the
//! cookie yet.

use super::{attributes::path_matches, header::pairs, set_cookie};

/// The `Cookie` header of a request for `path`, with the cookies that `lines` set in it, byte for byte, and without
/// those that they delete. `now` is in seconds since 1970.
///
/// Left out are lines that browsers ignore, cookies without a name, and those of another path. A line counts whatever
/// its Domain is: it is the app's own. It stands for all cookies of its name, since a header does not say their scopes.
///
/// ```
/// use httponly::cookie::apply::carry;
///
/// let lines = ["token=b%20c; HttpOnly; Path=/", "old=; Max-Age=0", "admin=1; Path=/admin"];
/// assert_eq!(carry("token=a; old=1; theme=dark", &lines, "/", 0), "token=b%20c; theme=dark");
/// ```
pub fn carry(header: &str, lines: &[&str], path: &str, now: i64) -> String {
    let sent = pairs(header).map(|pair| {
        let text = |range| header.get(range).unwrap_or_default();
        (text(pair.name()), text(pair.value()))
    });
    // A lone `=` is no cookie, and would leave nothing behind a `; `.
    let mut cookies: Vec<(&str, &str)> = sent.filter(|pair| *pair != ("", "")).collect();
    for line in lines {
        let Some(cookie) = set_cookie::parse(line) else { continue };
        if cookie.name.is_empty() || cookie.path.is_some_and(|cookie| !path_matches(path, cookie)) {
            continue;
        }
        let place = cookies.iter().position(|(name, _)| *name == cookie.name);
        cookies.retain(|(name, _)| *name != cookie.name);
        if cookie.lifetime(now).is_none_or(|seconds| seconds > 0) {
            cookies.insert(place.unwrap_or(cookies.len()), (cookie.name, cookie.value));
        }
    }
    let mut out = String::with_capacity(header.len());
    for (name, value) in cookies {
        if !out.is_empty() {
            out.push_str("; ");
        }
        // Without its `=`, a value such as `a=1` would give a nameless cookie the name `a`.
        if !name.is_empty() || value.contains('=') {
            out.push_str(name);
            out.push('=');
        }
        out.push_str(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_carries_what_was_set_and_not_what_was_deleted() {
        let now = 1_700_000_000;
        for (header, lines, path, expected) in [
            ("", &["a=1"][..], "/", "a=1"),
            ("a=1", &[][..], "/", "a=1"),
            ("a=1; b=2", &["a=3"][..], "/", "a=3; b=2"),
            ("a=1; b=2", &["c=3; Path=/"][..], "/x", "a=1; b=2; c=3"),
            // Byte for byte.
            ("", &["a=\"x y\"=%zz; HttpOnly; Secure; Priority=High"][..], "/", "a=\"x y\"=%zz"),
            ("A=1", &["a=2"][..], "/", "A=1; a=2"),
            // Deleted.
            ("a=1; b=2", &["a=; Max-Age=0"][..], "/", "b=2"),
            ("a=1", &["a=x; Max-Age=-1"][..], "/", ""),
            ("a=1", &["a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"][..], "/", ""),
            ("a=1; b=2; a=3", &["a=; Max-Age=0"][..], "/", "b=2"),
            ("a=1", &["a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"][..], "/", "a=2"),
            // The last line counts.
            ("", &["a=1", "a=2"][..], "/", "a=2"),
            ("", &["a=1", "a=; Max-Age=0"][..], "/", ""),
            ("a=0", &["a=; Max-Age=0; Domain=my.example", "a=2"][..], "/", "a=2"),
            // Two cookies of one name become the one that was set.
            ("a=1; b=2; a=3", &["a=4"][..], "/", "a=4; b=2"),
            // Of another path.
            ("a=1", &["a=2; Path=/admin"][..], "/", "a=1"),
            ("a=1", &["a=2; Path=/admin"][..], "/administrator", "a=1"),
            ("a=1", &["a=2; Path=/admin"][..], "/admin/x", "a=2"),
            ("a=1", &["a=; Max-Age=0; Path=/admin"][..], "/", "a=1"),
            // What no browser takes.
            ("a=1", &["a=2\n; Path=/", "=3", "4", ""][..], "/", "a=1"),
            // What was sent without a name stays as it is.
            ("lone; a=1", &["b=2"][..], "/", "lone; a=1; b=2"),
            ("=__Host-a=planted; ==; b=2", &[][..], "/", "=__Host-a=planted; ==; b=2"),
            ("=a=planted", &["a=1"][..], "/", "=a=planted; a=1"),
            // But for what is no cookie.
            ("a=1; =", &[][..], "/", "a=1"),
            ("=; a=1", &["b=2"][..], "/", "a=1; b=2"),
        ] {
            assert_eq!(carry(header, lines, path, now), expected, "{header:?} {lines:?} {path}");
        }
    }
}
