//! The ways in which a path may be read: by the framework's router, and by programs that decode it again, resolve its dot
//! segments, or take endings off. A rule holds in all of them.

use super::rewrite;
use super::route::Route;
use crate::http::form;

/// Where one comes to.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The framework's identifier of the route, with its groups: `/(studio)/studio/[id]`.
    pub route: Option<&'a str>,
    /// The route's parameters, decoded.
    pub parameters: &'a [(String, String)],
    /// The path below which all of the app lies: `/app`; empty for none.
    pub base: &'a str,
    /// The framework's rewrites, sources and destinations below the base, where it shows the path before them.
    pub rewrites: &'a [(String, String)],
    /// The path as the URL has it, percent-encoded, with the base.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: &'a str,
    /// GET or HEAD.
    pub reads: bool,
    /// Whether a redirect leads a person somewhere.
    pub page: bool,
    /// Whether path and route are what the caller claims, as for SvelteKit's remote functions.
    pub remote: bool,
    /// Below which the paths of `auth.handler` lie: it judges for itself, and who is to sign in reaches it.
    pub handler: Option<&'a str>,
}

/// Which letters a segment and a key have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseMode {
    /// All.
    AsWritten,
    /// All but for their case, as for a program that minds none.
    AnyCase,
}

/// Deepest path that is judged; a deeper one leads nowhere.
pub(super) const MAX_SEGMENTS: usize = 256;
/// How often a path may be percent-encoded, one time over another; what is more often leads nowhere.
pub(super) const MAX_ENCODINGS: usize = 8;

/// The segments of a path as a framework's router takes them: each decoded once.
pub(super) fn segments_of(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

/// Whether a path has more segments than are judged.
pub(super) fn is_deep(path: &str) -> bool {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty()).nth(MAX_SEGMENTS).is_some()
}

/// The segments of a path whose separators may come from decoding.
pub(super) fn separated(path: &str) -> Vec<String> {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The segments of a path whose separators may come from decoding, with dot segments resolved.
pub(super) fn segments(path: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for segment in separated(path) {
        match segment.as_str() {
            "." => {}
            ".." => {
                out.pop();
            }
            _ => out.push(segment),
        }
    }
    out
}

/// Where a reading of a path comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The route, filled in with its parameters or with none: a path of the very page that is shown.
    Route,
    /// The same, without some of the segments that may be absent.
    Shorter,
    /// Another program's way with the path in the URL.
    Path,
    /// The same, without the ending of this path.
    Ending(Vec<String>),
    /// Another program's way with the route's path.
    Filled,
}

/// A path in all of its readings.
#[derive(Clone, Debug)]
pub(super) struct Readings {
    /// As the framework's router takes the path in the URL, below the base.
    pub(super) exact: Vec<String>,
    pub(super) others: Vec<(Origin, Vec<String>)>,
    pub(super) route: Option<Route>,
}

impl Readings {
    /// The path in the URL, and the route's identifier filled in with its parameters; both decoded once, twice and to the
    /// end, with dot segments resolved and as they stand, and without what frameworks add. The segments of a route that
    /// may be absent are so in some of its readings: `/en/admin` of `/[[lang]]/admin` is the page that `/admin` is.
    /// `None` for a path that is encoded too often or too deep.
    pub(super) fn of(visit: Visit<'_>) -> Option<Self> {
        let base = segments_of(visit.base);
        let below = |mut path: Vec<String>| {
            if path.starts_with(&base) {
                path.drain(..base.len());
            }
            path
        };
        let route = visit.route.map(Route::read);
        let mut out = Self { exact: below(segments_of(visit.path)), others: Vec::new(), route };
        for reading in ways(visit.path)? {
            out.note_with_additions(Origin::Path, below(reading));
        }
        for (source, destination) in visit.rewrites {
            for path in rewrite::led(&out.exact, source, destination) {
                for reading in ways(&path)? {
                    out.note_with_additions(Origin::Filled, reading);
                }
            }
        }
        let Some(route) = out.route.clone() else { return Some(out) };
        let fixed = route.fixed();
        if !out.exact.starts_with(&fixed) {
            out.note(Origin::Route, fixed);
        }
        for (left_out, path) in route.filled(visit.parameters).into_iter().enumerate() {
            out.note(if left_out == 0 { Origin::Route } else { Origin::Shorter }, segments_of(&path));
            for reading in ways(&path)? {
                out.note_with_additions(Origin::Filled, reading);
            }
        }
        Some(out)
    }

