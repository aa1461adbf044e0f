//! The table's decisions, row by row.

use super::*;

const ADA: Visitor<'static> = Visitor {
    status: Status::Authenticated,
    role: "customer",
    email_verified: true,
    guest: false,
    allowed: &[],
};
const GRACE: Visitor<'static> = Visitor { role: "creator", ..ADA };
const NEW: Visitor<'static> = Visitor { email_verified: false, ..ADA };
const NOBODY: Visitor<'static> =
    Visitor { status: Status::Anonymous, role: "", email_verified: false, ..ADA };
const AWAY: Visitor<'static> = Visitor { status: Status::Unavailable, ..NOBODY };

fn visit(path: &str) -> Visit<'_> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Visit {
        route: None,
        parameters: &[],
        base: "",
        rewrites: &[],
        path,
        query,
        reads: true,
        page: true,
        remote: false,
        handler: None,
    }
}

fn role(roles: &[&str]) -> Access {
    Access::Require {
        roles: roles.iter().map(|&role| role.into()).collect(),
        email_verified: false,
        allow: None,
    }
}

fn guard(rules: &[(&str, Access)]) -> Guard {
    let rules = rules.iter().map(|(key, access)| ((*key).to_owned(), access.clone())).collect();
    Guard::new(rules, Access::Public, None, ["/login", "/", "/verify"]).unwrap()
}

fn usual() -> Guard {
    guard(&[
        ("/library", Access::SignedIn),
        ("/studio", role(&["creator", "admin"])),
        ("/studio/help", Access::Public),
        ("/post", Access::Require { roles: vec![], email_verified: true, allow: None }),
        ("/login", Access::SignedOut),
        ("/MyFiles", role(&["creator"])),
    ])
}

fn go(verdict: &Decision) -> &str {
    match verdict {
        Decision::Pass => "pass",
        Decision::Redirect(to) => to,
        Decision::Refuse(rule) => rule.code().as_str(),
    }
}

#[test]
fn the_table_says_who_may_come_in() {
    for (visitor, path, expected) in [
        (NOBODY, "/", "pass"),
        (NOBODY, "/library", "/login?redirect=/library"),
        (NOBODY, "/library/a%20b?tab=1&x=%26", "/login?redirect=/library/a%2520b%3Ftab%3D1%26x%3D%2526"),
        (NOBODY, "/libraryx", "pass"),
        (NOBODY, "/studio/help", "pass"),
        (NOBODY, "/studio/helpx", "/login?redirect=/studio/helpx"),
        (NOBODY, "/login?redirect=/library", "pass"),
        (ADA, "/library", "pass"),
        (ADA, "/studio", "rejected"),
        (ADA, "/studio/help/x", "pass"),
        (GRACE, "/studio", "pass"),
        (Visitor { role: "customer, admin", ..ADA }, "/studio", "pass"),
        (Visitor { role: "administrator", ..ADA }, "/studio", "rejected"),
        (Visitor { role: "Creator", ..ADA }, "/studio", "rejected"),
        (ADA, "/post", "pass"),
        (NEW, "/post/1", "/verify?redirect=/post/1"),
        (ADA, "/login", "/"),
        (ADA, "/login?redirect=/library?a", "/library?a"),
        (ADA, "/login?redirect=%2Flibrary%3Fa%3Db", "/library?a=b"),
        (ADA, "/login?redirect=//evil.example", "/"),
        (ADA, "/login?redirect=/login", "/"),
        (ADA, "/login?redirect=/%6Cogin", "/"),
        (AWAY, "/library", "unavailable"),
        (AWAY, "/studio", "unavailable"),
        (AWAY, "/login", "pass"),
        (AWAY, "/", "pass"),
        (Visitor { status: Status::Rejected, ..NOBODY }, "/library", "rejected"),
    ] {
        assert_eq!(go(&usual().decide(visitor, visit(path))), expected, "{visitor:?} {path}");
    }
}

