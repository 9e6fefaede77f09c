//! The walk over a layer's tar: every member once, in order, with exact overhead and its share of the blob.
//!
//! Our own, and not the `tar` crate, because the sums must hold to the byte: headers, extension headers and padding are
//! part of what a layer weighs, and the crate hides them.

use std::io;

use xxhash_rust::xxh3::Xxh3;

use super::evidence::{Capture, Wants};
use super::header::{BLOCK, Header};
use super::input::Input;
use super::member::{FileFormat, Member, MemberKind, WalkedLayer};
use super::pax::Extension;
use super::reduce::{Reducer, with_reducer};
use crate::error::{Error, Result};
use crate::limits::{Asked, Limit, Limits};
use crate::path::{ImagePath, Printable};

/// Walks a tar from its first header to its trailer (or its end: not every writer writes one). What comes after the
/// first block of zeros belongs to no member, as every engine has it.
pub fn walk(input: &mut dyn Input, wants: &dyn Wants, limits: &Limits) -> Result<WalkedLayer> {
    let (walked, reduced) = with_reducer(wants, |reducer| -> Result<WalkedLayer> {
        let layer = WalkedLayer::default();
        let asked = Asked::default();
        let mut walk = Walk { input, wants, limits, reducer, layer, asked, told: (0, 0), content: 0 };
        while walk.member()? {}
        walk.tell()?;
        Ok(walk.layer)
    });
    let mut layer = walked?;
    layer.evidence.reduced.extend(reduced);
    Ok(layer)
}

/// Bytes of the tar after which the limits are told at the latest.
const PIECE: u64 = 64 << 20;

struct Walk<'a> {
    input: &'a mut dyn Input,
    wants: &'a dyn Wants,
    limits: &'a Limits,
    reducer: Option<&'a Reducer<'a>>,
    layer: WalkedLayer,
    content: u64,
    /// What the limits have not been told of yet, and how far the tar and the blob were when they last were.
    asked: Asked,
    told: (u64, u64),
}

/// What a header and its extension headers say together.
struct Described {
    typeflag: u8,
    path: Vec<u8>,
    link: Vec<u8>,
    stored: u64,
    logical: Option<u64>,
    member: Member,
}

