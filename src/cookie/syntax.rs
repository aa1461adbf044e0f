//! Names and values: which are legal, and how a value is encoded so that every string makes the round trip.
//!
//! Rules that the page needs are written over [`Text`], so that one function serves UTF-8 on the server and UTF-16
//! in the page, and indices in refusals count as JavaScript counts.

use crate::error::{Refusal, Rule};

/// Largest sum of name and encoded value in bytes (RFC 6265bis section 5.6, step 5).
pub const MAX_PAIR: usize = 4096;
/// Largest attribute value in bytes (RFC 6265bis section 5.6, step 6 of the attribute loop).
pub const MAX_ATTRIBUTE: usize = 1024;

/// One unit of text: a UTF-8 byte or a UTF-16 code unit. Both write ASCII as itself, and all syntax is ASCII.
pub trait Unit: Copy + Eq + 'static {
    /// The numeric value of the unit.
    fn code(self) -> u32;

    /// Whether the unit is this ASCII character.
    fn is(self, ascii: u8) -> bool {
        self.code() == u32::from(ascii)
    }

    /// Whether the unit is this ASCII character in either case; `ascii` is lower-case.
    fn is_ignore_case(self, ascii: u8) -> bool {
        self.is(ascii) || (ascii.is_ascii_lowercase() && self.is(ascii ^ 0x20))
    }
}

impl Unit for u8 {
    fn code(self) -> u32 {
        self.into()
    }
}

impl Unit for u16 {
    fn code(self) -> u32 {
        self.into()
    }
}

/// Text in UTF-8 (`&str`) or in UTF-16 that may hold lone surrogates (`&[u16]`, a JavaScript string).
pub trait Text<'a>: Copy {
    /// What the text is made of.
    type Unit: Unit;

    /// The text, unit by unit.
    fn units(self) -> &'a [Self::Unit];

    /// The text behind its first units, which are ASCII.
    #[must_use]
    fn after(self, units: usize) -> Self;

    /// The code point that begins at a unit, and how many units it takes; a lone surrogate stands for itself.
    /// `None` at the end and where no character begins.
    fn code_point(self, unit: usize) -> Option<(u32, usize)>;
}

impl<'a> Text<'a> for &'a str {
    type Unit = u8;

    fn units(self) -> &'a [u8] {
        self.as_bytes()
    }

    fn after(self, units: usize) -> Self {
        self.get(units..).unwrap_or_default()
    }

    fn code_point(self, unit: usize) -> Option<(u32, usize)> {
        let character = self.get(unit..)?.chars().next()?;
        Some((character.into(), character.len_utf8()))
    }
}

impl<'a> Text<'a> for &'a [u16] {
    type Unit = u16;

    fn units(self) -> &'a [u16] {
        self
    }

    fn after(self, units: usize) -> Self {
        self.get(units..).unwrap_or_default()
    }

    #[cfg_attr(not(feature = "server"), inline(always))]
    fn code_point(self, unit: usize) -> Option<(u32, usize)> {
        let first = self.get(unit)?.code();
        let second = self.get(unit + 1).map_or(0, |u| u.code());
        // D800 to DBFF and DC00 to DFFF make a pair (Unicode 3.9, D91).
        Some(if first >> 10 == 0x36 && second >> 10 == 0x37 {
            ((first << 10) + second - 0x35f_dc00, 2)
        } else {
            (first, 1)
        })
    }
}

/// A set of ASCII characters.
#[derive(Clone, Copy, Debug)]
pub struct Class([u32; 4]);

impl Class {
    /// `tchar`, of which a `token` is made (RFC 9110 section 5.6.2).
    pub const TOKEN: Self = Self::of(&[b"AZ", b"az", b"09", b"!!", b"#'", b"*+", b"-.", b"^`", b"||", b"~~"]);
    /// `cookie-octet`: US-ASCII without CTL, white space, `"`, `,`, `;` and `\` (RFC 6265bis section 4.1.1).
    pub const COOKIE_OCTET: Self = Self::of(&[b"!!", b"#+", b"-:", b"<[", b"]~"]);
    /// The cookie-octets that stand for themselves in an encoded value: all but `%`.
    pub const LITERAL: Self = Self::of(&[b"!!", b"#$", b"&+", b"-:", b"<[", b"]~"]);
    /// `av-octet`: any CHAR except CTL and `;` (RFC 6265bis section 4.1.1).
    pub const ATTRIBUTE_OCTET: Self = Self::of(&[b" :", b"<~"]);
    /// Letters, digits, `-` and `_`, and the `.` between labels.
    pub const HOST_NAME: Self = Self::of(&[b"AZ", b"az", b"09", b"-.", b"__"]);

