//! Guards: one table that says who may see which part of an app.
//!
//! A path can be written in many ways that lead to one page, and a framework and this table need not agree on which.
//! So a path is judged in every reading that it has, and passes only if it passes in each.

use crate::error::Rule;
use crate::http::{form, redirect};

mod error_page;
mod readings;
mod rewrite;
mod route;

use readings::{CaseMode, Origin, Readings, decode, segments, segments_of};
use route::{Fit, Route};

pub use error_page::{is_navigation, page};
pub use readings::Visit;

/// Who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Those who are signed in.
    SignedIn,
    /// Those who are not: the pages to sign in and to make an account.
    SignedOut,
    /// Those who are signed in and fulfil more.
    Require {
        /// One of these roles; an empty list is any.
        roles: Vec<String>,
        /// A verified e-mail address.
        email_verified: bool,
        /// A predicate of the app, by its number: it counts as fulfilled where [`Visitor::allowed`] has it.
        allow: Option<u32>,
    },
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A route group with its parentheses, as a route's identifier has it.
    Group(String),
    /// The segments of a path prefix.
    Prefix(Vec<String>),
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// As it is declared.
    key: String,
    place: Place,
    access: Access,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    rules: Vec<Entry>,
    otherwise: Access,
    /// Of calls whose page is the caller's own claim.
    remote: Option<Access>,
    login: String,
    home: String,
    verify: String,
}

/// Whether somebody is signed in, as `SessionAnswer.status` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Signed in.
    Authenticated,
    /// Not signed in.
    Anonymous,
    /// Nobody can tell: the backend is away.
    Unavailable,
    /// The backend refuses to say.
    Rejected,
}

/// Who comes.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// Whether somebody is signed in.
    pub status: Status,
    /// The user's role, or roles with commas between them.
    pub role: &'a str,
    /// Whether the user's address is verified.
    pub email_verified: bool,
    /// Whether the user is a guest, who has a session and no account: he may sign in.
    pub guest: bool,
    /// The numbers of those predicates that let the visitor in.
    pub allowed: &'a [u32],
}

/// What becomes of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Pass,
    /// It goes elsewhere, by 303.
    Redirect(String),
    /// It ends here.
    Refuse(Rule),
}

impl Guard {
    /// Makes a table. A key is a route group, `(studio)`, or a path prefix, `/studio`. `None` for one that is neither,
    /// or a pattern (`/users/[id]`, `/(app)/library`, `/studio/:path*`), of which no path would ever begin; for a page
    /// that is no local path, or for a role without a name.
    pub fn new(
        rules: Vec<(String, Access)>,
        otherwise: Access,
        remote: Option<Access>,
        [login, home, verify]: [&str; 3],
    ) -> Option<Self> {
        let local = |path: &str| redirect::check(path, &[]).map(std::borrow::Cow::into_owned);
        let nameless = |access: &Access| matches!(access, Access::Require { roles, .. } if roles.iter().any(|role| role.is_empty() || role.contains(',')));
        let mut table = Vec::with_capacity(rules.len());
        for (key, access) in rules {
            let place = if key.starts_with('(') && key.ends_with(')') && !key.contains('/') && key.len() > 2 {
                Place::Group(key.clone())
            } else if key.starts_with('/') && !key.contains(['?', '#', '\\']) && !is_pattern(&key) {
                Place::Prefix(segments(&decode(&key)))
            } else {
                return None;
            };
            if nameless(&access) || table.iter().any(|other: &Entry| other.place == place) {
                return None;
            }
            table.push(Entry { key, place, access });
        }
        if nameless(&otherwise) || remote.as_ref().is_some_and(nameless) {
            return None;
        }
        let (login, home, verify) = (local(login)?, local(home)?, local(verify)?);
        Some(Self { rules: table, otherwise, remote, login, home, verify })
    }

    /// Judges a visit.
    pub fn decide(&self, visitor: Visitor<'_>, visit: Visit<'_>) -> Decision {
        if !visit.remote && is_open(visit) {
            return Decision::Pass;
        }
        let Some(readings) = Readings::of(visit) else {
            return Decision::Refuse(Rule::FlowRejected);
        };
        let rules = self.rules_for(&readings, visit.remote);
        let mut verdicts =
            rules.into_iter().map(|access| self.judge(access, visitor, visit, &readings.exact));
        verdicts.find(|verdict| *verdict != Decision::Pass).unwrap_or(Decision::Pass)
    }

