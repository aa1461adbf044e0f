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
        while self.at < self.header.len() {
            let start = self.at;
            let mut equals = None;
            let mut encoded = false;
            let mut end = start;
            while let Some(unit) = self.header.get(end) {
                if unit.is(b';') {
                    break;
                }
                if unit.is(b'=') && equals.is_none() {
                    equals = Some(end);
                }
                encoded |= unit.is(b'%');
                end += 1;
            }
            self.at = end + 1;
            // A pair without `=` is a value without a name (RFC 6265bis section 5.6, step 3).
            let (name, value) = match equals {
                Some(equals) => (trim(self.header, start, equals), trim(self.header, equals + 1, end)),
                None => ((0, 0), trim(self.header, start, end)),
            };
            if equals.is_some() || value.0 < value.1 {
                return Some(Pair { name, value, encoded });
            }
        }
        None
    }
}

/// Narrows a range by the spaces and tabs at its ends.
fn trim<U: Unit>(text: &[U], mut start: usize, mut end: usize) -> (u32, u32) {
    let blank = |at: usize| text.get(at).is_some_and(|u| u.is(b' ') || u.is(b'\t'));
    while start < end && blank(start) {
        start += 1;
    }
    while start < end && blank(end - 1) {
        end -= 1;
    }
    (start as u32, end as u32)
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

/// The first `N` pairs of one header, so that the next look-up in the same header reads no character twice.
#[derive(Clone, Debug)]
pub struct Index<const N: usize> {
    pairs: [Pair; N],
    len: usize,
    /// Where the pairs begin that are not among those: nothing asked for them yet, or they had no room.
    rest: usize,
}

impl<const N: usize> Index<N> {
    /// An index that knows nothing yet.
    pub const fn new() -> Self {
        Self { pairs: [Pair { name: (0, 0), value: (0, 0), encoded: false }; N], len: 0, rest: 0 }
    }

    /// Forgets all, for another header.
    pub fn clear(&mut self) {
        self.len = 0;
        self.rest = 0;
    }

    /// As [`find`]; `header` is the same text each time, until [`clear`](Self::clear).
    pub fn find<U: Unit>(&mut self, header: &[U], name: &[U]) -> Option<Pair> {
        for pair in self.pairs.iter().take(self.len) {
            if pair.is_named(header, name) {
                return Some(*pair);
            }
        }
        let mut unread = Pairs { header, at: self.rest };
        while let Some(pair) = unread.next() {
            if let Some(slot) = self.pairs.get_mut(self.len) {
                *slot = pair;
                self.len += 1;
                self.rest = unread.at;
            }
            if pair.is_named(header, name) {
                return Some(pair);
            }
        }
        None
    }
}

impl<const N: usize> Default for Index<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn an_index_finds_what_a_scan_finds_also_beyond_its_size() {
        let header = (0..12).map(|i| format!("n{i}=v%{i}")).collect::<Vec<_>>().join("; ");
        let mut index = Index::<8>::new();
        for i in [3, 0, 12, 7, 8, 11, 1, 5, 13, 2] {
            let name = format!("n{i}");
            assert_eq!(index.find(header.as_bytes(), name.as_bytes()), find(header.as_str(), name.as_str()));
        }
        index.clear();
        assert_eq!(index.find(b"", b"n1"), None);
    }
}
