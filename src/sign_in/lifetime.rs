//! How long a session lives: for a while after it was last renewed, and never beyond an end that renewing does not move.

use crate::auth::lines::{Loading, is_navigation};

/// 6 hours.
const MAX_AGE: f64 = 21_600.0;
/// 30 days.
const ABSOLUTE: f64 = 2_592_000.0;
/// 400 days, beyond which no browser keeps a cookie.
const LONGEST: f64 = 34_560_000.0;

/// The lifetimes that an app declares, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetimes {
    max_age: f64,
    renew_after: f64,
    absolute: f64,
}

/// What the times of a session say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is over, or its times are none.
    Over,
    /// It lives on.
    Alive,
    /// It lives on, and gets a new end.
    Renewed(f64),
}

impl Lifetimes {
    /// Checks a declaration. `max_age` is 6 hours by default, `renew_after` a quarter of it, `absolute` 30 days.
    ///
    /// # Errors
    /// The name of the option that is no number of seconds, or is longer than the one that bounds it.
    ///
    /// ```
    /// use httponly::sign_in::lifetime::Lifetimes;
    ///
    /// assert!(Lifetimes::new(Some(3600.0), None, None).is_ok());
    /// assert_eq!(Lifetimes::new(Some(-1.0), None, None), Err("cookie.maxAge"));
    /// ```
    pub fn new(
        max_age: Option<f64>,
        renew_after: Option<f64>,
        absolute: Option<f64>,
    ) -> Result<Self, &'static str> {
        let bounded = |value: f64, from: f64, name| {
            if (from..=LONGEST).contains(&value) { Ok(value.floor()) } else { Err(name) }
        };
        let declared = max_age.map(|value| bounded(value, 1.0, "cookie.maxAge")).transpose()?;
        let longest = absolute.unwrap_or_else(|| ABSOLUTE.max(declared.unwrap_or(MAX_AGE)));
        let absolute = bounded(longest, 1.0, "cookie.absolute")?;
        let max_age = declared.unwrap_or_else(|| MAX_AGE.min(absolute));
        let renew_after = bounded(renew_after.unwrap_or(max_age / 4.0), 0.0, "cookie.renewAfter")?;
        Ok(Self { max_age, renew_after, absolute })
    }

    /// When a session ends that is written now, in seconds since 1970; `started` is when its user signed in.
    pub fn end(&self, started: f64, now: f64) -> f64 {
        (now + self.max_age).min(started + self.absolute)
    }

    /// Judges a session by its times, all in seconds: when it was written, when it ends, when its user signed in.
    /// `renews` is whether this request may renew it.
    pub fn judge(&self, issued: f64, end: f64, started: f64, now: f64, renews: bool) -> Verdict {
        let plausible = [issued, end, started].iter().all(|time| time.is_finite());
        // Neither end is the cookie's word alone: a shorter lifetime, declared later, holds for old cookies too.
        if !plausible || now >= end || now >= issued + self.max_age || now >= started + self.absolute {
            return Verdict::Over;
        }
        let next = self.end(started, now);
        if renews && now - issued >= self.renew_after && next > end {
            Verdict::Renewed(next)
        } else {
            Verdict::Alive
        }
    }
}

/// Whether a response may renew a session: a page that a browser shows. The answer to a page's own request may come late,
/// after a sign-out or a sign-in, and would undo it; and a program that sends none of a browser's headers keeps no cookies.
///
/// ```
/// use httponly::{auth::lines::Loading, sign_in::lifetime::renews};
///
/// assert!(renews("GET", Loading { dest: Some("document"), ..Loading::default() }));
/// assert!(!renews("GET", Loading { dest: Some("empty"), ..Loading::default() }));
/// ```
pub fn renews(method: &str, loading: Loading<'_>) -> bool {
    let program = loading.mode.is_none() && loading.dest.is_none() && loading.accept.is_none();
    method == "GET" && !program && is_navigation(loading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_while_it_is_used_and_no_longer_than_its_absolute_end() {
        let times = Lifetimes::new(Some(100.0), Some(20.0), Some(250.0)).unwrap();
        assert!((times.end(0.0, 0.0) - 100.0).abs() < 1.0);
        assert_eq!(times.judge(0.0, 100.0, 0.0, 10.0, true), Verdict::Alive);
        assert_eq!(times.judge(0.0, 100.0, 0.0, 20.0, true), Verdict::Renewed(120.0));
        assert_eq!(times.judge(0.0, 100.0, 0.0, 20.0, false), Verdict::Alive);
        assert_eq!(times.judge(0.0, 100.0, 0.0, 100.0, true), Verdict::Over);
        assert_eq!(times.judge(180.0, 250.0, 0.0, 220.0, true), Verdict::Alive);
        assert_eq!(times.judge(180.0, 250.0, 0.0, 250.0, true), Verdict::Over);
        // What a cookie says of its own end is not believed beyond what is declared now.
        assert_eq!(times.judge(0.0, 9999.0, 0.0, 120.0, true), Verdict::Over);
        assert_eq!(times.judge(200.0, 9999.0, -100.0, 210.0, true), Verdict::Over);
        assert_eq!(times.judge(f64::NAN, 9999.0, 0.0, 10.0, true), Verdict::Over);
    }

    #[test]
    fn a_lifetime_that_is_none_is_named() {
        for (max_age, renew_after, absolute, name) in [
            (Some(0.0), None, None, "cookie.maxAge"),
            (Some(f64::NAN), None, None, "cookie.maxAge"),
            (Some(f64::INFINITY), None, None, "cookie.maxAge"),
            (None, Some(-1.0), None, "cookie.renewAfter"),
            (None, None, Some(0.0), "cookie.absolute"),
        ] {
            assert_eq!(Lifetimes::new(max_age, renew_after, absolute), Err(name));
        }
        for (absolute, end) in [(None, 21_600.0), (Some(60.0), 60.0)] {
            let times = Lifetimes::new(None, None, absolute).unwrap();
            assert!((times.end(0.0, 0.0) - end).abs() < 1.0, "{absolute:?}");
        }
    }

    #[test]
    fn a_page_that_is_shown_renews() {
        for (method, dest, mode, purpose, accept, expected) in [
            ("GET", Some("document"), Some("navigate"), None, Some("*/*"), true),
            ("GET", None, None, None, Some("text/html,application/xhtml+xml"), true),
            ("GET", None, Some("navigate"), None, None, true),
            ("GET", None, None, None, Some("*/*"), false),
            ("GET", None, None, None, None, false),
            ("GET", None, Some("cors"), None, Some("text/html"), false),
            ("GET", Some("empty"), None, None, Some("text/html"), false),
            ("GET", Some("iframe"), Some("navigate"), None, Some("text/html"), false),
            ("GET", Some("document"), None, Some("prefetch"), None, false),
            ("POST", Some("document"), None, None, Some("text/html"), false),
        ] {
            let loading = Loading { mode, dest, purpose, accept };
            assert_eq!(renews(method, loading), expected, "{method} {loading:?}");
        }
    }
}
