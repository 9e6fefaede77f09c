//! Images in a daemon: Docker's, and Podman's service, which speaks Docker's API.
//! <https://docs.docker.com/reference/api/engine/>
//!
//! An image is exported as one stream and read while it goes by, in whatever order its members come; nothing of it is
//! ever stored here.

mod context;
mod endpoint;
mod remembered;

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as Failure;
use futures_util::StreamExt;

use super::access::network;
use super::open::{of_members, stream};
use super::{Access, Blob, Passerby, Root, Source, bridge};
use crate::error::{Error, Result, Warning};
use crate::image::{Descriptor, Platform};
use crate::path::Printable;
use crate::reference::Scheme;
use endpoint::Endpoint;
use remembered::Remembered;

/// How long a daemon may take to answer a question.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take until an export begins: engines before 25 first copy the whole image.
const EXPORT_PATIENCE: Duration = Duration::from_hours(1);
/// The first version of the API that can export one platform of several.
const PLATFORMS_SINCE: (usize, usize) = (1, 48);

/// Which of the two is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The Docker daemon.
    Docker,
    /// The Podman service.
    Podman,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// What people call it.
    fn title(self) -> &'static str {
        match self {
            Self::Docker => "the Docker daemon",
            Self::Podman => "the Podman service",
        }
    }
}

/// Whether there is any sign of the engine on this machine, so that asking it makes sense.
pub fn is_likely(engine: Engine, access: &Access) -> bool {
    engine == Engine::Docker || endpoint::find(engine, access).is_ok_and(|endpoint| endpoint.is_there())
}

/// Opens an image of a daemon, by name, digest or id.
pub fn open(
    engine: Engine,
    name: &str,
    access: &Access,
    passerby: &mut dyn Passerby,
) -> Result<Box<dyn Source>> {
    if !is_name(name) {
        return Err(Error::usage(format!("{} is no image name", Printable(name.as_bytes())))
            .hint(format!("write {}:name:tag, name@digest, or an image id", engine.name())));
    }
    let daemon = Daemon::connect(engine, access)?;
    let Wanted { name, id } = daemon.find(name)?;
    let key = format!("{} {} as {name}", engine.name(), id.as_deref().unwrap_or_default());
    let cache = access.cache.as_ref().filter(|_| id.is_some());
    if let Some(known) = cache.and_then(|cache| Remembered::recall(cache, &key, passerby)) {
        return Ok(Box::new(Exported { source: Box::new(known), kind: engine.name() }));
    }
    let export = daemon.export(&name, access.platform.as_ref())?;
    let source = of_members(stream(export, passerby, &access.limits)?, Scheme::Any)?;
    if let Some(cache) = cache {
        Remembered::keep(cache, &key, &*source);
    }
    Ok(Box::new(Exported { source, kind: engine.name() }))
}

/// Whether the text can stand in the path of a request without changing its meaning.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@[]".contains(&byte);
    name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[')
        && name.len() <= 512
        && name.bytes().all(allowed)
        && !name.split('/').any(|part| part == ".." || part.is_empty())
}

/// An image that a daemon has.
struct Wanted {
    /// The name to export it under.
    name: String,
    /// Its id, which is the digest of what it is made of.
    id: Option<String>,
}

struct Daemon {
    docker: Docker,
    engine: Engine,
    /// Where it was reached, for messages.
    place: String,
}

impl Daemon {
    fn connect(engine: Engine, access: &Access) -> Result<Self> {
        let endpoint = endpoint::find(engine, access)?;
        let place = endpoint.host.clone();
        let fail = |failure| explain(&failure, engine, &place);
        let docker = bridge::wait(async { connect(&endpoint).map_err(fail) })?;
        let docker = bridge::wait(async { docker.negotiate_version().await.map_err(fail) })?;
        Ok(Self { docker, engine, place })
    }

    fn explain(&self, failure: &Failure) -> Error {
        explain(failure, self.engine, &self.place)
    }

    /// Finds an image. It is exported under its first tag where only a digest or an id was given, for an export by digest
    /// may leave out what names the image.
    fn find(&self, name: &str) -> Result<Wanted> {
        let inspected = bridge::wait(async {
            self.docker.inspect_image(name).await.map_err(|failure| match failure {
                Failure::DockerResponseServerError { status_code: 404, .. } => {
                    Error::input(format!("{} at {} has no image {name}", self.engine.title(), self.place))
                        .hint(format!("{} images lists what it has", self.engine.name()))
                }
                other => self.explain(&other),
            })
        })?;
        let is_tagged = !name.contains('@') && !is_id(name);
        let tag = inspected.repo_tags.and_then(|tags| tags.into_iter().find(|tag| is_name(tag)));
        let name = match (is_tagged, tag, &inspected.id) {
            (true, ..) => name.to_owned(),
            (_, Some(tag), _) => tag,
            (_, _, Some(id)) => id.clone(),
            _ => name.to_owned(),
        };
        Ok(Wanted { name, id: inspected.id })
    }

