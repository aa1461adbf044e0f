//! Which requests may change state or spend a cookie: those with a proof that the app's own origin sent them.
//!
//! A browser sends the cookies of a site along with requests that other sites caused. The proof is what such a
//! request cannot carry: Fetch Metadata (W3C Fetch Metadata Request Headers, section 2), an equal `Origin`
//! (RFC 6454 section 7), or a header that a page of another origin can only send after a CORS preflight, which no
//! handler here ever answers.

use crate::error::{Refusal, Rule};

/// The header by which this package's own functions say who they are; its value is `1`.
pub const PROOF_HEADER: &str = "x-httponly";

/// The header values of one request that the proof is made of; `None` is an absent header.
///
/// A header that was sent twice is one value with a comma in it, as `Headers.get` gives it, and so proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims<'a> {
    /// `Sec-Fetch-Site`
    pub site: Option<&'a str>,
    /// `Sec-Fetch-Mode`
    pub mode: Option<&'a str>,
    /// `Sec-Fetch-Dest`
    pub dest: Option<&'a str>,
    /// `Sec-Purpose`
    pub purpose: Option<&'a str>,
    /// `Origin`
    pub origin: Option<&'a str>,
    /// `x-httponly`
    pub header: Option<&'a str>,
}

/// Refuses a request that does not prove that it comes from the origin `own`, written as in `Origin`:
/// scheme, `://`, host and, if it is not the scheme's own, port.
///
/// Proofs are `Sec-Fetch-Site: same-origin` with `Sec-Fetch-Dest: empty` and `Sec-Fetch-Mode: cors` or `same-origin`, so
/// that a navigation, a form, an image, a script, a frame, a ping or a preload of the same origin is none. All browsers
/// that send one of the three send all of them, so an absent mode proves nothing. Only where `Sec-Fetch-Site` is absent,
/// other proofs are an `Origin` that equals `own`, or `x-httponly: 1` with an `Origin` that is absent or equals `own`. `Origin: null` equals nothing.
///
/// # Errors
/// [`Rule::ProofMissing`].
///
/// ```
/// use httponly::http::same_origin::{Claims, prove};
///
/// let fetch = Claims {
///     site: Some("same-origin"),
///     mode: Some("cors"),
///     dest: Some("empty"),
///     ..Claims::default()
/// };
/// assert!(prove(fetch, "https://app.example").is_ok());
///
/// let link = Claims { site: Some("same-origin"), dest: Some("document"), ..Claims::default() };
/// assert!(prove(link, "https://app.example").is_err());
/// ```
pub fn prove(claims: Claims<'_>, own: &str) -> Result<(), Refusal> {
    let equal = |origin: &str| origin == own && own != "null" && !own.is_empty();
    let proven = match (claims.site, claims.origin) {
        // A prefetch has no destination either, and markup alone can ask for it.
        (Some(site), _) => {
            let fetches = matches!(claims.mode, Some("cors" | "same-origin"));
            site == "same-origin" && fetches && claims.dest == Some("empty") && claims.purpose.is_none()
        }
        (None, Some(origin)) => equal(origin) && claims.header.is_none_or(|value| value == "1"),
        (None, None) => claims.header == Some("1"),
    };
    if proven { Ok(()) } else { Err(Rule::ProofMissing.into()) }
}

/// Refuses a request that [`prove`] refuses, and one that does not carry [`PROOF_HEADER`]: a preload in markup looks like
/// a `fetch`, but no markup sends a header of its own.
///
/// # Errors
/// [`Rule::ProofMissing`], [`Rule::ProofHeader`].
pub fn prove_by_header(claims: Claims<'_>, own: &str) -> Result<(), Refusal> {
    prove(claims, own)?;
    if claims.header == Some("1") { Ok(()) } else { Err(Rule::ProofHeader.into()) }
}

