//! The cookie endpoint, through which a page sets cookies that it cannot read: which fields make which `Set-Cookie`.
//!
//! Whether the request may set anything at all is decided before ([`crate::http::same_origin`]).

use super::{
    attributes::{self, MAX_AGE, Prefix, SameSite, without_dot},
    set_cookie::{self, Attributes},
};
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::json::Json;
use crate::jwt;

/// Largest request body in bytes.
pub const MAX_BODY: usize = 8 * 1024;
/// The name of the one cookie that the legacy path sets.
pub const SESSION_NAME: &str = "access_token";

/// What a request is to do, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Set the cookie that the field `name` names.
    Cookie,
    /// Set [`SESSION_NAME`], whatever the field `name` says (`setSessionCookies`).
    Session,
}

impl Route {
    /// The route of a path. An endpoint may be mounted anywhere; only `…/set-session-cookie` is the legacy one.
    ///
    /// ```
    /// use httponly::cookie::endpoint::Route;
    ///
    /// assert_eq!(Route::of("/.nordcraft/cookies/set-cookie"), Route::Cookie);
    /// assert_eq!(Route::of("/.toddle/cookies/set-session-cookie"), Route::Session);
    /// ```
    pub fn of(path: &str) -> Self {
        let last = path.trim_end_matches('/').rsplit('/').next();
        if last == Some("set-session-cookie") { Self::Session } else { Self::Cookie }
    }
}

/// What the app lets its endpoint do.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The only names that may be set; all but the reserved ones if `None`.
    pub names: Option<Vec<String>>,
    /// Parent domains that a request may name as the Domain.
    pub domains: Vec<String>,
    /// Names that are never set, nor are they with the prefix `__Secure-` or `__Host-`: the session, transactions. With
    /// `*` behind it, one stands for all names that begin so.
    pub reserved: Vec<String>,
}

impl Policy {
    /// Refuses a name that the endpoint does not set.
    ///
    /// # Errors
    /// [`Rule::NameReserved`], also for each `__Http-` and `__Host-Http-` name; [`Rule::NameNotListed`].
    pub fn check(&self, name: &str) -> Result<(), Refusal> {
        let prefix = Prefix::of(name);
        let bare = if prefix.host {
            name.get("__Host-".len()..)
        } else if prefix.secure {
            name.get("__Secure-".len()..)
        } else {
            None
        };
        // Browsers match prefixes in any letter case, and some servers whole names.
        let is = |reserved: &String| {
            [Some(name), bare].into_iter().flatten().any(|name| match reserved.strip_suffix('*') {
                Some(start) => name.get(..start.len()).is_some_and(|n| n.eq_ignore_ascii_case(start)),
                None => reserved.eq_ignore_ascii_case(name) || reserved.eq_ignore_ascii_case(whole_of(name)),
            })
        };
        if prefix.http || self.reserved.iter().any(is) {
            return Err(Rule::NameReserved.into());
        }
        match &self.names {
            Some(names) if !names.iter().any(|listed| listed == name) => Err(Rule::NameNotListed.into()),
            _ => Ok(()),
        }
    }
}

/// The name of the cookie that `name` is a part of: servers send a large one as `session.0` and on.
fn whole_of(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((whole, part)) if part.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => name,
    }
}

/// The fields of a request, checked one by one but not yet against each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// The name of the cookie.
    pub name: Option<String>,
    /// Its value, not encoded.
    pub value: Option<String>,
    /// SameSite; Lax if `None`.
    pub same_site: Option<SameSite>,
    /// Path; `/` if `None`.
    pub path: Option<String>,
    /// Lifetime in seconds, finite and not negative; 0 deletes.
    pub ttl: Option<f64>,
    /// Whether Domain names the host; so if `None`.
    pub include_subdomains: Option<bool>,
    /// A parent domain; beats `include_subdomains`.
    pub domain: Option<String>,
    /// Partitioned (CHIPS); SameSite is then None by default.
    pub partitioned: Option<bool>,
}

