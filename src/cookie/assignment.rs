//! What `document.cookie` is given: a cookie that the browser will keep, or a refusal that names the rule.

use super::attributes::{
    Prefix, SameSite, Security, check_domain, check_path, domain_gains, lifetime, secure, without_dot,
};
use super::syntax::{MAX_ATTRIBUTE, MAX_PAIR, Text, Unit, check_existing_name, check_name, encode_value};
use crate::error::{Refusal, Rule};

/// A cookie as a script asks for it.
#[derive(Clone, Copy, Debug)]
pub struct CookieRequest<T> {
    /// The name.
    pub name: T,
    /// The value, not encoded.
    pub value: T,
    /// Seconds to live: 0 deletes, `None` is a session cookie.
    pub lifetime: Option<f64>,
    /// SameSite; `None` is Lax.
    pub same_site: Option<T>,
    /// Path; `None` is `/`.
    pub path: Option<T>,
    /// An explicit parent domain; beats `include_subdomains`.
    pub domain: Option<T>,
    /// Whether `Domain=<host>` is wanted; it is left out where it gains nothing or is refused.
    pub include_subdomains: bool,
    /// Secure; `None` is "where it is demanded".
    pub secure: Option<bool>,
    /// Partitioned.
    pub partitioned: bool,
}

/// The page that sets the cookie.
#[derive(Clone, Copy, Debug)]
pub struct Page<T> {
    /// `location.hostname`.
    pub host: T,
    /// Whether the browser takes Secure cookies of it: https, or a secure context such as `http://localhost`.
    pub secure: bool,
    /// Whether it is https: browsers do not agree on Secure cookies elsewhere.
    pub https: bool,
}

/// Text under construction in a buffer that is never overrun: what does not fit is counted, not written.
#[derive(Debug)]
pub struct Buffer<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Buffer<'a> {
    /// A buffer over some bytes.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// Appends a byte.
    #[cfg_attr(not(feature = "server"), inline(never))]
    pub fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
        }
        self.len += 1;
    }

    /// Appends ASCII text.
    pub fn push_str(&mut self, text: &str) {
        for byte in text.bytes() {
            self.push(byte);
        }
    }

    /// Appends units that are ASCII.
    fn push_units<U: Unit>(&mut self, units: &[U]) {
        for unit in units {
            self.push(unit.code() as u8);
        }
    }

    /// Appends a number in decimal digits.
    fn push_number(&mut self, number: u32) {
        if number > 9 {
            self.push_number(number / 10);
        }
        self.push(b'0' + (number % 10) as u8);
    }

    /// The number of bytes that were appended, also of those that did not fit.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was appended.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was written.
    pub fn into_bytes(self) -> &'a [u8] {
        let len = self.len.min(self.bytes.len());
        self.bytes.get(..len).unwrap_or_default()
    }
}

/// The bytes that the largest assignment takes.
pub const MAX_ASSIGNMENT: usize = MAX_PAIR + 2 * MAX_ATTRIBUTE + 128;

