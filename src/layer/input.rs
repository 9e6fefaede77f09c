//! The two ways through a tar: from header to header where the source can seek, and front to back where it cannot.

use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

use super::decompress::Decompressor;
use super::estimate::Tap;
use crate::source::Region;

/// The uncompressed tar of a layer, consumed from the front.
pub trait Input {
    /// How many bytes of the tar are behind us.
    fn position(&self) -> u64;

    /// How many bytes of the stored blob it took to get here. Monotone in [`Input::position`], so that the shares of
    /// consecutive ranges add up to the whole, to the byte.
    fn transferred(&self) -> u64;

    /// The bytes ahead, at least `wanted` of them unless the end is nearer.
    fn peek(&mut self, wanted: usize) -> io::Result<&[u8]>;

    /// Moves past `length` bytes and returns how many there were, which is less only at the end. Where the bytes go by
    /// anyway, they are hashed into `hasher`; returns whether they were.
    fn skip(&mut self, length: u64, hasher: Option<&mut Xxh3>) -> io::Result<(u64, bool)>;

    /// The next `length` bytes where they lie, for whoever looks at a few of them; `None` where they can only go by.
    fn ahead(&self, _length: u64) -> Option<Region> {
        None
    }

    /// Fills `buffer` and moves past what it took; returns less than its length only at the end.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let ahead = self.peek(1)?;
            if ahead.is_empty() {
                break;
            }
            let take = ahead.len().min(buffer.len() - filled);
            buffer[filled..filled + take].copy_from_slice(&ahead[..take]);
            filled += take;
            self.skip(take as u64, None)?;
        }
        Ok(filled)
    }
}

/// Hops over an uncompressed tar; what nobody looks at is never read.
pub struct Hop {
    region: Region,
    position: u64,
    /// What was read last, and where it starts. Headers of small files lie close together, so one read serves several.
    window: Vec<u8>,
    window_start: u64,
    window_length: usize,
}

const WINDOW: usize = 16 * 1024;

impl Hop {
    /// Starts at the front of a region.
    pub fn new(region: Region) -> Self {
        Self { region, position: 0, window: vec![0; WINDOW], window_start: 0, window_length: 0 }
    }
}

impl Input for Hop {
    fn position(&self) -> u64 {
        self.position
    }

    fn transferred(&self) -> u64 {
        self.position
    }

    fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let window_end = self.window_start + self.window_length as u64;
        let inside = self.position >= self.window_start && self.position + wanted as u64 <= window_end;
        if !inside {
            self.window_length = self.region.read_at(&mut self.window, self.position)?;
            self.window_start = self.position;
        }
        let start = usize::try_from(self.position - self.window_start).unwrap_or(self.window_length);
        Ok(&self.window[start..self.window_length])
    }

    fn skip(&mut self, length: u64, _hasher: Option<&mut Xxh3>) -> io::Result<(u64, bool)> {
        let skipped = length.min(self.region.length().saturating_sub(self.position));
        self.position += skipped;
        Ok((skipped, false))
    }

    fn ahead(&self, length: u64) -> Option<Region> {
        Some(self.region.part(self.position, length))
    }
}

/// Flows through a blob, decompressing on the way.
pub struct Flow<R: Read> {
    decompressor: Decompressor<R>,
    buffer: Vec<u8>,
    /// `buffer[start..end]` lies ahead.
    start: usize,
    end: usize,
    /// The position of `buffer[0]` in the tar.
    base: u64,
    /// Bytes of the blob consumed before and after the buffer was filled; in between we interpolate.
    before: u64,
    after: u64,
    /// Watches what goes by, where transfer has to be estimated.
    tap: Option<Tap>,
}

/// Small enough that interpolation within it stays close to the truth, large enough for the inflater's speed.
const CHUNK: usize = 32 * 1024;

impl<R: Read> Flow<R> {
    /// Starts at the front of a blob.
    pub fn new(decompressor: Decompressor<R>, tap: Option<Tap>) -> Self {
        Self { decompressor, buffer: vec![0; CHUNK], start: 0, end: 0, base: 0, before: 0, after: 0, tap }
    }

    /// The decompressor, to read what is left of the blob, and the tap.
    pub fn into_parts(self) -> (Decompressor<R>, Option<Tap>) {
        (self.decompressor, self.tap)
    }

    /// Reads more, keeping what lies ahead; `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        // What is kept moves to the front, and its share of the blob with it.
        self.before = self.transferred();
        self.base += self.start as u64;
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.decompressor.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    if let Some(tap) = &mut self.tap {
                        tap.observe(&self.buffer[self.end..self.end + read]);
                    }
                    self.end += read;
                    self.after = self.decompressor.consumed();
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Input for Flow<R> {
    fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    fn transferred(&self) -> u64 {
        if self.end == 0 {
            return self.after;
        }
        // Both factors are far below 2³²: a chunk, and what a decompressor reads to fill one.
        self.before + (self.after - self.before) * self.start as u64 / self.end as u64
    }

    fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.end - self.start < wanted.min(CHUNK) && self.refill()? {}
        Ok(&self.buffer[self.start..self.end])
    }

    fn skip(&mut self, length: u64, mut hasher: Option<&mut Xxh3>) -> io::Result<(u64, bool)> {
        let mut left = length;
        while left > 0 {
            if self.start == self.end && !self.refill()? {
                break;
            }
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(self.end - self.start);
            if let Some(hasher) = hasher.as_deref_mut() {
                hasher.update(&self.buffer[self.start..self.start + take]);
            }
            self.start += take;
            left -= take as u64;
        }
        Ok((length - left, true))
    }
}
