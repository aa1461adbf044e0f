//! Identifiers of routes, as SvelteKit and Next.js write them: `/(app)/[[lang=lang]]/wiki/[...path]`.
//!
//! A route says which page a path led to. Filled in with its parameters, it is a path of that page, whatever a base or
//! a rewritten path made of the one in the URL.

use crate::http::percent;

/// Most segments that may be absent for which each combination is tried; of more, all, none and each alone.
const MAX_COMBINED: usize = 4;

/// One segment of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// A group with its parentheses: no part of a path.
    Group(String),
    /// Text, without escapes.
    Fixed(String),
    /// Text and parameters: `item-[id]`, `[slug]`.
    Parts(Vec<Part>),
    /// `[[name]]`: one segment or none.
    Optional(String),
    /// `[...name]`: any number of segments.
    Rest(String),
}

/// A piece of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Parameter(String),
}

/// A route's identifier, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route(Vec<Segment>);

impl Route {
    pub(super) fn read(id: &str) -> Self {
        Self(id.split('/').filter(|segment| !segment.is_empty()).map(Segment::read).collect())
    }

    /// The segments with which every path of the route begins, once what may be absent is.
    pub(super) fn fixed(&self) -> Vec<String> {
        let mut out = Vec::new();
        for segment in &self.0 {
            match segment {
                Segment::Fixed(text) => out.push(text.clone()),
                Segment::Parts(_) => break,
                Segment::Group(_) | Segment::Optional(_) | Segment::Rest(_) => {}
            }
        }
        out
    }

    /// The same, where nothing but a language or the like may be absent, and something is left: a path that opens what it
    /// stands for. A rest takes any page in.
    pub(super) fn fixed_behind_optional(&self) -> Option<Vec<String>> {
        let rest = self.0.iter().position(|segment| matches!(segment, Segment::Rest(_)));
        let before = self.0.get(..rest.unwrap_or(self.0.len()))?;
        let fixed = Self(before.to_vec()).fixed();
        (!fixed.is_empty()).then_some(fixed)
    }

    /// How many segments of a path stand before a group, at the least, and its place among all, from 1.
    pub(super) fn depth_of(&self, group: &str) -> Option<(usize, usize)> {
        let mut before = 0;
        let mut found = None;
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Group(name) if name == group => found = Some((before, at + 1)),
                Segment::Fixed(_) | Segment::Parts(_) => before += 1,
                Segment::Group(_) | Segment::Optional(_) | Segment::Rest(_) => {}
            }
        }
        found
    }

    /// The paths that the route makes of its parameters, percent-encoded: first with all of them, then without what may be
    /// absent. None where a parameter is missing.
    pub(super) fn filled(&self, parameters: &[(String, String)]) -> Vec<String> {
        let value = |name: &str| {
            let named = parameters.iter().find(|(key, _)| key == name);
            named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let may_lack = |segment: &Segment| match segment {
            Segment::Optional(name) | Segment::Rest(name) => value(name).is_some(),
            _ => false,
        };
        let lacking: Vec<usize> =
            (0..self.0.len()).filter(|&at| self.0.get(at).is_some_and(may_lack)).collect();
        let mut out = Vec::new();
        for left_out in combinations(&lacking) {
            let mut path = String::new();
            let mut kept = self.0.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
            let whole = kept.all(|(_, segment)| segment.write(value, &mut path));
            if whole && !out.contains(&path) {
                out.push(path);
            }
        }
        out
    }

    /// Whether some path of the route lies at or below a path: whether a rule for that path says anything of the route.
    pub(super) fn reaches(&self, path: &[String], fit: Fit) -> bool {
        reaches(&self.0, path, fit)
    }
}

/// What counts as fitting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) any_case: bool,
    /// Whether a path may end in a parameter that may be absent: `/libary` in `/[[lang=lang]]/library`. Only the app knows
    /// what its matcher takes.
    pub(super) optional_end: bool,
}

