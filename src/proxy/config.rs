//! What an app declares about its proxy, checked once, when the proxy is made.

use thiserror::Error;

use super::{
    headers::is_listable,
    response::CookieRule,
    response_headers::is_nameable,
    target::{Base, Place},
};
use crate::cookie::attributes::check_path;
use crate::cookie::syntax::check_name;
use crate::http::same_origin::Destination;

/// A mistake in a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The mount is no path.
    #[error("mount \"{0}\": an absolute path without query, fragment and empty segments")]
    Mount(String),
    /// No target was declared.
    #[error("a proxy has at least one target")]
    NoTarget,
    /// The name of a target is no path segment.
    #[error("target \"{0}\": a name is made of letters, digits, -, ., _ and ~")]
    Name(String),
    /// The URL of a target.
    #[error(
        "target \"{0}\": the URL is http or https, without credentials, query, fragment and odd path segments"
    )]
    Url(String),
    /// A cookie's name.
    #[error("target \"{0}\": \"{1}\" is no cookie name")]
    Cookie(String, String),
    /// A place for templates.
    #[error("target \"{0}\": templates stand in \"header\", \"query\" or \"body\", not in \"{1}\"")]
    Place(String, String),
    /// A method.
    #[error("target \"{0}\": \"{1}\" is no method that can be proxied")]
    Method(String, String),
    /// A header that no target can forward or set.
    #[error("target \"{0}\": the header \"{1}\" can neither be forwarded nor set")]
    Header(String, String),
    /// Attributes of a response cookie.
    #[error("target \"{0}\": the Domain or Path for the cookie \"{1}\" is none, or its prefix forbids it")]
    SetCookie(String, String),
    /// A response header that no target can name.
    #[error("target \"{0}\": responseHeaders must be names that the proxy does not answer for, got \"{1}\"")]
    ResponseHeader(String, String),
    /// A load that may never spend.
    #[error(
        "target \"{0}\": destinations must be \"image\", \"audio\", \"video\", \"track\", \"font\" or \"document\", got \"{1}\""
    )]
    Destination(String, String),
    /// A proof that there is not.
    #[error("target \"{0}\": proof must be \"fetch\" or \"header\", got \"{1}\"")]
    Proof(String, String),
    /// Loads that can carry no header, where one is asked for.
    #[error(
        "target \"{0}\": destinations must be empty where proof is \"header\", since no image or link carries one"
    )]
    HeaderlessLoad(String),
    /// An origin that redirects may lead to.
    #[error("target \"{0}\": redirects lead to origins such as https://files.example, and \"{1}\" is none")]
    Redirect(String, String),
}

/// A target as it is written down; lists that are `None` get their defaults.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// The path segment that stands for the target; empty for the only target of a proxy.
    pub name: String,
    /// `URL.href`; `None` where the URL comes with each request.
    pub url: Option<String>,
    /// Cookies that templates may spend. Default none.
    pub cookies: Option<Vec<String>>,
    /// Places where templates are filled in. Default `header`.
    pub templates: Option<Vec<String>>,
    /// The cookie that is sent as `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// Whether the app gives the value of `Authorization`, request by request.
    pub asks_for_bearer: bool,
    /// Methods. Default GET, HEAD, POST, PUT, PATCH and DELETE.
    pub methods: Option<Vec<String>>,
    /// Request headers beyond those that always pass.
    pub forward_headers: Option<Vec<String>>,
    /// Request headers that the server sets, whatever the client sends under their names.
    pub headers: Vec<String>,
    /// Response cookies that may pass.
    pub set_cookies: Vec<CookieRule>,
    /// Origins that the upstream's redirects may lead to, beside the target itself. Default none.
    pub redirects: Vec<String>,
    /// What proves a GET that spends: `fetch` or `header`. Default `fetch`.
    pub proof: Option<String>,
    /// Loads of the app's own pages that may spend. Default none.
    pub destinations: Vec<String>,
    /// Response headers that pass beyond those that always do. Default none.
    pub response_headers: Vec<String>,
    /// Whether an encoded slash or backslash may stand in a path. Default no.
    pub encoded_slashes: bool,
}

