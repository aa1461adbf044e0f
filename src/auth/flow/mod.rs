//! The flows of an account: what each form asks of the backend, and what the backend's answer means for the visitor.
//!
//! A flow is a form with a name. Its table says which fields it takes, and to which path of the backend they go; the
//! paths and bodies are Better Auth's. Passwords and tokens go to the backend and nowhere else.

use crate::http::redirect;

mod form;
mod outcome;

pub use form::{FieldError, Step};
pub use outcome::{Outcome, Reply};

/// What a form does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Signs in by e-mail address and password.
    SignIn,
    /// Makes an account.
    SignUp,
    /// Begins to sign in at a provider such as GitHub.
    Social,
    /// Asks for a mail with a link that signs in.
    SendMagicLink,
    /// Signs in by the token of that link.
    UseMagicLink,
    /// Asks for a mail that verifies the address.
    SendVerification,
    /// Asks for a mail with a link to a new password.
    RequestReset,
    /// Sets the new password by the token of that link.
    ResetPassword,
    /// Gives the code of an authenticator app, as the second factor.
    VerifyTotp,
    /// Asks for a mail with a code, as the second factor.
    SendOtp,
    /// Gives the code of that mail.
    VerifyOtp,
    /// Gives a backup code, which works once.
    VerifyBackupCode,
    /// Ends this session.
    SignOut,
    /// Ends all sessions of this user.
    SignOutEverywhere,
    /// Ends one session of this user, by its identifier.
    RevokeSession,
    /// Ends all sessions of this user but this one.
    RevokeOtherSessions,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Email,
    /// Never trimmed, never shown again.
    Password,
    /// Again the password; it does not reach the backend.
    Confirmation,
    /// Never shown again.
    Token,
    Text,
    /// A checkbox: there or not.
    Flag,
}

/// The fields of a form: their names in it, their names in the backend's body, and what they hold.
type Fields = &'static [(&'static str, &'static str, Kind)];

/// The app's pages between which the flows lead: local paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    login: String,
    home: String,
    verify: Option<String>,
    reset: String,
    signed_out: String,
    two_factor: String,
}

const EMAIL: (&str, &str, Kind) = ("email", "email", Kind::Email);
const PASSWORD: (&str, &str, Kind) = ("password", "password", Kind::Password);
const REMEMBER_ME: (&str, &str, Kind) = ("rememberMe", "rememberMe", Kind::Flag);
const TOKEN: (&str, &str, Kind) = ("token", "token", Kind::Token);
const CODE: (&str, &str, Kind) = ("code", "code", Kind::Token);
const TRUST_DEVICE: (&str, &str, Kind) = ("trustDevice", "trustDevice", Kind::Flag);

impl Flow {
    /// All flows, by the name of their form action.
    pub const ALL: &[(&str, Flow)] = &[
        ("signin", Flow::SignIn),
        ("signup", Flow::SignUp),
        ("social", Flow::Social),
        ("sendMagicLink", Flow::SendMagicLink),
        ("useMagicLink", Flow::UseMagicLink),
        ("sendVerification", Flow::SendVerification),
        ("requestReset", Flow::RequestReset),
        ("resetPassword", Flow::ResetPassword),
        ("signout", Flow::SignOut),
        ("signoutEverywhere", Flow::SignOutEverywhere),
        ("revokeSession", Flow::RevokeSession),
        ("revokeOtherSessions", Flow::RevokeOtherSessions),
        ("verifyTotp", Flow::VerifyTotp),
        ("sendOtp", Flow::SendOtp),
        ("verifyOtp", Flow::VerifyOtp),
        ("verifyBackupCode", Flow::VerifyBackupCode),
    ];

