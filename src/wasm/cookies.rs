//! The `cookies` module: `document.cookie`, read and written synchronously.
//!
//! It ships with every page, so it is made for size: no `std`, no formatting, no allocation but the first of a header
//! longer than any before. Texts cross as UTF-16 code units in one direction and as ranges in the other: JavaScript
//! slices its own string.

extern crate alloc;

use alloc::alloc::alloc;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ops::Range;
use core::slice;

use wasm_bindgen::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Node, ShadowRoot};

use crate::cookie::assignment::{Buffer, MAX_ASSIGNMENT, Page, Wish, write};
use crate::cookie::attributes::path_matches;
use crate::cookie::header::{Index, pairs};
use crate::cookie::syntax::{MAX_ATTRIBUTE, MAX_PAIR, Unit};
use crate::error::{Refusal, Rule};

#[cfg(not(feature = "std"))]
mod bare {
    use crate::wasm::bump::Bump;

    #[global_allocator]
    static ALLOCATOR: Bump = Bump::new();

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }
}

mod page {
    use super::{JsValue, wasm_bindgen};

    #[wasm_bindgen(module = "/src/wasm/page.js")]
    unsafe extern "C" {
        pub fn turn(cookies: &JsValue) -> i32;
        pub fn read(into: &mut [u16]);
        pub fn write(bytes: &[u8]);
        pub fn copy(text: &JsValue, into: &mut [u16]) -> i32;
        pub fn host(into: &mut [u16]) -> i32;
        pub fn path(into: &mut [u16]) -> i32;
        pub fn secure() -> bool;
        pub fn seconds(max_age: &JsValue, expires: &JsValue) -> f64;
    }
}

/// Pairs of which the index remembers where they stand.
const INDEXED: usize = 64;
/// Code units of a header that need no further memory.
const FIRST_CAPACITY: usize = 8192;

/// The header that was read last: a copy of its text, and where its cookies stand.
struct Header {
    /// Room for the text, and how much of it is used. It moves when a header is longer than any before.
    units: *mut u16,
    capacity: usize,
    len: usize,
    index: Index<INDEXED>,
}

struct Shared<T: ?Sized>(UnsafeCell<T>);

// SAFETY: the module is built without threads.
unsafe impl<T: ?Sized> Sync for Shared<T> {}

impl<T> Shared<T> {
    const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// # Safety
    /// The reference must be gone before the same value is borrowed again. The functions of this module see to it:
    /// none runs foreign JavaScript (a patched `document.cookie`, a getter) while it holds what that could reach.
    #[expect(clippy::mut_from_ref, reason = "that is what the caller vouches for")]
    unsafe fn borrow(&self) -> &mut T {
        // SAFETY: the caller holds the only reference.
        unsafe { &mut *self.0.get() }
    }
}

static HEADER: Shared<Header> = Shared::new(Header {
    units: FIRST.0.get().cast(),
    capacity: FIRST_CAPACITY,
    len: 0,
    index: Index::new(),
});
static FIRST: Shared<[u16; FIRST_CAPACITY]> = Shared::new([0; FIRST_CAPACITY]);
static NAME: Shared<[u16; MAX_PAIR]> = Shared::new([0; MAX_PAIR]);
static VALUE: Shared<[u16; MAX_PAIR]> = Shared::new([0; MAX_PAIR]);
static PATH: Shared<[u16; MAX_ATTRIBUTE]> = Shared::new([0; MAX_ATTRIBUTE]);
static DOMAIN: Shared<[u16; MAX_ATTRIBUTE]> = Shared::new([0; MAX_ATTRIBUTE]);
static SAME_SITE: Shared<[u16; 8]> = Shared::new([0; 8]);
static HERE: Shared<[u16; 4096]> = Shared::new([0; 4096]);
static ASSIGNMENT: Shared<[u8; MAX_ASSIGNMENT]> = Shared::new([0; MAX_ASSIGNMENT]);

