//! Which of a backend's `Set-Cookie` lines reach the browser.
//!
//! A response may arrive later than one to a younger request. What it says of a session then would undo what happened
//! meanwhile: a poll that began before a sign-in would delete the new cookie, or put the old one back.

use super::cookies::Names;
use crate::cookie::set_cookie;

/// What a browser said of how a response is going to be used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loading<'a> {
    /// `Sec-Fetch-Mode`
    pub mode: Option<&'a str>,
    /// `Sec-Fetch-Dest`
    pub dest: Option<&'a str>,
    /// `Sec-Purpose`
    pub purpose: Option<&'a str>,
    /// `Accept`
    pub accept: Option<&'a str>,
}

/// Whether a request loads a document that a visitor goes to. Of those, a browser has one at a time; polls, data requests
/// and prefetches run beside them. Where no fetch metadata is sent, on sites without https, a document is what asks for
/// HTML; and what has no `Accept` at all comes from no browser.
///
/// ```
/// use httponly::auth::lines::{Loading, is_navigation};
///
/// assert!(is_navigation(Loading { mode: Some("navigate"), dest: Some("document"), ..Loading::default() }));
/// assert!(!is_navigation(Loading { mode: Some("cors"), dest: Some("empty"), ..Loading::default() }));
/// ```
pub fn is_navigation(loading: Loading<'_>) -> bool {
    let Loading { mode, dest, purpose, accept } = loading;
    if purpose.is_some_and(|purpose| !purpose.is_empty()) {
        return false;
    }
    match (mode, dest) {
        (None, None) => accept.is_none_or(|accept| accept.to_ascii_lowercase().contains("text/html")),
        (mode, dest) => {
            mode.is_none_or(|mode| mode == "navigate") && dest.is_none_or(|dest| dest == "document")
        }
    }
}

/// What is known of a response on its way to the browser.
#[derive(Clone, Copy, Debug)]
pub struct LineContext {
    /// Whether it may delete session cookies: it answers a navigation, or is what ended the session.
    pub clears: bool,
    /// Whether it only tells, or renews, what there is.
    pub looks: bool,
    /// Whether the browser has got another session since it sent the request, or has signed out.
    pub late: bool,
}

impl Names {
    /// The lines that may reach the browser, byte for byte. `sent` are name and value of the request's session cookies,
    /// `now` is in seconds since 1970.
    pub fn passing(
        &self,
        lines: Vec<String>,
        sent: &[(impl AsRef<str>, impl AsRef<str>)],
        arrival: LineContext,
        now: i64,
    ) -> Vec<String> {
        lines.into_iter().filter(|line| self.passes(line, sent, arrival, now)).collect()
    }

    fn passes(
        &self,
        line: &str,
        sent: &[(impl AsRef<str>, impl AsRef<str>)],
        arrival: LineContext,
        now: i64,
    ) -> bool {
        let Some(cookie) = set_cookie::parse(line).filter(|cookie| self.is_of_session(cookie.name)) else {
            return true;
        };
        if arrival.late && arrival.looks {
            return false;
        }
        if deletes(&cookie, now) {
            return arrival.clears;
        }
        // The old session once more.
        !(arrival.late && self.is_session(cookie.name) && has(sent, cookie.name, cookie.value))
    }

    /// Whether lines give the browser another session cookie than it sent, or take it away.
    pub fn replaces(&self, lines: &[String], sent: &[(impl AsRef<str>, impl AsRef<str>)], now: i64) -> bool {
        lines.iter().filter_map(|line| set_cookie::parse(line)).any(|cookie| {
            self.is_session(cookie.name) && (deletes(&cookie, now) || !has(sent, cookie.name, cookie.value))
        })
    }

    /// The `Cookie` header of the session that lines set; `None` where they set none.
    pub fn arrived(&self, lines: &[String], now: i64) -> Option<String> {
        let set = |cookie: &set_cookie::SetCookie<'_>| self.is_session(cookie.name) && !deletes(cookie, now);
        let session = lines.iter().rev().filter_map(|line| set_cookie::parse(line)).find(set)?;
        Some(format!("{}={}", session.name, session.value))
    }

    /// The name of what looks like a session cookie in lines that set none of this backend's: it is declared by another
    /// name than it has.
    pub fn misnamed(&self, lines: &[String], now: i64) -> Option<String> {
        let looks = |name: &str| name.ends_with("session_token") || name.ends_with("session");
        let set = |cookie: &set_cookie::SetCookie<'_>| looks(cookie.name) && !deletes(cookie, now);
        let found = lines.iter().filter_map(|line| set_cookie::parse(line)).find(set)?;
        self.arrived(lines, now).is_none().then(|| found.name.to_owned())
    }
}

