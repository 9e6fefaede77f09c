//! What goes into the Authorization header, and what a registry asks to see there.

use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde::Deserialize;

/// What is shown to the registry. Never printed: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Nothing.
    None,
    /// A user and a password.
    Basic(String, String),
    /// A token.
    Bearer(String),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl Login {
    /// Adds the header. It is marked as sensitive, and left out when a redirect leads to another host.
    pub fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Basic(user, password) => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }

    /// The token in a token server's answer.
    pub fn of_answer(bytes: &[u8]) -> Option<Self> {
        let Answer { token, access_token } = serde_json::from_slice(bytes).ok()?;
        let token = if token.is_empty() { access_token } else { token };
        (!token.is_empty()).then_some(Self::Bearer(token))
    }
}

/// What a registry asks for with a 401.
#[derive(Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A user and a password.
    Basic,
    /// A token that is made elsewhere.
    Bearer {
        /// Where.
        realm: String,
        /// For whom.
        service: String,
    },
}

impl Challenge {
    /// The challenge in the headers of an answer; a token is preferred to a password.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = || headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let bearer = texts().find_map(bearer);
        bearer.or_else(|| texts().any(|text| starts_with(text, "basic")).then_some(Self::Basic))
    }
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(scheme))
}

/// `Bearer realm="…",service="…",scope="…"`
fn bearer(text: &str) -> Option<Challenge> {
    if !starts_with(text, "bearer") {
        return None;
    }
    let parameters = text.split_once(' ')?.1;
    let value = |wanted: &str| parameter(parameters, wanted);
    Some(Challenge::Bearer { realm: value("realm")?, service: value("service").unwrap_or_default() })
}

/// The value of a parameter in `name="value", name=value`; a quoted value may hold commas.
fn parameter(mut text: &str, wanted: &str) -> Option<String> {
    while let Some((name, rest)) = text.split_once('=') {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        if name.trim_matches([' ', ',']).eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        text = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        Challenge::of(&headers)
    }

    #[test]
    fn a_token_server_is_found_among_commas() {
        let text =
            r#"Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push""#;
        let expected =
            Challenge::Bearer { realm: "https://auth.example/token".into(), service: "reg".into() };
        assert_eq!(challenge(&[text]), Some(expected));
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        let both = ["Basic realm=\"x\"", "bearer realm=https://a/t"];
        assert!(matches!(challenge(&both), Some(Challenge::Bearer { realm, .. }) if realm == "https://a/t"));
        assert_eq!(challenge(&both[..1]), Some(Challenge::Basic));
        assert_eq!(challenge(&["Negotiate"]), None);
        assert_eq!(challenge(&["Bearer"]), None);
    }
}
