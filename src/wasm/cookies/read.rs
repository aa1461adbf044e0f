//! The binding of the `read` module: looks a cookie up in a header.

use core::arch::wasm32::{memory_grow, unreachable};
use core::ops::Range;

use super::{MAX_TEXT, Shared, UnsafeCell, slice};
use crate::cookie::header::value_of;

const FIRST_CAPACITY: usize = 8192;
const PAGE: usize = 64 * 1024;

/// The name that is looked for, and behind it room for the first headers.
static ROOM: Shared<[u16; MAX_TEXT + FIRST_CAPACITY]> =
    Shared(UnsafeCell::new([0; MAX_TEXT + FIRST_CAPACITY]));
struct Header {
    units: *mut u16,
    capacity: usize,
}
static HEADER: Shared<Header> = Shared(UnsafeCell::new(Header {
    // SAFETY: within the room
    units: unsafe { ROOM.0.get().cast::<u16>().add(MAX_TEXT) },
    capacity: FIRST_CAPACITY,
}));

/// Where JavaScript copies a name of at most 4096 units to.
#[unsafe(no_mangle)]
extern "C" fn name() -> *mut u16 {
    ROOM.0.get().cast()
}

/// Where JavaScript copies a header of so many units to.
#[unsafe(no_mangle)]
extern "C" fn header(len: usize) -> *mut u16 {
    // SAFETY: no other reference lives: nothing calls in while this runs
    let header = unsafe { &mut *HEADER.0.get() };
    if len > header.capacity {
        // The smaller room is not given back: headers seldom grow this long.
        let wanted = len / (PAGE / 2) + 1;
        let pages = memory_grow(0, wanted);
        if pages == usize::MAX {
            unreachable();
        }
        header.units = (pages * PAGE) as *mut u16;
        header.capacity = wanted * (PAGE / 2);
    }
    header.units
}

/// Where the value of a cookie stands in the header: its start, and 2^26 times its end; -1 for none.
#[unsafe(no_mangle)]
extern "C" fn get(name_len: usize, len: usize) -> f64 {
    // SAFETY: JavaScript has written both
    let (name, header) = unsafe {
        (slice::from_raw_parts(name(), name_len), slice::from_raw_parts((*HEADER.0.get()).units, len))
    };
    let Some(Range { start, end }) = value_of(header, name) else { return -1.0 };
    start as f64 + 67_108_864.0 * end as f64
}