fn deletes(cookie: &set_cookie::SetCookie<'_>, now: i64) -> bool {
    cookie.value.is_empty() || cookie.lifetime(now).is_some_and(|seconds| seconds <= 0)
}

fn has(sent: &[(impl AsRef<str>, impl AsRef<str>)], name: &str, value: &str) -> bool {
    sent.iter().any(|(known, of)| known.as_ref() == name && of.as_ref() == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_navigation_is_a_document_that_a_visitor_goes_to() {
        const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
        for (mode, dest, purpose, accept, is) in [
            ("navigate", "document", "", HTML, true),
            ("navigate", "", "", "", true),
            ("navigate", "iframe", "", HTML, false),
            ("navigate", "document", "prefetch", HTML, false),
            ("navigate", "document", "prefetch;prerender", HTML, false),
            ("cors", "empty", "", "*/*", false),
            ("cors", "empty", "", HTML, false),
            ("same-origin", "empty", "", "", false),
            ("no-cors", "image", "", "image/*", false),
            ("", "document", "", "*/*", true),
            ("", "empty", "", HTML, false),
            ("", "", "", HTML, true),
            ("", "", "", "TEXT/HTML", true),
            ("", "", "", "*/*", false),
            ("", "", "", "application/json", false),
            ("", "", "", "", true),
        ] {
            let said = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            let loading =
                Loading { mode: said(mode), dest: said(dest), purpose: said(purpose), accept: said(accept) };
            assert_eq!(is_navigation(loading), is, "{loading:?}");
        }
    }

    #[test]
    fn which_lines_pass() {
        let names = Names::new("codex-session", None).unwrap();
        let dead = "codex-session=; Max-Age=0";
        let old = "codex-session=dead; expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let copy = "codex.session_data=; Max-Age=0";
        let renewed = "codex-session=old; Max-Age=100";
        let fresh = "__Secure-codex-session=new; Max-Age=100";
        let state = "codex.oauth_state=; Max-Age=0";
        let all = [dead, old, copy, renewed, fresh, state];
        let passing = |clears, looks, late| {
            let lines = all.map(String::from).to_vec();
            names.passing(
                lines,
                &[("codex-session", "old")],
                LineContext { clears, looks, late },
                1_800_000_000,
            )
        };
        assert_eq!(passing(true, true, false), all);
        assert_eq!(passing(true, false, false), all);
        assert_eq!(passing(false, true, false), [renewed, fresh, state]);
        assert_eq!(passing(false, false, false), [renewed, fresh, state]);
        assert_eq!(passing(true, true, true), [state]);
        assert_eq!(passing(false, true, true), [state]);
        assert_eq!(passing(true, false, true), [dead, old, copy, fresh, state]);
        assert_eq!(passing(false, false, true), [fresh, state]);
    }

    #[test]
    fn a_session_cookie_of_another_name_is_told() {
        let names = Names::new("codex-session", None).unwrap();
        for (lines, misnamed) in [
            (vec!["better-auth.session_token=a"], Some("better-auth.session_token")),
            (
                vec!["__Secure-better-auth.session_token=a; Secure"],
                Some("__Secure-better-auth.session_token"),
            ),
            (vec!["app-session=a", "theme=1"], Some("app-session")),
            (vec!["better-auth.session_token=a", "__Secure-codex-session=b"], None),
            // A second factor is wanted.
            (
                vec![
                    "codex-session=; Max-Age=0",
                    "better-auth.session_token=; Max-Age=0",
                    "codex.two_factor=a",
                ],
                None,
            ),
            (vec!["codex.session_data=a"], None),
            (vec![], None),
        ] {
            let owned: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(names.misnamed(&owned, 0).as_deref(), misnamed, "{lines:?}");
        }
    }

    #[test]
    fn whether_lines_give_another_session() {
        let names = Names::new("sid", None).unwrap();
        for (line, replaces, arrived) in [
            ("sid=old; Max-Age=100", false, Some("sid=old")),
            ("sid=new; Max-Age=100", true, Some("sid=new")),
            ("__Host-sid=old; Secure; Path=/", true, Some("__Host-sid=old")),
            ("sid=; Max-Age=0", true, None),
            ("sid=old; Max-Age=0", true, None),
            ("theme=1", false, None),
            ("=", false, None),
        ] {
            let lines = [line.to_owned()];
            assert_eq!(names.replaces(&lines, &[("sid", "old")], 0), replaces, "{line}");
            assert_eq!(names.arrived(&lines, 0).as_deref(), arrived, "{line}");
        }
    }
}