    /// The numbers of the predicates that a visit depends on.
    pub fn predicates(&self, visit: Visit<'_>) -> Vec<u32> {
        if !visit.remote && is_open(visit) {
            return Vec::new();
        }
        let mut out: Vec<u32> = Vec::new();
        for access in Readings::of(visit).iter().flat_map(|readings| self.rules_for(readings, visit.remote)) {
            if let Access::Require { allow: Some(number), .. } = access
                && !out.contains(number)
            {
                out.push(*number);
            }
        }
        out
    }

    /// Which keys of the table match no route of an app, in the table's order: a group that none has, and a path that no
    /// path of a route is or lies below. Routes are identifiers of SvelteKit or paths of Next.js. Where the groups are not
    /// known of all routes, a group that opens is not judged.
    /// `optional` is whether a key may end in a parameter that may be absent: `/libary` in `/[[lang=lang]]/library`.
    pub fn unmatched(&self, routes: &[&str], groups: bool, optional: bool) -> Vec<&str> {
        let routes: Vec<Route> = routes.iter().map(|route| Route::read(route)).collect();
        let matched = |rule: &Entry| match &rule.place {
            Place::Group(group) => {
                (!groups && !rule.access.closes())
                    || routes.iter().any(|route| route.depth_of(group).is_some())
            }
            Place::Prefix(prefix) => {
                let fit = Fit { any_case: rule.access.closes(), optional_end: optional };
                routes.iter().any(|route| route.reaches(prefix, fit))
            }
        };
        self.rules.iter().filter(|rule| !matched(rule)).map(|rule| rule.key.as_str()).collect()
    }