#[test]
fn no_way_of_writing_a_path_gets_round_a_rule() {
    for path in [
        "/studio/",
        "/studio//",
        "//studio",
        "///studio/x",
        "/%73tudio",
        "/%2573tudio",
        "/%252573tudio",
        "/STUDIO",
        "/Studio/new",
        "/%53TUDIO",
        "/studio%2Fnew",
        "/studio%2f",
        "/%2Fstudio",
        "/x/..%2Fstudio",
        "/x%2F..%2Fstudio",
        "/x%5C..%5Cstudio",
        "/./studio",
        "/%2e/studio",
        "/x/%2e%2e/studio",
        "/studio/help/..",
        "/studio/help%2F..%2Fnew",
        "/studio/help%2F..",
        "/studio/HELP",
        "/studio/hel%70/%2e%2e/x",
        "/studio/__data.json",
        "/studio/new/__data.json",
        "/studio.html__data.json",
        "/studio/__route.js",
        "/studio.rsc",
        "/studio.json",
        "/studio.html",
        "/_next/data/build/studio.json",
        "/_next/data/build/studio/new.json",
        "/studio%00",
        "/%00studio",
        "/studio%0d",
        "/stu%0Adio/x",
        "/studio%20",
        "/studio%1F%20%0b",
        "/\u{ff53}tudio/../studio",
        // For a program that decodes once and then routes, or that decodes and resolves no dots.
        "/studio%2F%252e%252e%2Fx",
        "/studio%2F..%2Fx",
        "/studio%5C..%5Cx",
        "/a%2Fb/../studio",
        // For one that minds no case, whichever way the key is written.
        "/MyFiles",
        "/myfiles/1",
        "/MYFILES%2F1",
        "/_NEXT/DATA/BUILD/STUDIO.JSON",
        "/studio.RSC",
        "/studio/__DATA.json",
    ] {
        let verdict = usual().decide(ADA, visit(path));
        assert_eq!(go(&verdict), "rejected", "{path}");
        let verdict = usual().decide(NOBODY, Visit { page: false, ..visit(path) });
        assert_eq!(go(&verdict), "unauthenticated", "{path}");
    }
    for path in ["/studio/help", "/studio/help/", "/studio/hel%70", "/x/studio", "/studi", "/studiox"] {
        assert_eq!(go(&usual().decide(NOBODY, visit(path))), "pass", "{path}");
    }
}

#[test]
fn a_key_in_other_letters_opens_nothing() {
    let guard = guard(&[("/app", Access::SignedIn), ("/APP/help", Access::Public), ("/App", Access::Public)]);
    for (path, expected) in [
        ("/APP/help", "pass"),
        ("/app/help", "unauthenticated"),
        ("/App/help", "unauthenticated"),
        ("/aPP/HELP", "unauthenticated"),
        ("/App", "unauthenticated"),
    ] {
        assert_eq!(go(&guard.decide(NOBODY, Visit { page: false, ..visit(path) })), expected, "{path}");
    }
}

#[test]
fn a_group_wins_where_it_stands_deeper() {
    let guard = guard(&[
        ("(studio)", role(&["creator"])),
        ("(open)", Access::Public),
        ("(app)", Access::SignedIn),
        ("/admin", role(&["admin"])),
    ]);
    for (route, path, expected) in [
        (Some("/(app)/library"), "/library", "unauthenticated"),
        (Some("/(app)/(open)/about"), "/about", "pass"),
        (Some("/(open)/(app)/about"), "/about", "unauthenticated"),
        (Some("/(open)/admin"), "/admin", "unauthenticated"),
        (Some("/admin/(open)/help"), "/admin/help", "pass"),
        (Some("/[[lang]]/(open)/admin"), "/admin", "unauthenticated"),
        (Some("/[...rest]/(open)/x"), "/admin/x", "unauthenticated"),
        (Some("/(openly)/x"), "/x", "pass"),
        (Some("/open/x"), "/x", "pass"),
        (None, "/library", "pass"),
        // The page that is shown counts, also where the path is another: a base, or a rerouted path.
        (Some("/admin/users"), "/verwaltung/benutzer", "unauthenticated"),
        (Some("/admin"), "/base/admin", "unauthenticated"),
        // As `/admin` is, in a language that may be absent.
        (Some("/[[lang]]/admin"), "/en/admin", "unauthenticated"),
        (Some("/[[lang=lang]]/admin/[id]"), "/en/admin/1", "unauthenticated"),
        (Some("/[...rest]/admin"), "/a/b/admin", "unauthenticated"),
        (Some("/[lang]/admin"), "/en/admin", "pass"),
    ] {
        let visit = Visit { route, page: false, ..visit(path) };
        assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{route:?} {path}");
    }
}

