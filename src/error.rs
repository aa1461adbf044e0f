//! Every refusal, with the rule it stands for.
//!
//! A [`Rule`] is one sentence that input can break; its [`Code`] is the stable name that programs match on. Several
//! rules share a code. A [`Refusal`] is a broken rule and, where there is one, the place where it was broken.

use core::fmt;
use core::num::NonZeroU64;

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $doc:literal,)*) => {
        /// The stable names of all refusals: what a program matches on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The name on the wire and in `HttpOnlyError.code`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The HTTP status that a handler answers with.
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }
        }
    };
}

codes! {
    NameInvalid "name-invalid" 400 "The cookie name is no token.",
    ValueInvalid "value-invalid" 400 "The cookie value cannot be carried, not even encoded.",
    TooLarge "too-large" 400 "Name and value, or an attribute, are larger than browsers store.",
    PathInvalid "path-invalid" 400 "The Path attribute is not a path.",
    DomainInvalid "domain-invalid" 400 "The Domain attribute does not cover the host.",
    SameSiteInvalid "same-site-invalid" 400 "The SameSite attribute is none of Lax, Strict and None.",
    SameSiteInsecure "same-site-insecure" 400 "SameSite=None without Secure.",
    PartitionedInsecure "partitioned-insecure" 400 "Partitioned without Secure.",
    PrefixViolated "prefix-violated" 400 "The name has a prefix whose conditions do not hold.",
    MaxAgeInvalid "max-age-invalid" 400 "The lifetime is not a number of seconds, or not a date.",
    NotStored "not-stored" 400 "The browser did not do what was asked.",
    NoDocument "no-document" 400 "There is no document to write to.",
    WasmBlocked "wasm-blocked" 500 "The environment refuses to compile WebAssembly.",
    Network "network" 502 "The request did not reach the server.",
    EndpointRefused "endpoint-refused" 502 "The endpoint refused without a typed error.",
    CrossOrigin "cross-origin" 403 "There is no proof that the request comes from the same origin.",
    FieldInvalid "field-invalid" 400 "A field of the request is missing, doubled or malformed.",
    UnknownTarget "unknown-target" 404 "No proxy target is declared under this address.",
    MethodNotAllowed "method-not-allowed" 405 "The method is not allowed here.",
    CookieNotGranted "cookie-not-granted" 403 "The cookie may not be spent on this target.",
    UrlInvalid "url-invalid" 400 "The URL lies outside the target.",
    HeaderInvalid "header-invalid" 400 "A header value cannot be sent.",
    BodyInvalid "body-invalid" 400 "The body is not text of the declared kind.",
    BodyTooLarge "body-too-large" 413 "The body is over the limit.",
    UpstreamTimeout "upstream-timeout" 504 "The upstream sent no headers in time.",
    UpstreamUnreachable "upstream-unreachable" 502 "The upstream could not be reached.",
    Unauthenticated "unauthenticated" 401 "There is no session, or the cookie to spend is absent.",
    Unavailable "unavailable" 503 "The authentication backend is away.",
    Rejected "rejected" 403 "The authentication backend refused.",
    RateLimited "rate-limited" 429 "Too many attempts.",
    SigninFailed "signin-failed" 401 "Signing in failed.",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! rules {
    ($($variant:ident = $id:literal $code:ident $text:literal,)*) => {
        /// The sentences that input can break. The number crosses to JavaScript and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Rule { $(#[doc = $text] $variant = $id,)* }

        impl Rule {
            /// All rules, by number.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)*];

            /// The code under which programs know this rule.
            pub const fn code(self) -> Code {
                match self { $(Rule::$variant => Code::$code,)* }
            }

            /// The HTTP status that a handler answers with: that of the code, but for a body that is too large for
            /// the cookie endpoint, which is a bad request like any other, and for what is nobody's answer.
            pub const fn status(self) -> u16 {
                match self {
                    Rule::EndpointBody => 400,
                    // Nobody reads it: the number is nginx's, for logs.
                    Rule::ClientGone => 499,
                    Rule::AppFailed => 500,
                    rule => rule.code().status(),
                }
            }

            /// The rule as one sentence, without a full stop.
            pub const fn text(self) -> &'static str {
                match self { $(Rule::$variant => $text,)* }
            }
        }
    };
}

