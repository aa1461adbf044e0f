//! The paths of own sign-in, who may ask for them, and by which method.

use crate::{
    auth::form_post,
    error::{Refusal, Rule},
    http::{
        redirect,
        same_origin::{Claims, check_read, of, prove_sender},
    },
};

/// What a path does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Begins to sign in at a provider.
    Social,
    /// Signs in by the fields of a form.
    Credentials,
    /// Mails a link.
    SendLink,
    /// Shows or uses the link of a mail.
    UseLink,
    /// Ends the session.
    SignOut,
    /// Ends all sessions of the user.
    SignOutEverywhere,
    /// Tells who is signed in.
    Session,
    /// Where a provider sends the visitor back to.
    Callback,
    /// Where a provider says that a session ended there (OpenID Connect Back-Channel Logout).
    BackChannel,
    /// The public keys of the app's own tokens.
    Keys,
    /// Sends a code for the second factor.
    SendCode,
    /// Checks the second factor.
    SecondFactor,
}

const PATHS: [(&str, Route); 12] = [
    ("sign-in/social", Route::Social),
    ("sign-in/email", Route::Credentials),
    ("sign-in/magic-link", Route::SendLink),
    ("magic-link/verify", Route::UseLink),
    ("sign-out", Route::SignOut),
    ("revoke-sessions", Route::SignOutEverywhere),
    ("get-session", Route::Session),
    ("jwks", Route::Keys),
    ("two-factor/send-otp", Route::SendCode),
    ("two-factor/verify-totp", Route::SecondFactor),
    ("two-factor/verify-otp", Route::SecondFactor),
    ("two-factor/verify-backup-code", Route::SecondFactor),
];

impl Route {
    /// The name under which JavaScript knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Route::Social => "social",
            Route::Credentials => "credentials",
            Route::SendLink => "send-link",
            Route::UseLink => "use-link",
            Route::SignOut => "sign-out",
            Route::SignOutEverywhere => "sign-out-everywhere",
            Route::Session => "session",
            Route::Callback => "callback",
            Route::BackChannel => "back-channel",
            Route::Keys => "keys",
            Route::SendCode => "send-code",
            Route::SecondFactor => "second-factor",
        }
    }

    /// The methods that it takes, as `Allow` writes them.
    pub const fn allow(self) -> &'static str {
        match self {
            Route::Session | Route::Keys => "GET, HEAD",
            Route::UseLink => "GET, HEAD, POST",
            Route::Callback => "GET, POST",
            _ => "POST",
        }
    }
}

/// The path below which all others lie: with a slash before it and none behind. `None` for one that is no plain path.
///
/// ```
/// use httponly::sign_in::route::base;
///
/// assert_eq!(base("/api/auth/").as_deref(), Some("/api/auth"));
/// assert_eq!(base("//evil.example"), None);
/// ```
pub fn base(path: &str) -> Option<String> {
    let plain = path.strip_suffix('/').unwrap_or(path);
    let fits = plain.starts_with('/') && !plain.contains(['?', '#', '%']) && plain.len() > 1;
    (fits && redirect::check(plain, &[]).as_deref() == Some(plain)).then(|| plain.into())
}

/// Whether a provider may have this name: it stands in paths and in names of cookies.
///
/// ```
/// use httponly::sign_in::route::is_provider;
///
/// assert!(is_provider("google"));
/// assert!(!is_provider("my provider") && !is_provider("a/b"));
/// ```
pub fn is_provider(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

/// What a request URL asks for, and of which provider where its path names one. A path is known by one spelling alone.
///
/// # Errors
/// [`Rule::SignInPath`].
pub fn of_url<'u>(base: &str, url: &'u str) -> Result<(Route, &'u str), Refusal> {
    let own = of(url).ok_or(Rule::SignInPath)?;
    let path = url.get(own.len()..).unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
    let rest = path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).ok_or(Rule::SignInPath)?;
    if let Some(provider) = rest.strip_prefix("callback/").filter(|name| is_provider(name)) {
        return Ok((Route::Callback, provider));
    }
    if let Some(provider) = rest.strip_prefix("backchannel-logout/").filter(|name| is_provider(name)) {
        return Ok((Route::BackChannel, provider));
    }
    let known = PATHS.iter().find(|(path, _)| *path == rest);
    known
        .map(|&(_, route)| (route, rest.rsplit('/').next().unwrap_or_default()))
        .ok_or(Rule::SignInPath.into())
}