/// A visit to a route with these parameters.
fn to<'a>(path: &'a str, route: &'a str, parameters: &'a [(String, String)]) -> Visit<'a> {
    Visit { route: Some(route), parameters, page: false, ..visit(path) }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_key_that_reaches_into_a_parameter_holds_however_the_page_was_reached() {
    let guard = guard(&[
        ("/wiki/internal", Access::SignedIn),
        ("/users/admin", Access::SignedIn),
        ("/docs/item-secret", Access::SignedIn),
        ("/wiki/internal/help", Access::Public),
    ]);
    let wiki = "/[[lang=lang]]/wiki/[...path]";
    for (path, route, parameters, expected) in [
        ("/en/wiki/internal", wiki, &[("lang", "en"), ("path", "internal")][..], "unauthenticated"),
        ("/en/wiki/internal/a", wiki, &[("lang", "en"), ("path", "internal/a")], "unauthenticated"),
        ("/en/wiki/INTERNAL", wiki, &[("lang", "en"), ("path", "INTERNAL")], "unauthenticated"),
        ("/en/wiki/x%2F..%2Finternal", wiki, &[("lang", "en"), ("path", "x/../internal")], "unauthenticated"),
        ("/en/wiki/%2569nternal", wiki, &[("lang", "en"), ("path", "%69nternal")], "unauthenticated"),
        ("/en/wiki/internal/help", wiki, &[("lang", "en"), ("path", "internal/help")], "pass"),
        ("/en/wiki/open", wiki, &[("lang", "en"), ("path", "open")], "pass"),
        ("/wiki", wiki, &[("path", "")], "pass"),
        // Rerouted: the path says nothing of the page.
        ("/u/admin", "/users/[id]", &[("id", "admin")], "unauthenticated"),
        ("/u/admin", "/(app)/users/[id=name]", &[("id", "admin")], "unauthenticated"),
        ("/u/ada", "/users/[id]", &[("id", "ada")], "pass"),
        ("/x", "/docs/item-[id]", &[("id", "secret")], "unauthenticated"),
        ("/x", "/docs/[a]-[b]", &[("a", "item"), ("b", "secret")], "unauthenticated"),
        ("/x", "/[a]/[[b]]/[c]", &[("a", "users"), ("b", "x"), ("c", "admin")], "unauthenticated"),
    ] {
        let parameters = pairs(parameters);
        assert_eq!(go(&guard.decide(NOBODY, to(path, route, &parameters))), expected, "{route} {path}");
    }
}

#[test]
fn a_key_holds_where_a_rewrite_leads_to_its_page() {
    let guard = guard(&[("/notes/internal", Access::SignedIn)]);
    let rewrites = pairs(&[("/old/:path*", "/notes/:path*"), ("/:lang(en|de)/:path*", "/:path*")]);
    for (path, expected) in [
        ("/app/old/internal", "unauthenticated"),
        ("/app/old/%69nternal/x", "unauthenticated"),
        ("/app/OLD/INTERNAL", "unauthenticated"),
        ("/app/en/notes/internal", "unauthenticated"),
        ("/app/old/x", "pass"),
        ("/app/en/notes", "pass"),
    ] {
        let visit = Visit { base: "/app", rewrites: &rewrites, page: false, ..visit(path) };
        assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{path}");
    }
}

#[test]
fn the_base_is_taken_off_before_any_rule_and_redirects_carry_it() {
    let below = |path| Visit { base: "/app", ..visit(path) };
    for (visitor, path, expected) in [
        (NOBODY, "/app/library?a=b", "/login?redirect=/app/library%3Fa%3Db"),
        (NOBODY, "/app/%6Cibrary", "/login?redirect=/app/%256Cibrary"),
        (NOBODY, "/app", "pass"),
        (NOBODY, "/app/login", "pass"),
        (NOBODY, "/app/MyFiles", "/login?redirect=/app/MyFiles"),
        (ADA, "/app/studio", "rejected"),
        (ADA, "/app/x%2F..%2Fstudio", "rejected"),
        (NEW, "/app/post", "/verify?redirect=/app/post"),
        (ADA, "/app/login", "/"),
        (ADA, "/app/login?redirect=/app/login", "/"),
    ] {
        let expected = if expected.starts_with('/') { format!("/app{expected}") } else { expected.into() };
        assert_eq!(go(&usual().decide(visitor, below(path))), expected, "{path}");
    }
    assert_eq!(go(&usual().decide(ADA, below("/app/login?redirect=/app/library"))), "/app/library");
    // Pages may be written with the base, as SvelteKit's `resolve` writes them.
    let closed =
        Guard::new(vec![], Access::SignedIn, None, ["/app/login", "/app/home", "/app/verify"]).unwrap();
    assert_eq!(go(&closed.decide(NOBODY, below("/app/x"))), "/app/login?redirect=/app/x");
    assert_eq!(go(&closed.decide(NOBODY, below("/app/login"))), "pass");
    let handler = Visit { handler: Some("/api/auth"), page: false, ..below("/app/api/auth/x") };
    assert_eq!(go(&closed.decide(NOBODY, handler)), "pass");
    let handler = Visit { handler: Some("/app/api/auth"), ..handler };
    assert_eq!(go(&closed.decide(NOBODY, handler)), "pass");
    let route = Visit { route: Some("/api/auth/[...path]"), ..handler };
    assert_eq!(go(&closed.decide(NOBODY, route)), "pass");
    assert_eq!(go(&closed.decide(NOBODY, Visit { path: "/application/x", ..handler })), "unauthenticated");
}

