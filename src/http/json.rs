//! JSON objects (RFC 8259), read member by member: small, strict, and aware of duplicate keys, which a parser that
//! fills a map hides.

/// Deepest nesting that is read.
const MAX_DEPTH: u32 = 128;

/// A member's value, as far as the rules look at it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// A string.
    String(String),
    /// A string with an escape such as `\ud800` that is half a character.
    LoneSurrogate,
    /// A number as it is written; [`double`] reads it.
    Number(String),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`, an array or an object.
    Other,
}

/// The value of a number; one too large for a double is infinite, as in JavaScript. It takes tables of 20 KB, which a
/// module that looks at no number is spared.
pub fn double(number: &str) -> f64 {
    number.parse().unwrap_or(f64::NAN)
}

/// The members of the object that a text is, in order, duplicates included; `None` where the text is not JSON, or no
/// object.
pub fn members(text: &str) -> Option<Vec<(String, Json)>> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_blanks();
    let mut members = Vec::new();
    scanner.object(0, &mut |key, value| members.push((key, value)))?;
    scanner.skip_blanks();
    (scanner.at == text.len()).then_some(members)
}

/// The members of an object with the text of each value, in order; `None` as for [`members`].
pub fn spans(text: &str) -> Option<Vec<(String, &str)>> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_blanks();
    let mut spans = Vec::new();
    scanner.list(b'{', b'}', |scanner| {
        let key = scanner.key()?;
        let start = scanner.at;
        scanner.value(1)?;
        spans.push((key, scanner.text.get(start..scanner.at)?));
        Some(())
    })?;
    scanner.skip_blanks();
    (scanner.at == text.len()).then_some(spans)
}

/// The text of each item of the array that a text is; `None` where it is none.
pub fn items(text: &str) -> Option<Vec<&str>> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_blanks();
    let mut items = Vec::new();
    scanner.list(b'[', b']', |scanner| {
        let start = scanner.at;
        scanner.value(1)?;
        items.push(scanner.text.get(start..scanner.at)?);
        Some(())
    })?;
    scanner.skip_blanks();
    (scanner.at == text.len()).then_some(items)
}

/// The text that a value is, which is a JSON string; `None` for every other value.
pub fn string(value: &str) -> Option<String> {
    let mut scanner = Scanner { text: value, at: 0 };
    scanner.skip_blanks();
    let value = scanner.value(0)?;
    scanner.skip_blanks();
    match value {
        Json::String(text) if scanner.at == scanner.text.len() => Some(text),
        _ => None,
    }
}

/// The text without the members that `drops` names, at every depth, and without the blanks between tokens; all else
/// as it was. `None` for what is no JSON.
pub fn without(text: &str, drops: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut scanner = Scanner { text, at: 0 };
    let mut out = String::with_capacity(text.len());
    scanner.skip_blanks();
    scanner.copy(0, drops, &mut out)?;
    scanner.skip_blanks();
    (scanner.at == text.len()).then_some(out)
}

/// Writes a text as a JSON string.
pub fn push_string(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Scanner<'a> {
    text: &'a str,
    /// Always a character boundary.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, ascii: u8) -> Option<()> {
        (self.peek()? == ascii).then(|| self.at += 1)
    }

    /// `open [ item *( "," item ) ] close`
    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(open)?;
        self.skip_blanks();
        if self.take(close).is_some() {
            return Some(());
        }
        loop {
            self.skip_blanks();
            item(self)?;
            self.skip_blanks();
            if self.take(close).is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    /// A member's key, and what stands before its value.
    fn key(&mut self) -> Option<String> {
        let key = self.string()?.0;
        self.skip_blanks();
        self.take(b':')?;
        self.skip_blanks();
        Some(key)
    }

    /// Reads a value and writes it again without the members that `drops` names.
    fn copy(&mut self, depth: u32, drops: &dyn Fn(&str) -> bool, out: &mut String) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut first = true;
        let mut separate = |out: &mut String| {
            if !core::mem::take(&mut first) {
                out.push(',');
            }
        };
        let start = self.at;
        match self.peek()? {
            b'{' => {
                out.push('{');
                self.list(b'{', b'}', |scanner| {
                    let start = scanner.at;
                    let key = scanner.key()?;
                    if drops(&key) {
                        return scanner.value(depth + 1).map(|_| ());
                    }
                    separate(out);
                    out.push_str(scanner.text.get(start..scanner.at)?);
                    scanner.copy(depth + 1, drops, out)
                })?;
                out.push('}');
            }
            b'[' => {
                out.push('[');
                self.list(b'[', b']', |scanner| {
                    separate(out);
                    scanner.copy(depth + 1, drops, out)
                })?;
                out.push(']');
            }
            _ => {
                self.value(depth)?;
                out.push_str(self.text.get(start..self.at)?);
            }
        }
        Some(())
    }

    fn object(&mut self, depth: u32, member: &mut dyn FnMut(String, Json)) -> Option<()> {
        self.list(b'{', b'}', |scanner| {
            let key = scanner.key()?;
            let value = scanner.value(depth + 1)?;
            member(key, value);
            Some(())
        })
    }

    fn value(&mut self, depth: u32) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => self
                .string()
                .map(|(text, whole)| if whole { Json::String(text) } else { Json::LoneSurrogate }),
            b'{' => self.object(depth, &mut |_, _| ()).map(|()| Json::Other),
            b'[' => {
                self.list(b'[', b']', |scanner| scanner.value(depth + 1).map(|_| ())).map(|()| Json::Other)
            }
            b't' => self.literal("true", Json::Boolean(true)),
            b'f' => self.literal("false", Json::Boolean(false)),
            b'n' => self.literal("null", Json::Other),
            _ => self.number().map(|number| Json::Number(number.into())),
        }
    }

    fn literal(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    /// `[ "-" ] int [ frac ] [ exp ]`
    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if self.take(b'e').or_else(|| self.take(b'E')).is_some() {
            let _ = self.take(b'+').or_else(|| self.take(b'-'));
            self.digits()?;
        }
        self.text.get(start..self.at)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// A string, in which lone surrogates are U+FFFD, and whether it has none.
    fn string(&mut self) -> Option<(String, bool)> {
        self.take(b'"')?;
        let mut string = String::new();
        let mut whole = true;
        loop {
            let c = self.text.get(self.at..)?.chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some((string, whole)),
                '\\' => {
                    let c = self.escape()?;
                    whole &= c.is_some();
                    string.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                '\0'..='\u{1f}' => return None,
                _ => string.push(c),
            }
        }
    }

    /// What follows a backslash, `Some(None)` for a lone surrogate; the low half of a pair is read along with the high.
    #[expect(clippy::option_option, reason = "no JSON, and half a character, are two things")]
    fn escape(&mut self) -> Option<Option<char>> {
        let escape = self.peek()?;
        // A character that is no ASCII fails in the match, so that `at` stays on a boundary while it counts.
        self.at += 1;
        Some(Some(match escape {
            b'"' | b'\\' | b'/' => escape.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                let after = self.at;
                let low = (0xd800..0xdc00)
                    .contains(&high)
                    .then(|| self.literal("\\u", Json::Other).and_then(|_| self.hex()))
                    .flatten()
                    .filter(|low| (0xdc00..0xe000).contains(low));
                if let Some(low) = low {
                    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?
                } else {
                    self.at = after;
                    return Some(char::from_u32(high));
                }
            }
            _ => return None,
        }))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(value: &str) -> Option<Json> {
        let mut members = members(&format!("{{\"k\":{value}}}"))?;
        let (key, value) = members.pop()?;
        (key == "k" && members.is_empty()).then_some(value)
    }

    #[test]
    fn members_come_in_order_with_their_duplicates() {
        let text = " { \"a\" : 1 ,\r\n\t\"b\":\"x\", \"a\":true,\"c\":[{\"a\":2}], \"d\":null } ";
        let expected = [
            ("a", Json::Number("1".into())),
            ("b", Json::String("x".into())),
            ("a", Json::Boolean(true)),
            ("c", Json::Other),
            ("d", Json::Other),
        ];
        assert_eq!(members(text).unwrap(), expected.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(members("{}"), Some(Vec::new()));
    }

    #[test]
    fn strings_are_unescaped() {
        for (json, string) in [
            (r#""""#, ""),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u0065\u00e9\uD83C\uDF6A""#, "e\u{e9}\u{1f36a}"),
            ("\"\u{1f36a}\u{7f}\"", "\u{1f36a}\u{7f}"),
        ] {
            assert_eq!(one(json), Some(Json::String(string.into())), "{json}");
        }
        for json in [
            r#""\ud83c""#,
            r#""a\ud83cx""#,
            r#""\ud83c\u0041""#,
            r#""\udf6a\ud83c""#,
            r#""\ud83c\ud83c\udf6a""#,
        ] {
            assert_eq!(one(json), Some(Json::LoneSurrogate), "{json}");
        }
    }

    #[test]
    fn numbers_are_doubles() {
        for (json, number) in [
            ("0", 0.0),
            ("-0", -0.0),
            ("-12", -12.0),
            ("1.5", 1.5),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("15e-1", 1.5),
            ("1e400", f64::INFINITY),
        ] {
            assert_eq!(one(json), Some(Json::Number(json.into())), "{json}");
            assert_eq!(double(json).to_bits(), number.to_bits(), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for value in [
            "",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "-",
            "0x1",
            "NaN",
            "Infinity",
            "True",
            "nul",
            "undefined",
            "'a'",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\é\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\n\"",
            "[",
            "[1,]",
            "[,]",
            "[1 2]",
            "{",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "1 // c",
        ] {
            assert_eq!(one(value), None, "{value}");
        }
        for text in ["", "1", "\"a\"", "[]", "null", "{} {}", "{}x", "\u{feff}{}", "\u{a0}{}"] {
            assert_eq!(members(text), None, "{text}");
        }
    }

    #[test]
    fn members_are_left_out_at_every_depth_however_their_names_are_written() {
        let drops = |key: &str| key == "t";
        for (json, out) in [
            ("null", Some("null")),
            (" [ 1 , \"t\" ] ", Some("[1,\"t\"]")),
            (r#"{"t":1}"#, Some("{}")),
            (r#"{"t":{"a":[1,2]},"b":"t"}"#, Some(r#"{"b":"t"}"#)),
            (r#"{"a":1,"t":2,"b":3,"t":4}"#, Some(r#"{"a":1,"b":3}"#)),
            (r#"{"\u0074":1,"T":2}"#, Some(r#"{"T":2}"#)),
            (r#"[{"t":1,"a":{"t":[],"b":"\u00e9\""}},{}]"#, Some(r#"[{"a":{"b":"\u00e9\""}},{}]"#)),
            (r#"{"a":1e400,"b":"\ud800"}"#, Some(r#"{"a":1e400,"b":"\ud800"}"#)),
            ("", None),
            (r#"{"t":}"#, None),
            (r#"{"a":1}}"#, None),
            ("{\"a\":1} x", None),
        ] {
            assert_eq!(without(json, &drops).as_deref(), out, "{json}");
        }
        assert_eq!(without(&"[".repeat(100_000), &drops), None);
    }

    #[test]
    fn a_value_is_a_text_or_it_is_not() {
        for (value, expected) in [
            (r#""a""#, Some("a")),
            (r#" "a\u00e9\n" "#, Some("aé\n")),
            (r#""""#, Some("")),
            (r#""a"b"#, None),
            (r#""a""b""#, None),
            ("a", None),
            ("1", None),
            ("null", None),
            (r#"["a"]"#, None),
            ("", None),
        ] {
            assert_eq!(string(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_span_is_the_text_of_a_value() {
        let spans = spans(r#" {"a" : {"b": [1, 2]} , "a": "x" } "#).unwrap();
        assert_eq!(spans, [("a".into(), r#"{"b": [1, 2]}"#), ("a".into(), r#""x""#)]);
        assert_eq!(super::spans("null"), None);
        assert_eq!(super::spans(r#"{"a":1"#), None);
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        let nested = |depth: usize| one(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert_eq!(nested(100), Some(Json::Other));
        assert_eq!(nested(100_000), None);
    }

    proptest! {
        #[test]
        fn serde_json_accepts_the_same(text in r#"\{("(a|\\n|\\u00e9|\\ud800|é)?"[:,]|[\[\]{},: ]|-?[0-9.eE+]{1,4}|true|null){0,8}\}"#) {
            let theirs: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(&text);
            // Two things that serde_json refuses: lone surrogates, and numbers beyond a double.
            if theirs.is_ok() || !text.contains("ud800") && !text.contains(['e', 'E']) {
                prop_assert_eq!(members(&text).is_some(), theirs.is_ok());
            }
        }

        #[test]
        fn every_string_survives(key in ".{0,20}", value in ".{0,20}") {
            let text = serde_json::json!({ key.clone(): value.clone() }).to_string();
            prop_assert_eq!(members(&text).unwrap(), [(key, Json::String(value))]);
        }

        #[test]
        fn no_text_makes_it_panic(text in r#"(.|[{}\[\]":,\\u0-9tfn]){0,60}"#) {
            let _ = members(&text);
        }
    }
}
