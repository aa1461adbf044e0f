//! Own sign-in: what an app decides that signs its visitors in by itself, without an authentication server beside it.
//!
//! One concept a file: the cookies and their chunks, how long a session lives, the transactions of sign-ins at a
//! provider, the paths, why a sign-in failed, what providers say of a person, how often one may
//! try, and the refreshing of tokens. Nothing here
//! encrypts, signs or fetches: `js/server/sign-in/` moves the bytes, by `jose` and `oauth4webapi`.

pub mod address;
pub mod cookie;
pub mod failure;
pub mod fields;
pub mod issuer;
pub mod lifetime;
pub mod profile;
pub mod rate;
pub mod refresh;
pub mod route;
pub mod sealed;
pub mod transaction;
