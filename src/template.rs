//! `{{ cookies.name }}`: the text that stands for a cookie which JavaScript cannot read.
//!
//! The page makes it, and the proxy puts the cookie in its place. Substitution is one pass from left to right over
//! the template text: what a cookie's value contains is never looked at again, and each value is encoded for the
//! place where it lands.

use crate::cookie::syntax::{Text, Unit};

/// What a template begins with.
pub const OPEN: &str = "{{ cookies.";
/// What a template ends with.
pub const CLOSE: &str = " }}";

/// Makes the template of a cookie; `push` receives its units as [`Unit::code`] gives them.
///
/// `false`, and nothing pushed, for an empty name. A name that is no token makes a template that no cookie matches.
///
/// ```
/// let mut made = String::new();
/// assert!(httponly::template::make("id", |code| made.extend(char::from_u32(code))));
/// assert_eq!(made, "{{ cookies.id }}");
/// ```
pub fn make<'a>(name: impl Text<'a>, mut push: impl FnMut(u32)) -> bool {
    if name.units().is_empty() {
        return false;
    }
    OPEN.bytes().for_each(|byte| push(byte.into()));
    name.units().iter().for_each(|unit| push(unit.code()));
    CLOSE.bytes().for_each(|byte| push(byte.into()));
    true
}

#[cfg(feature = "std")]
pub(crate) use substitution::check_header_value;
#[cfg(feature = "std")]
pub use substitution::{Context, Template, scan, substitute, substitute_within};

#[cfg(feature = "std")]
mod substitution {
    use core::ops::Range;
    use std::borrow::Cow;

    use super::{CLOSE, OPEN};
    use crate::error::{Refusal, Rule};