    /// Starts an export. A platform that the daemon does not have is no error here: what there is will be told later.
    fn export(&self, name: &str, platform: Option<&Platform>) -> Result<bridge::Incoming> {
        let version = self.docker.client_version();
        let can_choose = (version.major_version, version.minor_version) >= PLATFORMS_SINCE;
        if let Some(platform) = platform.filter(|_| can_choose)
            && let Ok(stream) = self.start(name, Some(platform))
        {
            return Ok(stream);
        }
        self.start(name, None)
    }

    fn start(&self, name: &str, platform: Option<&Platform>) -> Result<bridge::Incoming> {
        let mut docker = self.docker.clone().with_timeout(EXPORT_PATIENCE);
        if let Some(query) = platform.map(query) {
            docker = docker.with_request_modifier(move |mut request| {
                if let Ok(uri) = format!("{}?platform={query}", request.uri()).parse() {
                    *request.uri_mut() = uri;
                }
                request
            });
        }
        let (engine, place) = (self.engine, self.place.clone());
        let mut stream = Box::pin(docker.export_image(name));
        // The first piece tells whether there is an export at all.
        let first = bridge::wait(async {
            match stream.next().await {
                Some(Err(failure)) => Err(explain(&failure, engine, &place)),
                Some(Ok(piece)) => Ok(piece),
                None => Err(network(format!("{} at {place} sent an empty export", engine.title()))),
            }
        })?;
        let rest = stream.map(move |piece| {
            piece.map_err(|failure| {
                explain(&failure, engine, &place).within("the export of the image broke off")
            })
        });
        bridge::read(futures_util::stream::once(std::future::ready(Ok(first))).chain(rest))
    }
}

fn connect(endpoint: &Endpoint) -> Result<Docker, Failure> {
    let (host, seconds, version) = (&endpoint.host, PATIENCE.as_secs(), bollard::API_DEFAULT_VERSION);
    if let Some(tls) = &endpoint.tls {
        return Docker::connect_with_ssl(host, &tls.key, &tls.cert, &tls.ca, seconds, version);
    }
    match host.split_once("://") {
        Some(("unix", _)) => Docker::connect_with_unix(host, seconds, version),
        Some(("ssh", _)) => Docker::connect_with_ssh(host, seconds, version, None),
        Some(("tcp" | "http", _)) => Docker::connect_with_http(host, seconds, version),
        _ => Err(Failure::UnsupportedURISchemeError { uri: host.clone() }),
    }
}

/// The platform as the API takes it: JSON in a query.
fn query(platform: &Platform) -> String {
    let json = serde_json::json!({
        "os": platform.os, "architecture": platform.architecture, "variant": platform.variant,
    });
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    json.to_string().bytes().map(escape).collect()
}

/// Whether a name can only be an id: Docker takes any prefix, but shorter ones may well be names.
fn is_id(name: &str) -> bool {
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    hex.len() >= 12 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn explain(failure: &Failure, engine: Engine, place: &str) -> Error {
    let title = engine.title();
    match failure {
        Failure::DockerResponseServerError { status_code, message } => {
            let message = Printable(message.trim().as_bytes()).to_string();
            network(format!("{title} at {place} answers {status_code}: {message}"))
        }
        Failure::SocketNotFoundError(_) => network(format!("{title} is not at {place}"))
            .hint("start it, or say where it is with DOCKER_HOST, CONTAINER_HOST or --context"),
        Failure::RequestTimeoutError => network(format!("{title} at {place} does not answer")),
        Failure::UnsupportedURISchemeError { .. } => {
            Error::usage(format!("{place} is no address of {title}"))
                .hint("write unix:///path, tcp://host:port or ssh://user@host")
        }
        other => {
            let deepest = deepest(other);
            let hint = if deepest.contains("ermission denied") {
                "you may not open its socket: run as a user who may, such as a member of the group docker"
            } else if place.strip_prefix("ssh://").is_some_and(|address| address.contains(':')) {
                // The library hands the address to ssh as the name of a host.
                "leave the port out, and set it for that host in ~/.ssh/config"
            } else {
                "start it, or say where it is with DOCKER_HOST, CONTAINER_HOST or --context"
            };
            network(format!("{title} at {place} cannot be reached: {deepest}")).hint(hint)
        }
    }
}

/// The last cause of a chain of errors, which is the one that says what happened.
pub(super) fn deepest(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    Printable(deepest.to_string().as_bytes()).to_string()
}

/// What a daemon exported.
struct Exported {
    source: Box<dyn Source>,
    kind: &'static str,
}

impl Source for Exported {
    fn roots(&self) -> &[Root] {
        self.source.roots()
    }
    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        self.source.blob(descriptor)
    }
    fn keeps_compression(&self) -> bool {
        self.source.keeps_compression()
    }
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn warnings(&self) -> Vec<Warning> {
        self.source.warnings()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_change_the_request() {
        for good in ["app", "localhost:5000/a/b:1.2", "a@sha256:00", "sha256:0123", "[::1]:5000/a"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "../info", "a/../b", "a?b=c", "a#b", "a b", "a%2fb", "/a", "a//b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_platform_is_escaped() {
        let query = query(&Platform::new("linux", "arm", "v7"));
        assert!(!query.contains(['"', '{', ' ', '&']), "{query}");
        assert!(query.contains("linux") && query.contains("v7"));
    }
}