    /// What the readings of a path have to fulfil.
    fn rules_for<'a>(&'a self, readings: &Readings, remote: bool) -> Vec<&'a Access> {
        let route = readings.route.as_ref();
        let mut rules = vec![self.own(&readings.exact, route, CaseMode::AsWritten)];
        for letters in [CaseMode::AsWritten, CaseMode::AnyCase] {
            let own = self.own(&readings.exact, route, letters);
            let others = readings.others.iter().filter_map(|(origin, path)| match origin {
                Origin::Route => Some(self.own(path, route, letters)),
                Origin::Shorter => self.explicit(path, route, letters),
                Origin::Path => Some(self.access(path, letters)),
                Origin::Ending(whole) => self.explicit(path, None, letters).or_else(|| {
                    Some(if *whole == readings.exact { own } else { self.access(whole, letters) })
                }),
                Origin::Filled => self.explicit(path, None, letters),
            });
            // A reading that only opens what the path itself closes adds nothing; and another page's rule for visitors who
            // are not signed in is not this page's.
            rules.extend([own].into_iter().chain(others).filter(|access| access.closes()));
        }
        if remote {
            match &self.remote {
                Some(access) => rules.push(access),
                // Which rule a call falls under only its own word says, so it has to fulfil all of them.
                None => rules.extend(self.closed()),
            }
        }
        rules
    }

    /// The rules that let in those who are signed in.
    fn closed(&self) -> impl Iterator<Item = &Access> {
        let all = self.rules.iter().map(|rule| &rule.access).chain([&self.otherwise]);
        all.filter(|access| access.closes())
    }

    /// The rule for a path of a route. One that no key is about falls under the key for the route, where that begins with
    /// what may be absent: `/about` stands for `/[[lang]]/about` in each language.
    fn own(&self, path: &[String], route: Option<&Route>, letters: CaseMode) -> &Access {
        let of_route = || self.explicit(&route?.fixed_behind_optional()?, route, letters);
        self.explicit(path, route, letters).or_else(of_route).unwrap_or(&self.otherwise)
    }

    /// The rule for a path of which no route is known.
    fn access(&self, path: &[String], letters: CaseMode) -> &Access {
        self.explicit(path, None, letters).unwrap_or(&self.otherwise)
    }

    /// The deepest rule that a key of the table makes for a path.
    fn explicit(&self, path: &[String], route: Option<&Route>, letters: CaseMode) -> Option<&Access> {
        let begins = |prefix: &[String], access: &Access| {
            let is = |(segment, key): (&String, &String)| letters.same(segment, key, access.closes());
            path.len() >= prefix.len() && path.iter().zip(prefix).all(is)
        };
        let depth = |Entry { place, access, .. }: &Entry| match place {
            // A group behind as many segments as a prefix has stands deeper than it.
            Place::Group(group) => route?.depth_of(group),
            // Where it opens, `/` is the home page; where it closes, it is everything.
            Place::Prefix(prefix) if prefix.is_empty() && !access.closes() => {
                path.is_empty().then_some((0, 0))
            }
            Place::Prefix(prefix) => begins(prefix, access).then_some((prefix.len(), 0)),
        };
        let deepest = self
            .rules
            .iter()
            .filter_map(|rule| Some((depth(rule)?, &rule.access)))
            .max_by_key(|(depth, access)| (*depth, access.closes()));
        deepest.map(|(_, access)| access)
    }

    fn judge(&self, access: &Access, visitor: Visitor<'_>, visit: Visit<'_>, exact: &[String]) -> Decision {
        let closed = match access {
            Access::Public => return Decision::Pass,
            Access::SignedOut => return self.leave(visitor, visit, exact),
            Access::SignedIn => (&[][..], false, None),
            Access::Require { roles, email_verified, allow } => (roles.as_slice(), *email_verified, *allow),
        };
        let (roles, verified, allow) = closed;
        match visitor.status {
            Status::Unavailable => return Decision::Refuse(Rule::BackendAway),
            Status::Rejected => return Decision::Refuse(Rule::FlowRejected),
            Status::Anonymous if !visit.page => return Decision::Refuse(Rule::FlowUnauthenticated),
            Status::Anonymous => return Self::lead(&self.login, visit, exact),
            Status::Authenticated => {}
        }
        let has = |role: &String| visitor.role.split(',').any(|own| own.trim() == role);
        let allowed = allow.is_none_or(|number| visitor.allowed.contains(&number));
        if !allowed || (!roles.is_empty() && !roles.iter().any(has)) {
            return Decision::Refuse(Rule::GuardForbidden);
        }
        if verified && !visitor.email_verified {
            if !visit.page {
                return Decision::Refuse(Rule::GuardUnverified);
            }
            return Self::lead(&self.verify, visit, exact);
        }
        Decision::Pass
    }

    /// To a page of the app, with the way back; that page itself is always open, or it would lead to itself. A call is no
    /// page, whichever it claims to come from.
    fn lead(page: &str, visit: Visit<'_>, exact: &[String]) -> Decision {
        if is_page(page, visit.base, exact) && !visit.remote {
            return Decision::Pass;
        }
        let page = in_app(page, visit.base);
        let mut to = format!("{page}{}redirect=", form::joint(&page));
        let mut back = visit.path.to_owned();
        if !visit.query.is_empty() {
            // A form action such as `?/save` is nothing to come back to.
            let fields = visit.query.split('&').filter(|field| visit.reads || !field.starts_with('/'));
            let fields = fields.collect::<Vec<_>>().join("&");
            if !fields.is_empty() {
                back.push('?');
                back.push_str(&fields);
            }
        }
        // What could not be followed back is not offered.
        if redirect::check(&back, &[]).is_none() {
            return Decision::Redirect(page);
        }
        form::push_value(&back, &mut to);
        Decision::Redirect(to)
    }

    /// From a page for those who are not signed in. A guest is let in, so that he can.
    fn leave(&self, visitor: Visitor<'_>, visit: Visit<'_>, exact: &[String]) -> Decision {
        let stays = visitor.status != Status::Authenticated || visitor.guest;
        if stays || is_page(&self.home, visit.base, exact) {
            return Decision::Pass;
        }
        if !visit.page {
            return Decision::Refuse(Rule::GuardSignedIn);
        }
        let wanted = form::field(visit.query, "redirect").and_then(|to| {
            let to = redirect::check(&to, &[])?.into_owned();
            let path = to.split(['?', '#']).next()?;
            let visit = Visit { path, route: None, parameters: &[], rewrites: &[], ..visit };
            let Readings { exact, others, .. } = Readings::of(visit)?;
            let again: Vec<_> = others.into_iter().map(|(_, path)| path).chain([exact]).collect();
            let leads_back =
                |letters| again.iter().any(|path| *self.access(path, letters) == Access::SignedOut);
            (!leads_back(CaseMode::AsWritten) && !leads_back(CaseMode::AnyCase)).then_some(to)
        });
        Decision::Redirect(wanted.unwrap_or_else(|| in_app(&self.home, visit.base)))
    }
}

