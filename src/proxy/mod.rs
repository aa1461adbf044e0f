//! The proxy's rules: where a request may go and which cookies go with it, and which headers survive.
//!
//! - [`target`]: declared targets, and addresses resolved below them
//! - [`headers`]: header policy, both ways
//! - [`config`]: what an app declares, checked once
//! - [`plan`]: what is sent upstream for one request

pub mod config;
pub mod headers;
pub mod plan;
pub mod target;
