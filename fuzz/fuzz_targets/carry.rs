//! What a request carries after cookies were set: each as its line says, the others as they were, and no third thing.
#![no_main]
use httponly::cookie::attributes::path_matches;
use httponly::cookie::apply::carry;
use httponly::cookie::set_cookie::parse;
use httponly_fuzz::cookies;

fn sorted(header: &str) -> Vec<(&str, &str)> {
    let mut cookies = cookies(header);
    cookies.sort_unstable();
    cookies
}

// A header, and behind a line break the lines.
libfuzzer_sys::fuzz_target!(|input: &str| {
    let (header, lines) = input.split_once('\n').unwrap_or((input, ""));
    let lines: Vec<&str> = lines.split('\n').collect();
    let (path, now) = ("/a/b", 1_700_000_000);
    let carried = carry(header, &lines, path, now);
    let set: Vec<_> = lines
        .iter()
        .filter_map(|line| parse(line))
        .filter(|cookie| {
            !cookie.name.is_empty() && cookie.path.is_none_or(|cookie| path_matches(path, cookie))
        })
        .collect();
    let names: Vec<&str> = set.iter().map(|cookie| cookie.name).collect();

    let others =
        |header| cookies(header).into_iter().filter(|(name, _)| !names.contains(name)).collect::<Vec<_>>();
    assert_eq!(others(&carried), others(header));
    for name in &names {
        let last = set.iter().rfind(|cookie| cookie.name == *name).unwrap();
        let lives = last.lifetime(now).is_none_or(|seconds| seconds > 0);
        let expected: Vec<(&str, &str)> = lives.then_some((*name, last.value)).into_iter().collect();
        assert_eq!(
            cookies(&carried).into_iter().filter(|pair| pair.0 == *name).collect::<Vec<_>>(),
            expected
        );
    }
    let again = carry(&carried, &lines, path, now);
    assert_eq!(sorted(&again), sorted(&carried));
    assert_eq!(carry(&carried, &[], path, now), carried);
});
