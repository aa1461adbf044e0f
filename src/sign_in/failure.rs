//! Why a sign-in failed: one name for each reason, and what a program, a page and a visitor are told of it.

use crate::{auth::failure::is_plain, error::Code, http::json};

macro_rules! reasons {
    ($($name:literal $code:ident $message:literal,)*) => {
        /// The reasons with a name of their own, each with its code and a sentence for people.
        const REASONS: &[(&str, Code, &str)] = &[$(($name, Code::$code, $message),)*];
    };
}

reasons! {
    // The browser and its transaction.
    "NO_TRANSACTION" SigninFailed "this browser did not begin to sign in here, or too long ago: begin again",
    "STATE_MISMATCH" SigninFailed "the provider's answer belongs to another attempt: begin again",
    "TRANSACTION_EXPIRED" SigninFailed "signing in took too long: begin again",
    "PROVIDER_MISMATCH" SigninFailed "the answer comes from another provider than the one that was asked",
    "CALLBACK_REPLAYED" SigninFailed "the provider's answer was used already: begin again",
    // What the provider answered.
    "access_denied" SigninFailed "the sign-in was cancelled at the provider",
    "ISSUER_MISMATCH" SigninFailed "the answer names another issuer",
    "NONCE_MISMATCH" SigninFailed "the ID token belongs to another attempt",
    "AUDIENCE_MISMATCH" SigninFailed "the ID token was made for another app",
    "AUTHORIZED_PARTY_MISMATCH" SigninFailed "the ID token was made for another party",
    "ID_TOKEN_EXPIRED" SigninFailed "the ID token is over",
    "ID_TOKEN_NOT_YET_VALID" SigninFailed "the ID token is not valid yet",
    "ALGORITHM_REFUSED" SigninFailed "the ID token is not signed in a way that is taken",
    "SIGNATURE_INVALID" SigninFailed "the signature of the ID token is not the provider's",
    "ID_TOKEN_INVALID" SigninFailed "the ID token is none",
    "TENANT_REFUSED" SigninFailed "this organization may not sign in here",
    "HOSTED_DOMAIN_MISMATCH" SigninFailed "this account does not belong to the organization",
    "PROVIDER_RESPONSE_INVALID" SigninFailed "the provider's answer cannot be read",
    "invalid_grant" SigninFailed "the provider does not take this answer, or not any more: begin again",
    "PROVIDER_UNAVAILABLE" Unavailable "the provider does not answer",
    "PROVIDER_MISCONFIGURED" Unavailable "the provider is not what the app declares",
    "invalid_client" Unavailable "the provider does not know this app",
    "unauthorized_client" Unavailable "the provider does not know this app",
    "server_error" Unavailable "the provider does not answer",
    "temporarily_unavailable" Unavailable "the provider does not answer",
    // The app.
    "INVALID_CREDENTIALS" SigninFailed "what was entered is wrong",
    "USER_REFUSED" Rejected "this account may not sign in here",
    "APP_ERROR" Unavailable "signing in does not work at the moment",
    "TOO_LARGE" TooLarge "the session is larger than browsers and servers take",
    "ORIGIN_UNDECLARED" Unavailable "the app does not declare its origin, without which no link leads back to it",
    "WRONG_ORIGIN" CrossOrigin "the page is at another address than the one that the app declares",
    "RELAY_REFUSED" SigninFailed "the answer belongs to an app that is not listed",
    // Links, codes and flows.
    "INVALID_TOKEN" SigninFailed "the link is used up or too old: ask for a new one",
    "EXPIRED_TOKEN" SigninFailed "the link is too old: ask for a new one",
    "INVALID_EMAIL" FieldInvalid "this is no e-mail address",
    "INVALID_FIELD" FieldInvalid "a field is missing, or is not as it must be",
    "INVALID_BODY" BodyInvalid "the body is a JSON object or a URL-encoded form, in UTF-8",
    "INVALID_CODE" SigninFailed "the code is wrong",
    "INVALID_TWO_FACTOR_COOKIE" SigninFailed "the first step was too long ago: begin again",
    "TOO_MANY_ATTEMPTS" RateLimited "too many attempts: begin again",
    "RATE_LIMITED" RateLimited "too many attempts: try again later",
    "PROVIDER_NOT_FOUND" UnknownTarget "there is no such provider",
    "FLOW_NOT_FOUND" UnknownTarget "this app has no such flow",
    "LOGOUT_TOKEN_INVALID" SigninFailed "the logout token is none",
    "NO_STORE" UnknownTarget "sessions are ended elsewhere only by apps that keep a store",
}

