//! What is sent upstream for one request: decided from its head alone, and then, where the target fills in bodies,
//! from its body.

use std::borrow::Cow;

use super::{
    config::{Proxy, Target},
    headers::{self, BODY_HEADER, URL_HEADER},
    target::{Base, Place},
};
use crate::cookie::attributes::Prefix;
use crate::cookie::header::pairs;
use crate::cookie::syntax::decode_value;
use crate::error::{Code, Refusal, Rule};
use crate::http::same_origin;
use crate::http::same_origin::Claims;
use crate::template;
use crate::template::{Context, substitute, substitute_within};

/// The head of a request that came to the proxy.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The URL in normal form, as `Request.url` gives it.
    pub url: &'a str,
    /// The URL of the target where it comes with each request, as `URL.href` gives it.
    pub base: Option<&'a str>,
    /// The client's address from a source that the app trusts.
    pub client: Option<&'a str>,
    /// Names in lower case and values; of a repeated header one value with commas, as `Headers` gives it.
    pub headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Incoming<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1)
    }

    fn claims(&self) -> Claims<'a> {
        Claims {
            site: self.get("sec-fetch-site"),
            mode: self.get("sec-fetch-mode"),
            dest: self.get("sec-fetch-dest"),
            purpose: self.get("sec-purpose"),
            origin: self.get("origin"),
            header: self.get(same_origin::PROOF_HEADER),
        }
    }

    fn prove(&self, own: Option<&str>) -> Result<(), Refusal> {
        same_origin::prove(self.claims(), own.or_else(|| same_origin::of(self.url)).unwrap_or_default())
    }

    /// Refuses a request that may not spend a cookie on a target: one without the proof, unless it is a load of the app's
    /// own pages that the target names; and where the target asks for it, a reading one without the header of proof.
    fn check_spending(&self, target: &Target, own: Option<&str>) -> Result<(), Refusal> {
        let reads = matches!(self.method, "GET" | "HEAD");
        let claims = self.claims();
        if self.method == "GET" && target.destinations.iter().any(|destination| destination.is_load(claims)) {
            return Ok(());
        }
        if target.needs_header && reads && claims.header != Some("1") {
            return Err(Rule::ProofHeader.into());
        }
        self.prove(own)
    }

    /// Path and query of the URL.
    fn address(&self) -> Result<(&'a str, Option<&'a str>), Refusal> {
        let origin = same_origin::of(self.url).ok_or(Rule::UrlSyntax)?;
        let address = self.url.get(origin.len()..).unwrap_or_default();
        let address = address.split('#').next().unwrap_or_default();
        Ok(match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address, None),
        })
    }
}

/// A request header on its way upstream.
pub type Header<'a> = (&'a str, Cow<'a, str>);

/// A request on its way upstream.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "answers that do not hang together")]
pub struct Plan<'a> {
    /// The index of the target.
    pub target: usize,
    /// The URL.
    pub url: String,
    /// The headers, each name once.
    pub headers: Vec<Header<'a>>,
    /// Whether a cookie is spent on it, or headers of the server's own say who the user is.
    pub spends: bool,
    /// Whether the body is to be read and filled in, by [`Proxy::fill`].
    pub fills_body: bool,
    /// Whether [`URL_HEADER`] named the URL.
    pub by_header: bool,
    /// Whether response cookies may pass: only to the app's own origin, as what is spent.
    pub sets: bool,
    /// Whether the method is idempotent, so that the request may be sent again (RFC 9110 section 9.2.2).
    pub idempotent: bool,
}

