//! The members of an archive by name, whether the archive can be asked again or went by once.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::{Blob, Passerby, Region};
use crate::error::{Error, Result};
use crate::limits::{Limit, Limits};
use crate::path::{ImagePath, Printable};

/// How many links a name may go through.
const MAX_LINKS: usize = 16;

/// The members of an archive by their normalised names.
pub struct Members {
    named: BTreeMap<ImagePath, Member>,
    limits: Limits,
}

enum Member {
    /// Can be read at any time.
    At(Region),
    /// Was small and looked like JSON when it went by.
    Kept(Vec<u8>),
    /// Went by and was shown to the passer-by.
    Passed { key: u64, size: u64 },
    /// Another member's content.
    Link(ImagePath),
}

impl Members {
    fn new(limits: &Limits) -> Self {
        Self { named: BTreeMap::new(), limits: limits.clone() }
    }

    /// Indexes an uncompressed archive by hopping over it.
    pub fn of_region(region: &Region, limits: &Limits) -> Result<Self> {
        let mut members = Self::new(limits);
        let mut archive = tar::Archive::new(Cursor { region: region.clone(), position: 0 });
        for entry in archive.entries_with_seek().map_err(broken)? {
            let entry = entry.map_err(broken)?;
            let (start, size) = (entry.raw_file_position(), entry.size());
            if entry.header().entry_type().is_file() && start.saturating_add(size) > region.length() {
                return Err(cut_off());
            }
            let member = Member::At(region.part(start, size));
            members.insert(&entry, |_| Ok(member))?;
        }
        Ok(members)
    }

    /// Reads an archive that cannot be asked again: documents are kept, everything else is shown to `passerby`.
    pub fn of_stream(stream: impl Read, passerby: &mut dyn Passerby, limits: &Limits) -> Result<Self> {
        let mut members = Self::new(limits);
        let mut archive = tar::Archive::new(stream);
        let (mut key, mut kept) = (0, 0);
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let size = entry.size();
            if !entry.header().entry_type().is_file() {
                members.insert(&entry, |_| Ok(Member::Kept(Vec::new())))?;
                continue;
            }
            let mut head = Vec::with_capacity(512);
            (&mut entry).take(512).read_to_end(&mut head).map_err(broken)?;
            let is_kept = is_document(&head)
                && size <= limits.get(Limit::Document)
                && kept + size <= limits.get(Limit::Documents);
            let member = if is_kept {
                kept += size;
                entry.read_to_end(&mut head).map_err(broken)?;
                Member::Kept(head)
            } else {
                key += 1;
                let mut blob = io::Cursor::new(head).chain(&mut entry);
                passerby.pass(key, size, &mut blob);
                io::copy(&mut blob, &mut io::sink()).map_err(broken)?;
                Member::Passed { key, size }
            };
            members.insert(&entry, |_| Ok(member))?;
        }
        Ok(members)
    }

    fn insert<R: Read>(
        &mut self,
        entry: &tar::Entry<'_, R>,
        file: impl FnOnce(&ImagePath) -> Result<Member>,
    ) -> Result<()> {
        let name = ImagePath::new(entry.path_bytes());
        let kind = entry.header().entry_type();
        let member = if kind.is_symlink() || kind.is_hard_link() {
            let target = entry.link_name_bytes().unwrap_or_default();
            // A symbolic link starts from its directory, a hard link from the root of the archive.
            let from = if kind.is_symlink() { name.parent() } else { ImagePath::root() };
            Member::Link(from.join(target))
        } else if kind.is_file() || kind.is_contiguous() {
            file(&name)?
        } else {
            return Ok(());
        };
        self.named.insert(name, member);
        let count = self.named.len() as u64;
        self.limits.check(Limit::Members, count, || format!("the archive has {count} members"))
    }

    /// Whether there is a member of this name.
    pub fn has(&self, name: &str) -> bool {
        self.follow(name).is_some()
    }

    /// Whether there is no member at all.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The bytes of a member, and how many there are.
    pub fn blob(&self, name: &str) -> Option<(Blob<'_>, u64)> {
        Some(match self.follow(name)? {
            Member::At(region) => (Blob::At(region.clone()), region.length()),
            Member::Kept(bytes) => (Blob::Stream(Box::new(bytes.as_slice())), bytes.len() as u64),
            Member::Passed { key, size } => (Blob::Passed(*key), *size),
            Member::Link(_) => return None,
        })
    }

    /// The whole content of a document.
    pub fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self.follow(name) {
            Some(Member::At(region)) => {
                let size = region.length();
                self.limits.check(Limit::Document, size, || format!("its {name} has {size} bytes"))?;
                let mut bytes = Vec::new();
                region.clone().reader().read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            Some(Member::Kept(bytes)) => Ok(Some(bytes.clone())),
            Some(Member::Passed { size, .. }) if *size > self.limits.get(Limit::Document) => {
                Err(self.limits.exceeded(Limit::Document, format_args!("its {name} has {size} bytes")))
            }
            Some(Member::Passed { .. }) => Err(Error::input(format!("its {name} is no JSON document"))),
            Some(Member::Link(_)) | None => Ok(None),
        }
    }

    fn follow(&self, name: &str) -> Option<&Member> {
        let mut member = self.named.get(&ImagePath::new(name))?;
        for _ in 0..MAX_LINKS {
            match member {
                Member::Link(target) => member = self.named.get(target)?,
                found => return Some(found),
            }
        }
        None
    }
}

/// Whether the first bytes of a member are those of a JSON document. A layer's first path may start like one too, but a
/// tar says what it is at byte 257.
fn is_document(head: &[u8]) -> bool {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[')) && head.get(257..262) != Some(b"ustar")
}

fn broken(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return cut_off();
    }
    let error = Error::from(error);
    if error.hint.is_some() {
        return error;
    }
    // What the tar crate says ends in whatever it took for a name: untrusted bytes, and many of them.
    let reason = error.message.split(" when getting ").next().unwrap_or_default();
    let reason = Printable(reason.as_bytes()).to_string();
    Error { message: reason, ..error }.within("it cannot be read as a tar archive").hint(HINT)
}

fn cut_off() -> Error {
    Error::input("the archive ends in the middle of a member").hint("it was cut off: save or copy it again")
}

const HINT: &str =
    "give an archive made by docker save, podman save, buildah, skopeo or buildx, or an OCI layout";

/// A cursor over a region, as the tar crate wants it.
struct Cursor {
    region: Region,
    position: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.region.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl io::Seek for Cursor {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let position = match to {
            io::SeekFrom::Start(position) => Some(position),
            io::SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            io::SeekFrom::End(offset) => self.region.length().checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
