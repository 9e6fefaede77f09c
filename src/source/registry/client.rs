//! One registry and one repository of it: requests with a login where it is wanted, and patience where it is asked for.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RANGE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::sync::Mutex;

use super::auth::{Challenge, Login};
use super::credentials::{self, Credentials};
use super::explain;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::limits::{Limit, Limits};
use crate::source::access::network;
use crate::source::name::{DOCKER_HUB, Name};
use crate::source::{Access, bridge};

/// How often a request is made before giving up.
pub const ATTEMPTS: u32 = 6;
/// The first pause; every further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// No registry makes us wait longer than this at a time, whatever it says.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How a token server takes what it is told.
const FORM: &str = "application/x-www-form-urlencoded";

/// A repository of a registry.
pub struct Client {
    http: reqwest::Client,
    /// `https://host/v2/repository/`
    base: String,
    /// What was named, for messages.
    pub name: Name,
    credentials: Option<Credentials>,
    login: Mutex<Login>,
    /// Whether secrets may go where TLS does not protect them.
    plain_http: bool,
    limits: Limits,
}

/// A manifest or configuration as it came.
pub struct Document {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What the registry says that it is.
    pub media_type: String,
    /// The digest that the registry says it has.
    pub digest: Option<Digest>,
}

impl Client {
    /// Finds out how to speak to the registry. Plain HTTP is spoken to this machine, and elsewhere only if asked for.
    pub fn new(name: &Name, access: &Access) -> Result<Self> {
        let http = http(name, access)?;
        // Docker Hub answers under another name than the one it is known by.
        let host = if name.host == DOCKER_HUB { "registry-1.docker.io" } else { &name.host };
        let at = |scheme| format!("{scheme}://{host}/v2/{}/", name.repository);
        let may_be_plain = name.is_loopback() && access.ca_file.is_none();
        let is_plain =
            access.plain_http || (may_be_plain && !bridge::wait(async { Ok(speaks_tls(host).await) })?);
        let base = at(if is_plain { "http" } else { "https" });
        let credentials = credentials::find(&name.host)?;
        let login = credentials.as_ref().map_or(Login::None, Credentials::first);
        Ok(Self {
            http,
            base,
            name: name.clone(),
            credentials,
            login: Mutex::new(login),
            plain_http: access.plain_http || name.is_loopback(),
            limits: access.limits.clone(),
        })
    }

