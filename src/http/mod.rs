//! What HTTP and the URL standard say by themselves, whatever this package makes of it.
//!
//! - [`date`]: cookie-date in, IMF-fixdate out
//! - [`form`]: fields of queries and bodies
//! - [`forwarded`]: what the proxies in front of the app say of a request
//! - `json`: JSON objects, member by member
//! - `percent`: percent-encoding
//! - [`redirect`]: which redirect targets stay on the site
//! - [`response`]: the headers that keep a response harmless, and its caching
//! - [`retry_after`]: when to ask again
//! - [`same_origin`]: which requests may change state

pub mod date;
pub mod form;
pub mod forwarded;
pub(crate) mod json;
pub(crate) mod percent;
pub mod redirect;
pub mod response;
pub mod retry_after;
pub mod same_origin;