/// A target, checked.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) name: String,
    pub(super) base: Option<Base>,
    pub(super) cookies: Vec<String>,
    pub(super) places: Vec<Place>,
    pub(super) bearer: Option<String>,
    pub(super) methods: Vec<String>,
    pub(super) forward_headers: Vec<String>,
    /// Request headers that the server sets.
    pub(super) headers: Vec<String>,
    /// The response cookies that may pass.
    pub set_cookies: Vec<CookieRule>,
    /// Origins that redirects may lead to.
    pub(super) redirects: Vec<String>,
    /// Whether a GET that spends needs the header that no markup can send.
    pub(super) needs_header: bool,
    /// Loads of the app's own pages that may spend.
    pub(super) destinations: Vec<Destination>,
    /// Response headers that pass beyond those that always do.
    pub response_headers: Vec<String>,
    /// Whether an encoded slash or backslash may stand in a path.
    pub(super) encoded_slashes: bool,
}

impl Target {
    fn new(declared: Declaration) -> Result<Self, Mistake> {
        let name = declared.name;
        let segment = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if !name.bytes().all(segment) || name == "." || name == ".." {
            return Err(Mistake::Name(name));
        }
        let base = match &declared.url {
            Some(url) => Some(Base::parse(url).ok_or_else(|| Mistake::Url(name.clone()))?),
            None => None,
        };
        let base = base.map(|base| base.with_encoded_slashes(declared.encoded_slashes));
        let cookies = declared.cookies.unwrap_or_default();
        for cookie in cookies.iter().chain(&declared.bearer) {
            check_name(cookie.as_str()).map_err(|_| Mistake::Cookie(name.clone(), cookie.clone()))?;
        }
        let places = match declared.templates {
            None => vec![Place::Header],
            Some(places) => places
                .into_iter()
                .map(|place| match place.as_str() {
                    "header" => Ok(Place::Header),
                    "query" => Ok(Place::Query),
                    "body" => Ok(Place::Body),
                    _ => Err(Mistake::Place(name.clone(), place)),
                })
                .collect::<Result<_, _>>()?,
        };
        let methods = match declared.methods {
            None => ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].map(String::from).into(),
            Some(methods) => {
                methods.into_iter().map(|method| check_method(&name, &method)).collect::<Result<_, _>>()?
            }
        };
        let forward_headers = check_headers(&name, declared.forward_headers.unwrap_or_default())?;
        let mut headers = check_headers(&name, declared.headers)?;
        if declared.asks_for_bearer {
            headers.push("authorization".into());
        }
        for rule in &declared.set_cookies {
            check_cookie_rule(&name, rule)?;
        }
        if let Some(other) =
            declared.redirects.iter().find(|origin| crate::http::same_origin::of(origin) != Some(origin))
        {
            return Err(Mistake::Redirect(name, other.clone()));
        }
        let set_cookies = declared.set_cookies;
        let needs_header = match declared.proof.as_deref() {
            None | Some("fetch") => false,
            Some("header") => true,
            Some(other) => return Err(Mistake::Proof(name, other.into())),
        };
        let destinations = check_destinations(&name, declared.destinations, needs_header)?;
        let response_headers = check_response_headers(&name, declared.response_headers)?;
        Ok(Self {
            name,
            base,
            cookies,
            places,
            bearer: declared.bearer,
            methods,
            forward_headers,
            headers,
            set_cookies,
            redirects: declared.redirects,
            needs_header,
            destinations,
            response_headers,
            encoded_slashes: declared.encoded_slashes,
        })
    }

    /// The methods that the target allows, as the `Allow` header lists them.
    pub fn allow(&self) -> String {
        self.methods.join(", ")
    }
}

/// The names in lower case.
fn check_headers(target: &str, names: Vec<String>) -> Result<Vec<String>, Mistake> {
    let check = |name: String| {
        let name = name.to_ascii_lowercase();
        if is_listable(&name) { Ok(name) } else { Err(Mistake::Header(target.into(), name)) }
    };
    names.into_iter().map(check).collect()
}

