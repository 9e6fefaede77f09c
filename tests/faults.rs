//! Whatever happens to the machine while the program runs, it ends cleanly: one sentence, the right exit code, no panic, and
//! nothing half written under a name that somebody reads.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests write the images that they read"
)]

mod common;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use common::image::{Pack, Scratch, docker, layout, tars};
use plimsoll::layer::Reader;
use plimsoll::limits::Limits;
use plimsoll::source::{ReadAt, Region};

/// An image that takes a moment to read, and a directory for its cache.
struct Ship {
    scratch: Scratch,
    image: String,
}

impl Ship {
    fn new() -> Self {
        let scratch = Scratch::new();
        let text = |layer: u32| {
            (0..300)
                .fold(String::new(), |text, number| text + &format!("d{layer}/f{number} {}\n", 4000 + number))
        };
        let layers: Vec<_> = (0..3).map(text).collect();
        let layers: Vec<_> = layers.iter().map(String::as_str).collect();
        let image = scratch.layout("image", &layout(&tars(&layers), Pack::Gzip));
        Self { scratch, image }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch.path())
    }

    /// The program with a cache below the scratch directory.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).stdin(Stdio::null()).env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    fn json(&self) -> Vec<u8> {
        let output = self.command(&["analyze", &self.image, "-o", "json"]).output().unwrap();
        assert_eq!(ended(&output), 0, "{output:?}");
        output.stdout
    }
}

/// The exit code of a run that ended by itself, without a panic, and with one sentence where it is 2.
fn ended(output: &Output) -> i32 {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let code = output.status.code();
    assert!(code.is_some_and(|code| code <= 2), "{:?}: {said}", output.status);
    if code == Some(2) && !said.is_empty() {
        assert!(said.starts_with("error: ") && said.lines().count() <= 2, "one sentence and a hint: {said}");
    }
    code.unwrap()
}

#[test]
fn a_kill_at_any_moment_leaves_outputs_and_cache_whole() {
    let ship = Ship::new();
    let whole = ship.json();
    std::fs::remove_dir_all(ship.path("cache")).unwrap();
    let out = ship.path("out.json");
    let mut kept = 0;
    for round in 0_u64..40 {
        let mut child = ship
            .command(&["analyze", &ship.image, "-o", &format!("json={out}")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Not the same moment twice: the time that a run takes is not known here.
        std::thread::sleep(Duration::from_millis(round * round / 4 + round));
        child.kill().unwrap();
        child.wait().unwrap();
        match std::fs::read(&out) {
            Ok(bytes) => {
                assert!(bytes == whole, "round {round}: the report is not whole");
                kept += 1;
                std::fs::remove_file(&out).unwrap();
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound, "round {round}"),
        }
        if round % 10 == 9 {
            assert!(ship.json() == whole, "round {round}: what was remembered changes the report");
            std::fs::remove_dir_all(ship.path("cache")).unwrap();
        }
    }
    println!("{kept} of 40 reports were written before the kill");
    let left = std::fs::read_dir(ship.scratch.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.starts_with("out.json") || name.ends_with(".part")), "{left:?}");
}

#[test]
fn a_full_disk_is_one_sentence() {
    let ship = Ship::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for arguments in [
        &["analyze", &ship.image][..],
        &["analyze", &ship.image, "-o", "json"],
        &["platforms", &ship.image],
        &["audit", &ship.image],
        &["rules"],
        &["completions", "bash"],
        &["init", "--help"],
    ] {
        let output = ship.command(arguments).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let code = ended(&output);
        // What clap prints itself is not ours to fail on.
        assert!(code == 2 || arguments.contains(&"--help"), "{arguments:?}: {output:?}");
    }
    let output = ship.command(&["analyze", &ship.image, "-o", "json=/dev/full"]).output().unwrap();
    assert_eq!(ended(&output), 2, "{output:?}");
    let output = ship.command(&["analyze", &ship.image]).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "where standard error is full, the report still comes");
}

