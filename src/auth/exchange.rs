//! One request through the handler: what is sent to the backend, and what becomes of its answer.
//!
//! The request is read once. What is known of it then is kept in an [`Exchange`] until the answer has come.

use crate::auth::backend::{Backend, path};
use crate::auth::cookies::{Sent, handles};
use crate::auth::invalidation::{self, Named, Reach};
use crate::auth::lines::{LineContext, Loading, is_navigation};
use crate::auth::magic_link;
use crate::auth::reply::{self, Answer, Body, Headers, Reply, find, headers_of, signed_out};
use crate::auth::request::{AuthRequest, Kind, SpecialRoute};
use crate::auth::revocation::{List, Wanted};
use crate::auth::routes::request_passes;
use crate::error::Refusal;
use crate::http::form::Form;
use crate::http::response::Kind as ResponseKind;
use crate::http::same_origin::Claims;
use crate::proxy::headers::address;

/// The head of a request to the handler.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The backend's URL, in normal form.
    pub backend: &'a str,
    /// The request method.
    pub method: &'a str,
    /// The request URL, in normal form.
    pub url: &'a str,
    /// The client's address, as the app says it; empty where it does not.
    pub address: &'a str,
    /// Names, in lower case, and values.
    pub headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Head<'a> {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        find(&self.headers, name)
    }

    fn claims(&self) -> Claims<'a> {
        Claims {
            site: self.header("sec-fetch-site"),
            mode: self.header("sec-fetch-mode"),
            dest: self.header("sec-fetch-dest"),
            // Browsers prefetch by GET only, and no GET changes anything here.
            purpose: None,
            origin: self.header("origin"),
            header: self.header("x-httponly"),
        }
    }

    /// How the response is going to be used.
    pub fn loading(&self) -> Loading<'a> {
        Loading {
            mode: self.header("sec-fetch-mode"),
            dest: self.header("sec-fetch-dest"),
            purpose: self.header("sec-purpose"),
            accept: self.header("accept"),
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It is an OAuth provider's answer by form: its body says where it leads ([`Backend::form_post`]).
    FormPost,
    /// It is answered without the backend.
    Reply(Reply),
    /// The backend is asked.
    Forward(Forward),
}

/// What is sent to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The method.
    pub method: String,
    /// The backend's URL; for [`SpecialRoute::UseLink`] the body of the request says it.
    pub url: String,
    /// What the handler does before.
    pub special: SpecialRoute,
    /// All headers.
    pub headers: Headers,
    /// The hashes under which the tokens of the request are known.
    pub handles: Vec<String>,
    /// Whether it has to be known before whose the request is: once it is done, the cookie may say nobody any more.
    pub asks_first: bool,
    /// Whether the answer depends on what the body of the request names.
    pub reads_body: bool,
    /// Whether the backend may want to be asked again by POST, to renew the session.
    pub renews: bool,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Exchange {
    request: AuthRequest,
    backend: String,
    own: String,
    content_type: String,
    /// Whether its response is a document that a visitor goes to.
    navigates: bool,
    /// Name and value of the session cookies.
    sessions: Vec<(String, String)>,
    handles: Vec<String>,
    /// The lines that clear session cookies of which no session can come: what a sibling subdomain planted beside the own
    /// one, say. Empty where the session can be told.
    clearing: Vec<String>,
    /// The headers of a question of the handler's own: without the backend's copies of the session.
    aside: Headers,
}

/// A change of what is known of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What is known of the session with this hash may be wrong.
    Forget(String),
    /// The session with this hash is over.
    End(String),
    /// What is known of this user's sessions may be wrong.
    ForgetUser(String),
    /// This user's sessions are over.
    EndUser(String),
    /// What is known of the sessions of the user with this e-mail address, in lower case, may be wrong.
    ForgetEmail(String),
    /// What is known of any session may be wrong.
    ForgetAll,
    /// All sessions are over that began before.
    EndAll,
    /// The browser gets another session, known by these hashes, or none.
    Replace(Vec<String>),
    /// Somebody was signed in, whom the session of this `Cookie` header tells.
    Arrive(String),
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it changes.
    pub changes: Vec<Change>,
    /// The name of a session cookie that the backend set, which is not the declared one.
    pub misnamed: Option<String>,
    /// The response; `None` where the backend has given no answer that may pass.
    pub reply: Option<Reply>,
}