/// Refuses what has no business at a route. What changes something comes from the app's own origin; a provider's answer,
/// be it by link or by form, is a navigation of the whole window; a back channel is no browser's, and its token is signed.
///
/// # Errors
/// [`Rule::SignInMethod`], [`Rule::ProofMissing`], [`Rule::ForeignRead`].
pub fn admit(route: Route, method: &str, claims: Claims<'_>, own: &str) -> Result<(), Refusal> {
    if !route.allow().split(", ").any(|allowed| allowed == method) {
        return Err(Rule::SignInMethod.into());
    }
    match route {
        Route::BackChannel => Ok(()),
        _ if method != "POST" || route == Route::Callback => {
            check_read(claims.site, claims.mode, claims.dest)
        }
        _ => prove_sender(claims, own),
    }
}

/// Where a provider's answer by form leads: to a GET of the same path, whose query is what the form said. The cookies of
/// the transaction, which are `SameSite=Lax`, come along with that one only.
///
/// # Errors
/// Those of [`form_post::query`].
///
/// ```
/// use httponly::sign_in::route::form_post;
///
/// assert_eq!(form_post("/auth", "apple", "code=c&state=s").unwrap(), "/auth/callback/apple?code=c&state=s");
/// ```
pub fn form_post(base: &str, provider: &str, body: &str) -> Result<String, Refusal> {
    Ok(format!("{base}/callback/{provider}?{}", form_post::query(body)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    #[test]
    fn a_path_is_known_by_one_spelling() {
        let asked = |path: &str| {
            let url = format!("{OWN}{path}");
            of_url("/api/auth", &url).map(|(route, last)| (route, last.to_owned())).map_err(Refusal::rule)
        };
        assert_eq!(asked("/api/auth/sign-in/email?x#y"), Ok((Route::Credentials, "email".into())));
        assert_eq!(asked("/api/auth/callback/my-idp?code=c"), Ok((Route::Callback, "my-idp".into())));
        assert_eq!(asked("/api/auth/two-factor/verify-otp"), Ok((Route::SecondFactor, "verify-otp".into())));
        for path in [
            "/api/auth",
            "/api/auth/",
            "/api/auth/sign-out/",
            "/api/auth//sign-out",
            "/api/auth/Sign-Out",
            "/api/auth/sign%2Dout",
            "/api/authsign-out",
            "/sign-out",
            "/api/auth/callback/",
            "/api/auth/callback/a/b",
            "/api/auth/callback/%61",
            "/api/auth/callback/A",
            "/api/auth/callback",
            "/api/auth/sign-up/email",
        ] {
            assert_eq!(asked(path), Err(Rule::SignInPath), "{path}");
        }
    }

    #[test]
    fn what_changes_something_is_the_own_origins() {
        let sent = |route: Route, method, site, mode, dest| {
            let claims = Claims { site, mode, dest, ..Claims::default() };
            admit(route, method, claims, OWN).map_err(Refusal::rule)
        };
        let same = Some("same-origin");
        for route in [Route::Social, Route::Credentials, Route::SendLink, Route::UseLink, Route::SignOut] {
            assert_eq!(sent(route, "POST", same, Some("cors"), Some("empty")), Ok(()));
            assert_eq!(sent(route, "POST", same, Some("navigate"), Some("document")), Ok(()));
            for site in [None, Some("cross-site"), Some("same-site"), Some("none")] {
                assert_eq!(
                    sent(route, "POST", site, Some("navigate"), Some("document")),
                    Err(Rule::ProofMissing)
                );
            }
        }
        for route in [Route::Social, Route::Credentials, Route::SendLink, Route::SignOut] {
            assert_eq!(sent(route, "GET", same, Some("cors"), Some("empty")), Err(Rule::SignInMethod));
        }
        let cross = Some("cross-site");
        for method in ["GET", "POST"] {
            assert_eq!(sent(Route::Callback, method, cross, Some("navigate"), Some("document")), Ok(()));
            assert_eq!(
                sent(Route::Callback, method, cross, Some("navigate"), Some("iframe")),
                Err(Rule::ForeignRead)
            );
            assert_eq!(
                sent(Route::Callback, method, cross, Some("cors"), Some("empty")),
                Err(Rule::ForeignRead)
            );
        }
    }
}
