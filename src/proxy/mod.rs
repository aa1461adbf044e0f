//! The proxy's rules: where a request may go and which cookies go with it, and which headers survive.
//!
//! - [`target`]: declared targets, and addresses resolved below them
//! - [`headers`]: which request headers pass
//! - [`response_headers`]: which response headers pass, and why
//! - [`challenge`]: which challenges of `WWW-Authenticate` pass
//! - [`response`]: what becomes of a response
//! - [`config`]: what an app declares, checked once
//! - [`plan`]: what is sent upstream for one request

pub mod challenge;
pub mod config;
pub mod headers;
pub mod plan;
pub mod response;
pub mod response_headers;
pub mod target;
