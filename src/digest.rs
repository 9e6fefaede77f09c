//! Content digests of the OCI image specification, and a reader that verifies one while bytes go by.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha512};

use crate::error::{Error, Result};

/// A registered digest: `sha256:` and 64, or `sha512:` and 128 lower-case hexadecimal digits.
///
/// Parsing is strict, so a digest can never carry a path separator or a terminal escape.
/// <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests>
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// Parses `algorithm:hex`.
    pub fn parse(text: &str) -> Result<Self> {
        let length = match text.split_once(':') {
            Some(("sha256", _)) => 64,
            Some(("sha512", _)) => 128,
            _ => 0,
        };
        let hex = text.split_once(':').map_or("", |(_, hex)| hex);
        if length == 0
            || hex.len() != length
            || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(Error::input(format!("`{}` is not a sha256 or sha512 digest", text.escape_debug())));
        }
        Ok(Self(text.to_owned()))
    }

    /// The sha256 digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// The whole digest, `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256` or `sha512`.
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hexadecimal digits.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The first twelve digits, as Docker prints them.
    pub fn short(&self) -> &str {
        self.hex().get(..12).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

enum Hasher {
    Sha256(Box<Sha256>),
    Sha512(Box<Sha512>),
}

/// Hashes and counts what is read through it; [`HashingReader::verify`] then holds it against what was promised.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    length: u64,
}

impl<R: Read> HashingReader<R> {
    /// Hashes with sha256, for content whose digest is not known beforehand.
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: Hasher::Sha256(Box::new(Sha256::new())), length: 0 }
    }

    /// Hashes with the algorithm of `expected`.
    pub fn expecting(inner: R, expected: &Digest) -> Self {
        let hasher = match expected.algorithm() {
            "sha512" => Hasher::Sha512(Box::new(Sha512::new())),
            _ => Hasher::Sha256(Box::new(Sha256::new())),
        };
        Self { inner, hasher, length: 0 }
    }

    /// Bytes read so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads to the end, then returns digest and length of everything that went by.
    pub fn finish(mut self) -> io::Result<(Digest, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        let (name, digits) = match self.hasher {
            Hasher::Sha256(hasher) => ("sha256", hex(&hasher.finalize())),
            Hasher::Sha512(hasher) => ("sha512", hex(&hasher.finalize())),
        };
        Ok((Digest(format!("{name}:{digits}")), self.length))
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = &buffer[..read];
        match &mut self.hasher {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
        self.length += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_is_strict() {
        let good = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::parse(good).unwrap(), Digest::of(b""));
        for bad in ["", "sha256:", "sha256:../../etc/passwd", &good.to_uppercase(), &good[7..], "md5:00"] {
            assert!(Digest::parse(bad).is_err(), "{bad:?} must not parse");
        }
    }

    #[test]
    fn finish_reads_what_nobody_asked_for() {
        let mut reader = HashingReader::new(&b"hello world"[..]);
        let mut five = [0; 5];
        reader.read_exact(&mut five).unwrap();
        assert_eq!(reader.finish().unwrap(), (Digest::of(b"hello world"), 11));
    }
}