// 1 to 63 can break in the page, and js/errors.ts holds their texts too; tests/vectors/rules.json keeps both equal.
rules! {
    NameNotText = 1 NameInvalid "a cookie name must be a string",
    NameEmpty = 2 NameInvalid "a cookie name is not empty",
    NameCharacter = 3 NameInvalid "a cookie name is a token (RFC 6265bis 4.1.1)",
    ValueNotText = 4 ValueInvalid "a cookie value must be a string",
    ValueControl = 5 ValueInvalid "a cookie value has no control characters (RFC 6265bis 5.6)",
    ValueSurrogate = 6 ValueInvalid "a cookie value has no lone surrogates",
    PairTooLarge = 7 TooLarge "name and encoded value take at most 4096 bytes (RFC 6265bis 5.6)",
    AttributeTooLarge = 8 TooLarge "an attribute takes at most 1024 bytes (RFC 6265bis 5.6)",
    PathNotText = 9 PathInvalid "a path must be a string",
    PathNotAbsolute = 10 PathInvalid "a path must start with /",
    PathCharacter = 11 PathInvalid "a path is ASCII without control characters and ;, and ends in no space (RFC 6265bis 4.1.1)",
    DomainNotText = 12 DomainInvalid "a domain must be a string",
    DomainSyntax = 13 DomainInvalid "a domain is a host name: letters, digits, - and .",
    DomainMismatch = 14 DomainInvalid "the host is the domain or lies below it (RFC 6265bis 5.1.3)",
    DomainShared = 15 DomainInvalid "a single label or an address is no parent domain",
    SubdomainsNotBoolean = 16 DomainInvalid "includeSubdomains must be true or false",
    SameSiteUnknown = 17 SameSiteInvalid "sameSite must be Lax, Strict or None",
    SameSiteInsecure = 18 SameSiteInsecure "SameSite=None needs Secure and https (RFC 6265bis 5.7)",
    PartitionedInsecure = 19 PartitionedInsecure "Partitioned needs Secure and https (CHIPS)",
    PrefixInsecure = 20 PrefixViolated "a `__Secure-` or `__Host-` cookie needs Secure and https (RFC 6265bis 4.1.3)",
    PrefixHostDomain = 21 PrefixViolated "a `__Host-` cookie has no Domain (RFC 6265bis 4.1.3.2)",
    PrefixHostPath = 22 PrefixViolated "a `__Host-` cookie has Path=/ (RFC 6265bis 4.1.3.2)",
    PrefixHttp = 23 PrefixViolated "an `__Http-` cookie is set by a server, with Secure and HttpOnly",
    MaxAgeNotNumber = 24 MaxAgeInvalid "maxAge must be a number of seconds",
    MaxAgeNegative = 25 MaxAgeInvalid "maxAge must not be negative; 0 deletes",
    ExpiresNotDate = 26 MaxAgeInvalid "expires must be a valid Date",
    NotStored = 27 NotStored "the browser kept nothing: cookies are blocked, Domain is a public suffix, an HttpOnly or Secure cookie is in the way, or a cross-site frame needs SameSite=None",
    NotDeleted = 28 NotStored "the cookie is still there: it was set with another path or domain",
    SecureOnHttp = 29 NotStored "a Secure cookie is set on https only (RFC 6265bis 5.7)",
    NoDocument = 30 NoDocument "there is no document: pass the request's cookies, or use the server functions",
    WasmBlocked = 31 WasmBlocked "WebAssembly is refused here; a page can import \"httponly/fallback\"",
    Network = 32 Network "the request did not reach the server",
    EndpointRefused = 33 EndpointRefused "the endpoint refused",
    SigninFailed = 34 SigninFailed "signing in failed",
    BackendSilent = 35 Unavailable "nobody can tell who is signed in",
    ProviderName = 36 FieldInvalid "a provider is a name, not empty",
    CredentialsNotObject = 37 FieldInvalid "credentials are an object",

    ProofMissing = 64 CrossOrigin "the request carries no proof of the same origin",
    FieldMissing = 65 FieldInvalid "the fields name and value are required",
    FieldTwice = 66 FieldInvalid "a field stands only once",
    FieldUnknown = 67 FieldInvalid "the field is not known here",
    FieldMalformed = 68 FieldInvalid "the fields are a form or a JSON object, and includeSubdomains is true or false",
    TtlInvalid = 69 MaxAgeInvalid "ttl is a number of seconds that is not negative",
    NameReserved = 70 NameInvalid "this cookie is not for the page to set",
    NameNotListed = 71 NameInvalid "the `names` of the endpoint do not list this cookie",
    EndpointMethod = 72 MethodNotAllowed "the endpoint answers GET and POST",
    EndpointBody = 73 BodyTooLarge "the body takes at most 8 KiB",
    TokenOver = 76 MaxAgeInvalid "the token is over: its `exp` has passed",
    DomainNotListed = 77 DomainInvalid "the `domains` of the endpoint do not list this domain",
    EndpointHost = 147 DomainInvalid "the browser is at another host than this server believes: declare the app's origin",
    ProofHeader = 75 CrossOrigin "a GET that sets or spends a cookie here needs the header x-httponly: 1",
    EndpointContent = 74 BodyInvalid "the body is a JSON object or a URL-encoded form, in UTF-8",

    TargetUnknown = 96 UnknownTarget "no target is declared under this address",
    TargetMethod = 97 MethodNotAllowed "the target does not allow this method",
    TargetCookie = 98 CookieNotGranted "the `cookies` of this target do not list the cookie, so it may not be spent there",
    TargetUrl = 99 UrlInvalid "the URL lies outside the target",
    UrlSyntax = 100 UrlInvalid "the URL cannot be parsed",
    TemplatePlace = 101 UrlInvalid "templates never stand in scheme, host, path or fragment",
    HeaderValue = 102 HeaderInvalid "a header value is Latin-1 without control characters",
    BodyNotText = 103 BodyInvalid "a body with templates is UTF-8 text",
    BodyEncoded = 113 BodyInvalid "a body that is encoded, or a part of a whole, cannot be filled in",
    BodyTooLarge = 104 BodyTooLarge "the body is over the limit of this handler, or of the server around it",
    UpstreamTimeout = 105 UpstreamTimeout "the upstream sent no headers in time",
    UpstreamUnreachable = 106 UpstreamUnreachable "the upstream could not be reached",
    UpstreamUrl = 146 UpstreamUnreachable "the app gave no http or https URL for the target",
    CookieAbsent = 107 Unauthenticated "the cookie to spend is absent",
    CookieTwice = 108 FieldInvalid "two cookies of the name to spend were sent",
    TargetScript = 109 CrossOrigin "what an upstream sends is data: no page runs it as a script, a worker or a style sheet",
    ClientGone = 110 Network "the client has left before its request was whole",
    UpstreamInvalid = 111 UpstreamUnreachable "the upstream sent what is not a response",
    AppFailed = 112 Unavailable "a function that the app gave has failed",

    BackendPath = 128 UnknownTarget "the path does not belong to the authentication backend",
    BackendMethod = 129 MethodNotAllowed "the authentication backend does not take this method here",
    ForeignRead = 130 CrossOrigin "another site may only navigate here",
    BackendAway = 131 Unavailable "the authentication backend does not answer",
    FlowField = 132 FieldInvalid "the field is required",
    FlowText = 133 FieldInvalid "the field stands once, is short, and has no control characters",
    FlowEmail = 134 FieldInvalid "an e-mail address has one @, something on each side of it, and no blanks",
    FlowConfirmation = 135 FieldInvalid "both passwords are the same",
    FlowUnauthenticated = 136 Unauthenticated "nobody is signed in",
    FlowRejected = 137 Rejected "the authentication backend refused",
    FlowLimited = 138 RateLimited "too many attempts: try again later",
    FlowFailed = 139 SigninFailed "it did not work",
    SessionUnnamed = 148 FieldInvalid "a session is named by its id, with userId where it is another user's, or by a token that is not empty",
    SessionMisnamed = 152 Unavailable "the backend's session cookie has another name than the option `cookie` says",
    NoticeUnsigned = 160 Unauthenticated "a message about sessions is signed: x-httponly-signature: t=milliseconds,n=nonce,s=HMAC-SHA-256 of t.n.body",
    NoticeLate = 161 Unauthenticated "a message about sessions is taken within five minutes",
    NoticeReplayed = 162 Unauthenticated "a message about sessions is taken once",
    NoticeBody = 163 FieldInvalid "a message about sessions has a type, ended or changed, and a token, a userId or an email",
    GuardForbidden = 140 Rejected "this account may not do this",
    GuardUnverified = 141 Rejected "the e-mail address is not verified yet",
    GuardSignedIn = 142 Rejected "this is for those who are not signed in",

    SignInPath = 192 UnknownTarget "the path does not belong to signing in",
    SignInMethod = 193 MethodNotAllowed "signing in does not take this method here",
    SignInTooLarge = 194 TooLarge "the session is larger than browsers and servers take",

    ForwardedOrigin = 144 UrlInvalid "the proxy in front of the app says one protocol, http or https, and one host",
}