impl Proxy {
    /// The index of the target that an address names, and what stands behind it, without a slash before it.
    fn locate<'p>(&self, path: &'p str) -> Result<(usize, &'p str), Refusal> {
        let rest = path.strip_prefix(self.mount.as_str()).ok_or(Rule::TargetUnknown)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(Rule::TargetUnknown.into());
        }
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if let [only] = self.targets.as_slice()
            && only.name.is_empty()
        {
            return Ok((0, rest));
        }
        let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let index = self.targets.iter().position(|target| target.name == name);
        Ok((index.ok_or(Rule::TargetUnknown)?, rest))
    }

    /// The target that a request URL names.
    ///
    /// # Errors
    /// [`Rule::UrlSyntax`], [`Rule::TargetUnknown`].
    pub fn find(&self, url: &str) -> Result<usize, Refusal> {
        let incoming = Incoming { method: "", url, base: None, client: None, headers: Vec::new() };
        Ok(self.locate(incoming.address()?.0)?.0)
    }

    fn own_origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Decides where a request goes, and with what.
    ///
    /// # Errors
    /// [`Rule::TargetUnknown`], [`Rule::TargetMethod`], [`Rule::TargetScript`], [`Rule::TargetUrl`],
    /// [`Rule::UrlSyntax`], [`Rule::TemplatePlace`], [`Rule::TargetCookie`], [`Rule::CookieTwice`], [`Rule::CookieAbsent`],
    /// [`Rule::ProofMissing`], [`Rule::HeaderValue`]: nothing is to be sent.
    pub fn plan<'a>(&'a self, incoming: &Incoming<'a>) -> Result<Plan<'a>, Refusal> {
        let (path, query) = incoming.address()?;
        let (index, rest) = self.locate(path)?;
        let target = self.targets.get(index).ok_or(Rule::TargetUnknown)?;
        if !target.methods.iter().any(|method| method == incoming.method) {
            return Err(Rule::TargetMethod.into());
        }
        // With no cookie spent, no proof is asked for; but at this address it would be the app's own script.
        if same_origin::runs(incoming.get("sec-fetch-dest"), incoming.get("sec-fetch-mode")) {
            return Err(Rule::TargetScript.into());
        }
        let dynamic = target.dynamic(incoming.base);
        let base = target.base.as_ref().or(dynamic.as_ref()).ok_or(Rule::UpstreamUrl)?;
        let named_by_header = incoming.get(URL_HEADER).filter(|url| !url.is_empty());
        let (rest, query) = match named_by_header {
            Some(url) => base.inside(url)?,
            None => (rest, query),
        };
        // Resolved before any cookie is looked at.
        base.join(rest, None)?;

        let mut spendable = SpendableCookies::new(target, incoming);
        if let Some(query) = query.filter(|_| target.fills(Place::Query)) {
            spendable.note(query, Context::Query)?;
        }
        let connection = incoming.get("connection");
        let fills_body =
            target.fills(Place::Body) && (named_by_header.is_none() || incoming.get(BODY_HEADER).is_some());
        let mut out: Vec<Header<'a>> = Vec::with_capacity(incoming.headers.len() + 4);
        for &(name, value) in &incoming.headers {
            let listed = target.forward_headers.iter().any(|header| header == name);
            let set_here = target.headers.iter().any(|header| header == name);
            // A digest would not be true of a body that is filled in.
            let stale = fills_body && headers::is_digest(name);
            if set_here || stale || !listed && !headers::passes(name) || headers::nominates(connection, name)
            {
                continue;
            }
            if listed && target.fills(Place::Header) {
                spendable.note(value, Context::Header)?;
            }
            out.push((name, value.into()));
        }
        let credentials = credentials(target, incoming, &spendable)?;
        // What the server says of its user is worth as much as the user's cookie.
        let spends = spendable.is_open() || credentials.is_some() || !target.headers.is_empty();
        if spends {
            incoming.check_spending(target, self.own_origin())?;
        }

        let query = match query {
            Some(query) if spendable.is_open() && target.fills(Place::Query) => {
                Some(substitute(query, Context::Query, |name| Ok(spendable.text(name)))?)
            }
            query => query.map(Cow::Borrowed),
        };
        if spendable.is_open() && target.fills(Place::Header) {
            for (name, value) in &mut out {
                let listed = target.forward_headers.iter().any(|header| header == name);
                if let Cow::Borrowed(text) = value
                    && listed
                {
                    *value = substitute(text, Context::Header, |name| Ok(decode_value(spendable.raw(name))))?;
                }
            }
        }
        out.extend(credentials.map(|value| ("authorization", Cow::Owned(value))));
        // A part of a compressed body could not be decompressed: `fetch` itself asks for `identity` beside a range.
        if incoming.get("range").is_none() {
            out.push(("accept-encoding", "gzip, deflate".into()));
        }
        out.extend(incoming.client.and_then(headers::address).map(|ip| ("x-forwarded-for", Cow::Owned(ip))));
        if let Some((scheme, host)) = self.own_origin().and_then(|origin| origin.split_once("://")) {
            out.push(("x-forwarded-proto", scheme.into()));
            out.push(("x-forwarded-host", host.into()));
        }
        Ok(Plan {
            target: index,
            url: base.join(rest, query.as_deref())?,
            headers: out,
            spends,
            fills_body,
            by_header: named_by_header.is_some(),
            sets: !target.set_cookies.is_empty() && incoming.prove(self.own_origin()).is_ok(),
            idempotent: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(&incoming.method),
        })
    }

    /// The names that a refusal of this request is about, for a message to the app's developer: the target's, and that of
    /// the cookie, each empty where there is none.
    pub fn blame<'p>(&'p self, incoming: &Incoming<'p>, code: Code) -> (&'p str, String) {
        let named = incoming.address().and_then(|(path, _)| self.locate(path));
        let Some(target) = named.ok().and_then(|(index, _)| self.targets.get(index)) else {
            return ("", String::new());
        };
        let texts = || {
            let listed = |name: &str| target.forward_headers.iter().any(|header| header == name);
            let headers =
                incoming.headers.iter().filter(move |(name, _)| listed(name) || *name == "authorization");
            let query = incoming.url.split_once('?').map_or("", |(_, query)| query);
            headers.map(|(_, value)| *value).chain([query])
        };
        let templates = || {
            let decoded = |text: &str| {
                String::from_utf8_lossy(&crate::http::percent::decode(text.as_bytes(), true)).into_owned()
            };
            texts().map(decoded).flat_map(|text| {
                template::scan(&text).map(|template| template.name.to_owned()).collect::<Vec<_>>()
            })
        };
        let cookie = match code {
            Code::CookieNotGranted => templates().find(|name| !target.cookies.contains(name)),
            Code::Unauthenticated | Code::CrossOrigin | Code::FieldInvalid | Code::HeaderInvalid => {
                target.bearer.clone().or_else(|| templates().next())
            }
            _ => None,
        };
        (&target.name, cookie.unwrap_or_default())
    }

    /// The local address of a `Location` that a target's upstream sent in answer to the URL `requested`, or the
    /// `Location` itself at an origin that the target allows; `None` if it lies outside. `base` is as in [`Incoming`].
    pub fn relocate(
        &self,
        index: usize,
        base: Option<&str>,
        requested: &str,
        location: &str,
    ) -> Option<String> {
        let target = self.targets.get(index)?;
        let dynamic = target.dynamic(base);
        let base = target.base.as_ref().or(dynamic.as_ref())?;
        let slash = if target.name.is_empty() { "" } else { "/" };
        match base.relocate(requested, location, &format!("{}{slash}{}", self.mount, target.name)) {
            // The only target of a proxy that is mounted at the root has an empty address.
            Some(local) => Some(if local.starts_with('/') { local } else { format!("/{local}") }),
            None if location.starts_with('/') => None,
            None => {
                let allowed: Vec<&str> = target.redirects.iter().map(String::as_str).collect();
                crate::http::redirect::check(location, &allowed).map(Into::into)
            }
        }
    }

    /// Fills templates into a body; `None` where it holds none, so that its own bytes can be sent.
    ///
    /// # Errors
    /// [`Rule::BodyEncoded`], [`Rule::BodyNotText`], [`Rule::BodyTooLarge`], [`Rule::TargetCookie`], [`Rule::CookieTwice`],
    /// [`Rule::ProofMissing`].
    pub fn fill(
        &self,
        index: usize,
        incoming: &Incoming<'_>,
        body: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let target = self.targets.get(index).ok_or(Rule::TargetUnknown)?;
        let coding = incoming.get("content-encoding").map(str::trim).filter(|coding| !coding.is_empty());
        if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return Err(Rule::BodyEncoded.into());
        }
        let text = core::str::from_utf8(body).map_err(|_| Rule::BodyNotText)?;
        let context = body_context(incoming.get("content-type").unwrap_or_default());
        let mut spendable = SpendableCookies::new(target, incoming);
        spendable.note(text, context)?;
        if !spendable.is_open() {
            return Ok(None);
        }
        // Values make a body longer or shorter than the part that it says it is.
        if incoming.get("content-range").is_some() {
            return Err(Rule::BodyEncoded.into());
        }
        incoming.check_spending(target, self.own_origin())?;
        let filled = substitute_within(text, context, self.body_limit, |name| Ok(spendable.text(name)))?;
        Ok(Some(filled.into_owned().into_bytes()))
    }
}

