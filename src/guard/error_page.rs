//! The page for whom a guard does not let in.

use crate::error::{Code, Rule};

/// Whether a browser shows the answer of a request as a page: a navigation, by Fetch Metadata, else by `Accept`.
///
/// ```
/// use httponly::guard::is_navigation;
///
/// assert!(is_navigation(Some("navigate"), Some("document"), Some("text/html")));
/// assert!(!is_navigation(Some("cors"), Some("empty"), Some("text/html")));
/// assert!(is_navigation(None, None, Some("text/html,*/*;q=0.8")));
/// ```
pub fn is_navigation(mode: Option<&str>, dest: Option<&str>, accept: Option<&str>) -> bool {
    match mode {
        Some(mode) => mode == "navigate" && dest != Some("empty"),
        None => accept.is_some_and(|accept| accept.to_ascii_lowercase().contains("text/html")),
    }
}

/// A refusal as a page, for a person: a title and a sentence.
pub fn page(rule: Rule) -> String {
    let (title, text) = match rule.code() {
        Code::Unavailable => {
            ("One moment", "Signing in is not possible right now. Please try again in a few seconds.")
        }
        Code::Unauthenticated => ("Please sign in", "This page is for those who are signed in."),
        _ => ("Not for this account", "Your account may not see this page."),
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; margin: 0; text-align: center }}
</style>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="/">Back to the start</a></p>
</main>
</html>
"#
    )
}
