//! The flows of an account.

// wasm-bindgen takes optional texts and lists of texts by value only.
#![allow(clippy::needless_pass_by_value)]

use js_sys::TypeError;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::auth::failure::Failure;
use crate::auth::flow;
use crate::auth::flow::{FieldError, Flow, Outcome, Pages, Reply};
use crate::error::Rule;
use crate::http::same_origin;
use crate::http::same_origin::Claims;

/// An error as `FlowAnswer` of js/server/account.ts has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    code: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

/// What a plan, or the reply to one of its steps, comes to.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum FlowStep {
    /// `steps` holds a path and a body for each request.
    Plan {
        steps: Vec<String>,
    },
    Next,
    Done {
        location: Option<String>,
        notice: Option<&'static str>,
        user: Option<String>,
    },
    Failed {
        status: u16,
        error: Answered,
    },
}

impl From<Failure> for FlowStep {
    fn from(failure: Failure) -> Self {
        let Failure { status, code, message, reason, field, retry_after } = failure;
        FlowStep::Failed {
            status,
            error: Answered { code: code.as_str(), message, reason, field, retry_after },
        }
    }
}

impl From<FieldError> for FlowStep {
    fn from(FieldError { field, rule }: FieldError) -> Self {
        Failure { field: Some(field), ..Failure::of(rule) }.into()
    }
}

fn object(value: &FlowStep) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

fn known(name: &str) -> Result<Flow, JsValue> {
    Flow::parse(name).ok_or_else(|| TypeError::new("there is no flow of this name").into())
}

/// The pages in the order login, home, verify (empty for none), reset, signed out, two-factor.
fn pages(paths: &[String]) -> Result<Pages, JsValue> {
    let [login, home, verify, reset, signed_out, two_factor] = paths else {
        return Err(TypeError::new("there are six pages").into());
    };
    Pages::new(login, home, verify, reset, signed_out, two_factor)
        .ok_or_else(|| TypeError::new("pages are local paths").into())
}

/// Names and values in turns.
fn form(fields: &[String]) -> Vec<(&str, &str)> {
    fields
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [name, value] => Some((name.as_str(), value.as_str())),
            _ => None,
        })
        .collect()
}

/// What a form shows again: names and values in turns.
#[wasm_bindgen(js_name = flowValues)]
pub fn flow_values(name: &str, fields: Vec<String>) -> Result<Vec<String>, JsValue> {
    let shown = known(name)?.echo(&form(&fields)).into_iter();
    Ok(shown.flat_map(|(name, value)| [name.to_owned(), value.to_owned()]).collect())
}

/// The requests that a form asks for, or the field that is to blame: `plan` or `failed`.
#[wasm_bindgen(js_name = planFlow)]
pub fn plan_flow(
    name: &str,
    fields: Vec<String>,
    paths: Vec<String>,
    redirect: Option<String>,
    own: &str,
) -> Result<JsValue, JsValue> {
    let planned = known(name)?.plan(&form(&fields), &pages(&paths)?, redirect.as_deref(), own);
    Ok(object(&match planned {
        Ok(steps) => FlowStep::Plan {
            steps: steps.into_iter().flat_map(|step| [step.path.to_owned(), step.body]).collect(),
        },
        Err(blame) => blame.into(),
    }))
}

/// What the reply to a step means: `next`, `done` or `failed`. `now` is in milliseconds.
#[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
#[wasm_bindgen(js_name = readFlow)]
pub fn read_flow(
    name: &str,
    step: usize,
    status: u16,
    body: &str,
    location: Option<String>,
    retry_after: Option<String>,
    paths: Vec<String>,
    redirect: Option<String>,
    email: &str,
    now: f64,
) -> Result<JsValue, JsValue> {
    let reply = Reply { status, body, location: location.as_deref(), retry_after: retry_after.as_deref() };
    let outcome = known(name)?.outcome(step, reply, &pages(&paths)?, redirect.as_deref(), email, now);
    Ok(object(&match outcome {
        Outcome::Next => FlowStep::Next,
        Outcome::Done { location, notice, user } => FlowStep::Done { location, notice, user },
        Outcome::Failed(failure) => failure.into(),
    }))
}

/// The failure of a request without a proof: `failed`, or `undefined` for one that the app's own origin sent.
#[wasm_bindgen(js_name = refuseSender)]
pub fn refuse_sender(
    site: Option<String>,
    mode: Option<String>,
    dest: Option<String>,
    origin: Option<String>,
    header: Option<String>,
    own: &str,
) -> JsValue {
    let claims = Claims {
        site: site.as_deref(),
        mode: mode.as_deref(),
        dest: dest.as_deref(),
        purpose: None,
        origin: origin.as_deref(),
        header: header.as_deref(),
    };
    match same_origin::prove_sender(claims, own) {
        Ok(()) => JsValue::UNDEFINED,
        Err(_) => object(&Failure::of(Rule::ProofMissing).into()),
    }
}

/// Where a visitor wants to go, if it is in the app.
#[wasm_bindgen(js_name = flowDestination)]
pub fn flow_destination(candidates: Vec<String>, own: &str) -> Option<String> {
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    flow::destination(&candidates, own)
}
