//! Cookies by RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22), one concept a file.
//!
//! - [`syntax`]: names and values, and how a value is encoded
//! - [`attributes`]: what a browser would refuse to store, and by which rule
//! - [`assignment`]: what `document.cookie` is given
//! - [`header`]: the `Cookie` header and `document.cookie`
//! - [`carry`]: the `Cookie` header after `Set-Cookie`
//! - [`date`]: cookie-date in, IMF-fixdate out
//! - [`set_cookie`]: the `Set-Cookie` header
//! - [`endpoint`]: the fields of the cookie endpoint

pub mod assignment;
pub mod attributes;
pub mod header;
pub mod syntax;

#[cfg(feature = "std")]
pub mod carry;
#[cfg(feature = "std")]
pub mod date;
#[cfg(feature = "std")]
pub mod endpoint;
#[cfg(feature = "std")]
pub mod set_cookie;
