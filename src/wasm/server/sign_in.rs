//! Own sign-in, and tokens that renew themselves.

#![allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands strings over, it does not lend optional ones"
)]

use js_sys::TypeError;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::thrown;
use crate::{
    auth::{
        client,
        cookies::hash,
        lines::{Loading, is_navigation},
    },
    error::Rule,
    http::{form::Form, json, same_origin::Claims},
    sign_in::{
        address,
        cookie::{BUDGET, Found, Names, TOKENS_BUDGET, Wrong},
        failure::{self, Failure, Step},
        fields, issuer,
        lifetime::{Lifetimes, Verdict, renews},
        profile, rate,
        refresh::{self, Answer, Carried, Scope},
        route, sealed,
        transaction::{self, Sought},
    },
};

fn object(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

/// A failure as JavaScript has it.
#[derive(Serialize)]
struct Told {
    code: &'static str,
    status: u16,
    reason: String,
    message: &'static str,
}

impl From<Failure> for Told {
    fn from(Failure { code, status, reason, message }: Failure) -> Self {
        Told { code: code.as_str(), status, reason, message }
    }
}

/// What a request carries: `undefined` for nothing, an empty text for something dead, else the value.
fn carried(found: Found) -> Option<String> {
    match found {
        Found::None => None,
        Found::Dead => Some(String::new()),
        Found::Value(value) => Some(value),
    }
}

/// A declaration of own sign-in, checked, and the decisions that follow from it.
#[wasm_bindgen]
pub struct SignIn {
    names: Names,
    base: String,
    times: Lifetimes,
}

#[wasm_bindgen]
impl SignIn {
    /// Checks a declaration; throws a `TypeError` that names the option.
    #[wasm_bindgen(constructor)]
    pub fn new(
        name: &str,
        domain: Option<String>,
        base: &str,
        max_age: Option<f64>,
        renew_after: Option<f64>,
        absolute: Option<f64>,
    ) -> Result<SignIn, JsValue> {
        let wrong = |text: &str| JsValue::from(TypeError::new(text));
        let names = Names::new(name, domain.as_deref()).map_err(|what| {
            wrong(match what {
                Wrong::Name => "cookie.name must be a cookie name without a prefix, such as session",
                Wrong::Domain => "cookie.domain must be a domain with a dot in it, such as example.com",
            })
        })?;
        let base = route::base(base)
            .ok_or_else(|| wrong("basePath must be a local path without query, such as /api/auth"))?;
        let times = Lifetimes::new(max_age, renew_after, absolute)
            .map_err(|option| wrong(&format!("{option} must be a number of seconds, at most 400 days")))?;
        Ok(Self { names, base, times })
    }

    /// The base path, in normal form.
    pub fn base(&self) -> String {
        self.base.clone()
    }

    /// Names that no page sets.
    pub fn reserved(&self) -> Vec<String> {
        self.names.reserved()
    }

    /// What a request asks for: the route, the last part of its path, and the methods of the route where this is none of
    /// them; throws a refusal.
    #[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
    pub fn route(
        &self,
        method: &str,
        url: &str,
        own: &str,
        site: Option<String>,
        mode: Option<String>,
        dest: Option<String>,
        origin: Option<String>,
        header: Option<String>,
    ) -> Result<Vec<String>, JsValue> {
        let (found, last) = route::of_url(&self.base, url).map_err(thrown)?;
        let claims = Claims {
            site: site.as_deref(),
            mode: mode.as_deref(),
            dest: dest.as_deref(),
            purpose: None,
            origin: origin.as_deref(),
            header: header.as_deref(),
        };
        route::admit(found, method, claims, own).map_err(thrown)?;
        Ok(vec![found.name().into(), last.into()])
    }

    /// The value of `Allow`; empty for an unknown path.
    pub fn allow(&self, url: &str) -> String {
        route::of_url(&self.base, url).map_or("", |(found, _)| found.allow()).into()
    }

    /// Where a provider's answer by form leads.
    #[wasm_bindgen(js_name = formPost)]
    pub fn form_post(&self, provider: &str, body: &str) -> Result<String, JsValue> {
        route::form_post(&self.base, provider, body).map_err(thrown)
    }

    /// The session that a request carries: `undefined` for none, an empty text for a dead one.
    pub fn session(&self, header: &str) -> Option<String> {
        carried(self.names.session().read(header))
    }

    /// The lines that set the session.
    #[wasm_bindgen(js_name = setSession)]
    pub fn set_session(
        &self,
        header: &str,
        value: &str,
        max_age: Option<f64>,
        taken: usize,
    ) -> Result<Vec<String>, JsValue> {
        self.names.session().write(header, value, max_age, BUDGET.saturating_sub(taken)).map_err(thrown)
    }

    /// The lines that clear the session.
    #[wasm_bindgen(js_name = clearSession)]
    pub fn clear_session(&self, header: &str) -> Vec<String> {
        self.names.session().clear(header)
    }

    /// The lines of a sign-out: the session, tokens, transactions and what else there is end, and a mark of the session
    /// stays for a minute.
    #[wasm_bindgen(js_name = signOut)]
    pub fn sign_out(&self, header: &str, sid: Option<String>) -> Vec<String> {
        let mut lines = self.names.session().clear(header);
        lines.extend(self.names.kept_tokens(header).iter().flat_map(|jar| jar.clear(header)));
        lines.extend(transaction::clear_all(header, &self.names.transactions()));
        if self.names.second_factor().read(header) != Found::None {
            lines.extend(self.names.second_factor().clear(header));
        }
        if let Some(sid) = sid {
            // A hash is short and plain.
            lines.extend(
                self.names.tombstone().write("", &hash(&sid), Some(60.0), BUDGET).unwrap_or_default(),
            );
        }
        lines
    }

    /// Whether a request's browser signed out of this session a moment ago.
    #[wasm_bindgen(js_name = isBuried)]
    pub fn is_buried(&self, header: &str, sid: &str) -> bool {
        self.names.tombstone().read(header) == Found::Value(hash(sid))
    }

    /// When a session ends that is written now; times are in seconds.
    pub fn end(&self, started: f64, now: f64) -> f64 {
        self.times.end(started, now)
    }

    /// Judges a session by its times: `undefined` for one that is over, else its end, which is a new one where the
    /// session is to be renewed.
    pub fn judge(&self, issued: f64, end: f64, started: f64, now: f64, renews: bool) -> Option<f64> {
        match self.times.judge(issued, end, started, now, renews) {
            Verdict::Over => None,
            Verdict::Alive => Some(end),
            Verdict::Renewed(next) => Some(next),
        }
    }

    /// The line that sets a transaction, and those that make room for it.
    #[wasm_bindgen(js_name = begin)]
    pub fn begin(&self, header: &str, state: &str, sealed: &str, now: f64) -> Result<Vec<String>, JsValue> {
        let prefix = self.names.transactions();
        let jar = crate::sign_in::cookie::Jar::host_only(&transaction::name(&prefix, state));
        let mut lines = transaction::make_room(header, &prefix, now, 1);
        let value = transaction::value(sealed, now);
        lines.extend(jar.write("", &value, Some(transaction::LIFE), 4096).map_err(thrown)?);
        Ok(lines)
    }

    /// The sealed transaction of a state, or the reason why there is none: a name and a text in turns.
    pub fn find(&self, header: &str, state: &str) -> Vec<String> {
        match transaction::find(header, &self.names.transactions(), state) {
            Sought::Found(sealed) => vec!["found".into(), sealed],
            Sought::Nothing => vec!["failed".into(), "NO_TRANSACTION".into()],
            Sought::Another => vec!["failed".into(), "STATE_MISMATCH".into()],
        }
    }

    /// The lines that end a transaction, and those that are too old.
    pub fn finish(&self, header: &str, state: &str, now: f64) -> Vec<String> {
        let prefix = self.names.transactions();
        let own = transaction::name(&prefix, state);
        let mut lines = transaction::make_room(header, &prefix, now, 0);
        if crate::sign_in::cookie::named(header, &own).next().is_some() {
            lines.extend(crate::sign_in::cookie::Jar::host_only(&own).clear(""));
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The kept tokens of a provider that a request carries.
    pub fn tokens(&self, header: &str, provider: &str) -> Option<String> {
        carried(self.names.tokens(provider).read(header))
    }

    /// The lines that keep the tokens of a provider.
    #[wasm_bindgen(js_name = keepTokens)]
    pub fn keep_tokens(
        &self,
        header: &str,
        provider: &str,
        sealed: &str,
        max_age: f64,
    ) -> Result<Vec<String>, JsValue> {
        self.names.tokens(provider).write(header, sealed, Some(max_age), TOKENS_BUDGET).map_err(thrown)
    }

    /// Bytes that kept tokens take.
    #[wasm_bindgen(js_name = tokensSize)]
    pub fn tokens_size(&self, provider: &str, sealed: &str) -> usize {
        self.names.tokens(provider).size(sealed).unwrap_or(BUDGET)
    }

    /// The lines that end kept tokens.
    #[wasm_bindgen(js_name = clearTokens)]
    pub fn clear_tokens(&self, header: &str) -> Vec<String> {
        self.names.kept_tokens(header).iter().flat_map(|jar| jar.clear(header)).collect()
    }

    /// The sign-in that waits for a second factor, or with `trusted` the mark of a browser that need not give it.
    #[wasm_bindgen(js_name = secondFactor)]
    pub fn second_factor(&self, header: &str, trusted: bool) -> Option<String> {
        carried(if trusted { self.names.trusted() } else { self.names.second_factor() }.read(header))
    }

    /// The lines that set that; those that clear it, where it is empty.
    #[wasm_bindgen(js_name = setSecondFactor)]
    pub fn set_second_factor(
        &self,
        header: &str,
        trusted: bool,
        sealed: &str,
        max_age: f64,
    ) -> Result<Vec<String>, JsValue> {
        let jar = if trusted { self.names.trusted() } else { self.names.second_factor() };
        if sealed.is_empty() {
            return Ok(if jar.read(header) == Found::None { Vec::new() } else { jar.clear(header) });
        }
        jar.write(header, sealed, Some(max_age), BUDGET).map_err(thrown)
    }
}

/// What the response to a request may do to a session's cookie: 2 to renew it, 1 to clear a dead one, 0 nothing.
#[wasm_bindgen(js_name = purposeOf)]
pub fn purpose_of(
    method: &str,
    dest: Option<String>,
    mode: Option<String>,
    purpose: Option<String>,
    accept: Option<String>,
) -> u8 {
    let loading = Loading {
        mode: mode.as_deref(),
        dest: dest.as_deref(),
        purpose: purpose.as_deref(),
        accept: accept.as_deref(),
    };
    if renews(method, loading) { 2 } else { u8::from(is_navigation(loading)) }
}

/// The failure of a reason: `{ code, status, reason, message }`.
#[wasm_bindgen(js_name = signInFailure)]
pub fn sign_in_failure(reason: &str) -> JsValue {
    object(&Told::from(failure::of(reason)))
}

/// The reason of an error that the OAuth library threw.
#[wasm_bindgen(js_name = oauthReason)]
pub fn oauth_reason(
    step: &str,
    code: Option<String>,
    about: Option<String>,
    error: Option<String>,
    status: Option<u16>,
) -> String {
    let step = Step::parse(step).unwrap_or(Step::Response);
    failure::reason(step, code.as_deref(), about.as_deref(), error.as_deref(), status)
}

/// The error of a provider's answer that has the status of a success.
#[wasm_bindgen(js_name = oauthError)]
pub fn oauth_error(body: &str) -> Option<String> {
    failure::error_of(body)
}

/// Where a page goes after a sign-in: a path, or a URL of the own origin; `/` for any other.
#[wasm_bindgen(js_name = ownTarget)]
pub fn own_target(wanted: Option<String>, own: &str, otherwise: &str) -> String {
    match wanted.filter(|wanted| !wanted.is_empty() && wanted.len() <= 1024) {
        Some(wanted) => client::target(&wanted, own).into_owned(),
        None => otherwise.into(),
    }
}

/// A target with what went wrong in its query.
#[wasm_bindgen(js_name = withError)]
pub fn with_error(target: &str, code: &str, reason: &str) -> String {
    client::with_error(target, code, Some(reason))
}

/// The members of a body that are texts, booleans or numbers, names and values in turns; `undefined` for what is neither
/// form nor JSON, or has a name twice.
#[wasm_bindgen(js_name = bodyFields)]
pub fn body_fields(content_type: &str, body: &str) -> Option<Vec<String>> {
    let fields = fields::read(content_type, body)?.into_iter();
    Some(fields.flat_map(|(name, value)| [name, value]).collect())
}

/// Whether a body is a form's.
#[wasm_bindgen(js_name = isForm)]
pub fn is_form(content_type: &str) -> bool {
    Form::of(content_type) == Ok(Form::UrlEncoded)
}

/// Whether a provider may have this name.
#[wasm_bindgen(js_name = isProviderName)]
pub fn is_provider_name(name: &str) -> bool {
    route::is_provider(name)
}

/// Whether an address of a provider may be called.
#[wasm_bindgen(js_name = isSafeProvider)]
pub fn is_safe_provider(url: &str) -> bool {
    issuer::is_safe(url)
}

/// Whether a URL is of this machine.
#[wasm_bindgen(js_name = isLoopback)]
pub fn is_loopback(url: &str) -> bool {
    issuer::is_loopback(url)
}

/// Whether an issuer stands for many tenants.
#[wasm_bindgen(js_name = hasTenants)]
pub fn has_tenants(url: &str) -> bool {
    issuer::has_tenants(url)
}

/// The issuer that a tenant's token has to name.
#[wasm_bindgen(js_name = tenantIssuer)]
pub fn tenant_issuer(metadata: &str, tenant: &str, listed: Vec<String>) -> Option<String> {
    issuer::of_tenant(metadata, tenant, &listed)
}

/// Whether a parameter of a request for authorization is the library's own.
#[wasm_bindgen(js_name = isReservedParameter)]
pub fn is_reserved_parameter(name: &str) -> bool {
    issuer::is_reserved(name)
}

/// The signing algorithms that are taken of those that a provider names.
#[wasm_bindgen(js_name = signingAlgorithms)]
pub fn signing_algorithms(named: Vec<String>) -> Vec<String> {
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    issuer::algorithms(&named).into_iter().map(Into::into).collect()
}

/// The one spelling of an e-mail address in normal form NFKC.
#[wasm_bindgen(js_name = normalEmail)]
pub fn normal_email(text: &str) -> Option<String> {
    address::normal(text)
}

/// GitHub's profile, as JSON.
#[wasm_bindgen(js_name = githubProfile)]
pub fn github_profile(user: &str, emails: &str) -> Option<String> {
    profile::github(user, emails)
}

/// The reason why an ID token is none, beyond what the OAuth library checks.
#[wasm_bindgen(js_name = oddToken)]
pub fn odd_token(authorized: Option<String>, issued: Option<f64>, client: &str, now: f64) -> Option<String> {
    let odd = profile::check(authorized.as_deref(), issued, client, now).err()?;
    let reason = match odd {
        profile::Odd::AuthorizedParty => "AUTHORIZED_PARTY_MISMATCH",
        profile::Odd::Future => "ID_TOKEN_NOT_YET_VALID",
    };
    Some(reason.into())
}

/// A JSON Web Key Set without private members.
#[wasm_bindgen(js_name = publicKeys)]
pub fn public_keys(keys: &str) -> Option<String> {
    let private = |name: &str| matches!(name, "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k");
    json::without(keys, &private)
}

/// Whether a text may have been sealed by this package.
#[wasm_bindgen(js_name = isSealed)]
pub fn is_sealed(text: &str) -> bool {
    sealed::is_compact(text)
}

/// The hash of a text, hexadecimal.
#[wasm_bindgen(js_name = hashOf)]
pub fn hash_of(text: &str) -> String {
    hash(text)
}

/// What a request carries of a token: its name and its value; an empty list for two of them, `undefined` for none.
#[wasm_bindgen(js_name = findToken)]
pub fn find_token(header: &str, name: &str) -> Option<Vec<String>> {
    match refresh::find(header, name) {
        Carried::None => None,
        Carried::Twice => Some(Vec::new()),
        Carried::One(name, value) => Some(vec![name, value]),
    }
}

/// Whether an access token is over; `now` is in seconds.
#[wasm_bindgen(js_name = isTokenOver)]
pub fn is_token_over(token: &str, now: f64) -> bool {
    refresh::is_over(token, now)
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Refreshed {
    Renewed { access: String, refresh: Option<String>, lives: Option<f64> },
    Refused,
    Away,
}

/// What an answer to a refresh token means: `renewed`, `refused` or `away`.
#[wasm_bindgen(js_name = readRefresh)]
pub fn read_refresh(status: u16, body: &str, field: &str) -> JsValue {
    object(&match refresh::read(status, body, field) {
        Answer::Renewed { access, refresh, lives } => Refreshed::Renewed { access, refresh, lives },
        Answer::Refused => Refreshed::Refused,
        Answer::Away => Refreshed::Away,
    })
}

/// The lines that set a token.
#[wasm_bindgen(js_name = setToken)]
pub fn set_token(
    name: &str,
    token: &str,
    lives: Option<f64>,
    domain: Option<String>,
    host: &str,
    now: f64,
) -> Result<Vec<String>, JsValue> {
    Scope { domain, host: host.into() }.set(name, token, lives, now).map_err(thrown)
}

/// The lines that clear a token.
#[wasm_bindgen(js_name = clearToken)]
pub fn clear_token(name: &str, domain: Option<String>, host: &str) -> Vec<String> {
    Scope { domain, host: host.into() }.clear(name)
}

/// Throws the refusal for a token that cannot be had: 401, or with `away` 503.
#[wasm_bindgen(js_name = tokenRefused)]
pub fn token_refused(away: bool) -> Result<(), JsValue> {
    Err(thrown(if away { Rule::BackendAway } else { Rule::CookieAbsent }))
}

/// Whom an attempt from an address counts for; `undefined` for what is no address.
#[wasm_bindgen(js_name = rateClient)]
pub fn rate_client(address: &str) -> Option<String> {
    rate::client(address)
}

/// Whom an attempt is about, by its fields, names and values in turn; `undefined` where none says it.
#[wasm_bindgen(js_name = rateAccount)]
pub fn rate_account(fields: Vec<String>) -> Option<String> {
    let pairs: Vec<(&str, &str)> = fields
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [name, value] => Some((name.as_str(), value.as_str())),
            _ => None,
        })
        .collect();
    rate::account(&pairs)
}

/// The window of a time in milliseconds, and the seconds until it is over.
#[wasm_bindgen(js_name = rateWindow)]
pub fn rate_window(now: f64, seconds: u32) -> Vec<f64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date")]
    let (window, left) = rate::window(now as u64, seconds);
    #[expect(clippy::cast_precision_loss, reason = "windows are counted in millions")]
    let window = window as f64;
    vec![window, f64::from(left)]
}
