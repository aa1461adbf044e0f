//! Sealed cookies of one's own: names, chunks, and the lines that set and clear them.
//!
//! A value that does not fit into one cookie is cut into several. The first says how many there are, so that a chunk that
//! is missing, doubled or left over from a longer value is noticed: it makes the whole dead, and never a shorter value.

use crate::{
    cookie::{
        attributes::{self, Prefix, SameSite},
        header,
        set_cookie::{self, Attributes},
        syntax::{self, MAX_PAIR},
    },
    error::{Refusal, Rule},
};

/// Bytes of all cookies that one sign-in may leave in a browser: servers take 16 KiB of headers, and there are others.
pub const BUDGET: usize = 14 * 1024;

/// Bytes of the tokens that one provider may leave in a browser.
pub const TOKENS_BUDGET: usize = 8 * 1024;

/// Chunks of one value: what one digit counts.
const MOST: usize = 9;

/// One cookie, or the chunks that stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jar {
    name: String,
    domain: Option<String>,
}

/// What a request carries under the name of a [`Jar`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// Something that is no value: doubled, incomplete or empty.
    Dead,
    /// The value.
    Value(String),
}

/// Why a declaration of cookies is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The name is no token, too long, or has a prefix.
    Name,
    /// The domain is no parent domain.
    Domain,
}

/// The cookies of own sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    base: String,
    session: Jar,
}

impl Names {
    /// Declares the cookies: `name` is what follows the prefix. The session is `__Host-` and host-only, unless it has a
    /// domain; all others always are.
    ///
    /// # Errors
    /// [`Wrong`].
    ///
    /// ```
    /// use httponly::sign_in::cookie::Names;
    ///
    /// assert_eq!(Names::new("session", None).unwrap().session().name(), "__Host-session");
    /// assert_eq!(Names::new("session", Some("app.example")).unwrap().session().name(), "__Secure-session");
    /// ```
    pub fn new(name: &str, domain: Option<&str>) -> Result<Self, Wrong> {
        if name.len() > 64 || name.starts_with("__") || syntax::check_name(name).is_err() {
            return Err(Wrong::Name);
        }
        if Prefix::of(name) != Prefix::of("plain") {
            return Err(Wrong::Name);
        }
        let domain = match domain {
            Some(domain) => {
                let plain = attributes::without_dot(domain);
                if attributes::check_domain_syntax(plain).is_err() || !attributes::domain_gains(plain) {
                    return Err(Wrong::Domain);
                }
                Some(plain.to_ascii_lowercase())
            }
            None => None,
        };
        let prefix = if domain.is_some() { "__Secure-" } else { "__Host-" };
        Ok(Self { base: name.into(), session: Jar { name: format!("{prefix}{name}"), domain } })
    }

    /// The session.
    pub fn session(&self) -> &Jar {
        &self.session
    }

    /// What is left of a session that its user ended.
    pub fn tombstone(&self) -> Jar {
        self.host_only("out")
    }

    /// A sign-in between the password and the second factor.
    pub fn second_factor(&self) -> Jar {
        self.host_only("2fa")
    }

    /// A browser whose user need not give the second factor again.
    pub fn trusted(&self) -> Jar {
        self.host_only("trust")
    }

    /// The tokens of a provider.
    pub fn tokens(&self, provider: &str) -> Jar {
        self.host_only(&format!("tokens.{provider}"))
    }

    /// What the names of all transactions begin with.
    pub fn transactions(&self) -> String {
        format!("__Host-{}.tx.", self.base)
    }

    /// What no page may set: the names, without prefix, that begin so.
    pub fn reserved(&self) -> Vec<String> {
        vec![self.base.clone(), format!("{}.*", self.base)]
    }

    /// The cookies of a request that hold tokens of providers.
    pub fn kept_tokens(&self, header: &str) -> Vec<Jar> {
        let prefix = format!("__Host-{}.tokens.", self.base);
        let mut names: Vec<String> = named(header, &prefix)
            .map(|(name, _)| match name.rsplit_once('.') {
                Some((whole, chunk)) if whole.len() > prefix.len() && is_digit(chunk) => whole.to_owned(),
                _ => name.to_owned(),
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| Jar { name, domain: None }).collect()
    }

    fn host_only(&self, kind: &str) -> Jar {
        Jar { name: format!("__Host-{}.{kind}", self.base), domain: None }
    }
}

impl Jar {
    /// A host-only cookie of this name, prefix included.
    pub fn host_only(name: &str) -> Self {
        Self { name: name.into(), domain: None }
    }