/// A failed sign-in, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Our name for it.
    pub code: Code,
    /// The HTTP status of an answer.
    pub status: u16,
    /// Which one it is: a name of the table, or the provider's own code.
    pub reason: String,
    /// For people.
    pub message: &'static str,
}

/// The failure of a reason. What is no name of the table may be a provider's own code; what is no plain code is
/// left unsaid.
///
/// ```
/// use httponly::{error::Code, sign_in::failure::of};
///
/// assert_eq!(of("INVALID_CREDENTIALS").status, 401);
/// assert_eq!(of("login_required").code, Code::SigninFailed);
/// assert_eq!(of("<script>").reason, "PROVIDER_RESPONSE_INVALID");
/// ```
pub fn of(reason: &str) -> Failure {
    let reason = if is_plain(reason) { reason } else { "PROVIDER_RESPONSE_INVALID" };
    let known = REASONS.iter().find(|(name, ..)| *name == reason);
    let &(_, code, message) = known.unwrap_or(&("", Code::SigninFailed, "the provider refused"));
    Failure { code, status: code.status(), reason: reason.into(), message }
}

/// The part of a sign-in at a provider in which something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider's metadata.
    Discovery,
    /// Its answer through the browser.
    Response,
    /// Its answer to the code.
    Token,
    /// The signature of the ID token.
    Signature,
    /// What it says of the person.
    Profile,
}

impl Step {
    /// The step of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "discovery" => Self::Discovery,
            "response" => Self::Response,
            "token" => Self::Token,
            "signature" => Self::Signature,
            "profile" => Self::Profile,
            _ => return None,
        })
    }
}

/// The reason of an error that `oauth4webapi` threw: its `code`, the claim or header parameter that it is about, and the
/// provider's own error code, as far as it has them. An error without a code is one of the network.
///
/// ```
/// use httponly::sign_in::failure::{Step, reason};
///
/// let code = Some("OAUTH_JWT_CLAIM_COMPARISON_FAILED");
/// assert_eq!(reason(Step::Token, code, Some("nonce"), None, None), "NONCE_MISMATCH");
/// ```
pub fn reason(
    step: Step,
    code: Option<&str>,
    about: Option<&str>,
    error: Option<&str>,
    status: Option<u16>,
) -> String {
    if let Some(error) = error.filter(|error| is_plain(error)) {
        return error.into();
    }
    let failed = status.is_some_and(|status| status >= 500 || status == 429);
    // Comparing claims, or times, is what a code says; which one, what it is about.
    let compared = code.filter(|code| *code == "OAUTH_JWT_CLAIM_COMPARISON_FAILED").and(about);
    let named = match (step, code, about) {
        (_, None, _) => "PROVIDER_UNAVAILABLE",
        _ if failed => "PROVIDER_UNAVAILABLE",
        // Of an answer through the browser, state was compared before: what is left is the issuer (RFC 9207).
        (Step::Discovery, Some("OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED"), _) | (Step::Response, ..) => {
            "ISSUER_MISMATCH"
        }
        (Step::Discovery, ..) => "PROVIDER_MISCONFIGURED",
        (Step::Signature, ..) => "SIGNATURE_INVALID",
        (Step::Token, Some("OAUTH_JWT_TIMESTAMP_CHECK_FAILED"), Some("nbf")) => "ID_TOKEN_NOT_YET_VALID",
        (Step::Token, Some("OAUTH_JWT_TIMESTAMP_CHECK_FAILED"), _) => "ID_TOKEN_EXPIRED",
        (Step::Token, _, Some("nonce")) => "NONCE_MISMATCH",
        (Step::Token, _, Some("alg")) => "ALGORITHM_REFUSED",
        (Step::Token, ..) if compared == Some("iss") => "ISSUER_MISMATCH",
        (Step::Token, ..) if compared == Some("aud") => "AUDIENCE_MISMATCH",
        (Step::Token, ..) if compared == Some("azp") => "AUTHORIZED_PARTY_MISMATCH",
        (Step::Token, _, Some("claims")) => "ID_TOKEN_INVALID",
        _ => "PROVIDER_RESPONSE_INVALID",
    };
    named.into()
}

