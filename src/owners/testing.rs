//! Small images for the tests beside the code, written as layers of members.

use super::{Ownership, Wanted, claim, wants};
use crate::image::Instruction;
use crate::layer::{Capture, FileFormat, Member, MemberKind, WalkedLayer, Wants};
use crate::ledger::{Entry, Ledger};

/// One member of a layer.
pub enum File<'a> {
    /// A regular file with its content.
    Text(&'a str, &'a str),
    /// A regular file of this many bytes, of which nobody sees any.
    Bytes(&'a str, u64),
    /// A program: a regular file that may be started and is looked into.
    Program(&'a str, &'a [u8]),
    /// A symbolic link and its target.
    Link(&'a str, &'a str),
    /// A hard link and its target.
    HardLink(&'a str, &'a str),
    /// A directory.
    Directory(&'a str),
}

use File::{Bytes, Directory, HardLink, Link, Program, Text};

/// A layer with what the ecosystems want of it.
pub fn layer(files: &[File<'_>]) -> WalkedLayer {
    let mut walked = WalkedLayer::default();
    for (position, file) in (0..).zip(files) {
        let (path, link, kind, content) = match file {
            Text(path, text) => (path, "", MemberKind::File, text.len() as u64),
            Bytes(path, size) => (path, "", MemberKind::File, *size),
            Program(path, bytes) => (path, "", MemberKind::File, bytes.len() as u64),
            Link(path, target) => (path, *target, MemberKind::Symlink, 0),
            HardLink(path, target) => (path, *target, MemberKind::HardLink, 0),
            Directory(path) => (path, "", MemberKind::Directory, 0),
        };
        match (file, wants(path.as_bytes(), content)) {
            (Text(..) | Bytes(..), Capture::Presence) => {
                walked.evidence.contents.insert(position, Vec::new());
            }
            (Text(_, text), Capture::Whole(most)) if content <= most => {
                walked.evidence.contents.insert(position, text.as_bytes().to_vec());
            }
            (Text(..), Capture::Whole(_)) => walked.evidence.too_long.push(position),
            _ => {}
        }
        let mut format = FileFormat::Other;
        if let Program(path, bytes) = file {
            format = FileFormat::of(bytes);
            if Wanted.opens(path.as_bytes(), format, 0o755)
                && let Some(inside) = Wanted.open(path.as_bytes(), bytes)
            {
                walked.evidence.insides.insert(position, inside);
            }
        }
        // Content of one length is one content, but for texts.
        let hash =
            if let Text(_, text) = file { xxhash_rust::xxh3::xxh3_64(text.as_bytes()) } else { content };
        let hash = Some(hash.into());
        let member = Member { kind, content, stored: content, hash, format, ..Member::default() };
        walked.members.push(path.as_bytes(), link.as_bytes(), member);
    }
    walked
}

/// A claimed image.
pub struct Claimed {
    /// Its entries, with their owners.
    pub ledger: Ledger,
    /// Its packages.
    pub ownership: Ownership,
}

/// Claims an image of these layers, none of which has an instruction.
pub fn claimed(layers: &[&[File<'_>]]) -> Claimed {
    claimed_as(&layers.iter().map(|files| ("", *files)).collect::<Vec<_>>())
}

/// Claims an image of these layers, each with the instruction that made it.
pub fn claimed_as(layers: &[(&str, &[File<'_>])]) -> Claimed {
    let instruction =
        |text: &str| Instruction { text: text.to_owned(), raw: text.to_owned(), position: 0, created: None };
    let instructions: Vec<_> = layers.iter().map(|(text, _)| instruction(text)).collect();
    let mut ledger = Ledger::build(layers.iter().map(|(_, files)| layer(files)));
    ledger.settle_identity();
    let ownership = claim(&mut ledger, &instructions.iter().map(Some).collect::<Vec<_>>());
    Claimed { ledger, ownership }
}

impl Claimed {
    /// The owners of all entries at a path, lowest layer first, separated by spaces.
    pub fn owners(&self, path: &str) -> String {
        let path = self.ledger.tree.find(path.as_bytes()).expect(path);
        let at_path = |entry: &&Entry| entry.path == path;
        let owners =
            self.ledger.entries.iter().filter(at_path).map(|entry| self.ledger.owner_name(entry.owner));
        owners.collect::<Vec<_>>().join(" ")
    }

    /// The ids and versions of the packages, as `id version`.
    pub fn packages(&self) -> Vec<String> {
        let shown = |package: &super::Package| format!("{} {}", package.id, package.version);
        self.ownership.packages.iter().map(shown).collect()
    }

    /// The warnings, as they are printed.
    pub fn warnings(&self) -> Vec<String> {
        let shown = |warning: &crate::error::Warning| format!("{}: {}", warning.from, warning.message);
        self.ownership.warnings.iter().map(shown).collect()
    }
}