impl Access {
    /// Whether somebody who is not signed in stays outside.
    fn closes(&self) -> bool {
        matches!(self, Access::SignedIn | Access::Require { .. })
    }
}

/// Whether a path is the handler's, or a file that a bundler made; only as written, with one reading. Where a framework
/// knows the route, a page that takes all paths (`/(app)/[...path]`) is neither.
fn is_open(Visit { path, route, base, handler, .. }: Visit<'_>) -> bool {
    let path = without(base, path).unwrap_or(path);
    let mounted = |handler: &str| {
        route.is_none_or(|route| {
            let (fixed, handler) = (Route::read(route).fixed(), segments_of(handler));
            !fixed.is_empty() && (handler.starts_with(&fixed) || fixed.starts_with(&handler))
        })
    };
    let handler = handler.map(|handler| without(base, handler).unwrap_or(handler));
    handler.is_some_and(|handler| is_handlers(path, handler) && mounted(handler))
        || (route.is_none() && is_handlers(path, "/_next/static"))
}

/// The same for an app below a base, which the path has before it, and the handler's base path may have.
///
/// ```
/// use httponly::guard::is_handlers_below;
///
/// assert!(is_handlers_below("/app", "/app/api/auth/get-session", "/api/auth"));
/// assert!(is_handlers_below("/app", "/app/api/auth/get-session", "/app/api/auth"));
/// ```
pub fn is_handlers_below(base: &str, path: &str, handler: &str) -> bool {
    is_handlers(without(base, path).unwrap_or(path), without(base, handler).unwrap_or(handler))
}

/// A path without the base before it, as both are written; `None` where it does not lie below the base.
fn without<'a>(base: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(base.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
}

/// A page of the app below its base, unless it is written with it.
///
/// ```
/// use httponly::guard::in_app;
///
/// assert_eq!(in_app("/login", "/app"), "/app/login");
/// assert_eq!(in_app("/app/login", "/app"), "/app/login");
/// ```
pub fn in_app(page: &str, base: &str) -> String {
    let base = base.trim_end_matches('/');
    if base.is_empty() || without(base, page).is_some() { page.to_owned() } else { format!("{base}{page}") }
}

/// Whether a path lies below the base path of `auth.handler`, as written, with one reading. Below an empty base lies
/// nothing: that is all of the app.
///
/// ```
/// use httponly::guard::is_handlers;
///
/// assert!(is_handlers("/api/auth/get-session", "/api/auth"));
/// assert!(!is_handlers("/api/auth/..%2Fstudio", "/api/auth"));
/// assert!(!is_handlers("/studio", ""));
/// ```
pub fn is_handlers(path: &str, base: &str) -> bool {
    let plain = !path.contains(['%', '\\']) && !path.contains("//") && !path.contains("/.");
    let below = path.strip_prefix(base).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    plain && below && !base.is_empty()
}

/// Whether a key is a framework's pattern: parameters, wildcards, or a group inside of a path. Where a path has such
/// characters, its key has them percent-encoded.
fn is_pattern(key: &str) -> bool {
    key.contains(['[', '*']) || key.split('/').any(|segment| segment.starts_with(':') || is_group(segment))
}

fn is_group(segment: &str) -> bool {
    segment.starts_with('(') && segment.ends_with(')')
}

/// Whether a path without the base is that of a page of the app.
fn is_page(page: &str, base: &str, path: &[String]) -> bool {
    let page = without(base, page).unwrap_or(page);
    page.split(['?', '#']).next().is_some_and(|page| segments_of(page) == path)
}

#[cfg(test)]
mod tests;
