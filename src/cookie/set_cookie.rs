//! The `Set-Cookie` header: read as browsers read it, written so that no browser drops it.

use std::borrow::Cow;

use cookie::{Cookie, time};

use super::{
    attributes::{self, MAX_AGE, Prefix, SameSite, Security},
    syntax::{self, Class, MAX_ATTRIBUTE, MAX_PAIR},
};
use crate::error::{Refusal, Rule};
use crate::http::date;

/// What a `Set-Cookie` line says, before any host or clock has had a word: the cookie-attribute-list of RFC 6265bis
/// section 5.6, of which the last attribute of each name counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// The name; empty for a cookie without a name.
    pub name: &'a str,
    /// The value as it stands in the line: still encoded, quotes included.
    pub value: &'a str,
    /// Expires, in seconds since 1970; may be further away than 400 days, which only a clock can tell.
    pub expires: Option<i64>,
    /// Max-Age in seconds, at most [`MAX_AGE`]; zero and negative numbers delete.
    pub max_age: Option<i64>,
    /// Domain without its leading dot, in the letter case of the line (see [`SetCookie::domain`]); `None` for a
    /// host-only cookie.
    pub domain: Option<&'a str>,
    /// Path; `None` where the default path of the request holds.
    pub path: Option<&'a str>,
    /// Secure.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// SameSite; `None` where it is absent or unknown, which browsers call "Default".
    pub same_site: Option<SameSite>,
    /// Partitioned (CHIPS).
    pub partitioned: bool,
}

/// Reads a `Set-Cookie` line (RFC 6265bis section 5.6); `None` for a line that browsers ignore as a whole.
///
/// ```
/// use httponly::cookie::set_cookie::parse;
///
/// let cookie = parse("id=a=b; Max-Age=60; max-age=90; SameSite=Sometimes; Secure").unwrap();
/// assert_eq!((cookie.name, cookie.value, cookie.max_age), ("id", "a=b", Some(90)));
/// assert!(cookie.secure && cookie.same_site.is_none());
/// ```
pub fn parse(line: &str) -> Option<SetCookie<'_>> {
    // Step 1: a control character other than a tab, anywhere.
    if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    // Step 2.
    let (pair, mut unparsed) = cut(line, b';');
    // Steps 3 and 4.
    let (name, value) = match cut(pair, b'=') {
        (name, Some(value)) => (trim(name), trim(value)),
        (value, None) => ("", trim(value)),
    };
    // Step 5; and section 5.7, step 2: neither name nor value.
    if name.len() + value.len() > MAX_PAIR || (name.is_empty() && value.is_empty()) {
        return None;
    }
    let mut cookie = SetCookie { name, value, ..SetCookie::default() };
    // Step 7: the loop over the unparsed-attributes.
    while let Some(rest) = unparsed {
        let (attribute, next) = cut(rest, b';');
        unparsed = next;
        let (name, value) = cut(attribute, b'=');
        let value = trim(value.unwrap_or_default());
        if value.len() <= MAX_ATTRIBUTE {
            cookie.apply(trim(name), value);
        }
    }
    Some(cookie)
}

impl<'a> SetCookie<'a> {
    fn apply(&mut self, name: &str, value: &'a str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            // Section 5.6.1: a date that does not parse is ignored.
            7 if is("Expires") => self.expires = date::parse(value).or(self.expires),
            // Section 5.6.2: so is a number that is none.
            7 if is("Max-Age") => self.max_age = delta_seconds(value).or(self.max_age),
            // Section 5.6.3; section 5.7: an empty domain-attribute makes a host-only cookie.
            6 if is("Domain") => {
                let domain = value.strip_prefix('.').unwrap_or(value);
                self.domain = (!domain.is_empty()).then_some(domain);
            }
            // Section 5.6.4: anything but an absolute path stands for the default path.
            4 if is("Path") => self.path = value.starts_with('/').then_some(value),
            // Sections 5.6.5 and 5.6.6: whatever the value is.
            6 if is("Secure") => self.secure = true,
            8 if is("HttpOnly") => self.http_only = true,
            // Section 5.6.7: an unknown value is "Default".
            8 if is("SameSite") => self.same_site = SameSite::parse(value),
            11 if is("Partitioned") => self.partitioned = true,
            _ => {}
        }
    }

    /// Domain in lower case, as section 5.6.3 wants it.
    pub fn domain(&self) -> Option<Cow<'a, str>> {
        self.domain.map(|domain| {
            if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
                domain.to_ascii_lowercase().into()
            } else {
                domain.into()
            }
        })
    }

    /// The lifetime in seconds, counted from `now` (seconds since 1970) and cut at 400 days: Max-Age before Expires
    /// (RFC 6265bis section 5.7). `None` for a session cookie; what is not positive deletes.
    pub fn lifetime(&self, now: i64) -> Option<i64> {
        let expires = || self.expires.map(|date| date.saturating_sub(now));
        self.max_age.or_else(expires).map(|seconds| seconds.min(MAX_AGE.into()))
    }
}

