//! Sessions of a remote authentication backend.

#![allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands strings over, it does not lend optional ones"
)]

use js_sys::TypeError;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::thrown;
use crate::auth::cookies::{Names, Place, Sent};
use crate::auth::invalidation::Named;
use crate::auth::revocation::Wanted;
use crate::auth::routes::{Paths, Sender};
use crate::auth::session_response::SessionState;
use crate::auth::{
    cookies, form_post, invalidation, lines, magic_link, revocation, routes, session_response,
};
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::same_origin::Claims;

/// A backend's declaration, checked, and the decisions that follow from it.
#[wasm_bindgen]
pub struct Backend {
    names: Names,
    paths: Paths,
    domain: Option<String>,
}

#[wasm_bindgen]
impl Backend {
    /// Checks a declaration; throws a refusal or a `TypeError`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        cookie: &str,
        others: Option<Vec<String>>,
        base: &str,
        session: &str,
        sign_out: &str,
        domain: Option<String>,
    ) -> Result<Backend, JsValue> {
        let names = Names::new(cookie, others).map_err(thrown)?;
        let paths = Paths::new(base, session, sign_out).ok_or_else(|| {
            TypeError::new("basePath and paths are absolute paths, without query and fragment")
        })?;
        if let Some(domain) = &domain {
            let plain = crate::cookie::attributes::without_dot(domain.as_str());
            crate::cookie::attributes::check_domain_syntax(plain).map_err(thrown)?;
        }
        Ok(Self { names, paths, domain })
    }

    /// The names of its cookies, without prefixes; one with `*` behind stands for all that begin so.
    pub fn names(&self) -> Vec<String> {
        self.names.list().map(String::from).collect()
    }

    /// What the session cookies of a `Cookie` header stand for: nothing if there are none, an empty text if no session
    /// can come of them, else their key in a cache.
    pub fn key(&self, header: &str) -> Option<String> {
        match self.names.read(header) {
            Sent::None => None,
            Sent::Unusable => Some(String::new()),
            Sent::Some { pairs, .. } => Some(cookies::hash(&pairs)),
        }
    }

    /// The hashes under which the tokens of a `Cookie` header are known.
    pub fn handles(&self, header: &str) -> Vec<String> {
        match self.names.read(header) {
            Sent::Some { values, .. } => values.into_iter().flat_map(cookies::handles).collect(),
            Sent::None | Sent::Unusable => Vec::new(),
        }
    }

    /// The claims of the JSON Web Token in the session cookie, as JSON, and `exp` in milliseconds; nothing where there is
    /// no such token, none with an `exp`, or its time is over. It verifies nothing.
    pub fn claims(&self, header: &str, now: f64) -> Option<Vec<String>> {
        let token = self.names.token(header)?;
        let end = crate::jwt::decode(&token)?.exp? * 1000.0;
        // The platform's dates end there.
        if end <= now || end > 8.64e15 {
            return None;
        }
        let claims = session_response::without_tokens(&crate::jwt::payload(&token)?)?;
        Some(vec![claims, end.to_string(), cookies::hash(&token).chars().take(32).collect()])
    }

    /// The `Cookie` header for the backend, for a look-up or as it is.
    pub fn forward(&self, header: &str, lookup: bool) -> String {
        self.names.forward(header, lookup)
    }

    /// The lines that clear dead session cookies, or what a sibling planted beside the own one.
    pub fn clear(&self, header: &str, host: &str, path: &str, secure: bool, ends: bool) -> Vec<String> {
        self.names.clear(header, Place { host, path, domain: self.domain.as_deref(), secure, ends })
    }

    /// What stands for the copies of the session in a `Cookie` header; empty for none.
    pub fn copies(&self, header: &str) -> String {
        let copies = self.names.copies(header);
        if copies.is_empty() { copies } else { cookies::hash(&copies) }
    }

    /// The lines that may reach the browser. `now` is in milliseconds.
    pub fn passing(
        &self,
        lines: Vec<String>,
        header: &str,
        clears: bool,
        looks: bool,
        late: bool,
        now: f64,
    ) -> Vec<String> {
        self.names.passing(lines, header, lines::LineContext { clears, looks, late }, seconds(now))
    }

    /// The lines of the session's own cookies as Secure ones; all others byte for byte.
    #[wasm_bindgen(js_name = withSecure)]
    pub fn with_secure(&self, lines: Vec<String>) -> Vec<String> {
        let known = |line: &String| {
            crate::cookie::set_cookie::parse(line).is_some_and(|cookie| self.names.is_of_session(cookie.name))
        };
        let secure = |line: String| if known(&line) { cookies::with_secure(&line) } else { line };
        lines.into_iter().map(secure).collect()
    }

    /// Whether lines give the browser another session cookie than it sent, or take it away.
    pub fn replaces(&self, lines: Vec<String>, header: &str, now: f64) -> bool {
        self.names.replaces(&lines, header, seconds(now))
    }

    /// The name of what looks like a session cookie in the lines of a sign-in that set none of this backend's.
    pub fn misnamed(&self, method: &str, url: &str, lines: Vec<String>, now: f64) -> Option<String> {
        if self.paths.signs_in(method, url) { self.names.misnamed(&lines, seconds(now)) } else { None }
    }

    /// The `Cookie` header of the session that lines set.
    pub fn arrived(&self, lines: Vec<String>, now: f64) -> Option<String> {
        self.names.arrived(&lines, seconds(now))
    }

    /// The backend's URL for a look-up.
    pub fn lookup(&self, backend: &str) -> Result<String, JsValue> {
        self.paths.lookup(backend).map_err(thrown)
    }

    /// Refuses a request that must not reach the backend; its URL there.
    #[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
    pub fn admit(
        &self,
        backend: &str,
        method: &str,
        url: &str,
        own: &str,
        site: Option<String>,
        mode: Option<String>,
        dest: Option<String>,
        origin: Option<String>,
        header: Option<String>,
    ) -> Result<String, JsValue> {
        let claims = Claims {
            site: site.as_deref(),
            mode: mode.as_deref(),
            dest: dest.as_deref(),
            // Only GET is prefetched, and no GET changes anything here.
            purpose: None,
            origin: origin.as_deref(),
            header: header.as_deref(),
        };
        let sender = Sender { claims, mode: mode.as_deref() };
        let admitted = || -> Result<String, Refusal> {
            self.paths.admit(method, url, &sender, own)?;
            self.paths.upstream(backend, url)
        };
        admitted().map_err(thrown)
    }

    /// The value of `Allow`.
    pub fn allow(&self, url: &str) -> String {
        self.paths.allow(url).to_owned()
    }

    /// What a request asks for beside the backend's own paths: 0 nothing, 1 to show a magic link, 2 to use one, 3 to end
    /// a session.
    pub fn detour(&self, method: &str, url: &str) -> u8 {
        self.paths.detour(method, url) as u8
    }

    /// What a request says of the session to end or to choose: nothing where it passes as it is; else the session's
    /// identifier, the backend's URL of the list that has its token, what the token is called, and the list's body if it
    /// is asked for by POST. Throws a refusal.
    pub fn wanted(
        &self,
        backend: &str,
        url: &str,
        content_type: &str,
        body: &str,
    ) -> Result<Option<Vec<String>>, JsValue> {
        let wanted = || -> Result<Option<Vec<String>>, Refusal> {
            let Wanted::Listed(list) = self.paths.wanted(url, Form::of(content_type).ok(), body)? else {
                return Ok(None);
            };
            let at = self.paths.beside(backend, list.path, None)?;
            Ok(Some([list.id, at, list.member.to_owned()].into_iter().chain(list.body).collect()))
        };
        wanted().map_err(thrown)
    }

    /// The backend's URL that uses a magic link, by the body of a request.
    #[wasm_bindgen(js_name = useLink)]
    pub fn use_link(&self, backend: &str, content_type: &str, body: &str) -> Result<String, JsValue> {
        let query =
            Form::of(content_type).and_then(|form| magic_link::consume(form, body)).map_err(thrown)?;
        self.paths.beside(backend, magic_link::LINK, Some(&query)).map_err(thrown)
    }

    /// Whether a request is an OAuth provider's answer by form, which is not for the backend.
    #[expect(clippy::too_many_arguments, reason = "an object would cross field by field as well, and slower")]
    #[wasm_bindgen(js_name = isFormPost)]
    pub fn is_form_post(
        &self,
        method: &str,
        url: &str,
        content_type: &str,
        own: &str,
        site: Option<String>,
        mode: Option<String>,
        dest: Option<String>,
        origin: Option<String>,
        header: Option<String>,
    ) -> bool {
        let claims = Claims {
            site: site.as_deref(),
            mode: mode.as_deref(),
            dest: dest.as_deref(),
            purpose: None,
            origin: origin.as_deref(),
            header: header.as_deref(),
        };
        self.paths.is_form_post(method, url, content_type, &Sender { claims, mode: mode.as_deref() }, own)
    }

    /// Where such an answer leads, by its body.
    #[wasm_bindgen(js_name = formPost)]
    pub fn form_post(&self, url: &str, body: &str) -> Result<String, JsValue> {
        self.paths.form_post(url, body).map_err(thrown)
    }

    /// The body of a refusal of the backend (4xx), as the page gets it; what is no JSON comes as an empty `body`.
    pub fn refusal(&self, url: &str, status: u16, body: &str) -> String {
        self.paths.refusal(url, status, body)
    }

    /// What a request may have done: 0 nothing, 1 to its own session, 2 to all of its user, 3 to anyone's, 4 to those of
    /// the user whom it signs in; 8 more where these sessions are over.
    pub fn effect(&self, method: &str, url: &str, succeeded: bool) -> u8 {
        let effect = self.paths.effect(method, url, succeeded);
        effect.reach as u8 + if effect.ends { 8 } else { 0 }
    }

    /// Whether the answer may take the session's cookies away.
    pub fn clears(&self, method: &str, url: &str, succeeded: bool) -> bool {
        self.paths.clears(method, url, succeeded)
    }

    /// Whether a request asks whose a session is, or reads in the background.
    pub fn looks(&self, method: &str, url: &str, navigates: bool) -> bool {
        self.paths.looks(method, url, navigates)
    }

    /// The users whom a request names that succeeded: `id`, `email` or `token`, and which, in turn.
    pub fn named(&self, url: &str, content_type: &str, body: &str) -> Vec<String> {
        flat(self.paths.named(url, Form::of(content_type).ok(), body))
    }
}