impl Walk<'_> {
    /// Reads one member with its extension headers; `false` at the end.
    fn member(&mut self) -> Result<bool> {
        let (start, transferred) = (self.input.position(), self.input.transferred());
        let Some(described) = self.describe()? else { return Ok(false) };
        let mut member = described.member;
        member.kind = match described.typeflag {
            b'1' => MemberKind::HardLink,
            b'2' => MemberKind::Symlink,
            b'3' => MemberKind::CharDevice,
            b'4' => MemberKind::BlockDevice,
            b'5' => MemberKind::Directory,
            b'6' => MemberKind::Fifo,
            // Before 1988 a directory was a file whose name ends in a slash.
            b'0' | 0 if described.path.ends_with(b"/") && described.stored == 0 => MemberKind::Directory,
            _ => MemberKind::File,
        };
        let is_link = matches!(member.kind, MemberKind::HardLink | MemberKind::Symlink);
        let (path, link) = (described.path, if is_link { described.link } else { Vec::new() });
        self.check_name(&path)?;
        self.check_name(&link)?;
        if member.kind == MemberKind::File {
            member.stored = described.stored;
            member.content = described.logical.unwrap_or(described.stored);
            self.content = self.content.saturating_add(member.content);
            self.check_size()?;
            self.content(&mut member, &path)?;
        }
        let overhead = u32::try_from(self.input.position() - start - member.stored);
        member.overhead = overhead.map_err(|_| Error::limit("a member's headers take more than 4 GiB"))?;
        member.transfer = self.input.transferred() - transferred;
        let depth = path.iter().filter(|byte| **byte == b'/').count();
        let names = path.len() + link.len();
        self.layer.members.push(&path, &link, member);
        if self.asked.add(names as u64, depth as u64) || self.input.position() - self.told.0 > PIECE {
            self.tell()?;
        }
        self.check_size()?;
        Ok(true)
    }

    /// Tells the limits how far it has come, and what it has found on the way.
    fn tell(&mut self) -> Result<()> {
        let (position, transferred) = (self.input.position(), self.input.transferred());
        self.limits.stored(transferred - self.told.1);
        self.limits.unpacked(position - self.told.0)?;
        self.told = (position, transferred);
        self.limits.entries(&std::mem::take(&mut self.asked))
    }

    /// Moves past content. A bomb is noticed on the way.
    fn skip(&mut self, length: u64, hasher: &mut Xxh3) -> Result<(u64, bool)> {
        let (mut skipped, mut went_by) = (0, true);
        while skipped < length {
            let wanted = PIECE.min(length - skipped);
            let (passed, passed_by) = self.input.skip(wanted, Some(hasher))?;
            (skipped, went_by) = (skipped + passed, passed_by);
            if passed < wanted {
                break;
            }
            if skipped < length {
                self.tell()?;
            }
        }
        Ok((skipped, went_by))
    }

    /// Reads headers up to and including a member's own; `None` at the end.
    fn describe(&mut self) -> Result<Option<Described>> {
        let (mut extension, mut long_path, mut long_link) = (Extension::default(), None, None);
        let mut is_extended = false;
        loop {
            let position = self.input.position();
            let block = self.input.peek(BLOCK)?;
            let block = &block[..block.len().min(BLOCK)];
            if block.is_empty() || block.iter().all(|byte| *byte == 0) {
                return if is_extended { Err(truncated(position)) } else { Ok(None) };
            }
            if block.len() < BLOCK {
                return Err(truncated(position));
            }
            let Some(header) = Header::parse(block) else {
                return Err(Error::input(format!(
                    "byte {position} of the tar is no header, or its checksum is wrong"
                )));
            };
            let size = header.size().ok_or_else(|| {
                Error::input(format!("the size in the header at byte {position} of the tar is no size"))
            });
            let typeflag = header.typeflag();
            match typeflag {
                b'x' | b'X' | b'g' | b'L' | b'K' => {
                    is_extended = true;
                    let size = size?;
                    self.pass(BLOCK as u64)?;
                    let bytes = self.extension(size, position)?;
                    let text = || bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
                    match typeflag {
                        b'L' => long_path = Some(text()),
                        b'K' => long_link = Some(text()),
                        // What holds for all members is never what matters here: comments of git and the like.
                        b'g' => {}
                        _ => {
                            extension = Extension::parse(&bytes).ok_or_else(|| {
                                Error::input(format!(
                                    "the PAX header at byte {position} of the tar is malformed"
                                ))
                            })?;
                        }
                    }
                }
                _ => {
                    let mut described = describe(&header, size, extension, long_path, long_link)?;
                    let sparse = (typeflag == b'S').then(|| header.gnu_sparse()).flatten();
                    self.pass(BLOCK as u64)?;
                    if let Some((logical, extended)) = sparse {
                        described.logical = Some(logical);
                        self.sparse_blocks(extended)?;
                    }
                    return Ok(Some(described));
                }
            }
        }
    }

    /// Moves past the extension blocks of an old GNU sparse member; the last one says that it is.
    fn sparse_blocks(&mut self, mut more: bool) -> Result<()> {
        while more {
            let position = self.input.position();
            let block = self.input.peek(BLOCK)?;
            more = *block.get(504).ok_or_else(|| truncated(position))? != 0;
            self.pass(BLOCK as u64)?;
            self.check_size()?;
        }
        Ok(())
    }

    fn extension(&mut self, size: u64, position: u64) -> Result<Vec<u8>> {
        self.limits.check(Limit::Header, size, || {
            format!("the extension header at byte {position} of the tar claims {size} bytes")
        })?;
        let bytes = self.read(size)?;
        self.padding(size)?;
        Ok(bytes)
    }

    /// Reads or passes the content of a file and its padding.
    fn content(&mut self, member: &mut Member, path: &[u8]) -> Result<()> {
        let head = self.input.peek(64.min(usize::try_from(member.stored).unwrap_or(64)))?;
        member.format = FileFormat::of(&head[..head.len().min(usize::try_from(member.stored).unwrap_or(64))]);
        let position = u32::try_from(self.layer.members.len()).unwrap_or(u32::MAX);
        let normalised;
        let path = if let Some(path) = normal(path) {
            path
        } else {
            normalised = ImagePath::new(path);
            normalised.as_bytes()
        };
        let capture = self.wants.wants(path, member.content);
        let mut opens = member.content == member.stored
            && member.stored <= self.limits.get(Limit::Opened)
            && self.wants.opens(path, member.format, u32::from(member.mode));
        if let Some(region) = self.input.ahead(member.stored).filter(|_| opens) {
            opens = false;
            let found = self.wants.open(path, &region);
            if let Some(inside) = found {
                self.limits.evidence(inside.weight())?;
                self.layer.evidence.insides.insert(position, inside);
            }
        }
        match capture {
            Capture::Whole(limit) if member.content <= limit && member.content == member.stored => {
                // What may be kept grows with what has gone by, so that is told first.
                self.tell()?;
                self.limits.evidence(member.stored)?;
                let bytes = self.read(member.stored)?;
                member.hash = Some(xxhash_rust::xxh3::xxh3_64(&bytes).into());
                self.look_inside(opens, position, path, &bytes)?;
                self.layer.evidence.contents.insert(position, bytes);
            }
            Capture::Reduce(limit) if member.content <= limit && member.content == member.stored => {
                self.tell()?;
                self.limits.reduced(member.stored)?;
                let _alone = self.limits.hold(member.stored);
                let bytes = self.read(member.stored)?;
                member.hash = Some(xxhash_rust::xxh3::xxh3_64(&bytes).into());
                self.look_inside(opens, position, path, &bytes)?;
                if let Some(reduce) = self.reducer {
                    reduce(position, path.to_vec(), bytes);
                }
            }
            capture => {
                match capture {
                    // A longer file that was wanted reduced is simply not looked at.
                    Capture::Nothing | Capture::Reduce(_) => {}
                    Capture::Presence => {
                        self.layer.evidence.contents.insert(position, Vec::new());
                    }
                    Capture::Whole(_) => self.layer.evidence.too_long.push(position),
                }
                if opens {
                    let _alone = self.limits.hold(member.stored);
                    let bytes = self.read(member.stored)?;
                    member.hash = Some(xxhash_rust::xxh3::xxh3_64(&bytes).into());
                    self.look_inside(opens, position, path, &bytes)?;
                    return self.padding(member.stored);
                }
                let mut hasher = Xxh3::new();
                let start = self.input.position();
                let (skipped, went_by) = self.skip(member.stored, &mut hasher)?;
                if skipped < member.stored {
                    return Err(truncated(start + skipped));
                }
                member.hash = went_by.then(|| hasher.digest().into());
            }
        }
        self.padding(member.stored)
    }

    fn look_inside(&mut self, opens: bool, position: u32, path: &[u8], bytes: &[u8]) -> Result<()> {
        if opens && let Some(inside) = self.wants.open(path, &bytes) {
            self.limits.evidence(inside.weight())?;
            self.layer.evidence.insides.insert(position, inside);
        }
        Ok(())
    }

    fn padding(&mut self, size: u64) -> Result<()> {
        self.pass(size.next_multiple_of(BLOCK as u64) - size)
    }

    fn pass(&mut self, length: u64) -> Result<()> {
        let start = self.input.position();
        let (passed, _) = self.input.skip(length, None)?;
        if passed < length { Err(truncated(start + passed)) } else { Ok(()) }
    }

    /// Reads bytes whose number has been held against a limit. A lying size costs what is there, not what it claims.
    fn read(&mut self, size: u64) -> Result<Vec<u8>> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        while bytes.len() < size {
            let filled = bytes.len();
            bytes.resize(size.min(filled + (1 << 20)), 0);
            let read = self.input.fill(&mut bytes[filled..])?;
            if filled + read < bytes.len() {
                return Err(truncated(self.input.position()));
            }
        }
        Ok(bytes)
    }

    /// Holds a path or link target against the limits.
    fn check_name(&self, name: &[u8]) -> Result<()> {
        let (length, depth) = (name.len() as u64, name.iter().filter(|byte| **byte == b'/').count() as u64);
        let shown = || Printable(&name[..name.len().min(80)]).to_string();
        self.limits.check(Limit::Path, length, || format!("the path `{}…` has {length} bytes", shown()))?;
        self.limits.check(Limit::Depth, depth, || format!("the path `{}…` is {depth} deep", shown()))
    }

    fn check_size(&self) -> Result<()> {
        let size = self.input.position().max(self.content);
        self.limits.check(Limit::Size, size, || format!("it holds or claims {size} bytes"))
    }
}

