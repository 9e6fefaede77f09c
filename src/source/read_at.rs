//! Reading any part of a file at any time, without moving a cursor that others share.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

/// Something whose bytes can be read at any offset, by several threads at once.
pub trait ReadAt: Send + Sync {
    /// Fills `buffer` from `offset` on; fewer bytes than asked for mean the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// What changes when the bytes do, where that can be told without reading them.
    fn stamp(&self) -> Option<String> {
        None
    }
}

impl ReadAt for File {
    /// The time of the last change cannot be set, unlike that of the last modification.
    fn stamp(&self) -> Option<String> {
        let file = self.metadata().ok()?;
        let (changed, nanoseconds) = (file.ctime(), file.ctime_nsec());
        Some(format!("{} {} {} {changed}.{nanoseconds}", file.dev(), file.ino(), file.size()))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match FileExt::read_at(self, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let length = buffer.len().min(self.len() - start);
        buffer[..length].copy_from_slice(&self[start..start + length]);
        Ok(length)
    }
}

/// A range of something readable: a member of an archive, or a whole file.
#[derive(Clone)]
pub struct Region {
    inner: Arc<dyn ReadAt>,
    start: u64,
    length: u64,
}

impl Region {
    /// The `length` bytes of `inner` from `start` on.
    pub fn new(inner: Arc<dyn ReadAt>, start: u64, length: u64) -> Self {
        Self { inner, start, length }
    }

    /// How many bytes there should be; a truncated file has fewer, which a read then shows.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` from `offset` on; fewer bytes than asked for mean the end of the region or of the file.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.length.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        self.inner.read_at(&mut buffer[..length], self.start.saturating_add(offset))
    }

    /// What changes when the bytes of the region do, where that can be told without reading them.
    pub fn stamp(&self) -> Option<String> {
        Some(format!("{} at {} of {}", self.length, self.start, self.inner.stamp()?))
    }

    /// A range of the region.
    #[must_use]
    pub fn part(&self, start: u64, length: u64) -> Self {
        Self { inner: self.inner.clone(), start: self.start.saturating_add(start), length }
    }

    /// A cursor over the region, front to back.
    pub fn reader(self) -> RegionReader {
        RegionReader { region: self, offset: 0 }
    }
}

/// Reads a [`Region`] front to back.
pub struct RegionReader {
    region: Region,
    offset: u64,
}

impl Read for RegionReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.region.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
