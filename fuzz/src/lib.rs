//! What more than one target needs.

#[path = "../../src/json.rs"]
#[allow(dead_code, missing_docs)]
pub mod json;
#[path = "../../tests/oracle/mod.rs"]
pub mod oracle;

/// Percent-decodes once; a `%` without two digits stands for itself.
pub fn decoded(text: &str) -> Vec<u8> {
    let digit = |at: usize| text.as_bytes().get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The cookies of a header, as a server that is no cleverer than RFC 6265 reads them: names and values.
pub fn cookies(header: &str) -> Vec<(&str, &str)> {
    header
        .split(';')
        .map(|pair| pair.split_once('=').unwrap_or(("", pair)))
        .map(|(name, value)| (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t'])))
        .filter(|pair| *pair != ("", ""))
        .collect()
}
