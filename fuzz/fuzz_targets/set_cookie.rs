//! Whatever is read can be written and read again; joined lines come apart into parts of themselves.
#![no_main]
use httponly::cookie::set_cookie::{Attributes, parse, serialize, split};

libfuzzer_sys::fuzz_target!(|line: &str| {
    assert!(split(line).all(|part| line.contains(part)));
    let Some(cookie) = parse(line) else { return };
    let attributes = Attributes { path: cookie.path, domain: cookie.domain, ..Attributes::default() };
    if let Ok(written) = serialize(cookie.name, cookie.value, &attributes) {
        assert_eq!(parse(&written).map(|again| (again.name, again.path)), Some((cookie.name, cookie.path)));
    }
});