/// A file system of a few kilobytes, where tests may mount one.
struct Tiny(String);

impl Tiny {
    fn mount(at: String, options: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs", &at]).output();
        let is_mounted = mounted.is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("skipped: no file system can be mounted here");
        }
        is_mounted.then_some(Self(at))
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l", &self.0]).status());
    }
}

#[test]
fn a_file_system_that_runs_full_keeps_nothing_half() {
    let ship = Ship::new();
    let Some(tiny) = Tiny::mount(ship.path("tiny"), "size=16k") else { return };
    let out = format!("{}/out.json", tiny.0);
    std::fs::write(&out, "before").unwrap();
    let output = ship.command(&["analyze", &ship.image, "-o", &format!("json={out}")]).output().unwrap();
    assert_eq!(ended(&output), 2, "{output:?}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "before", "what was there stays whole");
    assert_eq!(std::fs::read_dir(&tiny.0).unwrap().count(), 1, "and nothing else is left");
    // The cache may fill up and nobody minds.
    let whole = ship.json();
    for _ in 0..2 {
        let mut command = ship.command(&["analyze", &ship.image, "-o", "json"]);
        let output = command.env("XDG_CACHE_HOME", &tiny.0).output().unwrap();
        assert_eq!(ended(&output), 0, "{output:?}");
        assert!(output.stdout == whole, "a cache that cannot be written changes nothing");
    }
}

#[test]
fn a_cache_that_cannot_be_written_changes_nothing() {
    let ship = Ship::new();
    let whole = ship.json();
    let file = ship.scratch.file("file", b"not a directory");
    let mut places =
        vec![file.clone(), format!("{file}/below"), "/proc/self".to_owned(), "/dev/null".to_owned()];
    let read_only = Tiny::mount(ship.path("tiny"), "size=64k,ro");
    places.extend(read_only.iter().map(|tiny| tiny.0.clone()));
    for place in places {
        for _ in 0..2 {
            let mut command = ship.command(&["analyze", &ship.image, "-o", "json"]);
            let output = command.env("XDG_CACHE_HOME", &place).output().unwrap();
            assert_eq!(ended(&output), 0, "{place}: {output:?}");
            assert!(output.stdout == whole, "{place}");
        }
    }
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough() {
    let ship = Ship::new();
    for arguments in [&["analyze", &ship.image, "-o", "json"][..], &["rules"], &["analyze", &ship.image]] {
        let mut child =
            ship.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let mut head = [0];
        drop(pipe.read(&mut head));
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert_eq!(ended(&output), 0, "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn streams_that_are_closed_are_no_trouble() {
    let ship = Ship::new();
    let program = env!("CARGO_BIN_EXE_plimsoll");
    for (closed, reference, expected) in [
        ("<&-", ship.image.as_str(), 0),
        ("<&-", "-", 2),
        (">&-", &ship.image, 0),
        ("2>&-", &ship.image, 0),
        ("<&- >&- 2>&-", &ship.image, 0),
    ] {
        let line = format!("exec \"$0\" analyze \"$1\" --no-cache {closed}");
        let output = Command::new("sh").args(["-c", &line, program, reference]).output().unwrap();
        assert_eq!(ended(&output), expected, "{closed} {reference}: {output:?}");
    }
}

#[test]
fn what_may_not_be_read_is_one_sentence() {
    use std::os::unix::fs::PermissionsExt;
    let ship = Ship::new();
    let archive = ship.scratch.file("save.tar", &docker(&tars(&["a 5"])).archive());
    let index = format!("{}/index.json", ship.image);
    for path in [&archive, &index] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).unwrap();
    }
    let is_root = File::open(&archive).is_ok();
    std::fs::set_permissions(ship.scratch.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // Permissions do not bind root, so somebody else runs it, by a copy that they may run.
    let program = ship.path("plimsoll");
    for reference in [&archive, &ship.image] {
        let output = if is_root {
            std::fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &program).unwrap();
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--clear-groups", &program]).args([
                "analyze",
                reference,
                "--no-cache",
            ]);
            match command.output() {
                Ok(output) if output.status.code() != Some(127) => output,
                _ => return println!("skipped: there is no setpriv here"),
            }
        } else {
            ship.command(&["analyze", reference, "--no-cache"]).output().unwrap()
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(ended(&output), 2, "{said}");
        assert!(said.contains("ermission denied"), "{said}");
    }
}

#[test]
fn a_clock_that_was_wrong_changes_nothing() {
    let ship = Ship::new();
    let whole = ship.json();
    let future = SystemTime::now() + Duration::from_hours(100 * 365 * 24);
    for time in [future, SystemTime::UNIX_EPOCH] {
        let mut touched = 0;
        let mut directories = vec![ship.path("cache"), ship.image.clone()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path.to_str().unwrap().to_owned());
                } else {
                    File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
                    touched += 1;
                }
            }
        }
        assert!(touched > 3, "{touched} files");
        std::fs::write(Path::new(&ship.path("cache")).join("plimsoll/layers/1-0.part"), "half").unwrap();
        assert!(ship.json() == whole);
        let output = ship.command(&["cache", "prune"]).output().unwrap();
        assert_eq!(ended(&output), 0, "{output:?}");
        assert!(ship.json() == whole);
    }
}