impl Backend {
    /// Decides about a request.
    ///
    /// # Errors
    /// Those of [`super::routes::Paths::read`] and of [`AuthRequest::admit`].
    pub fn request(&self, head: &Head<'_>) -> Result<(Plan, Exchange), Refusal> {
        let own = self.own(head.url);
        let request = self.paths.read(head.method, head.url)?;
        let content_type = head.header("content-type").unwrap_or_default();
        let admitted = request.admit(head.claims(), own);
        if let Err(refusal) = admitted
            && !request.is_form_post(content_type, head.claims(), own)
        {
            return Err(refusal);
        }
        // A provider's form comes from another site: its cookies are not read.
        let header = head.header("cookie").filter(|_| admitted.is_ok()).unwrap_or_default();
        let cookies = self.names.scan(header);
        let sent = cookies.read();
        let unusable = sent == Sent::Unusable;
        let exchange = Exchange {
            backend: head.backend.into(),
            own: own.into(),
            content_type: content_type.into(),
            navigates: is_navigation(head.loading()),
            sessions: cookies.sessions().map(|(name, value)| (name.into(), value.into())).collect(),
            handles: sent.handles(),
            clearing: if unusable { self.clear(&cookies, head.url, false) } else { Vec::new() },
            aside: if request.special() == SpecialRoute::Revoke {
                outgoing(own, &cookies.forward(true), head.address)
            } else {
                Headers::new()
            },
            request,
        };
        if admitted.is_err() {
            return Ok((Plan::FormPost, exchange));
        }
        let request = &exchange.request;
        let url = self.paths.upstream(head.backend, request)?;
        let plan = if self.forgets && request.kind() == Kind::SignOut {
            Plan::Reply(signed_out(self.clear(&cookies, head.url, true)))
        } else if request.special() == SpecialRoute::ShowLink {
            let page = self.link_page.as_deref();
            Plan::Reply(reply::show_link(page, path(head.url), request.query(), request.is_head()))
        } else {
            Plan::Forward(exchange.forward(head, url, &cookies.forward(false)))
        };
        Ok((plan, exchange))
    }

    /// The backend's URL that uses a magic link, by the body of the request.
    ///
    /// # Errors
    /// Those of [`magic_link::consume`].
    pub fn use_link(&self, exchange: &Exchange, body: &str) -> Result<String, Refusal> {
        let query = magic_link::consume(Form::of(&exchange.content_type)?, body)?;
        self.paths.beside(&exchange.backend, magic_link::LINK, Some(&query))
    }

    /// The list that has the token of the session which the body of a request names by its identifier, its URL and the
    /// headers with which it is asked for; `None` where the request passes as it is.
    ///
    /// # Errors
    /// [`Rule::SessionUnnamed`].
    pub fn listed(
        &self,
        exchange: &Exchange,
        body: &str,
    ) -> Result<Option<(List, String, Headers)>, Refusal> {
        let Wanted::Listed(list) = exchange.request.wanted(Form::of(&exchange.content_type).ok(), body)?
        else {
            return Ok(None);
        };
        let url = self.paths.beside(&exchange.backend, list.path, None)?;
        let mut headers = exchange.aside.clone();
        if list.body.is_some() {
            headers.push(("content-type".into(), "application/json".into()));
        }
        Ok(Some((list, url, headers)))
    }

    /// Where an OAuth provider's answer by form leads.
    ///
    /// # Errors
    /// Those of [`form_post::query`].
    pub fn form_post(&self, exchange: &Exchange, body: &str) -> Result<Reply, Refusal> {
        let mut headers = headers_of(ResponseKind::LeadOn);
        headers.push(("location".into(), self.paths.form_post(&exchange.request, body)?));
        Ok(Reply { status: 303, headers, body: Body::None })
    }

