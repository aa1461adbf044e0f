//! The cookies of a session: which they are in a request, what stands for them in a cache, how they are cleared.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::cookie::attributes::{Prefix, check_path, domain_gains};
use crate::cookie::header::pairs;
use crate::cookie::syntax::{Class, MAX_PAIR, check_name, decode_value};
use crate::error::Refusal;

/// The prefixes under which browsers guard a cookie: whether cookies are Secure is the backend's affair, so a session
/// cookie is known with and without them.
const PREFIXES: [&str; 2] = ["__Secure-", "__Host-"];

/// How many names are cleared at most, at how many domains and paths, and by how many lines. Better Auth's copies of a
/// session have few parts.
const MAX_CLEARED: usize = 16;
const MAX_DOMAINS: usize = 8;
const MAX_PATHS: usize = 17;
const MAX_LINES: usize = 160;

/// A name without its prefix.
fn bare(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// The names of a backend's cookies, without prefixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    session: String,
    /// Names, and beginnings of names before a `*`.
    others: Vec<String>,
}

/// Where a request was sent to.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The app's host.
    pub host: &'a str,
    /// The path of the request.
    pub path: &'a str,
    /// The Domain that the backend sets, where the app knows it.
    pub domain: Option<&'a str>,
    /// Whether the app's own origin is https.
    pub secure: bool,
    /// Whether the visitor signs out, so that none of them is to live.
    pub ends: bool,
}

/// The session cookies of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent<'a> {
    /// There is none.
    None,
    /// There are some, and no session can come of them: two of one name, of which a sibling subdomain may have planted
    /// the first, or a value that no backend writes.
    Unusable,
    /// One or more, of different names: `name=value`, byte for byte, and the values alone.
    Some {
        /// The pairs, with `; ` between them.
        pairs: String,
        /// The values.
        values: Vec<&'a str>,
    },
}

impl Sent<'_> {
    /// The hashes under which their tokens are known.
    pub fn handles(&self) -> Vec<String> {
        match self {
            Sent::Some { values, .. } => values.iter().copied().flat_map(handles).collect(),
            Sent::None | Sent::Unusable => Vec::new(),
        }
    }

    /// What they stand for in a cache: nothing if there are none, an empty text if no session can come of them.
    pub fn key(&self) -> Option<String> {
        match self {
            Sent::None => None,
            Sent::Unusable => Some(String::new()),
            Sent::Some { pairs, .. } => Some(hash(pairs)),
        }
    }
}

impl Names {
    /// The cookie named `session`, and the backend's others. `others` are names, or their beginnings with `*` behind.
    /// Without a list these are `better-auth.*` and what begins as the session cookie does: `codex.*` for
    /// `codex-session`.
    ///
    /// # Errors
    /// As [`check_name`].
    ///
    /// ```
    /// use httponly::auth::cookies::Names;
    ///
    /// let names = Names::new("codex-session", None).unwrap();
    /// assert!(names.is_session("__Secure-codex-session"));
    /// assert!(names.is_known("codex.dont_remember") && !names.is_known("theme"));
    /// assert_eq!(names.list().collect::<Vec<_>>(), ["codex-session", "better-auth.*", "codex.*"]);
    /// ```
    pub fn new(session: &str, others: Option<Vec<String>>) -> Result<Self, Refusal> {
        check_name(session)?;
        let session = bare(session);
        check_name(session)?;
        let others = if let Some(others) = others {
            for other in &others {
                check_name(other.strip_suffix('*').unwrap_or(other))?;
            }
            others.iter().map(|other| bare(other).to_owned()).collect()
        } else {
            let end = session.find('.').or_else(|| session.find(['-', '_'])).unwrap_or(session.len());
            let family = session.get(..end).unwrap_or(session);
            vec!["better-auth.*".to_owned(), format!("{family}.*")]
        };
        Ok(Self { session: session.to_owned(), others })
    }

