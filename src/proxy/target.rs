//! Declared targets: where a request may go, which cookies may be spent there, and where templates are filled in.
//!
//! Nothing in a request can name another host: a target's scheme, host, port and path prefix are fixed, and an
//! address is resolved below them, after one decoding and with dot segments resolved, or refused.

use core::cmp::Reverse;
use std::borrow::Cow;

use crate::error::{Refusal, Rule};
use crate::http::percent;
use crate::http::redirect::dots;
use crate::template;

/// A place where templates are filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Authorization and the headers that the target lists.
    Header,
    /// The query of the URL.
    Query,
    /// The body, which must be text.
    Body,
}

/// An http or https origin and a path, where a target lies or leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Scheme, host and port in normal form.
    origin: String,
    /// The path as declared: `/`, `/v1`, `/v1/`.
    path: String,
    /// Whether an encoded slash or backslash may stand in a segment.
    slashes: bool,
}

impl Base {
    /// Reads a URL in normal form, as `URL.href` gives it. `None` if it is not http or https, or has credentials, a
    /// query, a fragment, or a path that no request could be resolved against.
    ///
    /// ```
    /// use httponly::proxy::target::Base;
    ///
    /// let base = Base::parse("https://api.example/v1").unwrap();
    /// assert_eq!(base.join("me", None).unwrap(), "https://api.example/v1/me");
    /// assert!(base.join("../admin", None).is_err());
    /// ```
    pub fn parse(href: &str) -> Option<Self> {
        let origin = crate::http::same_origin::of(href)?;
        let path = href.get(origin.len()..)?;
        let path = if path.is_empty() { "/" } else { path };
        if path.contains(['?', '#']) || !path.starts_with('/') {
            return None;
        }
        resolve(path.strip_prefix('/')?, false)
            .ok()
            .filter(|resolved| *resolved == path.trim_start_matches('/'))?;
        Some(Self { origin: origin.into(), path: path.into(), slashes: false })
    }

    /// The same, for an upstream that takes an encoded slash or backslash for a part of a name.
    #[must_use]
    pub fn with_encoded_slashes(self, slashes: bool) -> Self {
        Self { slashes, ..self }
    }

    /// Scheme, host and port, as `Origin` writes them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path without a slash at its end.
    fn prefix(&self) -> &str {
        self.path.strip_suffix('/').unwrap_or(&self.path)
    }

    /// The upstream URL of what stands behind the target in an address, without a slash before it.
    ///
    /// # Errors
    /// [`Rule::TargetUrl`] if it leaves the target or a parser could think so; [`Rule::TemplatePlace`] for a template.
    pub fn join(&self, rest: &str, query: Option<&str>) -> Result<String, Refusal> {
        let rest = resolve(rest, self.slashes)?;
        let mut url = String::with_capacity(self.origin.len() + self.path.len() + rest.len() + 1);
        url.push_str(&self.origin);
        if rest.is_empty() {
            url.push_str(&self.path);
        } else {
            url.push_str(self.prefix());
            url.push('/');
            url.push_str(&rest);
        }
        if let Some(query) = query {
            url.push('?');
            push_query(query, &mut url);
        }
        Ok(url)
    }

