//! Images of a registry, over the OCI distribution API.
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>
//!
//! Spoken by a small client of our own and not by oci-client, which asks `/v2/` before every request of a registry that
//! needs no token, hides `Retry-After` and failed logins, and hashes what is hashed here anyway.

mod auth;
mod blob;
mod client;
mod credentials;
mod explain;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::access::network;
use super::cache::Cache;
use super::name::{DOCKER_HUB, Name};
use super::{Access, Blob, Root, Source, bridge};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::image::{Descriptor, MediaType};
use client::Client;

/// What may stand under a tag.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
const ANYTHING: &str = "*/*";
/// What manifests and configurations are kept as.
const DOCUMENT: &str = "document 1";

/// An image or index in a registry.
pub struct Registry {
    client: Arc<Client>,
    roots: Vec<Root>,
    /// What was fetched to find the root; it is asked for again at once.
    fetched: Mutex<BTreeMap<Digest, Vec<u8>>>,
    /// Manifests and configurations that are named by their digest never change.
    cache: Option<Cache>,
}

/// Opens an image of a registry. Only its manifest or index is fetched.
pub fn open(place: &str, access: &Access) -> Result<Box<dyn Source>> {
    let name = Name::parse(place)?;
    if name.host == DOCKER_HUB
        && let Some(mirror) = &access.mirror
    {
        let mirrored = Name::parse(&format!("{mirror}/{}:{}", name.repository, "latest"))?;
        let mirrored = Name { host: mirrored.host, ..name.clone() };
        // Whatever keeps a mirror from answering, Docker Hub is what was named.
        if let Ok(registry) = Registry::open(&mirrored, &name, access) {
            return Ok(Box::new(registry));
        }
    }
    Ok(Box::new(Registry::open(&name, &name, access)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(default)]
    media_type: String,
}

impl Registry {
    /// Fetches what `asked` names; `named` is what the user called it.
    fn open(asked: &Name, named: &Name, access: &Access) -> Result<Self> {
        let client = Arc::new(Client::new(asked, access)?);
        let path = format!("manifests/{}", asked.target());
        let fetched = bridge::wait(client.document(&path, MANIFESTS, true))?;
        let Some(document) = fetched else {
            return Err(Error::new(
                ErrorKind::Input,
                format!("the registry {} has no image {}", asked.host, asked.short()),
            )
            .hint("check the name and the tag"));
        };
        let found = Digest::of(&document.bytes);
        if let Some(said) = document.digest.filter(|said| said.algorithm() == "sha256" && *said != found) {
            return Err(network(format!("{} sent a manifest {found} under the digest {said}", asked.host))
                .hint("something on the way changed it: try again, or ask who runs the registry"));
        }
        // Held against its digest when it is read.
        let digest = asked.digest.clone().unwrap_or(found);
        let typed: Typed =
            serde_json::from_slice(&document.bytes).unwrap_or(Typed { media_type: String::new() });
        let media_type = if typed.media_type.is_empty() { document.media_type } else { typed.media_type };
        if media_type.starts_with("application/vnd.docker.distribution.manifest.v1") {
            return Err(Error::input(format!("{asked} has a manifest of schema 1, which says no sizes"))
                .hint("push the image again with a builder of this decade"));
        }
        let descriptor = Descriptor::new(media_type, digest.clone(), document.bytes.len() as u64);
        let root = Root { descriptors: vec![descriptor], tags: vec![named.to_string()], translated: false };
        let fetched = Mutex::new(BTreeMap::from([(digest, document.bytes)]));
        Ok(Self { client, roots: vec![root], fetched, cache: access.cache.clone() })
    }

    /// A manifest or configuration, from wherever it is nearest.
    fn document(&self, descriptor: &Descriptor, path: &str, accept: &str) -> Result<Option<Blob<'_>>> {
        let digest = &descriptor.digest;
        let kept = self.fetched.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
        let kept = kept.or_else(|| self.cache.as_ref()?.get(digest.as_str(), DOCUMENT));
        let bytes = match kept {
            Some(bytes) => bytes,
            None => match bridge::wait(self.client.document(path, accept, false))? {
                None => return Ok(None),
                Some(document) => {
                    // What is not what it should be is found out by who reads it, and is not kept.
                    if let Some(cache) =
                        self.cache.as_ref().filter(|_| Digest::of(&document.bytes) == *digest)
                    {
                        cache.put(digest.as_str(), DOCUMENT, &document.bytes);
                    }
                    document.bytes
                }
            },
        };
        Ok(Some(Blob::Stream(Box::new(std::io::Cursor::new(bytes)))))
    }
}

impl Source for Registry {
    fn roots(&self) -> &[Root] {
        &self.roots
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Blob<'_>>> {
        let digest = &descriptor.digest;
        match descriptor.kind() {
            MediaType::Config => self.document(descriptor, &format!("blobs/{digest}"), ANYTHING),
            // What no registry may hand out is not asked for.
            MediaType::ForeignLayer => Ok(None),
            MediaType::Layer => {
                let incoming = blob::download(&self.client, digest, descriptor.size)?;
                Ok(incoming.map(|incoming| Blob::Stream(Box::new(incoming))))
            }
            // What an attestation states is a blob like any other; registries answer 500 when asked for it as a manifest.
            MediaType::Other if !descriptor.media_type.is_empty() => {
                self.document(descriptor, &format!("blobs/{digest}"), ANYTHING)
            }
            MediaType::Index | MediaType::Manifest | MediaType::Other => {
                self.document(descriptor, &format!("manifests/{digest}"), MANIFESTS)
            }
        }
    }

    fn keeps_compression(&self) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "registry"
    }

    fn is_remote(&self) -> bool {
        true
    }
}