    /// All names, without prefixes; one with `*` behind stands for all that begin so.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        core::iter::once(self.session.as_str()).chain(self.others.iter().map(String::as_str))
    }

    /// Whether a cookie of this name is the session's.
    pub fn is_session(&self, name: &str) -> bool {
        bare(name) == self.session
    }

    /// Whether a cookie of this name is the backend's.
    pub fn is_known(&self, name: &str) -> bool {
        let plain = bare(name);
        let listed = |other: &String| match other.strip_suffix('*') {
            Some(start) => plain.starts_with(start),
            None => plain == other,
        };
        self.is_session(name) || self.is_account(name) || self.others.iter().any(listed)
    }

    /// Whether a cookie of this name holds one of several accounts of a browser (Better Auth's multi-session plugin).
    fn is_account(&self, name: &str) -> bool {
        bare(name).strip_prefix(self.session.as_str()).is_some_and(|rest| rest.starts_with("_multi-"))
    }

    /// Whether a cookie of this name is the session's, or says something of it: a copy, or how long it lasts.
    pub fn is_of_session(&self, name: &str) -> bool {
        let says = name.ends_with(".dont_remember") || name.ends_with(".account_data");
        self.is_session(name) || self.is_account(name) || (self.is_known(name) && (is_copy(name) || says))
    }

    /// Scans a `Cookie` header for the backend's cookies.
    pub fn scan<'n, 'h>(&'n self, header: &'h str) -> BackendCookies<'n, 'h> {
        #[cfg(test)]
        crate::auth::count::cookies();
        let known: Vec<(&str, &str)> = texts(header).filter(|(name, _)| self.is_known(name)).collect();
        let host = known.iter().any(|&(name, _)| self.is_session(name) && Prefix::of(name).host);
        BackendCookies { names: self, known, host }
    }
}

/// The backend's cookies of one request: its `Cookie` header, scanned once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendCookies<'n, 'h> {
    names: &'n Names,
    /// Names and values of those that are the backend's, in order.
    known: Vec<(&'h str, &'h str)>,
    /// Whether a session cookie is named `__Host-`. No other host can set one (RFC 6265bis section 4.1.3.2), and so it
    /// alone counts: what a sibling subdomain plants under another name ends no session.
    host: bool,
}

