//! Guards: one table that says who may see which part of an app.
//!
//! A path can be written in many ways that lead to one page, and a framework and this table need not agree on which.
//! So a path is judged in every reading that it has, and passes only if it passes in each.

use crate::error::{Code, Rule};
use crate::http::{form, redirect};

mod rewrite;
mod route;

use route::{Fit, Route};

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

/// Where one comes to.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The framework's identifier of the route, with its groups: `/(studio)/studio/[id]`.
    pub route: Option<&'a str>,
    /// The route's parameters, decoded.
    pub parameters: &'a [(String, String)],
    /// The path below which all of the app lies: `/app`; empty for none.
    pub base: &'a str,
    /// The framework's rewrites, sources and destinations below the base, where it shows the path before them.
    pub rewrites: &'a [(String, String)],
    /// The path as the URL has it, percent-encoded, with the base.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: &'a str,
    /// GET or HEAD.
    pub reads: bool,
    /// Whether a redirect leads a person somewhere.
    pub page: bool,
    /// Whether path and route are what the caller claims, as for SvelteKit's remote functions.
    pub remote: bool,
    /// Below which the paths of `auth.handler` lie: it judges for itself, and who is to sign in reaches it.
    pub handler: Option<&'a str>,
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

/// Which letters a segment and a key have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseMode {
    /// All.
    AsWritten,
    /// All but for their case, as for a program that minds none.
    AnyCase,
}

/// Deepest path that is judged; a deeper one leads nowhere.
const MAX_SEGMENTS: usize = 256;
/// How often a path may be percent-encoded, one time over another; what is more often leads nowhere.
const MAX_ENCODINGS: usize = 8;

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

/// The segments of a path as a framework's router takes them: each decoded once.
fn segments_of(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

/// Whether a path has more segments than are judged.
fn is_deep(path: &str) -> bool {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty()).nth(MAX_SEGMENTS).is_some()
}

/// The segments of a path whose separators may come from decoding.
fn separated(path: &str) -> Vec<String> {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The segments of a path whose separators may come from decoding, with dot segments resolved.
fn segments(path: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for segment in separated(path) {
        match segment.as_str() {
            "." => {}
            ".." => {
                out.pop();
            }
            _ => out.push(segment),
        }
    }
    out
}

/// Where a reading of a path comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// The route, filled in with its parameters or with none: a path of the very page that is shown.
    Route,
    /// The same, without some of the segments that may be absent.
    Shorter,
    /// Another program's way with the path in the URL.
    Path,
    /// The same, without the ending of this path.
    Ending(Vec<String>),
    /// Another program's way with the route's path.
    Filled,
}

/// A path in all of its readings.
#[derive(Clone, Debug)]
struct Readings {
    /// As the framework's router takes the path in the URL, below the base.
    exact: Vec<String>,
    others: Vec<(Origin, Vec<String>)>,
    route: Option<Route>,
}

impl Readings {
    /// The path in the URL, and the route's identifier filled in with its parameters; both decoded once, twice and to the
    /// end, with dot segments resolved and as they stand, and without what frameworks add. The segments of a route that
    /// may be absent are so in some of its readings: `/en/admin` of `/[[lang]]/admin` is the page that `/admin` is.
    /// `None` for a path that is encoded too often or too deep.
    fn of(visit: Visit<'_>) -> Option<Self> {
        let base = segments_of(visit.base);
        let below = |mut path: Vec<String>| {
            if path.starts_with(&base) {
                path.drain(..base.len());
            }
            path
        };
        let route = visit.route.map(Route::read);
        let mut out = Self { exact: below(segments_of(visit.path)), others: Vec::new(), route };
        for reading in ways(visit.path)? {
            out.note_with_additions(Origin::Path, below(reading));
        }
        for (source, destination) in visit.rewrites {
            for path in rewrite::led(&out.exact, source, destination) {
                for reading in ways(&path)? {
                    out.note_with_additions(Origin::Filled, reading);
                }
            }
        }
        let Some(route) = out.route.clone() else { return Some(out) };
        let fixed = route.fixed();
        if !out.exact.starts_with(&fixed) {
            out.note(Origin::Route, fixed);
        }
        for (left_out, path) in route.filled(visit.parameters).into_iter().enumerate() {
            out.note(if left_out == 0 { Origin::Route } else { Origin::Shorter }, segments_of(&path));
            for reading in ways(&path)? {
                out.note_with_additions(Origin::Filled, reading);
            }
        }
        Some(out)
    }

