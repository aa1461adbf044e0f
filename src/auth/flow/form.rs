//! What a form asks of the backend.

use super::{Flow, Kind, Pages};
use crate::error::{Refusal, Rule};
use crate::http::{form, json};

/// One request to the backend, always a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Below the backend's base path.
    pub path: &'static str,
    /// JSON.
    pub body: String,
}

/// A field that is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its name in the form.
    pub field: &'static str,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// Longest field in bytes; a token of an OAuth provider or a signed one is the longest there is.
const MAX_FIELD: usize = 4096;

impl Flow {
    /// What a form shows again after it failed: neither passwords nor tokens.
    pub fn echo<'f>(self, form: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let shown = |name: &str| {
            let open = |kind| !matches!(kind, Kind::Password | Kind::Confirmation | Kind::Token);
            name == "redirect" || self.fields().iter().any(|&(field, _, kind)| field == name && open(kind))
        };
        form.iter().filter(|(name, value)| shown(name) && value.len() <= MAX_FIELD).copied().collect()
    }

    /// Adds where the backend leads to afterwards.
    fn add_callbacks(self, body: &mut Body, pages: &Pages, redirect: Option<&str>, own: &str) {
        let back = format!("{own}{}", redirect.unwrap_or(&pages.home));
        let mut failed = format!("{own}{}", pages.login);
        if let Some(redirect) = redirect {
            failed.push(form::joint(&pages.login));
            failed.push_str("redirect=");
            form::push_value(redirect, &mut failed);
        }
        match self {
            Flow::Social | Flow::SendMagicLink => {
                body.text("callbackURL", &back);
                body.text("errorCallbackURL", &failed);
            }
            Flow::SignUp | Flow::SendVerification => body.text("callbackURL", &back),
            Flow::RequestReset => body.text("redirectTo", &format!("{own}{}", pages.reset)),
            _ => {}
        }
    }

    /// The requests that a form asks for. Fields that the flow does not know are left out. `own` is the app's origin,
    /// to which the links in mails lead; `redirect` is where the visitor wants to go, checked already.
    ///
    /// # Errors
    /// A [`FieldError`] for the first field that is missing or malformed.
    pub fn plan(
        self,
        form: &[(&str, &str)],
        pages: &Pages,
        redirect: Option<&str>,
        own: &str,
    ) -> Result<Vec<Step>, FieldError> {
        let mut body = Body::default();
        let mut password = "";
        for &(field, member, kind) in self.fields() {
            let blame = |rule| FieldError { field, rule };
            let mut values = form.iter().filter(|(name, _)| *name == field).map(|&(_, value)| value);
            if kind == Kind::Flag {
                body.member(member, if values.any(is_on) { "true" } else { "false" });
                continue;
            }
            let value = match (values.next(), values.next()) {
                (value, None) => value.unwrap_or_default(),
                _ => return Err(blame(Rule::FlowText)),
            };
            let value =
                if matches!(kind, Kind::Password | Kind::Confirmation) { value } else { value.trim() };
            if kind == Kind::Confirmation {
                // A form without a second field asks for none.
                if form.iter().any(|(name, _)| *name == field) && value != password {
                    return Err(blame(Rule::FlowConfirmation));
                }
                continue;
            }
            if value.is_empty() {
                return Err(blame(Rule::FlowField));
            }
            if value.len() > MAX_FIELD || (kind != Kind::Password && value.chars().any(char::is_control)) {
                return Err(blame(Rule::FlowText));
            }
            if kind == Kind::Email && !is_address(value) {
                return Err(blame(Rule::FlowEmail));
            }
            if kind == Kind::Password {
                password = value;
            }
            body.text(member, value);
        }
        self.add_callbacks(&mut body, pages, redirect, own);
        let body = body.finish();
        Ok(self.paths().iter().map(|&path| Step { path, body: body.clone() }).collect())
    }
}

/// What a checkbox sends; one that is not checked sends nothing.
fn is_on(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "false" | "off" | "0" | "no")
}