    #[expect(clippy::indexing_slicing, reason = "runs at compile time only: the constants above")]
    const fn of(ranges: &[&[u8; 2]]) -> Self {
        let mut words = [0; 4];
        let mut at = 0;
        while at < ranges.len() {
            let [mut code, last] = *ranges[at];
            while code <= last {
                words[(code >> 5) as usize] |= 1 << (code & 31);
                code += 1;
            }
            at += 1;
        }
        Self(words)
    }

    /// Whether a code is in the set.
    pub fn has(&self, code: u32) -> bool {
        self.0.get((code >> 5) as usize).is_some_and(|word| word >> (code & 31) & 1 == 1)
    }

    /// Refuses the first character that is not in the set.
    pub(crate) fn check<'a>(&self, text: impl Text<'a>, rule: Rule) -> Result<(), Refusal> {
        let Some(index) = text.units().iter().position(|unit| !self.has(unit.code())) else { return Ok(()) };
        // All units before are ASCII, so the index is the same in UTF-8 and in UTF-16.
        let (code, _) = text.code_point(index).unwrap_or_default();
        Err(Refusal::at(rule, index as u32, first_unit(code)))
    }
}

/// The first UTF-16 code unit of a code point.
const fn first_unit(code: u32) -> u16 {
    if code > 0xffff { 0xd7c0 + (code >> 10) as u16 } else { code as u16 }
}

/// Refuses a name that is no `token` (RFC 6265bis section 4.1.1: `cookie-name = token`).
///
/// # Errors
/// [`Rule::NameEmpty`], [`Rule::NameCharacter`] with its place.
///
/// ```
/// use httponly::cookie::syntax::check_name;
///
/// assert!(check_name("__Host-id").is_ok());
/// assert!(check_name("a b").is_err());
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn check_name<'a>(name: impl Text<'a>) -> Result<(), Refusal> {
    if name.units().is_empty() {
        return Err(Rule::NameEmpty.into());
    }
    Class::TOKEN.check(name, Rule::NameCharacter)
}

/// Refuses a name that no cookie in a browser can have: RFC 6265bis section 5.6 is more lenient than the grammar for
/// servers, and `sidebar:state` or `é` are in use. For cookies that are read or deleted.
///
/// # Errors
/// [`Rule::NameEmpty`], [`Rule::NameCharacter`].
///
/// ```
/// use httponly::cookie::syntax::check_existing_name;
///
/// assert!(check_existing_name("sidebar:state").is_ok());
/// assert!(check_existing_name("a=b").is_err());
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn check_existing_name<'a>(name: impl Text<'a>) -> Result<(), Rule> {
    let units = name.units();
    if units.is_empty() {
        return Err(Rule::NameEmpty);
    }
    if units.iter().any(|unit| matches!(unit.code(), 0..=8 | 0x0a..0x20 | 0x3b | 0x3d | 0x7f)) {
        return Err(Rule::NameCharacter);
    }
    Ok(())
}

/// Encodes a value: cookie-octets but `%` stand for themselves, each other byte of the UTF-8 text becomes `%XX`.
///
/// Decoding with `decodeURIComponent` gives the value back. `push` receives ASCII bytes.
///
/// # Errors
/// [`Rule::ValueControl`] or [`Rule::ValueSurrogate`], with the place; what was pushed by then is to be thrown away.
///
/// ```
/// let mut encoded = Vec::new();
/// httponly::cookie::syntax::encode_value("50% ü", |byte| encoded.push(byte)).unwrap();
/// assert_eq!(encoded, b"50%25%20%C3%BC");
/// ```
#[cfg_attr(not(feature = "server"), inline(always))]
pub fn encode_value<'a>(value: impl Text<'a>, mut push: impl FnMut(u8)) -> Result<(), Refusal> {
    let (mut at, mut index) = (0, 0);
    while let Some((code, width)) = value.code_point(at) {
        let rule = match code {
            0..0x20 | 0x7f => Some(Rule::ValueControl),
            0xd800..0xe000 => Some(Rule::ValueSurrogate),
            _ => None,
        };
        if let Some(rule) = rule {
            return Err(Refusal::at(rule, index, first_unit(code)));
        }
        if Class::LITERAL.has(code) {
            push(code as u8);
        } else {
            // UTF-8 (RFC 3629 section 3): the lead byte says how many groups of six bits follow.
            let (mut shift, lead) = match code {
                0..0x80 => (0, 0),
                0x80..0x800 => (6, 0xc0),
                0x800..0x1_0000 => (12, 0xe0),
                _ => (18, 0xf0),
            };
            let mut byte = lead | code >> shift;
            loop {
                push(b'%');
                push(hex_digit(byte as u8 >> 4));
                push(hex_digit(byte as u8 & 15));
                if shift == 0 {
                    break;
                }
                shift -= 6;
                byte = 0x80 | code >> shift & 0x3f;
            }
        }
        at += width;
        index += if code > 0xffff { 2 } else { 1 };
    }
    Ok(())
}