    fn note(&mut self, origin: Origin, path: Vec<String>) {
        let reading = (origin, path);
        if reading.1 != self.exact && !self.others.contains(&reading) {
            self.others.push(reading);
        }
    }

    fn note_with_additions(&mut self, origin: Origin, path: Vec<String>) {
        let (kept, ended) = without_additions(&path);
        let shorter =
            if origin == Origin::Path && ended { Origin::Ending(path.clone()) } else { origin.clone() };
        self.note(shorter, kept);
        self.note(origin, path);
    }
}

/// The ways in which programs take a path.
fn ways(path: &str) -> Option<Vec<Vec<String>>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let mut whole = path.to_owned();
    let mut rounds = 0;
    loop {
        let next = decode(&whole);
        if is_deep(&next) {
            return None;
        }
        // URL parsers drop controls and spaces at the end, and line breaks anywhere (WHATWG URL section 4.4).
        let plain = next.replace(|c: char| c.is_ascii_control(), "");
        let plain = plain.trim_end_matches(' ');
        // Resolved after decoding, not at all, and before.
        let before = segments(&whole).iter().map(|segment| decode(segment)).collect();
        for reading in [segments(plain), separated(plain), before] {
            if !out.contains(&reading) {
                out.push(reading);
            }
        }
        if next == whole {
            return Some(out);
        }
        rounds += 1;
        if rounds > MAX_ENCODINGS {
            return None;
        }
        whole = next;
    }
}

impl CaseMode {
    /// Whether a segment is a key's. What opens is written as declared, or in small letters where the path has others.
    fn same(self, segment: &str, key: &str, closes: bool) -> bool {
        fn lower(text: &str) -> impl Iterator<Item = char> {
            text.chars().flat_map(char::to_lowercase)
        }
        segment == key
            || (self == Self::AnyCase
                && if closes { lower(segment).eq(lower(key)) } else { lower(segment).eq(key.chars()) })
    }
}

/// A path without what SvelteKit and Next add to ask for the data of a page, in any case of letters; and
/// whether no more than an ending of the last segment is gone, as of `/feed.json`.
fn without_additions(path: &[String]) -> (Vec<String>, bool) {
    let mut out = path.to_vec();
    let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
    if matches!(out.as_slice(), [next, data, _, ..] if is(next, "_next") && is(data, "data")) {
        out.drain(..3);
    }
    if out.last().is_some_and(|last| is(last, "__data.json") || is(last, "__route.js")) {
        out.pop();
    }
    let whole = out.len() == path.len();
    if let Some(last) = out.last_mut() {
        let endings = [
            ".html__data.json",
            ".html__route.js",
            ".prefetch.rsc",
            ".segment.rsc",
            ".rsc",
            ".html",
            ".json",
        ];
        let ends = |ending: &str| {
            let (stem, end) = last.split_at_checked(last.len().checked_sub(ending.len())?)?;
            is(end, ending).then_some(stem)
        };
        if let Some(stem) = endings.into_iter().find_map(ends) {
            *last = stem.to_owned();
        }
    }
    // Next writes the home page so.
    if out.len() == 1 && out.last().is_some_and(|last| last == "index") {
        out.pop();
    }
    let ended = whole && out.len() == path.len() && out != path;
    (out, ended)
}

/// Percent-decodes; what is no UTF-8 becomes U+FFFD, and a `%` that two hexadecimal digits do not follow stays.
fn decode(text: &str) -> String {
    form::decode(text.as_bytes(), false)
}

/// Whether a browser shows the answer of a request as a page: a navigation, by Fetch Metadata, else by `Accept`.
///
/// ```
/// use httponly::guard::is_navigation;
///
/// assert!(is_navigation(Some("navigate"), Some("document"), Some("text/html")));
/// assert!(!is_navigation(Some("cors"), Some("empty"), Some("text/html")));
/// assert!(is_navigation(None, None, Some("text/html,*/*;q=0.8")));
/// ```
pub fn is_navigation(mode: Option<&str>, dest: Option<&str>, accept: Option<&str>) -> bool {
    match mode {
        Some(mode) => mode == "navigate" && dest != Some("empty"),
        None => accept.is_some_and(|accept| accept.to_ascii_lowercase().contains("text/html")),
    }
}

