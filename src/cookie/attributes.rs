//! What a browser would refuse to store, and by which rule: each attribute's own syntax, and the conditions that they
//! put on each other.
//!
//! Nothing here knows public suffixes: that list changes monthly and is larger than this package. In the page the
//! read-back notices what the browser refused for one.

use super::syntax::{Class, MAX_ATTRIBUTE, Text, Unit};
use crate::error::{Refusal, Rule};

/// Longest lifetime in seconds, 400 days: what is longer is cut, as browsers do (RFC 6265bis section 5.5).
pub const MAX_AGE: u32 = 400 * 24 * 60 * 60;

/// The SameSite attribute (RFC 6265bis section 4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Same-site requests, and navigations by link from other sites. The default.
    #[default]
    Lax,
    /// Same-site requests only.
    Strict,
    /// All requests.
    None,
}

impl SameSite {
    const ALL: [Self; 3] = [Self::Lax, Self::Strict, Self::None];

    /// Reads a value in any letter case; anything else is `None`.
    ///
    /// ```
    /// use httponly::cookie::attributes::SameSite;
    ///
    /// assert_eq!(SameSite::parse("sTRICT"), Some(SameSite::Strict));
    /// assert_eq!(SameSite::parse("Default"), None);
    /// ```
    #[cfg_attr(not(feature = "server"), inline(always))]
    pub fn parse<'a>(text: impl Text<'a>) -> Option<Self> {
        Self::ALL.into_iter().find(|same_site| equals_ignore_case(text.units(), same_site.as_str()))
    }

    /// The value as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

/// The prefix of a cookie name, which puts conditions on the attributes (RFC 6265bis section 4.1.3; `__Http-` and
/// `__Host-Http-` of draft-ietf-httpbis-layered-cookies). Browsers match it in any letter case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// `__Secure-` and all others: Secure, from a secure origin.
    pub secure: bool,
    /// `__Host-` and `__Host-Http-`: no Domain, and Path=/.
    pub host: bool,
    /// `__Http-` and `__Host-Http-`: by a `Set-Cookie` header with HttpOnly.
    pub http: bool,
}

impl Prefix {
    /// The conditions of a name.
    #[cfg_attr(not(feature = "server"), inline(always))]
    pub fn of<'a>(name: impl Text<'a>) -> Self {
        let starts =
            |prefix: &str| name.units().get(..prefix.len()).is_some_and(|s| equals_ignore_case(s, prefix));
        let host = starts("__Host-");
        let http = starts("__Http-") || (host && starts("__Host-Http-"));
        Self { secure: host || http || starts("__Secure-"), host, http }
    }
}

/// ASCII case-insensitive equality.
pub(crate) fn equals_ignore_case<U: Unit>(units: &[U], text: &str) -> bool {
    units.len() == text.len()
        && units.iter().zip(text.bytes()).all(|(u, b)| u.is_ignore_case(b.to_ascii_lowercase()))
}

/// Refuses a Path that is no `path-value` with a leading `/` (RFC 6265bis section 4.1.1).
///
/// Characters beyond ASCII are refused: the path of a URL is percent-encoded, so such a Path matches nothing. A space
/// at the end is refused, since browsers cut it off (section 5.6) and would keep another Path.
///
/// # Errors
/// [`Rule::PathNotAbsolute`], [`Rule::PathCharacter`], [`Rule::AttributeTooLarge`].
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn check_path<'a>(path: impl Text<'a>) -> Result<(), Refusal> {
    let units = path.units();
    if !units.first().is_some_and(|u| u.is(b'/')) {
        return Err(Rule::PathNotAbsolute.into());
    }
    if units.len() > MAX_ATTRIBUTE {
        return Err(Rule::AttributeTooLarge.into());
    }
    if units.last().is_some_and(|u| u.is(b' ')) {
        return Err(Rule::PathCharacter.into());
    }
    Class::ATTRIBUTE_OCTET.check(path, Rule::PathCharacter)
}

/// Whether a request path lies under a cookie path (path-match of RFC 6265bis section 5.1.4).
///
/// ```
/// use httponly::cookie::attributes::path_matches;
///
/// assert!(path_matches("/docs/web", "/docs"));
/// assert!(!path_matches("/docsets", "/docs"));
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn path_matches<'a, 'b, U: Unit>(
    request: impl Text<'a, Unit = U>,
    cookie: impl Text<'b, Unit = U>,
) -> bool {
    let (request, cookie) = (request.units(), cookie.units());
    request.strip_prefix(cookie).is_some_and(|rest| {
        rest.is_empty()
            || cookie.last().is_some_and(|u| u.is(b'/'))
            || rest.first().is_some_and(|u| u.is(b'/'))
    })
}

