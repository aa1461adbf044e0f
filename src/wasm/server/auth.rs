//! Sessions of a remote authentication backend.

use js_sys::{Array, JsString, TypeError};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::message::{Reader, Writer};
use super::thrown;
use crate::auth::backend::{Backend as Declaration, path};
use crate::auth::cookies::Names;
use crate::auth::exchange::{Change, Exchange as Request, Forward, Head, Plan, forget};
use crate::auth::invalidation::Named;
use crate::auth::reply::{self, Answer, AnswerBody, Body, Reply};
use crate::auth::request::SpecialRoute;
use crate::auth::routes::{self, Paths};
use crate::auth::session_response::{self, SessionState};
use crate::auth::{form_post, lines, revocation};
use crate::cookie::attributes::{check_domain_syntax, domain_gains, without_dot};
use crate::error::{Refusal, Rule};
use crate::http::redirect;

/// A backend's declaration, checked, and the decisions that follow from it.
#[wasm_bindgen]
pub struct Backend(Declaration);

/// A request on its way to the backend: what was read of it.
#[wasm_bindgen]
pub struct AuthExchange(Request);

#[wasm_bindgen]
impl Backend {
    /// Checks a declaration; throws a refusal or a `TypeError`. The message is the name of the session cookie, the base
    /// path, the paths of get-session and sign-out, whether signing out is forgetting the cookies, and then each after
    /// whether it is given: origin, domain, the domain that cookies get, the page of magic links. `others` are the names
    /// of the other cookies.
    #[wasm_bindgen(constructor)]
    pub fn new(message: &str, others: Option<Vec<String>>) -> Result<Backend, JsValue> {
        let mut message = Reader::new(message);
        let names = Names::new(&message.text(), others).map_err(thrown)?;
        let paths = Paths::new(&message.text(), &message.text(), &message.text()).ok_or_else(|| {
            TypeError::new("basePath and paths are absolute paths, without query and fragment")
        })?;
        let forgets = message.flag();
        let mut given = || message.flag().then(|| message.text());
        let (origin, domain, set_domain, link_page) = (given(), given(), given(), given());
        if let Some(domain) = &domain {
            check_domain_syntax(without_dot(domain.as_str())).map_err(thrown)?;
        }
        if let Some(domain) = set_domain.as_deref().filter(|domain| !domain.is_empty()) {
            check_domain(domain)?;
        }
        check_link_page(link_page.as_deref())?;
        let domain = domain.or_else(|| set_domain.clone().filter(|domain| !domain.is_empty()));
        Ok(Self(Declaration { names, paths, domain, set_domain, origin, link_page, forgets }))
    }

    /// The names of its cookies, without prefixes; one with `*` behind stands for all that begin so.
    pub fn names(&self) -> Vec<String> {
        self.0.names.list().map(str::to_owned).collect()
    }

    /// What stands for the session cookies of a `Cookie` header: nothing if there are none; else their key in a cache,
    /// empty if no session can come of them, and what stands for the backend's copies of the session.
    #[wasm_bindgen(js_name = cacheKey)]
    pub fn cache_key(&self, header: &str) -> Option<String> {
        self.0.cache_key(header).map(|key| Writer::new(key.key).line(key.copies).done())
    }

    /// The hashes under which the tokens of a `Cookie` header are known.
    pub fn handles(&self, header: &str) -> Vec<String> {
        self.0.names.scan(header).read().handles()
    }

    /// The claims of the JSON Web Token in the session cookie: what stands for it, its end in milliseconds, and JSON. It
    /// verifies nothing.
    pub fn claims(&self, header: &str, now: f64) -> Option<String> {
        let claimed = self.0.claimed(header, now)?;
        Some(Writer::new(claimed.id).line(claimed.end).line(claimed.claims).done())
    }

    /// How the backend is asked whose a request is: its URL, the headers without copies of the session, and the headers
    /// with them, none where there are no copies. The head is as in [`Backend::request`].
    pub fn lookup(&self, head: &str) -> Result<String, JsValue> {
        let lookup = self.0.lookup(&head_of(head)).map_err(thrown)?;
        let with_copies = lookup.with_copies.unwrap_or_default();
        Ok(Writer::new(lookup.url).pairs(&lookup.headers).pairs(&with_copies).done())
    }

    /// The `Set-Cookie` lines of an answer about a session, as the browser gets them.
    #[wasm_bindgen(js_name = sessionLines)]
    pub fn session_lines(&self, url: &str, lines: Vec<String>) -> Vec<String> {
        self.0.session_lines(url, lines)
    }

    /// Of these lines those that may go with a response to a request, and where its session is `dead` those that clear
    /// its cookies. The head is as in [`Backend::request`], `now` is in milliseconds.
    #[wasm_bindgen(js_name = linesFor)]
    pub fn lines_for(&self, head: &str, lines: Vec<String>, dead: bool, late: bool, now: f64) -> Vec<String> {
        self.0.lines_for(&head_of(head), lines, dead, late, now)
    }