/// The Authorization value: the target's bearer, or the client's own if its credentials are exactly one template.
fn credentials<'a>(
    target: &Target,
    incoming: &Incoming<'a>,
    spendable: &SpendableCookies<'a>,
) -> Result<Option<String>, Refusal> {
    let (scheme, value) = if let Some(cookie) = &target.bearer {
        ("Bearer ", spendable.find_prefixed(cookie)?)
    } else {
        let own = incoming.get("authorization").filter(|_| target.fills(Place::Header));
        let nominated = headers::nominates(incoming.get("connection"), "authorization");
        let Some((scheme, name)) = own.filter(|_| !nominated).and_then(headers::authorization) else {
            return Ok(None);
        };
        spendable.grant(name)?;
        (scheme, spendable.find(name)?)
    };
    let value = value.filter(|value| !value.is_empty()).ok_or(Rule::CookieAbsent)?;
    let value = decode_value(value);
    template::check_header_value(&value)?;
    Ok(Some(format!("{scheme}{value}")))
}

impl Target {
    /// The place that an app gave with a request.
    fn dynamic(&self, base: Option<&str>) -> Option<Base> {
        Some(base.and_then(Base::parse)?.with_encoded_slashes(self.encoded_slashes))
    }

    fn fills(&self, place: Place) -> bool {
        self.places.contains(&place)
    }
}