/// Whether `Domain=<host>` reaches any host that the host-only cookie does not: not so for a single label (localhost)
/// and for an address, where browsers refuse it or keep the cookie to the one host anyway.
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn domain_gains<'a>(host: impl Text<'a>) -> bool {
    let host = host.units();
    let dotted = host.iter().any(|u| u.is(b'.'));
    dotted && !host.last().is_some_and(|u| u.is(b'.')) && !is_address(host)
}

/// Whether a host, as URLs serialise it, is an IPv4 or IPv6 address: a last label of digits makes it IPv4, and the
/// bracket IPv6.
fn is_address<U: Unit>(host: &[U]) -> bool {
    let mut digits = false;
    for unit in host.iter().rev() {
        if unit.code().wrapping_sub(0x30) > 9 {
            return unit.is(b']') || (digits && unit.is(b'.'));
        }
        digits = true;
    }
    digits
}

/// A Domain without the one leading dot that the old syntax had (RFC 6265bis section 5.6.3).
pub fn without_dot<'a, T: Text<'a>>(domain: T) -> T {
    if domain.units().first().is_some_and(|u| u.is(b'.')) { domain.after(1) } else { domain }
}

/// Refuses a Domain that is no host name: labels of letters, digits, `-` and `_`, with `.` between them.
///
/// # Errors
/// [`Rule::DomainSyntax`], [`Rule::AttributeTooLarge`].
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn check_domain_syntax<'a>(domain: impl Text<'a>) -> Result<(), Refusal> {
    let units = domain.units();
    if units.len() > MAX_ATTRIBUTE {
        return Err(Rule::AttributeTooLarge.into());
    }
    if units.split(|u| u.is(b'.')).any(<[_]>::is_empty) {
        return Err(Rule::DomainSyntax.into());
    }
    Class::HOST_NAME.check(domain, Rule::DomainSyntax)
}

/// Refuses a Domain attribute under which the host would not get its own cookie back
/// (domain-match of RFC 6265bis section 5.1.3). `domain` comes [without its dot](without_dot); `host` in lower case,
/// as URLs serialise it. A domain that equals the host is never refused: see [`domain_gains`].
///
/// # Errors
/// [`Rule::DomainSyntax`], [`Rule::DomainMismatch`], [`Rule::DomainShared`], [`Rule::AttributeTooLarge`].
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn check_domain<'a, 'b, U: Unit>(
    domain: impl Text<'a, Unit = U>,
    host: impl Text<'b, Unit = U>,
) -> Result<(), Refusal> {
    let (units, host) = (domain.units(), host.units());
    let above = host.len().wrapping_sub(units.len());
    let suffix = host.get(above..).unwrap_or_default();
    let equal = suffix.len() == units.len()
        && suffix
            .iter()
            .zip(units)
            .all(|(h, d)| h == d || (h.code() < 0x80 && d.is_ignore_case(h.code() as u8)));
    if equal && above == 0 && !host.is_empty() {
        return Ok(());
    }
    check_domain_syntax(domain)?;
    if !equal || !host.get(above.wrapping_sub(1)).is_some_and(|u| u.is(b'.')) {
        return Err(Rule::DomainMismatch.into());
    }
    if is_address(host) || !units.iter().any(|u| u.is(b'.')) {
        return Err(Rule::DomainShared.into());
    }
    Ok(())
}

/// The lifetime in whole seconds: rounded up, so that no fraction deletes, and cut at [`MAX_AGE`].
///
/// # Errors
/// [`Rule::MaxAgeNotNumber`] for NaN, [`Rule::MaxAgeNegative`].
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn lifetime(seconds: f64) -> Result<u32, Rule> {
    if seconds.is_nan() {
        return Err(Rule::MaxAgeNotNumber);
    }
    if seconds < 0.0 {
        return Err(Rule::MaxAgeNegative);
    }
    #[expect(clippy::cast_sign_loss, reason = "negative numbers are refused above, and the cast saturates")]
    let whole = seconds as u32;
    Ok(if f64::from(whole) < seconds { whole.saturating_add(1) } else { whole }.min(MAX_AGE))
}