pub(super) fn flat(named: Vec<Named>) -> Vec<String> {
    let pair = |named| match named {
        Named::Id(id) => ["id".into(), id],
        Named::Email(email) => ["email".into(), email],
        Named::Token(token) => ["token".into(), token],
    };
    named.into_iter().flat_map(pair).collect()
}

/// Seconds of milliseconds.
fn seconds(milliseconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a date")]
    let seconds = (milliseconds / 1000.0) as i64;
    seconds
}

/// The users whom the answer names to what is no reading: `id`, and which, in turn.
#[wasm_bindgen(js_name = usersNamed)]
pub fn users_named(body: &str) -> Vec<String> {
    flat(invalidation::answered(body))
}

/// Whether the backend did what it was asked.
#[wasm_bindgen(js_name = backendSucceeded)]
pub fn backend_succeeded(status: u16, location: Option<String>) -> bool {
    invalidation::succeeded(status, location.as_deref())
}

/// Whether a request loads a document that a visitor goes to.
#[wasm_bindgen(js_name = loadsDocument)]
pub fn loads_document(
    mode: Option<String>,
    dest: Option<String>,
    purpose: Option<String>,
    accept: Option<String>,
) -> bool {
    lines::is_navigation(lines::Loading {
        mode: mode.as_deref(),
        dest: dest.as_deref(),
        purpose: purpose.as_deref(),
        accept: accept.as_deref(),
    })
}