/// The upper-case hexadecimal digit of a number below 16.
const fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble }
}

/// Decodes a value as `decodeURIComponent` does; a value that does not decode is returned as it is.
///
/// ```
/// use httponly::cookie::syntax::decode_value;
///
/// assert_eq!(decode_value("50%25%20%C3%BC"), "50% ü");
/// assert_eq!(decode_value("50% off"), "50% off");
/// ```
#[cfg(feature = "std")]
pub fn decode_value(value: &str) -> std::borrow::Cow<'_, str> {
    crate::http::percent::decode_strict(value).unwrap_or(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_table_is_rfc_9110_tchar() {
        for code in 0..=0x1_0000 {
            let tchar = char::from_u32(code)
                .is_some_and(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
            assert_eq!(Class::TOKEN.has(code), tchar, "U+{code:04X}");
        }
    }

    #[test]
    fn cookie_octet_is_rfc_6265bis() {
        for code in 0..=0x1_0000 {
            let octet = matches!(code, 0x21..=0x7e) && !matches!(code, 0x22 | 0x2c | 0x3b | 0x5c);
            assert_eq!(Class::COOKIE_OCTET.has(code), octet, "U+{code:04X}");
            assert_eq!(Class::LITERAL.has(code), octet && code != 0x25, "U+{code:04X}");
            let attribute = matches!(code, 0x20..=0x7e) && code != 0x3b;
            assert_eq!(Class::ATTRIBUTE_OCTET.has(code), attribute, "U+{code:04X}");
        }
    }

    #[test]
    fn utf_16_and_utf_8_are_refused_at_the_same_place() {
        for text in ["a;b", "é", "a\u{1F36A}", "ab\u{7f}", "", "\u{0}", "tok en"] {
            let wide: Vec<u16> = text.encode_utf16().collect();
            assert_eq!(check_name(text), check_name(wide.as_slice()), "{text:?}");
        }
    }

    #[test]
    fn encoding_is_percent_encoded_utf_8() {
        for code in (0..0x11_0000).filter(|code| code % 61 == 0 || *code < 0x900) {
            let Some(character) = char::from_u32(code).filter(|c| !c.is_ascii_control()) else { continue };
            let mut text = String::new();
            encode_value(character.to_string().as_str(), |byte| text.push(byte.into())).unwrap();
            let expected = if Class::LITERAL.has(code) {
                character.to_string()
            } else {
                let mut bytes = [0; 4];
                let bytes = character.encode_utf8(&mut bytes).bytes();
                bytes.flat_map(|byte| format!("%{byte:02X}").into_bytes()).map(char::from).collect()
            };
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_lone_surrogate_is_refused_with_its_index() {
        let value = [0x61, 0xd83c, 0xdf6a, 0xd800];
        let refusal = encode_value(value.as_slice(), |_| ()).unwrap_err();
        assert_eq!(refusal, Refusal::at(Rule::ValueSurrogate, 3, 0xd800));
    }

    #[test]
    fn utf_16_is_read_as_the_standard_library_reads_it() {
        let ends = [0, 0x61, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
        for text in ends.iter().flat_map(|&a| ends.map(|b| [a, b, 0x62])) {
            let mut at = 0;
            for expected in char::decode_utf16(text) {
                let (code, width) = text.as_slice().code_point(at).unwrap();
                let expected = expected.map_or_else(|e| e.unpaired_surrogate().into(), u32::from);
                assert_eq!(code, expected, "{text:04x?}");
                at += width;
            }
            assert_eq!(text.as_slice().code_point(at), None);
        }
    }

    #[test]
    fn a_control_character_is_refused_with_its_index() {
        for control in (0..0x20).chain([0x7f]) {
            let value = [0x1f36a, control].map(|c| char::from_u32(c).unwrap()).iter().collect::<String>();
            let refusal = encode_value(value.as_str(), |_| ()).unwrap_err();
            assert_eq!(refusal, Refusal::at(Rule::ValueControl, 2, control as u16));
        }
    }

    #[test]
    fn values_that_do_not_decode_stay_as_they_are() {
        for raw in ["%", "%4", "%zz", "%ff", "%C3", "%ED%A0%80", "a%00%F5", "%+1", "%é"] {
            assert_eq!(decode_value(raw), raw);
        }
        assert_eq!(decode_value("%41%e2%82%ac%00"), "A€\0");
    }
}
