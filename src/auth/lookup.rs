//! Asking the backend whose a request is.

use crate::auth::backend::Backend;
use crate::auth::cookies::hash;
use crate::auth::exchange::{Head, outgoing, seconds};
use crate::auth::lines::{LineContext, is_navigation};
use crate::auth::reply::Headers;
use crate::auth::session_response;
use crate::error::Refusal;
use crate::jwt;

/// What stands for the session cookies of a request in a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey {
    /// For the cookies; empty where no session can come of them.
    pub key: String,
    /// For the backend's copies of the session beside them; empty where there are none.
    pub copies: String,
}

/// How the backend is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The backend's URL.
    pub url: String,
    /// The headers, without the backend's copies of the session: those outlive a sign-out.
    pub headers: Headers,
    /// The headers with them, for a backend that keeps its sessions in nothing else; `None` where there are no copies.
    pub with_copies: Option<Headers>,
}

/// A JSON Web Token in the session cookie; unverified.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The claims, as JSON without tokens.
    pub claims: String,
    /// When they end, in milliseconds since 1970.
    pub end: f64,
    /// What stands for the token.
    pub id: String,
}

impl Backend {
    /// What stands for the session cookies of a `Cookie` header; `None` where there are none.
    pub fn cache_key(&self, header: &str) -> Option<CacheKey> {
        let cookies = self.names.scan(header);
        let key = cookies.read().key()?;
        let copies = cookies.copies();
        Some(CacheKey { key, copies: if copies.is_empty() { copies } else { hash(&copies) } })
    }

    /// How the backend is asked whose a request is.
    ///
    /// # Errors
    /// [`crate::error::Rule::BackendPath`] if `head.backend` is no http or https URL.
    pub fn lookup(&self, head: &Head<'_>) -> Result<Lookup, Refusal> {
        let own = self.own(head.url);
        let cookies = self.names.scan(head.header("cookie").unwrap_or_default());
        let headers = |lookup| {
            let mut headers = outgoing(own, &cookies.forward(lookup), head.address);
            headers.push(("accept".into(), "application/json".into()));
            headers
        };
        let with_copies = (!cookies.copies().is_empty()).then(|| headers(false));
        Ok(Lookup { url: self.paths.lookup(head.backend)?, headers: headers(true), with_copies })
    }

    /// The `Set-Cookie` lines that came with an answer about a session, as the browser gets them.
    pub fn session_lines(&self, url: &str, lines: Vec<String>) -> Vec<String> {
        self.lines(lines, self.own(url))
    }

    /// Of these lines those that may go with a response to a request, and where its session is `dead` those that clear its
    /// cookies. `late` is as in [`LineContext`], `now` in milliseconds since 1970.
    pub fn lines_for(
        &self,
        head: &Head<'_>,
        mut lines: Vec<String>,
        dead: bool,
        late: bool,
        now: f64,
    ) -> Vec<String> {
        let cookies = self.names.scan(head.header("cookie").unwrap_or_default());
        let navigates = is_navigation(head.loading());
        if dead && navigates {
            lines.extend(self.clear(&cookies, head.url, false));
        }
        let sent: Vec<(&str, &str)> = cookies.sessions().collect();
        self.names.passing(lines, &sent, LineContext { clears: navigates, looks: true, late }, seconds(now))
    }

    /// The JSON Web Token in the session cookie; `None` where there is none, where it has no `exp`, or where its time is
    /// over at `now`, in milliseconds. It verifies nothing.
    pub fn claimed(&self, header: &str, now: f64) -> Option<Claimed> {
        let token = self.names.scan(header).token()?;
        let end = jwt::decode(&token)?.exp? * 1000.0;
        // The platform's dates end there.
        if end <= now || end > 8.64e15 {
            return None;
        }
        let claims = session_response::without_tokens(&jwt::payload(&token)?)?;
        Some(Claimed { claims, end, id: hash(&token).chars().take(32).collect() })
    }
}