fn is_address(text: &str) -> bool {
    let blank = text.chars().any(char::is_whitespace);
    text.len() <= 320
        && !blank
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

/// A JSON object as it grows.
#[derive(Default)]
struct Body(String);

impl Body {
    fn member(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        json::push_string(name, &mut self.0);
        self.0.push(':');
        self.0.push_str(value);
    }

    fn text(&mut self, name: &str, value: &str) {
        let mut text = String::with_capacity(value.len() + 2);
        json::push_string(value, &mut text);
        self.member(name, &text);
    }

    fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

impl From<FieldError> for Refusal {
    fn from(blame: FieldError) -> Self {
        blame.rule.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://app.example";

    fn pages() -> Pages {
        Pages::new("/login", "/", "/verify", "/reset-password", "/bye", "/two-factor").unwrap()
    }

    fn plan(flow: &str, form: &[(&str, &str)]) -> Result<Vec<(&'static str, String)>, FieldError> {
        let steps = Flow::parse(flow).unwrap().plan(form, &pages(), Some("/library"), OWN)?;
        Ok(steps.into_iter().map(|Step { path, body }| (path, body)).collect())
    }

    #[test]
    fn a_form_is_one_request_with_the_fields_that_it_knows() {
        let ada = ("email", " ada@example.com ");
        for (flow, form, path, body) in [
            (
                "signin",
                &[ada, ("password", " p\"w "), ("role", "admin")][..],
                "/sign-in/email",
                r#"{"email":"ada@example.com","password":" p\"w ","rememberMe":false}"#,
            ),
            (
                "signin",
                &[ada, ("password", "x"), ("rememberMe", "off"), ("rememberMe", "on")],
                "/sign-in/email",
                r#"{"email":"ada@example.com","password":"x","rememberMe":true}"#,
            ),
            (
                "signup",
                &[("name", "Ada"), ada, ("password", "x")],
                "/sign-up/email",
                r#"{"name":"Ada","email":"ada@example.com","password":"x","callbackURL":"https://app.example/library"}"#,
            ),
            (
                "social",
                &[("provider", "github")],
                "/sign-in/social",
                r#"{"provider":"github","callbackURL":"https://app.example/library","errorCallbackURL":"https://app.example/login?redirect=/library"}"#,
            ),
            ("useMagicLink", &[("token", "t")], "/magic-link/verify", r#"{"token":"t"}"#),
            (
                "requestReset",
                &[ada],
                "/request-password-reset",
                r#"{"email":"ada@example.com","redirectTo":"https://app.example/reset-password"}"#,
            ),
            (
                "resetPassword",
                &[("token", "t"), ("password", "x"), ("confirmation", "x")],
                "/reset-password",
                r#"{"token":"t","newPassword":"x"}"#,
            ),
            ("signout", &[("id", "1")], "/sign-out", "{}"),
            ("revokeSession", &[("id", "1")], "/revoke-session", r#"{"id":"1"}"#),
        ] {
            assert_eq!(plan(flow, form).unwrap(), [(path, body.to_owned())], "{flow}");
        }
        let everywhere: Vec<_> = plan("signoutEverywhere", &[]).unwrap().into_iter().map(|s| s.0).collect();
        assert_eq!(everywhere, ["/revoke-sessions", "/sign-out"]);
        assert_eq!(Flow::parse("SignIn"), None);
    }

    #[test]
    fn a_field_that_is_not_as_it_must_be_is_named() {
        let long = "x".repeat(MAX_FIELD + 1);
        for (flow, form, field, rule) in [
            ("signin", &[][..], "email", Rule::FlowField),
            ("signin", &[("email", "  ")], "email", Rule::FlowField),
            ("signin", &[("email", "ada")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a@b@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a b@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "@c")], "email", Rule::FlowEmail),
            ("signin", &[("email", "a@b\r\nBcc: x@y")], "email", Rule::FlowText),
            ("signin", &[("email", "a@b"), ("email", "c@d")], "email", Rule::FlowText),
            ("signin", &[("email", "a@b")], "password", Rule::FlowField),
            ("signin", &[("email", "a@b"), ("password", &long)], "password", Rule::FlowText),
            ("signup", &[("email", "a@b"), ("password", "x")], "name", Rule::FlowField),
            (
                "resetPassword",
                &[("token", "t"), ("password", "x"), ("confirmation", "y")],
                "confirmation",
                Rule::FlowConfirmation,
            ),
            ("useMagicLink", &[("token", "")], "token", Rule::FlowField),
            ("verifyTotp", &[("code", " ")], "code", Rule::FlowField),
            ("verifyBackupCode", &[("code", "a"), ("code", "b")], "code", Rule::FlowText),
        ] {
            assert_eq!(plan(flow, form), Err(FieldError { field, rule }), "{flow} {form:?}");
        }
    }

    #[test]
    fn a_form_shows_neither_passwords_nor_tokens_again() {
        let form = [
            ("email", "a@b"),
            ("password", "secret"),
            ("confirmation", "secret"),
            ("token", "secret"),
            ("code", "secret"),
            ("rememberMe", "on"),
            ("redirect", "/x"),
            ("other", "secret"),
        ];
        for (_, flow) in Flow::ALL {
            assert!(flow.echo(&form).iter().all(|(_, value)| *value != "secret"), "{flow:?}");
        }
        assert_eq!(Flow::SignIn.echo(&form), [("email", "a@b"), ("rememberMe", "on"), ("redirect", "/x")]);
    }
}
