//! The proxy: targets, grants and header policy.
//!
//! Heads cross as one text each way, a line for each item: one crossing costs less than one for each header, and no
//! method, URL or header value can hold a line break.

use std::collections::BTreeMap;

use js_sys::TypeError;
use serde::Deserialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::thrown;
use crate::error::{Code, Rule};
use crate::proxy::config::{Declaration, Proxy as Rules, Target};
use crate::proxy::plan::Incoming;
use crate::proxy::response::{ALWAYS, Answer, CookieRule, Decision, VARY};
use crate::proxy::response_headers::{HeaderAction, action};
use crate::proxy::target::owner;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    mount: String,
    origin: Option<String>,
    targets: Vec<TargetOptions>,
    body_limit: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetOptions {
    name: String,
    url: Option<String>,
    cookies: Option<Vec<String>>,
    templates: Option<Vec<String>>,
    authorization: Option<Authorization>,
    #[serde(default)]
    asks_for_bearer: bool,
    methods: Option<Vec<String>>,
    forward_headers: Option<Vec<String>>,
    headers: Option<Vec<String>>,
    set_cookies: Option<BTreeMap<String, Attributes>>,
    redirects: Option<Vec<String>>,
    proof: Option<String>,
    destinations: Option<Vec<String>>,
    response_headers: Option<Vec<String>>,
    encoded_slashes: Option<bool>,
}

#[derive(Deserialize)]
#[serde(expecting = "`authorization: { bearer: \"cookie_name\" }`")]
struct Authorization {
    bearer: String,
}

#[derive(Deserialize)]
#[serde(expecting = "`setCookies: { name: { domain, path } }`")]
struct Attributes {
    domain: Option<String>,
    path: Option<String>,
}

impl From<TargetOptions> for Declaration {
    fn from(options: TargetOptions) -> Self {
        let set_cookies = options.set_cookies.unwrap_or_default().into_iter();
        Self {
            name: options.name,
            url: options.url,
            cookies: options.cookies,
            templates: options.templates,
            bearer: options.authorization.map(|authorization| authorization.bearer),
            asks_for_bearer: options.asks_for_bearer,
            methods: options.methods,
            forward_headers: options.forward_headers,
            headers: options.headers.unwrap_or_default(),
            set_cookies: set_cookies
                .map(|(name, Attributes { domain, path })| CookieRule { name, domain, path })
                .collect(),
            redirects: options.redirects.unwrap_or_default(),
            proof: options.proof,
            destinations: options.destinations.unwrap_or_default(),
            response_headers: options.response_headers.unwrap_or_default(),
            encoded_slashes: options.encoded_slashes.unwrap_or_default(),
        }
    }
}

/// A proxy's declaration, checked, and the decisions that follow from it.
#[wasm_bindgen]
pub struct Proxy(Rules);

/// Spends a cookie.
const SPENDS: u32 = 1;
/// Fills templates into the body.
const FILLS_BODY: u32 = 2;
/// May be sent again.
const IDEMPOTENT: u32 = 4;
/// Is named by the cookie specification's header.
const BY_HEADER: u32 = 8;
/// May set response cookies.
const SETS: u32 = 16;

