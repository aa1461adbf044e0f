//! The `cookies` module: `document.cookie`, read and written synchronously.
//!
//! It ships with every page, so it is made for size: no `std`, no formatting, no allocation but for a header longer
//! than any before. Only numbers cross: texts lie in the module's memory as UTF-16 code units, where `page.js` copied
//! them, and a value is answered as the place where it stands, so that JavaScript slices its own string. Exports with
//! numbers alone need none of wasm-bindgen's glue and are plain `extern "C"`; the one that takes a node is not.

#![expect(clippy::cast_sign_loss, reason = "lengths are cast after a look at their sign")]
#![expect(clippy::cast_precision_loss, reason = "offsets and refusals stay below 2^53")]

use core::arch::wasm32::memory_grow;
use core::cell::UnsafeCell;
use core::ops::Range;
use core::slice;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::ShadowRoot;

use crate::cookie::assignment::{Buffer, CookieRequest, MAX_ASSIGNMENT, Page, write};
use crate::cookie::attributes::path_matches;
use crate::cookie::header::{Index, pairs};
use crate::cookie::syntax::Unit;
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
    use super::wasm_bindgen;

    #[wasm_bindgen(module = "/src/wasm/page.js")]
    unsafe extern "C" {
        pub fn turn() -> i32;
        pub fn read(into: *mut u16) -> usize;
        pub fn write(bytes: *const u8, len: usize) -> bool;
        pub fn host() -> i32;
        pub fn path() -> i32;
        pub fn secure() -> bool;
    }
}

/// The longest text that is copied in, in units: longer ones are too long for anything.
const MAX_TEXT: usize = 4096;
/// The most texts of one call: name, value, path, domain, SameSite, and the page's host and path.
const MAX_TEXTS: usize = 7;
/// Units of a header that need no further memory.
const FIRST_CAPACITY: usize = 8192;
/// Bytes of a page of memory.
const PAGE: usize = 64 * 1024;
/// Pairs of which it is remembered where they stand.
const INDEXED: usize = 64;

/// What [`page::turn`] says where there is no header.
const NO_HEADER: i32 = -1;

struct Shared<T>(UnsafeCell<T>);

// SAFETY: the module is built without threads.
unsafe impl<T> Sync for Shared<T> {}

/// The texts of a call, one behind the other.
static ROOM: Shared<[u16; MAX_TEXT * MAX_TEXTS]> = Shared(UnsafeCell::new([0; MAX_TEXT * MAX_TEXTS]));

/// Where `page.js` copies the texts of a call to.
#[unsafe(no_mangle)]
extern "C" fn room() -> *mut u16 {
    ROOM.0.get().cast()
}

/// Takes the texts of a call out of the room, in the order in which they were copied.
struct Texts {
    at: usize,
}

impl Texts {
    /// The next text: `None` for nothing. `len` is what `page.js` said of it.
    fn next(&mut self, len: i32, not_text: Rule, too_long: Rule) -> Result<Option<&'static [u16]>, Refusal> {
        match len {
            -2 => return Ok(None),
            -1 => return Err(not_text.into()),
            _ => (),
        }
        let start = self.at;
        self.at += len as usize;
        // SAFETY: JavaScript writes the room only between calls, and behind what was taken.
        let room: &'static [u16] = unsafe { &*ROOM.0.get() };
        match room.get(start..self.at) {
            Some(text) if text.len() <= MAX_TEXT => Ok(Some(text)),
            _ => Err(too_long.into()),
        }
    }

    fn name(&mut self, len: i32) -> Result<&'static [u16], Refusal> {
        self.next(len, Rule::NameNotText, Rule::PairTooLarge)?.ok_or(Rule::NameNotText.into())
    }

    fn path(&mut self, len: i32) -> Result<Option<&'static [u16]>, Refusal> {
        self.next(len, Rule::PathNotText, Rule::AttributeTooLarge)
    }

    fn domain(&mut self, len: i32) -> Result<Option<&'static [u16]>, Refusal> {
        self.next(len, Rule::DomainNotText, Rule::AttributeTooLarge)
    }
}

/// The header that was read last: a copy of its text, and where its cookies stand.
struct Header {
    /// Room for the text, and how much of it is used. It moves when a header is longer than any before.
    units: *mut u16,
    capacity: usize,
    len: usize,
    index: Index<INDEXED>,
}

static FIRST: Shared<[u16; FIRST_CAPACITY]> = Shared(UnsafeCell::new([0; FIRST_CAPACITY]));
static HEADER: Shared<Header> = Shared(UnsafeCell::new(Header {
    units: FIRST.0.get().cast(),
    capacity: FIRST_CAPACITY,
    len: 0,
    index: Index::new(),
}));

impl Header {
    /// Reads the document's header; `None` where there is none.
    fn read() -> Option<&'static mut Self> {
        Self::turned(page::turn())
    }

    /// Reads the header that JavaScript has turned to; every turn is followed by this. `len` is what [`page::turn`]
    /// said of it.
    fn turned(len: i32) -> Option<&'static mut Self> {
        // SAFETY: `turn` can run a patched `document.cookie`, which can call this module again, but that has returned.
        // No foreign JavaScript runs while the reference lives.
        let header = unsafe { &mut *HEADER.0.get() };
        if len >= 0 {
            header.len = len as usize;
            if header.len > header.capacity {
                // The smaller room is not given back: headers seldom grow this long.
                let wanted = header.len / (PAGE / 2) + 1;
                let pages = memory_grow(0, wanted);
                if pages == usize::MAX {
                    header.len = 0;
                    return None;
                }
                header.units = (pages * PAGE) as *mut u16;
                header.capacity = wanted * (PAGE / 2);
            }
            header.len = page::read(header.units);
            header.index.clear();
        }
        (len != NO_HEADER).then_some(header)
    }

    /// The text.
    fn units(&self) -> &'static [u16] {
        // SAFETY: there is room for `capacity` units, the first `len` of which were written; room is never given back.
        unsafe { slice::from_raw_parts(self.units, self.len) }
    }
}