impl Header {
    /// The text.
    fn units(&self) -> &'static [u16] {
        // SAFETY: there is room for `capacity` units, the first `len` of which were written; room is never given back.
        unsafe { slice::from_raw_parts(self.units, self.len) }
    }

    /// Makes the module remember a header, or `document.cookie` for null and undefined.
    fn read(cookies: &JsValue) -> Option<&'static Self> {
        let len = page::turn(cookies);
        // SAFETY: whatever ran in `turn` has returned, and copying a string runs nothing.
        let header = unsafe { HEADER.borrow() };
        if let Ok(len) = usize::try_from(len) {
            if len > header.capacity {
                let capacity = len.next_power_of_two();
                // SAFETY: the layout is not empty. The smaller room is not given back: headers seldom grow this long.
                header.units = unsafe { alloc(Layout::from_size_align_unchecked(capacity * 2, 2)) }.cast();
                header.capacity = capacity;
            }
            // SAFETY: there is room for `capacity` units, and nothing else refers to it.
            page::read(unsafe { slice::from_raw_parts_mut(header.units, len) });
            header.len = len;
            header.index.read(header.units());
        }
        (len != NO_HEADER).then_some(header)
    }
}

/// What [`page::turn`] gives where there is no header.
const NO_HEADER: i32 = -1;

/// Copies an argument into its room; `None` for null and undefined. Each room serves one argument a call.
fn argument(
    room: &Shared<[u16]>,
    value: &JsValue,
    not_text: Rule,
    too_long: Rule,
) -> Result<Option<&'static [u16]>, Refusal> {
    // SAFETY: what an earlier call copied here is not read any more, and copying a string runs nothing.
    let room: &'static mut [u16] = unsafe { &mut *room.0.get() };
    match page::copy(value, room) {
        NOTHING => Ok(None),
        NO_STRING => Err(not_text.into()),
        len => room.get(..len as usize).map(Some).ok_or(too_long.into()),
    }
}

fn name(value: &JsValue) -> Result<&'static [u16], Refusal> {
    argument(&NAME, value, Rule::NameNotText, Rule::PairTooLarge)?.ok_or(Rule::NameNotText.into())
}

fn path(value: &JsValue) -> Result<Option<&'static [u16]>, Refusal> {
    argument(&PATH, value, Rule::PathNotText, Rule::AttributeTooLarge)
}

fn domain(value: &JsValue) -> Result<Option<&'static [u16]>, Refusal> {
    argument(&DOMAIN, value, Rule::DomainNotText, Rule::AttributeTooLarge)
}

/// What [`page::copy`] gives for null and undefined.
const NOTHING: i32 = -2;
/// What [`page::copy`] gives for anything else that is no string.
const NO_STRING: i32 = -1;

/// Where the value of a cookie stands in the header, for `page::value`: twice its start, 2^27 times its end, and one
/// if it may be encoded. -1 without a document, in a shadow root, and for a name that no cookie has.
///
/// `cookies` is a header; it wins over `root`.
#[wasm_bindgen(js_name = getCookie)]
pub fn get_cookie(name: &JsValue, root: &JsValue, cookies: &JsValue) -> f64 {
    let get = || {
        if in_shadow(root) && cookies.is_null_or_undefined() {
            return None;
        }
        let header = Header::read(cookies)?;
        let name = self::name(name).ok()?;
        let pair = header.index.find(header.units(), name)?;
        let Range { start, end } = pair.value();
        Some(2.0 * start as f64 + 134_217_728.0 * end as f64 + f64::from(pair.encoded))
    };
    get().unwrap_or(-1.0)
}

/// Whether a node lives in a shadow tree. What is no node lives nowhere.
fn in_shadow(root: &JsValue) -> bool {
    root.dyn_ref::<Node>().is_some_and(|node| node.get_root_node().is_instance_of::<ShadowRoot>())
}

/// Sets a cookie; 0, or the refusal as a number (see [`packed`]).
#[expect(clippy::too_many_arguments, reason = "one object would cost the page a getter for each field")]
#[wasm_bindgen(js_name = setCookie)]
pub fn set_cookie(
    name: &JsValue,
    value: &JsValue,
    max_age: &JsValue,
    expires: &JsValue,
    same_site: &JsValue,
    path: &JsValue,
    include_subdomains: &JsValue,
    domain: &JsValue,
    secure: Option<bool>,
    partitioned: Option<bool>,
    verify: Option<bool>,
) -> f64 {
    let set = || {
        let lifetime = page::seconds(max_age, expires);
        if lifetime == NOT_A_DATE {
            return Err(Rule::ExpiresNotDate.into());
        }
        let wish = Wish {
            name: self::name(name)?,
            value: argument(&VALUE, value, Rule::ValueNotText, Rule::PairTooLarge)?
                .ok_or(Rule::ValueNotText)?,
            lifetime: (lifetime != f64::NEG_INFINITY).then_some(lifetime),
            same_site: argument(&SAME_SITE, same_site, Rule::SameSiteUnknown, Rule::SameSiteUnknown)?,
            path: self::path(path)?,
            domain: self::domain(domain)?,
            include_subdomains: include_subdomains.is_null_or_undefined()
                || include_subdomains.as_bool().ok_or(Rule::SubdomainsNotBoolean)?,
            secure,
            partitioned: partitioned == Some(true),
        };
        assign(&wish, verify != Some(false))
    };
    packed(set())
}

