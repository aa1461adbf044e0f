//! Guards.

// wasm-bindgen takes optional texts by value only.
#![allow(clippy::needless_pass_by_value)]

use js_sys::TypeError;
use serde::Deserialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    error::Rule,
    session::guard::{self, Access, Status, Verdict, Visit, Visitor},
};

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
            Written::Require(Requirement { role, email_verified }) => Access::Require {
                roles: match role {
                    None => Vec::new(),
                    Some(Roles::One(role)) => vec![role],
                    Some(Roles::Some(roles)) if roles.is_empty() => {
                        return Err(mistake("role is one role or more"));
                    }
                    Some(Roles::Some(roles)) => roles,
                },
                email_verified: email_verified.unwrap_or(false),
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
        let wrong = "access is \"public\", \"signed-in\", \"signed-out\" or { role?, emailVerified? }";
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

    /// Judges a visit: nothing for one that goes on, a place for one that goes elsewhere; else throws a refusal.
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "an object would cross field by field as well, and slower"
    )]
    pub fn decide(
        &self,
        status: &str,
        role: &str,
        email_verified: bool,
        route: Option<String>,
        path: &str,
        query: &str,
        reads: bool,
        page: bool,
        remote: bool,
        handler: Option<String>,
    ) -> Result<Option<String>, JsValue> {
        let status = match status {
            "authenticated" => Status::Authenticated,
            "anonymous" => Status::Anonymous,
            "rejected" => Status::Rejected,
            _ => Status::Unavailable,
        };
        let who = Visitor { status, role, email_verified };
        let handler = handler.as_deref();
        let route = route.as_deref();
        match self.0.decide(who, Visit { route, path, query, reads, page, remote, handler }) {
            Verdict::Pass => Ok(None),
            Verdict::Redirect(location) => Ok(Some(location)),
            Verdict::Refuse(broken) => Err(super::thrown(broken)),
        }
    }
}

/// Whether a path is one of `auth.handler`'s.
#[wasm_bindgen(js_name = isHandlerPath)]
pub fn is_handler_path(path: &str, base: &str) -> bool {
    guard::is_handlers(path, base)
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
