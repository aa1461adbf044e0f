//! How often a request is read, for the tests that say so: its URL once, its cookies once.

use core::cell::Cell;

thread_local! {
    static URLS: Cell<usize> = const { Cell::new(0) };
    static COOKIES: Cell<usize> = const { Cell::new(0) };
}

/// Counts a URL that was read.
pub(crate) fn url() {
    URLS.set(URLS.get() + 1);
}

/// Counts a `Cookie` header that was scanned.
pub(crate) fn cookies() {
    COOKIES.set(COOKIES.get() + 1);
}

/// The URLs and the headers that this thread has read since it was asked last.
pub(crate) fn take() -> (usize, usize) {
    (URLS.take(), COOKIES.take())
}