impl Fields {
    /// Reads the fields of a query (without `?`) or a body.
    ///
    /// # Errors
    /// [`Rule::FieldTwice`], [`Rule::FieldUnknown`], [`Rule::FieldMalformed`], [`Rule::NameNotText`],
    /// [`Rule::ValueNotText`], [`Rule::PathNotText`], [`Rule::DomainNotText`], [`Rule::SameSiteUnknown`],
    /// [`Rule::TtlInvalid`].
    ///
    /// ```
    /// use httponly::{cookie::endpoint::Fields, http::form::Form};
    ///
    /// let fields = Fields::parse("name=a&value=b+c&ttl=1e3", Form::UrlEncoded).unwrap();
    /// assert_eq!(fields, Fields::parse(r#"{"name":"a","value":"b c","ttl":1000}"#, Form::Json).unwrap());
    /// ```
    pub fn parse(text: &str, form: Form) -> Result<Self, Refusal> {
        let members = form.members(text);
        let mut fields = Self::default();
        for (key, value) in members.ok_or(Rule::FieldMalformed)? {
            let twice = match key.as_str() {
                "name" => fields.name.replace(string(value, Rule::NameNotText)?).is_some(),
                "value" => fields.value.replace(string(value, Rule::ValueNotText)?).is_some(),
                "path" => fields.path.replace(string(value, Rule::PathNotText)?).is_some(),
                "sameSite" => {
                    let text = string(value, Rule::SameSiteUnknown)?;
                    let same_site = SameSite::parse(text.as_str()).ok_or(Rule::SameSiteUnknown)?;
                    fields.same_site.replace(same_site).is_some()
                }
                "ttl" => fields.ttl.replace(ttl(&value)?).is_some(),
                "domain" => fields.domain.replace(string(value, Rule::DomainNotText)?).is_some(),
                "partitioned" => fields.partitioned.replace(boolean(&value)?).is_some(),
                "includeSubdomains" => fields.include_subdomains.replace(boolean(&value)?).is_some(),
                _ => return Err(Rule::FieldUnknown.into()),
            };
            if twice {
                return Err(Rule::FieldTwice.into());
            }
        }
        Ok(fields)
    }

    /// The `Set-Cookie` line that the fields ask for: always Secure and `HttpOnly`.
    ///
    /// `host` is the host name as URLs serialise it, `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`Rule::FieldMissing`], what [`Policy::check`] refuses, [`Rule::DomainNotListed`] and what
    /// [`attributes::check_domain`] refuses, [`Rule::TokenOver`], and what [`set_cookie::serialize`] refuses.
    ///
    /// ```
    /// use httponly::{cookie::endpoint::{Fields, Policy, Route}, http::form::Form};
    ///
    /// let fields = Fields::parse("name=id&value=x&ttl=60", Form::UrlEncoded).unwrap();
    /// let line = fields.set_cookie(Route::Cookie, &Policy::default(), "app.example", 0).unwrap();
    /// assert_eq!(
    ///     line,
    ///     "id=x; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=app.example; Max-Age=60; Expires=Thu, 01 Jan 1970 00:01:00 GMT"
    /// );
    /// ```
    pub fn set_cookie(&self, route: Route, policy: &Policy, host: &str, now: i64) -> Result<String, Refusal> {
        let name = match route {
            Route::Cookie => self.name.as_deref().ok_or(Rule::FieldMissing)?,
            Route::Session => SESSION_NAME,
        };
        let value = self.value.as_deref().ok_or(Rule::FieldMissing)?;
        policy.check(name)?;
        let max_age = match self.ttl {
            Some(seconds) => Some(f64::from(attributes::lifetime(seconds)?)),
            None => match jwt::decode(value).and_then(|claims| claims.exp) {
                Some(exp) if exp <= f64_of(now) => return Err(Rule::TokenOver.into()),
                exp => exp.map(|exp| (exp - f64_of(now)).min(MAX_AGE.into())),
            },
        };
        let deletes = max_age == Some(0.0);
        let partitioned = self.partitioned == Some(true);
        // As for a script's cookies: see `assignment::write`.
        let same_site = match self.same_site {
            None if deletes || partitioned => SameSite::None,
            same_site => same_site.unwrap_or_default(),
        };
        let attributes = Attributes {
            max_age,
            // For clients that know no Max-Age. A client's clock may be wrong, so others go by Max-Age.
            expires: max_age.filter(|_| !deletes).map(|seconds| f64_of(now) + seconds),
            domain: self.domain_for(name, policy, host)?,
            path: Some(self.path.as_deref().unwrap_or("/")),
            secure: Some(true),
            http_only: true,
            same_site: Some(same_site),
            partitioned,
            ..Attributes::default()
        };
        set_cookie::serialize(name, value, &attributes)
    }

