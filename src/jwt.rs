//! Reads when a JSON Web Token (RFC 7519) expires.
//!
//! Nothing is verified: no signature, no algorithm, no issuer. So the answer may shorten a cookie's life, and nothing
//! else may ever depend on it.

use crate::http::json;
use crate::http::json::Json;

/// What is read of a token's claims.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Claims {
    /// `exp`, seconds since 1970 (RFC 7519 section 4.1.4), with its fraction if it has one; `None` where it is absent
    /// or not a finite number.
    pub exp: Option<f64>,
}

/// Reads the claims of a token: the second of at least two segments, a JSON object in base64url or base64, padded or
/// not. `None` where any of that fails.
///
/// ```
/// use httponly::jwt::decode;
///
/// // {"exp":1300819380}
/// assert_eq!(decode("e30.eyJleHAiOjEzMDA4MTkzODB9.").unwrap().exp, Some(1_300_819_380.0));
/// assert_eq!(decode("no token"), None);
/// ```
pub fn decode(token: &str) -> Option<Claims> {
    let payload = payload(token)?;
    // Of duplicate names the last one counts (RFC 7519 section 4).
    let exp = json::members(&payload)?.into_iter().rfind(|(name, _)| name == "exp");
    let exp = match exp {
        Some((_, Json::Number(seconds))) => {
            Some(json::double(&seconds)).filter(|seconds| seconds.is_finite())
        }
        _ => None,
    };
    Some(Claims { exp })
}

/// The claims of a token as JSON, as [`decode`] finds them.
pub fn payload(token: &str) -> Option<String> {
    String::from_utf8(base64(token.split('.').nth(1)?.as_bytes())?).ok()
}

/// Decodes either alphabet of RFC 4648; bits left over at the end are not looked at.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    // Padding stands only where it makes the last group four long.
    let symbols = match text {
        [symbols @ .., b'=', b'='] | [symbols @ .., b'='] if text.len().is_multiple_of(4) => symbols,
        _ => text,
    };
    if symbols.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(symbols.len() / 4 * 3 + 2);
    for group in symbols.chunks(4) {
        let mut bits = 0;
        for &symbol in group {
            bits = bits << 6 | sextet(symbol)?;
        }
        bits <<= 6 * (4 - group.len());
        let [_, whole @ ..] = u32::to_be_bytes(bits);
        bytes.extend(whole.iter().take(group.len() - 1));
    }
    Some(bytes)
}

fn sextet(symbol: u8) -> Option<u32> {
    Some(
        match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        }
        .into(),
    )
}

// Proptest does not run in the browser.
#[cfg(not(target_arch = "wasm32"))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    fn encode(bytes: &[u8]) -> String {
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let mut padded = [0; 3];
            padded[..group.len()].copy_from_slice(group);
            let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
            text.extend(
                (0..=group.len()).map(|i| char::from(URL_SAFE[(bits >> (18 - 6 * i) & 63) as usize])),
            );
        }
        text
    }

    fn claims(payload: &str) -> Option<Claims> {
        decode(&format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", encode(payload.as_bytes())))
    }

    #[test]
    fn the_example_of_rfc_7519_expires_in_2011() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(decode(token), Some(Claims { exp: Some(1_300_819_380.0) }));
    }

    #[test]
    fn only_the_outermost_last_number_named_exp_counts() {
        for (payload, expected) in [
            (r#"{"exp":1}"#, Some(Some(1.0))),
            (r#"{"exp":1.5}"#, Some(Some(1.5))),
            (r#"{"exp":1e3}"#, Some(Some(1000.0))),
            (r#"{"exp":-1}"#, Some(Some(-1.0))),
            (r#"{"exp":0}"#, Some(Some(0.0))),
            (r#"{"\u0065xp":2}"#, Some(Some(2.0))),
            (r#"{"exp":1,"exp":2}"#, Some(Some(2.0))),
            (r#"{"exp":1,"exp":"2"}"#, Some(None)),
            (r#"{"exp":"1"}"#, Some(None)),
            (r#"{"exp":null}"#, Some(None)),
            (r#"{"exp":true}"#, Some(None)),
            (r#"{"exp":[1]}"#, Some(None)),
            (r#"{"exp":1e400}"#, Some(None)),
            (r#"{"a":{"exp":1}}"#, Some(None)),
            (r#"{"a":"{\"exp\":1}"}"#, Some(None)),
            (r#"{"a":"\"exp\":1"}"#, Some(None)),
            (r#"{"exp":3,"a":{"exp":1}}"#, Some(Some(3.0))),
            (r#"{"Exp":1,"exp ":2}"#, Some(None)),
            ("{}", Some(None)),
            ("null", None),
            ("1", None),
            (r#""exp""#, None),
            (r#"[{"exp":1}]"#, None),
            (r#"{"exp":1"#, None),
            (r#"{"exp":01}"#, None),
            ("{exp:1}", None),
            ("", None),
        ] {
            assert_eq!(claims(payload), expected.map(|exp| Claims { exp }), "{payload}");
        }
    }

    #[test]
    fn either_alphabet_is_read_padded_or_not() {
        // {"exp":1,"a":"???>>>"} in both alphabets.
        for token in [
            "x.eyJleHAiOjEsImEiOiI_Pz8-Pj4ifQ",
            "x.eyJleHAiOjEsImEiOiI/Pz8+Pj4ifQ",
            "x.eyJleHAiOjEsImEiOiI_Pz8-Pj4ifQ==",
            "x.eyJleHAiOjEsImEiOiI/Pz8-Pj4ifQ==.y",
            ".eyJleHAiOjEsImEiOiI_Pz8-Pj4ifQ",
        ] {
            assert_eq!(decode(token), Some(Claims { exp: Some(1.0) }), "{token}");
        }
    }

    #[test]
    fn whatever_is_no_token_is_none() {
        for token in [
            "",
            ".",
            "..",
            "eyJleHAiOjF9",
            "x.eyJleHAiOjF9=",
            "x.eyJleHAiOjF9A",
            "x.eyJleHAiOjF9====",
            "x.eyJleHAiOjF",
            "x.eyJleHAi OjF9",
            "x. eyJleHAiOjF9",
            "x.e\u{301}yJleHAiOjF9",
            "x.=",
            "x.====",
            // The bytes FF FE are no UTF-8.
            "x.__4",
        ] {
            assert_eq!(decode(token), None, "{token}");
        }
    }

    proptest! {
        #[test]
        fn base64_of_any_bytes_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(base64(encode(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn any_exp_is_read(seconds in any::<i32>(), other in "[a-z]{0,8}") {
            let payload = serde_json::json!({ "a": { "exp": 1 }, "exp": seconds, "z": other }).to_string();
            prop_assert_eq!(claims(&payload), Some(Claims { exp: Some(f64::from(seconds)) }));
        }

        #[test]
        fn no_text_makes_it_panic(token in r"(.|[.=_A-Za-z0-9]){0,60}") {
            let _ = decode(&token);
        }
    }
}
