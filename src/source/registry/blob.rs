//! One layer on its way here. A connection that breaks is taken up where it broke; digest and size are held against the
//! descriptor, the digest by whoever reads.

use std::io;
use std::sync::Arc;

use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};

use super::client::{ATTEMPTS, Client, pause};
use super::{ANYTHING, explain};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::source::access::network;
use crate::source::bridge::{self, Incoming, Sender};

/// Starts to download a blob of `size` bytes; `None` where the registry does not have it.
pub fn download(client: &Arc<Client>, digest: &Digest, size: u64) -> Result<Option<Incoming>> {
    let path = format!("blobs/{digest}");
    let response = bridge::wait(client.get(&path, ANYTHING, None, false))?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if let Some(length) = response.content_length().filter(|length| *length != size) {
        return Err(wrong_size(client, length, size));
    }
    let transfer = Transfer { client: Arc::clone(client), path, size, offset: 0 };
    bridge::download(|sender| transfer.run(response, sender)).map(Some)
}

fn wrong_size(client: &Client, length: u64, size: u64) -> Error {
    Error::input(format!(
        "the registry {} sends {length} bytes for it and the manifest says {size}",
        client.name.host
    ))
    .hint("the blob is cut off or was changed: push the image again")
}

struct Transfer {
    client: Arc<Client>,
    path: String,
    size: u64,
    /// Bytes handed on so far.
    offset: u64,
}

impl Transfer {
    async fn run(mut self, response: Response, sender: Sender) {
        if let Err(error) = self.try_run(response, &sender).await {
            // Nobody listens any more where the reading has failed already.
            let _ = sender.send(Err(io::Error::from(error))).await;
        }
    }

    async fn try_run(&mut self, mut response: Response, sender: &Sender) -> Result<()> {
        let mut attempt = 0;
        loop {
            let before = self.offset;
            let failure = match self.pour(response, sender).await? {
                Poured::All | Poured::Unwanted => return Ok(()),
                Poured::Broken(failure) => failure,
            };
            // A connection that brings something every time may break as often as it likes.
            attempt = if self.offset > before { 0 } else { attempt + 1 };
            if attempt + 1 >= ATTEMPTS {
                let host = &self.client.name.host;
                let cause = failure.map_or_else(
                    || network(format!("the registry {host} closes the connection")),
                    |failure| explain::failed(host, &failure),
                );
                let (offset, size) = (self.offset, self.size);
                return Err(cause.within(format_args!("after {offset} of {size} bytes")));
            }
            tokio::time::sleep(pause(attempt, None)).await;
            response = self.resume().await?;
        }
    }

    /// Hands on what comes.
    async fn pour(&mut self, mut response: Response, sender: &Sender) -> Result<Poured> {
        // A server that does not know ranges starts again from the front.
        let mut skip = if response.status() == StatusCode::PARTIAL_CONTENT { 0 } else { self.offset };
        loop {
            let mut piece = match response.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) if self.offset == self.size => return Ok(Poured::All),
                Ok(None) => return Ok(Poured::Broken(None)),
                Err(failure) => return Ok(Poured::Broken(Some(failure))),
            };
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
            skip -= known as u64;
            let _ = piece.split_to(known);
            self.offset += piece.len() as u64;
            if self.offset > self.size {
                return Err(wrong_size(&self.client, self.offset, self.size));
            }
            if !piece.is_empty() && sender.send(Ok(piece)).await.is_err() {
                return Ok(Poured::Unwanted);
            }
        }
    }

    async fn resume(&self) -> Result<Response> {
        let response = self.client.get(&self.path, ANYTHING, Some(self.offset), false).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::input("the registry lost the blob while it was downloaded").hint("try again"));
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
            if start != Some(self.offset) {
                let host = &self.client.name.host;
                return Err(network(format!("the registry {host} resumes elsewhere than it was asked to")));
            }
        }
        Ok(response)
    }
}

enum Poured {
    All,
    /// Nobody reads any more.
    Unwanted,
    Broken(Option<reqwest::Error>),
}