/// What decides on the Secure attribute.
#[derive(Clone, Copy, Debug)]
pub struct Security {
    /// What the caller asked for; `None` where nothing was said.
    pub wish: Option<bool>,
    /// The SameSite attribute.
    pub same_site: SameSite,
    /// Whether the cookie is Partitioned.
    pub partitioned: bool,
    /// The conditions of its name.
    pub prefix: Prefix,
    /// Whether the cookie is set over https, or in a secure context.
    pub secure_origin: bool,
    /// Whether a server sets it, with HttpOnly.
    pub http_only: bool,
}

/// Whether Secure is written: as asked for, and wherever SameSite=None, Partitioned or a prefix demands it.
///
/// # Errors
/// [`Rule::SameSiteInsecure`], [`Rule::PartitionedInsecure`], [`Rule::PrefixInsecure`] where it is demanded but the
/// caller or the origin does not allow it; [`Rule::SecureOnHttp`]; [`Rule::PrefixHttp`].
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn secure(security: Security) -> Result<bool, Rule> {
    let Security { wish, same_site, partitioned, prefix, secure_origin, http_only } = security;
    if prefix.http && !http_only {
        return Err(Rule::PrefixHttp);
    }
    let demand = if partitioned {
        Rule::PartitionedInsecure
    } else if same_site == SameSite::None {
        Rule::SameSiteInsecure
    } else if prefix.secure {
        Rule::PrefixInsecure
    } else if wish == Some(true) {
        Rule::SecureOnHttp
    } else {
        return Ok(false);
    };
    if secure_origin && wish != Some(false) { Ok(true) } else { Err(demand) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(result: Result<(), Refusal>) -> Option<Rule> {
        result.err().map(Refusal::rule)
    }

    #[test]
    fn same_site_is_read_in_any_letter_case() {
        for (text, expected) in [
            ("Lax", Some(SameSite::Lax)),
            ("STRICT", Some(SameSite::Strict)),
            ("none", Some(SameSite::None)),
            ("", None),
            ("Lax ", None),
            ("str\u{131}ct", None),
            ("no_restriction", None),
        ] {
            assert_eq!(SameSite::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_matched_in_any_letter_case() {
        for (name, secure, host, http) in [
            ("__Secure-a", true, false, false),
            ("__SECURE-a", true, false, false),
            ("__Host-a", true, true, false),
            ("__hOsT-a", true, true, false),
            ("__Http-a", true, false, true),
            ("__Host-Http-a", true, true, true),
            ("__host-http-a", true, true, true),
            ("__Host", false, false, false),
            ("_Host-a", false, false, false),
            ("a__Host-", false, false, false),
        ] {
            assert_eq!(Prefix::of(name), Prefix { secure, host, http }, "{name}");
        }
    }

    #[test]
    fn a_path_is_ascii_from_a_slash_without_controls_and_semicolon() {
        for (path, expected) in [
            ("/", None),
            ("/a b/%7e~<>", None),
            ("", Some(Rule::PathNotAbsolute)),
            ("a", Some(Rule::PathNotAbsolute)),
            ("/x; Domain=evil.example", Some(Rule::PathCharacter)),
            ("/x\r\n", Some(Rule::PathCharacter)),
            ("/\u{7f}", Some(Rule::PathCharacter)),
            ("/ ", Some(Rule::PathCharacter)),
            ("/a ", Some(Rule::PathCharacter)),
            ("/\u{fc}", Some(Rule::PathCharacter)),
        ] {
            assert_eq!(rule(check_path(path)), expected, "{path:?}");
        }
        let long = |length: usize| "/".repeat(length);
        assert_eq!(rule(check_path(long(1024).as_str())), None);
        assert_eq!(rule(check_path(long(1025).as_str())), Some(Rule::AttributeTooLarge));
    }

    #[test]
    fn a_domain_covers_its_host() {
        for (domain, host, expected) in [
            ("example.com", "example.com", None),
            ("example.com", "www.example.com", None),
            ("EXAMPLE.com", "a.b.example.com", None),
            ("my.localhost", "app.my.localhost", None),
            ("localhost", "localhost", None),
            ("127.0.0.1", "127.0.0.1", None),
            ("[::1]", "[::1]", None),
            ("xn--bcher-kva.example", "www.xn--bcher-kva.example", None),
            ("www.example.com", "example.com", Some(Rule::DomainMismatch)),
            ("ample.com", "example.com", Some(Rule::DomainMismatch)),
            ("evil.example", "example.com", Some(Rule::DomainMismatch)),
            ("com", "example.com", Some(Rule::DomainShared)),
            ("localhost", "app.my.localhost", Some(Rule::DomainShared)),
            ("0.0.1", "127.0.0.1", Some(Rule::DomainShared)),
            ("1", "127.0.0.1", Some(Rule::DomainShared)),
            ("", "example.com", Some(Rule::DomainSyntax)),
            (".example.com", "example.com", Some(Rule::DomainSyntax)),
            ("example.com.", "example.com", Some(Rule::DomainSyntax)),
            ("example..com", "example.com", Some(Rule::DomainSyntax)),
            ("example.com; Secure", "example.com", Some(Rule::DomainSyntax)),
            ("b\u{fc}cher.example", "www.example", Some(Rule::DomainSyntax)),
            ("example.com:80", "example.com", Some(Rule::DomainSyntax)),
            ("", "", Some(Rule::DomainSyntax)),
        ] {
            assert_eq!(rule(check_domain(domain, host)), expected, "{domain:?} on {host:?}");
        }
    }

    #[test]
    fn one_leading_dot_is_dropped() {
        assert_eq!(without_dot(".example.com"), "example.com");
        assert_eq!(without_dot("..example.com"), ".example.com");
        assert_eq!(without_dot(""), "");
    }

    #[test]
    fn domain_gains_nothing_on_single_labels_and_addresses() {
        for host in ["localhost", "intranet", "127.0.0.1", "[::1]", "10.1.2.3", "example.com.", ""] {
            assert!(!domain_gains(host), "{host}");
        }
        for host in ["example.com", "app.localhost", "1.example", "127.0.0.1.example", "a1.b2"] {
            assert!(domain_gains(host), "{host}");
        }
    }

    #[test]
    fn paths_match_on_segments() {
        for (request, cookie, expected) in [
            ("/", "/", true),
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/", "/a", false),
            ("/a", "/a/", false),
            ("/A", "/a", false),
        ] {
            assert_eq!(path_matches(request, cookie), expected, "{request} under {cookie}");
        }
    }

    #[test]
    fn a_lifetime_is_whole_seconds_up_to_400_days() {
        for (seconds, expected) in [
            (0.0, Ok(0)),
            (-0.0, Ok(0)),
            (0.001, Ok(1)),
            (1.5, Ok(2)),
            (34_560_000.0, Ok(MAX_AGE)),
            (34_560_000.5, Ok(MAX_AGE)),
            (1e300, Ok(MAX_AGE)),
            (f64::INFINITY, Ok(MAX_AGE)),
            (-1.0, Err(Rule::MaxAgeNegative)),
            (f64::NEG_INFINITY, Err(Rule::MaxAgeNegative)),
            (f64::NAN, Err(Rule::MaxAgeNotNumber)),
        ] {
            assert_eq!(lifetime(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn secure_is_implied_demanded_and_refused() {
        let plain = Security {
            wish: None,
            same_site: SameSite::Lax,
            partitioned: false,
            prefix: Prefix::of("a"),
            secure_origin: true,
            http_only: false,
        };
        let none = Security { same_site: SameSite::None, ..plain };
        let partitioned = Security { partitioned: true, ..plain };
        let host = Security { prefix: Prefix::of("__Host-a"), ..plain };
        let http = Security { prefix: Prefix::of("__Http-a"), ..plain };
        for (security, on_https, on_http, wish_false) in [
            (plain, Ok(false), Ok(false), Ok(false)),
            (none, Ok(true), Err(Rule::SameSiteInsecure), Err(Rule::SameSiteInsecure)),
            (partitioned, Ok(true), Err(Rule::PartitionedInsecure), Err(Rule::PartitionedInsecure)),
            (host, Ok(true), Err(Rule::PrefixInsecure), Err(Rule::PrefixInsecure)),
            (http, Err(Rule::PrefixHttp), Err(Rule::PrefixHttp), Err(Rule::PrefixHttp)),
            (
                Security { http_only: true, ..http },
                Ok(true),
                Err(Rule::PrefixInsecure),
                Err(Rule::PrefixInsecure),
            ),
            (Security { wish: Some(true), ..plain }, Ok(true), Err(Rule::SecureOnHttp), Ok(false)),
        ] {
            assert_eq!(secure(security), on_https, "{security:?}");
            assert_eq!(
                secure(Security { secure_origin: false, ..security }),
                on_http,
                "{security:?} on http"
            );
            assert_eq!(
                secure(Security { wish: Some(false), ..security }),
                wish_false,
                "{security:?} without"
            );
        }
    }
}
