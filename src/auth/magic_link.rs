//! Magic links: a page asks before a link is used.
//!
//! The link of a mail is opened by more than its reader: mail scanners follow it, and a link that signs in by GET is
//! used up before anybody has clicked. So GET shows a page, and the page's form POSTs.

use std::fmt::Write;

use crate::auth::failure;
use crate::auth::failure::Failure;
use crate::auth::flow::Flow;
use crate::error::{Refusal, Rule};
use crate::http::form::Form;
use crate::http::json::Json;
use crate::http::{form, json};

/// Better Auth's path that uses a magic link.
pub const LINK: &str = "magic-link/verify";

/// The fields of a link.
const FIELDS: [&str; 4] = ["token", "callbackURL", "newUserCallbackURL", "errorCallbackURL"];

/// Policy of [`page`]: it has one form and loads nothing. No sandbox, since a form from an opaque origin proves nothing.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where the page of the app lies that asks: its path with the query of the link.
///
/// ```
/// use httponly::auth::magic_link::location;
///
/// assert_eq!(location("/magic-link", Some("token=t&callbackURL=%2F")), "/magic-link?token=t&callbackURL=%2F");
/// ```
pub fn location(page: &str, query: Option<&str>) -> String {
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{page}{}{query}", form::joint(page)),
        None => page.into(),
    }
}

/// A page that asks, for an app without one of its own: HTML whose form POSTs the fields of the link to `action`.
pub fn page(action: &str, query: Option<&str>) -> String {
    let fields = Form::UrlEncoded.members(query.unwrap_or_default()).unwrap_or_default();
    let mut inputs = String::new();
    for name in FIELDS {
        let value = fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        if let Some(Json::String(value)) = value {
            let _ = write!(inputs, r#"<input type="hidden" name="{name}" value="{}">"#, escape(value));
        }
    }
    let action = escape(action);
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Sign in</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; margin: 0; text-align: center; color-scheme: light dark }}
button {{ font: inherit; padding: .6rem 1.6rem; border: 0; border-radius: 8px; background: #2b4acb; color: #fff; cursor: pointer }}
</style>
<main>
<h1>Sign in</h1>
<p>Your link is ready. It works once.</p>
<form method="post" action="{action}">{inputs}<button>Sign in</button></form>
</main>
</html>
"#
    )
}

/// The query of the backend's GET, from the body of the POST that uses the link.
///
/// # Errors
/// [`Rule::EndpointContent`] for a body that is neither form nor JSON, [`Rule::FlowField`] without a token,
/// [`Rule::FlowText`] for a field that stands twice or is no text.
///
/// ```
/// use httponly::http::form::Form;
/// use httponly::auth::magic_link::consume;
///
/// assert_eq!(consume(Form::UrlEncoded, "token=t%26x&callbackURL=/a&b=c").unwrap(), "token=t%26x&callbackURL=/a");
/// ```
pub fn consume(form: Form, body: &str) -> Result<String, Refusal> {
    let fields = form.members(body).ok_or(Rule::EndpointContent)?;
    let out = form::select(&fields, &FIELDS, form::Empty::LeftOut).ok_or(Rule::FlowText)?;
    if out.starts_with("token=") { Ok(out) } else { Err(Rule::FlowField.into()) }
}

/// What a program gets, which does not follow redirects, where the backend redirects: a status and JSON. `location` is
/// in the app already.
///
/// ```
/// use httponly::auth::magic_link::answer;
///
/// assert_eq!(answer("/library"), (200, r#"{"redirect":true,"url":"/library"}"#.into()));
/// assert_eq!(answer("/?error=INVALID_TOKEN").0, 401);
/// ```
pub fn answer(location: &str) -> (u16, String) {
    let query = location.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let fields = Form::UrlEncoded.members(query).unwrap_or_default();
    let mut out = String::new();
    let error = fields.into_iter().find(|(name, _)| name == "error");
    if let Some((_, Json::String(reason))) = error {
        out.push_str("{\"code\":");
        json::push_string(&reason, &mut out);
        out.push_str(",\"message\":\"the link is used up or too old\"}");
        let reason = Some(reason).filter(|reason| failure::is_plain(reason));
        let failure = Failure::refused(Some(Flow::UseMagicLink), 401, reason.as_deref());
        return (401, failure::typed(&out, &Failure { reason, ..failure }));
    }
    out.push_str("{\"redirect\":true,\"url\":");
    json::push_string(location, &mut out);
    out.push('}');
    (200, out)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_the_fields_of_the_link_and_runs_none_of_them() {
        let html = page("/api/auth/magic-link/verify", Some("token=%22%3E%3Cscript%3E&callbackURL=%2Fa&x=y"));
        assert!(html.contains(r#"name="token" value="&#34;&#62;&#60;script&#62;""#), "{html}");
        assert!(html.contains(r#"name="callbackURL" value="/a""#));
        assert!(!html.contains("<script") && !html.contains("name=\"x\""));
        assert!(page("/a\"b", None).contains(r#"action="/a&#34;b""#));
    }

    #[test]
    fn using_a_link_takes_its_fields_once() {
        for (form, body, expected) in [
            (Form::Json, r#"{"token":"a b&c"}"#, Ok("token=a%20b%26c")),
            (Form::Json, r#"{"callbackURL":"/a?b","token":"t"}"#, Ok("token=t&callbackURL=/a%3Fb")),
            (Form::UrlEncoded, "token=t&errorCallbackURL=", Ok("token=t")),
            (Form::UrlEncoded, "token=t&token=u", Err(Rule::FlowText)),
            (Form::Json, r#"{"token":1}"#, Err(Rule::FlowText)),
            (Form::Json, r#"{"callbackURL":"/a"}"#, Err(Rule::FlowField)),
            (Form::UrlEncoded, "", Err(Rule::FlowField)),
            (Form::Json, "token=t", Err(Rule::EndpointContent)),
        ] {
            let got = consume(form, body).map_err(Refusal::rule);
            assert_eq!(got.as_deref(), expected.as_ref().map(|query| *query), "{body}");
        }
    }
}