    /// Where a text with templates stands, which decides how values are encoded.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Context {
        /// Plain text: values stand as they are.
        Text,
        /// JSON: values are escaped for the inside of a JSON string (RFC 8259 section 7).
        Json,
        /// `application/x-www-form-urlencoded` pairs, a space as `+`.
        Form,
        /// The query of a URL: pairs as in a form, a space as `%20`.
        Query,
        /// A header value: Latin-1 without control characters but the tab; another value is refused.
        Header,
    }

    impl Context {
        /// The context of a name: `text`, `json`, `form`, `query` or `header`.
        pub fn parse(name: &str) -> Option<Self> {
            Some(match name {
                "text" => Self::Text,
                "json" => Self::Json,
                "form" => Self::Form,
                "query" => Self::Query,
                "header" => Self::Header,
                _ => return None,
            })
        }
    }

    /// A template in a text.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Template<'t> {
        /// The bytes that it takes, braces included.
        pub range: Range<usize>,
        /// The name of the cookie.
        pub name: &'t str,
    }

    /// Finds the templates of a text: [`OPEN`], the shortest run of one or more characters without a line break, and
    /// [`CLOSE`].
    ///
    /// ```
    /// let names = httponly::template::scan("{{ cookies.a }}{{cookies.b}}").map(|t| t.name).collect::<Vec<_>>();
    /// assert_eq!(names, ["a"]);
    /// ```
    pub fn scan(text: &str) -> impl Iterator<Item = Template<'_>> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let (range, name) = next(text.as_bytes(), at)?;
            at = range.end;
            Some(Template { range, name: text.get(name)? })
        })
    }

    /// The next template at or after a byte: all of it, and its name. Linear in the bytes it passes over.
    fn next(text: &[u8], mut at: usize) -> Option<(Range<usize>, Range<usize>)> {
        loop {
            let start = at + find(text.get(at..)?, OPEN.as_bytes())?;
            let name = start + OPEN.len();
            let mut end = name + 1;
            // Where a line ends before a template closes, or the text does, none that opens in between closes either.
            while !breaks_line(text.get(end - 1..)?) {
                if text.get(end..)?.starts_with(CLOSE.as_bytes()) {
                    return Some((start..end + CLOSE.len(), name..end));
                }
                end += 1;
            }
            at = end;
        }
    }

    fn find(text: &[u8], what: &[u8]) -> Option<usize> {
        text.windows(what.len()).position(|window| window == what)
    }

    /// Whether a text starts with a line break: LF, CR, U+2028 or U+2029, as in a JavaScript regular expression.
    fn breaks_line(text: &[u8]) -> bool {
        matches!(text, [b'\n' | b'\r', ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..])
    }

    /// Puts values in the place of templates, in one pass from left to right; values are not scanned.
    ///
    /// `value` is asked once for each template, in order. A text without templates is returned as it is. In a query
    /// and in a form, a name or value that holds a template, perhaps percent-encoded, is decoded, substituted and
    /// encoded again; all others pass byte for byte.
    ///
    /// # Errors
    /// What `value` refuses; [`Rule::HeaderValue`] for a value that no header can carry.
    ///
    /// ```
    /// use httponly::template::{Context, substitute};
    ///
    /// let text = substitute("{\"token\":\"{{ cookies.t }}\"}", Context::Json, |_| Ok("a\"b".into())).unwrap();
    /// assert_eq!(text, r#"{"token":"a\"b"}"#);
    /// ```
    pub fn substitute<'t, 'v>(
        text: &'t str,
        context: Context,
        value: impl FnMut(&str) -> Result<Cow<'v, str>, Refusal>,
    ) -> Result<Cow<'t, str>, Refusal> {
        substitute_within(text, context, usize::MAX, value)
    }

    /// As [`substitute`], but refuses a result that would take more than `limit` bytes.
    ///
    /// # Errors
    /// As [`substitute`], and [`Rule::BodyTooLarge`].
    pub fn substitute_within<'t, 'v>(
        text: &'t str,
        context: Context,
        limit: usize,
        mut value: impl FnMut(&str) -> Result<Cow<'v, str>, Refusal>,
    ) -> Result<Cow<'t, str>, Refusal> {
        let mut out = Output { bytes: Vec::new(), copied: 0, limit };
        if matches!(context, Context::Form | Context::Query) {
            let mut start = 0;
            for pair in text.split('&') {
                let equals = pair.find('=').unwrap_or(pair.len());
                for (from, to) in [(0, equals), ((equals + 1).min(pair.len()), pair.len())] {
                    out.component(text, start + from..start + to, context, &mut value)?;
                }
                start += pair.len() + 1;
            }
        } else {
            while let Some((range, name)) = next(text.as_bytes(), out.copied) {
                out.copy(text, range.start);
                out.copied = range.end;
                let value = value(text.get(name).unwrap_or_default())?;
                out.value(value.as_bytes(), context)?;
            }
        }
        if out.copied == 0 {
            return Ok(text.into());
        }
        out.copy(text, text.len());
        out.check()?;
        // Text around templates is copied between character borders, and values are text.
        String::from_utf8(out.bytes).map(Cow::Owned).map_err(|_| Rule::BodyNotText.into())
    }

    /// The text so far.
    struct Output {
        bytes: Vec<u8>,
        /// How much of the input is in it already; 0 until the first template.
        copied: usize,
        limit: usize,
    }

    impl Output {
        /// Copies input up to a place.
        fn copy(&mut self, text: &str, to: usize) {
            self.bytes.extend_from_slice(text.as_bytes().get(self.copied..to).unwrap_or_default());
        }

        fn check(&self) -> Result<(), Refusal> {
            if self.bytes.len() > self.limit { Err(Rule::BodyTooLarge.into()) } else { Ok(()) }
        }

        /// Appends a value, encoded for the context.
        fn value(&mut self, value: &[u8], context: Context) -> Result<(), Refusal> {
            match context {
                Context::Text => self.bytes.extend_from_slice(value),
                Context::Json => {
                    for &byte in value {
                        escape_json(byte, &mut self.bytes);
                    }
                }
                Context::Form | Context::Query => {
                    for &byte in value {
                        encode(byte, context, &mut self.bytes);
                    }
                }
                Context::Header => {
                    let text = core::str::from_utf8(value).map_err(|_| Rule::HeaderValue)?;
                    check_header_value(text)?;
                    self.bytes.extend_from_slice(value);
                }
            }
            self.check()
        }

        /// Appends a name or value of a pair if it holds a template, with the input before it.
        fn component<'v>(
            &mut self,
            text: &str,
            range: Range<usize>,
            context: Context,
            value: &mut impl FnMut(&str) -> Result<Cow<'v, str>, Refusal>,
        ) -> Result<(), Refusal> {
            let component = text.as_bytes().get(range.clone()).unwrap_or_default();
            if !may_open(component) {
                return Ok(());
            }
            let decoded = crate::http::percent::decode(component, true);
            let mut at = 0;
            while let Some((template, name)) = next(&decoded, at) {
                if at == 0 {
                    self.copy(text, range.start);
                    self.copied = range.end;
                }
                for &byte in decoded.get(at..template.start).unwrap_or_default() {
                    encode(byte, context, &mut self.bytes);
                }
                let name = String::from_utf8_lossy(decoded.get(name).unwrap_or_default());
                self.value(value(&name)?.as_bytes(), context)?;
                at = template.end;
            }
            if at > 0 {
                for &byte in decoded.get(at..).unwrap_or_default() {
                    encode(byte, context, &mut self.bytes);
                }
            }
            self.check()
        }
    }

    /// Refuses a header value with a control character but the tab, which no client sends, or one beyond Latin-1.
    /// What lies above ASCII there may be half of a character in UTF-8.
    pub(crate) fn check_header_value(value: &str) -> Result<(), Refusal> {
        // All characters before the first beyond Latin-1 take one UTF-16 unit, as they do one place in the text.
        for (index, c) in (0..).zip(value.chars()) {
            if matches!(c, '\0'..='\u{8}' | '\n'..='\u{1f}' | '\u{7f}') || c > '\u{ff}' {
                let mut units = [0; 2];
                c.encode_utf16(&mut units);
                return Err(Refusal::at(Rule::HeaderValue, index, units[0]));
            }
        }
        Ok(())
    }

    /// Whether a component holds a brace, encoded or not: a quick answer for nearly all of them.
    fn may_open(component: &[u8]) -> bool {
        component.contains(&b'{') || component.windows(3).any(|w| w.eq_ignore_ascii_case(b"%7b"))
    }

    /// Appends a byte as `application/x-www-form-urlencoded` writes it (WHATWG URL section 5.2); a space by context.
    fn encode(byte: u8, context: Context, out: &mut Vec<u8>) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            b' ' if context == Context::Form => out.push(b'+'),
            _ => crate::http::percent::encode(byte, out),
        }
    }

    /// Appends a byte as it stands in a JSON string.
    fn escape_json(byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend(b"\\u00");
                out.push(b'0' + (byte >> 4));
                out.extend(DIGITS.get(usize::from(byte & 15)));
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn fill(text: &str, context: Context) -> String {
        substitute(text, context, |name| {
            Ok(Cow::Borrowed(match name {
                "a" => "1",
                "odd" => "x&y=\"z\" %\\\n+é",
                "nested" => "{{ cookies.a }}",
                "$" => "$&$1",
                _ => "",
            }))
        })
        .unwrap()
        .into_owned()
    }

    #[test]
    fn a_template_is_made_of_any_text_but_the_empty_one() {
        let wide: Vec<u16> = "süß".encode_utf16().collect();
        let mut made = Vec::new();
        assert!(make(wide.as_slice(), |code| made.push(u16::try_from(code).unwrap())));
        assert_eq!(String::from_utf16(&made).unwrap(), "{{ cookies.süß }}");
        assert!(!make("", |_| panic!("nothing is pushed")));
    }

    #[test]
    fn a_text_full_of_openings_is_read_in_linear_time() {
        let text = OPEN.repeat(1_000_000);
        assert_eq!(scan(&text).count(), 0);
        assert_eq!(scan(&format!("{}\n", OPEN.repeat(500_000)).repeat(2)).count(), 0);
    }

    #[test]
    fn a_result_over_the_limit_is_refused() {
        let value = "v".repeat(4000);
        let text = "{{ cookies.a }}".repeat(1000);
        let refused = substitute_within(&text, Context::Text, 10_000, |_| Ok(value.as_str().into()));
        assert_eq!(refused.unwrap_err().rule(), crate::error::Rule::BodyTooLarge);
    }

    #[test]
    fn values_are_not_scanned_again() {
        assert_eq!(fill("{{ cookies.nested }}", Context::Text), "{{ cookies.a }}");
        assert_eq!(fill("{{ cookies.{{ cookies.a }} }}", Context::Text), " }}");
    }

    #[test]
    fn a_header_refuses_what_it_cannot_carry() {
        for bad in ["a\rb", "a\nb", "\0", "\u{1}", "\u{7f}", "€"] {
            let refused = substitute("{{ cookies.a }}", Context::Header, |_| Ok(bad.into()));
            assert_eq!(refused.unwrap_err().rule(), crate::error::Rule::HeaderValue, "{bad:?}");
        }
        assert_eq!(substitute("{{ cookies.a }}", Context::Header, |_| Ok("é\t".into())).unwrap(), "é\t");
    }

    #[test]
    fn bytes_that_are_no_text_survive_beside_a_template() {
        assert_eq!(fill("q=%FF{{ cookies.a }}%fe", Context::Query), "q=%FF1%FE");
    }
}