    fn note(&mut self, origin: Origin, path: Vec<String>) {
        let reading = (origin, path);
        if reading.1 != self.exact && !self.others.contains(&reading) {
            self.others.push(reading);
        }
    }

    fn note_with_additions(&mut self, origin: Origin, path: Vec<String>) {
        let (kept, ended) = without_additions(&path);
        let shorter =
            if origin == Origin::Path && ended { Origin::Ending(path.clone()) } else { origin.clone() };
        self.note(shorter, kept);
        self.note(origin, path);
    }
}

/// The ways in which programs take a path.
pub(super) fn ways(path: &str) -> Option<Vec<Vec<String>>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let mut whole = path.to_owned();
    let mut rounds = 0;
    loop {
        let next = decode(&whole);
        if is_deep(&next) {
            return None;
        }
        // URL parsers drop controls and spaces at the end, and line breaks anywhere (WHATWG URL section 4.4).
        let plain = next.replace(|c: char| c.is_ascii_control(), "");
        let plain = plain.trim_end_matches(' ');
        // Resolved after decoding, not at all, and before.
        let before = segments(&whole).iter().map(|segment| decode(segment)).collect();
        for reading in [segments(plain), separated(plain), before] {
            if !out.contains(&reading) {
                out.push(reading);
            }
        }
        if next == whole {
            return Some(out);
        }
        rounds += 1;
        if rounds > MAX_ENCODINGS {
            return None;
        }
        whole = next;
    }
}

impl CaseMode {
    /// Whether a segment is a key's. What opens is written as declared, or in small letters where the path has others.
    pub(super) fn same(self, segment: &str, key: &str, closes: bool) -> bool {
        fn lower(text: &str) -> impl Iterator<Item = char> {
            text.chars().flat_map(char::to_lowercase)
        }
        segment == key
            || (self == Self::AnyCase
                && if closes { lower(segment).eq(lower(key)) } else { lower(segment).eq(key.chars()) })
    }
}

/// A path without what SvelteKit and Next add to ask for the data of a page, in any case of letters; and
/// whether no more than an ending of the last segment is gone, as of `/feed.json`.
pub(super) fn without_additions(path: &[String]) -> (Vec<String>, bool) {
    let mut out = path.to_vec();
    let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
    if matches!(out.as_slice(), [next, data, _, ..] if is(next, "_next") && is(data, "data")) {
        out.drain(..3);
    }
    if out.last().is_some_and(|last| is(last, "__data.json") || is(last, "__route.js")) {
        out.pop();
    }
    let whole = out.len() == path.len();
    if let Some(last) = out.last_mut() {
        let endings = [
            ".html__data.json",
            ".html__route.js",
            ".prefetch.rsc",
            ".segment.rsc",
            ".rsc",
            ".html",
            ".json",
        ];
        let ends = |ending: &str| {
            let (stem, end) = last.split_at_checked(last.len().checked_sub(ending.len())?)?;
            is(end, ending).then_some(stem)
        };
        if let Some(stem) = endings.into_iter().find_map(ends) {
            *last = stem.to_owned();
        }
    }
    // Next writes the home page so.
    if out.len() == 1 && out.last().is_some_and(|last| last == "index") {
        out.pop();
    }
    let ended = whole && out.len() == path.len() && out != path;
    (out, ended)
}

/// Percent-decodes; what is no UTF-8 becomes U+FFFD, and a `%` that two hexadecimal digits do not follow stays.
pub(super) fn decode(text: &str) -> String {
    form::decode(text.as_bytes(), false)
}
