//! The allocator of the `cookies` module: it only hands out.
//!
//! Two things allocate there: wasm-bindgen's table of JavaScript values, which grows once, and the copy of a header
//! that is longer than any before. Neither is ever given back, so nothing needs to be able to.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr;

const PAGE: usize = 64 * 1024;

/// Hands out memory from the end of what the module has, and asks for whole pages.
pub struct Bump {
    next: Cell<usize>,
}

impl Bump {
    /// An allocator that has handed out nothing.
    pub const fn new() -> Self {
        Self { next: Cell::new(0) }
    }
}

// SAFETY: a module without the atomics feature runs on one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// Where the linker's own data ends; only its address means something.
    static __heap_base: u8;
}

// SAFETY: each block lies behind all earlier ones and inside the memory, and is aligned as asked for.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = self.next.get().max(&raw const __heap_base as usize);
        let start = free.wrapping_add(layout.align() - 1) & !(layout.align() - 1);
        let end = start.wrapping_add(layout.size());
        let missing = end.saturating_sub(memory_size(0) * PAGE).div_ceil(PAGE);
        if end < free || (missing > 0 && memory_grow(0, missing) == usize::MAX) {
            return ptr::null_mut();
        }
        self.next.set(end);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