#[test]
fn a_closed_table_opens_what_it_names_and_nothing_beside() {
    let rules = [
        ("(public)", Access::Public),
        ("/", Access::Public),
        ("/about", Access::Public),
        ("/feed.json", Access::Public),
        ("/u", Access::Public),
        ("/blog", Access::Public),
    ];
    let rules = rules.into_iter().map(|(key, access)| (key.to_owned(), access)).collect();
    let closed = Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
    for (path, route, parameters, expected) in [
        ("/feed.json", "/feed.json", &[][..], "pass"),
        ("/feed", "/[page]", &[("page", "feed")], "unauthenticated"),
        ("/feed.html", "/[page]", &[("page", "feed.html")], "unauthenticated"),
        ("/post/a.json", "/(public)/post/[slug]", &[("slug", "a.json")], "pass"),
        ("/en/post/a", "/(public)/[[lang]]/post/[slug]", &[("lang", "en"), ("slug", "a")], "pass"),
        ("/en/about", "/[[lang]]/about", &[("lang", "en")], "pass"),
        ("/en/about", "/[[user]]/[page]", &[("user", "en"), ("page", "about")], "unauthenticated"),
        ("/en/about", "/[...all]/about", &[("all", "en")], "unauthenticated"),
        ("/x", "/[...all]", &[("all", "x")], "unauthenticated"),
        ("/x", "/[[lang]]", &[("lang", "x")], "unauthenticated"),
        ("/blog/x", "/[...all]", &[("all", "blog/x")], "pass"),
        ("/blog/..%2Fx", "/[...all]", &[("all", "blog/../x")], "unauthenticated"),
        // The page that is shown is another than the path says.
        ("/u/admin", "/users/[id]", &[("id", "admin")], "unauthenticated"),
    ] {
        let parameters = pairs(parameters);
        assert_eq!(go(&closed.decide(NOBODY, to(path, route, &parameters))), expected, "{route} {path}");
    }
    for (path, expected) in [
        ("/feed.json", "pass"),
        ("/feed", "unauthenticated"),
        ("/_next/data/b/feed.json", "unauthenticated"),
        ("/about.json", "unauthenticated"),
        ("/x.json", "unauthenticated"),
    ] {
        let visit = Visit { page: false, ..visit(path) };
        assert_eq!(go(&closed.decide(NOBODY, visit)), expected, "{path}");
    }
}

#[test]
fn a_predicate_lets_in_whom_it_allows_and_is_asked_only_where_it_counts() {
    let asks = |number| Access::Require { roles: vec![], email_verified: false, allow: Some(number) };
    let guard = guard(&[("/team", asks(0)), ("/team/open", Access::Public), ("/lab", asks(1))]);
    assert_eq!(guard.predicates(visit("/team/x")), [0]);
    assert_eq!(guard.predicates(visit("/x%2F..%2Flab")), [1]);
    assert!(guard.predicates(visit("/team/open")).is_empty());
    assert_eq!(guard.predicates(Visit { remote: true, ..visit("/") }), [0, 1]);
    for (visitor, path, expected) in [
        (NOBODY, "/team", "/login?redirect=/team"),
        (Visitor { allowed: &[0], ..NOBODY }, "/team", "/login?redirect=/team"),
        (Visitor { allowed: &[0], ..AWAY }, "/team", "unavailable"),
        (ADA, "/team", "rejected"),
        (Visitor { allowed: &[1], ..ADA }, "/team", "rejected"),
        (Visitor { allowed: &[0], ..ADA }, "/team", "pass"),
        (Visitor { allowed: &[0], ..ADA }, "/lab", "rejected"),
    ] {
        assert_eq!(go(&guard.decide(visitor, visit(path))), expected, "{visitor:?} {path}");
    }
}