impl<'h> BackendCookies<'_, 'h> {
    /// Whether a session cookie of this name counts.
    fn counts(&self, name: &str) -> bool {
        !self.host || Prefix::of(name).host
    }

    /// The backend's copies of the session, as they stand there; empty for none.
    pub fn copies(&self) -> String {
        let mut out = String::new();
        for (name, value) in self.known.iter().filter(|(name, _)| is_copy(name)) {
            push_pair(&mut out, name, value);
        }
        out
    }

    /// The session cookies, byte for byte, whether they count or not.
    pub fn sessions(&self) -> impl Iterator<Item = (&'h str, &'h str)> {
        self.known.iter().copied().filter(|(name, _)| self.names.is_session(name))
    }

    /// The session cookies. A name that stands twice, or with a value that no backend writes, makes no session, and takes
    /// none away from a cookie of another name: a sibling subdomain may have planted it.
    pub fn read(&self) -> Sent<'h> {
        let sent: Vec<(&str, &str)> = self.sessions().filter(|(name, _)| self.counts(name)).collect();
        let mut cookies = String::new();
        let mut values = Vec::new();
        for (name, value) in &sent {
            let whole = value.bytes().all(|byte| Class::COOKIE_OCTET.has(byte.into()));
            let once = sent.iter().filter(|(other, _)| other == name).take(2).count() == 1;
            if !value.is_empty() && whole && once && name.len() + value.len() <= MAX_PAIR {
                values.push(*value);
                push_pair(&mut cookies, name, value);
            }
        }
        match (sent.is_empty(), values.is_empty()) {
            (true, _) => Sent::None,
            (false, true) => Sent::Unusable,
            (false, false) => Sent::Some { pairs: cookies, values },
        }
    }

    /// The decoded value of the one session cookie; `None` where there is none, or more than one.
    pub fn token(&self) -> Option<String> {
        match self.read() {
            Sent::Some { values, .. } => match values.as_slice() {
                [value] => Some(decode_value(value).into_owned()),
                _ => None,
            },
            Sent::None | Sent::Unusable => None,
        }
    }

    /// The `Cookie` header for the backend: its own cookies, byte for byte, but for those whose name stands twice.
    ///
    /// `lookup` leaves out copies of the session (`session_data` of Better Auth's cookie cache): the backend would
    /// believe them for minutes after a sign-out.
    pub fn forward(&self, lookup: bool) -> String {
        let passes = |name: &str| !self.names.is_session(name) || self.counts(name);
        let known = || self.known.iter().filter(|(name, _)| passes(name) && !(lookup && is_copy(name)));
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in known() {
            *times.entry(name).or_default() += 1;
        }
        let mut out = String::new();
        for (name, value) in known() {
            let plain = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            if plain && times.get(name) == Some(&1) {
                push_pair(&mut out, name, value);
            }
        }
        out
    }

    /// `Set-Cookie` lines that clear the session cookies of a request and the backend's copies of the session.
    ///
    /// - **Dead ones** go at every scope that a cookie for the host can have: host-only, and for the host and each domain
    ///   above it, or for the declared domain alone.
    /// - **Of several with one name** a sibling subdomain may have planted some. It can set no host-only cookie of this
    ///   host, so the host-only one lives; what has a Domain goes, at every path that the request could have brought it
    ///   from. Whether that leaves a session, the next request tells, which has none twice.
    ///
    /// What a client makes up, many copies and a host of many labels, does not make more lines of it than there can be
    /// cookies.
    ///
    /// ```
    /// use httponly::auth::cookies::{Names, Place};
    ///
    /// let names = Names::new("sid", None).unwrap();
    /// let place = Place { host: "app.my.example", path: "/", domain: None, secure: false, ends: false };
    /// assert_eq!(
    ///     names.scan("sid=x; theme=dark").clear(place),
    ///     [
    ///         "sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ///         "sid=; Max-Age=0; Domain=app.my.example; Path=/; HttpOnly; SameSite=Lax",
    ///         "sid=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax",
    ///     ]
    /// );
    /// assert_eq!(
    ///     names.scan("sid=x; sid=y").clear(place),
    ///     [
    ///         "sid=; Max-Age=0; Domain=app.my.example; Path=/; HttpOnly; SameSite=Lax",
    ///         "sid=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax",
    ///     ]
    /// );
    /// ```
    pub fn clear(&self, place: Place<'_>) -> Vec<String> {
        let names = self.clearable();
        let doubled = names.iter().any(|(_, times)| *times > 1);
        let planted = doubled && !place.ends;
        let mut domains = match place.domain {
            Some(domain) if !doubled => Vec::from([without_dot(domain)]),
            _ => parents(place.host),
        };
        if let Some(domain) = place.domain.map(without_dot).filter(|domain| !domains.contains(domain)) {
            domains.push(domain);
        }
        let paths = if doubled { cookie_paths(place.path) } else { vec!["/"] };
        let mut lines = Vec::new();
        for (name, times) in names {
            let prefix = Prefix::of(name);
            // No sibling sets a `__Host-` cookie: two of that name are the host's own doing.
            if !planted || times > 1 && prefix.host {
                lines.push(clearing(name, None, "/", place.secure || prefix.secure));
            }
            if prefix.host || times == 1 && planted {
                continue;
            }
            for domain in &domains {
                for path in &paths {
                    lines.push(clearing(name, Some(domain), path, place.secure || prefix.secure));
                }
            }
        }
        lines.truncate(MAX_LINES);
        lines
    }

    /// The session cookies and the copies by name, with how often each stands there.
    fn clearable(&self) -> Vec<(&'h str, usize)> {
        let mut names: Vec<(&str, usize)> = Vec::new();
        for &(name, _) in &self.known {
            if let Some((_, times)) = names.iter_mut().find(|(known, _)| *known == name) {
                *times += 1;
                continue;
            }
            let copy = names.len() < MAX_CLEARED && is_copy(name);
            if (self.names.is_session(name) || copy) && check_name(name).is_ok() {
                names.push((name, 1));
            }
        }
        names
    }
}

/// A line that deletes the cookie of this scope.
fn clearing(name: &str, domain: Option<&str>, path: &str, secure: bool) -> String {
    let mut line = format!("{name}=; Max-Age=0");
    if let Some(domain) = domain {
        let _ = write!(line, "; Domain={domain}");
    }
    let _ = write!(line, "; Path={path}; HttpOnly; SameSite=Lax");
    if secure {
        line.push_str("; Secure");
    }
    line
}

