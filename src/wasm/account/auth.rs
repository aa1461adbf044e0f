//! Signing in, signing out, and who is signed in: asked of the page's own server.

use gloo_net::http::{Method, RequestBuilder};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::prelude::*;
use web_sys::RequestRedirect;

use super::{Location, absolute, option, page, put, refused, thrown};
use crate::auth::client::{
    self, Failure, Operation, SignInMethod, SignInResult, arrival, failure, is_decided, session, target, way,
    with_error,
};
use crate::error::Rule;

/// An answer, read to its end.
struct Answer {
    status: u16,
    body: String,
    retry_after: Option<f64>,
}

/// Throws the failure with which the page was reached from a sign-in elsewhere, by the query of its address.
#[wasm_bindgen(js_name = cameBack)]
pub fn came_back(query: &str) -> Result<(), JsValue> {
    client::came_back(query).map_or(Ok(()), |failure| Err(object(failure).into()))
}

/// A failure as it is thrown.
fn object(failure: Failure) -> Object {
    let rule = failure.rule.map(Rule::text);
    let object: Object = thrown(failure.code.as_str(), &failure.message, rule).unchecked_into();
    if let Some(reason) = failure.reason {
        put(&object, "reason", &reason.into());
    }
    object
}

impl Answer {
    fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What is thrown for an answer that did not do what was asked.
    fn refuse(&self, asked: Operation) -> Object {
        self.throw(failure(asked, self.status, &self.body))
    }

    fn throw(&self, failure: Failure) -> Object {
        let object = object(failure);
        if let Some(seconds) = self.retry_after {
            put(&object, "retryAfter", &seconds.into());
        }
        object
    }
}

async fn ask(method: Method, url: &str, body: Option<&Object>) -> Result<Answer, JsValue> {
    let unreachable = |_| refused(Rule::Network);
    // What goes astray is not to be sent on to wherever an answer says.
    let builder = RequestBuilder::new(url)
        .method(method)
        .redirect(RequestRedirect::Manual)
        .header("x-httponly", "1")
        .header("accept", "application/json");
    let request = match body {
        Some(body) => builder.header("content-type", "application/json").body(JSON::stringify(body)?),
        None => builder.build(),
    };
    let response = request.map_err(unreachable)?.send().await.map_err(unreachable)?;
    let seconds = response.headers().get("retry-after").and_then(|text| text.parse::<u32>().ok());
    Ok(Answer {
        status: response.status(),
        body: response.text().await.map_err(unreachable)?,
        retry_after: seconds.map(f64::from),
    })
}

/// The address of a path below the endpoint.
fn below(endpoint: String, path: &str, location: &Location) -> String {
    let mut url = absolute(endpoint, location);
    url.truncate(url.trim_end_matches('/').len());
    url + path
}

/// A target of the page's own that an option names.
fn target_option(options: &JsValue, key: &str, own: &str) -> Option<String> {
    let wanted = option(options, key)?;
    Some(target(&wanted.as_string().unwrap_or_default(), own).into_owned())
}

/// Signs in. `{ user, to, leaves }`: the user, null where none is signed in yet; where the page has to go, if anywhere;
/// whether signing in goes on there. Of an error, `to` is where the page has to go with it.
#[wasm_bindgen(js_name = signin)]
pub async fn sign_in(endpoint: String, options: JsValue) -> Result<JsValue, JsValue> {
    let (_, location) = page()?;
    let own = location.origin();
    let provider = option(&options, "provider").and_then(|provider| provider.as_string()).unwrap_or_default();
    let way = way(&provider).ok_or_else(|| refused(Rule::ProviderName))?;
    let success = target_option(&options, "successCallback", &own);
    let failed = target_option(&options, "failureCallback", &own);

    let body = Object::new();
    match option(&options, "credentials") {
        Some(credentials) if credentials.is_object() => {
            Object::assign(&body, credentials.unchecked_ref());
        }
        None if way == SignInMethod::OAuth => {}
        _ => return Err(refused(Rule::CredentialsNotObject)),
    }
    if way != SignInMethod::Credentials {
        // Without a word about it the visitor comes back to where an error can be shown.
        let here = || target(&location.pathname(), &own).into_owned();
        put(&body, "callbackURL", &success.as_deref().unwrap_or("/").into());
        put(&body, "errorCallbackURL", &failed.clone().unwrap_or_else(here).into());
    }
    if way == SignInMethod::OAuth {
        put(&body, "provider", &provider.into());
    }

    let answer = ask(Method::POST, &below(endpoint, way.path(), &location), Some(&body)).await?;
    let arrived = if answer.succeeded() {
        arrival(way, &answer.body).map_err(|rule| refused(rule).unchecked_into())
    } else {
        Err(answer.refuse(Operation::SignIn))
    };
    let arrived = arrived.inspect_err(|error| {
        let text = |key| option(error, key).and_then(|value| value.as_string());
        let code = text("code").unwrap_or_default();
        if let Some(failed) = failed.filter(|_| is_decided(&code)) {
            put(error, "to", &with_error(&failed, &code, text("reason").as_deref()).into());
        }
    })?;

    let outcome = Object::new();
    let (user, to, leaves) = match arrived {
        SignInResult::Here(user) => (JSON::parse(&user)?, success, false),
        SignInResult::Go(url) => (JsValue::NULL, Some(url), true),
        SignInResult::Mail => (JsValue::NULL, None, false),
        SignInResult::SecondFactor(methods) => {
            let methods: Array = methods.iter().map(|method| JsValue::from_str(method)).collect();
            put(&outcome, "methods", &methods);
            (JsValue::NULL, None, false)
        }
    };
    put(&outcome, "user", &user);
    put(&outcome, "to", &to.into());
    put(&outcome, "leaves", &leaves.into());
    Ok(outcome.into())
}

/// Signs out, here or everywhere; gives where the page has to go, if anywhere.
#[wasm_bindgen(js_name = signout)]
pub async fn sign_out(endpoint: String, options: JsValue) -> Result<Option<String>, JsValue> {
    let (_, location) = page()?;
    let to = target_option(&options, "callback", &location.origin());
    let everywhere = option(&options, "everywhere").is_some_and(|everywhere| everywhere.is_truthy());
    let nothing = Object::new();
    if everywhere {
        let url = below(endpoint.clone(), "/revoke-sessions", &location);
        let answer = ask(Method::POST, &url, Some(&nothing)).await?;
        if !answer.succeeded() {
            return Err(answer.refuse(Operation::SignOut).into());
        }
    }
    let answer = ask(Method::POST, &below(endpoint, "/sign-out", &location), Some(&nothing)).await?;
    // Whose session is over is signed out.
    let done = answer.succeeded() && !answer.body.trim_start().starts_with('<');
    if !done && answer.status != 401 {
        return Err(answer.refuse(Operation::SignOut).into());
    }
    Ok(to)
}

/// Who is signed in: `{ user, session }`, with `data` where the backend says more, or null.
#[wasm_bindgen(js_name = getSession)]
pub async fn get_session(endpoint: String) -> Result<JsValue, JsValue> {
    let (_, location) = page()?;
    let answer = ask(Method::GET, &below(endpoint, "/get-session", &location), None).await?;
    let Some((user, session, data)) =
        session(answer.status, &answer.body).map_err(|failure| answer.throw(failure))?
    else {
        return Ok(JsValue::NULL);
    };
    let found = Object::new();
    put(&found, "user", &JSON::parse(&user)?);
    put(&found, "session", &JSON::parse(&session)?);
    if let Some(data) = data {
        put(&found, "data", &JSON::parse(&data)?);
    }
    Ok(found.into())
}
