//! What to say when a registry does not do what was asked. No message holds a secret, nor an address that a redirect
//! led to, for that may carry one in its query.

use reqwest::Response;
use serde::Deserialize;

use super::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::path::Printable;
use crate::source::access::network;
use crate::source::daemon::deepest;
use crate::source::name::Name;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errors: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// No answer came.
pub fn failed(host: &str, failure: &reqwest::Error) -> Error {
    let cause = deepest(failure);
    let (what, hint) = match () {
        () if failure.is_timeout() => ("does not answer".to_owned(), "try again, or check the network"),
        () if cause.contains("certificate") || cause.contains("UnknownIssuer") => (
            format!("shows a certificate that cannot be trusted: {cause}"),
            "name the certificate that it is certified by with --ca-file",
        ),
        () if failure.is_connect() => {
            (format!("cannot be reached: {cause}"), "check the name of the registry and the network")
        }
        () => (format!("broke the connection: {cause}"), "try again"),
    };
    network(format!("the registry {host} {what}")).hint(hint)
}

/// An answer that nothing can be done about.
pub async fn status(host: &str, response: Response) -> Error {
    let status = response.status();
    let said = said(response).await;
    let hint = match status.as_u16() {
        429 => "it limits how much it is asked: wait, or log in with docker login",
        500.. => "try again later",
        _ => "check the name of the image",
    };
    network(format!("the registry {host} answers {status}{said}")).hint(hint)
}

/// Logged in or not, this image is not shown.
pub async fn refused(name: &Name, credentials: Option<&Credentials>, response: Response) -> Error {
    let said = said(response).await;
    match credentials {
        None => Error { message: format!("{}{said}", anonymous(name).message), ..anonymous(name) },
        Some(credentials) if credentials.is_token() => wrong_token(name, credentials, &said),
        Some(credentials) => network(format!(
            "the registry {} does not show {} to whom {} logs in{said}",
            name.host,
            name.short(),
            credentials.origin
        ))
        .hint("check the name, and whether this account may pull it"),
    }
}

/// The token that was given is not good, or not any more.
pub fn wrong_token(name: &Name, credentials: &Credentials, said: &str) -> Error {
    network(format!(
        "the registry {} does not accept the token in {}: it has expired, or is for something else{said}",
        name.host, credentials.origin
    ))
    .hint("fetch a new token")
}

/// The registry wants to know who asks, and nobody has logged in.
pub fn anonymous(name: &Name) -> Error {
    let Name { host, .. } = name;
    network(format!("the registry {host} has no image {} for who has not logged in", name.short())).hint(
        format!("check the name, or log in: docker login {host}, or PLIMSOLL_REGISTRY_AUTH=user:password"),
    )
}

/// The registry does not know this user or password.
pub fn wrong_password(host: &str, credentials: Option<&Credentials>) -> Error {
    let origin = credentials.map_or("", |credentials| credentials.origin);
    Error::new(ErrorKind::Network, format!("the registry {host} refuses the user or password from {origin}"))
        .hint(format!("log in again: docker login {host}"))
}

/// What a registry says about its refusal, shortened.
async fn said(response: Response) -> String {
    let mut response = response;
    let mut bytes = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > 64 << 10 {
            break;
        }
    }
    let answer: Option<Answer> = serde_json::from_slice(&bytes).ok();
    let Some(said) = answer.and_then(|answer| answer.errors.into_iter().next()) else { return String::new() };
    let text = if said.message.is_empty() { said.code } else { said.message };
    let text: String = text.chars().take(160).collect();
    format!(": {}", Printable(text.as_bytes()))
}
