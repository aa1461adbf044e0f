//! Names of options: what an app may have meant by one that does not exist.

/// The known name that is nearest to a mistyped one: equal but for the case of letters, or at most two letters inserted,
/// removed, replaced or swapped with their neighbours away.
///
/// ```
/// use httponly::options::nearest;
///
/// assert_eq!(nearest("tiemout", &["timeout", "targets"]), Some("timeout"));
/// assert_eq!(nearest("secret", &["timeout", "targets"]), None);
/// ```
pub fn nearest<'n>(given: &str, names: &[&'n str]) -> Option<&'n str> {
    let distances = names.iter().map(|name| (distance(&given.to_lowercase(), &name.to_lowercase()), *name));
    // Two letters of a short name may be all of it.
    let near =
        distances.filter(|(distance, name)| *distance <= 2 && *distance * 2 < name.chars().count().max(3));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, j) + usize::from(x != y);
            let mut nearest = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = j > 0 && i > 0 && b.get(j - 1) == Some(x) && a.get(i - 1) == Some(y);
            if swapped {
                nearest = nearest.min(at(&before, j - 1) + 1);
            }
            row.push(nearest);
        }
        before = core::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

/// A path for a log: its segments that are plain words. Others may be tokens, identifiers or addresses, and stand as `…`.
///
/// ```
/// use httponly::options::plain_path;
///
/// assert_eq!(plain_path("/api/auth/reset-password/s3cr3tT0ken?x=y"), "/api/auth/reset-password/…");
/// ```
pub fn plain_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let word = |segment: &str| {
        segment.len() <= 32
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let segments = path.split('/').take(16).map(|segment| if word(segment) { segment } else { "…" });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_a_finger_missed() {
        let names = ["timeout", "targets", "target", "url", "fetch", "cookies", "bareGet", "secret"];
        for (given, expected) in [
            ("tiemout", Some("timeout")),
            ("timeOut", Some("timeout")),
            ("timeouts", Some("timeout")),
            ("Targets", Some("targets")),
            ("secrte", Some("secret")),
            ("bareget", Some("bareGet")),
            ("ulr", Some("url")),
            ("u", None),
            ("authorization", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(given, &names), expected, "{given}");
        }
    }

    #[test]
    fn a_path_in_a_log_holds_words_and_no_values() {
        for (path, expected) in [
            ("/", "/"),
            ("/api/proxy/shop", "/api/proxy/shop"),
            ("/api/proxy/shop/items/17?token=a", "/api/proxy/shop/items/…"),
            ("/.nordcraft/cookies/set-cookie", "/.nordcraft/cookies/set-cookie"),
            ("/u/ada%40example.com", "/u/…"),
            ("/Ey/x", "/…/x"),
        ] {
            assert_eq!(plain_path(path), expected, "{path}");
        }
        assert!(plain_path(&"/a".repeat(100)).len() < 40);
    }
}