/// How values are encoded in a body of a media type.
fn body_context(content_type: &str) -> Context {
    let essence = super::response::essence(content_type).to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Context::Form,
        "application/json" | "text/json" => Context::Json,
        _ if essence.ends_with("+json") => Context::Json,
        _ => Context::Text,
    }
}

/// The cookies of a request, as far as a target may spend them.
struct SpendableCookies<'a> {
    target: &'a Target,
    cookies: &'a str,
    /// Names that templates stand for, and their values as they stand in the request, a character a byte.
    noted: Vec<(String, &'a str)>,
}

impl<'a> SpendableCookies<'a> {
    fn new(target: &'a Target, incoming: &Incoming<'a>) -> Self {
        Self { target, cookies: incoming.get("cookie").unwrap_or_default(), noted: Vec::new() }
    }

    /// Whether a template was noted.
    fn is_open(&self) -> bool {
        !self.noted.is_empty()
    }

    fn grant(&self, name: &str) -> Result<(), Refusal> {
        let granted = self.target.cookies.iter().any(|cookie| cookie == name);
        if granted { Ok(()) } else { Err(Rule::TargetCookie.into()) }
    }

    /// The value of a cookie that stands at most once in the request.
    fn find(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut named = pairs(self.cookies).filter(|p| p.is_named(self.cookies.as_bytes(), name.as_bytes()));
        let first = named.next();
        if named.next().is_some() {
            return Err(Rule::CookieTwice.into());
        }
        Ok(first.and_then(|pair| self.cookies.get(pair.value())))
    }

    /// As [`Self::find`], also with `__Host-` or `__Secure-` before the name, as servers on https name their cookies.
    ///
    /// A `__Host-` cookie is the own host's, and counts alone. Of the two others a sibling subdomain can plant either, so
    /// both at once are as one that stands twice.
    fn find_prefixed(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        if Prefix::of(name).secure {
            return self.find(name);
        }
        if let Some(own) = self.find(&format!("__Host-{name}"))? {
            return Ok(Some(own));
        }
        match (self.find(&format!("__Secure-{name}"))?, self.find(name)?) {
            (Some(_), Some(_)) => Err(Rule::CookieTwice.into()),
            (prefixed, plain) => Ok(prefixed.or(plain)),
        }
    }

    /// Notes the templates of a text; refuses one whose cookie was not granted.
    fn note(&mut self, text: &str, context: Context) -> Result<(), Refusal> {
        let mut noted = core::mem::take(&mut self.noted);
        let done = substitute(text, context, |name| {
            if !noted.iter().any(|(known, _)| known == name) {
                self.grant(name)?;
                noted.push((name.into(), self.find(name)?.unwrap_or_default()));
            }
            Ok("".into())
        });
        self.noted = noted;
        done.map(drop)
    }