    /// Decides about a request. The head is the backend's URL, the method, the URL, the client's address or an empty
    /// line, and then names and values of headers. The answer is a message, of the kind `form-post`, `reply` or
    /// `forward`, and the exchange.
    pub fn request(&self, head: &str) -> Result<Array, JsValue> {
        let (plan, exchange) = self.0.request(&head_of(head)).map_err(thrown)?;
        let message = match &plan {
            Plan::FormPost => Writer::new("form-post").line(form_post::MAX_BODY).done(),
            Plan::Reply(reply) => written(Writer::new("reply"), reply),
            Plan::Forward(forward) => forwarded(forward),
        };
        Ok(Array::of2(&JsString::from(message), &JsValue::from(AuthExchange(exchange))))
    }

    /// The value of `Allow` for a request URL.
    pub fn allow(&self, url: &str) -> String {
        self.0.paths.read("OPTIONS", url).map(|request| request.allow().to_owned()).unwrap_or_default()
    }

    /// The answer to an OAuth provider's answer by form.
    #[wasm_bindgen(js_name = formPost)]
    pub fn form_post(&self, exchange: &AuthExchange, body: &str) -> Result<String, JsValue> {
        let reply = self.0.form_post(&exchange.0, body).map_err(thrown)?;
        Ok(written(Writer::new("reply"), &reply))
    }

    /// The backend's URL that uses a magic link.
    #[wasm_bindgen(js_name = useLink)]
    pub fn use_link(&self, exchange: &AuthExchange, body: &str) -> Result<String, JsValue> {
        self.0.use_link(&exchange.0, body).map_err(thrown)
    }

    /// The list that has the token of the session which a body names by its identifier: its URL, what the token is
    /// called, the identifier, the headers, and the list's body, empty where it is asked for by GET; nothing where the
    /// request passes as it is.
    pub fn listed(&self, exchange: &AuthExchange, body: &str) -> Result<Option<String>, JsValue> {
        let listed = self.0.listed(&exchange.0, body).map_err(thrown)?;
        Ok(listed.map(|(list, url, headers)| {
            let body = list.body.unwrap_or_default();
            Writer::new(url).line(list.member).text(&list.id).pairs(&headers).line(body).done()
        }))
    }

    /// Decides about an answer. The head is the status, or 0 where none came; the time in milliseconds; whether the browser
    /// has got another session, whether it is aside, whether nobody could tell whose the request was; whether a user is
    /// known, and the user's identifier, which may hold line breaks; the URL that was requested; whether the body is JSON;
    /// and then names and values of headers. `body` is that JSON, nothing if it cannot be read. `sent` are content types and
    /// bodies that were sent, in turns.
    ///
    /// The answer is a message: the changes, as kind and value in turns; the name of a misnamed session cookie, as a list of
    /// none or one; and whether there is a response, and that.
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands these over, it does not lend them")]
    pub fn response(
        &self,
        exchange: &AuthExchange,
        head: &str,
        body: Option<String>,
        sent: Vec<String>,
    ) -> String {
        let mut head = Reader::new(head);
        let (status, now) = (head.number(), head.number());
        let (late, aside, unknown) = (head.flag(), head.flag(), head.flag());
        let user = head.flag().then(|| head.text());
        let (target, is_json) = (head.line(), head.flag());
        let answer = Answer {
            status,
            now,
            late,
            aside,
            unknown,
            user: user.as_deref(),
            target,
            headers: head.pairs(),
            body: match &body {
                _ if !is_json => AnswerBody::Unread,
                None => AnswerBody::Broken,
                Some(body) => AnswerBody::Json(body),
            },
            sent: sent.chunks_exact(2).filter_map(|pair| Some((&**pair.first()?, &**pair.last()?))).collect(),
        };
        let outcome = self.0.response(&exchange.0, &answer);
        let mut message = Writer::new("outcome").line(outcome.changes.len());
        for (kind, value) in outcome.changes.into_iter().map(change) {
            message = message.line(kind).text(&value);
        }
        let message = message.lines(outcome.misnamed.iter());
        match &outcome.reply {
            Some(reply) => written(message.flag(true), reply),
            None => message.flag(false).done(),
        }
    }
}

fn head_of(text: &str) -> Head<'_> {
    let mut message = Reader::new(text);
    Head {
        backend: message.line(),
        method: message.line(),
        url: message.line(),
        address: message.line(),
        headers: message.pairs(),
    }
}