/// Whether a browser runs what it fetches for a `Sec-Fetch-Dest` in the page that asked for it, or takes orders from it:
/// the script-like destinations (Fetch standard, section 2.2.5), `xslt`, `style` and what rules the loading of others. A
/// `Content-Security-Policy` of the response does not hinder any of them but workers.
///
/// An image with the mode `same-origin` is a document of SVG of which `<use>` takes parts into the page, and their event
/// handlers with them; `<img>` and CSS have other modes.
///
/// ```
/// use httponly::http::same_origin::runs;
///
/// assert!(runs(Some("serviceworker"), None));
/// assert!(runs(Some("image"), Some("same-origin")));
/// assert!(!runs(Some("image"), Some("no-cors")));
/// assert!(!runs(Some("empty"), Some("same-origin")));
/// ```
pub fn runs(dest: Option<&str>, mode: Option<&str>) -> bool {
    let taken_in = dest == Some("image") && mode == Some("same-origin");
    taken_in
        || dest.is_some_and(|dest| {
            matches!(
                dest,
                "script"
                    | "worker"
                    | "sharedworker"
                    | "serviceworker"
                    | "audioworklet"
                    | "paintworklet"
                    | "sharedstorageworklet"
                    | "xslt"
                    | "style"
                    | "manifest"
                    | "speculationrules"
                    | "dictionary"
            )
        })
}

/// A load of the app's own pages that may spend a cookie where a target says so. What it brings is shown or played, and
/// never run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `<img>`, `url()` of CSS
    Image,
    /// `<audio>`
    Audio,
    /// `<video>`
    Video,
    /// `<track>`
    Track,
    /// `@font-face`
    Font,
    /// A navigation of the window: a link to a download
    Document,
}

impl Destination {
    /// The destination that `Sec-Fetch-Dest` calls so; `None` for one that may never spend.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "image" => Self::Image,
            "audio" => Self::Audio,
            "video" => Self::Video,
            "track" => Self::Track,
            "font" => Self::Font,
            "document" => Self::Document,
            _ => return None,
        })
    }

    /// Whether a request is such a load of the app's own origin: by `Sec-Fetch-Site: same-origin` alone, since no other
    /// header tells an image from a page. A navigation is the visitor's own, with no prefetch.
    ///
    /// ```
    /// use httponly::http::same_origin::{Claims, Destination};
    ///
    /// let image = Claims { site: Some("same-origin"), mode: Some("no-cors"), dest: Some("image"), ..Claims::default() };
    /// assert!(Destination::Image.is_load(image));
    /// assert!(!Destination::Image.is_load(Claims { site: Some("same-site"), ..image }));
    /// ```
    pub fn is_load(self, claims: Claims<'_>) -> bool {
        let mode = match self {
            Self::Document => claims.mode == Some("navigate"),
            Self::Image => matches!(claims.mode, Some("no-cors" | "cors")),
            _ => matches!(claims.mode, Some("no-cors" | "cors" | "same-origin")),
        };
        claims.site == Some("same-origin")
            && mode
            && claims.purpose.is_none()
            && claims.dest.and_then(Self::parse) == Some(self)
    }
}

/// Refuses a request that changes state unless it comes from the origin `own`, be it a `fetch` or a form: by
/// `Sec-Fetch-Site: same-origin`; where that is absent, as [`prove`] does.
///
/// It is for handlers whose forms work without JavaScript. A request that no script and no form sends (`<a ping>`, a
/// preload) has the mode `no-cors`, and is refused.
///
/// # Errors
/// [`Rule::ProofMissing`].
pub fn prove_sender(claims: Claims<'_>, own: &str) -> Result<(), Refusal> {
    let sends = claims.mode != Some("no-cors") && claims.purpose.is_none();
    if claims.site == Some("same-origin") && sends { Ok(()) } else { prove(claims, own) }
}

/// Refuses what another site reads without the visitor's seeing it: from elsewhere only a navigation of the whole
/// window passes, as from a mail or an OAuth provider. Requests without Fetch Metadata pass: no browser of today sends
/// them.
///
/// # Errors
/// [`Rule::ForeignRead`].
pub fn check_read(site: Option<&str>, mode: Option<&str>, dest: Option<&str>) -> Result<(), Refusal> {
    match site {
        None | Some("same-origin") => Ok(()),
        Some(_) if mode == Some("navigate") && dest == Some("document") => Ok(()),
        Some(_) => Err(Rule::ForeignRead.into()),
    }
}

