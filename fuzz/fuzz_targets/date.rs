//! A date that is read is written as one that reads the same.
#![no_main]
use httponly::http::date::{format, parse};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(date) = parse(text) {
        assert_eq!(parse(std::str::from_utf8(&format(date)).expect("dates are ASCII")), Some(date));
    }
});