    /// The value of a noted cookie, for a header: its bytes stay as they are. An absent one is the empty text.
    fn raw(&self, name: &str) -> &'a str {
        self.noted.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of a noted cookie, for what is text in UTF-8.
    fn text(&self, name: &str) -> Cow<'a, str> {
        let raw = self.raw(name);
        let bytes: Option<Vec<u8>> =
            if raw.is_ascii() { None } else { raw.chars().map(|c| u8::try_from(c).ok()).collect() };
        match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => Cow::Owned(decode_value(&text).into_owned()),
            None => decode_value(raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::config::Declaration;

    fn proxy() -> Proxy {
        let some = |names: &[&str]| Some(names.iter().map(|name| (*name).into()).collect());
        let bearer = Declaration {
            name: "bearer".into(),
            url: Some("https://api.example/v1".into()),
            bearer: Some("t".into()),
            ..Declaration::default()
        };
        let filled = Declaration {
            name: "filled".into(),
            url: Some("https://api.example/".into()),
            cookies: some(&["t"]),
            templates: some(&["header", "query", "body"]),
            methods: some(&["GET", "POST"]),
            forward_headers: some(&["X-A"]),
            ..Declaration::default()
        };
        Proxy::new("/p", None, vec![bearer, filled], 1000).unwrap()
    }

    const SENT: &[(&str, &str)] = &[
        ("cookie", "t=1; u=2; d=3; d=4"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
    ];

    fn request<'a>(url: &'a str, headers: &[(&'a str, &'a str)]) -> Incoming<'a> {
        let headers = headers.iter().chain(SENT).copied().collect();
        Incoming { method: "GET", url, base: None, client: None, headers }
    }

    fn sent(url: &str, headers: &[(&str, &str)]) -> Result<String, Rule> {
        let proxy = proxy();
        let incoming = request(url, headers);
        let plan = proxy.plan(&incoming).map_err(crate::error::Refusal::rule)?;
        let headers = plan.headers.iter().map(|(name, value)| format!("{name}={value}"));
        let mut parts: Vec<String> = core::iter::once(plan.url).chain(headers).collect();
        parts.extend(plan.spends.then(|| "spent".into()));
        Ok(parts.join(" "))
    }

    #[test]
    fn a_request_becomes_a_url_and_headers() {
        const GZIP: &str = "accept-encoding=gzip, deflate";
        for (url, headers, expected) in [
            (
                "https://app.example/p/bearer",
                &[][..],
                format!("https://api.example/v1 authorization=Bearer 1 {GZIP} spent"),
            ),
            (
                "https://app.example/p/bearer/a?b#c",
                &[],
                format!("https://api.example/v1/a?b authorization=Bearer 1 {GZIP} spent"),
            ),
            ("https://app.example/p/filled/", &[], format!("https://api.example/ {GZIP}")),
            (
                "https://app.example/p/filled/a?x={{%20cookies.t%20}}",
                &[],
                format!("https://api.example/a?x=1 {GZIP} spent"),
            ),
            (
                "https://app.example/p/filled/",
                &[("x-a", "{{ cookies.t }}!")],
                format!("https://api.example/ x-a=1! {GZIP} spent"),
            ),
            (
                "https://app.example/p/filled/",
                &[("x-a", "1"), ("x-b", "2"), ("accept", "*/*")],
                format!("https://api.example/ x-a=1 accept=*/* {GZIP}"),
            ),
            (
                "https://app.example/p/filled/",
                &[("authorization", "T {{ cookies.t }}")],
                format!("https://api.example/ authorization=T 1 {GZIP} spent"),
            ),
            (
                "https://app.example/p/filled",
                &[("x-nordcraft-url", "https://api.example/z?{{ cookies.t }}")],
                format!("https://api.example/z?1 {GZIP} spent"),
            ),
        ] {
            assert_eq!(sent(url, headers), Ok(expected), "{url}");
        }
    }