/// What [`page::seconds`] gives for an `expires` that is no date.
const NOT_A_DATE: f64 = -2.0;

/// Expires a cookie at every scope that the options leave open; 0, or the refusal as a number.
#[wasm_bindgen(js_name = deleteCookie)]
pub fn delete_cookie(
    name: &JsValue,
    path: &JsValue,
    include_subdomains: Option<bool>,
    domain: &JsValue,
) -> f64 {
    let delete = |include_subdomains, partitioned, verify| {
        let wish = Wish {
            name: self::name(name)?,
            value: [].as_slice(),
            lifetime: Some(0.0),
            same_site: None,
            path: self::path(path)?,
            domain: self::domain(domain)?,
            include_subdomains,
            secure: None,
            partitioned,
        };
        assign(&wish, verify)
    };
    // Only a cookie of the same Domain and partition replaces another; after the last of the writes none is left.
    let first = if include_subdomains == Some(false) { 2 } else { 0 };
    let secure = page::secure();
    let delete_all = || {
        for scope in first..4 {
            let partitioned = scope % 2 == 0;
            if secure || !partitioned {
                delete(scope < 2, partitioned, scope == 3)?;
            }
        }
        Ok(())
    };
    packed(delete_all())
}

/// Gives the document a cookie and, if asked to, looks whether it did what was asked.
fn assign(wish: &Wish<&[u16]>, verify: bool) -> Result<(), Refusal> {
    Header::read(&JsValue::UNDEFINED).ok_or(Rule::NoDocument)?;
    // On the stack, so that a patched `document.cookie` may call this module again.
    let mut bytes = [0; MAX_ASSIGNMENT];
    let mut buffer = Buffer::new(&mut bytes);
    let page = Page { host: here(page::host(unsafe { HERE.borrow() })), secure: page::secure() };
    let pair = write(wish, &page, &mut buffer)?;
    let seen = wish.path.is_none_or(|path| path_matches(here(page::path(unsafe { HERE.borrow() })), path));
    let deleted = wish.lifetime == Some(0.0);
    let compared = if deleted { wish.name.len() + 1 } else { pair };
    let assignment = buffer.into_bytes();
    page::write(assignment);
    if !verify || !seen {
        return Ok(());
    }

    // What was borrowed for the wish may have changed by now.
    let written = assignment.get(..compared).unwrap_or_default();
    let header = Header::read(&JsValue::UNDEFINED).ok_or(Rule::NoDocument)?.units();
    let found = pairs(header).any(|pair| {
        // A cookie stands in the header as it was written: name, `=`, value.
        let end = if deleted { pair.name().end + 1 } else { pair.value().end };
        let kept = header.get(pair.name().start..end).unwrap_or_default();
        kept.len() == written.len() && kept.iter().zip(written).all(|(unit, byte)| unit.is(*byte))
    });
    match (found, deleted) {
        (false, false) => Err(Rule::NotStored.into()),
        (true, true) => Err(Rule::NotDeleted.into()),
        _ => Ok(()),
    }
}

/// The first units of the room for a text about the page.
fn here(copied: i32) -> &'static [u16] {
    // SAFETY: no two texts about the page are held at a time.
    let room = unsafe { HERE.borrow() };
    room.get(..usize::try_from(copied).unwrap_or(0)).unwrap_or_default()
}

/// A refusal as a number; 0 for none.
fn packed(result: Result<(), Refusal>) -> f64 {
    result.map_or_else(|refusal| refusal.number() as f64, |()| 0.0)
}
