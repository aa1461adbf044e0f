//! No way of writing a path gets round a rule of a guard, and a guard leads nobody off the site.
#![no_main]
use std::collections::BTreeSet;

use httponly::guard::{Access, Guard, Status, Decision, Visit, Visitor, is_handlers};
use httponly_fuzz::{decoded, oracle::leaves};
use url::Url;

const NOBODY: Visitor<'static> =
    Visitor { status: Status::Anonymous, role: "", email_verified: false, guest: false, allowed: &[] };
const ADA: Visitor<'static> =
    Visitor { status: Status::Authenticated, role: "customer", email_verified: true, ..NOBODY };

/// What frameworks add to a path to ask for the data of its page.
const ADDITIONS: [&str; 5] = ["/__data.json", ".html__data.json", ".rsc", ".json", ".html"];

/// Every path that some program may take a path for: decoded as a whole as often as one likes, with dot segments and
/// backslashes resolved or not, in lower case, and without what frameworks add.
fn readings(path: &str) -> BTreeSet<String> {
    // No router takes a path as it is written.
    let mut next: Vec<(String, bool)> =
        [path.to_owned(), resolved(path)].iter().map(|path| (once(path), false)).collect();
    let mut found: BTreeSet<String> = next.iter().map(|(path, _)| path.clone()).collect();
    while let Some((path, cut)) = next.pop() {
        let browser = Url::parse("https://app.example/").unwrap().join(&path.replace(['?', '#'], "_"));
        let lower = path.to_lowercase();
        let mut steps = vec![(once(&path), cut), (resolved(&path), cut), (lower, cut)];
        steps.extend(
            browser
                .ok()
                .filter(|url| url.host_str() == Some("app.example"))
                .map(|url| (url.path().to_owned(), cut)),
        );
        if !cut {
            let cuts = ADDITIONS.iter().filter_map(|added| path.strip_suffix(added));
            steps.extend(cuts.map(|cut| (cut.to_owned(), true)));
            let data = path.strip_prefix("/_next/data/").and_then(|data| data.split_once('/'));
            steps.extend(data.map(|(_, path)| (format!("/{}", path.trim_end_matches(".json")), true)));
        }
        for (step, cut) in steps {
            if found.len() < 64 && found.insert(step.clone()) {
                next.push((step, cut));
            }
        }
    }
    found
}

fn once(path: &str) -> String {
    String::from_utf8_lossy(&decoded(path)).into_owned()
}

fn resolved(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Whether a router would take a path for one below a prefix.
fn below(path: &str, prefix: &[&str]) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    segments.starts_with(prefix)
}

fn guard(rules: &[(&str, Access)], otherwise: Access) -> Guard {
    let rules = rules.iter().map(|(key, access)| ((*key).to_owned(), access.clone())).collect();
    Guard::new(rules, otherwise, None, ["/login", "/", "/verify"]).unwrap()
}

// A path, and behind a line break a query.
libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let (path, query) = input.1.split_once('\n').unwrap_or((input.1, ""));
    let raw = format!("/{path}");
    let url = Url::parse("https://app.example/").unwrap().join(&raw.replace(['?', '#'], "_"));
    let Some(url) = url.ok().filter(|url| url.host_str() == Some("app.example")) else { return };
    let path = if input.0 & 1 == 0 { url.path() } else { &raw };
    let visit = Visit {
        route: None,
        parameters: &[],
        base: "",
        rewrites: &[],
        path,
        query,
        reads: input.0 & 2 == 0,
        page: input.0 & 4 == 0,
        remote: input.0 & 8 != 0,
        handler: None,
    };

    let table = guard(
        &[
            ("/studio", Access::SignedIn),
            ("/studio/help", Access::Public),
            ("/MyLibrary", Access::SignedIn),
            ("(studio)", Access::SignedIn),
            ("/login", Access::SignedOut),
        ],
        Access::Public,
    );
    let verdict = table.decide(NOBODY, visit);
    for reading in readings(path) {
        let closed = (below(&reading, &["studio"]) && !below(&reading, &["studio", "help"]))
            || below(&reading, &["MyLibrary"])
            || below(&reading, &["mylibrary"]);
        assert!(!closed || verdict != Decision::Pass, "{path:?} is {reading:?}");
    }
    // The page to sign in is always open, or it would lead to itself.
    let login = below(&once(path), &["login"]);
    for route in ["/(studio)/a", "/[[lang]]/(studio)/[...rest]", "/studio/[id]", "/(app)/studio"] {
        let verdict = table.decide(NOBODY, Visit { route: Some(route), ..visit });
        assert!(login || verdict != Decision::Pass, "{route} {path:?}");
    }
    assert_ne!(table.decide(NOBODY, Visit { remote: true, ..visit }), Decision::Pass);
    // A key that reaches into a parameter holds, whatever the path is that led to the page.
    let parameters = [("path".to_owned(), format!("studio/{path}")), ("lang".to_owned(), "en".to_owned())];
    for route in ["/[[lang]]/[...path]", "/(a)/[...path]"] {
        let verdict = table.decide(NOBODY, Visit { route: Some(route), parameters: &parameters, ..visit });
        let below = |reading: &String| below(reading, &["studio"]) && !below(reading, &["studio", "help"]);
        assert!(login || !readings(&format!("/studio/{path}")).iter().all(below) || verdict != Decision::Pass);
    }

    let all = guard(&[], Access::SignedIn);
    let handler = Visit { handler: Some("/api/auth"), ..visit };
    if all.decide(NOBODY, handler) == Decision::Pass {
        let open = |reading: &String| {
            [&["api", "auth"][..], &["_next", "static"], &["login"]]
                .iter()
                .any(|prefix| below(reading, prefix))
        };
        assert!(readings(path).iter().all(open), "{path:?}");
        assert!(
            below(path, &["login"]) || is_handlers(path, "/api/auth") || is_handlers(path, "/_next/static")
        );
    }
    for verdict in [verdict, table.decide(ADA, visit), table.decide(ADA, Visit { path: "/login", ..visit })] {
        let Decision::Redirect(to) = verdict else { continue };
        assert!(!leaves(&to, &[]), "{to:?}");
        let read = Url::parse("https://app.example/").unwrap().join(&to).unwrap();
        let back = read.query_pairs().find(|(name, _)| name == "redirect");
        assert!(read.path() != "/login" || back.is_none_or(|(_, back)| !leaves(&back, &[])), "{to:?}");
    }
});
