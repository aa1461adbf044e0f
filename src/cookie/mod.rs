//! Cookies by RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22), one concept a file.
//!
//! - [`syntax`]: names and values, and how a value is encoded
//! - [`attributes`]: what a browser would refuse to store, and by which rule
//! - [`assignment`]: what `document.cookie` is given
//! - [`header`]: the `Cookie` header and `document.cookie`
//! - [`apply`]: the `Cookie` header after `Set-Cookie`
//! - [`set_cookie`]: the `Set-Cookie` header
//! - [`endpoint`]: the fields of the cookie endpoint

pub mod assignment;
pub mod attributes;
pub mod header;
pub mod syntax;

#[cfg(feature = "std")]
pub mod apply;
#[cfg(feature = "std")]
pub mod endpoint;
#[cfg(feature = "std")]
pub mod set_cookie;