    #[test]
    fn a_request_is_refused_by_the_first_rule_it_breaks() {
        for (url, headers, rule) in [
            ("file:///p/filled", &[][..], Rule::UrlSyntax),
            ("https://app.example/q", &[], Rule::TargetUnknown),
            ("https://app.example/p/none", &[], Rule::TargetUnknown),
            ("https://app.example/p/filled/../x/%2f", &[], Rule::TargetUrl),
            ("https://app.example/p/filled/{{ cookies.t }}", &[], Rule::TemplatePlace),
            ("https://app.example/p/filled?{{ cookies.u }}", &[], Rule::TargetCookie),
            ("https://app.example/p/filled", &[("authorization", "T {{ cookies.u }}")], Rule::TargetCookie),
            (
                "https://app.example/p/filled",
                &[("x-nordcraft-url", "https://evil.example/")],
                Rule::TargetUrl,
            ),
            (
                "https://app.example/p/filled?{{ cookies.t }}",
                &[("sec-fetch-site", "cross-site")],
                Rule::ProofMissing,
            ),
            ("https://app.example/p/bearer", &[("sec-fetch-dest", "image")], Rule::ProofMissing),
            ("https://app.example/p/bearer", &[("sec-purpose", "prefetch")], Rule::ProofMissing),
            // `<a ping>` and a preload without `crossorigin`; a navigation.
            ("https://app.example/p/bearer", &[("sec-fetch-mode", "no-cors")], Rule::ProofMissing),
            ("https://app.example/p/bearer", &[("sec-fetch-mode", "navigate")], Rule::ProofMissing),
            ("https://app.example/p/filled", &[("sec-fetch-dest", "script")], Rule::TargetScript),
            ("https://app.example/p/filled", &[("sec-fetch-dest", "style")], Rule::TargetScript),
            ("https://app.example/p/bearer", &[("cookie", "u=2")], Rule::CookieAbsent),
            ("https://app.example/p/bearer", &[("cookie", "t=")], Rule::CookieAbsent),
            ("https://app.example/p/bearer", &[("cookie", "t=1; t=1")], Rule::CookieTwice),
            ("https://app.example/p/bearer", &[("cookie", "t=%0A")], Rule::HeaderValue),
        ] {
            assert_eq!(sent(url, headers), Err(rule), "{url} {headers:?}");
        }
        let proxy = proxy();
        let put = Incoming { method: "PUT", ..request("https://app.example/p/filled", &[]) };
        assert_eq!(proxy.plan(&put).unwrap_err().rule(), Rule::TargetMethod);
    }

    #[test]
    fn a_body_is_filled_by_its_media_type_and_with_proof_only() {
        let proxy = proxy();
        let fill = |headers: &[(&str, &str)], body: &str| {
            proxy
                .fill(1, &request("https://app.example/p/filled", headers), body.as_bytes())
                .map(|filled| filled.map(|bytes| String::from_utf8(bytes).unwrap()))
                .map_err(crate::error::Refusal::rule)
        };
        let odd = ("cookie", "t=\"&");
        for (kind, body, expected) in [
            ("application/json", "\"{{ cookies.t }}\"", "\"\\\"&\""),
            ("Application/Problem+JSON; a=b", "\"{{ cookies.t }}\"", "\"\\\"&\""),
            ("application/x-www-form-urlencoded", "a={{ cookies.t }}", "a=%22%26"),
            ("text/plain", "{{ cookies.t }}", "\"&"),
            ("", "{{ cookies.t }}", "\"&"),
        ] {
            assert_eq!(fill(&[odd, ("content-type", kind)], body), Ok(Some(expected.into())), "{kind}");
        }
        assert_eq!(fill(&[("sec-fetch-site", "none")], "no template"), Ok(None));
        assert_eq!(fill(&[("sec-fetch-site", "none")], "{{ cookies.t }}"), Err(Rule::ProofMissing));
        assert_eq!(fill(&[], "{{ cookies.u }}"), Err(Rule::TargetCookie));
        assert_eq!(fill(&[("cookie", "u=1")], "[{{ cookies.t }}]"), Ok(Some("[]".into())));
        assert_eq!(fill(&[], &"{{ cookies.t }}".repeat(1001)), Err(Rule::BodyTooLarge));
        let bytes = proxy.fill(1, &request("https://app.example/p/filled", &[]), &[0xff]);
        assert_eq!(bytes.unwrap_err().rule(), Rule::BodyNotText);
    }

