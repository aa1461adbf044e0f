//! What a response of the handlers carries beside its answer: the headers that keep it harmless in a browser, and what
//! caches may do with it. All handlers take them from here.

/// What kind of response it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A typed refusal, of whatever handler.
    Refusal,
    /// A response that was made with the visitor's cookies at hand: a refusal, a sign-out, a redirect of a guard.
    Session,
    /// A typed error in the same place.
    SessionError,
    /// An answer of the cookie endpoint.
    Endpoint,
    /// What the authentication backend answered, as the page gets it: data, and never a page of the app.
    Backend,
    /// A redirect whose address holds what nobody else may learn.
    LeadOn,
    /// An answer of own sign-in: who is signed in, or a redirect.
    SignIn,
    /// The keys with which an API verifies this app's tokens.
    PublicKeys,
    /// The page of a magic link. Its token is in the address, and a form of a page without referrer would send
    /// `Origin: null`, which proves nothing.
    LinkPage,
    /// The page of a guard that lets nobody in.
    GuardPage,
    /// A response that sets cookies, or was made for somebody who is signed in.
    Private,
}

const NO_STORE: (&str, &str) = ("cache-control", "private, no-store");
const NO_SNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
const OWN_ORIGIN: (&str, &str) = ("cross-origin-resource-policy", "same-origin");
const BY_COOKIE: (&str, &str) = ("vary", "Cookie");

impl Kind {
    /// The kinds, by the names that js/server/headers.ts knows.
    pub const ALL: &[(&str, Kind)] = &[
        ("refusal", Kind::Refusal),
        ("session", Kind::Session),
        ("session-error", Kind::SessionError),
        ("endpoint", Kind::Endpoint),
        ("backend", Kind::Backend),
        ("lead-on", Kind::LeadOn),
        ("sign-in", Kind::SignIn),
        ("public-keys", Kind::PublicKeys),
        ("link-page", Kind::LinkPage),
        ("guard-page", Kind::GuardPage),
        ("private", Kind::Private),
    ];

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, kind)| kind)
    }

    /// Names and values.
    pub const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Kind::Refusal => &[("cache-control", "no-store"), NO_SNIFF, OWN_ORIGIN],
            Kind::Session => &[NO_STORE, BY_COOKIE],
            Kind::SessionError => &[NO_STORE, BY_COOKIE, NO_SNIFF, OWN_ORIGIN],
            Kind::Endpoint => {
                &[NO_STORE, OWN_ORIGIN, ("vary", "Sec-Fetch-Dest, Sec-Fetch-Site, Sec-Fetch-Mode")]
            }
            Kind::Backend => &[
                NO_STORE,
                BY_COOKIE,
                NO_SNIFF,
                OWN_ORIGIN,
                ("content-security-policy", "sandbox"),
                ("referrer-policy", "no-referrer"),
            ],
            Kind::LeadOn => &[NO_STORE, NO_SNIFF, ("referrer-policy", "no-referrer")],
            Kind::SignIn => &[NO_STORE, BY_COOKIE, NO_SNIFF, OWN_ORIGIN, ("referrer-policy", "no-referrer")],
            Kind::PublicKeys => &[("cache-control", "public, max-age=300"), NO_SNIFF],
            Kind::LinkPage => &[NO_STORE, NO_SNIFF, ("referrer-policy", "same-origin")],
            Kind::GuardPage => &[
                NO_STORE,
                BY_COOKIE,
                NO_SNIFF,
                (
                    "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                ),
            ],
            Kind::Private => &[NO_STORE],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_keeps_what_a_handler_says_for_somebody() {
        for (name, kind) in Kind::ALL {
            assert_eq!(Kind::parse(name), Some(*kind));
            let caching = kind.headers().iter().find(|(name, _)| *name == "cache-control").unwrap().1;
            assert!(caching.contains("no-store") || *kind == Kind::PublicKeys, "{name}");
            let mut names: Vec<&str> = kind.headers().iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), kind.headers().len(), "{name}");
        }
        assert_eq!(Kind::parse("none"), None);
    }
}
