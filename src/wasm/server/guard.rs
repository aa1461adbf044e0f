//! Guards.

// wasm-bindgen takes optional texts by value only.
#![allow(clippy::needless_pass_by_value)]

use js_sys::TypeError;
use serde::Deserialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::Rule;
use crate::guard;
use crate::guard::{Access, Decision, Status, Visitor};

/// `Access` of js/server/guard.ts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    Require(Requirement),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Requirement {
    role: Option<Roles>,
    email_verified: Option<bool>,
    /// The number that the caller gave to a predicate.
    allow: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Roles {
    One(String),
    Some(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    rules: Vec<(String, Written)>,
    otherwise: Written,
    remote: Option<Written>,
    login: String,
    home: String,
    verify: String,
}

impl TryFrom<Written> for Access {
    type Error = JsValue;

    fn try_from(written: Written) -> Result<Self, JsValue> {
        Ok(match written {
            Written::Word(word) => match word.as_str() {
                "public" => Access::Public,
                "signed-in" => Access::SignedIn,
                "signed-out" => Access::SignedOut,
                _ => return Err(mistake("access is \"public\", \"signed-in\", \"signed-out\" or an object")),
            },
            Written::Require(Requirement { role, email_verified, allow }) => Access::Require {
                roles: match role {
                    None => Vec::new(),
                    Some(Roles::One(role)) => vec![role],
                    Some(Roles::Some(roles)) if roles.is_empty() => {
                        return Err(mistake("role is one role or more"));
                    }
                    Some(Roles::Some(roles)) => roles,
                },
                email_verified: email_verified.unwrap_or(false),
                allow,
            },
        })
    }
}

fn mistake(text: &str) -> JsValue {
    TypeError::new(text).into()
}

/// A table of access, checked.
#[wasm_bindgen]
pub struct Guard(guard::Guard);

#[wasm_bindgen]
impl Guard {
    /// Checks a table; throws a `TypeError`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Guard, JsValue> {
        let wrong =
            "access is \"public\", \"signed-in\", \"signed-out\" or { role?, emailVerified?, allow? }";
        let Options { rules, otherwise, remote, login, home, verify } =
            serde_wasm_bindgen::from_value(options).map_err(|_| mistake(wrong))?;
        let rules = rules
            .into_iter()
            .map(|(key, written)| Ok((key, written.try_into()?)))
            .collect::<Result<_, JsValue>>()?;
        let remote = remote.map(Access::try_from).transpose()?;
        guard::Guard::new(rules, otherwise.try_into()?, remote, [&login, &home, &verify]).map(Guard).ok_or_else(
            || {
                mistake(
                    "a rule is for a route group, (studio), or a path, /studio, without parameters and wildcards, and stands once; pages are local paths; roles have names",
                )
            },
        )
    }

    /// The numbers of the predicates that a visit depends on.
    pub fn predicates(&self, visit: &Visit) -> Vec<u32> {
        self.0.predicates(visit.read())
    }

    /// Judges a visit: nothing for one that goes on, a place for one that goes elsewhere; else throws a refusal.
    pub fn decide(
        &self,
        visit: &Visit,
        status: &str,
        role: &str,
        email_verified: bool,
        guest: bool,
        allowed: Vec<u32>,
    ) -> Result<Option<String>, JsValue> {
        let status = match status {
            "authenticated" => Status::Authenticated,
            "anonymous" => Status::Anonymous,
            "rejected" => Status::Rejected,
            _ => Status::Unavailable,
        };
        let who = Visitor { status, role, email_verified, guest, allowed: &allowed };
        match self.0.decide(who, visit.read()) {
            Decision::Pass => Ok(None),
            Decision::Redirect(location) => Ok(Some(location)),
            Decision::Refuse(broken) => Err(super::thrown(broken)),
        }
    }

    /// The keys that match none of these routes.
    pub fn unmatched(&self, routes: Vec<String>, groups: bool, optional: bool) -> Vec<String> {
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        self.0.unmatched(&routes, groups, optional).into_iter().map(str::to_owned).collect()
    }
}

/// Where somebody comes to.
#[wasm_bindgen(js_name = GuardVisit)]
pub struct Visit {
    route: Option<String>,
    parameters: Vec<(String, String)>,
    base: String,
    rewrites: Vec<(String, String)>,
    path: String,
    query: String,
    reads: bool,
    page: bool,
    remote: bool,
    handler: Option<String>,
}

#[wasm_bindgen(js_class = GuardVisit)]
impl Visit {
    /// Parameters are names, each with its value behind it; rewrites are sources, each with its destination.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
    pub fn new(
        route: Option<String>,
        parameters: Vec<String>,
        base: String,
        rewrites: Vec<String>,
        path: String,
        query: String,
        reads: bool,
        page: bool,
        remote: bool,
        handler: Option<String>,
    ) -> Visit {
        let (parameters, rewrites) = (pairs(&parameters), pairs(&rewrites));
        Visit { route, parameters, base, rewrites, path, query, reads, page, remote, handler }
    }
}

fn pairs(flat: &[String]) -> Vec<(String, String)> {
    flat.chunks_exact(2).filter_map(|pair| pair.first().cloned().zip(pair.get(1).cloned())).collect()
}

impl Visit {
    fn read(&self) -> guard::Visit<'_> {
        guard::Visit {
            route: self.route.as_deref(),
            parameters: &self.parameters,
            base: &self.base,
            rewrites: &self.rewrites,
            path: &self.path,
            query: &self.query,
            reads: self.reads,
            page: self.page,
            remote: self.remote,
            handler: self.handler.as_deref(),
        }
    }
}

/// Whether a path is one of `auth.handler`'s.
#[wasm_bindgen(js_name = isHandlerPath)]
pub fn is_handler_path(path: &str, handler: &str, base: &str) -> bool {
    guard::is_handlers_below(base, path, handler)
}

/// A page of the app below its base, unless it is written with it.
#[wasm_bindgen(js_name = inApp)]
pub fn in_app(page: &str, base: &str) -> String {
    guard::in_app(page, base)
}

/// Whether a browser shows the answer of a request as a page.
#[wasm_bindgen(js_name = isNavigation)]
pub fn is_navigation(mode: Option<String>, dest: Option<String>, accept: Option<String>) -> bool {
    guard::is_navigation(mode.as_deref(), dest.as_deref(), accept.as_deref())
}

/// A refusal of this status as a page.
#[wasm_bindgen(js_name = guardPage)]
pub fn guard_page(status: u16) -> String {
    guard::page(match status {
        503 => Rule::BackendAway,
        401 => Rule::FlowUnauthenticated,
        _ => Rule::GuardForbidden,
    })
}
