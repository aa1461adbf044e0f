//! What is accepted as a redirect stays on the site, however often it is read, and so does what is made of it.
#![no_main]
use httponly::http::redirect::{MAX_TARGET, check};
use httponly::auth::flow::destination;
use httponly::auth::client::with_error;
use httponly_fuzz::oracle::leaves;
use url::Url;

libfuzzer_sys::fuzz_target!(|target: &str| {
    for allow in [&[][..], &["https://ok.example", "http://ok.example:8080"]] {
        let Some(out) = check(target, allow) else { continue };
        assert!(!leaves(&out, allow), "{out:?}");
        assert!(out.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(out.len() > MAX_TARGET || check(&out, allow).as_deref() == Some(&*out), "{out:?}");
        let failed = with_error(&out, "signin-failed", Some(target));
        assert!(!leaves(&failed, allow), "{failed:?}");
        let read = Url::parse("https://app.example").unwrap().join(&failed).unwrap();
        assert!(read.query_pairs().any(|(name, value)| name == "reason" && value == target));
    }
    if let Some(to) = destination(&[target], "https://app.example") {
        assert!(!leaves(&to, &[]), "{to:?}");
    }
});
