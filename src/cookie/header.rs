//! The `Cookie` header and `document.cookie`, which have the same form: pairs in, offsets out, nothing copied.
//!
//! Where a browser is more lenient than RFC 6265bis section 4.2.1, reading is as lenient: white space around names and
//! values is optional, a pair without `=` is a value without a name, and quotes belong to the value.

use core::ops::Range;

use super::syntax::{Text, Unit};

/// Where a cookie stands in the text it was read from, in units of that text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    name: (u32, u32),
    value: (u32, u32),
    /// Whether the value holds a `%`, so that decoding could change it.
    pub encoded: bool,
}

impl Pair {
    /// The range of the name; empty for a cookie without a name.
    pub const fn name(&self) -> Range<usize> {
        self.name.0 as usize..self.name.1 as usize
    }

    /// The range of the value, quotes included.
    pub const fn value(&self) -> Range<usize> {
        self.value.0 as usize..self.value.1 as usize
    }

    /// Whether the cookie has this name; no cookie has the empty one, nameless cookies included.
    pub fn is_named<U: Unit>(&self, header: &[U], name: &[U]) -> bool {
        !name.is_empty() && header.get(self.name()) == Some(name)
    }
}

/// The cookies of a header, in order; made by [`pairs`].
#[derive(Clone, Debug)]
pub struct Pairs<'a, U> {
    header: &'a [U],
    at: usize,
}

/// Reads a `Cookie` header value or `document.cookie`, lazily.
///
/// ```
/// use httponly::cookie::header::pairs;
///
/// let header = "a=1; b==2=; c";
/// let read: Vec<_> = pairs(header).map(|p| (&header[p.name()], &header[p.value()])).collect();
/// assert_eq!(read, [("a", "1"), ("b", "=2="), ("", "c")]);
/// ```
pub fn pairs<'a, T: Text<'a>>(header: T) -> Pairs<'a, T::Unit> {
    Pairs { header: header.units(), at: 0 }
}

impl<U: Unit> Iterator for Pairs<'_, U> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        let (mut start, mut end) = (self.at, self.at);
        let mut name = None;
        let mut encoded = false;
        while self.at <= self.header.len() {
            let unit = self.header.get(self.at).map_or(0x3b, |unit| unit.code());
            self.at += 1;
            match unit {
                0x3b => {
                    // A pair without `=` is a value without a name (RFC 6265bis section 5.6, step 3).
                    if name.is_some() || start < end {
                        return Some(Pair {
                            name: name.unwrap_or_default(),
                            value: (start as u32, end as u32),
                            encoded,
                        });
                    }
                    (start, end) = (self.at, self.at);
                }
                0x3d if name.is_none() => {
                    name = Some((start as u32, end as u32));
                    (start, end) = (self.at, self.at);
                }
                0x20 | 9 if start == end => (start, end) = (self.at, self.at),
                0x20 | 9 => (),
                _ => {
                    encoded |= unit == 0x25;
                    end = self.at;
                }
            }
        }
        None
    }
}

/// The first cookie of a name, as browsers order them: the most specific path first (RFC 6265bis section 5.8.3).
///
/// An empty name finds nothing.
///
/// ```
/// let header = "a=1; a=2; ab=3";
/// let pair = httponly::cookie::header::find(header, "a").unwrap();
/// assert_eq!(&header[pair.value()], "1");
/// ```
pub fn find<'a, 'b, T: Text<'a>, N: Text<'b, Unit = T::Unit>>(header: T, name: N) -> Option<Pair> {
    pairs(header).find(|pair| pair.is_named(header.units(), name.units()))
}

/// Where the value of the first cookie of a name stands: as [`find`], written for the page's module, where each byte
/// counts. The name is compared while the header is read, once.
///
/// ```
/// assert_eq!(httponly::cookie::header::value_of(b"a=1; b = 2 ", b"b"), Some(9..10));
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn value_of<U: Unit>(header: &[U], name: &[U]) -> Option<Range<usize>> {
    // Behind the end is as behind a cookie.
    let unit = |at: usize| header.get(at).map_or(0x3b, |unit| unit.code());
    let blank = |at| matches!(unit(at), 9 | 0x20);
    let mut at = 0;
    while at < header.len() {
        while blank(at) {
            at += 1;
        }
        let start = at;
        while !matches!(unit(at), 0x3b | 0x3d) && name.get(at - start).is_some_and(|n| n.code() == unit(at)) {
            at += 1;
        }
        let named = at > start && at - start == name.len() && !blank(at - 1);
        while blank(at) {
            at += 1;
        }
        let found = named && unit(at) == 0x3d;
        if found {
            at += 1;
            while blank(at) {
                at += 1;
            }
        }
        let start = at;
        let mut end = at;
        while unit(at) != 0x3b {
            if !blank(at) {
                end = at + 1;
            }
            at += 1;
        }
        if found {
            return Some(start..end);
        }
        at += 1;
    }
    None
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways_find_the_same(header in "[ab=; \t%é]{0,24}", name in "[ab=; \t]{0,4}") {
            let found = find(header.as_str(), name.as_str()).map(|pair| pair.value());
            prop_assert_eq!(value_of(header.as_bytes(), name.as_bytes()), found);
        }
    }

    fn read(header: &str) -> Vec<(&str, &str)> {
        pairs(header).map(|p| (&header[p.name()], &header[p.value()])).collect()
    }

    #[test]
    fn white_space_round_names_and_values_is_dropped() {
        assert_eq!(read(" a \t=\t1 ;b=2;\tc = 3 "), [("a", "1"), ("b", "2"), ("c", "3")]);
    }

    #[test]
    fn empty_pairs_are_passed_over() {
        assert_eq!(read("; ;a=1;;  ;"), [("a", "1")]);
        assert_eq!(read(""), []);
        assert_eq!(read(";"), []);
    }

    #[test]
    fn quotes_and_equals_signs_belong_to_the_value() {
        assert_eq!(read("a=\"x y\"; b=abc=="), [("a", "\"x y\""), ("b", "abc==")]);
    }

    #[test]
    fn a_pair_without_equals_is_a_value_without_a_name() {
        assert_eq!(read("a; =b; ="), [("", "a"), ("", "b"), ("", "")]);
    }

    #[test]
    fn the_first_of_equal_names_wins() {
        let header = "x=0; a=1; a=2";
        assert_eq!(&header[find(header, "a").unwrap().value()], "1");
        assert_eq!(find(header, "b"), None);
        assert_eq!(find("=1; 2", ""), None);
    }
}
