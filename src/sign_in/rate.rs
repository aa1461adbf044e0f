//! How often somebody may try to sign in: whom an attempt counts for, and in which stretch of time.
//!
//! Attempts are counted by `js/server/store/rate-limit.ts`; a window begins at a multiple of its length.

use std::net::IpAddr;

/// Whom an attempt from this address counts for: an IPv4 address, or the /64 of an IPv6 address, all of which one
/// customer has. `None` for what is no address.
///
/// ```
/// use httponly::sign_in::rate::client;
///
/// assert_eq!(client("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::/64"));
/// assert_eq!(client("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
/// ```
pub fn client(address: &str) -> Option<String> {
    let address: IpAddr = address.trim().parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

/// The fields that say whose password it is, the first that is there.
const NAMES: [&str; 5] = ["email", "username", "user", "login", "name"];

/// Fields that are about the page, not about a person.
const OF_THE_PAGE: [&str; 4] = ["callbackURL", "errorCallbackURL", "rememberMe", "provider"];

/// Whom an attempt with these fields is about: the field that says it, else the first that is no secret by its name.
/// Letter case and blanks around do not make another.
///
/// ```
/// use httponly::sign_in::rate::account;
///
/// assert_eq!(account(&[("password", "x"), ("email", " Ada@Example.com ")]).as_deref(), Some("ada@example.com"));
/// assert_eq!(account(&[("password", "x")]), None);
/// ```
pub fn account(fields: &[(&str, &str)]) -> Option<String> {
    let named = NAMES.iter().find_map(|name| fields.iter().find(|(field, _)| field == name));
    let is_secret = |name: &str| {
        let name = name.to_lowercase();
        ["pass", "pin", "code", "secret", "token", "otp"].iter().any(|part| name.contains(part))
    };
    let (_, value) =
        named.or_else(|| fields.iter().find(|(name, _)| !is_secret(name) && !OF_THE_PAGE.contains(name)))?;
    let value = value.trim().to_lowercase();
    if value.is_empty() { None } else { Some(value) }
}

/// The window that a time lies in, and the seconds until it is over, at least 1. `now` is in milliseconds since 1970, a
/// window in seconds.
///
/// ```
/// use httponly::sign_in::rate::window;
///
/// assert_eq!(window(61_500, 60), (1, 59));
/// ```
pub fn window(now: u64, seconds: u32) -> (u64, u32) {
    let length = u64::from(seconds.max(1)) * 1000;
    let left = (length - now % length).div_ceil(1000);
    (now / length, u32::try_from(left).unwrap_or(seconds).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_client() {
        for (address, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1 ", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::/64")),
            ("2001:db8::ffff:1", Some("2001:db8::/64")),
            ("2001:db8:0:1::1", Some("2001:db8:0:1::/64")),
            ("", None),
            ("unknown", None),
            ("192.0.2.1:80", None),
        ] {
            assert_eq!(client(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn an_account_is_named_by_its_field_and_never_by_a_secret() {
        for (fields, expected) in [
            (vec![("email", "A@b.c"), ("password", "p")], Some("a@b.c")),
            (vec![("password", "p"), ("username", "Ada")], Some("ada")),
            (vec![("oldPassword", "p"), ("customer", "42")], Some("42")),
            (vec![("pin", "1"), ("otpCode", "2")], None),
            (vec![("callbackURL", "/"), ("rememberMe", "true"), ("password", "p")], None),
            (vec![("email", "  ")], None),
            (vec![], None),
        ] {
            assert_eq!(account(&fields).as_deref(), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        assert_eq!(window(0, 60), (0, 60));
        assert_eq!(window(59_999, 60), (0, 1));
        assert_eq!(window(60_000, 60), (1, 60));
        assert_eq!(window(5, 0), (0, 1));
    }
}
