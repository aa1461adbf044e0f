//! Judges of addresses that know nothing of the rules: the `url` crate stands for every browser and upstream. The
//! property tests and the fuzz targets ask the same ones.

use url::Url;

/// Whether an accepted redirect leads off the app and the origins in `allow`: a browser, one that gets the path that a
/// framework makes of it, or one that gets this path decoded once more.
pub fn leaves(out: &str, allow: &[&str]) -> bool {
    let app = Url::parse("https://app.example/some/page").unwrap();
    let read = app.join(out).unwrap();
    let again = app.join(read.path()).unwrap();
    let decoded = app.join(&decoded(read.path())).unwrap();
    let allowed = |url: &Url| allow.contains(&url.origin().ascii_serialization().as_str());
    let stays = |url: &Url| url.origin() == app.origin() || allowed(url);
    !stays(&read) || !stays(&again) || !stays(&decoded)
}

/// Whether a URL reads back as itself and lies inside a target, also for a server that decodes once more, and for one
/// that then cuts parameters and white space off its segments.
pub fn inside(url: &str, target: &str) -> bool {
    let (read, target) = (Url::parse(url).unwrap(), Url::parse(target).unwrap());
    let prefix = target.path().trim_end_matches('/');
    let path = read.path();
    let below =
        |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let again = read.join(&decoded(path)).unwrap();
    let bare = |segment: &str| segment.split(';').next().unwrap_or_default().trim().to_owned();
    let lenient = decoded(path).split('/').map(bare).collect::<Vec<_>>().join("/");
    let lenient = Url::parse(&format!("{}{lenient}", read.origin().ascii_serialization())).unwrap();
    read.as_str() == url
        && read.origin() == target.origin()
        && again.origin() == target.origin()
        && [path, again.path(), lenient.path()].into_iter().all(below)
}

/// A path decoded once, as a path again.
fn decoded(path: &str) -> String {
    let query = format!("x={}", path.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(query.as_bytes()).next().unwrap().1.into_owned();
    decoded.replace(['?', '#'], "_").replace('%', "%25")
}