#[test]
fn a_guest_is_let_in_where_he_can_sign_in() {
    let guest = Visitor { guest: true, ..ADA };
    assert_eq!(go(&usual().decide(guest, visit("/login?redirect=/library"))), "pass");
    assert_eq!(go(&usual().decide(guest, visit("/library"))), "pass");
    assert_eq!(go(&usual().decide(ADA, visit("/login"))), "/");
}

#[test]
fn keys_that_match_no_route_are_known() {
    let guard = guard(&[
        ("(authentcated)", Access::SignedIn),
        ("(app)", Access::SignedIn),
        ("/", Access::Public),
        ("/wiki/internal", Access::SignedIn),
        ("/LIBRARY", Access::SignedIn),
        ("/About", Access::Public),
        ("/admin", Access::SignedIn),
        ("/library/deep", Access::SignedIn),
    ]);
    let routes = ["/(app)/library", "/about", "/wiki/[...path]", "/users/[id]"];
    assert_eq!(guard.unmatched(&routes, true, true), ["(authentcated)", "/About", "/admin", "/library/deep"]);
    assert!(guard.unmatched(&["/(authentcated)/(app)/[...all]"], true, true).is_empty());
    let open = |access| {
        let rules = vec![("(public)".to_owned(), access)];
        Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap()
    };
    assert!(open(Access::Public).unmatched(&["/about"], false, true).is_empty());
    assert_eq!(open(Access::Public).unmatched(&["/about"], true, true), ["(public)"]);
    assert_eq!(open(Access::SignedIn).unmatched(&["/about"], false, true), ["(public)"]);
}

#[test]
fn what_is_no_page_gets_no_redirect() {
    let data = |path| Visit { page: false, ..visit(path) };
    for (visitor, path, expected) in [
        (NOBODY, "/library", "unauthenticated"),
        (ADA, "/studio", "rejected"),
        (NEW, "/post", "rejected"),
        (ADA, "/login", "rejected"),
        (AWAY, "/library", "unavailable"),
    ] {
        assert_eq!(go(&usual().decide(visitor, data(path))), expected, "{path}");
    }
}

