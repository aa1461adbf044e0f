//! JSON is what `serde_json` takes for it, but for nesting beyond 128; and no token is left in what is passed on.
#![no_main]
use httponly::auth::session_response::without_tokens;
use httponly_fuzz::json::{Json, double, items, members, push_string, spans};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, from_str};

fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(members) => {
            let tokens = ["token", "accesstoken", "refreshtoken", "idtoken", "sessiontoken"];
            members.retain(|key, _| !tokens.contains(&&*key.replace(['_', '-'], "").to_ascii_lowercase()));
            members.values_mut().for_each(strip);
        }
        _ => {}
    }
}

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::String(ours), Value::String(theirs)) => ours == theirs,
        (Json::Number(ours), Value::Number(theirs)) => Some(double(ours)) == theirs.as_f64(),
        (Json::Boolean(ours), Value::Bool(theirs)) => ours == theirs,
        (Json::Other, theirs) => theirs.is_null() || theirs.is_array() || theirs.is_object(),
        _ => false,
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut written = String::new();
    push_string(text, &mut written);
    assert_eq!(from_str::<String>(&written).ok().as_deref(), Some(text));

    let stripped = without_tokens(text);
    let deep = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > 128;
    // Only its grammar: a lone surrogate and a number beyond a double are no value to serde_json.
    let is_json = from_str::<IgnoredAny>(text).is_ok();
    assert!(stripped.is_some() == is_json || (deep && is_json));
    if let Some(stripped) = &stripped {
        assert_eq!(without_tokens(stripped).as_ref(), Some(stripped));
        if let Ok(mut value) = from_str::<Value>(text) {
            strip(&mut value);
            assert_eq!(from_str::<Value>(stripped).ok(), Some(value));
        }
    }
    let trimmed = text.trim_start_matches([' ', '\t', '\r', '\n']);
    assert!(members(text).is_some() == (is_json && trimmed.starts_with('{')) || deep);
    assert!(items(text).is_some() == (is_json && trimmed.starts_with('[')) || deep);
    assert_eq!(spans(text).map(|spans| spans.len()), members(text).map(|members| members.len()));
    let (Some(ours), Ok(theirs)) = (members(text), from_str::<Map<String, Value>>(text)) else { return };
    for (key, value) in &theirs {
        let last = ours.iter().rfind(|(name, _)| name == key).map(|(_, value)| value);
        assert!(last.is_some_and(|ours| same(ours, value)), "{key:?}");
        let span = spans(text).unwrap().into_iter().rfind(|(name, _)| name == key).map(|(_, span)| span);
        assert_eq!(from_str::<Value>(span.unwrap()).ok().as_ref(), Some(value));
    }
    assert!(ours.iter().all(|(name, _)| theirs.contains_key(name)));
});
