//! Bounds that keep a hostile image harmless, far above anything that a real one needs. `docs/safety.md` says how each was
//! chosen.
//!
//! Three of them grow with what the image really weighs, so that what a real image asks for is never refused for being large:
//! memory, bytes that come out of compression, and so, by their memory, entries.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Entries of all layers together.
    Entries,
    /// Bytes that entries and captured contents take, on top of [`KEPT`] for each byte of the image as stored.
    Memory,
    /// Bytes that come out of compression, on top of [`UNPACKED`] for each byte of the image as stored.
    Unpacked,
    /// Bytes of one uncompressed layer, and logical bytes of its files: sparse files claim more than they hold.
    Size,
    /// Bytes of one path or link target. Linux takes 4096.
    Path,
    /// Directories above one path.
    Depth,
    /// Bytes of one PAX or GNU extension header.
    Header,
    /// Bytes of contents that are captured, of all layers together: package databases, mostly.
    Evidence,
    /// Bytes of one file that is held in memory to be looked into; a longer one is passed by.
    Opened,
    /// Bytes of a zstd window, of which each layer that is being read has one.
    Window,
    /// Bytes of one index, manifest or configuration. Registries refuse manifests above 4 MiB.
    Document,
    /// Bytes of all of them together.
    Documents,
    /// Manifests below one root.
    Manifests,
    /// Indexes within indexes.
    Nesting,
    /// Layers of one image; no engine runs more than 127.
    Layers,
    /// Members of the archive around the layers.
    Members,
}

/// Bytes that may be kept for each byte of the image as stored. Entries that compress best, empty files with names that count
/// up, take 7 bytes of a layer and 340 of the budget.
pub const KEPT: u64 = 48;
/// Bytes that may come out of compression for each that went in. Gzip cannot do more than 1032, real images do 3.
pub const UNPACKED: u64 = 100;

/// All of them: the name on the command line, the default, what it bounds.
const ALL: [(Limit, &str, u64, &str); 16] = [
    (Limit::Entries, "entries", 10_000_000, "entries of all layers"),
    (
        Limit::Memory,
        "memory",
        256 << 20,
        "bytes that entries and databases take, and 48 for each byte stored",
    ),
    (Limit::Unpacked, "unpacked", 8 << 30, "bytes out of compression, and 100 for each byte stored"),
    (Limit::Size, "size", 1 << 42, "bytes of a layer, and that its files claim"),
    (Limit::Path, "path", 16 << 10, "bytes of a path"),
    (Limit::Depth, "depth", 1024, "directories above a path"),
    (Limit::Header, "header", 1 << 20, "bytes of an extension header of a tar"),
    (Limit::Evidence, "evidence", 1 << 30, "bytes of package databases"),
    (Limit::Opened, "opened", 256 << 20, "bytes of a file that is looked into as a whole"),
    (Limit::Window, "window", 32 << 20, "bytes of a zstd window"),
    (Limit::Document, "document", 16 << 20, "bytes of a manifest, index or configuration"),
    (Limit::Documents, "documents", 64 << 20, "bytes of all of them"),
    (Limit::Manifests, "manifests", 4096, "manifests of an image"),
    (Limit::Nesting, "nesting", 8, "indexes within indexes"),
    (Limit::Layers, "layers", 4096, "layers of an image"),
    (Limit::Members, "members", 1 << 20, "members of an archive"),
];

/// What an entry takes besides its name: in the walk, in the ledger, and in the tree of paths.
const ENTRY: u64 = 320;
/// What each directory of a path takes, where a path is deeper than paths are.
const DIRECTORY: u64 = 64;
const DEEP: u64 = 16;
/// No source that is read is longer than this.
pub const SOURCE: u64 = 2 << 20;
/// Files longer than this are held in memory one at a time.
pub const LARGE: u64 = 16 << 20;

/// How much an image may ask of the machine, and how much it has asked for.
#[derive(Debug, Clone)]
pub struct Limits {
    values: [u64; ALL.len()],
    spent: Arc<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    entries: AtomicU64,
    memory: AtomicU64,
    evidence: AtomicU64,
    unpacked: AtomicU64,
    stored: AtomicU64,
    documents: AtomicU64,
    /// Whether the archive around the layers is compressed, and counted by whoever unpacks it.
    is_wrapped: AtomicBool,
    large: Mutex<()>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { values: ALL.map(|(_, _, value, _)| value), spent: Arc::default() }
    }
}