/// The error of an answer that a provider gives with status 200, as GitHub does; `None` for an answer without one.
///
/// ```
/// use httponly::sign_in::failure::error_of;
///
/// assert_eq!(error_of(r#"{"error":"bad_verification_code"}"#).as_deref(), Some("bad_verification_code"));
/// assert_eq!(error_of(r#"{"access_token":"t"}"#), None);
/// ```
pub fn error_of(body: &str) -> Option<String> {
    let error = json::members(body)?.into_iter().rfind(|(name, _)| name == "error")?.1;
    match error {
        json::Json::String(error) if is_plain(&error) => Some(error),
        _ => Some("PROVIDER_RESPONSE_INVALID".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_one_row_and_a_plain_name() {
        for (index, (name, ..)) in REASONS.iter().enumerate() {
            assert!(is_plain(name), "{name}");
            assert_eq!(REASONS.iter().position(|(other, ..)| other == name), Some(index), "{name}");
        }
    }

    #[test]
    fn each_error_of_a_provider_has_a_reason_of_its_own() {
        let jwt = Some("OAUTH_JWT_CLAIM_COMPARISON_FAILED");
        let time = Some("OAUTH_JWT_TIMESTAMP_CHECK_FAILED");
        let invalid = Some("OAUTH_INVALID_RESPONSE");
        for (step, code, about, error, status, expected) in [
            (
                Step::Response,
                Some("OAUTH_AUTHORIZATION_RESPONSE_ERROR"),
                None,
                Some("access_denied"),
                None,
                "access_denied",
            ),
            (Step::Response, invalid, None, None, None, "ISSUER_MISMATCH"),
            (Step::Token, jwt, Some("iss"), None, Some(200), "ISSUER_MISMATCH"),
            (Step::Token, jwt, Some("aud"), None, Some(200), "AUDIENCE_MISMATCH"),
            (Step::Token, jwt, Some("azp"), None, Some(200), "AUTHORIZED_PARTY_MISMATCH"),
            (Step::Token, jwt, Some("nonce"), None, Some(200), "NONCE_MISMATCH"),
            (Step::Token, time, Some("exp"), None, Some(200), "ID_TOKEN_EXPIRED"),
            (Step::Token, time, Some("nbf"), None, Some(200), "ID_TOKEN_NOT_YET_VALID"),
            (Step::Token, invalid, Some("alg"), None, Some(200), "ALGORITHM_REFUSED"),
            (
                Step::Token,
                Some("OAUTH_RESPONSE_BODY_ERROR"),
                None,
                Some("invalid_grant"),
                Some(400),
                "invalid_grant",
            ),
            (
                Step::Token,
                Some("OAUTH_RESPONSE_IS_NOT_CONFORM"),
                None,
                None,
                Some(502),
                "PROVIDER_UNAVAILABLE",
            ),
            (Step::Token, None, None, None, None, "PROVIDER_UNAVAILABLE"),
            (Step::Token, invalid, None, Some("<b>"), Some(400), "PROVIDER_RESPONSE_INVALID"),
            (Step::Signature, Some("OAUTH_KEY_SELECTION_FAILED"), None, None, None, "SIGNATURE_INVALID"),
            (Step::Discovery, None, None, None, None, "PROVIDER_UNAVAILABLE"),
            (
                Step::Discovery,
                Some("OAUTH_RESPONSE_IS_NOT_CONFORM"),
                None,
                None,
                Some(404),
                "PROVIDER_MISCONFIGURED",
            ),
        ] {
            assert_eq!(reason(step, code, about, error, status), expected, "{step:?} {code:?} {about:?}");
        }
    }
}
