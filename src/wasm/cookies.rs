//! The bindings of the page's two modules: `read` looks a cookie up in a header, `write` makes what `document.cookie` is
//! given. They import nothing: JavaScript copies texts in as UTF-16 code units, calls, and takes numbers out.

#![expect(clippy::cast_precision_loss, reason = "offsets and refusals stay below 2^53")]

use core::cell::UnsafeCell;
use core::slice;

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// The longest text that is copied in, in units: longer ones are too long for anything.
const MAX_TEXT: usize = 4096;

struct Shared<T>(UnsafeCell<T>);

// SAFETY: the module is built without threads.
unsafe impl<T> Sync for Shared<T> {}

#[cfg(feature = "read")]
mod read;
#[cfg(feature = "write")]
mod write;