/// The status, the headers, whether there is a body: `none`, `text` or `backend`, and the text.
fn written(message: Writer, reply: &Reply) -> String {
    let message = message.line(reply.status).pairs(&reply.headers);
    match &reply.body {
        Body::None => message.line("none").done(),
        Body::Backend => message.line("backend").done(),
        Body::Text(text) => message.line("text").line(text).done(),
    }
}

/// The method, the URL, what the handler does before, whether it asks first, whether it needs the body, whether the backend
/// may renew, the handles and the headers.
fn forwarded(forward: &Forward) -> String {
    let special = match forward.special {
        SpecialRoute::UseLink => "use-link",
        SpecialRoute::Revoke => "revoke",
        SpecialRoute::None | SpecialRoute::ShowLink => "",
    };
    Writer::new("forward")
        .line(&forward.method)
        .line(&forward.url)
        .line(special)
        .flag(forward.asks_first)
        .flag(forward.reads_body)
        .flag(forward.renews)
        .lines(forward.handles.iter())
        .pairs(&forward.headers)
        .done()
}

fn change(change: Change) -> (&'static str, String) {
    match change {
        Change::Forget(handle) => ("forget", handle),
        Change::End(handle) => ("end", handle),
        Change::ForgetUser(id) => ("forget-user", id),
        Change::EndUser(id) => ("end-user", id),
        Change::ForgetEmail(email) => ("forget-email", email),
        Change::ForgetAll => ("forget-all", String::new()),
        Change::EndAll => ("end-all", String::new()),
        Change::Replace(handles) => ("replace", handles.join(" ")),
        Change::Arrive(cookie) => ("arrive", cookie),
    }
}

/// Whether a request loads a document that a visitor goes to.
#[expect(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands optional strings over, it does not lend them"
)]
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

/// The answer to the link of a mail, by the app's page that asks, if it has one: a message of the kind `reply`. Throws a
/// `TypeError` if `page` is not a local path.
#[expect(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands optional strings over, it does not lend them"
)]
#[wasm_bindgen(js_name = showLink)]
pub fn show_link(url: &str, page: Option<String>, head: bool) -> Result<String, JsValue> {
    check_link_page(page.as_deref())?;
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map(|(_, query)| query);
    Ok(written(Writer::new("reply"), &reply::show_link(page.as_deref(), path(url), query, head)))
}

fn check_link_page(page: Option<&str>) -> Result<(), JsValue> {
    let local = page.is_none_or(|page| redirect::check(page, &[]).as_deref() == Some(page));
    if local { Ok(()) } else { Err(TypeError::new("pages.magicLink is a local path").into()) }
}

/// The backend's body that names the session of an identifier, by its list; `undefined` where that has none.
#[wasm_bindgen(js_name = sessionBody)]
pub fn session_body(list: &str, id: &str, member: &str) -> Option<String> {
    revocation::token(list, id).map(|token| revocation::body(member, &token))
}

/// What the end of a session, named by its `token`, or of all sessions of a user, named by `id`, changes: kinds of changes
/// and of whom, in turns.
#[wasm_bindgen(js_name = endOf)]
pub fn end_of(by: &str, name: String) -> Vec<String> {
    let named = if by == "token" { Named::Token(name) } else { Named::Id(name) };
    flat(forget(named, true))
}

/// Changes, as kind and of whom in turns.
pub(super) fn flat(changes: impl IntoIterator<Item = Change>) -> Vec<String> {
    changes.into_iter().map(change).flat_map(|(kind, whom)| [kind.to_owned(), whom]).collect()
}

/// Whether tokens are to be stripped from a body of this type; an empty one where none is said.
#[wasm_bindgen(js_name = isJson)]
pub fn is_json(content_type: &str) -> bool {
    routes::is_json(Some(content_type))
}

/// Refuses a Domain that no browser takes; throws a refusal.
#[wasm_bindgen(js_name = checkDomain)]
pub fn check_domain(domain: &str) -> Result<(), JsValue> {
    let plain = without_dot(domain);
    let checked = || -> Result<(), Refusal> {
        check_domain_syntax(plain)?;
        if domain_gains(plain) { Ok(()) } else { Err(Rule::DomainShared.into()) }
    };
    checked().map_err(thrown)
}

/// The `Cache-Control` of a response that was made with a session at hand; `undefined` where its own stays.
#[expect(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen hands optional strings over, it does not lend them"
)]
#[wasm_bindgen(js_name = sessionCacheControl)]
pub fn session_cache_control(sets_cookie: bool, signed_in: bool, own: Option<String>) -> Option<String> {
    routes::cache_control(sets_cookie, signed_in, own.as_deref()).map(str::to_owned)
}

/// Throws the refusal for a session cookie of another name than was declared.
#[wasm_bindgen(js_name = sessionMisnamed)]
pub fn session_misnamed() -> Result<(), JsValue> {
    Err(thrown(Rule::SessionMisnamed))
}
