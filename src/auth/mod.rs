//! Whose a request is, where a server of its own knows: a remote authentication backend, such as Better Auth.
//!
//! One concept a file: the cookies that make a session, what the backend's answers mean, what passes between the page
//! and the backend, what the page itself and what the forms of an account ask of it. Nothing here keeps a session or
//! verifies one; the backend does both.

pub mod backend;
pub mod client;
pub mod cookies;
#[cfg(test)]
pub(crate) mod count;
pub mod exchange;
pub mod failure;
pub mod flow;
pub mod form_post;
pub mod invalidation;
pub mod lines;
pub mod lookup;
pub mod magic_link;
pub mod notice;
pub mod reply;
pub mod request;
pub mod revocation;
pub mod routes;
pub mod second_factor;
pub mod session_response;
