//! What a page gives to `document.cookie` is the cookie that was asked for, and no attribute more.
#![no_main]
use httponly::cookie::assignment::{Buffer, MAX_ASSIGNMENT, Page, CookieRequest, write};
use httponly::cookie::attributes::SameSite;
use httponly::cookie::set_cookie::parse;
use httponly::cookie::syntax::decode_value;

const HOSTS: [&str; 4] = ["www.my.example", "localhost", "127.0.0.1", "[::1]"];

// Flags and a host, and behind them a name, a path, a domain and a value, of which each stands in a line.
libfuzzer_sys::fuzz_target!(|input: (u8, u8, &str)| {
    let mut lines = input.2.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let (name, path, domain, value) = (line(), some(line()), some(line()), line());
    let flag = |bit: u8| input.0 >> bit & 1 != 0;
    let host = HOSTS[usize::from(input.1 % 4)];
    let wish = CookieRequest {
        name,
        value,
        path,
        domain,
        lifetime: flag(0).then_some(60.0),
        same_site: some(["", "Lax", "sTRICT", "None"][usize::from(input.1 >> 2 & 3)]),
        include_subdomains: flag(1),
        secure: flag(2).then_some(flag(3)),
        partitioned: flag(4),
    };
    let page = Page { host, secure: flag(5), https: flag(5) && flag(6) };
    let mut bytes = [0; MAX_ASSIGNMENT];
    let mut buffer = Buffer::new(&mut bytes);
    let Ok(pair) = write(&wish, &page, &mut buffer) else { return };
    assert!(buffer.len() <= MAX_ASSIGNMENT);
    let line = std::str::from_utf8(buffer.into_bytes()).expect("all is encoded");
    let cookie = parse(line).expect("browsers read what is written");
    assert_eq!(cookie.name, name);
    assert!(line[..pair] == format!("{name}={}", cookie.value) && decode_value(cookie.value) == value);
    assert_eq!(cookie.path, Some(path.unwrap_or("/")));
    assert_eq!((cookie.max_age, cookie.expires), (flag(0).then_some(60), None));
    let default = if flag(4) { SameSite::None } else { SameSite::Lax };
    let same_site = wish.same_site.map_or(Some(default), |text| SameSite::parse(text));
    assert!(cookie.same_site == same_site && cookie.partitioned == flag(4) && !cookie.http_only);
    assert!(!cookie.secure || (page.secure && wish.secure != Some(false)));
    assert!(cookie.secure || same_site != Some(SameSite::None) && !flag(4));
    let covers = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    assert!(cookie.domain().is_none_or(|domain| domain.contains('.') && covers(&domain)));
    let lower = name.to_ascii_lowercase();
    assert!(!lower.starts_with("__http-") && !lower.starts_with("__host-http-"));
    assert!(!lower.starts_with("__host-") || cookie.domain.is_none() && cookie.path == Some("/"));
    assert!(!lower.starts_with("__host-") && !lower.starts_with("__secure-") || cookie.secure);
});