/// A file that somebody cuts after it was read so often.
struct Cut {
    bytes: Vec<u8>,
    reads: AtomicU32,
    most: u32,
}

impl ReadAt for Cut {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let reads = self.reads.fetch_add(1, Ordering::Relaxed);
        let there =
            if reads < self.most { self.bytes.as_slice() } else { &self.bytes[..self.bytes.len() / 3] };
        let rest = usize::try_from(offset).ok().and_then(|offset| there.get(offset..)).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_one_sentence() {
    let text = (0..200).fold(String::new(), |text, number| text + &format!("f{number} 5000\n"));
    let tar = tars(&[&text]).remove(0);
    for (pack, is_stream) in
        [(Pack::Plain, false), (Pack::Plain, true), (Pack::Gzip, true), (Pack::Zstd, true)]
    {
        for most in [0, 1, 2, 5, 20] {
            let bytes = pack.pack(&tar);
            let length = bytes.len() as u64;
            let region = Region::new(Arc::new(Cut { bytes, reads: AtomicU32::new(0), most }), 0, length);
            let limits = Limits::default();
            let reader = Reader { wants: &plimsoll::owners::Wanted, limits: &limits };
            let digest = plimsoll::digest::Digest::of(&pack.pack(&tar));
            let outcome =
                if is_stream { reader.stream(region.reader(), Some(&digest)) } else { reader.hop(&region) };
            // Where all of it had been read before, nobody can tell.
            let Err(error) = outcome else {
                assert!(most > 0, "{pack:?} after {most} reads");
                continue;
            };
            assert!(!error.message.contains('\n') && !error.message.is_empty(), "{pack:?}: {error}");
        }
    }
}

#[test]
fn an_archive_that_is_cut_while_the_program_runs_ends_it_cleanly() {
    let ship = Ship::new();
    let text = (0..400).fold(String::new(), |text, number| text + &format!("f{number} 50000\n"));
    let bytes = docker(&tars(&[&text, "b 5"])).archive();
    for round in 0_u64..12 {
        let archive = ship.scratch.file("save.tar", &bytes);
        let child = ship
            .command(&["analyze", &archive, "--no-cache", "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(round * 12));
        File::options().write(true).open(&archive).unwrap().set_len(bytes.len() as u64 / 2).unwrap();
        let output = child.wait_with_output().unwrap();
        let code = ended(&output);
        assert!(code == 2 || !output.stdout.is_empty(), "round {round}: {output:?}");
    }
}