    /// Decides about an answer.
    pub fn response(&self, exchange: &Exchange, answer: &Answer<'_>) -> Outcome {
        if answer.status == 0 || answer.status >= 500 {
            // The backend may have done what it was asked all the same.
            let changes = exchange.settle(false, answer);
            return Outcome { changes, misnamed: None, reply: None };
        }
        let succeeded = invalidation::succeeded(answer.status, find(&answer.headers, "location"));
        let mut changes = exchange.settle(succeeded, answer);
        let lines = answer.headers.iter().filter(|(name, _)| *name == "set-cookie");
        let lines = self.lines(lines.map(|(_, line)| (*line).to_owned()).collect(), &exchange.own);
        let seconds = seconds(answer.now);
        if succeeded && !answer.aside && exchange.request.signs_in() {
            let misnamed = self.names.misnamed(&lines, seconds);
            if misnamed.is_some() {
                return Outcome { changes, misnamed, reply: None };
            }
        }
        let lines = self.passing(exchange, lines, answer, succeeded, &mut changes);
        if succeeded && !answer.aside && exchange.request.effect(true).reach == Reach::Arrival {
            changes.extend(self.names.arrived(&lines, seconds).map(Change::Arrive));
        }
        let reply =
            reply::made(answer, lines, &exchange.request, (&exchange.backend, &exchange.content_type));
        if let (Some((_, Some(clean))), true) = (&reply, succeeded && !answer.aside) {
            changes.extend(exchange.answered(clean));
        }
        Outcome { changes, misnamed: None, reply: reply.map(|(reply, _)| reply) }
    }

    /// The lines that may reach the browser, and what has to go with them.
    fn passing(
        &self,
        exchange: &Exchange,
        lines: Vec<String>,
        answer: &Answer<'_>,
        succeeded: bool,
        changes: &mut Vec<Change>,
    ) -> Vec<String> {
        let Exchange { request, sessions, navigates, .. } = exchange;
        let ends = !answer.aside && request.clears(succeeded);
        let looks = answer.aside || request.looks(*navigates);
        let context = LineContext { clears: ends || *navigates, looks, late: answer.late };
        let now = seconds(answer.now);
        let lines = self.names.passing(lines, sessions, context, now);
        if looks {
            return lines;
        }
        if self.names.replaces(&lines, sessions, now) {
            let arrived = self.names.arrived(&lines, now);
            let value = arrived.as_deref().and_then(|cookie| cookie.split_once('=')).map(|(_, value)| value);
            changes.push(Change::Replace(value.map(handles).unwrap_or_default()));
        }
        // What stands beside the own cookie would be left alone with the browser, or make the new one count for nothing.
        if ends { exchange.clearing.iter().cloned().chain(lines).collect() } else { lines }
    }
}

impl Exchange {
    /// What is sent to the backend. Nothing in it is the client's word but its cookies, and the headers that pass.
    fn forward(&self, head: &Head<'_>, url: String, cookie: &str) -> Forward {
        let special = self.request.special();
        let uses_link = special == SpecialRoute::UseLink;
        let mut headers = outgoing(&self.own, cookie, head.address);
        let passes = |name: &str| request_passes(name) && !(uses_link && name == "content-type");
        headers.extend(
            head.headers
                .iter()
                .filter(|(name, _)| passes(name))
                .map(|(name, value)| ((*name).into(), (*value).into())),
        );
        let effect = self.request.effect(true);
        Forward {
            method: if uses_link { "GET".into() } else { self.request.method().into() },
            url,
            special,
            headers,
            handles: self.handles.clone(),
            asks_first: matches!(effect.reach, Reach::User | Reach::Arrival),
            reads_body: !matches!(effect.reach, Reach::None | Reach::Own),
            renews: self.request.kind() == Kind::Session && self.request.method() == "GET",
        }
    }

    /// What a request changes, by whether the backend did what it was asked.
    fn settle(&self, succeeded: bool, answer: &Answer<'_>) -> Vec<Change> {
        let effect = self.request.effect(succeeded);
        if answer.aside || effect.reach == Reach::None {
            return Vec::new();
        }
        let mut changes: Vec<Change> = self.handles.iter().cloned().map(Change::Forget).collect();
        if effect.reach == Reach::Own {
            if effect.ends {
                changes.extend(self.handles.iter().cloned().map(Change::End));
            }
            return changes;
        }
        let sent = answer.sent.iter();
        let named = sent.flat_map(|(kind, body)| self.request.named(Form::of(kind).ok(), body));
        let before = changes.len();
        changes.extend(named.flat_map(|named| forget(named, effect.ends)));
        let known = changes.len() > before;
        // Where nobody could tell whose sessions these are, none is known any more.
        let untold = if effect.reach == Reach::Anyone { !known } else { answer.unknown };
        if untold {
            changes.push(Change::ForgetAll);
            if effect.ends {
                changes.push(Change::EndAll);
            }
        } else if let Some(user) = answer.user {
            changes.extend(forget(Named::Id(user.into()), effect.ends));
        }
        changes
    }