    /// What stands behind the target's path in an absolute URL, and its query: the URL must lie inside the target.
    ///
    /// The URL is compared, not interpreted: a host in other letters than lower-case ones, as a number, with a
    /// trailing dot or with credentials is another host.
    ///
    /// # Errors
    /// As [`Base::join`].
    pub fn inside<'u>(&self, url: &'u str) -> Result<(&'u str, Option<&'u str>), Refusal> {
        let (before_fragment, fragment) = url.split_once('#').unwrap_or((url, ""));
        let (address, query) = match before_fragment.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (before_fragment, None),
        };
        if holds_template(address) || holds_template(fragment) {
            return Err(Rule::TemplatePlace.into());
        }
        let path = address.strip_prefix(self.origin()).ok_or(Rule::TargetUrl)?;
        let prefix = self.prefix();
        let rest = match path.strip_prefix(prefix) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => return Err(Rule::TargetUrl.into()),
        };
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        resolve(rest, self.slashes)?;
        Ok((rest, query))
    }

    /// The address below `mount` of a `Location` that an upstream sent in answer to `requested`; `None` if it lies
    /// outside this target.
    ///
    /// Where a `Location` has neither path nor query, the query of `requested` stays behind, unlike in RFC 3986 section
    /// 5.2.2: a cookie may have been spent in it.
    ///
    /// ```
    /// use httponly::proxy::target::Base;
    ///
    /// let base = Base::parse("https://api.example/v1").unwrap();
    /// let local = |location| base.relocate("https://api.example/v1/a/b?q", location, "/api");
    /// assert_eq!(local("/v1/c?d#e").as_deref(), Some("/api/c?d#e"));
    /// assert_eq!(local("c").as_deref(), Some("/api/a/c"));
    /// assert_eq!(local("https://evil.example/v1/"), None);
    /// assert_eq!(local("/v2"), None);
    /// ```
    pub fn relocate(&self, requested: &str, location: &str, mount: &str) -> Option<String> {
        if location.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'\\') {
            return None;
        }
        let scheme = self.origin.split_once(':')?.0;
        let (address, fragment) = location.split_at(location.find('#').unwrap_or(location.len()));
        let (path, query) = address.split_at(address.find('?').unwrap_or(address.len()));
        let base = requested.split(['?', '#']).next()?;
        let absolute = if path.starts_with("//") {
            format!("{scheme}:{path}")
        } else if path.starts_with('/') {
            format!("{}{path}", self.origin)
        } else if path.is_empty() {
            base.into()
        } else if path.split('/').next()?.contains(':') {
            path.into()
        } else {
            format!("{}/{path}", base.rsplit_once('/')?.0)
        };
        let path = absolute.strip_prefix(self.origin())?;
        // What follows may be the rest of another host's name, or a port.
        let path = if path.is_empty() { path } else { path.strip_prefix('/')? };
        let path = resolve(path, self.slashes).ok()?;
        let path = format!("/{path}");
        let rest = path.strip_prefix(self.prefix())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{mount}{rest}{query}{fragment}"))
    }
}

/// Resolves the dot segments of a relative path and encodes what a URL cannot hold; other bytes stay as they are.
///
/// # Errors
/// [`Rule::TargetUrl`] if it leaves its start; if it has an empty segment but the last, a backslash or a control
/// character, also when these are percent-encoded; an encoded slash or backslash, unless `slashes` says that they may
/// stand, and then a dot segment between them; a `%` without two digits; bytes that are no
/// UTF-8; a dot segment with parameters or white space (`..;x`, `..%20`). [`Rule::TemplatePlace`] for a template.
fn resolve(path: &str, slashes: bool) -> Result<Cow<'_, str>, Refusal> {
    let refused = || Refusal::from(Rule::TargetUrl);
    if holds_template(path) {
        return Err(Rule::TemplatePlace.into());
    }
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~'));
    if plain {
        return Ok(path.into());
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        check_segment(segment, slashes)?;
        match dots(segment) {
            0 if segment.is_empty() && !last => return Err(refused()),
            0 => kept.push(segment),
            count => {
                if count == 2 {
                    kept.pop().ok_or_else(refused)?;
                }
                if last {
                    kept.push("");
                }
            }
        }
    }
    let joined = kept.join("/");
    if joined == path && path.bytes().all(is_path_byte) {
        return Ok(path.into());
    }
    let mut out = Vec::with_capacity(joined.len());
    for byte in joined.bytes() {
        if is_path_byte(byte) {
            out.push(byte);
        } else {
            percent::encode(byte, &mut out);
        }
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| refused())
}

/// Whether a byte stands for itself in a path; all that does not is percent-encoded (WHATWG URL, path percent-encode
/// set).
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}')
}

/// Refuses a segment by what it decodes to.
fn check_segment(segment: &str, slashes: bool) -> Result<(), Refusal> {
    let decoded = percent::decode_strict(segment).ok_or(Rule::TargetUrl)?;
    if decoded.bytes().any(|byte| byte < 0x20 || byte == 0x7f) || segment.contains('\\') {
        return Err(Rule::TargetUrl.into());
    }
    let separates = |c: char| matches!(c, '/' | '\\');
    if !decoded.contains(separates) {
        return check_name(&decoded, false);
    }
    if !slashes {
        return Err(Rule::TargetUrl.into());
    }
    // An upstream that does take them for separators is not led out of the target either.
    decoded.split(separates).try_for_each(|part| check_name(part, true))
}