/// The text before the first separator, and the text after it.
fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    // The separator is ASCII, so both sides of it are character boundaries.
    match text.bytes().position(|byte| byte == separator) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// Without the spaces and tabs (WSP) at both ends, which are all that browsers cut off.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Section 5.6.2: an optional `-`, then digits and nothing else; cut at 400 days.
fn delta_seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size =
        digits.bytes().fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add((digit - b'0').into()));
    // A number so small that it does not fit deletes as surely as the smallest that JavaScript counts exactly.
    let smallest = -(1 << 53) + 1;
    Some(if digits.len() < text.len() { (-size).max(smallest) } else { size.min(MAX_AGE.into()) })
}

/// The attributes of a cookie that is to be set. All absent by default: nothing is added but the Secure that
/// SameSite=None, Partitioned and the prefixes demand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Max-Age in seconds; rounded up, and cut at [`MAX_AGE`]. 0 deletes.
    pub max_age: Option<f64>,
    /// Expires, in seconds since 1970.
    pub expires: Option<f64>,
    /// Domain, with or without its leading dot.
    pub domain: Option<&'a str>,
    /// Path.
    pub path: Option<&'a str>,
    /// Secure; `Some(false)` refuses what would demand it.
    pub secure: Option<bool>,
    /// `HttpOnly`.
    pub http_only: bool,
    /// SameSite.
    pub same_site: Option<SameSite>,
    /// Partitioned (CHIPS).
    pub partitioned: bool,
    /// Whether name and value are written byte for byte, as [`parse`] found them.
    pub raw: bool,
    /// Attributes that this package does not know, as they stand in a line: `Priority=High`.
    pub more: &'a [&'a str],
}

/// Writes a `Set-Cookie` line that browsers store, or says which rule they would drop it by.
///
/// The value is encoded ([`syntax::encode_value`]). Whether the domain covers the host is not known here.
///
/// # Errors
/// The rules 1 to 26 of [`Rule`], as far as a server can break them.
///
/// ```
/// use httponly::cookie::attributes::SameSite;
/// use httponly::cookie::set_cookie::{Attributes, serialize};
///
/// let attributes = Attributes { path: Some("/"), same_site: Some(SameSite::None), ..Attributes::default() };
/// assert_eq!(serialize("id", "50%", &attributes).unwrap(), "id=50%25; SameSite=None; Secure; Path=/");
/// assert!(serialize("__Host-id", "", &Attributes { domain: Some("a.example"), ..attributes }).is_err());
/// ```
pub fn serialize(name: &str, value: &str, attributes: &Attributes<'_>) -> Result<String, Refusal> {
    let encoded = if attributes.raw { raw_value(name, value)? } else { encoded_value(name, value)? };
    if name.len() + encoded.len() > MAX_PAIR {
        return Err(Rule::PairTooLarge.into());
    }
    let prefix = Prefix::of(name);
    let secure = attributes::secure(Security {
        wish: attributes.secure,
        same_site: attributes.same_site.unwrap_or_default(),
        partitioned: attributes.partitioned,
        prefix,
        secure_origin: true,
        http_only: attributes.http_only,
    })?;
    // The crate checks nothing and repairs little, so that all that reaches it has passed the rules.
    let mut cookie = Cookie::new(name, encoded);
    if let Some(path) = attributes.path {
        attributes::check_path(path)?;
        cookie.set_path(path);
    }
    if prefix.host && attributes.path != Some("/") {
        return Err(Rule::PrefixHostPath.into());
    }
    if let Some(domain) = attributes.domain {
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        attributes::check_domain_syntax(domain)?;
        if prefix.host {
            return Err(Rule::PrefixHostDomain.into());
        }
        cookie.set_domain(domain);
    }
    if let Some(seconds) = attributes.max_age {
        cookie.set_max_age(time::Duration::seconds(attributes::lifetime(seconds)?.into()));
    }
    if let Some(seconds) = attributes.expires {
        cookie.set_expires(expires(seconds)?);
    }
    if let Some(same_site) = attributes.same_site {
        cookie.set_same_site(match same_site {
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::None => cookie::SameSite::None,
        });
    }
    cookie.set_secure(secure);
    cookie.set_http_only(attributes.http_only);
    cookie.set_partitioned(attributes.partitioned);
    let mut line = cookie.to_string();
    for attribute in attributes.more {
        if attribute.len() > MAX_ATTRIBUTE {
            return Err(Rule::AttributeTooLarge.into());
        }
        Class::ATTRIBUTE_OCTET.check(*attribute, Rule::PathCharacter)?;
        line.push_str("; ");
        line.push_str(attribute);
    }
    Ok(line)
}

