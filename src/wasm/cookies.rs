//! The `cookies` module: `document.cookie`, read and written synchronously.
