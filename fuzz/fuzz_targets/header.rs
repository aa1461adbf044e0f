//! The cookies of a header are slices of it, and the first of a name is the one that is found.
#![no_main]
use httponly::cookie::header::{find, pairs};

libfuzzer_sys::fuzz_target!(|header: &str| {
    for pair in pairs(header).filter(|pair| !pair.name().is_empty()) {
        let found = find(header, &header[pair.name()]).expect("it was read a moment ago");
        assert!(found.name().start <= pair.name().start);
        assert!(pair.encoded || !header[pair.value()].contains('%'));
    }
});
