//! The dialect in which requests, plans and answers cross: one text, an item a line.
//!
//! One crossing costs less than one for each item. No method, URL, header name or header value can hold a line break;
//! whatever can hold one stands last. A list is its length, and then its items. `js/wasm/message.ts` is the other side.

use core::fmt::Display;
use core::fmt::Write;

/// Reads a message; what is missing at its end is empty.
pub(super) struct Reader<'a>(core::str::Split<'a, char>);

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self(text.split('\n'))
    }

    /// The next item.
    pub fn line(&mut self) -> &'a str {
        self.0.next().unwrap_or_default()
    }

    /// The next item, which may hold line breaks: they came as `\\n`, and a backslash as two.
    pub fn text(&mut self) -> String {
        let mut out = String::new();
        let mut escaped = false;
        for character in self.line().chars() {
            match (escaped, character) {
                (false, '\\') => escaped = true,
                (false, other) => out.push(other),
                (true, other) => {
                    out.push(if other == 'n' { '\n' } else { other });
                    escaped = false;
                }
            }
        }
        out
    }

    /// The next item, a number; 0 for none.
    pub fn number<N: core::str::FromStr + Default>(&mut self) -> N {
        self.line().parse().unwrap_or_default()
    }

    /// The next item, `1` or something else.
    pub fn flag(&mut self) -> bool {
        self.line() == "1"
    }

    /// The pairs of items up to the end.
    pub fn pairs(mut self) -> Vec<(&'a str, &'a str)> {
        let mut out = Vec::new();
        while let (Some(name), Some(value)) = (self.0.next(), self.0.next()) {
            out.push((name, value));
        }
        out
    }
}

/// Writes a message.
pub(super) struct Writer(String);

impl Writer {
    /// Begins with an item.
    pub fn new(first: impl Display) -> Self {
        Self(first.to_string())
    }

    /// Adds an item.
    pub fn line(mut self, item: impl Display) -> Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "\n{item}");
        self
    }

    /// Adds an item that may hold line breaks, as [`Reader::text`] reads it.
    pub fn text(self, item: &str) -> Self {
        if item.contains(['\\', '\n']) {
            self.line(item.replace('\\', "\\\\").replace('\n', "\\n"))
        } else {
            self.line(item)
        }
    }

    /// Adds `1` or `0`.
    pub fn flag(self, flag: bool) -> Self {
        self.line(u8::from(flag))
    }

    /// Adds a list.
    pub fn lines<S: AsRef<str>>(mut self, items: impl ExactSizeIterator<Item = S>) -> Self {
        self = self.line(items.len());
        for item in items {
            self = self.line(item.as_ref());
        }
        self
    }

    /// Adds a list of pairs; its length is that of its pairs.
    pub fn pairs(mut self, pairs: &[(String, String)]) -> Self {
        self = self.line(pairs.len());
        for (name, value) in pairs {
            self = self.line(name).line(value);
        }
        self
    }

    pub fn done(self) -> String {
        self.0
    }
}
