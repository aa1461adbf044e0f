//! Which addresses a provider may have, and which issuers its tokens may name.

use crate::http::same_origin as origin;

/// Whether an address of a provider may be called: https, or http on this machine.
///
/// ```
/// use httponly::sign_in::issuer::is_safe;
///
/// assert!(is_safe("https://id.example/realms/a"));
/// assert!(is_safe("http://127.0.0.1:4000"));
/// assert!(!is_safe("http://id.example") && !is_safe("http://localhost.evil.example"));
/// ```
pub fn is_safe(url: &str) -> bool {
    match origin::of(url) {
        Some(origin) => origin.starts_with("https://") || is_loopback(url),
        None => false,
    }
}

/// Whether a URL, in normal form, is of this machine.
pub fn is_loopback(url: &str) -> bool {
    let authority = origin::of(url).and_then(|origin| origin.split_once("://")).map_or("", |(_, rest)| rest);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// What stands for the tenant in the issuer that Microsoft's discovery documents name.
const TENANT: &str = "{tenantid}";

/// Whether an issuer stands for many tenants, whose tokens each name their own: Microsoft's.
///
/// ```
/// use httponly::sign_in::issuer::has_tenants;
///
/// assert!(has_tenants("https://login.microsoftonline.com/common/v2.0"));
/// assert!(!has_tenants("https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0"));
/// ```
pub fn has_tenants(issuer: &str) -> bool {
    let rest =
        issuer.strip_prefix("https://login.microsoftonline.com/").map(|rest| rest.trim_end_matches('/'));
    matches!(rest, Some("common/v2.0" | "organizations/v2.0" | "consumers/v2.0"))
}

/// The issuer that a token of such a provider has to name, by the metadata's issuer and the token's `tid`; `None` for a
/// tenant that is not listed, or is none. An empty list takes all.
pub fn of_tenant(metadata: &str, tenant: &str, listed: &[String]) -> Option<String> {
    let plain = (1..=64).contains(&tenant.len())
        && tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let known = listed.is_empty() || listed.iter().any(|own| own.eq_ignore_ascii_case(tenant));
    (plain && known && metadata.contains(TENANT)).then(|| metadata.replace(TENANT, tenant))
}

/// The parameters of a request for authorization that are the library's own, which no option overrides.
pub fn is_reserved(parameter: &str) -> bool {
    matches!(
        parameter,
        "client_id"
            | "redirect_uri"
            | "response_type"
            | "scope"
            | "state"
            | "nonce"
            | "code_challenge"
            | "code_challenge_method"
            | "request"
            | "request_uri"
    )
}

/// The signing algorithms of a provider's metadata that are taken: asymmetric ones. A shared secret signs nothing, for
/// whoever knows a public key could take that for one.
pub fn algorithms<'m>(metadata: &[&'m str]) -> Vec<&'m str> {
    const KNOWN: [&str; 11] =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
    let mut taken: Vec<&str> = metadata.iter().copied().filter(|name| KNOWN.contains(name)).collect();
    if taken.is_empty() {
        taken.push("RS256");
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_alone() {
        for url in ["http://localhost", "http://localhost:3000/a", "http://[::1]:1/", "https://a.example"] {
            assert!(is_safe(url), "{url}");
        }
        for url in [
            "http://a.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:1@evil.example/",
            "http://evil.example/127.0.0.1",
            "http://evil.example:1/#localhost",
            "http://0.0.0.0:1",
            "http://127.0.0.2",
            "ftp://localhost",
            "javascript:1",
            "",
        ] {
            assert!(!is_safe(url), "{url}");
        }
    }

    #[test]
    fn a_tenant_names_its_own_issuer() {
        let metadata = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let listed = ["6babcaad".to_owned()];
        assert_eq!(
            of_tenant(metadata, "6babcaad", &listed).as_deref(),
            Some("https://login.microsoftonline.com/6babcaad/v2.0")
        );
        assert_eq!(of_tenant(metadata, "other", &listed), None);
        assert!(of_tenant(metadata, "other", &[]).is_some());
        assert_eq!(of_tenant(metadata, "a/../b", &[]), None);
        assert_eq!(of_tenant("https://id.example", "other", &[]), None);
    }

    #[test]
    fn no_shared_secret_and_no_nothing_signs() {
        assert_eq!(algorithms(&["none", "HS256", "ES256", "RS256"]), ["ES256", "RS256"]);
        assert_eq!(algorithms(&["HS256", "none"]), ["RS256"]);
        assert_eq!(algorithms(&[]), ["RS256"]);
    }
}
