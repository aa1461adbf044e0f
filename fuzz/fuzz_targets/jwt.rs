//! Reading a token never panics, and `exp` is a finite number.
#![no_main]

libfuzzer_sys::fuzz_target!(|token: &str| {
    assert!(httponly::jwt::decode(token).and_then(|claims| claims.exp).is_none_or(f64::is_finite));
});
