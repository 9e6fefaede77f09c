//! Decompression that knows, at any moment, how much of the compressed blob it has used.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::member::Compression;
use crate::digest::{Digest, HashingReader};
use crate::limits::{Limit, Limits};

/// The blob as it is stored, hashed and counted while it is read.
type Stored<R> = Counting<BufReader<Steady<HashingReader<R>>>>;

/// A blob being decompressed. How it is compressed is judged by its first bytes, for media types and file names lie.
/// Any number of gzip members or zstd frames is read; zstd's skippable frames are skipped.
pub struct Decompressor<R: Read> {
    decoder: Decoder<R>,
}

enum Decoder<R: Read> {
    Plain(Stored<R>),
    Gzip(Box<MultiGzDecoder<Stored<R>>>),
    Zstd(Box<zstd::Decoder<'static, Stored<R>>>),
}

const BUFFER: usize = 64 * 1024;

impl<R: Read> Decompressor<R> {
    /// Looks at the first bytes and starts decompressing.
    pub fn new(blob: HashingReader<R>, limits: &Limits) -> io::Result<Self> {
        let mut stored = Counting { inner: BufReader::with_capacity(BUFFER, Steady(blob)), consumed: 0 };
        let head = stored.inner.fill_buf()?;
        let decoder = match compression_of(head) {
            Compression::None => Decoder::Plain(stored),
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(stored))),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(stored)?;
                // Neither less nor more than the library knows of.
                let window = limits.get(Limit::Window).clamp(1 << 10, 1 << 31);
                decoder.window_log_max(window.ilog2())?;
                Decoder::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { decoder })
    }

    /// How the blob is compressed.
    pub fn compression(&self) -> Compression {
        match self.decoder {
            Decoder::Plain(_) => Compression::None,
            Decoder::Gzip(_) => Compression::Gzip,
            Decoder::Zstd(_) => Compression::Zstd,
        }
    }

    /// Bytes of the stored blob used up so far.
    pub fn consumed(&self) -> u64 {
        match &self.decoder {
            Decoder::Plain(stored) => stored.consumed,
            Decoder::Gzip(decoder) => decoder.get_ref().consumed,
            Decoder::Zstd(decoder) => decoder.get_ref().consumed,
        }
    }

    /// Reads what is left of the stored blob, and says what all of it was: digest and length.
    pub fn finish(self) -> io::Result<(Digest, u64)> {
        let stored = match self.decoder {
            Decoder::Plain(stored) => stored,
            Decoder::Gzip(decoder) => decoder.into_inner(),
            Decoder::Zstd(decoder) => decoder.finish(),
        };
        stored.inner.into_inner().0.finish()
    }
}

impl<R: Read> Read for Decompressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            Decoder::Plain(stored) => stored.read(buffer),
            Decoder::Gzip(decoder) => decoder.read(buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// How a blob with these first bytes is compressed.
pub fn compression_of(head: &[u8]) -> Compression {
    match head {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        // A frame, or a skippable frame before one.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

/// Gives as much as is asked for, until the end. A pipe gives what it has, a file what is asked for: how far a decoder
/// has come in its input at a given byte of its output, and so each entry's share, must not depend on that.
struct Steady<R>(R);

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// Counts what is taken out of a buffer; the buffer itself reads ahead.
struct Counting<B> {
    inner: B,
    consumed: u64,
}

impl<B: BufRead> Read for Counting<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.consumed += read as u64;
        Ok(read)
    }
}

impl<B: BufRead> BufRead for Counting<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.consumed += amount as u64;
        self.inner.consume(amount);
    }
}