    /// The flow of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, flow)| flow)
    }

    /// The paths below the backend's base path, one after the other.
    fn paths(self) -> &'static [&'static str] {
        match self {
            Flow::SignIn => &["/sign-in/email"],
            Flow::SignUp => &["/sign-up/email"],
            Flow::Social => &["/sign-in/social"],
            Flow::SendMagicLink => &["/sign-in/magic-link"],
            Flow::UseMagicLink => &["/magic-link/verify"],
            Flow::SendVerification => &["/send-verification-email"],
            Flow::RequestReset => &["/request-password-reset"],
            Flow::ResetPassword => &["/reset-password"],
            Flow::SignOut => &["/sign-out"],
            // Better Auth ends them all and clears no cookie; signing out clears it.
            Flow::SignOutEverywhere => &["/revoke-sessions", "/sign-out"],
            Flow::RevokeSession => &["/revoke-session"],
            Flow::RevokeOtherSessions => &["/revoke-other-sessions"],
            Flow::VerifyTotp => &["/two-factor/verify-totp"],
            Flow::SendOtp => &["/two-factor/send-otp"],
            Flow::VerifyOtp => &["/two-factor/verify-otp"],
            Flow::VerifyBackupCode => &["/two-factor/verify-backup-code"],
        }
    }

    fn fields(self) -> Fields {
        match self {
            Flow::SignIn => &[EMAIL, PASSWORD, REMEMBER_ME],
            Flow::SignUp => &[("name", "name", Kind::Text), EMAIL, PASSWORD],
            Flow::Social => &[("provider", "provider", Kind::Text)],
            Flow::SendMagicLink | Flow::SendVerification | Flow::RequestReset => &[EMAIL],
            Flow::UseMagicLink => &[TOKEN],
            Flow::ResetPassword => &[
                TOKEN,
                ("password", "newPassword", Kind::Password),
                ("confirmation", "", Kind::Confirmation),
            ],
            Flow::RevokeSession => &[("id", "id", Kind::Text)],
            Flow::VerifyTotp | Flow::VerifyOtp | Flow::VerifyBackupCode => &[CODE, TRUST_DEVICE],
            Flow::SendOtp | Flow::SignOut | Flow::SignOutEverywhere | Flow::RevokeOtherSessions => &[],
        }
    }

    /// The flow whose form asks at a path: below the backend's base path, in lower case, without a slash before it. All
    /// ways to sign in are like the one by password.
    pub fn at(path: &str) -> Option<Self> {
        let asks = |flow: &Flow| flow.paths().iter().any(|own| own.strip_prefix('/') == Some(path));
        let known = Self::ALL.iter().map(|&(_, flow)| flow).find(asks);
        known.or_else(|| path.starts_with("sign-in/").then_some(Flow::SignIn))
    }

    /// A field that this form has.
    fn own_field(self, field: Option<&'static str>) -> Option<&'static str> {
        field.filter(|field| self.fields().iter().any(|(own, ..)| own == field))
    }
}

impl Pages {
    /// Checks the paths; an empty `verify` is none: who has made an account goes on at once. `None` if one is no local
    /// path.
    pub fn new(
        login: &str,
        home: &str,
        verify: &str,
        reset: &str,
        signed_out: &str,
        two_factor: &str,
    ) -> Option<Self> {
        let local = |path: &str| redirect::check(path, &[]).map(std::borrow::Cow::into_owned);
        Some(Self {
            login: local(login)?,
            home: local(home)?,
            verify: if verify.is_empty() { None } else { Some(local(verify)?) },
            reset: local(reset)?,
            signed_out: local(signed_out)?,
            two_factor: local(two_factor)?,
        })
    }
}

/// Where a visitor wants to go: the first of the candidates that says something, if it is a path of the app, or an
/// address of the app's origin `own`. What leads elsewhere is `None`.
///
/// ```
/// use httponly::auth::flow::destination;
///
/// let own = "https://app.example";
/// assert_eq!(destination(&["", "/library?a"], own).as_deref(), Some("/library?a"));
/// assert_eq!(destination(&["https://app.example/library"], own).as_deref(), Some("/library"));
/// assert_eq!(destination(&["//evil.example", "/library"], own), None);
/// ```
pub fn destination(candidates: &[&str], own: &str) -> Option<String> {
    let wanted = candidates.iter().find(|candidate| !candidate.is_empty())?;
    let path = match wanted.strip_prefix(own) {
        Some("") => "/",
        Some(path) if !own.is_empty() && path.starts_with('/') => path,
        _ => wanted,
    };
    redirect::check(path, &[]).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    #[test]
    fn a_destination_is_in_the_app() {
        for (candidates, expected) in [
            (&[][..], None),
            (&["", ""], None),
            (&["/a"], Some("/a")),
            (&["", "/b"], Some("/b")),
            (&["//evil.example", "/b"], None),
            (&["/\\evil.example"], None),
            (&["https://evil.example/"], None),
            (&["https://app.example"], Some("/")),
            (&["https://app.example/a?b#c"], Some("/a?b#c")),
            (&["https://app.example//evil.example"], None),
            (&["https://app.example.evil.example/"], None),
            (&["https://app.example@evil.example/"], None),
        ] {
            assert_eq!(destination(candidates, OWN).as_deref(), expected, "{candidates:?}");
        }
    }
}