    fn spends(declared: Declaration, method: &'static str, headers: &[(&str, &str)]) -> Result<bool, Rule> {
        let target =
            Declaration { url: Some("https://api.example/".into()), bearer: Some("t".into()), ..declared };
        let proxy = Proxy::new("/p", None, vec![target], 64).unwrap();
        let mut all = vec![("cookie", "t=1")];
        all.extend_from_slice(headers);
        let incoming =
            Incoming { method, url: "https://app.example/p/a", base: None, client: None, headers: all };
        proxy.plan(&incoming).map(|plan| plan.spends).map_err(crate::error::Refusal::rule)
    }

    fn load<'a>(site: &'a str, mode: &'a str, dest: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]
    }

    #[test]
    fn where_a_target_asks_for_the_header_a_reading_request_that_spends_has_it() {
        let declared = || Declaration { proof: Some("header".into()), ..Declaration::default() };
        let fetch = load("same-origin", "cors", "empty");
        let with = [fetch.as_slice(), &[("x-httponly", "1")]].concat();
        for method in ["GET", "HEAD"] {
            assert_eq!(spends(declared(), method, &fetch), Err(Rule::ProofHeader), "{method}");
            assert_eq!(spends(declared(), method, &with), Ok(true), "{method}");
        }
        assert_eq!(spends(declared(), "POST", &fetch), Ok(true));
        // The header alone is no proof where the browser says otherwise.
        let foreign = [load("same-site", "cors", "empty").as_slice(), &[("x-httponly", "1")]].concat();
        assert_eq!(spends(declared(), "GET", &foreign), Err(Rule::ProofMissing));
    }

    #[test]
    fn a_declared_load_of_the_own_origin_spends_by_get_and_nothing_else_does() {
        let declared = || Declaration {
            destinations: vec!["image".into(), "document".into()],
            ..Declaration::default()
        };
        let image = load("same-origin", "no-cors", "image");
        assert_eq!(spends(declared(), "GET", &image), Ok(true));
        assert_eq!(spends(declared(), "GET", &load("same-origin", "navigate", "document")), Ok(true));
        assert_eq!(spends(Declaration::default(), "GET", &image), Err(Rule::ProofMissing));
        assert_eq!(spends(declared(), "POST", &image), Err(Rule::ProofMissing));
        for (site, mode, dest, rule) in [
            ("same-site", "no-cors", "image", Rule::ProofMissing),
            ("cross-site", "navigate", "document", Rule::ProofMissing),
            ("none", "navigate", "document", Rule::ProofMissing),
            ("same-origin", "no-cors", "video", Rule::ProofMissing),
            ("same-origin", "navigate", "iframe", Rule::ProofMissing),
            ("same-origin", "no-cors", "script", Rule::TargetScript),
        ] {
            assert_eq!(spends(declared(), "GET", &load(site, mode, dest)), Err(rule), "{site} {mode} {dest}");
        }
    }

    #[test]
    fn what_may_spend_and_what_may_pass_is_checked_where_it_is_declared() {
        let mistake = |declared: Declaration| {
            let target = Declaration { url: Some("https://api.example/".into()), ..declared };
            Proxy::new("/p", None, vec![target], 64).map(|_| ()).unwrap_err().to_string()
        };
        for (declared, word) in [
            (Declaration { destinations: vec!["script".into()], ..Declaration::default() }, "script"),
            (Declaration { proof: Some("Header".into()), ..Declaration::default() }, "Header"),
            (
                Declaration { response_headers: vec!["Set-Cookie".into()], ..Declaration::default() },
                "set-cookie",
            ),
            (
                Declaration {
                    proof: Some("header".into()),
                    destinations: vec!["image".into()],
                    ..Declaration::default()
                },
                "destinations",
            ),
        ] {
            let said = mistake(declared);
            assert!(said.contains(word) && said.contains("must be"), "{said}");
        }
    }

    #[test]
    fn what_describes_the_body_travels_with_it() {
        let described = [
            ("content-encoding", "gzip"),
            ("content-language", "de"),
            ("content-range", "bytes 5-9/10"),
            ("content-disposition", "attachment; filename=a"),
            ("content-digest", "sha-256=:AA==:"),
            ("repr-digest", "sha-256=:AA==:"),
        ];
        let proxy = proxy();
        let sent = |url: &str| {
            let plan = proxy.plan(&request(url, &described)).unwrap();
            let kept =
                plan.headers.iter().filter(|(name, _)| described.iter().any(|(known, _)| known == name));
            kept.count()
        };
        assert_eq!(sent("https://app.example/p/bearer"), described.len());
        // Digests are not true of a body that is filled in.
        assert_eq!(sent("https://app.example/p/filled/"), described.len() - 2);
        let fill = |headers: &[(&str, &str)], body: &str| {
            let incoming = request("https://app.example/p/filled", headers);
            proxy
                .fill(1, &incoming, body.as_bytes())
                .map(|filled| filled.is_some())
                .map_err(crate::error::Refusal::rule)
        };
        for coding in ["gzip", "br", "GZIP", "identity, gzip"] {
            assert_eq!(fill(&[("content-encoding", coding)], "x"), Err(Rule::BodyEncoded), "{coding}");
        }
        assert_eq!(fill(&[("content-encoding", "identity")], "{{ cookies.t }}"), Ok(true));
        assert_eq!(fill(&[("content-range", "bytes 5-9/10")], "{{ cookies.t }}"), Err(Rule::BodyEncoded));
        assert_eq!(fill(&[("content-range", "bytes 5-9/10")], "12345"), Ok(false));
    }

    #[test]
    fn a_bearer_is_found_under_its_name_with_a_prefix() {
        let sent = |cookies: &str| {
            let target = Declaration {
                url: Some("https://api.example/".into()),
                bearer: Some("s.t".into()),
                ..Declaration::default()
            };
            let proxy = Proxy::new("/p", None, vec![target], 64).unwrap();
            let headers = vec![("cookie", cookies), ("x-httponly", "1")];
            let incoming =
                Incoming { method: "GET", url: "https://app.example/p", base: None, client: None, headers };
            let plan = proxy.plan(&incoming).map_err(crate::error::Refusal::rule)?;
            let bearer = plan.headers.iter().find(|(name, _)| *name == "authorization");
            Ok::<_, Rule>(bearer.unwrap().1.clone().into_owned())
        };
        for (cookies, expected) in [
            ("s.t=1", Ok("Bearer 1")),
            ("__Secure-s.t=1", Ok("Bearer 1")),
            ("__Host-s.t=1", Ok("Bearer 1")),
            // The own host's counts, whatever a sibling has planted.
            ("s.t=2; __Secure-s.t=3; __Host-s.t=1", Ok("Bearer 1")),
            ("__Secure-s.t=1; s.t=2", Err(Rule::CookieTwice)),
            ("s.t=1; s.t=2", Err(Rule::CookieTwice)),
            ("__Host-s.t=1; __Host-s.t=2", Err(Rule::CookieTwice)),
            ("__Host-s.t=", Err(Rule::CookieAbsent)),
            ("__Http-s.t=1", Err(Rule::CookieAbsent)),
            ("", Err(Rule::CookieAbsent)),
        ] {
            assert_eq!(sent(cookies).as_deref().map_err(|rule| *rule), expected, "{cookies}");
        }
    }

    #[test]
    fn a_refusal_names_its_target_and_its_cookie() {
        let proxy = proxy();
        for (url, headers, code, names) in [
            ("https://app.example/p/bearer", &[][..], Code::Unauthenticated, ("bearer", "t")),
            (
                "https://app.example/p/filled?a={{%20cookies.u%20}}",
                &[],
                Code::CookieNotGranted,
                ("filled", "u"),
            ),
            (
                "https://app.example/p/filled",
                &[("authorization", "B {{ cookies.x }}")],
                Code::CookieNotGranted,
                ("filled", "x"),
            ),
            ("https://app.example/p/none", &[], Code::UnknownTarget, ("", "")),
            ("https://app.example/p/bearer", &[], Code::MethodNotAllowed, ("bearer", "")),
        ] {
            let (target, cookie) = proxy.blame(&request(url, headers), code);
            assert_eq!((target, cookie.as_str()), names, "{url}");
        }
    }
}