    /// What follows from the users whom the answer to a request names that changed something.
    fn answered(&self, clean: &str) -> Vec<Change> {
        if self.request.reads() || self.request.effect(true).reach == Reach::None {
            return Vec::new();
        }
        invalidation::answered(clean).into_iter().flat_map(|named| forget(named, false)).collect()
    }
}

/// What follows for the sessions of a user, of which `ends` says whether they are over.
pub fn forget(named: Named, ends: bool) -> Vec<Change> {
    let (mut changes, over) = match named {
        Named::Id(id) => (vec![Change::ForgetUser(id.clone())], vec![Change::EndUser(id)]),
        // Whose address that is, nobody may have asked yet.
        Named::Email(email) => (vec![Change::ForgetEmail(email)], vec![Change::EndAll]),
        Named::Token(token) => {
            let known = handles(&token);
            (
                known.iter().cloned().map(Change::Forget).collect(),
                known.into_iter().map(Change::End).collect(),
            )
        }
    };
    if ends {
        changes.extend(over);
    }
    changes
}

/// The headers of the handler's own: the app's origin, the backend's cookies, and the client's address where the app says
/// one that is an address.
pub(super) fn outgoing(own: &str, cookie: &str, client: &str) -> Headers {
    let mut headers = vec![("origin".into(), own.into()), ("accept-encoding".into(), "identity".into())];
    if !cookie.is_empty() {
        headers.push(("cookie".into(), cookie.into()));
    }
    headers.extend(address(client).map(|client| ("x-forwarded-for".into(), client)));
    headers
}

