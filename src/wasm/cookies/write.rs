//! The binding of the `write` module: makes what `document.cookie` is given.

use super::{MAX_TEXT, Shared, UnsafeCell, slice};
use crate::cookie::assignment::{Buffer, CookieRequest, MAX_ASSIGNMENT, Page, write};
use crate::cookie::attributes::path_matches;
use crate::error::{Refusal, Rule};

const TEXTS: usize = 7;
const ROOM_LEN: usize = (MAX_TEXT + 1) * TEXTS;
static ROOM: Shared<[u16; ROOM_LEN]> = Shared(UnsafeCell::new([0; ROOM_LEN]));
static ASSIGNMENT: Shared<[u8; MAX_ASSIGNMENT]> = Shared(UnsafeCell::new([0; MAX_ASSIGNMENT]));

/// Where the texts of a call go, each behind a unit that says how long it is.
#[unsafe(no_mangle)]
extern "C" fn room() -> *mut u16 {
    ROOM.0.get().cast()
}

/// Where an assignment stands.
#[unsafe(no_mangle)]
extern "C" fn assignment() -> *mut u8 {
    ASSIGNMENT.0.get().cast()
}

const NOT_TEXT: usize = 0xffff;
const NOTHING: usize = 0xfffe;

/// The texts of a call, in the order in which `write.ts` puts them.
struct Texts(*const u16);

impl Texts {
    /// The next one. For the two others, see `put` in `write.ts`.
    #[inline(never)]
    fn next(&mut self, not_text: Rule, too_long: Rule) -> Result<Option<&'static [u16]>, Rule> {
        // SAFETY: JavaScript has written as many texts as are read, each behind its length
        let len = usize::from(unsafe { self.0.read() });
        self.0 = unsafe { self.0.add(1) };
        match len {
            NOT_TEXT => Err(not_text),
            NOTHING => Ok(None),
            0..=MAX_TEXT => {
                let text = unsafe { slice::from_raw_parts(self.0, len) };
                self.0 = unsafe { self.0.add(len) };
                Ok(Some(text))
            }
            _ => Err(too_long),
        }
    }
}

const FALSE: i32 = 1;
const TRUE: i32 = 2;
const NO_BOOLEAN: i32 = 3;
const NO_DATE: f64 = -2.0;

/// Makes an assignment. The refusal; or, not above 0, minus how long it is, and 2^13 times how much of it stands in
/// the header if it was kept: 0 where that cannot be seen from here. Booleans as `kind` in `write.ts`.
///
/// With a scope above 0, it expires the cookie at one of six, as far as the options and the page leave it open: 0
/// elsewhere. What was set as Secure or as Partitioned is deleted as such, and what is neither as neither.
#[unsafe(no_mangle)]
extern "C" fn make(
    scope: i32,
    lifetime: f64,
    mut include_subdomains: i32,
    mut secure: i32,
    mut partitioned: i32,
    secure_context: i32,
    https: i32,
) -> f64 {
    let secure_origin = secure_context + https > 0;
    if scope > 0 {
        let (host_only, kind) = (scope < 4, scope % 3);
        if (!host_only && include_subdomains == FALSE) || (kind > 0 && !secure_origin) {
            return 0.0;
        }
        if include_subdomains != NO_BOOLEAN {
            include_subdomains = host_only.into();
        }
        secure = if kind > 0 { TRUE } else { 0 };
        partitioned = i32::from(kind > 1) * TRUE;
    }
    let make = || -> Result<usize, Refusal> {
        let mut texts = Texts(room());
        let wish = CookieRequest {
            name: texts.next(Rule::NameNotText, Rule::PairTooLarge)?.ok_or(Rule::NameNotText)?,
            value: texts.next(Rule::ValueNotText, Rule::PairTooLarge)?.ok_or(Rule::ValueNotText)?,
            path: texts.next(Rule::PathNotText, Rule::AttributeTooLarge)?,
            domain: texts.next(Rule::DomainNotText, Rule::AttributeTooLarge)?,
            same_site: texts.next(Rule::SameSiteUnknown, Rule::SameSiteUnknown)?,
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
        // SAFETY: no other reference lives: nothing calls in while this runs
        let bytes = unsafe { &mut *ASSIGNMENT.0.get() };
        let mut buffer = Buffer::new(bytes);
        let host = texts.next(Rule::NoDocument, Rule::AttributeTooLarge)?.ok_or(Rule::NoDocument)?;
        let page = Page { host, secure: secure_origin, https: https > 0 };
        let pair = write(&wish, &page, &mut buffer)?;
        let here = texts.next(Rule::NoDocument, Rule::AttributeTooLarge)?;
        let seen = wish.path.is_none_or(|path| here.is_some_and(|here| path_matches(here, path)));
        let kept = if lifetime == 0.0 { wish.name.len() } else { pair } + 1;
        Ok(buffer.len() + if seen { kept << 13 } else { 0 })
    };
    match make() {
        Ok(lengths) => -(lengths as f64),
        Err(refusal) => refusal.number() as f64,
    }
}