/// Refuses the disguise of a dot segment; a plain one, which is resolved, only where it stands inside of a segment.
fn check_name(decoded: &str, inside: bool) -> Result<(), Refusal> {
    // Some upstreams cut `;parameters` and white space off before they resolve dot segments.
    let name = decoded.split(';').next().unwrap_or_default();
    let dotted = name.contains('.') && name.chars().all(|c| c == '.' || c.is_whitespace());
    let disguised = dotted && (inside || name.len() < decoded.len() || name.contains(char::is_whitespace));
    if disguised { Err(Rule::TargetUrl.into()) } else { Ok(()) }
}

/// Whether a text holds a template, also a percent-encoded one.
fn holds_template(text: &str) -> bool {
    if template::scan(text).next().is_some() {
        return true;
    }
    let brace = |w: &[u8]| w.eq_ignore_ascii_case(b"%7b");
    let encoded = text.contains('%') && (text.contains('{') || text.as_bytes().windows(3).any(brace));
    encoded && percent::decode_strict(text).is_some_and(|text| template::scan(&text).next().is_some())
}

/// Appends a query; what a URL cannot hold is percent-encoded (WHATWG URL, special-query percent-encode set).
fn push_query(query: &str, url: &mut String) {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\'');
    if query.bytes().all(plain) {
        url.push_str(query);
        return;
    }
    for byte in query.bytes() {
        if plain(byte) {
            url.push(char::from(byte));
        } else {
            let mut encoded = Vec::with_capacity(3);
            percent::encode(byte, &mut encoded);
            url.extend(encoded.into_iter().map(char::from));
        }
    }
}

/// The index of the base that an absolute URL lies inside: the most specific one, the first of equal ones, `None` if there
/// is none.
///
/// ```
/// use httponly::proxy::target::owner;
///
/// let bases = ["https://api.example", "https://api.example/v2"];
/// assert_eq!(owner("https://api.example/v2/me", &bases), Some(1));
/// assert_eq!(owner("https://api.example/v22", &bases), Some(0));
/// assert_eq!(owner("https://api.example.evil/v2/me", &bases), None);
/// assert_eq!(owner("https://api.example/me", &["https://api.example", "https://api.example"]), Some(0));
/// ```
pub fn owner(url: &str, bases: &[impl AsRef<str>]) -> Option<usize> {
    let bases = bases.iter().enumerate().filter_map(|(at, href)| Some((at, Base::parse(href.as_ref())?)));
    let owners = bases.filter(|(_, base)| base.inside(url).is_ok());
    owners.max_by_key(|(at, base)| (base.prefix().len(), Reverse(*at))).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_encoded_slashes_may_stand_they_lead_out_of_no_target() {
        let strict = Base::parse("https://api.example/v1").unwrap();
        let base = strict.clone().with_encoded_slashes(true);
        for (rest, joined) in [
            ("group%2Fproject/issues", Some("group%2Fproject/issues")),
            ("a%5Cb", Some("a%5Cb")),
            ("a%2f%2Fb", Some("a%2f%2Fb")),
            ("a%2Fb%2F", Some("a%2Fb%2F")),
            ("%2F", Some("%2F")),
            ("..%2Fadmin", None),
            ("%2e%2e%2Fadmin", None),
            ("a%2F..%2F..%2Fadmin", None),
            ("a%2F.%2Fb", None),
            ("a%5C..%5C..%5Cadmin", None),
            ("a%2F..;x%2Fadmin", None),
            ("a%2F%20..%20", None),
            ("a%2F%00", None),
            ("a%2", None),
        ] {
            let expected = joined.map(|rest| format!("https://api.example/v1/{rest}"));
            assert_eq!(base.join(rest, None).ok(), expected, "{rest}");
            assert!(strict.join(rest, None).is_err(), "{rest}");
        }
    }
}