/// The names in lower case.
fn check_response_headers(target: &str, names: Vec<String>) -> Result<Vec<String>, Mistake> {
    let check = |name: String| {
        let name = name.to_ascii_lowercase();
        if is_nameable(&name) { Ok(name) } else { Err(Mistake::ResponseHeader(target.into(), name)) }
    };
    names.into_iter().map(check).collect()
}

fn check_destinations(
    target: &str,
    names: Vec<String>,
    needs_header: bool,
) -> Result<Vec<Destination>, Mistake> {
    if needs_header && !names.is_empty() {
        return Err(Mistake::HeaderlessLoad(target.into()));
    }
    let known =
        |name: String| Destination::parse(&name).ok_or_else(|| Mistake::Destination(target.into(), name));
    names.into_iter().map(known).collect()
}

fn check_method(target: &str, method: &str) -> Result<String, Mistake> {
    let upper = method.to_ascii_uppercase();
    // `fetch` sends none of these (Fetch standard, forbidden method).
    let forbidden = ["CONNECT", "TRACE", "TRACK"].contains(&upper.as_str());
    // A method is a token, as a cookie's name is (RFC 9110 section 9.1).
    if forbidden || check_name(upper.as_str()).is_err() {
        return Err(Mistake::Method(target.into(), method.into()));
    }
    Ok(upper)
}

fn check_cookie_rule(target: &str, rule: &CookieRule) -> Result<(), Mistake> {
    check_name(rule.name.as_str()).map_err(|_| Mistake::Cookie(target.into(), rule.name.clone()))?;
    let host_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let domain = rule.domain.as_ref().is_none_or(|d| !d.is_empty() && d.bytes().all(host_byte));
    let path = rule.path.as_ref().is_none_or(|path| check_path(path.as_str()).is_ok());
    let lower = rule.name.to_ascii_lowercase();
    let host = lower.starts_with("__host-")
        && (rule.domain.is_some() || rule.path.as_ref().is_some_and(|path| path != "/"));
    if domain && path && !host { Ok(()) } else { Err(Mistake::SetCookie(target.into(), rule.name.clone())) }
}

/// A proxy, checked: targets under a mount.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The path before the target, without a slash at its end.
    pub(super) mount: String,
    /// The app's own origin where it was declared.
    pub(super) origin: Option<String>,
    pub(super) targets: Vec<Target>,
    /// Largest body with values filled in, in bytes.
    pub(super) body_limit: usize,
}

impl Proxy {
    /// Checks a declaration. `origin` is as `URL.origin` gives it; `body_limit` is in bytes.
    ///
    /// # Errors
    /// The first [`Mistake`].
    pub fn new(
        mount: &str,
        origin: Option<String>,
        targets: Vec<Declaration>,
        body_limit: usize,
    ) -> Result<Self, Mistake> {
        let path = mount.strip_suffix('/').unwrap_or(mount);
        let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\');
        let absolute = mount.starts_with('/') && path.bytes().all(legal) && !path.contains("//");
        if !absolute || path.split('/').any(|segment| crate::http::redirect::dots(segment) > 0) {
            return Err(Mistake::Mount(mount.into()));
        }
        if targets.is_empty() {
            return Err(Mistake::NoTarget);
        }
        let targets = targets.into_iter().map(Target::new).collect::<Result<_, _>>()?;
        Ok(Self { mount: path.into(), origin, targets, body_limit })
    }

    /// A target by its index.
    pub fn target(&self, index: usize) -> Option<&Target> {
        self.targets.get(index)
    }

    /// Whether any target forwards or reads a request header; its name is lower-case.
    pub fn wants(&self, header: &str) -> bool {
        super::headers::passes(header)
            || super::headers::is_evidence(header)
            || self.targets.iter().any(|target| target.forward_headers.iter().any(|name| name == header))
    }
}