fn encoded_value(name: &str, value: &str) -> Result<String, Refusal> {
    syntax::check_name(name)?;
    let mut encoded = String::with_capacity(value.len());
    syntax::encode_value(value, |byte| encoded.push(byte.into()))?;
    Ok(encoded)
}

/// What reads as the same cookie again: what RFC 6265bis section 5.6 lets a name and a value be.
fn raw_value(name: &str, value: &str) -> Result<String, Refusal> {
    syntax::check_existing_name(name)?;
    if trim(name).len() < name.len() {
        return Err(Rule::NameCharacter.into());
    }
    let broken = |c: char| (c.is_ascii_control() && c != '\t') || c == ';';
    let untrimmed = trim(value).len() < value.len();
    if let Some(c) = value.chars().find(|c| broken(*c)).or_else(|| untrimmed.then_some(' ')) {
        let before = value.split(c).next().unwrap_or_default();
        return Err(Refusal::at(Rule::ValueControl, before.encode_utf16().count() as u32, c as u16));
    }
    Ok(value.to_owned())
}

/// The attributes of a line that this package does not know, such as `Priority=High`, as they stand there.
///
/// ```
/// let line = "a=1; Path=/; Priority=High; x";
/// assert_eq!(httponly::cookie::set_cookie::unknown_attributes(line), ["Priority=High", "x"]);
/// ```
pub fn unknown_attributes(line: &str) -> Vec<&str> {
    const KNOWN: [&str; 8] =
        ["Expires", "Max-Age", "Domain", "Path", "Secure", "HttpOnly", "SameSite", "Partitioned"];
    let (_, mut unparsed) = cut(line, b';');
    let mut unknown = Vec::new();
    while let Some(rest) = unparsed {
        let (attribute, next) = cut(rest, b';');
        unparsed = next;
        let name = trim(cut(attribute, b'=').0);
        if !trim(attribute).is_empty() && !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            unknown.push(trim(attribute));
        }
    }
    unknown
}

/// A date that four digits of a year can name; what lies outside becomes the nearer end.
fn expires(seconds: f64) -> Result<time::OffsetDateTime, Rule> {
    if seconds.is_nan() {
        return Err(Rule::ExpiresNotDate);
    }
    // The cast saturates, and drops the fraction as `Date.prototype.toUTCString` does.
    let whole = (seconds.floor() as i64).clamp(date::EARLIEST, date::LATEST);
    time::OffsetDateTime::from_unix_timestamp(whole).map_err(|_| Rule::ExpiresNotDate)
}

