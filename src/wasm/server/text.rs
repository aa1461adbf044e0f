//! Templates and redirects.
