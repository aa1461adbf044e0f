//! The vectors that tests/js reads too, so that the rules and what JavaScript gets to see of them cannot drift.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use httponly::cookie::syntax::decode_value;
use httponly::cookie::{header, set_cookie};
use httponly::jwt;
use serde_json::{Map, Value, json};

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn set_cookie_lines() {
    for row in rows(include_str!("vectors/set-cookie.json")) {
        let line = row["line"].as_str().unwrap();
        let read = set_cookie::parse(line).map_or(Value::Null, |cookie| {
            let mut object = Map::new();
            object.insert("name".into(), cookie.name.into());
            object.insert("value".into(), decode_value(cookie.value).into());
            for (key, flag) in [
                ("secure", cookie.secure),
                ("httpOnly", cookie.http_only),
                ("partitioned", cookie.partitioned),
            ] {
                flag.then(|| object.insert(key.into(), true.into()));
            }
            let optional: [(&str, Option<Value>); 5] = [
                ("expires", cookie.expires.map(Into::into)),
                ("maxAge", cookie.max_age.map(Into::into)),
                ("domain", cookie.domain().map(Into::into)),
                ("path", cookie.path.map(Into::into)),
                ("sameSite", cookie.same_site.map(|same_site| same_site.as_str().into())),
            ];
            for (key, value) in optional {
                value.map(|value| object.insert(key.into(), value));
            }
            object.into()
        });
        assert_eq!(read, row["cookie"], "{line:?}");
    }
}

#[test]
fn cookie_headers() {
    for row in rows(include_str!("vectors/cookie-header.json")) {
        let header = row["header"].as_str().unwrap();
        let read: Vec<Value> = header::pairs(header)
            .map(|pair| json!([header[pair.name()], decode_value(&header[pair.value()])]))
            .collect();
        assert_eq!(Value::from(read), row["cookies"], "{header:?}");
    }
}

#[test]
fn tokens() {
    for row in rows(include_str!("vectors/jwt.json")) {
        let token = row["token"].as_str().unwrap();
        match jwt::decode(token) {
            None => assert!(row["claims"].is_null(), "{token}"),
            Some(claims) => {
                assert!(row["claims"].is_object(), "{token}");
                assert_eq!(claims.exp, row["claims"]["exp"].as_f64(), "{token}");
            }
        }
    }
}

#[test]
fn joined_set_cookie_headers() {
    for row in rows(include_str!("vectors/split-set-cookie.json")) {
        let joined = row["joined"].as_str().unwrap();
        let lines: Vec<&str> = set_cookie::split(joined).collect();
        assert_eq!(json!(lines), row["lines"], "{joined:?}");
    }
}