    /// A whole document; `None` where the registry has none.
    pub async fn document(&self, path: &str, accept: &str, first: bool) -> Result<Option<Document>> {
        let mut attempt = 0;
        loop {
            let response = match self.get(path, accept, None, first).await? {
                response if response.status() == StatusCode::NOT_FOUND => return Ok(None),
                response => response,
            };
            let header = |headers: &HeaderMap, name: &str| {
                Some(headers.get(name)?.to_str().ok()?.split(';').next()?.trim().to_owned())
            };
            let media_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
            let digest = header(response.headers(), "docker-content-digest");
            let digest = digest.and_then(|digest| Digest::parse(&digest).ok());
            match body(response, self.limits.get(Limit::Document)).await {
                Ok(Some(bytes)) => return Ok(Some(Document { bytes, media_type, digest })),
                Ok(None) => {
                    let what = format_args!("{} sent more for {path}", self.name.host);
                    return Err(self.limits.exceeded(Limit::Document, what));
                }
                Err(failure) if attempt + 1 >= ATTEMPTS => {
                    return Err(explain::failed(&self.name.host, &failure));
                }
                Err(_) => {
                    tokio::time::sleep(pause(attempt, None)).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Asks for something below the repository, from byte `from` on. Answers that are neither success nor "there is
    /// none" are errors. `first` says that nothing has been answered yet, so that a host that is not there is not
    /// asked again and again.
    pub async fn get(&self, path: &str, accept: &str, from: Option<u64>, first: bool) -> Result<Response> {
        let url = format!("{}{path}", self.base);
        let mut renewed = 0;
        loop {
            let login = self.login.lock().await.clone();
            let build = || {
                let request = self.http.get(&url).header(ACCEPT, accept);
                let request = match from {
                    Some(offset) if offset > 0 => request.header(RANGE, format!("bytes={offset}-")),
                    _ => request,
                };
                login.apply(request)
            };
            let response = self.send(build, first).await?;
            match response.status() {
                status if status.is_success() || status == StatusCode::NOT_FOUND => return Ok(response),
                StatusCode::UNAUTHORIZED if renewed < 2 => {
                    renewed += 1;
                    let challenge = Challenge::of(response.headers());
                    self.renew(&login, challenge).await?;
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(explain::refused(&self.name, self.credentials.as_ref(), response).await);
                }
                _ => return Err(explain::status(&self.name.host, response).await),
            }
        }
    }

    /// Sends a request until it is answered, pausing when the registry asks for it or is in trouble.
    async fn send(&self, build: impl Fn() -> reqwest::RequestBuilder, first: bool) -> Result<Response> {
        let mut attempt = 0;
        loop {
            let last = attempt + 1 >= ATTEMPTS;
            let wait = match build().send().await {
                Ok(response) => {
                    let status = response.status();
                    let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
                    if !is_busy || last {
                        return Ok(response);
                    }
                    pause(attempt, response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()))
                }
                Err(failure) if last || failure.is_builder() || (first && failure.is_connect()) => {
                    return Err(explain::failed(&self.name.host, &failure));
                }
                Err(_) => pause(attempt, None),
            };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Logs in again, unless somebody else did since `used` was refused.
    async fn renew(&self, used: &Login, challenge: Option<Challenge>) -> Result<()> {
        let mut login = self.login.lock().await;
        if *login != *used {
            return Ok(());
        }
        let credentials = self.credentials.as_ref();
        *login = match challenge {
            Some(Challenge::Basic) => match credentials.and_then(Credentials::basic) {
                Some(basic) if *used != basic => basic,
                Some(_) => return Err(explain::wrong_password(&self.name.host, credentials)),
                None => return Err(explain::anonymous(&self.name)),
            },
            Some(Challenge::Bearer { realm, service }) => self.token(&realm, &service).await?,
            None => return Err(explain::anonymous(&self.name)),
        };
        Ok(())
    }

    /// Fetches a token from where the registry says that tokens are made.
    /// <https://distribution.github.io/distribution/spec/auth/token/>
    async fn token(&self, realm: &str, service: &str) -> Result<Login> {
        let host = &self.name.host;
        let url = reqwest::Url::parse(realm)
            .map_err(|_| network(format!("{host} says that tokens are made where no address is")))?;
        if url.scheme() != "https" && !self.plain_http {
            return Err(network(format!("{host} wants the password sent without TLS"))
                .hint("if that is really meant, allow it with --plain-http"));
        }
        let credentials = self.credentials.as_ref();
        let scope = format!("repository:{}:pull", self.name.repository);
        let build = || {
            if let Some(identity) = credentials.and_then(Credentials::identity) {
                let form = form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", "plimsoll"),
                    ("service", service),
                    ("scope", &scope),
                    ("refresh_token", identity),
                ]);
                return self.http.post(url.clone()).header(CONTENT_TYPE, FORM).body(form);
            }
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("service", service).append_pair("scope", &scope);
            let basic = credentials.and_then(Credentials::basic).unwrap_or(Login::None);
            basic.apply(self.http.get(url))
        };
        let response = self.send(build, true).await?;
        let status = response.status();
        if matches!(status.as_u16(), 400 | 401 | 403) {
            return Err(match credentials {
                Some(own) if own.is_token() => explain::wrong_token(&self.name, own, ""),
                Some(_) => explain::wrong_password(host, credentials),
                None => explain::anonymous(&self.name),
            });
        }
        if !status.is_success() {
            return Err(explain::status(host, response).await);
        }
        let bytes = body(response, self.limits.get(Limit::Document))
            .await
            .map_err(|failure| explain::failed(host, &failure))?;
        Login::of_answer(&bytes.unwrap_or_default())
            .ok_or_else(|| network(format!("{host}'s token server sent no token")))
    }
}

/// Whether a server of this machine speaks TLS: it is greeted as such a server is, and one that does greets back. That
/// is no request, and no secret goes with it.
async fn speaks_tls(host: &str) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:443") };
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(&address).await.ok()?;
        stream.write_all(&greeting()?).await.ok()?;
        // So that a server that waits for the end of a line need not.
        stream.shutdown().await.ok()?;
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.ok()?;
        Some(head)
    };
    // A record of a handshake, or of an alert.
    let answer = tokio::time::timeout(Duration::from_secs(2), ask).await;
    matches!(answer, Ok(Some([0x15 | 0x16, 3])))
}

/// The first message of a TLS client.
fn greeting() -> Option<Vec<u8>> {
    let roots = rustls::RootCertStore::empty();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("localhost").ok()?;
    let mut client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).ok()?;
    let mut greeting = Vec::new();
    client.write_tls(&mut greeting).ok()?;
    Some(greeting)
}

fn http(name: &Name, access: &Access) -> Result<reqwest::Client> {
    // Fails where it was done before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::limited(5));
    if name.is_loopback() {
        builder = builder.no_proxy();
    }
    if let Some(file) = &access.ca_file {
        let shown = crate::path::Printable(file.as_bytes());
        let pem = std::fs::read(file)
            .map_err(|error| Error::usage(format!("the certificates in {shown} cannot be read: {error}")))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(
                Error::usage(format!("{shown} holds no certificate")).hint("give a file of PEM certificates")
            );
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|failure| explain::failed(&name.host, &failure))
}

/// How long to wait before the next attempt: what the server asks for, or twice as long as the last time.
pub fn pause(attempt: u32, asked: Option<&str>) -> Duration {
    let asked = asked.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    asked.unwrap_or_else(|| PAUSE.saturating_mul(1 << attempt.min(6))).min(LONGEST_PAUSE)
}

/// A body, unless it is longer than any document.
async fn body(mut response: Response, longest: u64) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > longest {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("form:/").ok();
    if let Some(url) = &mut url {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    url.as_ref().and_then(reqwest::Url::query).unwrap_or_default().to_owned()
}
