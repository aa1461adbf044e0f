//! The proxy: targets, grants and header policy.
