//! Rewrites of Next.js, which lead a path to another page behind the guard's back: `/old/:slug` to `/notes/:slug`.

use super::route::encode;

/// Most pages that one path may lead to by one rewrite.
const MAX_LED: usize = 16;

/// A piece of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// One segment or a part of it.
    One(String),
    /// Any number of segments: a modifier, or an expression, whatever it says.
    Many(String),
}

/// The paths to which a rewrite leads a path, percent-encoded. An expression in the source counts as matched, and so do
/// the rewrite's conditions: one reading too many closes, and never opens.
pub(super) fn led(path: &[String], source: &str, destination: &str) -> Vec<String> {
    let mut out = Vec::new();
    if destination.starts_with('/') {
        let pieces: Vec<Vec<Piece>> = split(source).into_iter().map(pieces_of).collect();
        match_segments(&pieces, path, &mut Vec::new(), destination, &mut out);
    }
    out
}

/// The segments of a source; a slash in an expression parts none.
fn split(source: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = source.split(move |char| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        char == '/' && depth == 0
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn pieces_of(segment: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut left = segment;
    let mut unnamed = 0;
    while let Some(at) = left.find([':', '(']) {
        let (text, parameter) = left.split_at(at);
        if !text.is_empty() {
            out.push(Piece::Text(text.to_owned()));
        }
        let named = parameter.strip_prefix(':');
        let (name, mut rest) = named.map_or(("", parameter), |parameter| {
            let end = parameter.find(|char: char| !char.is_ascii_alphanumeric() && char != '_');
            parameter.split_at(end.unwrap_or(parameter.len()))
        });
        let mut many = false;
        if rest.starts_with('(') {
            many = true;
            rest = behind_parenthesis(rest);
        }
        if let Some(behind) = rest.strip_prefix(['*', '+', '?']) {
            many = true;
            rest = behind;
        }
        let name = if name.is_empty() {
            unnamed += 1;
            (unnamed - 1).to_string()
        } else {
            name.to_owned()
        };
        out.push(if many { Piece::Many(name) } else { Piece::One(name) });
        left = rest;
    }
    if !left.is_empty() {
        out.push(Piece::Text(left.to_owned()));
    }
    out
}

/// What stands behind the parenthesis that a text begins with.
fn behind_parenthesis(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..).unwrap_or("");
        }
    }
    ""
}

fn match_segments(
    source: &[Vec<Piece>],
    path: &[String],
    found: &mut Vec<(String, String)>,
    destination: &str,
    out: &mut Vec<String>,
) {
    if out.len() >= MAX_LED {
        return;
    }
    let Some((pieces, behind)) = source.split_first() else {
        if path.is_empty() {
            let led = fill(destination, found);
            if !out.contains(&led) {
                out.push(led);
            }
        }
        return;
    };
    let known = found.len();
    if let [Piece::Many(name)] = pieces.as_slice() {
        for taken in 0..=path.len() {
            let (value, rest) = path.split_at(taken);
            found.push((name.clone(), value.join("/")));
            match_segments(behind, rest, found, destination, out);
            found.truncate(known);
        }
        return;
    }
    let Some((first, rest)) = path.split_first() else { return };
    if match_pieces(pieces, first, found) {
        match_segments(behind, rest, found, destination, out);
    }
    found.truncate(known);
}

/// Whether a segment is made of these pieces; each parameter takes up to the text behind it.
fn match_pieces(pieces: &[Piece], segment: &str, found: &mut Vec<(String, String)>) -> bool {
    let lower = segment.to_lowercase();
    let mut at = 0;
    let mut open: Option<&String> = None;
    for piece in pieces {
        match piece {
            Piece::One(name) | Piece::Many(name) => open = Some(name),
            Piece::Text(text) => {
                let Some(left) = lower.get(at..) else { return false };
                let Some(place) = left.find(&text.to_lowercase()) else { return false };
                if open.is_none() && place != 0 {
                    return false;
                }
                if let Some(name) = open.take() {
                    found.push((name.clone(), segment.get(at..at + place).unwrap_or("").to_owned()));
                }
                at += place + text.to_lowercase().len();
            }
        }
    }
    match open {
        Some(name) => {
            found.push((name.clone(), segment.get(at..).unwrap_or("").to_owned()));
            true
        }
        None => at == lower.len(),
    }
}

/// A destination with its parameters filled in, without its query.
fn fill(destination: &str, found: &[(String, String)]) -> String {
    let path = destination.split(['?', '#']).next().unwrap_or("");
    let mut out = String::new();
    for segment in split(path) {
        out.push('/');
        for piece in pieces_of(segment) {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::One(name) | Piece::Many(name) => {
                    let value = found.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
                    encode(value, true, &mut out);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_leads_where_next_leads() {
        for (source, destination, path, expected) in [
            ("/old/:slug", "/notes/:slug", "old/a", &["/notes/a"][..]),
            ("/old/:slug", "/notes/:slug", "OLD/a", &["/notes/a"]),
            ("/old/:slug", "/notes/:slug", "old/a/b", &[]),
            ("/old/:slug", "/notes/:slug", "old", &[]),
            ("/old/:slug", "https://other.example/:slug", "old/a", &[]),
            ("/old/:path*", "/notes/:path*", "old/a/b", &["/notes/a/b"]),
            ("/old/:path*", "/notes/:path*", "old", &["/notes/"]),
            ("/old/:id(\\d+)/x", "/n/:id", "old/7/x", &["/n/7"]),
            ("/:a/in/:b", "/:b/:a?x=:b", "x/in/y", &["/y/x"]),
            ("/blog-:slug.html", "/blog/:slug", "blog-a.html", &["/blog/a"]),
            ("/old/(.*)", "/admin", "old/a/b", &["/admin"]),
            ("/((?!api/).*)", "/app", "x/y", &["/app"]),
            ("/", "/home", "", &["/home"]),
            ("/old/:slug", "/notes/:slug", "old/a%2Fb", &["/notes/a%252Fb"]),
        ] {
            let path: Vec<String> =
                path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            assert_eq!(led(&path, source, destination), expected, "{source} {path:?}");
        }
    }

    #[test]
    fn a_source_of_many_wildcards_is_no_explosion() {
        let path: Vec<String> = (0..200).map(|at| at.to_string()).collect();
        let led = led(&path, "/:a*/:b*/:c*", "/:a*/x/:b*/y/:c*");
        assert_eq!(led.len(), MAX_LED);
    }
}