/// Seconds of milliseconds.
pub(super) fn seconds(milliseconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a date")]
    let seconds = (milliseconds / 1000.0) as i64;
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::cookies::Names;
    use crate::auth::count;
    use crate::auth::reply::AnswerBody;
    use crate::auth::routes::Paths;
    use crate::error::Rule;

    const SENT: &str = "theme=dark; codex-session=old.sig; codex.state=1";

    fn backend() -> Backend {
        Backend {
            names: Names::new("codex-session", None).unwrap(),
            paths: Paths::new("/api/auth", "/get-session", "/sign-out").unwrap(),
            domain: None,
            set_domain: None,
            origin: None,
            link_page: None,
            forgets: false,
        }
    }

    fn head<'a>(method: &'a str, url: &'a str, cookie: &'a str) -> Head<'a> {
        Head {
            backend: "http://auth:1/",
            method,
            url,
            address: "192.0.2.7",
            headers: vec![
                ("content-type", "application/json"),
                ("cookie", cookie),
                ("sec-fetch-dest", "empty"),
                ("sec-fetch-mode", "cors"),
                ("sec-fetch-site", "same-origin"),
                ("x-forwarded-for", "203.0.113.9"),
            ],
        }
    }

    fn answer<'a>(status: u16, headers: Vec<(&'a str, &'a str)>, body: &'a str) -> Answer<'a> {
        Answer {
            status,
            now: 0.0,
            late: false,
            aside: false,
            unknown: false,
            user: None,
            target: "http://auth:1/api/auth/sign-in/email",
            headers,
            body: AnswerBody::Json(body),
            sent: Vec::new(),
        }
    }

    #[test]
    fn one_accepted_sign_in_reads_its_url_once_and_its_cookies_once() {
        let backend = backend();
        count::take();
        let head = head("POST", "https://app.example/api/auth/sign-in/email?a", SENT);
        let (plan, exchange) = backend.request(&head).unwrap();
        let Plan::Forward(forward) = plan else { panic!("{plan:?}") };
        assert_eq!((forward.method.as_str(), forward.asks_first), ("POST", false));
        assert_eq!(forward.url, "http://auth:1/api/auth/sign-in/email?a");
        let headers: Vec<(&str, &str)> =
            forward.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            headers,
            [
                ("origin", "https://app.example"),
                ("accept-encoding", "identity"),
                ("cookie", "codex-session=old.sig; codex.state=1"),
                ("x-forwarded-for", "192.0.2.7"),
                ("content-type", "application/json"),
            ]
        );
        let line = "codex-session=new.sig; Path=/; HttpOnly";
        let outcome = backend.response(
            &exchange,
            &answer(
                200,
                vec![("content-type", "application/json"), ("set-cookie", line)],
                r#"{"token":"new","user":{"id":"u1"}}"#,
            ),
        );
        assert_eq!(count::take(), (1, 1));
        let reply = outcome.reply.unwrap();
        assert_eq!(reply.body, Body::Text(r#"{"user":{"id":"u1"}}"#.into()));
        let set = reply.headers.iter().find(|(name, _)| name == "set-cookie");
        // The app is reached by https, and the backend did not know.
        assert_eq!(
            set.map(|(_, line)| line.as_str()),
            Some("codex-session=new.sig; Path=/; HttpOnly; Secure")
        );
        let old = forward.handles.iter().cloned().map(Change::Forget);
        let expected = old
            .chain([Change::Replace(handles("new.sig")), Change::ForgetUser("u1".into())])
            .collect::<Vec<_>>();
        assert_eq!(outcome.changes, expected);
    }

    #[test]
    fn a_refused_request_reads_its_url_once_and_no_cookies() {
        let backend = backend();
        count::take();
        for (method, path, cookie) in [
            ("GET", "/api/auth/sign-out", SENT),
            ("POST", "/api/other", SENT),
            ("POST", "/api/auth/..%2fadmin", "codex-session=a; codex-session=b"),
        ] {
            let url = format!("https://app.example{path}");
            assert!(backend.request(&head(method, &url, cookie)).is_err(), "{path}");
            assert_eq!(count::take(), (1, 0), "{path}");
        }
    }

    #[test]
    fn a_backend_that_gives_no_answer_may_have_signed_out_all_the_same() {
        let backend = backend();
        let head = head("POST", "https://app.example/api/auth/sign-out", SENT);
        let (plan, exchange) = backend.request(&head).unwrap();
        let Plan::Forward(Forward { handles, .. }) = plan else { panic!("{plan:?}") };
        let over: Vec<Change> = handles
            .iter()
            .cloned()
            .map(Change::Forget)
            .chain(handles.iter().cloned().map(Change::End))
            .collect();
        for status in [0, 500, 503] {
            let outcome = backend.response(&exchange, &answer(status, Vec::new(), ""));
            assert_eq!(outcome, Outcome { changes: over.clone(), misnamed: None, reply: None }, "{status}");
        }
        assert!(!over.is_empty());
    }

    #[test]
    fn what_cannot_be_cleaned_does_not_pass_and_is_heeded_all_the_same() {
        let backend = backend();
        let head = head("POST", "https://app.example/api/auth/update-user", SENT);
        let (_, exchange) = backend.request(&head).unwrap();
        for body in [AnswerBody::Broken, AnswerBody::Json("{"), AnswerBody::Json("<p>")] {
            let said = Answer { user: Some("u1"), ..answer(200, Vec::new(), "") };
            let outcome = backend.response(&exchange, &Answer { body, ..said });
            assert_eq!(outcome.reply, None, "{body:?}");
            assert_eq!(outcome.changes.last(), Some(&Change::ForgetUser("u1".into())), "{body:?}");
        }
    }

    #[test]
    fn a_question_aside_changes_nothing() {
        let backend = backend();
        let head = head("POST", "https://app.example/api/auth/revoke-session", SENT);
        let (plan, exchange) = backend.request(&head).unwrap();
        assert!(matches!(plan, Plan::Forward(Forward { special: SpecialRoute::Revoke, .. })));
        let (list, url, headers) = backend.listed(&exchange, r#"{"id":"s1"}"#).unwrap().unwrap();
        assert_eq!((list.id.as_str(), url.as_str()), ("s1", "http://auth:1/api/auth/list-sessions"));
        assert!(headers.iter().all(|(name, _)| name != "content-type"));
        let said = Answer { aside: true, ..answer(404, Vec::new(), r#"{"code":"SESSION_NOT_FOUND"}"#) };
        let outcome = backend.response(&exchange, &said);
        assert_eq!(outcome.changes, []);
        let reply = outcome.reply.unwrap();
        assert!(matches!(&reply.body, Body::Text(body) if body.contains(r#""code":"signin-failed""#)
            || body.contains(r#""code":"rejected""#) || body.contains(r#""code":"field-invalid""#)));
        assert_eq!(backend.listed(&exchange, "{}").map_err(Refusal::rule), Err(Rule::SessionUnnamed));
    }
}
