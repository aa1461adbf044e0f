//! Request headers that the server sets: checked where they are declared, and never the client's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use httponly::error::Code;
use httponly::proxy::config::{Declaration, Mistake, Proxy};
use httponly::proxy::plan::Incoming;

fn proxy(headers: &[&str], forwarded: &[&str]) -> Result<Proxy, Mistake> {
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let target = Declaration {
        url: Some("https://api.example/".into()),
        headers: names(headers),
        forward_headers: Some(names(forwarded)),
        ..Declaration::default()
    };
    Proxy::new("/api", None, vec![target], 1024)
}

fn request<'a>(headers: &[(&'a str, &'a str)]) -> Incoming<'a> {
    let url = "https://app.example/api/me";
    Incoming { method: "GET", url, base: None, client: None, headers: headers.to_vec() }
}

const PROOF: (&str, &str) = ("x-httponly", "1");

#[test]
fn what_the_client_sends_under_the_name_is_dropped_even_if_it_may_forward_it() {
    for (headers, forwarded) in
        [(&["x-user-id"][..], &[][..]), (&["X-User-ID"], &["x-user-id"]), (&["accept"], &[])]
    {
        let proxy = proxy(headers, forwarded).unwrap();
        let incoming = request(&[PROOF, ("x-user-id", "2"), ("accept", "2"), ("range", "bytes=0-")]);
        let plan = proxy.plan(&incoming).unwrap();
        let own = headers[0].to_ascii_lowercase();
        assert!(plan.headers.iter().all(|(name, _)| *name != own), "{headers:?} {forwarded:?}");
        assert!(plan.headers.iter().any(|(name, _)| *name == "range"));
    }
}

#[test]
fn they_need_the_proof_that_a_spent_cookie_needs() {
    let with = proxy(&["x-user-id"], &[]).unwrap();
    assert_eq!(with.plan(&request(&[])).unwrap_err().code(), Code::CrossOrigin);
    assert!(with.plan(&request(&[PROOF])).unwrap().spends);

    let without = proxy(&[], &[]).unwrap();
    assert!(!without.plan(&request(&[])).unwrap().spends);
}

#[test]
fn names_that_belong_to_the_connection_the_proxy_or_the_cookie_are_a_mistake() {
    for name in [
        "",
        "a b",
        "a:b",
        "authorization",
        "Cookie",
        "host",
        "Connection",
        "te",
        "transfer-encoding",
        "content-length",
        "accept-encoding",
        "x-forwarded-for",
        "X-Forwarded-Host",
        "forwarded",
        "x-real-ip",
        "sec-fetch-site",
        "x-httponly",
        "x-nordcraft-url",
        "__proto__",
    ] {
        let lower = name.to_ascii_lowercase();
        assert_eq!(proxy(&[name], &[]).unwrap_err(), Mistake::Header(String::new(), lower), "{name:?}");
    }
}
