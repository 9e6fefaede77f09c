//! From the asynchronous world of network libraries to [`Read`]: the only place that holds a tokio runtime.
//!
//! Downloads run on the runtime's own thread and fill a short queue; whoever reads the layer empties it on another, so
//! that fetching and inflating overlap and neither gets far ahead of the other.

use std::future::Future;
use std::io::{self, Read};
use std::sync::OnceLock;

use futures_util::{Stream, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::error::{Error, ErrorKind, Result};

/// Pieces on the way. A piece is what one read from a socket gave, so this bounds memory to a few megabytes.
const QUEUE: usize = 16;

/// The runtime, started when the first daemon or registry is asked.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).thread_name("network").enable_all().build()
    });
    runtime
        .as_ref()
        .map_err(|error| Error::new(ErrorKind::Network, format!("no thread for the network: {error}")))
}

/// Waits for what a network library promises.
pub fn wait<T>(promise: impl Future<Output = Result<T>>) -> Result<T> {
    runtime()?.block_on(promise)
}

/// Where a download puts what came.
pub type Sender = mpsc::Sender<io::Result<bytes::Bytes>>;

/// Runs a download that fills what is returned. It is stopped when nobody reads any more.
pub fn download<F: Future<Output = ()> + Send + 'static>(fill: impl FnOnce(Sender) -> F) -> Result<Incoming> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    runtime()?.spawn(fill(sender));
    Ok(Incoming { receiver, piece: bytes::Bytes::new(), failure: None })
}

/// Reads a stream of pieces.
pub fn read<S, E>(stream: S) -> Result<Incoming>
where
    S: Stream<Item = Result<bytes::Bytes, E>> + Send + 'static,
    E: Into<Error> + Send,
{
    download(|sender| async move {
        let mut stream = std::pin::pin!(stream);
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| io::Error::from(error.into()));
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    })
}

/// What comes in.
pub struct Incoming {
    receiver: mpsc::Receiver<io::Result<bytes::Bytes>>,
    piece: bytes::Bytes,
    /// Why no more comes. Told again to whoever asks again: the end of a stream that broke is no end.
    failure: Option<Error>,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            if let Some(failure) = &self.failure {
                return Err(failure.again().into());
            }
            match self.receiver.blocking_recv() {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => self.failure = Some(error.into()),
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