/// The unit of text at which a rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index in UTF-16 code units, as JavaScript counts.
    pub index: u32,
    /// The UTF-16 code unit that stands there.
    pub unit: u16,
}

/// A broken rule and, where one is to blame, the character that broke it.
///
/// It is one number, so that it crosses to JavaScript, and through the page's module, at no cost: the rule, 2^8 times
/// the unit, and 2^24 times its index plus one. Below 2^53 for any text that fits into memory.
///
/// ```
/// use httponly::cookie::syntax::check_name;
/// use httponly::error::Code;
///
/// let refusal = check_name("a;b").unwrap_err();
/// assert_eq!(refusal.code(), Code::NameInvalid);
/// assert_eq!(
///     refusal.to_string(),
///     "a cookie name is a token (RFC 6265bis 4.1.1): \";\" (U+003B) at index 1"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", self.rule().text(), FieldError(self.place()))]
pub struct Refusal(NonZeroU64);

impl Refusal {
    /// A refusal that blames one character.
    pub const fn at(rule: Rule, index: u32, unit: u16) -> Self {
        Self(
            NonZeroU64::MIN
                .saturating_add(rule as u64 - 1 + ((unit as u64) << 8) + ((index as u64 + 1) << 24)),
        )
    }

    /// The number that stands for this refusal.
    pub const fn number(self) -> u64 {
        self.0.get()
    }

    /// The rule that was broken.
    pub fn rule(self) -> Rule {
        let id = self.number() as u8;
        Rule::ALL.iter().copied().find(|&rule| rule as u8 == id).unwrap_or(Rule::EndpointRefused)
    }

    /// Where it was broken; `None` where no one character is to blame.
    pub fn place(self) -> Option<Place> {
        let index = u32::try_from(self.number() >> 24).unwrap_or(u32::MAX).checked_sub(1)?;
        Some(Place { index, unit: (self.number() >> 8) as u16 })
    }

    /// The code of the broken rule.
    pub fn code(self) -> Code {
        self.rule().code()
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("rule", &self.rule()).field("place", &self.place()).finish()
    }
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self(NonZeroU64::MIN.saturating_add(rule as u64 - 1))
    }
}

/// Writes `: ";" (U+003B) at index 1`, or nothing.
struct FieldError(Option<Place>);

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Place { index, unit }) = self.0 else { return Ok(()) };
        f.write_str(": ")?;
        match char::from_u32(u32::from(unit)).filter(|c| !c.is_control()) {
            Some(c) => write!(f, "\"{c}\" (U+{unit:04X})")?,
            None => write!(f, "U+{unit:04X}")?,
        }
        write!(f, " at index {index}")
    }
}