fn describe(
    header: &Header<'_>,
    size: Result<u64>,
    extension: Extension,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
) -> Result<Described> {
    let typeflag = header.typeflag();
    // Only these have content, whatever their size field says.
    let has_content = !matches!(typeflag, b'1'..=b'6');
    let stored = match extension.size {
        Some(size) => size,
        None if has_content => size?,
        None => 0,
    };
    Ok(Described {
        typeflag,
        path: extension.sparse_path.or(extension.path).or(long_path).unwrap_or_else(|| header.path()),
        link: extension.link.or(long_link).unwrap_or_else(|| header.link().to_vec()),
        stored: if has_content { stored } else { 0 },
        logical: extension.sparse_size,
        member: Member { mode: header.mode(), ..Member::default() },
    })
}

/// A path that is normal but for `./` or `/` before it, which is nearly every one; `None` for the others.
fn normal(path: &[u8]) -> Option<&[u8]> {
    let path = path.strip_prefix(b"./").or_else(|| path.strip_prefix(b"/")).unwrap_or(path);
    let odd = |component: &[u8]| matches!(component, b"" | b"." | b"..");
    (!path.split(|byte| *byte == b'/').any(odd)).then_some(path)
}

fn truncated(position: u64) -> Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the tar ends in the middle of a member, at byte {position}"),
    )
    .into()
}