/// Where the value of a cookie stands in the header: twice its start, 2^27 times its end, and one if it may be
/// encoded. -1 without a header, and for a name that no cookie has.
#[unsafe(no_mangle)]
extern "C" fn get(name: i32, header: i32) -> f64 {
    let get = || {
        let header = Header::turned(header)?;
        let name = Texts { at: 0 }.name(name).ok()?;
        let units = header.units();
        let pair = header.index.find(units, name)?;
        let Range { start, end } = pair.value();
        Some(2.0 * start as f64 + 134_217_728.0 * end as f64 + f64::from(pair.encoded))
    };
    get().unwrap_or(-1.0)
}

/// Whether the root of a node's tree makes it a shadow tree.
#[wasm_bindgen(js_name = isShadow)]
pub fn is_shadow(root: &JsValue) -> bool {
    root.is_instance_of::<ShadowRoot>()
}

/// Sets a cookie; 0, or the refusal as a number. Texts as in [`Texts::next`], booleans as `kind` in `page.js`.
#[unsafe(no_mangle)]
extern "C" fn set(
    name: i32,
    value: i32,
    path: i32,
    domain: i32,
    same_site: i32,
    lifetime: f64,
    include_subdomains: i32,
    secure: i32,
    partitioned: i32,
    verify: i32,
) -> f64 {
    let mut texts = Texts { at: 0 };
    let mut set = || {
        let wish = CookieRequest {
            name: texts.name(name)?,
            value: texts.next(value, Rule::ValueNotText, Rule::PairTooLarge)?.ok_or(Rule::ValueNotText)?,
            path: texts.path(path)?,
            domain: texts.domain(domain)?,
            same_site: texts.next(same_site, Rule::SameSiteUnknown, Rule::SameSiteUnknown)?,
            lifetime: (lifetime != f64::NEG_INFINITY).then_some(lifetime),
            include_subdomains: include_subdomains != FALSE,
            secure: if secure == 0 { None } else { Some(secure != FALSE) },
            partitioned: partitioned > FALSE,
        };
        if include_subdomains == NO_BOOLEAN {
            return Err(Rule::SubdomainsNotBoolean.into());
        }
        if lifetime == NO_DATE {
            return Err(Rule::ExpiresNotDate.into());
        }
        assign(&wish, &mut texts, verify != FALSE)
    };
    packed(set())
}

/// What `page.js` says of false, of what is no boolean, and of an `expires` that is no date.
const FALSE: i32 = 1;
const NO_BOOLEAN: i32 = 3;
const NO_DATE: f64 = -2.0;

/// Expires a cookie at one of four scopes, as far as the options leave it open; 0, or the refusal as a number.
///
/// Only a cookie of the same Domain and partition replaces another: scopes 0 and 1 are the Domain cookie, 2 and 3 the
/// host-only one, the even ones partitioned. After the last there is none left.
#[unsafe(no_mangle)]
extern "C" fn remove(scope: i32, name: i32, path: i32, domain: i32, include_subdomains: i32) -> f64 {
    let (host_only, partitioned, verify) = (scope > 1, scope % 2 == 0, scope == 3);
    if (!host_only && include_subdomains == FALSE) || (partitioned && !page::secure()) {
        return 0.0;
    }
    let (host_only, partitioned, verify) =
        (host_only.into(), 1 + i32::from(partitioned), 1 + i32::from(verify));
    set(name, 0, path, domain, -2, 0.0, host_only, 0, partitioned, verify)
}

/// Gives the document a cookie and, if asked to, looks whether it did what was asked.
fn assign(wish: &CookieRequest<&[u16]>, texts: &mut Texts, verify: bool) -> Result<(), Refusal> {
    let host = texts.domain(page::host())?.ok_or(Rule::NoDocument)?;
    // On the stack, so that a patched `document.cookie` may call this module again.
    let mut bytes = [0; MAX_ASSIGNMENT];
    let mut buffer = Buffer::new(&mut bytes);
    let pair = write(wish, &Page { host, secure: page::secure() }, &mut buffer)?;
    let mut here = || texts.path(page::path()).ok().flatten();
    let seen = wish.path.is_none_or(|path| here().is_some_and(|here| path_matches(here, path)));
    let deleted = wish.lifetime == Some(0.0);
    let compared = if deleted { wish.name.len() + 1 } else { pair };
    let assignment = buffer.into_bytes();
    if !page::write(assignment.as_ptr(), assignment.len()) {
        return Err(Rule::NoDocument.into());
    }
    if !verify || !seen {
        return Ok(());
    }

    // The texts of the wish may be others by now.
    let written = assignment.get(..compared).unwrap_or_default();
    let header = Header::read().ok_or(Rule::NoDocument)?.units();
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

/// A refusal as a number; 0 for none.
fn packed(result: Result<(), Refusal>) -> f64 {
    result.map_or_else(|refusal| refusal.number() as f64, |()| 0.0)
}