/// Which of the segments that may be absent are left out: each combination of a few, and of many all, none and each.
fn combinations(lacking: &[usize]) -> Vec<Vec<usize>> {
    if lacking.len() > MAX_COMBINED {
        let each = lacking.iter().map(|&at| vec![at]);
        return [Vec::new(), lacking.to_vec()].into_iter().chain(each).collect();
    }
    let mut out = vec![Vec::new()];
    for &at in lacking {
        let with = out.iter().map(|left_out: &Vec<usize>| [left_out.as_slice(), &[at]].concat());
        let with: Vec<_> = with.collect();
        out.extend(with);
    }
    out
}

fn reaches(route: &[Segment], path: &[String], fit: Fit) -> bool {
    let any_case = fit.any_case;
    let Some((first, below)) = path.split_first() else { return true };
    let Some((segment, rest)) = route.split_first() else { return false };
    match segment {
        Segment::Group(_) => reaches(rest, path, fit),
        Segment::Fixed(text) => {
            fits(&[Part::Text(text.clone())], first, any_case) && reaches(rest, below, fit)
        }
        Segment::Parts(parts) => fits(parts, first, any_case) && reaches(rest, below, fit),
        Segment::Optional(_) => {
            let taken = fit.optional_end || !below.is_empty();
            reaches(rest, path, fit) || (taken && reaches(rest, below, fit))
        }
        // What follows a rest may lie below any path.
        Segment::Rest(_) => true,
    }
}

/// Whether a text can be a segment of these parts. What a matcher takes is not known here: anything.
fn fits(parts: &[Part], text: &str, any_case: bool) -> bool {
    let plain = |text: &str| if any_case { text.to_lowercase() } else { text.to_owned() };
    let text = plain(text);
    let mut left = text.as_str();
    let mut anchored = true;
    for part in parts {
        let Part::Text(piece) = part else {
            anchored = false;
            continue;
        };
        let piece = plain(piece);
        let found = if anchored {
            left.strip_prefix(&piece)
        } else {
            left.split_once(&piece).map(|(_, after)| after)
        };
        let Some(after) = found else { return false };
        left = after;
        anchored = true;
    }
    match parts.last() {
        // Of a text that stands last, the last place in the segment counts.
        Some(Part::Text(piece)) if parts.len() > 1 => text.ends_with(&plain(piece)),
        Some(Part::Text(_)) => left.is_empty(),
        _ => true,
    }
}

impl Segment {
    fn read(segment: &str) -> Self {
        if segment.starts_with('(') && segment.ends_with(')') {
            return Self::Group(segment.to_owned());
        }
        let inner = segment.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        if let Some(rest) = inner.and_then(|inner| inner.strip_prefix("...")).filter(|name| is_one(name)) {
            return Self::Rest(name_of(rest));
        }
        let optional = inner.and_then(|inner| inner.strip_prefix('[')?.strip_suffix(']'));
        match optional.filter(|name| is_one(name)) {
            // Next.js' `[[...name]]`.
            Some(optional) if optional.starts_with("...") => return Self::Rest(name_of(optional)),
            Some(optional) => return Self::Optional(name_of(optional)),
            None => {}
        }
        let parts = parts_of(segment);
        match parts.as_slice() {
            [Part::Text(text)] => Self::Fixed(text.clone()),
            _ => Self::Parts(parts),
        }
    }

    /// Writes the segment behind a path; false where it needs a value that there is not.
    fn write<'a>(&self, value: impl Fn(&str) -> Option<&'a str>, path: &mut String) -> bool {
        match self {
            Self::Group(_) => {}
            Self::Fixed(text) => {
                path.push('/');
                encode(text, false, path);
            }
            Self::Parts(parts) => {
                path.push('/');
                for part in parts {
                    match part {
                        Part::Text(text) => encode(text, false, path),
                        Part::Parameter(name) => match value(name) {
                            Some(value) => encode(value, false, path),
                            None => return false,
                        },
                    }
                }
            }
            Self::Optional(name) | Self::Rest(name) => {
                if let Some(value) = value(name) {
                    path.push('/');
                    encode(value, matches!(self, Self::Rest(_)), path);
                }
            }
        }
        true
    }
}