/// Writes `name=value; Path=…; SameSite=…` and what else is asked for, and gives back the length of `name=value`.
///
/// # Errors
/// Every refusal that a browser would not speak of; the buffer is then to be thrown away.
///
/// ```
/// use httponly::cookie::assignment::{Buffer, MAX_ASSIGNMENT, Page, CookieRequest, write};
///
/// let mut bytes = [0; MAX_ASSIGNMENT];
/// let mut buffer = Buffer::new(&mut bytes);
/// let wish = CookieRequest {
///     name: "theme", value: "dark blue", lifetime: Some(60.0), same_site: None, path: None, domain: None,
///     include_subdomains: true, secure: None, partitioned: false,
/// };
/// let page = Page { host: "www.example.com", secure: true, https: true };
/// write(&wish, &page, &mut buffer).unwrap();
/// assert_eq!(
///     buffer.into_bytes(),
///     b"theme=dark%20blue; Path=/; SameSite=Lax; Max-Age=60; Domain=www.example.com"
/// );
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn write<'a, T: Text<'a>>(
    wish: &CookieRequest<T>,
    page: &Page<T>,
    out: &mut Buffer<'_>,
) -> Result<usize, Refusal> {
    let deletes = wish.lifetime == Some(0.0);
    if deletes {
        check_existing_name(wish.name)?;
    } else {
        check_name(wish.name)?;
    }
    // Of a name beyond ASCII, which only a deletion may have, the caller writes its own text.
    out.push_units(wish.name.units());
    out.push(b'=');
    encode_value(wish.value, |byte| out.push(byte))?;
    let pair = out.len();
    if pair > MAX_PAIR + 1 {
        return Err(Rule::PairTooLarge.into());
    }

    out.push_str("; Path=");
    match wish.path {
        Some(path) => {
            check_path(path)?;
            out.push_units(path.units());
        }
        None => out.push(b'/'),
    }

    let same_site = match wish.same_site {
        Some(text) => SameSite::parse(text).ok_or(Rule::SameSiteUnknown)?,
        // A frame of another site may set nothing else, and a deletion that the browser drops deletes nothing (RFC
        // 6265bis section 5.7). A partition is of use in such frames only.
        None if wish.partitioned || (deletes && wish.secure.unwrap_or(page.https)) => SameSite::None,
        None => SameSite::Lax,
    };
    out.push_str("; SameSite=");
    out.push_str(same_site.as_str());

    if let Some(seconds) = wish.lifetime {
        let seconds = lifetime(seconds)?;
        out.push_str("; Max-Age=");
        // Of what ends now, happy-dom keeps the cookie for a millisecond.
        if deletes {
            out.push_str("-1");
        } else {
            out.push_number(seconds);
        }
    }

    let prefix = Prefix::of(wish.name);
    if prefix.host && wish.domain.is_some() {
        return Err(Rule::PrefixHostDomain.into());
    }
    if prefix.host && wish.path.is_some_and(|path| path.units().len() > 1) {
        return Err(Rule::PrefixHostPath.into());
    }
    let domain = wish.domain.map(without_dot);
    if let Some(domain) = domain {
        check_domain(domain, page.host)?;
    }
    let domain = domain.or((wish.include_subdomains && !prefix.host).then_some(page.host));
    if let Some(domain) = domain.filter(|&domain| domain_gains(domain)) {
        out.push_str("; Domain=");
        out.push_units(domain.units());
    }

    let security = Security {
        wish: wish.secure,
        same_site,
        partitioned: wish.partitioned,
        prefix,
        secure_origin: page.secure,
        http_only: false,
    };
    if secure(security)? {
        out.push_str("; Secure");
    }
    if wish.partitioned {
        out.push_str("; Partitioned");
    }
    Ok(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: CookieRequest<&str> = CookieRequest {
        name: "a",
        value: "1",
        lifetime: None,
        same_site: None,
        path: None,
        domain: None,
        include_subdomains: false,
        secure: None,
        partitioned: false,
    };
    const HTTPS: Page<&str> = Page { host: "www.example.com", secure: true, https: true };
    const HTTP: Page<&str> = Page { host: "www.example.com", secure: false, https: false };

    fn assign(wish: CookieRequest<&str>, page: Page<&str>) -> Result<String, Rule> {
        let mut bytes = [0; MAX_ASSIGNMENT];
        let mut buffer = Buffer::new(&mut bytes);
        write(&wish, &page, &mut buffer).map_err(Refusal::rule)?;
        Ok(String::from_utf8(buffer.into_bytes().to_vec()).unwrap())
    }

    #[test]
    fn what_is_written() {
        for (wish, page, expected) in [
            (PLAIN, HTTP, "a=1; Path=/; SameSite=Lax"),
            (CookieRequest { value: "", ..PLAIN }, HTTP, "a=; Path=/; SameSite=Lax"),
            (
                CookieRequest { lifetime: Some(0.0), ..PLAIN },
                HTTPS,
                "a=1; Path=/; SameSite=None; Max-Age=-1; Secure",
            ),
            (
                CookieRequest { lifetime: Some(0.0), secure: Some(false), ..PLAIN },
                HTTPS,
                "a=1; Path=/; SameSite=Lax; Max-Age=-1",
            ),
            (
                CookieRequest { lifetime: Some(0.0), same_site: Some("Strict"), ..PLAIN },
                HTTPS,
                "a=1; Path=/; SameSite=Strict; Max-Age=-1",
            ),
            (
                CookieRequest { lifetime: Some(0.0), secure: Some(true), ..PLAIN },
                Page { https: false, ..HTTPS },
                "a=1; Path=/; SameSite=None; Max-Age=-1; Secure",
            ),
            (
                CookieRequest { name: "sidebar:state", lifetime: Some(0.0), ..PLAIN },
                HTTP,
                "sidebar:state=1; Path=/; SameSite=Lax; Max-Age=-1",
            ),
            (
                CookieRequest { partitioned: true, ..PLAIN },
                HTTPS,
                "a=1; Path=/; SameSite=None; Secure; Partitioned",
            ),
            (CookieRequest { lifetime: Some(0.0), ..PLAIN }, HTTP, "a=1; Path=/; SameSite=Lax; Max-Age=-1"),
            (
                CookieRequest { lifetime: Some(1e9), ..PLAIN },
                HTTP,
                "a=1; Path=/; SameSite=Lax; Max-Age=34560000",
            ),
            (
                CookieRequest { include_subdomains: true, ..PLAIN },
                HTTP,
                "a=1; Path=/; SameSite=Lax; Domain=www.example.com",
            ),
            (
                CookieRequest { include_subdomains: true, ..PLAIN },
                Page { host: "localhost", ..HTTP },
                "a=1; Path=/; SameSite=Lax",
            ),
            (
                CookieRequest { domain: Some("127.0.0.1"), ..PLAIN },
                Page { host: "127.0.0.1", ..HTTP },
                "a=1; Path=/; SameSite=Lax",
            ),
            (
                CookieRequest { domain: Some(".Example.com"), ..PLAIN },
                HTTP,
                "a=1; Path=/; SameSite=Lax; Domain=Example.com",
            ),
            (CookieRequest { same_site: Some("none"), ..PLAIN }, HTTPS, "a=1; Path=/; SameSite=None; Secure"),
            (
                CookieRequest { partitioned: true, same_site: Some("STRICT"), path: Some("/x"), ..PLAIN },
                HTTPS,
                "a=1; Path=/x; SameSite=Strict; Secure; Partitioned",
            ),
            (
                CookieRequest { name: "__Host-a", include_subdomains: true, path: Some("/"), ..PLAIN },
                HTTPS,
                "__Host-a=1; Path=/; SameSite=Lax; Secure",
            ),
            (
                CookieRequest { name: "__secure-a", include_subdomains: true, ..PLAIN },
                HTTPS,
                "__secure-a=1; Path=/; SameSite=Lax; Domain=www.example.com; Secure",
            ),
        ] {
            assert_eq!(assign(wish, page).as_deref(), Ok(expected), "{wish:?}");
        }
    }

    #[test]
    fn what_a_browser_would_drop_is_refused() {
        let long = "x".repeat(5000);
        for (wish, page, expected) in [
            (CookieRequest { name: "", ..PLAIN }, HTTPS, Rule::NameEmpty),
            (CookieRequest { name: "a;b", ..PLAIN }, HTTPS, Rule::NameCharacter),
            (CookieRequest { value: "a\r\nSet-Cookie: b=1", ..PLAIN }, HTTPS, Rule::ValueControl),
            (CookieRequest { value: long.as_str(), ..PLAIN }, HTTPS, Rule::PairTooLarge),
            (CookieRequest { name: long.as_str(), ..PLAIN }, HTTPS, Rule::PairTooLarge),
            (CookieRequest { path: Some("x"), ..PLAIN }, HTTPS, Rule::PathNotAbsolute),
            (CookieRequest { path: Some(""), ..PLAIN }, HTTPS, Rule::PathNotAbsolute),
            (CookieRequest { path: Some("/;"), ..PLAIN }, HTTPS, Rule::PathCharacter),
            (CookieRequest { same_site: Some(""), ..PLAIN }, HTTPS, Rule::SameSiteUnknown),
            (CookieRequest { same_site: Some("None"), ..PLAIN }, HTTP, Rule::SameSiteInsecure),
            (
                CookieRequest { same_site: Some("None"), secure: Some(false), ..PLAIN },
                HTTPS,
                Rule::SameSiteInsecure,
            ),
            (CookieRequest { partitioned: true, ..PLAIN }, HTTP, Rule::PartitionedInsecure),
            (CookieRequest { secure: Some(true), ..PLAIN }, HTTP, Rule::SecureOnHttp),
            (CookieRequest { lifetime: Some(f64::NAN), ..PLAIN }, HTTPS, Rule::MaxAgeNotNumber),
            (CookieRequest { lifetime: Some(-5.0), ..PLAIN }, HTTPS, Rule::MaxAgeNegative),
            (CookieRequest { domain: Some("example.org"), ..PLAIN }, HTTPS, Rule::DomainMismatch),
            (CookieRequest { domain: Some("com"), ..PLAIN }, HTTPS, Rule::DomainShared),
            (CookieRequest { domain: Some(""), ..PLAIN }, HTTPS, Rule::DomainSyntax),
            (CookieRequest { domain: Some("."), ..PLAIN }, HTTPS, Rule::DomainSyntax),
            (
                CookieRequest { name: "__Host-a", domain: Some("www.example.com"), ..PLAIN },
                HTTPS,
                Rule::PrefixHostDomain,
            ),
            (CookieRequest { name: "__host-a", path: Some("/x"), ..PLAIN }, HTTPS, Rule::PrefixHostPath),
            (CookieRequest { name: "__Secure-a", ..PLAIN }, HTTP, Rule::PrefixInsecure),
            (CookieRequest { name: "__Http-a", ..PLAIN }, HTTPS, Rule::PrefixHttp),
            (CookieRequest { name: "__Host-Http-a", ..PLAIN }, HTTPS, Rule::PrefixHttp),
        ] {
            assert_eq!(assign(wish, page), Err(expected), "{:.40}", format!("{wish:?}"));
        }
    }

    #[test]
    fn name_and_value_take_4096_bytes_and_not_one_more() {
        let (fits, large) = ("x".repeat(4095), "x".repeat(4096));
        assert!(assign(CookieRequest { value: &fits, ..PLAIN }, HTTPS).is_ok());
        assert_eq!(assign(CookieRequest { value: &large, ..PLAIN }, HTTPS), Err(Rule::PairTooLarge));
        let (fits, large) = ("€".repeat(455), "€".repeat(456)); // 9 bytes each
        assert!(assign(CookieRequest { value: &fits, ..PLAIN }, HTTPS).is_ok());
        assert_eq!(assign(CookieRequest { value: &large, ..PLAIN }, HTTPS), Err(Rule::PairTooLarge));
    }

    #[test]
    fn the_largest_assignment_fits() {
        let (value, path, label) = ("x".repeat(4095), format!("/{}", "p".repeat(1023)), "d".repeat(1022));
        let host = format!("{label}.e");
        let wish = CookieRequest {
            value: value.as_str(),
            path: Some(path.as_str()),
            include_subdomains: true,
            partitioned: true,
            same_site: Some("Strict"),
            lifetime: Some(f64::INFINITY),
            ..PLAIN
        };
        let page = Page { host: host.as_str(), secure: true, https: true };
        let written = assign(wish, page).unwrap();
        assert!(written.ends_with("; Secure; Partitioned") && written.len() <= MAX_ASSIGNMENT);
    }

    #[test]
    fn nothing_overruns_the_buffer() {
        let mut bytes = [0; 3];
        let mut buffer = Buffer::new(&mut bytes);
        buffer.push_str("abcdef");
        assert_eq!((buffer.len(), buffer.into_bytes()), (6, b"abc".as_slice()));
    }
}