#[wasm_bindgen]
impl Proxy {
    /// Checks a declaration; throws a `TypeError`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Proxy, JsValue> {
        let mistake = |message: String| JsValue::from(TypeError::new(&message));
        let options: Options =
            serde_wasm_bindgen::from_value(options).map_err(|error| mistake(error.to_string()))?;
        let targets = options.targets.into_iter().map(Declaration::from).collect();
        Rules::new(&options.mount, options.origin, targets, options.body_limit as usize)
            .map(Proxy)
            .map_err(|error| mistake(error.to_string()))
    }

    /// The index of the target that a request URL names.
    pub fn find(&self, url: &str) -> Result<usize, JsValue> {
        self.0.find(url).map_err(thrown)
    }

    /// The value of the `Allow` header for a request URL.
    pub fn allow(&self, url: &str) -> String {
        let target = self.0.find(url).ok().and_then(|index| self.0.target(index));
        target.map(Target::allow).unwrap_or_default()
    }

    /// Whether a request header is to be part of the head.
    pub fn wants(&self, name: &str) -> bool {
        self.0.wants(name)
    }

    /// Decides about a request. The head is method, URL, target URL or an empty line, client address or an empty
    /// line, and then names and values. The answer is index of the target, flags, URL, and then names and values.
    pub fn plan(&self, head: &str) -> Result<String, JsValue> {
        let incoming = incoming(head);
        let plan = self.0.plan(&incoming).map_err(thrown)?;
        let flags = [
            (plan.spends, SPENDS),
            (plan.fills_body, FILLS_BODY),
            (plan.idempotent, IDEMPOTENT),
            (plan.by_header, BY_HEADER),
            (plan.sets, SETS),
        ];
        let flags = flags.iter().filter(|(is, _)| *is).fold(0, |sum, (_, flag)| sum | flag);
        let mut out = String::with_capacity(head.len() + 64);
        out.push_str(&plan.target.to_string());
        out.push('\n');
        out.push_str(&flags.to_string());
        out.push('\n');
        out.push_str(&plan.url);
        for (name, value) in &plan.headers {
            out.push('\n');
            out.push_str(name);
            out.push('\n');
            out.push_str(value);
        }
        Ok(out)
    }

    /// The names of the target and the cookie that a refusal with this code is about; empty texts where there is none.
    pub fn blame(&self, head: &str, code: &str) -> Vec<String> {
        let known = Code::ALL.iter().find(|known| known.as_str() == code);
        let (target, cookie) = known.map(|code| self.0.blame(&incoming(head), *code)).unwrap_or_default();
        vec![target.to_owned(), cookie]
    }

    /// Fills templates into the body of a request with this head; `undefined` where it holds none.
    pub fn fill(&self, target: usize, head: &str, body: &[u8]) -> Result<Option<Vec<u8>>, JsValue> {
        self.0.fill(target, &incoming(head), body).map_err(thrown)
    }

    /// What becomes of a response header, as a number: 0 dropped, 1 kept, 2 to be judged, 3 to be judged and unlike
    /// others, 4 to be judged by its name alone.
    #[wasm_bindgen(js_name = responseHeaderAction)]
    pub fn response_header_action(&self, target: usize, name: &str) -> u8 {
        let named =
            self.0.target(target).is_some_and(|target| target.response_headers.iter().any(|n| n == name));
        if named { HeaderAction::Keep as u8 } else { action(name) as u8 }
    }

    /// Decides about the headers of a response that are to be judged, by the flags of its request. The head is the
    /// status, the URL that was requested, the target URL or an empty line, and then names and values. The answer is names and values; `=name` copies the
    /// upstream's value, `-name` removes it.
    pub fn judge(&self, target: usize, flags: u32, head: &str) -> String {
        let mut lines = head.split('\n');
        let status = lines.next().and_then(|status| status.parse().ok()).unwrap_or_default();
        let requested = lines.next().unwrap_or_default();
        let base = lines.next().filter(|text| !text.is_empty());
        let mut headers = Vec::new();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            headers.push((name, value));
        }
        let declared = self.0.target(target);
        let cookies = declared.filter(|_| flags & SETS != 0).map(|target| target.set_cookies.as_slice());
        let answer = Answer {
            headers: &headers,
            status,
            spent: flags & SPENDS != 0,
            by_header: flags & BY_HEADER != 0,
            cookies: cookies.unwrap_or_default(),
            named: declared.map(|target| target.response_headers.as_slice()).unwrap_or_default(),
        };
        let mut out = String::with_capacity(256);
        for verdict in answer.judge(|location| self.0.relocate(target, base, requested, location)) {
            let (mark, name, value) = match &verdict {
                Decision::Set(name, value) => ("", *name, value.as_ref()),
                Decision::Copy(name) => ("=", *name, ""),
                Decision::Remove(name) => ("-", *name, ""),
            };
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(mark);
            out.push_str(name);
            out.push('\n');
            out.push_str(value);
        }
        out
    }
}

fn incoming(head: &str) -> Incoming<'_> {
    let mut lines = head.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, url, base, client) = (next(), next(), next(), next());
    let mut headers = Vec::with_capacity(16);
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        headers.push((name, value));
    }
    Incoming {
        method,
        url,
        base: Some(base).filter(|text| !text.is_empty()),
        client: Some(client).filter(|text| !text.is_empty()),
        headers,
    }
}

/// What every response of the proxy gets, a refusal too: names and values in turns.
#[wasm_bindgen(js_name = proxyHeaders)]
pub fn proxy_headers() -> Vec<String> {
    let always = ALWAYS.iter().flat_map(|(name, value)| [*name, *value]);
    always.chain(["vary", VARY]).map(String::from).collect()
}

/// Refuses a value that no header can carry.
#[wasm_bindgen(js_name = checkHeaderValue)]
pub fn check_header_value(value: &str) -> Result<(), JsValue> {
    crate::template::check_header_value(value).map_err(thrown)
}

/// Throws the refusal for what happened after a request was decided, by the name of its rule.
#[wasm_bindgen(js_name = refuse)]
pub fn refuse(rule: &str) -> Result<(), JsValue> {
    let rules = [
        ("body-too-large", Rule::BodyTooLarge),
        ("upstream-timeout", Rule::UpstreamTimeout),
        ("upstream-unreachable", Rule::UpstreamUnreachable),
        ("upstream-invalid", Rule::UpstreamInvalid),
        ("client-gone", Rule::ClientGone),
        ("app-failed", Rule::AppFailed),
        ("backend-away", Rule::BackendAway),
    ];
    match rules.into_iter().find(|(name, _)| *name == rule) {
        Some((_, rule)) => Err(thrown(rule)),
        None => Ok(()),
    }
}

/// The option that was meant by one that does not exist; `undefined` for none.
#[wasm_bindgen(js_name = nearestOption)]
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen takes lists of texts by value only")]
pub fn nearest_option(given: &str, names: Vec<String>) -> Option<String> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    crate::options::nearest(given, &names).map(String::from)
}

/// Whether bytes begin as zstd frames do.
#[wasm_bindgen(js_name = isZstd)]
pub fn is_zstd(start: &[u8]) -> bool {
    crate::proxy::response::is_zstd(start)
}

/// A path for a log, without values.
#[wasm_bindgen(js_name = plainPath)]
pub fn plain_path(path: &str) -> String {
    crate::options::plain_path(path)
}

/// The index of the base URL that a URL lies inside; `undefined` if there is none.
#[wasm_bindgen(js_name = targetOwner)]
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen takes lists of texts by value only")]
pub fn target_owner(url: &str, bases: Vec<String>) -> Option<usize> {
    owner(url, &bases)
}