/// The paths that a cookie can have which comes with a request for this one (path-match of RFC 6265bis section 5.1.4).
fn cookie_paths(path: &str) -> Vec<&str> {
    let mut out = vec!["/"];
    let ends = path.match_indices('/').skip(1).map(|(at, _)| at).chain([path.len()]);
    for end in ends {
        for path in [path.get(..end), path.get(..=end)].into_iter().flatten() {
            if out.len() < MAX_PATHS && !out.contains(&path) && check_path(path).is_ok() {
                out.push(path);
            }
        }
    }
    out
}

/// A `Set-Cookie` line with another Domain: `domain`, or none where that is empty; all else byte for byte. A `__Host-`
/// cookie has none, whatever is declared (RFC 6265bis 4.1.3.2).
///
/// ```
/// use httponly::auth::cookies::with_domain;
///
/// assert_eq!(with_domain("sid=a; Path=/; HttpOnly", "my.example"), "sid=a; Path=/; HttpOnly; Domain=my.example");
/// assert_eq!(with_domain("sid=a; domain=.auth.example; Secure", ""), "sid=a; Secure");
/// assert_eq!(with_domain("__Host-sid=a; Path=/; Secure", "my.example"), "__Host-sid=a; Path=/; Secure");
/// ```
pub fn with_domain(line: &str, domain: &str) -> String {
    let mut parts = line.split(';');
    let pair = parts.next().unwrap_or_default();
    let is_domain = |part: &&str| {
        part.split('=')
            .next()
            .is_some_and(|name| name.trim_matches([' ', '\t']).eq_ignore_ascii_case("domain"))
    };
    let mut out = pair.to_owned();
    for part in parts.filter(|part| !is_domain(part)) {
        out.push(';');
        out.push_str(part);
    }
    let name = pair.split('=').next().unwrap_or_default().trim_matches([' ', '\t']);
    if !domain.is_empty() && !Prefix::of(name).host {
        let _ = write!(out, "; Domain={domain}");
    }
    out
}

/// A `Set-Cookie` line with `Secure`, whether it had that or not; all else byte for byte.
///
/// ```
/// use httponly::auth::cookies::with_secure;
///
/// assert_eq!(with_secure("sid=a; Path=/"), "sid=a; Path=/; Secure");
/// assert_eq!(with_secure("sid=a; secure ;Path=/"), "sid=a; secure ;Path=/");
/// ```
pub fn with_secure(line: &str) -> String {
    let is_secure = |part: &str| {
        let name = part.split('=').next().unwrap_or_default();
        name.trim_matches([' ', '\t']).eq_ignore_ascii_case("secure")
    };
    if line.split(';').skip(1).any(is_secure) { line.to_owned() } else { format!("{line}; Secure") }
}

/// A name and a value as text.
fn texts(header: &str) -> impl Iterator<Item = (&str, &str)> {
    pairs(header).map(|pair| {
        let text = |range| header.get(range).unwrap_or_default();
        (text(pair.name()), text(pair.value()))
    })
}

fn push_pair(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push_str("; ");
    }
    let _ = write!(out, "{name}={value}");
}

/// Whether a name is that of Better Auth's cookie cache, whole or in chunks (`.0`, `.1`).
fn is_copy(name: &str) -> bool {
    let whole = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let whole = if whole.len() < name.len() { whole.strip_suffix('.').unwrap_or(name) } else { name };
    whole.ends_with(".session_data")
}

/// A declared domain as a line has it.
fn without_dot(domain: &str) -> &str {
    domain.strip_prefix('.').unwrap_or(domain)
}

/// The host and the domains above it that can be a Domain, of many the host and the highest; none for an address and for
/// a single label.
fn parents(host: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = Some(host);
    while let Some(domain) = rest.filter(|domain| domain_gains(*domain)) {
        out.push(domain);
        rest = domain.split_once('.').map(|(_, parent)| parent);
    }
    if out.len() > MAX_DOMAINS {
        out.drain(1..=out.len() - MAX_DOMAINS);
    }
    out
}

