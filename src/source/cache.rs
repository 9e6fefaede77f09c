//! What was learned, kept from run to run in a directory of the user's: small files under names that are digests.
//!
//! Nothing here is ever relied on: a file that is not whole, is of another version or was changed is as good as none, and
//! where nothing can be written nothing is kept. A file appears under its name only when it is whole, so runs side by
//! side and a kill at any moment do no harm.

#![expect(clippy::disallowed_types, reason = "the cache directory of the user on the host")]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// The first bytes of every file.
const MAGIC: &[u8; 8] = b"plimsol1";
/// Magic and checksum.
const HEAD: usize = 16;
/// Bytes of all files together, unless said otherwise.
const BOUND: u64 = 1 << 30;
/// A file that was being written this long ago never will be.
const ABANDONED: Duration = Duration::from_hours(1);
/// What files have as their ending while they are written.
const PART: &str = ".part";

/// A directory of what was learned.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    bound: u64,
}

/// What pruning removed, or a look found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Cache {
    /// The user's own: below `XDG_CACHE_HOME`, or `.cache` in the home directory. None where there is neither.
    pub fn of_user() -> Option<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The specification of base directories has relative ones ignored.
        let base = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| variable("HOME").map(|home| home.join(".cache")))?;
        Some(Self { directory: base.join("plimsoll").join("layers"), bound: BOUND })
    }

    /// What is kept under a key of this version.
    pub fn get(&self, key: &str, version: &str) -> Option<Vec<u8>> {
        let path = self.path(key, version);
        let mut file = File::open(&path).ok()?;
        let length = file.metadata().ok()?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(self.bound)).ok()?);
        file.read_to_end(&mut bytes).ok()?;
        let (head, content) = bytes.split_at_checked(HEAD)?;
        if head[..8] != *MAGIC || head[8..] != xxh3_64(content).to_le_bytes() {
            return None;
        }
        // What was used last is removed last. It may belong to somebody else, and then it ages.
        let _ = file.set_modified(SystemTime::now());
        bytes.drain(..HEAD);
        Some(bytes)
    }

    /// Whether something is kept under a key.
    pub fn has(&self, key: &str, version: &str) -> bool {
        self.path(key, version).exists()
    }

    /// Keeps something under a key. Failing to is no failure.
    pub fn put(&self, key: &str, version: &str, content: &[u8]) {
        self.put_with(key, version, |file| file.write_all(content));
    }

    /// Keeps what `write` writes, which is never in memory as a whole. What takes more than a quarter of the room is not
    /// kept.
    pub fn put_with(&self, key: &str, version: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let _ = self.try_put(&self.path(key, version), write);
    }

    fn try_put(&self, path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = self.directory.join(format!("{}-{number}{PART}", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        let written = self.fill(file, write).and_then(|()| fs::rename(&part, path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// Writes the content behind room for the head, and the head once its checksum is known.
    fn fill(&self, mut file: File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        file.write_all(&[0; HEAD])?;
        let mut content = Content { file: BufWriter::new(file), sum: Xxh3::new(), left: self.bound / 4 };
        write(&mut content)?;
        let checksum = content.sum.digest();
        let mut file = content.file.into_inner()?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(MAGIC)?;
        file.write_all(&checksum.to_le_bytes())
    }

    /// A key becomes a name by its digest, so that no key can name another place.
    fn path(&self, key: &str, version: &str) -> PathBuf {
        self.directory.join(Digest::of(format!("{key}\n{version}").as_bytes()).hex())
    }

    /// Removes what was used least recently until the rest is within bounds, and what was left half written.
    pub fn tidy(&self) {
        let _ = self.remove(self.bound, ABANDONED);
    }

    /// Removes everything, or what was used least recently until no more than `bound` bytes are left.
    pub fn prune(&self, bound: u64) -> Result<Kept> {
        let age = if bound == 0 { Duration::ZERO } else { ABANDONED };
        self.remove(bound, age).map_err(|error| {
            let shown = crate::path::Printable(self.directory.as_os_str().as_encoded_bytes()).to_string();
            Error::new(ErrorKind::Output, format!("the cache in {shown} cannot be pruned: {error}"))
        })
    }

    /// Removes what this process was writing when it was told to stop.
    pub fn abandon(&self) {
        let own = format!("{}-", std::process::id());
        for file in self.list().unwrap_or_default() {
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(&own) && name.strip_suffix(PART).is_some() {
                let _ = fs::remove_file(&file.path);
            }
        }
    }

    /// What is kept.
    pub fn kept(&self) -> Kept {
        let files = self.list().unwrap_or_default();
        Kept { files: files.len() as u64, bytes: files.iter().map(|file| file.bytes).sum() }
    }

    fn remove(&self, bound: u64, abandoned: Duration) -> io::Result<Kept> {
        let mut files = self.list()?;
        files.sort_by(|one, other| one.used.cmp(&other.used).then_with(|| one.path.cmp(&other.path)));
        let mut left: u64 = files.iter().map(|file| file.bytes).sum();
        let mut removed = Kept::default();
        for file in files {
            let is_part = file.path.extension().is_some_and(|extension| extension == "part");
            let age = file.used.elapsed().unwrap_or_default();
            let goes = if is_part { age >= abandoned } else { left > bound };
            if !goes {
                continue;
            }
            match fs::remove_file(&file.path) {
                Ok(()) => {
                    left -= file.bytes;
                    removed.files += 1;
                    removed.bytes += file.bytes;
                }
                // Another run was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => left -= file.bytes,
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            // A file that another run has just removed is not there any more.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push(Listed { path: entry.path(), bytes: metadata.len(), used });
            }
        }
        Ok(files)
    }
}

/// A content on its way into a file: summed up, and in bounds.
struct Content {
    file: BufWriter<File>,
    sum: Xxh3,
    left: u64,
}

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        let left = self.left.checked_sub(written as u64);
        self.left = left.ok_or_else(|| io::Error::other("it takes too much room"))?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

struct Listed {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests damage what is kept")]
mod tests {
    use super::*;

    fn cache(bound: u64) -> (tempfile::TempDir, Cache) {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache { directory: directory.path().join("a/b"), bound };
        (directory, cache)
    }

    fn only_file(cache: &Cache) -> PathBuf {
        cache.list().unwrap().pop().unwrap().path
    }

    #[test]
    fn what_is_put_is_got_and_only_by_its_version() {
        let (_directory, cache) = cache(1 << 20);
        assert_eq!(cache.get("key", "1"), None);
        cache.put("key", "1", b"learned");
        assert_eq!(cache.get("key", "1").as_deref(), Some(&b"learned"[..]));
        assert_eq!(cache.get("key", "2"), None);
        assert_eq!(cache.get("../key", "1"), None);
    }

    #[test]
    fn what_was_changed_or_cut_is_as_good_as_none() {
        let (_directory, cache) = cache(1 << 20);
        cache.put("key", "1", b"learned");
        let path = only_file(&cache);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.get("key", "1"), None, "{length}");
            let mut changed = whole.clone();
            changed[length] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert_eq!(cache.get("key", "1"), None, "{length}");
        }
        cache.put("key", "1", b"again");
        assert_eq!(cache.get("key", "1").as_deref(), Some(&b"again"[..]));
    }

    #[test]
    fn what_takes_too_much_room_is_not_kept_and_leaves_nothing_behind() {
        let (_directory, cache) = cache(400);
        cache.put("small", "1", &[7; 100]);
        cache.put("large", "1", &[7; 101]);
        assert_eq!((cache.has("small", "1"), cache.has("large", "1")), (true, false));
        assert_eq!(cache.kept().files, 1, "a file that was begun is still there");
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let (_directory, cache) = cache(3 * 120);
        let old = SystemTime::now() - Duration::from_secs(100);
        for (key, age) in [("a", 3), ("b", 2), ("c", 1), ("d", 0)] {
            cache.put(key, "1", &[0; 89]);
            let file = File::options().append(true).open(cache.path(key, "1")).unwrap();
            file.set_modified(old + Duration::from_secs(10 - age)).unwrap();
        }
        assert!(cache.get("a", "1").is_some());
        cache.tidy();
        let kept = ["a", "b", "c", "d"].map(|key| cache.has(key, "1"));
        assert_eq!(kept, [true, false, true, true]);
        assert_eq!(cache.prune(0).unwrap().files, 3);
        assert_eq!(cache.kept(), Kept::default());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_in_time() {
        let (_directory, cache) = cache(1 << 20);
        cache.put("key", "1", b"learned");
        let part = cache.directory.join("1-0.part");
        fs::write(&part, b"half").unwrap();
        cache.tidy();
        assert!(part.exists(), "another run may be writing it");
        File::options().append(true).open(&part).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        cache.tidy();
        assert!(!part.exists() && cache.has("key", "1"));
    }

    #[test]
    fn runs_side_by_side_do_no_harm() {
        let (_directory, cache) = cache(1 << 20);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for round in 0..50 {
                        cache.put("key", "1", &[7; 1000]);
                        assert!(cache.get("key", "1").is_none_or(|bytes| bytes == [7; 1000]));
                        if round % 10 == 0 {
                            let _ = cache.prune(0);
                        }
                    }
                });
            }
        });
    }
}