    fn domain_for<'a>(
        &'a self,
        name: &str,
        policy: &Policy,
        host: &'a str,
    ) -> Result<Option<&'a str>, Refusal> {
        let Some(domain) = self.domain.as_deref().map(without_dot) else {
            let gains = attributes::domain_gains(host) && !Prefix::of(name).host;
            return Ok((gains && self.include_subdomains.unwrap_or(true)).then_some(host));
        };
        let is = |listed: &String| without_dot(listed.as_str()).eq_ignore_ascii_case(domain);
        if !domain.eq_ignore_ascii_case(host) && !policy.domains.iter().any(is) {
            return Err(Rule::DomainNotListed.into());
        }
        attributes::check_domain(domain, host)?;
        Ok(attributes::domain_gains(host).then_some(domain))
    }
}

/// Refuses a line whose Domain the browser is not at, by its `Origin`: a server in front of the app has put another Host
/// into the request, and the browser would drop the cookie in silence. What deletes a cookie finds none there, and does no
/// harm.
///
/// # Errors
/// [`Rule::EndpointHost`].
///
/// ```
/// use httponly::cookie::endpoint::check_reach;
///
/// assert!(check_reach("a=1; Domain=app.example", Some("https://app.example")).is_ok());
/// assert!(check_reach("a=1; Domain=app.internal", Some("https://app.example")).is_err());
/// assert!(check_reach("a=1", Some("https://app.example")).is_ok());
/// ```
pub fn check_reach(line: &str, origin: Option<&str>) -> Result<(), Refusal> {
    let host = |origin| crate::http::same_origin::of(origin)?.split_once("//")?.1.split(':').next();
    let (Some(cookie), Some(host)) = (set_cookie::parse(line), origin.and_then(host)) else { return Ok(()) };
    match cookie.domain() {
        _ if cookie.max_age == Some(0) => Ok(()),
        Some(domain) if attributes::check_domain(&*domain, host).is_err() => Err(Rule::EndpointHost.into()),
        _ => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a date is far below 2^53")]
const fn f64_of(date: i64) -> f64 {
    date as f64
}

fn string(value: Json, rule: Rule) -> Result<String, Refusal> {
    match value {
        Json::String(text) => Ok(text),
        Json::LoneSurrogate => Err(Rule::ValueSurrogate.into()),
        _ => Err(rule.into()),
    }
}

fn boolean(value: &Json) -> Result<bool, Refusal> {
    match value {
        Json::Boolean(boolean) => Ok(*boolean),
        Json::String(text) if text == "true" => Ok(true),
        Json::String(text) if text == "false" => Ok(false),
        _ => Err(Rule::FieldMalformed.into()),
    }
}

fn ttl(value: &Json) -> Result<f64, Refusal> {
    let seconds = match value {
        Json::Number(number) => Some(crate::http::json::double(number)),
        Json::String(text) => number(text),
        _ => None,
    };
    seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).ok_or(Rule::TtlInvalid.into())
}

/// JavaScript's `Number()` of a text (ECMA-262 section 7.1.4.1), but nothing for an empty one and for Infinity.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_blank);
    let radix = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        // Rust's syntax for decimals is that of JavaScript plus words like "inf" and "nan".
        _ if text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            return text.parse().ok();
        }
        _ => return None,
    };
    let digits = text.get(2..).filter(|digits| !digits.is_empty())?;
    digits
        .chars()
        .try_fold(0.0, |sum, digit| Some(sum * f64::from(radix) + f64::from(digit.to_digit(radix)?)))
}

