//! An authentication backend, as an app declares it.

use crate::auth::cookies::{BackendCookies, Names, Place, with_domain, with_secure};
use crate::auth::routes::Paths;
use crate::cookie::set_cookie;
use crate::http::same_origin;

/// A declaration, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The names of its cookies.
    pub names: Names,
    /// Where its paths lie.
    pub paths: Paths,
    /// The Domain of its cookies, where the app knows it.
    pub domain: Option<String>,
    /// The Domain that its cookies get in the browser, an empty one for none; `None` where they keep their own.
    pub set_domain: Option<String>,
    /// The app's own origin; that of the request where it is not declared.
    pub origin: Option<String>,
    /// The page of the app that asks before a magic link is used; `None` for the built-in one.
    pub link_page: Option<String>,
    /// Whether signing out is forgetting the cookies: the backend has no session that it could end.
    pub forgets: bool,
}

impl Backend {
    /// The app's own origin for a request URL.
    pub(super) fn own<'a>(&'a self, url: &'a str) -> &'a str {
        self.origin.as_deref().or_else(|| same_origin::of(url)).unwrap_or_default()
    }

    /// The backend's `Set-Cookie` lines as the browser gets them. The app may reach the backend by http, and the backend
    /// may not know that browsers reach the app by https: then its session cookies get `Secure`.
    pub(super) fn lines(&self, lines: Vec<String>, own: &str) -> Vec<String> {
        let of_session =
            |line: &str| set_cookie::parse(line).is_some_and(|cookie| self.names.is_of_session(cookie.name));
        let line = |line: String| {
            let line = match &self.set_domain {
                Some(domain) => with_domain(&line, domain),
                None => line,
            };
            if is_https(own) && of_session(&line) { with_secure(&line) } else { line }
        };
        lines.into_iter().map(line).collect()
    }

    /// The lines that clear what session cookies a request to this URL has; `ends` as in [`Place`].
    pub(super) fn clear(&self, cookies: &BackendCookies<'_, '_>, url: &str, ends: bool) -> Vec<String> {
        let own = self.own(url);
        cookies.clear(Place {
            host: host(own),
            path: path(url),
            domain: self.domain.as_deref(),
            secure: is_https(own),
            ends,
        })
    }
}

fn is_https(origin: &str) -> bool {
    origin.starts_with("https:")
}

/// The host of an origin, without its port.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    let end =
        if authority.starts_with('[') { authority.find(']').map(|end| end + 1) } else { authority.find(':') };
    end.and_then(|end| authority.get(..end)).unwrap_or(authority)
}

/// The path of an absolute URL in normal form.
pub(crate) fn path(url: &str) -> &str {
    let rest = same_origin::of(url).and_then(|origin| url.get(origin.len()..)).unwrap_or_default();
    rest.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_path_are_cut_out_of_urls_in_normal_form() {
        for (origin, expected) in [
            ("https://app.example", "app.example"),
            ("http://app.example:8443", "app.example"),
            ("http://[::1]:3000", "[::1]"),
            ("http://[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(host(origin), expected, "{origin}");
        }
        for (url, expected) in [
            ("https://app.example/a/b?c#d", "/a/b"),
            ("https://app.example/", "/"),
            ("https://app.example?x", "/"),
            ("https://app.example/a#b?c", "/a"),
            ("none", "/"),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
