//! The `account` module: what the page asks of a server.