/// What a backend's answer means: `authenticated`, with the user's identifier, until when the answer may be kept, user
/// and session as JSON, the user's e-mail address, further members as JSON, when the session began, and `1` where the
/// backend wants to be asked by POST to renew it, each empty where it is not known; or one of `anonymous`, `rejected` and
/// `unavailable`. `now`, `ttl` and times are in milliseconds.
#[wasm_bindgen(js_name = readSessionAnswer)]
pub fn read_session_answer(status: u16, body: &str, now: f64, ttl: f64) -> Vec<String> {
    match session_response::read(status, body, now) {
        SessionState::Authenticated(identity) => vec![
            "authenticated".into(),
            identity.id,
            session_response::keep_until(now, ttl, identity.expires).to_string(),
            identity.user.into_owned(),
            identity.session.into_owned(),
            identity.email.unwrap_or_default(),
            identity.data.unwrap_or_default(),
            identity.created.map_or_else(String::new, |created| created.to_string()),
            if identity.wants_renewal { "1".into() } else { String::new() },
        ],
        SessionState::Anonymous => vec!["anonymous".into()],
        SessionState::Rejected => vec!["rejected".into()],
        SessionState::Unavailable => vec!["unavailable".into()],
    }
}

/// Where a page of the app asks before a magic link is used; throws a `TypeError` if `page` is no local path.
#[wasm_bindgen(js_name = linkLocation)]
pub fn link_location(page: &str, query: Option<String>) -> Result<String, JsValue> {
    if crate::http::redirect::check(page, &[]).as_deref() == Some(page) {
        Ok(magic_link::location(page, query.as_deref()))
    } else {
        Err(TypeError::new("pages.magicLink is a local path").into())
    }
}