    /// The name of its first chunk, which is the only one while the value is small.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a request carries.
    pub fn read(&self, header: &str) -> Found {
        let mut parts: [Option<&str>; MOST] = [None; MOST];
        let mut doubled = [false; MOST];
        for (name, value) in named(header, &self.name) {
            let Some(index) = self.index(name) else { continue };
            if let (Some(part), Some(twice)) = (parts.get_mut(index), doubled.get_mut(index)) {
                *twice |= part.is_some();
                *part = Some(value);
            }
        }
        let Some(first) = parts.first().copied().flatten() else {
            return if parts.iter().any(Option::is_some) { Found::Dead } else { Found::None };
        };
        let (count, first) = match first.as_bytes() {
            [digit @ b'2'..=b'9', b'~', ..] => {
                (usize::from(digit - b'0'), first.get(2..).unwrap_or_default())
            }
            _ => (1, first),
        };
        let mut value = String::from(first);
        for part in parts.iter().take(count).skip(1) {
            let Some(part) = part else { return Found::Dead };
            value.push_str(part);
        }
        if value.is_empty() || doubled.iter().take(count).any(|&twice| twice) {
            return Found::Dead;
        }
        Found::Value(value)
    }

    /// The lines that set a value: as few cookies as it takes, and the end of those that a longer value left in the
    /// request. `max_age` is in seconds; without it the cookie ends with the browser.
    ///
    /// # Errors
    /// [`Rule::SignInTooLarge`] for a value that takes more than `budget` bytes, names included.
    pub fn write(
        &self,
        header: &str,
        value: &str,
        max_age: Option<f64>,
        budget: usize,
    ) -> Result<Vec<String>, Refusal> {
        let parts = self.cut(value).filter(|parts| weight(parts) <= budget).ok_or(Rule::SignInTooLarge)?;
        let attributes = Attributes { max_age, ..attributes(self.domain.as_deref()) };
        let mut lines = Vec::with_capacity(parts.len());
        for (name, value) in &parts {
            lines.push(set_cookie::serialize(name, value, &attributes)?);
        }
        for (name, _) in named(header, &self.name) {
            if self.index(name).is_some_and(|index| index >= parts.len()) {
                self.push_clear(name, &mut lines);
            }
        }
        Ok(lines)
    }

    /// The bytes that a value takes in a `Cookie` header, names included; `None` for what no number of cookies holds.
    pub fn size(&self, value: &str) -> Option<usize> {
        self.cut(value).map(|parts| weight(&parts))
    }

    /// The lines that clear what a request carries, at its own scope, and the first chunk in any case.
    pub fn clear(&self, header: &str) -> Vec<String> {
        let mut lines = Vec::new();
        self.push_clear(&self.name, &mut lines);
        for (name, _) in named(header, &self.name) {
            if self.index(name).is_some_and(|index| index > 0) {
                self.push_clear(name, &mut lines);
            }
        }
        lines
    }

    /// Names and values of the cookies that hold a value.
    fn cut(&self, value: &str) -> Option<Vec<(String, String)>> {
        let room = MAX_PAIR.checked_sub(self.name.len() + 2)?;
        if value.len() <= room + 2 {
            return Some(vec![(self.name.clone(), value.into())]);
        }
        // Each of several takes two bytes beside: the first a count, the others a number in their name.
        let count = value.len().div_ceil(room);
        if count > MOST || !value.is_ascii() {
            return None;
        }
        let mut parts = Vec::with_capacity(count);
        let mut rest = value;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(room.min(rest.len()));
            rest = after;
            parts.push(match parts.len() {
                0 => (self.name.clone(), format!("{count}~{part}")),
                index => (format!("{}.{index}", self.name), part.into()),
            });
        }
        Some(parts)
    }

    /// Which chunk a name stands for; `None` for a name that is another cookie's.
    fn index(&self, name: &str) -> Option<usize> {
        match name.strip_prefix(self.name.as_str())? {
            "" => Some(0),
            rest => rest.strip_prefix('.').filter(|chunk| is_digit(chunk))?.parse().ok(),
        }
    }

    fn push_clear(&self, name: &str, lines: &mut Vec<String>) {
        let mut scopes = vec![None];
        if self.domain.is_some() {
            scopes.insert(0, self.domain.as_deref());
        }
        for domain in scopes {
            let attributes = Attributes { max_age: Some(0.0), ..attributes(domain) };
            let line = set_cookie::serialize(name, "", &attributes);
            lines.extend(line.ok().filter(|line| !lines.contains(line)));
        }
    }
}

fn attributes(domain: Option<&str>) -> Attributes<'_> {
    Attributes {
        domain,
        path: Some("/"),
        secure: Some(true),
        http_only: true,
        same_site: Some(SameSite::Lax),
        ..Attributes::default()
    }
}

fn weight(parts: &[(String, String)]) -> usize {
    parts.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// A chunk's number: 1 to 9.
fn is_digit(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'9'])
}

