//! `WWW-Authenticate` (RFC 9110 section 11.6.1): which challenges of an upstream reach the page.
//!
//! A browser answers `Basic`, `Digest`, `Negotiate` and `NTLM` itself, by asking the visitor for a password, and no
//! answer of his would reach the upstream. `Bearer` (RFC 6750) and `DPoP` (RFC 9449) are for scripts to read.

/// The challenges that pass, in their order; `None` where there are none, or the field is malformed.
///
/// ```
/// use httponly::proxy::challenge::passing;
///
/// assert_eq!(passing("Basic realm=\"a, b\", Bearer error=\"invalid_token\"").as_deref(), Some("Bearer error=\"invalid_token\""));
/// assert_eq!(passing("Negotiate"), None);
/// ```
pub fn passing(field: &str) -> Option<String> {
    // Not every browser takes a backslash for an escape, and one that does not may find a challenge inside of a text.
    if field.contains('\\') {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut passes = false;
    for element in elements(field)? {
        if let Some(scheme) = scheme(element) {
            passes = ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        }
        if passes {
            kept.push(element);
        }
    }
    (!kept.is_empty()).then(|| kept.join(", "))
}

/// The elements of the list, without empty ones; `None` where a quoted string has no end.
fn elements(field: &str) -> Option<Vec<&str>> {
    let mut out = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, letter) in field.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                out.push(field.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(field.get(start..)?);
    let trimmed = out.into_iter().map(|element| element.trim_matches([' ', '\t'])).filter(|e| !e.is_empty());
    (!quoted).then(|| trimmed.collect())
}

/// The scheme with which an element begins a challenge; `None` for a parameter of the challenge before it.
fn scheme(element: &str) -> Option<&str> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = element.bytes().position(|byte| !is_token(byte)).unwrap_or(element.len());
    let (token, rest) = element.split_at(end);
    // `name = value`, with blanks as old servers write them; what begins with no token is kept with what it follows.
    let is_parameter = rest.trim_start_matches([' ', '\t']).starts_with('=');
    (!token.is_empty() && !is_parameter).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::passing;

    #[test]
    fn bearer_and_dpop_pass_and_nothing_that_asks_for_a_password() {
        for (field, expected) in [
            ("Bearer", Some("Bearer")),
            ("bearer realm=\"a\"", Some("bearer realm=\"a\"")),
            (
                "DPoP algs=\"ES256\", error=\"use_dpop_nonce\"",
                Some("DPoP algs=\"ES256\", error=\"use_dpop_nonce\""),
            ),
            ("Basic", None),
            ("Basic realm=\"x\"", None),
            ("BASIC realm=x, charset=\"UTF-8\"", None),
            ("Digest realm=\"a\", nonce=\"b\", qop=\"auth, Bearer x\"", None),
            ("Negotiate, NTLM", None),
            ("NTLM TlRMTVNTUAAB=", None),
            ("Basic realm=\"a\", Bearer scope=\"b\", error=c", Some("Bearer scope=\"b\", error=c")),
            ("Bearer a=\"1\", Basic realm=\"2\", b=3", Some("Bearer a=\"1\"")),
            ("Basic realm=\"\\\", Bearer \", DPoP", None),
            ("Bearer a=\"\\\", Basic realm=x, b=\"\\\"\"", None),
            ("Basic realm=\"Bearer", None),
            ("Bearer x=\"open", None),
            ("Basic realm = \"a\" , , Bearer", Some("Bearer")),
            ("Basic realm=\"a\" Bearer", None),
            ("BearerX a=1", None),
            ("", None),
            (", ,", None),
            ("=Bearer", None),
        ] {
            assert_eq!(passing(field).as_deref(), expected, "{field}");
        }
    }
}
