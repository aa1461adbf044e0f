//! Templates are filled in once, from left to right, and a value is a value wherever it lands: it adds no template, no
//! pair, no JSON token and no header line.
#![no_main]
use std::borrow::Cow;

use httponly::cookie::syntax::check_name;
use httponly::error::Rule;
use httponly::template::{Context, scan, substitute, substitute_within};
use httponly_fuzz::decoded;
use regex_lite::Regex;

/// Stands where a value will, and in no text that is looked at.
const MARK: &str = "\u{e000}";

fn fill(text: &str, context: Context, value: &str) -> Option<String> {
    substitute(text, context, |_| Ok(value.into())).ok().map(Cow::into_owned)
}

/// The tokens of a JSON text, strings unescaped; `None` where it is none.
fn tokens(text: &str) -> Option<Vec<Result<String, char>>> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(token) = rest.chars().next() {
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        if token == '"' {
            out.push(Ok(strings.next()?.ok()?));
            rest = &rest[strings.byte_offset()..];
        } else {
            out.push(Err(token));
            rest = &rest[token.len_utf8()..];
        }
    }
    Some(out)
}

/// The names and values of a query, as bytes.
fn pairs(query: &str) -> Vec<Vec<Vec<u8>>> {
    let component = |text: &str| decoded(&text.replace('+', " "));
    query.split('&').map(|pair| pair.splitn(2, '=').map(component).collect()).collect()
}

fn replaced(bytes: &[u8], value: &str) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(MARK.as_bytes()) {
            out.extend(value.bytes());
            at += MARK.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

// A text, and behind a NUL the value of every cookie.
libfuzzer_sys::fuzz_target!(|input: &str| {
    let (text, value) = input.split_once('\0').unwrap_or((input, "{{ cookies.a }}"));
    let template = Regex::new("\\{\\{ cookies\\.([^\n\r\u{2028}\u{2029}]+?) \\}\\}").unwrap();
    let names: Vec<&str> = template.captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(scan(text).map(|found| found.name).collect::<Vec<_>>(), names);

    let plain = template.replace_all(text, regex_lite::NoExpand(value));
    assert_eq!(fill(text, Context::Text, value).as_deref(), Some(&*plain));
    let limited = substitute_within(text, Context::Text, 64, |_| Ok(value.into()));
    assert!(
        limited.map_or_else(
            |refusal| refusal.rule() == Rule::BodyTooLarge && plain.len() > 64,
            |out| out == plain
        )
    );

    let carried = value.chars().all(|c| c == '\t' || (!c.is_ascii_control() && c <= '\u{ff}'));
    let expected = (carried || names.is_empty()).then_some(&*plain);
    assert_eq!(fill(text, Context::Header, value).as_deref(), expected);

    // A name that is no token is granted to no target; `", "` may be part of it.
    if text.contains(MARK) || names.iter().any(|name| check_name(*name).is_err()) {
        return;
    }
    if let Some(marked) = tokens(&fill(text, Context::Json, MARK).unwrap()) {
        let expected = marked.into_iter().map(|token| token.map(|text| text.replace(MARK, value)));
        assert_eq!(tokens(&fill(text, Context::Json, value).unwrap()), Some(expected.collect()));
    }
    if decoded(text).windows(3).any(|bytes| bytes == MARK.as_bytes()) || value.is_empty() {
        return;
    }
    for context in [Context::Form, Context::Query] {
        let marked = pairs(&fill(text, context, MARK).unwrap());
        let expected: Vec<Vec<Vec<u8>>> =
            marked.iter().map(|pair| pair.iter().map(|part| replaced(part, value)).collect()).collect();
        let filled = fill(text, context, value).unwrap();
        assert_eq!(pairs(&filled), expected);
        for (before, after) in text.split('&').zip(filled.split('&')) {
            let holds = |part: &str| {
                String::from_utf8_lossy(&decoded(&part.replace('+', " "))).contains("{{ cookies.")
            };
            assert!(before == after || holds(before), "{before:?}");
        }
    }
});