/// Whether the text between brackets is one parameter.
fn is_one(name: &str) -> bool {
    !name.contains(['[', ']'])
}

/// The name of a parameter, without what makes it a rest, and without its matcher.
fn name_of(parameter: &str) -> String {
    let name = parameter.trim_start_matches("...");
    name.split_once('=').map_or(name, |(name, _)| name).to_owned()
}

/// The pieces of a segment; escapes (`[x+2e]`, `[u+d83d-dc7e]`) become the text that they stand for.
fn parts_of(segment: &str) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    let text = |out: &mut Vec<Part>, piece: &str| match out.last_mut() {
        Some(Part::Text(before)) => before.push_str(piece),
        _ => out.push(Part::Text(piece.to_owned())),
    };
    let mut left = segment;
    while let Some((before, inner)) = left.split_once('[') {
        if !before.is_empty() {
            text(&mut out, before);
        }
        let Some((name, after)) = inner.split_once(']') else {
            text(&mut out, "[");
            left = inner;
            continue;
        };
        if let Some(escaped) = unescape(name) {
            text(&mut out, &escaped);
            left = after;
        } else {
            let optional = name.starts_with('[');
            out.push(Part::Parameter(name_of(name.trim_start_matches('['))));
            left = if optional { after.strip_prefix(']').unwrap_or(after) } else { after };
        }
    }
    if !left.is_empty() || out.is_empty() {
        text(&mut out, left);
    }
    out
}

/// What an escape stands for: `x+2e`, and `u+` with UTF-16 code units.
fn unescape(escape: &str) -> Option<String> {
    let units = escape.strip_prefix("x+").or_else(|| escape.strip_prefix("u+"))?;
    let units: Option<Vec<u16>> = units.split('-').map(|unit| u16::from_str_radix(unit, 16).ok()).collect();
    String::from_utf16(&units?).ok()
}

