//! What the body of a request says, by name.

use crate::http::{form::Form, json::Json};

/// The members of a form or a JSON object that are texts, numbers or booleans, as texts and in order; a body of nothing
/// has none. `None` for what is neither form nor JSON, and for one that says something twice: who reads the first would
/// check another value than who reads the last.
///
/// ```
/// use httponly::sign_in::fields::read;
///
/// assert_eq!(read("application/json", r#"{"a":"1","b":true}"#).unwrap(), [("a".into(), "1".into()), ("b".into(), "true".into())]);
/// assert!(read("application/json", r#"{"a":"1","a":"2"}"#).is_none());
/// ```
pub fn read(content_type: &str, body: &str) -> Option<Vec<(String, String)>> {
    let form = Form::of(content_type).ok()?;
    let nothing = body.trim().is_empty() && form == Form::Json;
    let members = form.members(if nothing { "{}" } else { body })?;
    let mut fields: Vec<(String, String)> = Vec::with_capacity(members.len());
    for (name, value) in &members {
        if members.iter().filter(|(other, _)| other == name).count() > 1 {
            return None;
        }
        match value {
            Json::String(text) | Json::Number(text) => fields.push((name.clone(), text.clone())),
            Json::Boolean(flag) => fields.push((name.clone(), flag.to_string())),
            Json::LoneSurrogate => return None,
            Json::Other => {}
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_each_thing_once() {
        let json = "application/json; charset=utf-8";
        let form = "application/x-www-form-urlencoded";
        for (kind, body, expected) in [
            (
                json,
                r#"{"a":"x","b":1.50,"c":null,"d":{"e":"f"},"g":[1],"h":false}"#,
                Some("a=x b=1.50 h=false"),
            ),
            (json, " ", Some("")),
            (json, r#"{"a":1,"a":{}}"#, None),
            (json, r#"{"\u0061":1,"a":2}"#, None),
            (json, r#"{"a":"\ud800"}"#, None),
            (json, "[]", None),
            (json, "a=b", None),
            (form, "a=x%20y&b=", Some("a=x y b=")),
            (form, "a=1&a=2", None),
            (form, "", Some("")),
            ("text/plain", "a=1", None),
            ("", "", None),
        ] {
            let read = read(kind, body).map(|fields| {
                let pairs = fields.into_iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(read.as_deref(), expected, "{kind} {body}");
        }
    }
}