/// `WhiteSpace` and `LineTerminator` of ECMA-262, which `String.prototype.trim` removes.
fn is_blank(c: char) -> bool {
    // Unicode white space but U+0085, plus the byte order mark.
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::set_cookie::SetCookie;
    use crate::http::date;
    use proptest::prelude::*;

    /// 2026-01-01
    const NOW: i64 = 1_767_225_600;
    /// `{"alg":"none"}.{"exp":1767229200}.`: an hour after [`NOW`].
    const JWT: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NjcyMjkyMDB9.";

    fn on(host: &str, query: &str) -> Result<String, Rule> {
        Fields::parse(query, Form::UrlEncoded)
            .and_then(|fields| fields.set_cookie(Route::Cookie, &Policy::default(), host, NOW))
            .map_err(Refusal::rule)
    }

    fn line(query: &str) -> Result<String, Rule> {
        on("app.example", query)
    }

    fn expires(seconds: i64) -> String {
        format!("Expires={}", String::from_utf8(date::format(seconds).to_vec()).unwrap())
    }

    #[test]
    fn defaults_are_lax_root_and_the_domain_of_the_host() {
        assert_eq!(
            line("name=a&value=b").unwrap(),
            "a=b; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=app.example"
        );
        assert_eq!(
            line("name=a&value=b&sameSite=STRICT&path=/x&includeSubdomains=false").unwrap(),
            "a=b; HttpOnly; SameSite=Strict; Secure; Path=/x"
        );
    }

    #[test]
    fn a_lifetime_is_ttl_else_exp_else_the_session() {
        let far = NOW + i64::from(MAX_AGE);
        let jwt_far = "x.eyJleHAiOjk5OTk5OTk5OTk5OTl9";
        let jwt_text = "x.eyJleHAiOiIxIn0";
        for (query, expected) in [
            ("name=a&value=b&ttl=60".to_owned(), Some(expires(NOW + 60))),
            ("name=a&value=b&ttl=0.5".to_owned(), Some(expires(NOW + 1))),
            ("name=a&value=b&ttl=1e12".to_owned(), Some(expires(far))),
            ("name=a&value=b&ttl=0".to_owned(), Some("Max-Age=0".to_owned())),
            ("name=a&value=b&ttl=-0".to_owned(), Some("Max-Age=0".to_owned())),
            ("name=a&value=b".to_owned(), None),
            (format!("name=a&value={JWT}"), Some(expires(NOW + 3600))),
            (format!("name=a&value={JWT}&ttl=60"), Some(expires(NOW + 60))),
            (format!("name=a&value={JWT}&ttl=0"), Some("Max-Age=0".to_owned())),
            (format!("name=a&value={jwt_far}"), Some(expires(far))),
            (format!("name=a&value={jwt_text}"), None),
            ("name=a&value=x.y.z".to_owned(), None),
        ] {
            let line = line(&query).unwrap();
            let last = line.split("; ").last().filter(|last| !last.starts_with("Domain")).map(str::to_owned);
            assert_eq!(last, expected, "{query}");
            assert_eq!(line.contains("Expires"), expected.is_some_and(|e| e.contains("Expires")), "{query}");
        }
    }

    #[test]
    fn a_deletion_repeats_what_a_prefixed_cookie_needs() {
        assert_eq!(
            line("name=__Host-a&value=&ttl=0").unwrap(),
            "__Host-a=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0"
        );
        assert_eq!(
            line("name=__Secure-a&value=x&path=/p&ttl=0").unwrap(),
            "__Secure-a=x; HttpOnly; SameSite=None; Secure; Path=/p; Domain=app.example; Max-Age=0"
        );
    }

    #[test]
    fn domain_is_left_out_where_it_gains_nothing() {
        for (host, query, domain) in [
            ("app.example", "name=a&value=b", Some("app.example")),
            ("app.my.localhost", "name=a&value=b&includeSubdomains=true", Some("app.my.localhost")),
            ("app.example", "name=a&value=b&includeSubdomains=false", None),
            ("app.example", "name=__host-a&value=b&includeSubdomains=true", None),
            ("localhost", "name=a&value=b", None),
            ("intranet", "name=a&value=b", None),
            ("127.0.0.1", "name=a&value=b", None),
            ("[::1]", "name=a&value=b", None),
        ] {
            let line = on(host, query).unwrap();
            let cookie: SetCookie<'_> = set_cookie::parse(&line).unwrap();
            assert_eq!(cookie.domain().as_deref(), domain, "{query} on {host}");
        }
    }

    #[test]
    fn a_token_that_is_over_is_refused_unless_it_is_deleted_or_given_a_lifetime() {
        let past = "x.eyJleHAiOjF9";
        assert_eq!(line(&format!("name=a&value={past}")), Err(Rule::TokenOver));
        assert!(line(&format!("name=a&value={past}&ttl=0")).unwrap().ends_with("; Max-Age=0"));
        assert!(line(&format!("name=a&value={past}&ttl=60")).unwrap().contains("; Max-Age=60; "));
    }

    #[test]
    fn max_age_stands_beside_expires_for_clients_whose_clock_is_wrong() {
        let session = format!("name=a&value={JWT}");
        for (query, max_age) in
            [("name=a&value=b&ttl=60", 60), ("name=a&value=b&ttl=0.5", 1), (session.as_str(), 3600)]
        {
            let line = line(query).unwrap();
            let end = format!("; Max-Age={max_age}; {}", expires(NOW + max_age));
            assert!(line.ends_with(&end), "{line}");
        }
    }

    #[test]
    fn a_frame_of_another_site_may_delete_and_partition() {
        for (query, expected) in [
            (
                "name=a&value=&ttl=0",
                "a=; HttpOnly; SameSite=None; Secure; Path=/; Domain=app.example; Max-Age=0",
            ),
            (
                "name=a&value=&ttl=0&sameSite=Lax",
                "a=; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=app.example; Max-Age=0",
            ),
            (
                "name=a&value=b&partitioned=true&includeSubdomains=false",
                "a=b; HttpOnly; SameSite=None; Partitioned; Secure; Path=/",
            ),
            (
                "name=a&value=b&partitioned=true&sameSite=strict&includeSubdomains=false",
                "a=b; HttpOnly; SameSite=Strict; Partitioned; Secure; Path=/",
            ),
        ] {
            assert_eq!(line(query).as_deref(), Ok(expected));
        }
        assert_eq!(line("name=a&value=b&partitioned=1"), Err(Rule::FieldMalformed));
    }

    #[test]
    fn a_domain_is_one_that_is_listed_and_that_the_host_lies_below() {
        let policy =
            Policy { domains: vec![".my.example".into(), "other.example".into()], ..Policy::default() };
        let on = |query: &str| {
            let fields = Fields::parse(query, Form::UrlEncoded)?;
            fields.set_cookie(Route::Cookie, &policy, "app.my.example", NOW)
        };
        for (query, expected) in [
            ("name=a&value=b&domain=my.example", Ok("my.example")),
            ("name=a&value=b&domain=.MY.example&includeSubdomains=false", Ok("my.example")),
            ("name=a&value=b&domain=app.my.example", Ok("app.my.example")),
            ("name=a&value=b&domain=other.example", Err(Rule::DomainMismatch)),
            ("name=a&value=b&domain=example", Err(Rule::DomainNotListed)),
            ("name=a&value=b&domain=", Err(Rule::DomainNotListed)),
            ("name=__Host-a&value=b&domain=my.example", Err(Rule::PrefixHostDomain)),
        ] {
            let line = on(query).map_err(Refusal::rule);
            let domain = line.as_deref().map(|line| set_cookie::parse(line).unwrap().domain().unwrap());
            assert_eq!(domain.as_deref().map_err(|rule| **rule), expected, "{query}");
        }
        assert_eq!(line("name=a&value=b&domain=example"), Err(Rule::DomainNotListed));
    }

    #[test]
    fn ttl_is_the_number_of_javascript_but_finite_and_not_negative() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("60", Some(60.0)),
            ("+60", Some(60.0)),
            ("0060", Some(60.0)),
            ("6.5", Some(6.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1E+3", Some(1000.0)),
            ("5e-1", Some(0.5)),
            (" 60\t\n", Some(60.0)),
            ("\u{a0}\u{feff}\u{2003}60\u{2028}", Some(60.0)),
            ("0x10", Some(16.0)),
            ("0XfF", Some(255.0)),
            ("0o17", Some(15.0)),
            ("0b101", Some(5.0)),
            ("-0", Some(0.0)),
            ("-0x10", None),
            ("0x", None),
            ("0xg", None),
            ("0x1.8", None),
            ("", None),
            (" ", None),
            ("-1", None),
            ("-1e-9", None),
            ("Infinity", None),
            ("-Infinity", None),
            ("1e400", None),
            ("inf", None),
            ("nan", None),
            ("NaN", None),
            ("1_000", None),
            ("1,5", None),
            ("1 2", None),
            ("60s", None),
            ("null", None),
            ("true", None),
            ("1n", None),
            (".", None),
            ("e5", None),
            ("1e", None),
            ("\u{85}60", None),
            ("\u{ff16}", None),
        ] {
            assert_eq!(ttl(&Json::String(text.into())).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn each_broken_field_is_refused_by_its_rule() {
        for (query, rule) in [
            ("", Rule::FieldMissing),
            ("value=b", Rule::FieldMissing),
            ("name=a", Rule::FieldMissing),
            ("name=&value=b", Rule::NameEmpty),
            ("name=a%20b&value=b", Rule::NameCharacter),
            ("name=a&value=%0d%0a", Rule::ValueControl),
            ("name=a&value=%ff", Rule::FieldMalformed),
            ("name=a&value=b&sameSite=", Rule::SameSiteUnknown),
            ("name=a&value=b&sameSite=Default", Rule::SameSiteUnknown),
            ("name=a&value=b&path=", Rule::PathNotAbsolute),
            ("name=a&value=b&path=x", Rule::PathNotAbsolute),
            ("name=a&value=b&path=/;Domain=evil.example", Rule::PathCharacter),
            ("name=a&value=b&ttl=", Rule::TtlInvalid),
            ("name=a&value=b&ttl=soon", Rule::TtlInvalid),
            ("name=a&value=b&ttl=-1", Rule::TtlInvalid),
            ("name=a&value=b&includeSubdomains=", Rule::FieldMalformed),
            ("name=a&value=b&includeSubdomains=yes", Rule::FieldMalformed),
            ("name=a&value=b&includeSubdomains=TRUE", Rule::FieldMalformed),
            ("name=a&value=b&domain=parent.example", Rule::DomainNotListed),
            ("name=a&value=b&Path=/", Rule::FieldUnknown),
            ("name=a&value=b&__proto__=/", Rule::FieldUnknown),
            ("name=a&value=b&value=c", Rule::FieldTwice),
            ("name=a&name=a&value=c", Rule::FieldTwice),
            ("name=a&value=b&ttl=1&ttl=1", Rule::FieldTwice),
            ("name=__Host-a&value=b&path=/x", Rule::PrefixHostPath),
            ("name=__Http-a&value=b", Rule::NameReserved),
            ("name=__host-HTTP-a&value=b", Rule::NameReserved),
        ] {
            assert_eq!(line(query), Err(rule), "{query}");
        }
        let long = |length: usize| line(&format!("name=a&value={}", "v".repeat(length)));
        assert!(long(4095).is_ok());
        assert_eq!(long(4096), Err(Rule::PairTooLarge));
    }

    #[test]
    fn json_has_the_same_fields_with_types_of_their_own() {
        let read = |text: &str| Fields::parse(text, Form::Json).map_err(Refusal::rule);
        let full = Fields {
            name: Some("a".into()),
            value: Some("b".into()),
            same_site: Some(SameSite::None),
            path: Some("/".into()),
            ttl: Some(60.0),
            include_subdomains: Some(false),
            ..Fields::default()
        };
        for text in [
            r#"{"name":"a","value":"b","sameSite":"none","path":"/","ttl":60,"includeSubdomains":false}"#,
            r#"{"name":"a","value":"b","sameSite":"None","path":"/","ttl":"60","includeSubdomains":"false"}"#,
        ] {
            assert_eq!(read(text), Ok(full.clone()));
        }
        for (text, rule) in [
            ("", Rule::FieldMalformed),
            ("[]", Rule::FieldMalformed),
            (r#"{"name":1,"value":"b"}"#, Rule::NameNotText),
            (r#"{"name":["a"],"value":"b"}"#, Rule::NameNotText),
            (r#"{"name":"a","value":null}"#, Rule::ValueNotText),
            (r#"{"name":"a","value":"b\ud800"}"#, Rule::ValueSurrogate),
            (r#"{"path":{}}"#, Rule::PathNotText),
            (r#"{"sameSite":1}"#, Rule::SameSiteUnknown),
            (r#"{"ttl":null}"#, Rule::TtlInvalid),
            (r#"{"ttl":true}"#, Rule::TtlInvalid),
            (r#"{"ttl":-1}"#, Rule::TtlInvalid),
            (r#"{"ttl":1e400}"#, Rule::TtlInvalid),
            (r#"{"includeSubdomains":1}"#, Rule::FieldMalformed),
            (r#"{"name":"a","n\u0061me":"b"}"#, Rule::FieldTwice),
            (r#"{"secure":false}"#, Rule::FieldUnknown),
        ] {
            assert_eq!(read(text), Err(rule), "{text}");
        }
    }

    #[test]
    fn the_content_type_names_the_form() {
        for (content_type, form) in [
            ("application/json", Ok(Form::Json)),
            ("Application/JSON ; charset=utf-8", Ok(Form::Json)),
            ("application/x-www-form-urlencoded;charset=UTF-8", Ok(Form::UrlEncoded)),
            ("", Err(Rule::EndpointContent)),
            ("text/plain", Err(Rule::EndpointContent)),
            ("text/plain; application/json", Err(Rule::EndpointContent)),
            ("multipart/form-data; boundary=x", Err(Rule::EndpointContent)),
            ("application/jsonp", Err(Rule::EndpointContent)),
        ] {
            assert_eq!(Form::of(content_type).map_err(Refusal::rule), form, "{content_type}");
        }
    }

    #[test]
    fn reserved_names_are_not_set_and_a_list_is_exhaustive() {
        let policy = Policy {
            names: None,
            reserved: vec!["session".into(), "__Host-flow".into()],
            ..Policy::default()
        };
        for name in [
            "session",
            "__Secure-session",
            "__Host-session",
            "__hOST-session",
            "__Host-flow",
            "__host-flow",
            "SESSION",
            "session.0",
            "__Secure-session.12",
            "session.",
        ] {
            assert_eq!(policy.check(name), Err(Rule::NameReserved.into()), "{name}");
        }
        for name in ["flow", "session2", "my-session", "__Host-", "session.x", "session.0.1", "session-0"] {
            assert_eq!(policy.check(name), Ok(()), "{name}");
        }
        let family =
            Policy { names: None, reserved: vec!["codex.*".into(), "*-session".into()], ..Policy::default() };
        for name in ["codex.", "codex.state", "Codex.x", "__Secure-codex.x", "__Host-CODEX.session_data.0"] {
            assert_eq!(family.check(name), Err(Rule::NameReserved.into()), "{name}");
        }
        for name in ["codex", "codex-session", "a-codex.x", "code"] {
            assert_eq!(family.check(name), Ok(()), "{name}");
        }
        let policy = Policy { names: Some(vec!["a".into(), "__Http-b".into(), "session".into()]), ..policy };
        assert_eq!(policy.check("a"), Ok(()));
        assert_eq!(policy.check("A"), Err(Rule::NameNotListed.into()));
        assert_eq!(policy.check("c"), Err(Rule::NameNotListed.into()));
        assert_eq!(policy.check("__Http-b"), Err(Rule::NameReserved.into()));
        assert_eq!(policy.check("session"), Err(Rule::NameReserved.into()));
    }

    #[test]
    fn the_legacy_path_sets_access_token_whatever_the_name() {
        for query in ["value=x", "name=access_token&value=x", "name=other&value=x"] {
            let fields = Fields::parse(query, Form::UrlEncoded).unwrap();
            let line = fields.set_cookie(Route::Session, &Policy::default(), "localhost", NOW).unwrap();
            assert_eq!(line, "access_token=x; HttpOnly; SameSite=Lax; Secure; Path=/");
        }
        let unlisted = Policy { names: Some(vec!["a".into()]), reserved: Vec::new(), ..Policy::default() };
        let fields = Fields::parse("value=x", Form::UrlEncoded).unwrap();
        assert!(fields.set_cookie(Route::Session, &unlisted, "localhost", NOW).is_err());
        assert_eq!(Route::of("/.toddle/cookies/set-session-cookie/"), Route::Session);
        assert_eq!(Route::of("/.toddle/cookies/set-cookie"), Route::Cookie);
        assert_eq!(Route::of("/set-session-cookie/x"), Route::Cookie);
    }

    proptest! {
        #[test]
        fn forms_are_read_as_the_url_standard_reads_them(name in ".{0,10}", value in ".{0,30}") {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("name", &name)
                .append_pair("value", &value)
                .finish();
            let fields = Fields::parse(&query, Form::UrlEncoded).unwrap();
            prop_assert_eq!((fields.name, fields.value), (Some(name), Some(value)));
        }

        #[test]
        fn whatever_is_sent_the_cookie_is_secure_http_only_and_of_this_host(
            name in r"(__Host-|__Secure-|__Http-)?[a-z; =]{0,6}", value in r"(.|[;\r\n=]){0,20}",
            path in r"/?(.|[;=]){0,10}", ttl in r"-?[0-9.ex]{0,6}",
        ) {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("name", &name)
                .append_pair("value", &value)
                .append_pair("path", &path)
                .append_pair("ttl", &ttl)
                .finish();
            if let Ok(line) = line(&query) {
                let cookie = set_cookie::parse(&line).unwrap();
                prop_assert_eq!(cookie.name, name);
                // A deletion has to reach a cookie in a frame of another site, too.
                let deletes = line.ends_with("; Max-Age=0");
                let same_site = if deletes { SameSite::None } else { SameSite::Lax };
                prop_assert!(cookie.secure && cookie.http_only && cookie.same_site == Some(same_site));
                prop_assert!(cookie.domain().is_none_or(|domain| domain == "app.example"));
                prop_assert_eq!(cookie.path, Some(path.as_str()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in r"(.|[%+&=]){0,60}") {
            let _ = Fields::parse(&text, Form::UrlEncoded);
            let _ = Fields::parse(&text, Form::Json);
            let _ = Form::of(&text);
            let _ = Route::of(&text);
        }
    }
}