/// Percent-encodes what would be something else than text in a path. In a rest, slashes stand between segments.
pub(super) fn encode(text: &str, slashes: bool, out: &mut String) {
    for char in text.chars() {
        let special =
            matches!(char, '%' | '\\' | '?' | '#') || char.is_ascii_control() || (char == '/' && !slashes);
        if special {
            let mut escape = Vec::with_capacity(3);
            percent::encode(char as u8, &mut escape);
            out.extend(escape.into_iter().map(char::from));
        } else {
            out.push(char);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_route_is_filled_in_with_its_parameters() {
        for (route, pairs, expected) in [
            ("/", &[][..], &[""][..]),
            ("/users/[id]", &[("id", "admin")], &["/users/admin"]),
            ("/users/[id=number]", &[("id", "1")], &["/users/1"]),
            ("/users/[id]", &[], &[]),
            ("/(app)/users/(inner)/[id]", &[("id", "a")], &["/users/a"]),
            ("/[[lang]]/wiki", &[("lang", "en")], &["/en/wiki", "/wiki"]),
            ("/[[lang]]/wiki", &[], &["/wiki"]),
            (
                "/[[lang=lang]]/wiki/[...path]",
                &[("lang", "en"), ("path", "a/b")],
                &["/en/wiki/a/b", "/wiki/a/b", "/en/wiki", "/wiki"],
            ),
            ("/wiki/[...path]/edit", &[("path", "")], &["/wiki/edit"]),
            ("/docs/item-[id]", &[("id", "7")], &["/docs/item-7"]),
            ("/docs/item-[id=number].[kind]", &[("id", "7"), ("kind", "pdf")], &["/docs/item-7.pdf"]),
            ("/[a]-[b]", &[("a", "top"), ("b", "secret")], &["/top-secret"]),
            ("/[x+2e]well-known/[name]", &[("name", "x")], &["/.well-known/x"]),
            ("/smile-[u+d83d-de00]", &[], &["/smile-\u{1f600}"]),
            ("/[x+28]a[x+29]", &[], &["/(a)"]),
            ("/a[x+2f]b", &[], &["/a%2Fb"]),
            ("/users/[id]", &[("id", "a/../b")], &["/users/a%2F..%2Fb"]),
            ("/users/[id]", &[("id", "50%25 ?#\\")], &["/users/50%2525 %3F%23%5C"]),
            ("/wiki/[[...path]]", &[("path", "a/b")], &["/wiki/a/b", "/wiki"]),
        ] {
            assert_eq!(Route::read(route).filled(&parameters(pairs)), expected, "{route} {pairs:?}");
        }
    }

    #[test]
    fn many_segments_that_may_be_absent_are_no_explosion() {
        let names: Vec<String> = (0..40).map(|at| format!("p{at}")).collect();
        let route = format!("/[[{}]]", names.join("]]/[["));
        let pairs: Vec<(String, String)> = names.iter().map(|name| (name.clone(), name.clone())).collect();
        let filled = Route::read(&route).filled(&pairs);
        assert_eq!(filled.len(), 42);
        assert!(filled.contains(&String::new()));
    }

    #[test]
    fn what_stands_fixed_is_known() {
        for (route, expected) in [
            ("/(app)/admin/[id]/x", &["admin"][..]),
            ("/[[lang]]/admin", &["admin"]),
            ("/[...all]/admin", &["admin"]),
            ("/[lang]/admin", &[]),
            ("/[x+2e]well-known/x", &[".well-known", "x"]),
            ("/a-[b]/c", &[]),
        ] {
            assert_eq!(Route::read(route).fixed(), expected, "{route}");
        }
    }

    #[test]
    fn a_key_reaches_a_route_or_does_not() {
        let exact = Fit { any_case: false, optional_end: true };
        for (route, key, expected) in [
            ("/library", "library", true),
            ("/library/x", "library", true),
            ("/(app)/library", "library", true),
            ("/library", "library/x", false),
            ("/library", "librar", false),
            ("/library", "Library", false),
            ("/users/[id]", "users/admin", true),
            ("/users/[id]", "users/admin/x", false),
            ("/users/[id=number]", "users/admin", true),
            ("/[[lang]]/wiki/[...path]", "wiki/internal", true),
            ("/[[lang]]/wiki/[...path]", "en/wiki/a/b", true),
            ("/[[lang]]/admin", "admin", true),
            ("/[[lang]]/admin", "en/admin/x", false),
            ("/docs/item-[id]", "docs/item-1", true),
            ("/docs/item-[id]", "docs/thing-1", false),
            ("/docs/[a]-[b].pdf", "docs/x-y.pdf", true),
            ("/docs/[a]-[b].pdf", "docs/x-y.pdf.pdf", true),
            ("/docs/[a]-[b].pdf", "docs/x-y", false),
            ("/[x+2e]well-known/x", ".well-known", true),
            ("/api/auth/[...path]", "api/auth", true),
        ] {
            let key: Vec<String> = key.split('/').map(str::to_owned).collect();
            assert_eq!(Route::read(route).reaches(&key, exact), expected, "{route} {key:?}");
        }
        let certain = Fit { optional_end: false, ..exact };
        for (route, key, expected) in [
            ("/[[lang=lang]]/library", "libary", false),
            ("/[[lang=lang]]/library", "library", true),
            ("/[[lang=lang]]/library", "en/library", true),
            ("/[[lang=lang]]", "en", false),
            ("/[slug]", "libary", true),
        ] {
            let key: Vec<String> = key.split('/').map(str::to_owned).collect();
            assert_eq!(Route::read(route).reaches(&key, certain), expected, "{route} {key:?}");
        }
        assert!(Route::read("/Library").reaches(&["LIBRARY".to_owned()], Fit { any_case: true, ..exact }));
    }
}
