//! Forms: the fields of a query or a body, read as servers read them, and written so that every parser reads the same.

use super::json::{self, Json};
use super::percent;
use crate::error::{Refusal, Rule};

/// How the fields of a request are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/x-www-form-urlencoded`, which is also what a query is.
    UrlEncoded,
    /// One JSON object.
    Json,
}

impl Form {
    /// The form of a body, by its `Content-Type`, without regard to parameters and letter case.
    ///
    /// # Errors
    /// [`Rule::EndpointContent`].
    pub fn of(content_type: &str) -> Result<Self, Refusal> {
        let essence = content_type.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::UrlEncoded)
        } else {
            Err(Rule::EndpointContent.into())
        }
    }

    /// The fields of a text, in order, duplicates included; `None` for what is not written so.
    pub(crate) fn members(self, text: &str) -> Option<Vec<(String, Json)>> {
        match self {
            Self::UrlEncoded => pairs(text),
            Self::Json => json::members(text),
        }
    }
}

/// The text of an encoded one; `None` where it is not UTF-8.
fn text_of(encoded: &str) -> Option<String> {
    String::from_utf8(percent::decode(encoded.as_bytes(), true)).ok()
}

/// Reads `application/x-www-form-urlencoded` (URL standard section 5.1); `None` where the text is not UTF-8.
fn pairs(text: &str) -> Option<Vec<(String, Json)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((text_of(key)?, Json::String(text_of(value)?)))
        })
        .collect()
}

/// What becomes of a field without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    Kept,
    LeftOut,
}

/// Writes text as the value of a query field: all but letters, digits, `-`, `_`, `.`, `~` and `/` is percent-encoded.
pub(crate) fn push_value(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let mut escape = Vec::with_capacity(3);
            percent::encode(byte, &mut escape);
            out.extend(escape.into_iter().map(char::from));
        }
    }
}

/// A query of those fields of a form that `names` lists, in its order; `None` where one of them stands twice or is no text.
pub(crate) fn select(fields: &[(String, Json)], names: &[&str], empty: Empty) -> Option<String> {
    let mut out = String::new();
    for name in names {
        let mut values = fields.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (None, _) => {}
            (Some((_, Json::String(value))), None) if value.is_empty() && empty == Empty::LeftOut => {}
            (Some((_, Json::String(value))), None) => {
                if !out.is_empty() {
                    out.push('&');
                }
                out.push_str(name);
                out.push('=');
                push_value(value, &mut out);
            }
            _ => return None,
        }
    }
    Some(out)
}

/// What stands between a path and one more field.
pub(crate) fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

/// The first value of a field, decoded.
pub(crate) fn field(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut named = pairs.filter(|(key, _)| decode(key.as_bytes(), true) == name);
    named.next().map(|(_, value)| decode(value.as_bytes(), true))
}

/// Percent-decodes; what is no UTF-8 becomes U+FFFD, and a `%` that two hexadecimal digits do not follow stays. `plus`
/// is whether `+` is a space.
pub(crate) fn decode(text: &[u8], plus: bool) -> String {
    let out = percent::decode(text, plus);
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
