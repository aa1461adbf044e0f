//! Transactions: what a browser keeps between leaving for a provider's page and coming back.
//!
//! One cookie each, named by a hash of `state`, so that two tabs do not overwrite each other's. Its value is a time, a dot
//! and a sealed text. The time is nobody's word but the browser's: it decides which of too many cookies goes, and nothing
//! else; the sealed text has its own.

use super::cookie::{Jar, named};
use crate::auth::cookies::hash;

/// Seconds that a sign-in at a provider may take.
pub const LIFE: f64 = 600.0;

/// Transactions that a browser keeps at most.
pub const MOST: usize = 5;

/// What a callback finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The transaction, sealed.
    Found(String),
    /// The browser has none: it did not begin to sign in here, or too long ago.
    Nothing,
    /// It has others.
    Another,
}

/// The name of the cookie of a transaction.
///
/// ```
/// use httponly::sign_in::transaction::name;
///
/// assert!(name("__Host-s.tx.", "state").starts_with("__Host-s.tx."));
/// ```
pub fn name(prefix: &str, state: &str) -> String {
    let hash: String = hash(state).chars().take(24).collect();
    format!("{prefix}{hash}")
}

/// The value of that cookie.
pub fn value(sealed: &str, now: f64) -> String {
    format!("{now:.0}.{sealed}")
}

/// Finds the transaction of a `state`. Of two cookies of its name neither counts.
pub fn find(header: &str, prefix: &str, state: &str) -> Sought {
    let own = name(prefix, state);
    let mut all = named(header, prefix).peekable();
    if all.peek().is_none() {
        return Sought::Nothing;
    }
    let mut found = all.filter(|(name, _)| *name == own);
    match (found.next().and_then(|(_, value)| value.split_once('.')), found.next()) {
        (Some((_, sealed)), None) => Sought::Found(sealed.into()),
        _ => Sought::Another,
    }
}

/// The lines that clear transactions: those that are too old, and the oldest of too many, so that there is room for
/// `more`.
pub fn make_room(header: &str, prefix: &str, now: f64, more: usize) -> Vec<String> {
    let mut live: Vec<(f64, &str)> = Vec::new();
    let mut dead: Vec<&str> = Vec::new();
    for (name, value) in named(header, prefix) {
        let began = value.split_once('.').and_then(|(time, _)| time.parse::<u64>().ok());
        #[expect(clippy::cast_precision_loss, reason = "a time that is no time is no younger for it")]
        match began.map(|began| began as f64) {
            Some(began) if (now - LIFE..=now + LIFE).contains(&began) => live.push((began, name)),
            _ => dead.push(name),
        }
    }
    live.sort_by(|a, b| b.0.total_cmp(&a.0));
    dead.extend(live.into_iter().skip(MOST.saturating_sub(more)).map(|(_, name)| name));
    clear(&dead)
}

/// The lines that clear all transactions.
pub fn clear_all(header: &str, prefix: &str) -> Vec<String> {
    clear(&named(header, prefix).map(|(name, _)| name).collect::<Vec<_>>())
}

fn clear(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = names.iter().flat_map(|name| Jar::host_only(name).clear("")).collect();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "__Host-s.tx.";

    fn header(began: &[u64]) -> String {
        let cookies = began.iter().enumerate().map(|(at, began)| format!("{PREFIX}{at}={began}.sealed"));
        cookies.collect::<Vec<_>>().join("; ")
    }

    fn cleared(lines: &[String]) -> Vec<&str> {
        lines.iter().map(|line| line.split('=').next().unwrap().strip_prefix(PREFIX).unwrap()).collect()
    }

    #[test]
    fn the_oldest_of_too_many_goes_and_so_does_what_is_too_old() {
        let now = 10_000.0;
        assert!(make_room(&header(&[9990, 9991, 9992, 9993]), PREFIX, now, 1).is_empty());
        assert_eq!(cleared(&make_room(&header(&[9994, 9991, 9992, 9993, 9995]), PREFIX, now, 1)), ["1"]);
        assert_eq!(cleared(&make_room(&header(&[9399, 9401, 99_999_999]), PREFIX, now, 1)), ["0", "2"]);
        assert_eq!(cleared(&make_room("__Host-s.tx.a=; __Host-s.tx.b=x.y", PREFIX, now, 0)), ["a", "b"]);
        assert_eq!(cleared(&clear_all(&header(&[1, 2]), PREFIX)), ["0", "1"]);
    }

    #[test]
    fn no_transaction_is_not_another_one() {
        let own = name(PREFIX, "state");
        for (header, expected) in [
            (String::new(), Sought::Nothing),
            ("__Host-s=a".into(), Sought::Nothing),
            (format!("{PREFIX}abc=1.x"), Sought::Another),
            (format!("{own}=1.sealed"), Sought::Found("sealed".into())),
            (format!("{PREFIX}abc=1.x; {own}=1.sealed"), Sought::Found("sealed".into())),
            (format!("{own}=1.sealed; {own}=1.other"), Sought::Another),
            (format!("{own}=sealed"), Sought::Another),
        ] {
            assert_eq!(find(&header, PREFIX, "state"), expected, "{header}");
        }
        assert_ne!(own, name(PREFIX, "State"));
    }
}
