//! What proxies say of a request is one origin and one address, or nothing.
#![no_main]
use std::net::IpAddr;

use httponly::http::forwarded::{client, origin};
use httponly::proxy::headers::address;
use url::Url;

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let (hops, text) = (usize::from(input.0 % 4), input.1);
    for address in [client(text, hops), address(text)].into_iter().flatten() {
        let read: IpAddr = address.parse().expect("an address");
        assert_eq!(read.to_canonical().to_string(), address);
    }
    if let Some(address) = client(text, hops) {
        // Whatever the client puts before what its proxies said changes nothing.
        assert_eq!(client(&format!("203.0.113.9, {text}"), hops), Some(address));
    }
    for protocol in ["https", "HTTP"] {
        let Ok(origin) = origin(protocol, text) else { continue };
        let Ok(url) = Url::parse(&origin) else { continue };
        assert_eq!(url.scheme(), protocol.to_ascii_lowercase());
        assert!(url.username().is_empty() && url.password().is_none() && url.path() == "/");
        assert!(url.query().is_none() && url.fragment().is_none());
        let default = if url.scheme() == "https" { 443 } else { 80 };
        let port =
            text.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).filter(|_| !text.ends_with(']'));
        assert_eq!(url.port_or_known_default(), Some(port.unwrap_or(default)));
    }
});
