//! What the proxies in front of the app say of a request.
//!
//! Any client can send `X-Forwarded-For` and its like. They say something only where the app declares what stands in
//! front of it: a number of proxies that each append the address of their peer, or one that replaces a header.

use core::net::{IpAddr, SocketAddr};

use crate::error::{Refusal, Rule};

/// The client's address in normal form, as the outermost of `hops` proxies saw it: the entry of that number from the
/// right, since whatever stands left of it came from the client. A port is left out.
///
/// `None` where there are fewer entries than proxies, where that entry is no address, and without proxies.
///
/// ```
/// use httponly::http::forwarded::client;
///
/// assert_eq!(client("203.0.113.9, 192.0.2.7", 1).as_deref(), Some("192.0.2.7"));
/// assert_eq!(client("203.0.113.9, 192.0.2.7, 10.0.0.1", 2).as_deref(), Some("192.0.2.7"));
/// assert_eq!(client("192.0.2.7", 2), None);
/// ```
pub fn client(forwarded_for: &str, hops: usize) -> Option<String> {
    let entry = forwarded_for.rsplit(',').nth(hops.checked_sub(1)?)?.trim_matches([' ', '\t']);
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(entry.parse::<SocketAddr>().ok()?.ip());
    let address: IpAddr = entry.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(address.to_canonical().to_string())
}

/// The origin that one proxy says the browser asked. The host is a name or an address, with or without a port; its
/// labels are for a URL parser to judge.
///
/// # Errors
/// [`Rule::ForwardedOrigin`]: two values joined by a comma, say, of which one may be the client's.
///
/// ```
/// use httponly::http::forwarded::origin;
///
/// assert_eq!(origin("https", "app.example").unwrap(), "https://app.example");
/// assert!(origin("https", "evil.example, app.example").is_err());
/// ```
pub fn origin(protocol: &str, host: &str) -> Result<String, Refusal> {
    let known = ["https", "http"].into_iter().find(|known| protocol.eq_ignore_ascii_case(known));
    let protocol = known.ok_or(Rule::ForwardedOrigin)?;
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        }
    };
    if is_host && port.is_none_or(is_port) {
        Ok(format!("{protocol}://{host}"))
    } else {
        Err(Rule::ForwardedOrigin.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_counted_from_the_right() {
        for (header, hops, expected) in [
            ("192.0.2.7", 1, Some("192.0.2.7")),
            ("203.0.113.9, 192.0.2.7", 1, Some("192.0.2.7")),
            ("203.0.113.9,192.0.2.7", 2, Some("203.0.113.9")),
            (" 192.0.2.7\t", 1, Some("192.0.2.7")),
            // What the client sent itself stands further left, and is not looked at.
            ("evil, , \u{0}, 192.0.2.7", 1, Some("192.0.2.7")),
            ("::ffff:192.0.2.7", 1, Some("192.0.2.7")),
            ("2001:DB8:0::7", 1, Some("2001:db8::7")),
            ("[2001:db8::7]", 1, Some("2001:db8::7")),
            ("[2001:db8::7]:4711", 1, Some("2001:db8::7")),
            ("192.0.2.7:4711", 1, Some("192.0.2.7")),
            // Someone came past the proxies.
            ("192.0.2.7", 2, None),
            ("", 1, None),
            ("192.0.2.7,", 1, None),
            ("unknown", 1, None),
            ("192.0.2.7 203.0.113.9", 1, None),
            ("192.0.2.07", 1, None),
            ("3221225991", 1, None),
            ("192.0.2.7:99999", 1, None),
            ("\"192.0.2.7\"", 1, None),
            ("for=192.0.2.7", 1, None),
            ("192.0.2.7", 0, None),
            ("192.0.2.7", usize::MAX, None),
        ] {
            assert_eq!(client(header, hops).as_deref(), expected, "{header:?} {hops}");
        }
    }

    #[test]
    fn an_origin_is_one_protocol_and_one_host() {
        for (protocol, host, expected) in [
            ("https", "app.example", Some("https://app.example")),
            ("HTTPS", "app.example:8443", Some("https://app.example:8443")),
            ("http", "localhost:3000", Some("http://localhost:3000")),
            ("http", "127.0.0.1", Some("http://127.0.0.1")),
            ("http", "[::1]:3000", Some("http://[::1]:3000")),
            ("http", "[::1]", Some("http://[::1]")),
            ("", "app.example", None),
            ("https,http", "app.example", None),
            ("javascript", "app.example", None),
            ("https", "", None),
            ("https", ":443", None),
            ("https", "app.example:", None),
            ("https", "app.example:99999", None),
            ("https", "app.example:+1", None),
            ("https", "evil.example,app.example", None),
            ("https", "evil.example, app.example", None),
            ("https", "user@app.example", None),
            ("https", "app.example/path", None),
            ("https", "app.example?", None),
            ("https", "app.example#", None),
            ("https", "app.example\\", None),
            ("https", "app.example\n", None),
            ("https", "[::1", None),
            ("https", "[app.example]", None),
            ("https", "%65vil.example", None),
        ] {
            assert_eq!(origin(protocol, host).ok().as_deref(), expected, "{protocol:?} {host:?}");
        }
    }
}
