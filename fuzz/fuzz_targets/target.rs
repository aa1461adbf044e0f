//! No address and no `Location` leaves a declared target, and a `Location` leads where the upstream meant.
#![no_main]
use httponly::proxy::target::{Base, owner};
use httponly_fuzz::oracle::inside;
use url::Url;

const TARGETS: [&str; 5] = [
    "https://api.example/",
    "https://api.example/v1",
    "https://api.example/v1/",
    "http://api.example:8080/a/b",
    "http://[::1]:81/a%20b/",
];

// An address, and behind a line break a `Location` that answers it.
libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let target = TARGETS[usize::from(input.0) % TARGETS.len()];
    let base = Base::parse(target).unwrap();
    let (address, location) = input.1.split_once('\n').unwrap_or((input.1, input.1));
    let (rest, query) = match address.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (address, None),
    };
    let by_header = |url: &str| base.inside(url).and_then(|(rest, query)| base.join(rest, query)).ok();
    let by_path = base.join(rest, query).ok();
    if let Some(url) = &by_path {
        assert!(inside(url, target), "{url:?}");
        assert_eq!(by_header(url).as_ref(), Some(url));
    }
    for text in [address.to_owned(), format!("{target}{address}"), format!("{target}/{address}")] {
        if let Some(url) = by_header(&text) {
            assert!(inside(&url, target), "{url:?}");
            assert_eq!(
                owner(&text, &TARGETS).map(|at| base.origin() == Base::parse(TARGETS[at]).unwrap().origin()),
                Some(true)
            );
        }
    }
    let requested = by_path.unwrap_or_else(|| target.into());
    let Some(local) = base.relocate(&requested, location, "/m") else { return };
    let app = Url::parse("https://app.example/").unwrap();
    let read = app.join(&local).unwrap();
    assert!(
        read.origin() == app.origin() && (read.path() == "/m" || read.path().starts_with("/m/")),
        "{local:?}"
    );
    let prefix = &target[..target.len() - usize::from(target.ends_with('/'))];
    // Of a Location without path and query the query stays behind: a cookie may have been spent in it.
    let kept = matches!(location.chars().next(), None | Some('#'));
    let mut requested = Url::parse(&requested).unwrap();
    requested.set_query(requested.query().filter(|_| !kept).map(str::to_owned).as_deref());
    let ours = Url::parse(&format!("{prefix}{}", &local[2..])).unwrap();
    // The crate takes a drive letter for one in an https URL, too, and does not leave it by a dot segment.
    let drive = |segment: &str| matches!(segment.as_bytes(), [letter, b':' | b'|', ..] if letter.is_ascii_alphabetic());
    if [location, requested.path()].into_iter().any(|text| text.split('/').any(drive)) {
        return;
    }
    let theirs = requested.join(location).unwrap();
    // The crate is older than the standard in this one byte.
    assert_eq!(ours.as_str().replace("%5E", "^"), theirs.as_str().replace("%5E", "^"), "{local:?}");
});
