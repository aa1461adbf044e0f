//! The rules of **httponly**: cookies and sign-in for web apps whose tokens never reach JavaScript.
//!
//! There are three layers, and the arrows point down only:
//!
//! | layer | where | what it does |
//! |---|---|---|
//! | API | `js/` | types, loading, moving bytes; decides nothing |
//! | bindings | `src/wasm/` | the only Rust that knows JavaScript |
//! | rules | all else here | pure functions: no I/O, no clock, no panic |
//!
//! The rules:
//!
//! - [`error`]: every refusal, with the rule it stands for
//! - [`cookie`]: RFC 6265bis, one concept a file
//! - [`template`]: `{{ cookies.name }}`, which stands for a cookie that JavaScript cannot read
//! - [`jwt`]: reads `exp` and verifies nothing
//! - [`options`]: names of options, and paths for a log
//! - [`http`]: what HTTP itself says: dates, JSON, URLs, forms, same-origin proof, redirects
//! - [`auth`]: whose a request is, as a remote authentication backend tells it
//! - [`sign_in`]: own sign-in: its cookies, transactions, lifetimes, and why it failed
//! - [`guard`]: who may see which part of an app
//! - [`proxy`]: where a request may go, with which cookies and headers
//!
//! # Features
//!
//! - **`std`** (default): the whole rule book.
//! - **`read`**, **`write`**, **`account`**, **`server`**: the four WebAssembly modules. Without `std`, only what the
//!   first two need is compiled: no allocation, no formatting.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod cookie;
pub mod error;
pub mod template;

#[cfg(feature = "std")]
pub mod auth;
#[cfg(feature = "std")]
pub mod guard;
#[cfg(feature = "std")]
pub mod http;
#[cfg(feature = "std")]
pub mod jwt;
#[cfg(feature = "std")]
pub mod options;
#[cfg(feature = "std")]
pub mod proxy;
#[cfg(feature = "std")]
pub mod sign_in;

#[cfg(target_arch = "wasm32")]
mod wasm;