/// The origin of an absolute http or https URL as the URL standard writes it: everything before the path.
///
/// It does not parse, it cuts: pass `Request.url` or `URL.href`, which are in normal form already.
///
/// ```
/// use httponly::http::same_origin::of;
///
/// assert_eq!(of("https://app.example:8443/a?b"), Some("https://app.example:8443"));
/// assert_eq!(of("file:///etc/passwd"), None);
/// ```
pub fn of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().filter(|a| !a.is_empty() && !a.contains('@'))?;
    url.get(..url.len() - rest.len() + authority.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    fn proven(site: &str, dest: &str, origin: &str, header: &str) -> bool {
        fn some(value: &str) -> Option<&str> {
            (value != "-").then_some(value)
        }
        let claims = Claims {
            site: some(site),
            mode: Some("cors"),
            dest: some(dest),
            purpose: None,
            origin: some(origin),
            header: some(header),
        };
        prove(claims, OWN).is_ok()
    }

    #[test]
    fn a_prefetch_proves_nothing() {
        let claims = Claims {
            site: Some("same-origin"),
            mode: Some("cors"),
            dest: Some("empty"),
            ..Claims::default()
        };
        assert!(prove(claims, OWN).is_ok());
        assert!(prove(Claims { purpose: Some("prefetch"), ..claims }, OWN).is_err());
    }

    #[test]
    fn a_fetch_of_the_same_origin_is_proven() {
        assert!(proven("same-origin", "empty", "-", "-"));
        assert!(proven("same-origin", "empty", OWN, "1"));
        // Behind a TLS terminator the app may take its own origin for http: the browser's word stands.
        assert!(proven("same-origin", "empty", "http://app.example", "-"));
    }

    #[test]
    fn a_form_of_the_same_origin_may_send_and_nothing_of_another() {
        let sent = |site, dest, origin, header| {
            prove_sender(Claims { site, mode: None, dest, purpose: None, origin, header }, OWN).is_ok()
        };
        for dest in [None, Some("document"), Some("empty")] {
            assert!(sent(Some("same-origin"), dest, None, None));
            for site in ["same-site", "cross-site", "none", ""] {
                assert!(!sent(Some(site), dest, Some(OWN), Some("1")), "{site}");
            }
            assert!(sent(None, dest, Some(OWN), None));
            assert!(sent(None, dest, None, Some("1")));
            assert!(!sent(None, dest, None, None));
            assert!(!sent(None, dest, Some("null"), Some("1")));
            assert!(!sent(None, dest, Some("https://evil.example"), Some("1")));
        }
    }

    #[test]
    fn what_markup_sends_by_itself_proves_nothing() {
        let claims =
            |mode| Claims { site: Some("same-origin"), mode, dest: Some("empty"), ..Claims::default() };
        for mode in [Some("cors"), Some("same-origin")] {
            assert!(prove(claims(mode), OWN).is_ok(), "{mode:?}");
            assert!(prove_sender(claims(mode), OWN).is_ok(), "{mode:?}");
        }
        // A ping, a preload, a beacon; a form; a socket; what no browser sends.
        for mode in [Some("no-cors"), Some("navigate"), Some("websocket"), Some(""), Some("cors, cors"), None]
        {
            assert!(prove(claims(mode), OWN).is_err(), "{mode:?}");
            assert!(prove(Claims { header: Some("1"), ..claims(mode) }, OWN).is_err(), "{mode:?}");
        }
        assert!(prove_sender(claims(Some("navigate")), OWN).is_ok());
        assert!(prove_sender(claims(Some("no-cors")), OWN).is_err());
        assert!(prove_sender(Claims { purpose: Some("prefetch"), ..claims(Some("cors")) }, OWN).is_err());
    }

    #[test]
    fn a_load_of_the_own_origin_is_known_by_fetch_metadata_alone() {
        let all = ["image", "audio", "video", "track", "font", "document"];
        for name in all {
            let destination = Destination::parse(name).unwrap();
            let mode = if name == "document" { "navigate" } else { "no-cors" };
            let load =
                Claims { site: Some("same-origin"), mode: Some(mode), dest: Some(name), ..Claims::default() };
            assert!(destination.is_load(load), "{name}");
            for site in [None, Some("same-site"), Some("cross-site"), Some("none")] {
                let origin = Some(OWN);
                assert!(
                    !destination.is_load(Claims { site, origin, header: Some("1"), ..load }),
                    "{name} {site:?}"
                );
            }
            for dest in [None, Some("empty"), Some("script"), Some("style"), Some("iframe"), Some("embed")] {
                assert!(!destination.is_load(Claims { dest, ..load }), "{name} {dest:?}");
            }
            assert!(!destination.is_load(Claims { purpose: Some("prefetch"), ..load }));
            assert!(!destination.is_load(Claims { mode: None, ..load }));
            // `<use>` of SVG takes what it loads into the page.
            let taken_in = Claims { mode: Some("same-origin"), ..load };
            assert!(name != "image" || !destination.is_load(taken_in));
        }
        for name in ["script", "style", "empty", "iframe", "object", "worker", "manifest", "Image", ""] {
            assert_eq!(Destination::parse(name), None, "{name}");
        }
    }

    #[test]
    fn another_site_may_navigate_and_read_nothing() {
        let read = |site, mode, dest| check_read(site, mode, dest).is_ok();
        assert!(read(None, None, None));
        assert!(read(Some("same-origin"), Some("cors"), Some("empty")));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(read(Some(site), Some("navigate"), Some("document")), "{site}");
            for (mode, dest) in
                [("cors", "empty"), ("no-cors", "image"), ("navigate", "iframe"), ("no-cors", "document")]
            {
                assert!(!read(Some(site), Some(mode), Some(dest)), "{site} {mode} {dest}");
            }
            assert!(!read(Some(site), None, None), "{site}");
        }
    }

    #[test]
    fn what_is_no_fetch_is_not_proven_even_from_the_same_origin() {
        for dest in ["-", "document", "iframe", "image", "script", "style", "worker", "serviceworker", ""] {
            assert!(!proven("same-origin", dest, OWN, "1"), "{dest}");
        }
    }

    #[test]
    fn another_site_is_not_proven_whatever_else_it_sends() {
        for site in ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin ", "null"] {
            for origin in ["-", OWN, "null"] {
                for header in ["-", "1"] {
                    assert!(!proven(site, "empty", origin, header), "{site} {origin} {header}");
                }
            }
        }
    }

    #[test]
    fn without_fetch_metadata_an_equal_origin_proves() {
        assert!(proven("-", "-", OWN, "-"));
        assert!(proven("-", "-", OWN, "1"));
        assert!(proven("-", "document", OWN, "-"));
    }

    #[test]
    fn an_origin_that_differs_in_anything_does_not_prove() {
        for origin in [
            "",
            "null",
            "http://app.example",
            "https://app.example:443",
            "https://app.example:8443",
            "https://app.example/",
            "https://app.example.evil.example",
            "https://evil.example",
            "https://sub.app.example",
            "https://APP.example",
            "https://app.example.",
            "https://app.example@evil.example",
            " https://app.example",
        ] {
            for header in ["-", "1"] {
                assert!(!proven("-", "-", origin, header), "{origin}");
            }
        }
    }

    #[test]
    fn the_header_proves_where_no_origin_was_sent() {
        assert!(proven("-", "-", "-", "1"));
        for header in ["-", "", "0", "true", " 1", "11"] {
            assert!(!proven("-", "-", "-", header), "{header:?}");
        }
        assert!(!proven("-", "-", OWN, "0"));
    }

    #[test]
    fn two_values_prove_nothing() {
        assert!(!proven("same-origin, same-origin", "empty", "-", "-"));
        assert!(!proven("same-origin, cross-site", "empty", "-", "-"));
        assert!(!proven("same-origin", "empty, empty", "-", "-"));
        assert!(!proven("-", "-", "https://app.example, https://app.example", "1"));
        assert!(!proven("-", "-", "-", "1, 1"));
    }

    #[test]
    fn an_app_without_an_origin_has_no_equal() {
        for own in ["null", ""] {
            let claims = Claims { origin: Some(own), header: Some("1"), ..Claims::default() };
            assert!(prove(claims, own).is_err());
        }
    }

    #[test]
    fn the_origin_is_cut_from_a_url_in_normal_form() {
        for (url, origin) in [
            ("https://a.example/", Some("https://a.example")),
            ("http://a.example:81?x", Some("http://a.example:81")),
            ("http://[::1]:81/#", Some("http://[::1]:81")),
            ("https://", None),
            ("https:///a", None),
            ("ftp://a.example/", None),
            ("https://u:p@a.example/", None),
            ("/path", None),
            ("", None),
        ] {
            assert_eq!(of(url), origin, "{url}");
        }
    }
}