/// What stands for a text where the text itself must not be kept: its SHA-256, in hexadecimal.
pub fn hash(text: &str) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The hashes under which a token is known: of the decoded value, and of what stands before its signature, which is
/// how the backend's own tables have it.
///
/// ```
/// use httponly::auth::cookies::handles;
///
/// assert_eq!(handles("token.c2ln%3D"), handles("token.c2ln="));
/// assert!(handles("token.c2ln=").contains(&handles("token")[0]));
/// ```
pub fn handles(token: &str) -> Vec<String> {
    let token: Cow<'_, str> = decode_value(token);
    let unsigned = token.rsplit_once('.').map(|(before, _)| before).filter(|before| !before.is_empty());
    std::iter::once(hash(&token)).chain(unsigned.map(hash)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("codex-session", None).unwrap()
    }

    #[test]
    fn a_session_cookie_is_known_with_and_without_a_prefix() {
        for declared in ["codex-session", "__Secure-codex-session", "__Host-codex-session"] {
            let names = Names::new(declared, None).unwrap();
            for name in ["codex-session", "__Secure-codex-session", "__Host-codex-session"] {
                assert!(names.is_session(name), "{declared} {name}");
            }
            for name in ["Codex-session", "codex-session2", "__Secure-", "", "__Secure-__Host-codex-session"]
            {
                assert!(!names.is_session(name), "{declared} {name}");
            }
        }
        for wrong in ["", "a b", "__Host-", "a=b", "a;b"] {
            assert!(Names::new(wrong, None).is_err(), "{wrong}");
        }
        assert!(Names::new("a", Some(vec!["b;".into()])).is_err());
    }

    #[test]
    fn what_comes_of_a_cookie_header() {
        let some = |pairs: &str, values: &[&'static str]| Sent::Some {
            pairs: pairs.into(),
            values: values.to_vec(),
        };
        for (header, sent) in [
            ("", Sent::None),
            ("theme=dark; session=1", Sent::None),
            ("codex-session=a.b%2B", some("codex-session=a.b%2B", &["a.b%2B"])),
            (
                "x=1; __Secure-codex-session=a ; codex-session=b",
                some("__Secure-codex-session=a; codex-session=b", &["a", "b"]),
            ),
            ("codex-session=a; codex-session=b", Sent::Unusable),
            // What stands beside it under another name takes nothing away.
            ("codex-session=; __Secure-codex-session=a", some("__Secure-codex-session=a", &["a"])),
            ("__Secure-codex-session=\"a\"; codex-session=b", some("codex-session=b", &["b"])),
            (
                "codex-session=a; __Secure-codex-session=b; codex-session=c",
                some("__Secure-codex-session=b", &["b"]),
            ),
            ("codex-session=a; x=1; codex-session=a", Sent::Unusable),
            ("codex-session=", Sent::Unusable),
            ("codex-session=a b", Sent::Unusable),
            ("codex-session=\"a\"", Sent::Unusable),
            ("codex-session=\u{e9}", Sent::Unusable),
        ] {
            assert_eq!(names().scan(header).read(), sent, "{header}");
        }
        assert_eq!(names().scan(&format!("codex-session={}", "x".repeat(5000))).read(), Sent::Unusable);
    }

    #[test]
    fn the_backend_gets_its_own_cookies_and_no_others() {
        let header = "theme=dark; codex-session=a%20; codex.dont_remember=true.s; access_token=t; better-auth.state=s; \
                      __Secure-codex.session_data.0=d; codex.session_data=d";
        assert_eq!(
            names().scan(header).forward(false),
            "codex-session=a%20; codex.dont_remember=true.s; better-auth.state=s; \
             __Secure-codex.session_data.0=d; codex.session_data=d"
        );
        assert_eq!(
            names().scan(header).forward(true),
            "codex-session=a%20; codex.dont_remember=true.s; better-auth.state=s"
        );
        assert_eq!(
            names().scan("codex-session=a; codex.state=1; codex-session=b").forward(false),
            "codex.state=1"
        );
        // Also where one of the two could not pass.
        assert_eq!(
            names()
                .scan("codex.state=1; codex.state=\u{e9}; codex-session=\u{1}; codex-session=a")
                .forward(false),
            ""
        );
        let listed = Names::new("id", Some(vec!["state".into(), "x.*".into()])).unwrap();
        assert_eq!(
            listed.scan("id=1; state=2; states=3; x.y=4; xy=5").forward(false),
            "id=1; state=2; x.y=4"
        );
        // A backend without a prefix for its cookies.
        assert!(Names::new("better-auth.session_token", None).unwrap().is_known("better-auth.state"));
    }

    #[test]
    fn what_a_sibling_plants_beside_a_host_cookie_changes_nothing() {
        let good = "__Host-codex-session=a";
        for planted in ["codex-session=", "codex-session=x; codex-session=y", "__Secure-codex-session=\"b\""]
        {
            for header in [format!("{planted}; {good}"), format!("{good}; {planted}")] {
                assert_eq!(names().scan(&header).read(), names().scan(good).read(), "{header}");
                assert_eq!(names().scan(&header).forward(false), good, "{header}");
            }
        }
        assert_eq!(names().scan(&format!("{good}; {good}")).read(), Sent::Unusable);
    }

    #[test]
    fn a_client_that_makes_up_copies_and_a_long_host_gets_no_flood_of_lines() {
        let copies: Vec<String> = (0..500).map(|part| format!("codex.session_data.{part}=")).collect();
        let host = format!("{}my.example", "a.".repeat(100));
        let place = Place { host: &host, path: "/a", domain: None, secure: true, ends: false };
        let lines = names().scan(&format!("{}; codex-session=", copies.join("; "))).clear(place);
        assert_eq!(lines.len(), 17 * 9);
        let path = "/a".repeat(100);
        let planted =
            format!("codex-session=; codex-session=; {}", [copies.join("; "), copies.join("; ")].join("; "));
        assert_eq!(names().scan(&planted).clear(Place { path: &path, ..place }).len(), MAX_LINES);
        // Above a host of many labels, the highest domain is the one that siblings share.
        let lines = names().scan("codex-session=; codex-session=").clear(Place { path: &path, ..place });
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("codex-session=;") && line.contains("Domain=my.example;"))
        );
        assert!(lines.iter().any(|line| line.contains(&format!("Domain={host};"))));
    }

    #[test]
    fn a_header_of_many_cookies_is_read_in_one_go() {
        let header = format!("codex-session=a; {}", "codex.=1;".repeat(50_000));
        assert_eq!(names().scan(&header).forward(true), "codex-session=a");
    }

    #[test]
    fn a_dead_cookie_is_cleared_at_every_scope() {
        let ends = "; Path=/; HttpOnly; SameSite=Lax";
        let cleared = |header, host, domain, secure| {
            names().scan(header).clear(Place { host, path: "/library", domain, secure, ends: false })
        };
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(
                cleared("codex-session=x", host, None, false),
                [format!("codex-session=; Max-Age=0{ends}")]
            );
        }
        assert_eq!(
            cleared("codex-session=x", "app.my.example", Some(".my.example"), true),
            [
                format!("codex-session=; Max-Age=0{ends}; Secure"),
                format!("codex-session=; Max-Age=0; Domain=my.example{ends}; Secure"),
            ]
        );
        // A prefix needs Secure, whatever the server thinks of its own origin; `__Host-` takes no Domain.
        assert_eq!(
            cleared("__Host-codex-session=x; __Secure-codex-session=y", "my.example", None, false),
            [
                format!("__Host-codex-session=; Max-Age=0{ends}; Secure"),
                format!("__Secure-codex-session=; Max-Age=0{ends}; Secure"),
                format!("__Secure-codex-session=; Max-Age=0; Domain=my.example{ends}; Secure"),
            ]
        );
        // The copy goes along, once; nothing that was not sent does, and nothing of the app's.
        assert_eq!(
            cleared("codex.session_data=c; codex-session=x; theme=1", "localhost", None, false),
            [format!("codex.session_data=; Max-Age=0{ends}"), format!("codex-session=; Max-Age=0{ends}"),]
        );
        for line in cleared("__Secure-codex-session=x", "a.b.example", None, false) {
            assert!(crate::cookie::set_cookie::parse(&line).is_some(), "{line}");
        }
    }

    #[test]
    fn of_duplicates_the_host_only_cookie_lives() {
        let place = Place { host: "app.my.example", path: "/", domain: None, secure: true, ends: false };
        // Whoever signs out is signed out.
        let ended = names().scan("codex-session=a; codex-session=b").clear(Place { ends: true, ..place });
        assert_eq!(ended.len(), 3);
        assert!(!ended[0].contains("Domain"));
        let cleared = |header: &str, place: Place<'_>| {
            let lines = names().scan(header).clear(place);
            for line in &lines {
                let cookie = crate::cookie::set_cookie::parse(line).unwrap();
                assert!(cookie.domain.is_some() || Prefix::of(cookie.name).host, "{line}");
            }
            let scope = |line: &String| {
                let cookie = crate::cookie::set_cookie::parse(line)?;
                Some(format!("{} {} {}", cookie.name, cookie.domain.unwrap_or("-"), cookie.path?))
            };
            lines.iter().filter_map(scope).collect::<Vec<_>>()
        };
        let both = ["codex-session app.my.example /", "codex-session my.example /"];
        for header in [
            "codex-session=a; codex-session=b",
            "codex-session=; codex-session=b",
            "codex-session=a; theme=1; codex-session=",
            // What stands once is as good as it was.
            "codex-session=a; codex-session=b; codex.session_data=c; __Secure-codex-session=d",
        ] {
            assert_eq!(cleared(header, place), both, "{header}");
        }
        // A copy is planted as the session is.
        assert_eq!(
            cleared("codex-session=a; codex.session_data.0=c; codex.session_data.0=d", place),
            ["codex.session_data.0 app.my.example /", "codex.session_data.0 my.example /"]
        );
        // Whether the backend's Domain is known or not: a sibling may plant at any.
        assert_eq!(
            cleared("codex-session=a; codex-session=b", Place { domain: Some(".my.example"), ..place }),
            both
        );
        // It may have planted it for the path that was asked for.
        let at =
            |path| cleared("codex-session=a; codex-session=b", Place { host: "my.example", path, ..place });
        let scopes = |paths: &[&str]| {
            paths.iter().map(|path| format!("codex-session my.example {path}")).collect::<Vec<_>>()
        };
        assert_eq!(at("/me"), scopes(&["/", "/me"]));
        assert_eq!(at("/a/b/c"), scopes(&["/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c"]));
        assert_eq!(at("/a/"), scopes(&["/", "/a", "/a/"]));
        assert_eq!(at("/a;Domain=x/b"), scopes(&["/"]));
        assert_eq!(at("no path"), scopes(&["/"]));
        // No sibling has planted these.
        assert_eq!(
            cleared("__Host-codex-session=a; __Host-codex-session=b", place),
            ["__Host-codex-session - /"]
        );
        for host in ["localhost", "127.0.0.1"] {
            assert!(cleared("codex-session=a; codex-session=b", Place { host, ..place }).is_empty());
        }
    }

    #[test]
    fn a_hash_is_sha_256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn which_cookies_say_something_of_a_session() {
        for (name, of_session) in [
            ("codex-session", true),
            ("__Host-codex-session", true),
            ("__Secure-codex.session_data.1", true),
            ("codex.dont_remember", true),
            ("codex.account_data", true),
            ("codex-session_multi-abc", true),
            ("codex.oauth_state", false),
            ("other.session_data", false),
            ("theme", false),
        ] {
            assert_eq!(names().is_of_session(name), of_session, "{name}");
        }
        assert_eq!(
            names().scan("codex-session=a; codex.session_data.0=b; x.session_data=c").copies(),
            "codex.session_data.0=b"
        );
        assert!(names().is_known("__Secure-codex-session_multi-abc") && !names().is_known("codex-sessions"));
    }

    #[test]
    fn a_token_is_known_by_its_value_and_by_what_its_table_holds() {
        assert_eq!(handles("tok"), [hash("tok")]);
        assert_eq!(handles("tok.sig"), [hash("tok.sig"), hash("tok")]);
        assert_eq!(handles("a.b.c"), [hash("a.b.c"), hash("a.b")]);
        assert_eq!(handles(".x"), [hash(".x")]);
    }
}
