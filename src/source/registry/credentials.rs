//! Whose credentials to show a registry: the environment's, else what `docker login` or `podman login` keeps.

use docker_credential::{CredentialRetrievalError as Failure, DockerCredential};

use super::auth::Login;
use crate::error::{Error, Result};
use crate::source::name::DOCKER_HUB;

/// A user and a password as `user:password`.
const VARIABLE: &str = "PLIMSOLL_REGISTRY_AUTH";
/// A token that is shown as it is.
const TOKEN: &str = "PLIMSOLL_REGISTRY_TOKEN";

/// Credentials, and where they were found. Never printed: it has no `Debug`.
pub struct Credentials {
    secret: Secret,
    /// Where they come from, for messages.
    pub origin: &'static str,
}

enum Secret {
    Password(String, String),
    /// Exchanged for a token.
    Identity(String),
    /// Shown as it is.
    Token(String),
}

impl Credentials {
    /// What to show before anything is asked for.
    pub fn first(&self) -> Login {
        match &self.secret {
            Secret::Token(token) => Login::Bearer(token.clone()),
            _ => Login::None,
        }
    }

    /// User and password, where that is what they are.
    pub fn basic(&self) -> Option<Login> {
        match &self.secret {
            Secret::Password(user, password) => Some(Login::Basic(user.clone(), password.clone())),
            _ => None,
        }
    }

    /// What is exchanged for a token.
    pub fn identity(&self) -> Option<&str> {
        match &self.secret {
            Secret::Identity(identity) => Some(identity),
            _ => None,
        }
    }

    /// Whether they are a token that cannot be renewed here.
    pub fn is_token(&self) -> bool {
        matches!(self.secret, Secret::Token(_))
    }
}

/// The credentials for a registry, if there are any.
pub fn find(host: &str) -> Result<Option<Credentials>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = variable(TOKEN) {
        return Ok(Some(Credentials { secret: Secret::Token(token), origin: TOKEN }));
    }
    if let Some(text) = variable(VARIABLE) {
        let (user, password) = text.split_once(':').ok_or_else(|| {
            Error::usage(format!("{VARIABLE} is not of the form user:password"))
                .hint(format!("a token goes into {TOKEN}"))
        })?;
        let secret = Secret::Password(user.to_owned(), password.to_owned());
        return Ok(Some(Credentials { secret, origin: VARIABLE }));
    }
    // Docker keeps the login of Docker Hub under the address of its first version.
    let key = if host == DOCKER_HUB { "https://index.docker.io/v1/" } else { host };
    let docker = known(docker_credential::get_credential(key), "Docker's configuration", host)?;
    match docker {
        Some(credentials) => Ok(Some(credentials)),
        None => known(docker_credential::get_podman_credential(host), "Podman's configuration", host),
    }
}

fn known(
    found: Result<DockerCredential, Failure>,
    origin: &'static str,
    host: &str,
) -> Result<Option<Credentials>> {
    let secret = match found {
        Ok(DockerCredential::UsernamePassword(user, password)) => Secret::Password(user, password),
        Ok(DockerCredential::IdentityToken(token)) => Secret::Identity(token),
        // A helper that has nothing for this registry fails, and so does one that is not installed; most images need
        // no login, so the registry is to decide.
        Err(
            Failure::NoCredentialConfigured
            | Failure::ConfigNotFound
            | Failure::ConfigReadError
            | Failure::HelperFailure { .. }
            | Failure::HelperCommunicationError,
        ) => return Ok(None),
        // What went wrong may quote a secret, so only the kind of trouble is told.
        Err(_) => {
            return Err(Error::config(format!("what {origin} keeps for {host} cannot be understood"))
                .hint(format!("log in again: docker login {host}")));
        }
    };
    Ok(Some(Credentials { secret, origin }))
}