/// A refusal as a page, for a person: a title and a sentence.
pub fn page(rule: Rule) -> String {
    let (title, text) = match rule.code() {
        Code::Unavailable => {
            ("One moment", "Signing in is not possible right now. Please try again in a few seconds.")
        }
        Code::Unauthenticated => ("Please sign in", "This page is for those who are signed in."),
        _ => ("Not for this account", "Your account may not see this page."),
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; margin: 0; text-align: center }}
</style>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="/">Back to the start</a></p>
</main>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Visitor<'static> = Visitor {
        status: Status::Authenticated,
        role: "customer",
        email_verified: true,
        guest: false,
        allowed: &[],
    };
    const GRACE: Visitor<'static> = Visitor { role: "creator", ..ADA };
    const NEW: Visitor<'static> = Visitor { email_verified: false, ..ADA };
    const NOBODY: Visitor<'static> =
        Visitor { status: Status::Anonymous, role: "", email_verified: false, ..ADA };
    const AWAY: Visitor<'static> = Visitor { status: Status::Unavailable, ..NOBODY };

    fn visit(path: &str) -> Visit<'_> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Visit {
            route: None,
            parameters: &[],
            base: "",
            rewrites: &[],
            path,
            query,
            reads: true,
            page: true,
            remote: false,
            handler: None,
        }
    }

    fn role(roles: &[&str]) -> Access {
        Access::Require {
            roles: roles.iter().map(|&role| role.into()).collect(),
            email_verified: false,
            allow: None,
        }
    }

    fn guard(rules: &[(&str, Access)]) -> Guard {
        let rules = rules.iter().map(|(key, access)| ((*key).to_owned(), access.clone())).collect();
        Guard::new(rules, Access::Public, None, ["/login", "/", "/verify"]).unwrap()
    }

    fn usual() -> Guard {
        guard(&[
            ("/library", Access::SignedIn),
            ("/studio", role(&["creator", "admin"])),
            ("/studio/help", Access::Public),
            ("/post", Access::Require { roles: vec![], email_verified: true, allow: None }),
            ("/login", Access::SignedOut),
            ("/MyFiles", role(&["creator"])),
        ])
    }

    fn go(verdict: &Decision) -> &str {
        match verdict {
            Decision::Pass => "pass",
            Decision::Redirect(to) => to,
            Decision::Refuse(rule) => rule.code().as_str(),
        }
    }

    #[test]
    fn the_table_says_who_may_come_in() {
        for (visitor, path, expected) in [
            (NOBODY, "/", "pass"),
            (NOBODY, "/library", "/login?redirect=/library"),
            (NOBODY, "/library/a%20b?tab=1&x=%26", "/login?redirect=/library/a%2520b%3Ftab%3D1%26x%3D%2526"),
            (NOBODY, "/libraryx", "pass"),
            (NOBODY, "/studio/help", "pass"),
            (NOBODY, "/studio/helpx", "/login?redirect=/studio/helpx"),
            (NOBODY, "/login?redirect=/library", "pass"),
            (ADA, "/library", "pass"),
            (ADA, "/studio", "rejected"),
            (ADA, "/studio/help/x", "pass"),
            (GRACE, "/studio", "pass"),
            (Visitor { role: "customer, admin", ..ADA }, "/studio", "pass"),
            (Visitor { role: "administrator", ..ADA }, "/studio", "rejected"),
            (Visitor { role: "Creator", ..ADA }, "/studio", "rejected"),
            (ADA, "/post", "pass"),
            (NEW, "/post/1", "/verify?redirect=/post/1"),
            (ADA, "/login", "/"),
            (ADA, "/login?redirect=/library?a", "/library?a"),
            (ADA, "/login?redirect=%2Flibrary%3Fa%3Db", "/library?a=b"),
            (ADA, "/login?redirect=//evil.example", "/"),
            (ADA, "/login?redirect=/login", "/"),
            (ADA, "/login?redirect=/%6Cogin", "/"),
            (AWAY, "/library", "unavailable"),
            (AWAY, "/studio", "unavailable"),
            (AWAY, "/login", "pass"),
            (AWAY, "/", "pass"),
            (Visitor { status: Status::Rejected, ..NOBODY }, "/library", "rejected"),
        ] {
            assert_eq!(go(&usual().decide(visitor, visit(path))), expected, "{visitor:?} {path}");
        }
    }

    #[test]
    fn no_way_of_writing_a_path_gets_round_a_rule() {
        for path in [
            "/studio/",
            "/studio//",
            "//studio",
            "///studio/x",
            "/%73tudio",
            "/%2573tudio",
            "/%252573tudio",
            "/STUDIO",
            "/Studio/new",
            "/%53TUDIO",
            "/studio%2Fnew",
            "/studio%2f",
            "/%2Fstudio",
            "/x/..%2Fstudio",
            "/x%2F..%2Fstudio",
            "/x%5C..%5Cstudio",
            "/./studio",
            "/%2e/studio",
            "/x/%2e%2e/studio",
            "/studio/help/..",
            "/studio/help%2F..%2Fnew",
            "/studio/help%2F..",
            "/studio/HELP",
            "/studio/hel%70/%2e%2e/x",
            "/studio/__data.json",
            "/studio/new/__data.json",
            "/studio.html__data.json",
            "/studio/__route.js",
            "/studio.rsc",
            "/studio.json",
            "/studio.html",
            "/_next/data/build/studio.json",
            "/_next/data/build/studio/new.json",
            "/studio%00",
            "/%00studio",
            "/studio%0d",
            "/stu%0Adio/x",
            "/studio%20",
            "/studio%1F%20%0b",
            "/\u{ff53}tudio/../studio",
            // For a program that decodes once and then routes, or that decodes and resolves no dots.
            "/studio%2F%252e%252e%2Fx",
            "/studio%2F..%2Fx",
            "/studio%5C..%5Cx",
            "/a%2Fb/../studio",
            // For one that minds no case, whichever way the key is written.
            "/MyFiles",
            "/myfiles/1",
            "/MYFILES%2F1",
            "/_NEXT/DATA/BUILD/STUDIO.JSON",
            "/studio.RSC",
            "/studio/__DATA.json",
        ] {
            let verdict = usual().decide(ADA, visit(path));
            assert_eq!(go(&verdict), "rejected", "{path}");
            let verdict = usual().decide(NOBODY, Visit { page: false, ..visit(path) });
            assert_eq!(go(&verdict), "unauthenticated", "{path}");
        }
        for path in ["/studio/help", "/studio/help/", "/studio/hel%70", "/x/studio", "/studi", "/studiox"] {
            assert_eq!(go(&usual().decide(NOBODY, visit(path))), "pass", "{path}");
        }
    }

    #[test]
    fn a_key_in_other_letters_opens_nothing() {
        let guard =
            guard(&[("/app", Access::SignedIn), ("/APP/help", Access::Public), ("/App", Access::Public)]);
        for (path, expected) in [
            ("/APP/help", "pass"),
            ("/app/help", "unauthenticated"),
            ("/App/help", "unauthenticated"),
            ("/aPP/HELP", "unauthenticated"),
            ("/App", "unauthenticated"),
        ] {
            assert_eq!(go(&guard.decide(NOBODY, Visit { page: false, ..visit(path) })), expected, "{path}");
        }
    }

    #[test]
    fn a_group_wins_where_it_stands_deeper() {
        let guard = guard(&[
            ("(studio)", role(&["creator"])),
            ("(open)", Access::Public),
            ("(app)", Access::SignedIn),
            ("/admin", role(&["admin"])),
        ]);
        for (route, path, expected) in [
            (Some("/(app)/library"), "/library", "unauthenticated"),
            (Some("/(app)/(open)/about"), "/about", "pass"),
            (Some("/(open)/(app)/about"), "/about", "unauthenticated"),
            (Some("/(open)/admin"), "/admin", "unauthenticated"),
            (Some("/admin/(open)/help"), "/admin/help", "pass"),
            (Some("/[[lang]]/(open)/admin"), "/admin", "unauthenticated"),
            (Some("/[...rest]/(open)/x"), "/admin/x", "unauthenticated"),
            (Some("/(openly)/x"), "/x", "pass"),
            (Some("/open/x"), "/x", "pass"),
            (None, "/library", "pass"),
            // The page that is shown counts, also where the path is another: a base, or a rerouted path.
            (Some("/admin/users"), "/verwaltung/benutzer", "unauthenticated"),
            (Some("/admin"), "/base/admin", "unauthenticated"),
            // As `/admin` is, in a language that may be absent.
            (Some("/[[lang]]/admin"), "/en/admin", "unauthenticated"),
            (Some("/[[lang=lang]]/admin/[id]"), "/en/admin/1", "unauthenticated"),
            (Some("/[...rest]/admin"), "/a/b/admin", "unauthenticated"),
            (Some("/[lang]/admin"), "/en/admin", "pass"),
        ] {
            let visit = Visit { route, page: false, ..visit(path) };
            assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{route:?} {path}");
        }
    }

    /// A visit to a route with these parameters.
    fn to<'a>(path: &'a str, route: &'a str, parameters: &'a [(String, String)]) -> Visit<'a> {
        Visit { route: Some(route), parameters, page: false, ..visit(path) }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_key_that_reaches_into_a_parameter_holds_however_the_page_was_reached() {
        let guard = guard(&[
            ("/wiki/internal", Access::SignedIn),
            ("/users/admin", Access::SignedIn),
            ("/docs/item-secret", Access::SignedIn),
            ("/wiki/internal/help", Access::Public),
        ]);
        let wiki = "/[[lang=lang]]/wiki/[...path]";
        for (path, route, parameters, expected) in [
            ("/en/wiki/internal", wiki, &[("lang", "en"), ("path", "internal")][..], "unauthenticated"),
            ("/en/wiki/internal/a", wiki, &[("lang", "en"), ("path", "internal/a")], "unauthenticated"),
            ("/en/wiki/INTERNAL", wiki, &[("lang", "en"), ("path", "INTERNAL")], "unauthenticated"),
            (
                "/en/wiki/x%2F..%2Finternal",
                wiki,
                &[("lang", "en"), ("path", "x/../internal")],
                "unauthenticated",
            ),
            ("/en/wiki/%2569nternal", wiki, &[("lang", "en"), ("path", "%69nternal")], "unauthenticated"),
            ("/en/wiki/internal/help", wiki, &[("lang", "en"), ("path", "internal/help")], "pass"),
            ("/en/wiki/open", wiki, &[("lang", "en"), ("path", "open")], "pass"),
            ("/wiki", wiki, &[("path", "")], "pass"),
            // Rerouted: the path says nothing of the page.
            ("/u/admin", "/users/[id]", &[("id", "admin")], "unauthenticated"),
            ("/u/admin", "/(app)/users/[id=name]", &[("id", "admin")], "unauthenticated"),
            ("/u/ada", "/users/[id]", &[("id", "ada")], "pass"),
            ("/x", "/docs/item-[id]", &[("id", "secret")], "unauthenticated"),
            ("/x", "/docs/[a]-[b]", &[("a", "item"), ("b", "secret")], "unauthenticated"),
            ("/x", "/[a]/[[b]]/[c]", &[("a", "users"), ("b", "x"), ("c", "admin")], "unauthenticated"),
        ] {
            let parameters = pairs(parameters);
            assert_eq!(go(&guard.decide(NOBODY, to(path, route, &parameters))), expected, "{route} {path}");
        }
    }

    #[test]
    fn a_key_holds_where_a_rewrite_leads_to_its_page() {
        let guard = guard(&[("/notes/internal", Access::SignedIn)]);
        let rewrites = pairs(&[("/old/:path*", "/notes/:path*"), ("/:lang(en|de)/:path*", "/:path*")]);
        for (path, expected) in [
            ("/app/old/internal", "unauthenticated"),
            ("/app/old/%69nternal/x", "unauthenticated"),
            ("/app/OLD/INTERNAL", "unauthenticated"),
            ("/app/en/notes/internal", "unauthenticated"),
            ("/app/old/x", "pass"),
            ("/app/en/notes", "pass"),
        ] {
            let visit = Visit { base: "/app", rewrites: &rewrites, page: false, ..visit(path) };
            assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{path}");
        }
    }

    #[test]
    fn the_base_is_taken_off_before_any_rule_and_redirects_carry_it() {
        let below = |path| Visit { base: "/app", ..visit(path) };
        for (visitor, path, expected) in [
            (NOBODY, "/app/library?a=b", "/login?redirect=/app/library%3Fa%3Db"),
            (NOBODY, "/app/%6Cibrary", "/login?redirect=/app/%256Cibrary"),
            (NOBODY, "/app", "pass"),
            (NOBODY, "/app/login", "pass"),
            (NOBODY, "/app/MyFiles", "/login?redirect=/app/MyFiles"),
            (ADA, "/app/studio", "rejected"),
            (ADA, "/app/x%2F..%2Fstudio", "rejected"),
            (NEW, "/app/post", "/verify?redirect=/app/post"),
            (ADA, "/app/login", "/"),
            (ADA, "/app/login?redirect=/app/login", "/"),
        ] {
            let expected =
                if expected.starts_with('/') { format!("/app{expected}") } else { expected.into() };
            assert_eq!(go(&usual().decide(visitor, below(path))), expected, "{path}");
        }
        assert_eq!(go(&usual().decide(ADA, below("/app/login?redirect=/app/library"))), "/app/library");
        // Pages may be written with the base, as SvelteKit's `resolve` writes them.
        let closed =
            Guard::new(vec![], Access::SignedIn, None, ["/app/login", "/app/home", "/app/verify"]).unwrap();
        assert_eq!(go(&closed.decide(NOBODY, below("/app/x"))), "/app/login?redirect=/app/x");
        assert_eq!(go(&closed.decide(NOBODY, below("/app/login"))), "pass");
        let handler = Visit { handler: Some("/api/auth"), page: false, ..below("/app/api/auth/x") };
        assert_eq!(go(&closed.decide(NOBODY, handler)), "pass");
        let handler = Visit { handler: Some("/app/api/auth"), ..handler };
        assert_eq!(go(&closed.decide(NOBODY, handler)), "pass");
        let route = Visit { route: Some("/api/auth/[...path]"), ..handler };
        assert_eq!(go(&closed.decide(NOBODY, route)), "pass");
        assert_eq!(
            go(&closed.decide(NOBODY, Visit { path: "/application/x", ..handler })),
            "unauthenticated"
        );
    }

    #[test]
    fn a_closed_table_opens_what_it_names_and_nothing_beside() {
        let rules = [
            ("(public)", Access::Public),
            ("/", Access::Public),
            ("/about", Access::Public),
            ("/feed.json", Access::Public),
            ("/u", Access::Public),
            ("/blog", Access::Public),
        ];
        let rules = rules.into_iter().map(|(key, access)| (key.to_owned(), access)).collect();
        let closed = Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
        for (path, route, parameters, expected) in [
            ("/feed.json", "/feed.json", &[][..], "pass"),
            ("/feed", "/[page]", &[("page", "feed")], "unauthenticated"),
            ("/feed.html", "/[page]", &[("page", "feed.html")], "unauthenticated"),
            ("/post/a.json", "/(public)/post/[slug]", &[("slug", "a.json")], "pass"),
            ("/en/post/a", "/(public)/[[lang]]/post/[slug]", &[("lang", "en"), ("slug", "a")], "pass"),
            ("/en/about", "/[[lang]]/about", &[("lang", "en")], "pass"),
            ("/en/about", "/[[user]]/[page]", &[("user", "en"), ("page", "about")], "unauthenticated"),
            ("/en/about", "/[...all]/about", &[("all", "en")], "unauthenticated"),
            ("/x", "/[...all]", &[("all", "x")], "unauthenticated"),
            ("/x", "/[[lang]]", &[("lang", "x")], "unauthenticated"),
            ("/blog/x", "/[...all]", &[("all", "blog/x")], "pass"),
            ("/blog/..%2Fx", "/[...all]", &[("all", "blog/../x")], "unauthenticated"),
            // The page that is shown is another than the path says.
            ("/u/admin", "/users/[id]", &[("id", "admin")], "unauthenticated"),
        ] {
            let parameters = pairs(parameters);
            assert_eq!(go(&closed.decide(NOBODY, to(path, route, &parameters))), expected, "{route} {path}");
        }
        for (path, expected) in [
            ("/feed.json", "pass"),
            ("/feed", "unauthenticated"),
            ("/_next/data/b/feed.json", "unauthenticated"),
            ("/about.json", "unauthenticated"),
            ("/x.json", "unauthenticated"),
        ] {
            let visit = Visit { page: false, ..visit(path) };
            assert_eq!(go(&closed.decide(NOBODY, visit)), expected, "{path}");
        }
    }

    #[test]
    fn a_predicate_lets_in_whom_it_allows_and_is_asked_only_where_it_counts() {
        let asks = |number| Access::Require { roles: vec![], email_verified: false, allow: Some(number) };
        let guard = guard(&[("/team", asks(0)), ("/team/open", Access::Public), ("/lab", asks(1))]);
        assert_eq!(guard.predicates(visit("/team/x")), [0]);
        assert_eq!(guard.predicates(visit("/x%2F..%2Flab")), [1]);
        assert!(guard.predicates(visit("/team/open")).is_empty());
        assert_eq!(guard.predicates(Visit { remote: true, ..visit("/") }), [0, 1]);
        for (visitor, path, expected) in [
            (NOBODY, "/team", "/login?redirect=/team"),
            (Visitor { allowed: &[0], ..NOBODY }, "/team", "/login?redirect=/team"),
            (Visitor { allowed: &[0], ..AWAY }, "/team", "unavailable"),
            (ADA, "/team", "rejected"),
            (Visitor { allowed: &[1], ..ADA }, "/team", "rejected"),
            (Visitor { allowed: &[0], ..ADA }, "/team", "pass"),
            (Visitor { allowed: &[0], ..ADA }, "/lab", "rejected"),
        ] {
            assert_eq!(go(&guard.decide(visitor, visit(path))), expected, "{visitor:?} {path}");
        }
    }

    #[test]
    fn a_guest_is_let_in_where_he_can_sign_in() {
        let guest = Visitor { guest: true, ..ADA };
        assert_eq!(go(&usual().decide(guest, visit("/login?redirect=/library"))), "pass");
        assert_eq!(go(&usual().decide(guest, visit("/library"))), "pass");
        assert_eq!(go(&usual().decide(ADA, visit("/login"))), "/");
    }

    #[test]
    fn keys_that_match_no_route_are_known() {
        let guard = guard(&[
            ("(authentcated)", Access::SignedIn),
            ("(app)", Access::SignedIn),
            ("/", Access::Public),
            ("/wiki/internal", Access::SignedIn),
            ("/LIBRARY", Access::SignedIn),
            ("/About", Access::Public),
            ("/admin", Access::SignedIn),
            ("/library/deep", Access::SignedIn),
        ]);
        let routes = ["/(app)/library", "/about", "/wiki/[...path]", "/users/[id]"];
        assert_eq!(
            guard.unmatched(&routes, true, true),
            ["(authentcated)", "/About", "/admin", "/library/deep"]
        );
        assert!(guard.unmatched(&["/(authentcated)/(app)/[...all]"], true, true).is_empty());
        let open = |access| {
            let rules = vec![("(public)".to_owned(), access)];
            Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap()
        };
        assert!(open(Access::Public).unmatched(&["/about"], false, true).is_empty());
        assert_eq!(open(Access::Public).unmatched(&["/about"], true, true), ["(public)"]);
        assert_eq!(open(Access::SignedIn).unmatched(&["/about"], false, true), ["(public)"]);
    }

    #[test]
    fn what_is_no_page_gets_no_redirect() {
        let data = |path| Visit { page: false, ..visit(path) };
        for (visitor, path, expected) in [
            (NOBODY, "/library", "unauthenticated"),
            (ADA, "/studio", "rejected"),
            (NEW, "/post", "rejected"),
            (ADA, "/login", "rejected"),
            (AWAY, "/library", "unavailable"),
        ] {
            assert_eq!(go(&usual().decide(visitor, data(path))), expected, "{path}");
        }
    }

    #[test]
    fn no_page_leads_to_itself() {
        let closed = Guard::new(vec![], Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
        assert_eq!(go(&closed.decide(NOBODY, visit("/login?redirect=/x"))), "pass");
        assert_eq!(go(&closed.decide(NOBODY, visit("/x"))), "/login?redirect=/x");
        let home = guard(&[("/", Access::SignedOut)]);
        assert_eq!(go(&home.decide(ADA, visit("/"))), "pass");
        let verified = Access::Require { roles: vec![], email_verified: true, allow: None };
        let all = Guard::new(vec![], verified, None, ["/login", "/", "/verify"]).unwrap();
        assert_eq!(go(&all.decide(NEW, visit("/verify?redirect=/x"))), "pass");
        assert_eq!(go(&all.decide(NEW, visit("/x"))), "/verify?redirect=/x");
    }

    #[test]
    fn a_single_slash_opens_the_home_page_and_closes_everything() {
        let rules = vec![("/".to_owned(), Access::Public)];
        let open = Guard::new(rules, Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
        assert_eq!(go(&open.decide(NOBODY, visit("/"))), "pass");
        assert_eq!(go(&open.decide(NOBODY, visit("/x"))), "/login?redirect=/x");
        assert_eq!(go(&guard(&[("/", Access::SignedIn)]).decide(NOBODY, visit("/x"))), "/login?redirect=/x");
    }

    #[test]
    fn a_call_that_says_itself_where_it_comes_from_fulfils_every_rule_or_the_one_for_calls() {
        let call = |path| Visit { page: false, remote: true, ..visit(path) };
        assert_eq!(go(&usual().decide(NOBODY, call("/"))), "unauthenticated");
        assert_eq!(go(&usual().decide(ADA, call("/"))), "rejected");
        assert_eq!(go(&usual().decide(GRACE, call("/"))), "pass");
        let rules = vec![("/studio".to_owned(), role(&["creator"]))];
        let open =
            Guard::new(rules, Access::Public, Some(Access::Public), ["/login", "/", "/verify"]).unwrap();
        assert_eq!(go(&open.decide(NOBODY, call("/"))), "pass");
        assert_eq!(go(&open.decide(NOBODY, call("/studio"))), "unauthenticated");
    }

    #[test]
    fn the_handler_is_open_as_written_and_nothing_else_is() {
        let closed = Guard::new(vec![], Access::SignedIn, None, ["/login", "/", "/verify"]).unwrap();
        for (path, expected) in [
            ("/api/auth/sign-in/email", "pass"),
            ("/_next/static/chunks/a.js", "pass"),
            ("/api/auth", "unauthenticated"),
            ("/api/authority/x", "unauthenticated"),
            ("/api/auth/..%2F..%2Fstudio", "unauthenticated"),
            ("/api/auth//x", "unauthenticated"),
            ("/API/auth/x", "unauthenticated"),
        ] {
            let visit = Visit { handler: Some("/api/auth"), page: false, ..visit(path) };
            assert_eq!(go(&closed.decide(NOBODY, visit)), expected, "{path}");
            assert_ne!(go(&closed.decide(NOBODY, Visit { remote: true, ..visit })), "pass", "{path}");
        }
    }

    #[test]
    fn a_page_that_takes_all_paths_is_not_the_handler() {
        let guard = guard(&[("(app)", Access::SignedIn)]);
        for (route, path, expected) in [
            (Some("/api/auth/[...path]"), "/api/auth/x", "pass"),
            (Some("/(app)/api/[...path]"), "/api/auth/x", "pass"),
            (Some("/(app)/[...path]"), "/api/auth/x", "unauthenticated"),
            (Some("/(app)/[a]/[b]/[c]"), "/api/auth/x", "unauthenticated"),
            (Some("/(app)/[...path]"), "/_next/static/x", "unauthenticated"),
        ] {
            let visit = Visit { route, handler: Some("/api/auth"), page: false, ..visit(path) };
            assert_eq!(go(&guard.decide(NOBODY, visit)), expected, "{route:?} {path}");
        }
    }

    #[test]
    fn a_call_that_claims_to_come_from_the_login_page_is_led_there() {
        let call = |path| Visit { remote: true, reads: false, ..visit(path) };
        assert_eq!(go(&usual().decide(NOBODY, call("/login?/remote=a/b"))), "/login?redirect=/login");
        let verified =
            guard(&[("/post", Access::Require { roles: vec![], email_verified: true, allow: None })]);
        assert_eq!(go(&verified.decide(NEW, call("/verify"))), "/verify?redirect=/verify");
    }

    #[test]
    fn a_path_that_is_encoded_many_times_over_leads_nowhere() {
        let often = |times: usize| format!("/%{}73tudio", "25".repeat(times));
        assert_eq!(go(&usual().decide(GRACE, visit(&often(7)))), "pass");
        for times in [8, 4000] {
            assert_eq!(go(&usual().decide(GRACE, visit(&often(times)))), "rejected", "{times}");
        }
        let login = format!("/login?redirect={}", often(100));
        assert_eq!(go(&usual().decide(ADA, visit(&login))), "/");
    }

    #[test]
    fn a_path_of_too_many_segments_leads_nowhere() {
        for (path, expected) in [
            ("/a".repeat(256), "pass"),
            ("/a".repeat(257), "rejected"),
            (format!("/{}", "a%2F".repeat(257)), "rejected"),
            (format!("/{}", "a%255C".repeat(257)), "rejected"),
            ("/a/..".repeat(200), "rejected"),
        ] {
            assert_eq!(go(&usual().decide(GRACE, visit(&path))), expected, "{path}");
        }
    }

    #[test]
    fn a_form_comes_back_to_its_page() {
        let post = Visit { reads: false, ..visit("/library?/save&tab=1") };
        assert_eq!(go(&usual().decide(NOBODY, post)), "/login?redirect=/library%3Ftab%3D1");
    }

    #[test]
    fn a_table_that_makes_no_sense_is_none() {
        let make = |key: &str| {
            Guard::new(vec![(key.into(), Access::Public)], Access::Public, None, ["/login", "/", "/v"])
        };
        for key in [
            "",
            "studio",
            "(studio",
            "()",
            "(a)/b",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/users/[id]",
            "/[[lang]]/a",
            "/(app)/a",
            "/a/*",
            "/a/:path*",
            "/:id",
        ] {
            assert_eq!(make(key), None, "{key}");
        }
        for key in ["/", "/studio/", "(studio)", "/a%20b", "/%5Bid%5D", "/a(b)", "/a:b"] {
            assert!(make(key).is_some(), "{key}");
        }
        let twice = vec![("/a".into(), Access::Public), ("/a/".into(), Access::SignedIn)];
        assert_eq!(Guard::new(twice, Access::Public, None, ["/login", "/", "/v"]), None);
        assert_eq!(Guard::new(vec![], Access::Public, None, ["//evil", "/", "/v"]), None);
        assert_eq!(Guard::new(vec![], role(&[""]), None, ["/login", "/", "/v"]), None);
    }
}