/// A page that asks before a magic link is used, and name and value of its policy.
#[wasm_bindgen(js_name = linkPage)]
pub fn link_page(action: &str, query: Option<String>) -> Vec<String> {
    vec![
        magic_link::page(action, query.as_deref()),
        "content-security-policy".into(),
        magic_link::PAGE_POLICY.into(),
    ]
}

/// Status and JSON for a program, where the backend redirects; `undefined` for a browser's form.
#[wasm_bindgen(js_name = linkAnswer)]
pub fn link_answer(content_type: &str, location: &str) -> Option<Vec<String>> {
    if Form::of(content_type) != Ok(Form::Json) {
        return None;
    }
    let (status, body) = magic_link::answer(location);
    Some(vec![status.to_string(), body])
}

/// The backend's body that names the session of an identifier, by its list; `undefined` where that has none.
#[wasm_bindgen(js_name = sessionBody)]
pub fn session_body(list: &str, id: &str, member: &str) -> Option<String> {
    revocation::token(list, id).map(|token| revocation::body(member, &token))
}

/// The hashes under which one token is known.
#[wasm_bindgen(js_name = tokenHandles)]
pub fn token_handles(token: &str) -> Vec<String> {
    cookies::handles(token)
}

/// JSON without tokens; `undefined` for what is no JSON.
#[wasm_bindgen(js_name = withoutTokens)]
pub fn without_tokens(body: &str) -> Option<String> {
    session_response::without_tokens(body)
}

/// Whether tokens are to be stripped from a body of this type.
#[wasm_bindgen(js_name = isJson)]
pub fn is_json(content_type: Option<String>) -> bool {
    routes::is_json(content_type.as_deref())
}

/// Whether a header passes to the backend.
#[wasm_bindgen(js_name = passesToBackend)]
pub fn passes_to_backend(name: &str) -> bool {
    routes::request_passes(name)
}

/// Whether a header passes to the page.
#[wasm_bindgen(js_name = passesToPage)]
pub fn passes_to_page(name: &str) -> bool {
    routes::response_passes(name)
}

/// The client's address in normal form; `undefined` for what is no address.
#[wasm_bindgen(js_name = normalAddress)]
pub fn normal_address(text: &str) -> Option<String> {
    crate::proxy::headers::address(text)
}

/// The value of `Retry-After`, in seconds from `now`, which is in milliseconds.
#[wasm_bindgen(js_name = retryAfter)]
pub fn retry_after(standard: Option<String>, other: Option<String>, now: f64) -> Option<u32> {
    crate::http::retry_after::seconds(standard.as_deref(), other.as_deref(), now)
}

/// `Set-Cookie` lines with another Domain; none where that is empty.
#[wasm_bindgen(js_name = withDomain)]
pub fn with_domain(lines: Vec<String>, domain: &str) -> Vec<String> {
    lines.iter().map(|line| cookies::with_domain(line, domain)).collect()
}

/// Refuses a Domain that no browser takes; throws a refusal.
#[wasm_bindgen(js_name = checkDomain)]
pub fn check_domain(domain: &str) -> Result<(), JsValue> {
    use crate::cookie::attributes::{check_domain_syntax, domain_gains, without_dot};
    let plain = without_dot(domain);
    check_domain_syntax(plain).map_err(thrown)?;
    if domain_gains(plain) { Ok(()) } else { Err(thrown(Rule::DomainShared)) }
}

/// The `Cache-Control` of a response that was made with a session at hand; `undefined` where its own stays.
#[wasm_bindgen(js_name = sessionCacheControl)]
pub fn session_cache_control(sets_cookie: bool, signed_in: bool, own: Option<String>) -> Option<String> {
    routes::cache_control(sets_cookie, signed_in, own.as_deref()).map(str::to_owned)
}

/// Where a redirect leads in the browser; `undefined` where it may not lead.
#[wasm_bindgen(js_name = relocateRedirect)]
pub fn relocate_redirect(backend: &str, requested: &str, location: &str) -> Option<String> {
    routes::relocate(backend, requested, location)
}

/// Bytes that an OAuth provider's answer by form takes at most.
#[wasm_bindgen(js_name = formPostLimit)]
pub fn form_post_limit() -> usize {
    form_post::MAX_BODY
}

/// Throws the refusal for a session cookie of another name than was declared.
#[wasm_bindgen(js_name = sessionMisnamed)]
pub fn session_misnamed() -> Result<(), JsValue> {
    Err(thrown(Rule::SessionMisnamed))
}

/// Throws the refusal for a backend that does not answer.
#[wasm_bindgen(js_name = backendAway)]
pub fn backend_away() -> Result<(), JsValue> {
    Err(thrown(Rule::BackendAway))
}