impl Limits {
    /// The same limits for another image, of which nothing has been read.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { values: self.values, spent: Arc::default() }
    }

    /// One of them.
    pub fn get(&self, limit: Limit) -> u64 {
        self.values[limit as usize]
    }

    /// Sets what a user writes: `entries=20M`.
    pub fn set(&mut self, written: &str) -> Result<()> {
        let shown = written.escape_debug();
        let (name, value) = written.split_once('=').ok_or_else(|| {
            Error::usage(format!("the limit {shown} has no value")).hint("write --limit entries=20000000")
        })?;
        let known = ALL.iter().find(|(_, known, ..)| *known == name.trim());
        let Some((limit, ..)) = known else {
            let names: Vec<_> = ALL.iter().map(|(_, name, ..)| *name).collect();
            return Err(Error::usage(format!("there is no limit {}", name.escape_debug()))
                .hint(format!("limits are {}", names.join(", "))));
        };
        self.values[*limit as usize] = number(value.trim()).ok_or_else(|| {
            Error::usage(format!("the limit {shown} is no number"))
                .hint("write digits, and k, M, G, T, Ki, Mi, Gi or Ti behind them if you like")
        })?;
        Ok(())
    }

    /// That more than a limit allows was asked for; `what` did.
    pub fn exceeded(&self, limit: Limit, what: impl fmt::Display) -> Error {
        let (_, name, ..) = ALL[limit as usize];
        let value = self.get(limit);
        Error::limit(format!("{what}, which is over the limit of {value} for {name}")).hint(format!(
            "if you trust the image, raise the limit: --limit {name}={}",
            value.saturating_mul(4).max(1)
        ))
    }

    /// Refuses `asked` where it is over a limit.
    pub fn check(&self, limit: Limit, asked: u64, what: impl FnOnce() -> String) -> Result<()> {
        if asked > self.get(limit) { Err(self.exceeded(limit, what())) } else { Ok(()) }
    }

    /// Bytes of the image as stored have been read.
    pub fn stored(&self, bytes: u64) {
        if !self.spent.is_wrapped.load(Ordering::Relaxed) {
            self.spent.stored.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Bytes of the compressed archive around the layers have been read; from now on, nothing else counts as stored.
    pub fn stored_around(&self, bytes: u64) {
        self.spent.is_wrapped.store(true, Ordering::Relaxed);
        self.spent.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes have come out of compression.
    pub fn unpacked(&self, bytes: u64) -> Result<()> {
        let all = add(&self.spent.unpacked, bytes);
        if all > self.growing(Limit::Unpacked, UNPACKED) {
            let stored = self.spent.stored.load(Ordering::Relaxed);
            return Err(
                self.exceeded(Limit::Unpacked, format_args!("{stored} bytes decompress to more than {all}"))
            );
        }
        Ok(())
    }

    /// Entries were found, whose names and directories take so much.
    pub fn entries(&self, asked: &Asked) -> Result<()> {
        let all = add(&self.spent.entries, asked.entries);
        self.check(Limit::Entries, all, || format!("its layers have {all} entries"))?;
        let memory = asked.entries * ENTRY + 2 * asked.names + DIRECTORY * asked.directories;
        self.memory(memory, || format!("its {all} entries take too much memory for an image of its size"))
    }

    /// A content is captured.
    pub fn evidence(&self, bytes: u64) -> Result<()> {
        let all = add(&self.spent.evidence, bytes);
        self.check(Limit::Evidence, all, || format!("its package databases have {all} bytes"))?;
        self.memory(bytes, || {
            "its package databases take too much memory for an image of its size".to_owned()
        })
    }

    /// Sources are read, of which what they say is kept: at worst a few times their length. Of a program of 100 MB, which is
    /// no source, only the names of its libraries are.
    pub fn reduced(&self, bytes: u64) -> Result<()> {
        self.memory(6 * bytes.min(SOURCE), || {
            "its sources take too much memory for an image of its size".to_owned()
        })
    }

    fn memory(&self, bytes: u64, what: impl FnOnce() -> String) -> Result<()> {
        let all = add(&self.spent.memory, bytes);
        if all > self.growing(Limit::Memory, KEPT) {
            return Err(self.exceeded(Limit::Memory, what()));
        }
        Ok(())
    }

    /// A document was read.
    pub fn document(&self, bytes: u64) -> Result<()> {
        self.check(Limit::Document, bytes, || format!("a document has {bytes} bytes"))?;
        let all = add(&self.spent.documents, bytes);
        self.check(Limit::Documents, all, || format!("its documents have {all} bytes"))
    }

    /// To be held while a file of this size is in memory, so that there is one large one at a time.
    pub fn hold(&self, size: u64) -> Option<MutexGuard<'_, ()>> {
        (size > LARGE).then(|| self.spent.large.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn growing(&self, limit: Limit, factor: u64) -> u64 {
        let stored = self.spent.stored.load(Ordering::Relaxed);
        self.get(limit).saturating_add(stored.saturating_mul(factor))
    }
}

fn add(sum: &AtomicU64, bytes: u64) -> u64 {
    sum.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes)
}

/// What a walk has asked for since it last told the limits: telling them of every entry would have all threads wait for each
/// other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Entries.
    pub entries: u64,
    /// Bytes of their paths and link targets.
    pub names: u64,
    /// Directories above their paths, as far as those are deeper than paths are.
    pub directories: u64,
}

impl Asked {
    /// Adds an entry with names of so many bytes, so many directories deep. Whether it is time to tell.
    pub fn add(&mut self, names: u64, depth: u64) -> bool {
        self.entries += 1;
        self.names += names;
        self.directories += depth.saturating_sub(DEEP);
        self.entries >= 1024 || self.names + DIRECTORY * self.directories >= 1 << 20
    }
}

/// The limits as `--help` shows them.
pub fn help() -> String {
    let line =
        |(_, name, value, what): &(Limit, &str, u64, &str)| format!("  {name}={}: {what}", short(*value));
    let lines: Vec<_> = ALL.iter().map(line).collect();
    format!(
        "Raise a bound that keeps hostile images harmless; repeatable\n\nWhere a bound is met, the error names it. They are, with their defaults:\n{}",
        lines.join("\n")
    )
}

/// `64Mi` of 67108864.
fn short(value: u64) -> String {
    for (unit, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
        if value >= 1 << shift && value.is_multiple_of(1 << shift) {
            return format!("{}{unit}", value >> shift);
        }
    }
    value.to_string()
}

/// `20000000`, `20M`, `20MB`, `16Mi`, `16MiB`.
fn number(text: &str) -> Option<u64> {
    let text = text.strip_suffix('B').unwrap_or(text);
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits);
    let factor = match unit {
        "" => 1,
        "k" | "K" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_stands_at_its_place() {
        for (position, (limit, ..)) in ALL.iter().enumerate() {
            assert_eq!(*limit as usize, position, "{limit:?}");
        }
    }

    #[test]
    fn a_limit_is_set_by_its_name_in_any_unit() {
        let mut limits = Limits::default();
        for (written, value) in [
            ("entries=20000000", 20_000_000),
            ("entries=20M", 20_000_000),
            ("entries=2Ki", 2048),
            ("entries= 3GB", 3_000_000_000),
        ] {
            limits.set(written).unwrap();
            assert_eq!(limits.get(Limit::Entries), value, "{written}");
        }
        for wrong in ["entries", "entries=", "entries=-1", "entries=1x", "entries=99999999999999T", "bytes=1"]
        {
            let error = limits.set(wrong).unwrap_err();
            assert!(error.hint.is_some(), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_an_image_weighs_raises_what_it_may_ask_for() {
        let limits = Limits::default();
        assert!(limits.unpacked(8 << 30).is_ok());
        assert!(limits.unpacked(1).is_err());
        limits.stored(1000);
        assert!(limits.unpacked(90_000).is_ok());
        assert!(limits.fresh().unpacked(8 << 30).is_ok());
    }

    #[test]
    fn layers_of_a_compressed_archive_weigh_what_the_archive_does() {
        let limits = Limits::default();
        limits.stored_around(10);
        limits.stored(1 << 40);
        assert!(limits.unpacked((8 << 30) + 1000).is_ok());
        assert!(limits.unpacked(1).is_err());
    }
}