#[test]
fn no_page_leads_to_itself() {
    let closed = Guard::new(vec![], Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
    assert_eq!(go(&closed.decide(NOBODY, visit("/login?redirect=/x"))), "pass");
    assert_eq!(go(&closed.decide(NOBODY, visit("/x"))), "/login?redirect=/x");
    let home = guard(&[("/", Access::SignedOut)]);
    assert_eq!(go(&home.decide(ADA, visit("/"))), "pass");
    let verified = Access::Require { roles: vec![], email_verified: true, allow: None };
    let all = Guard::new(vec![], verified, None, ["/login", "/", "/verify"]).unwrap();
    assert_eq!(go(&all.decide(NEW, visit("/verify?redirect=/x"))), "pass");
    assert_eq!(go(&all.decide(NEW, visit("/x"))), "/verify?redirect=/x");
}

#[test]
fn a_single_slash_opens_the_home_page_and_closes_everything() {
    let rules = vec![("/".to_owned(), Access::Public)];
    let open = Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
    assert_eq!(go(&open.decide(NOBODY, visit("/"))), "pass");
    assert_eq!(go(&open.decide(NOBODY, visit("/x"))), "/login?redirect=/x");
    assert_eq!(go(&guard(&[("/", Access::SignedIn)]).decide(NOBODY, visit("/x"))), "/login?redirect=/x");
}

#[test]
fn a_call_that_says_itself_where_it_comes_from_fulfils_every_rule_or_the_one_for_calls() {
    let call = |path| Visit { page: false, remote: true, ..visit(path) };
    assert_eq!(go(&usual().decide(NOBODY, call("/"))), "unauthenticated");
    assert_eq!(go(&usual().decide(ADA, call("/"))), "rejected");
    assert_eq!(go(&usual().decide(GRACE, call("/"))), "pass");
    let rules = vec![("/studio".to_owned(), role(&["creator"]))];
    let open = Guard::new(rules, Access::Public, Some(Access::Public), ["/login", "/", "/verify"]).unwrap();
    assert_eq!(go(&open.decide(NOBODY, call("/"))), "pass");
    assert_eq!(go(&open.decide(NOBODY, call("/studio"))), "unauthenticated");
}

#[test]
fn the_handler_is_open_as_written_and_nothing_else_is() {
    let closed = Guard::new(vec![], Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
    for (path, expected) in [
        ("/api/auth/sign-in/email", "pass"),
        ("/_next/static/chunks/a.js", "pass"),
        ("/api/auth", "unauthenticated"),
        ("/api/authority/x", "unauthenticated"),
        ("/api/auth/..%2F..%2Fstudio", "unauthenticated"),
        ("/api/auth//x", "unauthenticated"),
        ("/API/auth/x", "unauthenticated"),
    ] {
        let visit = Visit { handler: Some("/api/auth"), page: false, ..visit(path) };
        assert_eq!(go(&closed.decide(NOBODY, visit)), expected, "{path}");
        assert_ne!(go(&closed.decide(NOBODY, Visit { remote: true, ..visit })), "pass", "{path}");
    }
}

#[test]
fn a_page_that_takes_all_paths_is_not_the_handler() {
    let guard = guard(&[("(app)", Access::SignedIn)]);
    for (route, path, expected) in [
        (Some("/api/auth/[...path]"), "/api/auth/x", "pass"),
        (Some("/(app)/api/[...path]"), "/api/auth/x", "pass"),
        (Some("/(app)/[...path]"), "/api/auth/x", "unauthenticated"),
        (Some("/(app)/[a]/[b]/[c]"), "/api/auth/x", "unauthenticated"),
        (Some("/(app)/[...path]"), "/_next/static/x", "unauthenticated"),
    ] {
        let visit = Visit { route, handler: Some("/api/auth"), page: false, ..visit(path) };
        assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{route:?} {path}");
    }
}

#[test]
fn a_call_that_claims_to_come_from_the_login_page_is_led_there() {
    let call = |path| Visit { remote: true, reads: false, ..visit(path) };
    assert_eq!(go(&usual().decide(NOBODY, call("/login?/remote=a/b"))), "/login?redirect=/login");
    let verified = guard(&[("/post", Access::Require { roles: vec![], email_verified: true, allow: None })]);
    assert_eq!(go(&verified.decide(NEW, call("/verify"))), "/verify?redirect=/verify");
}

#[test]
fn a_path_that_is_encoded_many_times_over_leads_nowhere() {
    let often = |times: usize| format!("/%{}73tudio", "25".repeat(times));
    assert_eq!(go(&usual().decide(GRACE, visit(&often(7)))), "pass");
    for times in [8, 4000] {
        assert_eq!(go(&usual().decide(GRACE, visit(&often(times)))), "rejected", "{times}");
    }
    let login = format!("/login?redirect={}", often(100));
    assert_eq!(go(&usual().decide(ADA, visit(&login))), "/");
}

#[test]
fn a_path_of_too_many_segments_leads_nowhere() {
    for (path, expected) in [
        ("/a".repeat(256), "pass"),
        ("/a".repeat(257), "rejected"),
        (format!("/{}", "a%2F".repeat(257)), "rejected"),
        (format!("/{}", "a%255C".repeat(257)), "rejected"),
        ("/a/..".repeat(200), "rejected"),
    ] {
        assert_eq!(go(&usual().decide(GRACE, visit(&path))), expected, "{path}");
    }
}

#[test]
fn a_form_comes_back_to_its_page() {
    let post = Visit { reads: false, ..visit("/library?/save&tab=1") };
    assert_eq!(go(&usual().decide(NOBODY, post)), "/login?redirect=/library%3Ftab%3D1");
}

#[test]
fn a_table_that_makes_no_sense_is_none() {
    let make = |key: &str| {
        Guard::new(vec![(key.into(), Access::Public)], Access::Public, None, ["/login", "/", "/v"])
    };
    for key in [
        "",
        "studio",
        "(studio",
        "()",
        "(a)/b",
        "/a?b",
        "/a#b",
        "/a\\b",
        "/users/[id]",
        "/[[lang]]/a",
        "/(app)/a",
        "/a/*",
        "/a/:path*",
        "/:id",
    ] {
        assert_eq!(make(key), None, "{key}");
    }
    for key in ["/", "/studio/", "(studio)", "/a%20b", "/%5Bid%5D", "/a(b)", "/a:b"] {
        assert!(make(key).is_some(), "{key}");
    }
    let twice = vec![("/a".into(), Access::Public), ("/a/".into(), Access::SignedIn)];
    assert_eq!(Guard::new(twice, Access::Public, None, ["/login", "/", "/v"]), None);
    assert_eq!(Guard::new(vec![], Access::Public, None, ["//evil", "/", "/v"]), None);
    assert_eq!(Guard::new(vec![], role(&[""]), None, ["/login", "/", "/v"]), None);
}
