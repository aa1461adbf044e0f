//! The proxy's rules: where a request may go and which cookies go with it, and which headers survive.
//!
//! - [`target`]: declared targets, resolved from an address
//! - [`headers`]: header policy, both ways

pub mod headers;
pub mod target;
