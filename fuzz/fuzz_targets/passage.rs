//! What passes to a backend lies below its base path; what it redirects to is the app, or http and https elsewhere.
#![no_main]
use httponly::http::same_origin;
use httponly::auth::routes::{SpecialRoute, Invalidation, Paths, Sender, relocate};
use httponly_fuzz::oracle::{inside, leaves};
use url::Url;

const OWN: &str = "https://app.example";

// What stands behind the base, and behind a line break a `Location` that answers it.
libfuzzer_sys::fuzz_target!(|input: &str| {
    let (rest, location) = input.split_once('\n').unwrap_or((input, input));
    let paths = Paths::new("/api/auth", "/get-session", "/sign-out").unwrap();
    for url in
        [format!("{OWN}/api/auth/{rest}"), format!("{OWN}/{rest}"), format!("{OWN}{rest}"), rest.to_owned()]
    {
        let Ok(upstream) = paths.upstream("http://auth:8789/", &url) else { continue };
        assert!(inside(&upstream, "http://auth:8789/api/auth"), "{upstream:?}");
        // Whoever writes it otherwise gets no other treatment.
        let path = Url::parse(&upstream).unwrap().path().to_ascii_lowercase();
        let path = String::from_utf8_lossy(&httponly_fuzz::decoded(&path)).into_owned();
        let is = |name: &str| path == format!("/api/auth/{name}");
        if is("sign-out") {
            assert!(paths.admit("GET", &url, &Sender::default(), OWN).is_err());
        }
        if is("magic-link/verify") {
            assert_eq!(paths.detour("GET", &url), SpecialRoute::ShowLink);
        }
        if is("revoke-session") {
            assert_eq!(paths.detour("POST", &url), SpecialRoute::Revoke);
        }
        if is("revoke-sessions") {
            assert_eq!(paths.effect("POST", &url, true), Invalidation::User);
        }
        let foreign =
            Sender { claims: same_origin::Claims { site: Some("cross-site"), ..Default::default() }, mode: None };
        assert!(
            paths.admit("POST", &url, &foreign, OWN).is_err()
                && paths.admit("GET", &url, &foreign, OWN).is_err()
        );
    }
    for backend in ["http://auth:8789/", "http://auth:8789/deep/"] {
        let Some(to) = relocate(backend, "http://auth:8789/api/auth/x/y", location) else { continue };
        if to.starts_with('/') {
            assert!(!leaves(&to, &[]), "{to:?}");
        } else if let Ok(url) = Url::parse(&to) {
            // As it is written: another way to write the backend's origin is another origin.
            assert!(
                matches!(url.scheme(), "http" | "https") && !to.starts_with("http://auth:8789/"),
                "{to:?}"
            );
            assert_eq!(Url::parse("http://auth:8789/api/auth/x/y").unwrap().join(location).ok(), Some(url));
        } else {
            // No browser follows it either.
            assert!(to.starts_with("http://") || to.starts_with("https://"), "{to:?}");
        }
    }
});