/// Names and values of the cookies of a header whose names begin so.
pub(crate) fn named<'h>(header: &'h str, prefix: &str) -> impl Iterator<Item = (&'h str, &'h str)> {
    header::pairs(header).filter_map(move |pair| {
        let name = header.get(pair.name())?;
        name.starts_with(prefix).then_some((name, header.get(pair.value())?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar() -> Jar {
        Names::new("session", None).unwrap().session().clone()
    }

    /// The `Cookie` header of a browser that stored these lines on top of what it had.
    fn stored(header: &str, lines: &[String]) -> String {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        crate::cookie::apply::carry(header, &lines, "/", 0)
    }

    #[test]
    fn a_value_is_cut_at_the_byte_at_which_a_browser_would_drop_it() {
        let jar = jar();
        for (size, count) in [(1, 1), (4095, 1), (4096, 1), (4097, 2), (8000, 2), (12_000, 3)] {
            let value = "x".repeat(size - if size > 14 { jar.name().len() } else { 0 });
            let lines = jar.write("", &value, Some(60.0), BUDGET).unwrap();
            assert_eq!(lines.len(), count, "{size}");
            for line in &lines {
                let pair = line.split(';').next().unwrap();
                assert!(pair.len() - 1 <= 4096, "{}", pair.len());
                assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"), "{line}");
            }
            assert_eq!(jar.read(&stored("", &lines)), Found::Value(value));
        }
        assert!(jar.write("", &"x".repeat(BUDGET), None, BUDGET).is_err());
        assert!(jar.write("", &"x".repeat(40_000), None, usize::MAX).is_err());
    }

    #[test]
    fn a_shorter_value_leaves_no_chunk_of_the_longer_one() {
        let jar = jar();
        let long = stored("other=1", &jar.write("", &"a".repeat(10_000), None, BUDGET).unwrap());
        assert_eq!(long.matches("__Host-session").count(), 3);
        let short = stored(&long, &jar.write(&long, "b", None, BUDGET).unwrap());
        assert_eq!(short, "other=1; __Host-session=b");
        let two = stored(&long, &jar.write(&long, &"c".repeat(5000), None, BUDGET).unwrap());
        assert_eq!(jar.read(&two), Found::Value("c".repeat(5000)));
        assert_eq!(stored(&long, &jar.clear(&long)), "other=1");
    }

    #[test]
    fn what_is_missing_doubled_or_empty_is_dead() {
        let jar = jar();
        for (header, expected) in [
            ("", Found::None),
            ("session=a", Found::None),
            ("__Host-session.tx.a=b", Found::None),
            ("__Host-session=a", Found::Value("a".into())),
            ("__Host-session=a; __Host-session.1=stale", Found::Value("a".into())),
            ("__Host-session=2~a; __Host-session.1=b", Found::Value("ab".into())),
            ("__Host-session.1=b; __Host-session=2~a", Found::Value("ab".into())),
            ("__Host-session=2~a", Found::Dead),
            ("__Host-session=3~a; __Host-session.2=c", Found::Dead),
            ("__Host-session=2~a; __Host-session.1=b; __Host-session.1=c", Found::Dead),
            ("__Host-session.1=b", Found::Dead),
            ("__Host-session=", Found::Dead),
            ("__Host-session=a; __Host-session=a", Found::Dead),
            ("__Host-session=; __Host-session=a", Found::Dead),
            ("__Host-session=a; __Host-session=", Found::Dead),
        ] {
            assert_eq!(jar.read(header), expected, "{header}");
        }
    }

    #[test]
    fn a_cookie_is_cleared_at_its_own_scope() {
        assert_eq!(
            jar().clear("__Host-session=a"),
            ["__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"]
        );
        let wide = Names::new("session", Some(".app.example")).unwrap();
        let lines = wide.session().clear("");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("Domain=app.example") && !lines[1].contains("Domain"));
    }

    #[test]
    fn a_name_is_what_follows_the_prefix() {
        for name in ["", "__Host-a", "__Secure-a", "__host-a", "a b", "a;b", "é", &"x".repeat(65)] {
            assert_eq!(Names::new(name, None), Err(Wrong::Name), "{name}");
        }
        for domain in ["localhost", "127.0.0.1", "a b", ""] {
            assert_eq!(Names::new("a", Some(domain)), Err(Wrong::Domain), "{domain}");
        }
        let names = Names::new("s", None).unwrap();
        let header =
            "__Host-s.tokens.google=2~a; __Host-s.tokens.google.1=b; __Host-s.tokens.a=c; __Host-s=d";
        let kept: Vec<_> = names.kept_tokens(header).into_iter().map(|jar| jar.name).collect();
        assert_eq!(kept, ["__Host-s.tokens.a", "__Host-s.tokens.google"]);
    }
}
