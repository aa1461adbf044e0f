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

    /// The text, character by character; a lone surrogate is `Err`.
    fn chars(self) -> impl Iterator<Item = Result<char, u16>>;
}

impl<'a> Text<'a> for &'a str {
    type Unit = u8;

    fn units(self) -> &'a [u8] {
        self.as_bytes()
    }

    fn chars(self) -> impl Iterator<Item = Result<char, u16>> {
        str::chars(self).map(Ok)
    }
}

impl<'a> Text<'a> for &'a [u16] {
    type Unit = u16;

    fn units(self) -> &'a [u16] {
        self
    }

    fn chars(self) -> impl Iterator<Item = Result<char, u16>> {
        char::decode_utf16(self.iter().copied()).map(|c| c.map_err(|e| e.unpaired_surrogate()))
    }
}

/// Whether a code is `tchar`, of which a `token` is made (RFC 9110 section 5.6.2).
pub const fn is_token(code: u32) -> bool {
    // Bit n of word w: code 32 * w + n. The words leave out CTL, SP, DEL and ()<>@,;:\"/[]?={}
    const WORDS: [u32; 4] = [0, 0x03ff_6cfa, 0xc7ff_fffe, 0x57ff_ffff];
    let word = match code >> 5 {
        1 => WORDS[1],
        2 => WORDS[2],
        3 => WORDS[3],
        _ => WORDS[0],
    };
    word >> (code & 31) & 1 == 1
}

/// Whether a code is `cookie-octet`: US-ASCII without CTL, white space, `"`, `,`, `;` and `\`
/// (RFC 6265bis section 4.1.1).
pub const fn is_cookie_octet(code: u32) -> bool {
    matches!(code, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Whether a code is a control character (CTL of RFC 5234: U+0000 to U+001F and U+007F).
pub const fn is_control(code: u32) -> bool {
    code < 0x20 || code == 0x7f
}

/// Refuses the first character that does not satisfy `legal`.
pub(crate) fn check_characters<'a>(
    text: impl Text<'a>,
    rule: Rule,
    legal: impl Fn(u32) -> bool,
) -> Result<(), Refusal> {
    let mut index = 0;
    for c in text.chars() {
        let (code, unit, width) = measure(c);
        if !legal(code) {
            return Err(Refusal::at(rule, index, unit));
        }
        index += width;
    }
    Ok(())
}

/// Code point, first UTF-16 code unit and number of UTF-16 code units of a character or lone surrogate.
fn measure(c: Result<char, u16>) -> (u32, u16, u32) {
    match c {
        Ok(c) => {
            let mut units = [0; 2];
            let width = c.encode_utf16(&mut units).len();
            (c.into(), units[0], width as u32)
        }
        Err(surrogate) => (surrogate.into(), surrogate, 1),
    }
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
pub fn check_name<'a>(name: impl Text<'a>) -> Result<(), Refusal> {
    if name.units().is_empty() {
        return Err(Rule::NameEmpty.into());
    }
    check_characters(name, Rule::NameCharacter, is_token)
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
pub fn encode_value<'a>(value: impl Text<'a>, mut push: impl FnMut(u8)) -> Result<(), Refusal> {
    let mut index = 0;
    for c in value.chars() {
        let (code, unit, width) = measure(c);
        if is_control(code) {
            return Err(Refusal::at(Rule::ValueControl, index, unit));
        }
        let Ok(c) = c else { return Err(Refusal::at(Rule::ValueSurrogate, index, unit)) };
        let mut bytes = [0; 4];
        for &byte in c.encode_utf8(&mut bytes).as_bytes() {
            if byte != b'%' && is_cookie_octet(byte.into()) {
                push(byte);
            } else {
                push(b'%');
                push(hex_digit(byte >> 4));
                push(hex_digit(byte & 15));
            }
        }
        index += width;
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
    if !value.contains('%') {
        return value.into();
    }
    percent_decode(value).map_or(value.into(), Into::into)
}

/// `None` where a `%` is not followed by two hexadecimal digits, or the bytes are no UTF-8.
#[cfg(feature = "std")]
fn percent_decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            u8::try_from(high << 4 | low).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_table_is_rfc_9110_tchar() {
        for code in 0..=0x1_0000 {
            let tchar = char::from_u32(code)
                .is_some_and(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
            assert_eq!(is_token(code), tchar, "U+{code:04X}");
        }
    }

    #[test]
    fn cookie_octet_is_rfc_6265bis() {
        for code in 0..=0x1_0000 {
            let octet = matches!(code, 0x21..=0x7e) && !matches!(code, 0x22 | 0x2c | 0x3b | 0x5c);
            assert_eq!(is_cookie_octet(code), octet, "U+{code:04X}");
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
    fn a_lone_surrogate_is_refused_with_its_index() {
        let value = [0x61, 0xd83c, 0xdf6a, 0xd800];
        let refusal = encode_value(value.as_slice(), |_| ()).unwrap_err();
        assert_eq!(refusal, Refusal::at(Rule::ValueSurrogate, 3, 0xd800));
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
