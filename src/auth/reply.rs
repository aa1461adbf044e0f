//! What the page gets: the backend's answer without what a page must not hold, or an answer of the handler's own.

use crate::auth::magic_link;
use crate::auth::request::{AuthRequest, SpecialRoute};
use crate::auth::routes::{is_json, relocate, response_passes};
use crate::auth::session_response::without_tokens;
use crate::http::form::Form;
use crate::http::response::Kind;
use crate::http::retry_after;

/// Names and values of headers.
pub type Headers = Vec<(String, String)>;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// This text.
    Text(String),
    /// What the backend sends, as it comes.
    Backend,
}

/// The body of a backend's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerBody<'a> {
    /// It is not JSON, and has not been read.
    Unread,
    /// It is JSON by its type, and too large, broken off or not UTF-8.
    Broken,
    /// JSON, by its type.
    Json(&'a str),
}

/// What is known when the backend has answered, or has not.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The time, in milliseconds since 1970.
    pub now: f64,
    /// Whether the browser has got another session meanwhile.
    pub late: bool,
    /// Whether it answers a question of the handler's own, and not the request.
    pub aside: bool,
    /// Whether nobody could tell before whose the request was.
    pub unknown: bool,
    /// The user whose it was.
    pub user: Option<&'a str>,
    /// The URL that was requested.
    pub target: &'a str,
    /// Names, in lower case, and values, of which each `Set-Cookie` line is one.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: AnswerBody<'a>,
    /// The bodies that were sent to the backend or to the handler, with their content types.
    pub sent: Vec<(&'a str, &'a str)>,
}

/// The backend's answer as the page gets it, with these `Set-Cookie` lines, and its body without tokens where that is
/// JSON; `None` for JSON that cannot be read: what cannot be cleaned does not pass.
pub(super) fn made(
    answer: &Answer<'_>,
    lines: Vec<String>,
    request: &AuthRequest,
    (backend, content_type): (&str, &str),
) -> Option<(Reply, Option<String>)> {
    let clean = match answer.body {
        AnswerBody::Unread => None,
        AnswerBody::Broken => return None,
        // Better Auth answers an unknown path with nothing at all.
        AnswerBody::Json("") => Some(String::new()),
        AnswerBody::Json(body) => Some(without_tokens(body)?),
    };
    let mut headers: Headers = answer
        .headers
        .iter()
        .filter(|(name, _)| response_passes(name))
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    headers.extend(lines.into_iter().map(|line| ("set-cookie".into(), line)));
    let said = |name| find(&answer.headers, name);
    let local = said("location").and_then(|to| relocate(backend, answer.target, to));
    headers.extend(local.map(|local| ("location".into(), local)));
    let wait = retry_after::seconds(said("retry-after"), said("x-retry-after"), answer.now);
    headers.extend(wait.map(|wait| ("retry-after".into(), wait.to_string())));
    for (name, value) in Kind::Backend.headers() {
        set(&mut headers, name, value);
    }

    let mut body = match (&clean, answer.status) {
        (_, 101 | 103 | 204 | 205 | 304) => Body::None,
        (Some(clean), _) => Body::Text(clean.clone()),
        (None, _) => Body::Backend,
    };
    if answer.status >= 400 && !request.is_head() {
        let said_by = said("content-type");
        if !is_json(said_by) || said_by.is_none() {
            set(&mut headers, "content-type", "application/json");
        }
        body = Body::Text(request.refusal(answer.status, clean.as_deref().unwrap_or_default()));
    }
    let reply = Reply { status: answer.status, headers, body };
    let used = !answer.aside && request.special() == SpecialRoute::UseLink;
    Some((if used { after_link(reply, content_type) } else { reply }, clean))
}

/// The value of a header.
pub(super) fn find<'a>(headers: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The answer to the link of a mail: the app's page that asks, or the built-in one, whose form posts to `path`.
pub fn show_link(page: Option<&str>, path: &str, query: Option<&str>, head: bool) -> Reply {
    let mut headers = headers_of(Kind::LinkPage);
    if let Some(page) = page {
        headers.push(("location".into(), magic_link::location(page, query)));
        return Reply { status: 303, headers, body: Body::None };
    }
    headers.push(("content-type".into(), "text/html; charset=utf-8".into()));
    headers.push(("content-security-policy".into(), magic_link::PAGE_POLICY.into()));
    let body = if head { Body::None } else { Body::Text(magic_link::page(path, query)) };
    Reply { status: 200, headers, body }
}

/// What the use of a magic link answers where the backend redirects: 303 for a form, JSON for a program.
fn after_link(reply: Reply, content_type: &str) -> Reply {
    let Reply { status, mut headers, .. } = reply.clone();
    let location = headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
    let (300..=399, Some(location)) = (status, location) else { return reply };
    if Form::of(content_type) != Ok(Form::Json) {
        return Reply { status: 303, headers, body: Body::None };
    }
    let (status, body) = magic_link::answer(&location);
    headers.retain(|(name, _)| name != "location");
    set(&mut headers, "content-type", "application/json");
    Reply { status, headers, body: Body::Text(body) }
}

/// The answer for a sign-out that no backend takes part in.
pub(super) fn signed_out(lines: Vec<String>) -> Reply {
    let mut headers = headers_of(Kind::Session);
    headers.push(("content-type".into(), "application/json".into()));
    headers.extend(lines.into_iter().map(|line| ("set-cookie".into(), line)));
    Reply { status: 200, headers, body: Body::Text("{\"success\":true}".into()) }
}

/// The headers of a kind of response.
pub(super) fn headers_of(kind: Kind) -> Headers {
    kind.headers().iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn set(headers: &mut Headers, name: &str, value: &str) {
    headers.retain(|(known, _)| known != name);
    headers.push((name.into(), value.into()));
}