/// Divides `Set-Cookie` headers that something joined with commas, as `Headers.get` does.
///
/// A comma divides where a name and `=` follow it: not in a date, and not before a mere word. A value that itself
/// holds `, name=` cannot be told from two cookies; use `Headers.getSetCookie` where it exists.
///
/// ```
/// use httponly::cookie::set_cookie::split;
///
/// let joined = "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT, b=2";
/// assert_eq!(split(joined).collect::<Vec<_>>(), ["a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "b=2"]);
/// ```
pub fn split(joined: &str) -> impl Iterator<Item = &str> {
    let mut rest = joined;
    std::iter::from_fn(move || {
        let commas = rest.bytes().enumerate().filter(|&(_, byte)| byte == b',').map(|(at, _)| at);
        let dividing = commas.into_iter().find(|at| rest.get(at + 1..).is_some_and(starts_with_pair));
        let end = dividing.unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 1..).unwrap_or_default();
        (!line.is_empty() || !rest.is_empty()).then_some(trim(line))
    })
    .filter(|line| !line.is_empty())
}

/// Whether a text starts with a name and `=`. A name is what browsers take and no quoted text holds: `express:sess`, and
/// the square brackets of PHP.
fn starts_with_pair(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    let name = text
        .bytes()
        .take_while(|&byte| Class::COOKIE_OCTET.has(byte.into()) && byte != b'=' || byte >= 0x80)
        .count();
    name > 0 && text.get(name..).is_some_and(|after| after.trim_start_matches([' ', '\t']).starts_with('='))
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "every date is below 2^53")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> SetCookie<'_> {
        parse(line).unwrap()
    }

    #[test]
    fn step_1_a_control_character_other_than_a_tab_drops_the_line() {
        for code in 0..=0xff_u8 {
            let c = char::from(code);
            let dropped = code != 0x09 && (code < 0x20 || code == 0x7f);
            for line in
                [format!("a{c}b=1"), format!("a=b{c}c"), format!("a=b; Path=/{c}d"), format!("a=b; {c}x")]
            {
                assert_eq!(parse(&line).is_none(), dropped, "{line:?}");
            }
        }
    }

    #[test]
    fn steps_2_to_4_divide_name_and_value() {
        for (line, name, value) in [
            ("a=b", "a", "b"),
            ("a=b; c=d", "a", "b"),
            ("a=b=c", "a", "b=c"),
            ("a=", "a", ""),
            ("=b", "", "b"),
            ("b", "", "b"),
            ("b;", "", "b"),
            (" \ta \t=\t b\t ;", "a", "b"),
            ("a b=c d", "a b", "c d"),
            ("a=\"b c\"", "a", "\"b c\""),
            ("a=\u{a0}b\u{a0}", "a", "\u{a0}b\u{a0}"),
            ("a=b%20c", "a", "b%20c"),
            ("é=ü", "é", "ü"),
        ] {
            let cookie = read(line);
            assert_eq!((cookie.name, cookie.value), (name, value), "{line:?}");
        }
    }

    #[test]
    fn a_line_with_neither_name_nor_value_is_ignored() {
        for line in ["", " ", ";", "=", " = ", "; Path=/", "=; Path=/"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn step_5_name_and_value_take_4096_bytes_after_trimming() {
        for (name, value, kept) in [
            (1, 4095, true),
            (2, 4095, false),
            (4096, 0, true),
            (4097, 0, false),
            (0, 4096, true),
            (0, 4097, false),
        ] {
            let line = format!("{} =  {} ; Secure", "n".repeat(name), "v".repeat(value));
            assert_eq!(parse(&line).is_some(), kept, "{name} + {value}");
        }
        assert!(parse(&format!("a={}", "é".repeat(2047))).is_some());
        assert!(parse(&format!("a={}", "é".repeat(2048))).is_none());
    }

    #[test]
    fn step_7_attributes_are_trimmed_and_matched_in_any_letter_case() {
        let cookie =
            read("a=b ;\tSECURE\t; httponly ;PATH = /x ; sameSITE =\tstrict ;;; PARTITIONED; max-AGE= 5 ");
        assert!(cookie.secure && cookie.http_only && cookie.partitioned);
        assert_eq!(cookie.path, Some("/x"));
        assert_eq!(cookie.same_site, Some(SameSite::Strict));
        assert_eq!(cookie.max_age, Some(5));
    }

    #[test]
    fn step_7_an_attribute_of_more_than_1024_bytes_is_ignored() {
        let path = |length: usize| format!("/{}", "p".repeat(length - 1));
        let line = format!("a=b; Path={}; Path={}", path(1024), path(1025));
        assert_eq!(read(&line).path.map(str::len), Some(1024));
        assert!(!read(&format!("a=b; Secure={}", path(1025))).secure);
        assert!(!read(&format!("a=b; HttpOnly={}", path(1025))).http_only);
    }

    #[test]
    fn expires_is_the_last_date_that_parses() {
        for (line, expires) in [
            ("a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT", Some(10)),
            ("a=b; Expires=\"Thu, 01 Jan 1970 00:00:10 GMT\"", Some(10)),
            ("a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Expires=Thu, 01 Jan 1970 00:00:20 GMT", Some(20)),
            ("a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Expires=never", Some(10)),
            ("a=b; Expires", None),
            ("a=b; Expires=0", None),
        ] {
            assert_eq!(read(line).expires, expires, "{line}");
        }
    }

    #[test]
    fn max_age_is_the_last_number_cut_at_400_days() {
        for (value, max_age) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("60", Some(60)),
            ("0060", Some(60)),
            ("-60", Some(-60)),
            ("34560000", Some(34_560_000)),
            ("34560001", Some(34_560_000)),
            ("99999999999999999999999", Some(34_560_000)),
            ("-99999999999999999999999", Some(-9_007_199_254_740_991)),
            ("60; Max-Age=-1", Some(-1)),
            ("60; Max-Age=x", Some(60)),
            ("60; Max-Age=", Some(60)),
            ("", None),
            ("-", None),
            ("+60", None),
            ("6 0", None),
            ("60s", None),
            ("1.5", None),
            ("1e3", None),
            ("--1", None),
            ("\"60\"", None),
        ] {
            assert_eq!(read(&format!("a=b; Max-Age={value}")).max_age, max_age, "{value:?}");
        }
    }

    #[test]
    fn domain_loses_one_dot_and_its_capitals_and_the_last_one_counts() {
        for (line, domain) in [
            ("a=b; Domain=example.com", Some("example.com")),
            ("a=b; Domain=.Example.COM", Some("example.com")),
            ("a=b; Domain=..example.com", Some(".example.com")),
            ("a=b; Domain=a.example; Domain=b.example", Some("b.example")),
            ("a=b; Domain=a.example; Domain=", None),
            ("a=b; Domain=a.example; Domain=.", None),
            ("a=b; Domain", None),
        ] {
            assert_eq!(read(line).domain().as_deref(), domain, "{line}");
        }
    }

    #[test]
    fn path_that_is_not_absolute_stands_for_the_default_path() {
        for (line, path) in [
            ("a=b; Path=/a", Some("/a")),
            ("a=b; Path=\"/a\"", None),
            ("a=b; Path=a", None),
            ("a=b; Path=/a; Path=", None),
            ("a=b; Path=/a; Path=b", None),
            ("a=b; Path=/a; Path=/b", Some("/b")),
        ] {
            assert_eq!(read(line).path, path, "{line}");
        }
    }

    #[test]
    fn same_site_that_is_unknown_is_the_default() {
        for (line, same_site) in [
            ("a=b; SameSite=None", Some(SameSite::None)),
            ("a=b; SameSite=lax", Some(SameSite::Lax)),
            ("a=b; SameSite", None),
            ("a=b; SameSite=Strict; SameSite=Maybe", None),
            ("a=b; SameSite=Maybe; SameSite=Strict", Some(SameSite::Strict)),
        ] {
            assert_eq!(read(line).same_site, same_site, "{line}");
        }
    }

    #[test]
    fn the_lifetime_is_max_age_before_expires() {
        let date = "Expires=Thu, 01 Jan 1970 00:01:40 GMT";
        for (line, now, lifetime) in [
            ("a=b".to_owned(), 0, None),
            (format!("a=b; {date}"), 0, Some(100)),
            (format!("a=b; {date}"), 200, Some(-100)),
            (format!("a=b; {date}"), i64::MIN, Some(34_560_000)),
            (format!("a=b; {date}; Max-Age=5"), 0, Some(5)),
            (format!("a=b; Max-Age=5; {date}"), 200, Some(5)),
        ] {
            assert_eq!(read(&line).lifetime(now), lifetime, "{line} at {now}");
        }
    }

    #[test]
    fn what_a_browser_would_drop_is_refused() {
        let plain = Attributes::default();
        let root = Attributes { path: Some("/"), ..plain };
        let long = format!("/{}", "p".repeat(1024));
        let domain = Some("example.com");
        let none = Attributes { same_site: Some(SameSite::None), ..plain };
        for (name, value, attributes, expected) in [
            ("a", "b", plain, Ok("a=b")),
            ("a", "", plain, Ok("a=")),
            ("a", "b c;\u{e9}%\"", plain, Ok("a=b%20c%3B%C3%A9%25%22")),
            ("", "b", plain, Err(Rule::NameEmpty)),
            ("a b", "b", plain, Err(Rule::NameCharacter)),
            ("a", "b\r\nSet-Cookie: c=d", plain, Err(Rule::ValueControl)),
            ("a", "b", Attributes { path: Some("x"), ..plain }, Err(Rule::PathNotAbsolute)),
            ("a", "b", Attributes { path: Some("/;x"), ..plain }, Err(Rule::PathCharacter)),
            ("a", "b", Attributes { path: Some(&long), ..plain }, Err(Rule::AttributeTooLarge)),
            ("a", "b", Attributes { domain: Some(""), ..plain }, Err(Rule::DomainSyntax)),
            ("a", "b", Attributes { domain: Some("a;b"), ..plain }, Err(Rule::DomainSyntax)),
            ("a", "b", Attributes { domain: Some(".example.com"), ..plain }, Ok("a=b; Domain=example.com")),
            ("a", "b", Attributes { max_age: Some(0.0), ..plain }, Ok("a=b; Max-Age=0")),
            ("a", "b", Attributes { max_age: Some(1.2), ..plain }, Ok("a=b; Max-Age=2")),
            ("a", "b", Attributes { max_age: Some(1e12), ..plain }, Ok("a=b; Max-Age=34560000")),
            ("a", "b", Attributes { max_age: Some(-1.0), ..plain }, Err(Rule::MaxAgeNegative)),
            ("a", "b", Attributes { max_age: Some(f64::NAN), ..plain }, Err(Rule::MaxAgeNotNumber)),
            ("a", "b", Attributes { expires: Some(f64::NAN), ..plain }, Err(Rule::ExpiresNotDate)),
            (
                "a",
                "b",
                Attributes { expires: Some(-0.5), ..plain },
                Ok("a=b; Expires=Wed, 31 Dec 1969 23:59:59 GMT"),
            ),
            (
                "a",
                "b",
                Attributes { expires: Some(1e300), ..plain },
                Ok("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT"),
            ),
            ("a", "b", none, Ok("a=b; SameSite=None; Secure")),
            ("a", "b", Attributes { secure: Some(false), ..none }, Err(Rule::SameSiteInsecure)),
            ("a", "b", Attributes { partitioned: true, ..plain }, Ok("a=b; Partitioned; Secure")),
            (
                "a",
                "b",
                Attributes { partitioned: true, secure: Some(false), ..plain },
                Err(Rule::PartitionedInsecure),
            ),
            ("__Secure-a", "b", plain, Ok("__Secure-a=b; Secure")),
            ("__secure-a", "b", Attributes { secure: Some(false), ..plain }, Err(Rule::PrefixInsecure)),
            ("__Host-a", "b", root, Ok("__Host-a=b; Secure; Path=/")),
            ("__Host-a", "b", plain, Err(Rule::PrefixHostPath)),
            ("__host-a", "b", Attributes { path: Some("/x"), ..plain }, Err(Rule::PrefixHostPath)),
            ("__Host-a", "b", Attributes { domain, ..root }, Err(Rule::PrefixHostDomain)),
            ("__Http-a", "b", root, Err(Rule::PrefixHttp)),
            ("__Http-a", "b", Attributes { http_only: true, ..plain }, Ok("__Http-a=b; HttpOnly; Secure")),
            ("__Host-Http-a", "b", Attributes { http_only: true, ..plain }, Err(Rule::PrefixHostPath)),
        ] {
            let written = serialize(name, value, &attributes).map_err(Refusal::rule);
            assert_eq!(written.as_deref(), expected.as_ref().copied(), "{name} {value:?} {attributes:?}");
        }
        assert!(serialize("a", &"v".repeat(4095), &plain).is_ok());
        assert_eq!(serialize("a", &"v".repeat(4096), &plain), Err(Rule::PairTooLarge.into()));
        assert_eq!(serialize("a", &"%".repeat(1366), &plain), Err(Rule::PairTooLarge.into()));
    }

    #[test]
    fn joined_lines_are_divided_where_a_pair_follows_the_comma() {
        for (joined, lines) in [
            ("", &[][..]),
            (" , ", &[","][..]),
            ("a=1", &["a=1"]),
            ("a=1, b=2,c=3 ,\td =4", &["a=1", "b=2", "c=3", "d =4"]),
            (
                "a=1; expires=Thu, 04-Jun-2020 12:17:56 GMT; Path=/, b=2; Expires=Thu, 04 Jun 2020 12:17:56 GMT",
                &[
                    "a=1; expires=Thu, 04-Jun-2020 12:17:56 GMT; Path=/",
                    "b=2; Expires=Thu, 04 Jun 2020 12:17:56 GMT",
                ],
            ),
            (r#"a={"b":[1,2,3],"c=":"d"}; Path=/, e=5"#, &[r#"a={"b":[1,2,3],"c=":"d"}; Path=/"#, "e=5"]),
            ("a=1, b", &["a=1, b"]),
            ("a=1, b; c=2", &["a=1, b; c=2"]),
            ("a[0]=1, a[1]=2", &["a[0]=1", "a[1]=2"]),
            ("a=1,, b=2", &["a=1,", "b=2"]),
            ("é=1, ü, x=2", &["é=1, ü", "x=2"]),
        ] {
            assert_eq!(split(joined).collect::<Vec<_>>(), lines, "{joined:?}");
        }
    }

    type Given = (String, String, Option<u32>, Option<i64>, Option<&'static str>, [bool; 3]);

    fn attributes() -> impl Strategy<Value = Given> {
        (
            "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}",
            "[^\u{0}-\u{1f}\u{7f}]{0,60}",
            proptest::option::of(0..=MAX_AGE),
            proptest::option::of(date::EARLIEST..=date::LATEST),
            proptest::sample::select(vec![None, Some("Lax"), Some("strict"), Some("NONE")]),
            any::<[bool; 3]>(),
        )
    }

    #[test]
    fn names_that_are_no_tokens_begin_a_line_too() {
        for (joined, expected) in [
            (
                "express:sess=a; path=/, express:sess.sig=b; path=/",
                &["express:sess=a; path=/", "express:sess.sig=b; path=/"][..],
            ),
            ("a=1, sidebar:state=2", &["a=1", "sidebar:state=2"]),
            ("a=1, (b)=2", &["a=1", "(b)=2"]),
            ("a=1, \u{e9}=2", &["a=1", "\u{e9}=2"]),
            ("a={\"x\":1,\"y=z\":2}", &["a={\"x\":1,\"y=z\":2}"]),
            (
                "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT, b:c=2",
                &["a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "b:c=2"],
            ),
        ] {
            assert_eq!(split(joined).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn raw_keeps_bytes_and_unknown_attributes() {
        for line in [
            "a=%41\"x y\"; Path=/; Priority=High; Future",
            "sidebar:state=\u{e9},{}; Secure; Path=/",
            "a=b=c",
        ] {
            let cookie = parse(line).unwrap();
            let more = unknown_attributes(line);
            let attributes = Attributes {
                path: cookie.path,
                secure: cookie.secure.then_some(true),
                raw: true,
                more: &more,
                ..Attributes::default()
            };
            assert_eq!(serialize(cookie.name, cookie.value, &attributes).as_deref(), Ok(line));
        }
        let raw = |name, value, more: &[&str]| {
            serialize(name, value, &Attributes { raw: true, more, ..Attributes::default() })
                .map_err(Refusal::rule)
        };
        assert_eq!(raw("a", "b; Domain=evil.example", &[]), Err(Rule::ValueControl));
        assert_eq!(raw("a", "b\r\nc", &[]), Err(Rule::ValueControl));
        assert_eq!(raw("a", " b", &[]), Err(Rule::ValueControl));
        assert_eq!(raw("a;b", "", &[]), Err(Rule::NameCharacter));
        assert_eq!(raw("a=b", "", &[]), Err(Rule::NameCharacter));
        assert_eq!(raw("a ", "", &[]), Err(Rule::NameCharacter));
        assert_eq!(raw("a", "b", &["x; Domain=evil.example"]), Err(Rule::PathCharacter));
        assert_eq!(raw("a", "b", &["Priority=\r\n"]), Err(Rule::PathCharacter));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            (name, value, max_age, expires, same_site, [secure, http_only, partitioned]) in attributes()
        ) {
            let same_site = same_site.and_then(SameSite::parse);
            let prefix = Prefix::of(name.as_str());
            let written = serialize(&name, &value, &Attributes {
                max_age: max_age.map(f64::from),
                expires: expires.map(|date| date as f64),
                domain: Some("Example.com"),
                path: Some("/p"),
                secure: secure.then_some(true),
                http_only,
                same_site,
                partitioned,
                ..Attributes::default()
            });
            prop_assume!(!prefix.host && (!prefix.http || http_only));
            let written = written.unwrap();
            let cookie = parse(&written).unwrap();
            prop_assert_eq!(syntax::decode_value(cookie.value), value);
            let expected = SetCookie {
                name: &name,
                value: cookie.value,
                max_age: max_age.map(i64::from),
                expires,
                domain: Some("Example.com"),
                path: Some("/p"),
                secure: secure || partitioned || prefix.secure || same_site == Some(SameSite::None),
                http_only,
                same_site,
                partitioned,
            };
            prop_assert_eq!(cookie, expected);
        }

        #[test]
        fn the_cookie_crate_reads_what_is_written_alike(
            (name, value, max_age, _, same_site, [secure, http_only, partitioned]) in attributes()
        ) {
            let written = serialize(&name, &value, &Attributes {
                max_age: max_age.map(f64::from),
                path: Some("/"),
                secure: secure.then_some(true),
                http_only: http_only || Prefix::of(name.as_str()).http,
                same_site: same_site.and_then(SameSite::parse),
                partitioned,
                ..Attributes::default()
            }).unwrap();
            let (ours, theirs) = (parse(&written).unwrap(), Cookie::parse(written.as_str()).unwrap());
            prop_assert_eq!((ours.name, ours.value, ours.path), (theirs.name(), theirs.value(), theirs.path()));
            prop_assert_eq!(ours.max_age, theirs.max_age().map(time::Duration::whole_seconds));
            prop_assert_eq!(ours.secure, theirs.secure().unwrap_or_default());
            prop_assert_eq!(ours.http_only, theirs.http_only().unwrap_or_default());
            prop_assert_eq!(ours.partitioned, theirs.partitioned().unwrap_or_default());
            prop_assert_eq!(ours.same_site.map(|s| s.as_str().to_owned()), theirs.same_site().map(|s| s.to_string()));
        }

        #[test]
        fn joined_lines_come_apart_again(values in proptest::collection::vec("[^,\u{0}-\u{1f}\u{7f}]{0,12}", 1..5)) {
            let lines = values
                .iter()
                .map(|v| serialize("a", v, &Attributes { expires: Some(1e9), ..Attributes::default() }).unwrap())
                .collect::<Vec<_>>();
            let joined = lines.join(", ");
            prop_assert_eq!(split(&joined).collect::<Vec<_>>(), lines);
        }

        #[test]
        fn no_text_makes_it_panic(line in "(.|[;=, \t\u{e9}]){0,80}") {
            if let Some(cookie) = parse(&line) {
                prop_assert!(cookie.name.len() + cookie.value.len() <= MAX_PAIR);
            }
            prop_assert!(split(&line).all(|part| line.contains(part)));
            let _ = serialize(&line, &line, &Attributes { path: Some(&line), ..Attributes::default() });
        }
    }
}
