//! `Retry-After` (RFC 9110 section 10.2.3), and `X-Retry-After`, which some servers send in its place.

use super::date;

/// `Retry-After`, in seconds or as a date: the upstream's own, or its `X-Retry-After`. `None` for anything else.
///
/// ```
/// use httponly::http::retry_after::retry_after;
///
/// assert_eq!(retry_after(None, Some("900")), Some("900"));
/// ```
pub fn retry_after<'a>(standard: Option<&'a str>, other: Option<&'a str>) -> Option<&'a str> {
    [standard, other].into_iter().flatten().map(str::trim).find(|value| {
        let seconds =
            !value.is_empty() && value.len() < 10 && value.bytes().all(|byte| byte.is_ascii_digit());
        seconds || date::parse(value).is_some()
    })
}

/// The seconds that [`retry_after`] asks to wait; a date is counted from `now`, in milliseconds since 1970, and one that
/// has passed is 0.
///
/// ```
/// use httponly::http::retry_after::seconds;
///
/// assert_eq!(seconds(Some("Thu, 01 Jan 1970 00:02:00 GMT"), None, 60_000.0), Some(60));
/// assert_eq!(seconds(Some("soon"), Some("900"), 0.0), Some(900));
/// ```
pub fn seconds(standard: Option<&str>, other: Option<&str>, now: f64) -> Option<u32> {
    let value = retry_after(standard, other)?;
    value.parse().ok().or_else(|| {
        #[expect(clippy::cast_precision_loss, reason = "dates lie below 2^53")]
        let left = date::parse(value)? as f64 - now / 1000.0;
        #[expect(clippy::cast_sign_loss, reason = "clamped")]
        Some(left.ceil().clamp(0.0, f64::from(u32::MAX)) as u32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_one_header() {
        for (standard, other, expected) in [
            (None, None, None),
            (Some("5"), Some("900"), Some("5")),
            (None, Some(" 900 "), Some("900")),
            (Some("soon"), Some("900"), Some("900")),
            (Some("Sun, 22 Nov 2026 01:34:33 GMT"), None, Some("Sun, 22 Nov 2026 01:34:33 GMT")),
            (None, Some("-1"), None),
            (None, Some("1e3"), None),
            (None, Some(""), None),
        ] {
            assert_eq!(retry_after(standard, other), expected, "{standard:?} {other:?}");
        }
    }
}
