//! What the tests share: images written as text for corners that real images lack, the real images of `fixtures/`, and
//! two judges: the invariants of the design, and a reading that has nothing to do with ours.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests write the images that they read"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

pub mod fixtures;
pub mod image;
pub mod independent;
pub mod layer;
pub mod validate;

use std::sync::LazyLock;

use plimsoll::analysis::{self, Analysis, Options};
use plimsoll::error::Result;
use plimsoll::progress::Unwatched;
use plimsoll::reference::Reference;

/// Weighs what a reference names, on every platform, with the rules that are built in.
pub fn analyze(reference: &str) -> Result<Analysis> {
    static RULES: LazyLock<Vec<plimsoll::advice::Rule>> =
        LazyLock::new(|| plimsoll::advice::load(&[]).unwrap());
    let options = Options { rules: RULES.clone(), ..Options::default() };
    analysis::analyze(&Reference::parse(reference)?, &options, &Unwatched)
}

/// The figures of one image that every reading of it must agree on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub content: u64,
    pub live: u64,
    pub overwritten: u64,
    pub deleted: u64,
}

impl Figures {
    /// `live`, `overwritten` and `deleted`; content is their sum.
    pub fn of(live: u64, overwritten: u64, deleted: u64) -> Self {
        Self { content: live + overwritten + deleted, live, overwritten, deleted }
    }

    pub fn in_ledger(ledger: &plimsoll::ledger::Ledger) -> Self {
        let totals = ledger.totals();
        Self {
            content: ledger.size().content,
            live: totals.live.content,
            overwritten: totals.overwritten.content,
            deleted: totals.deleted.content,
        }
    }
}

/// The built program, run with `arguments`, that remembers nothing: what one test read must not help another.
pub fn plimsoll(arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).arg("--no-cache").stdin(std::process::Stdio::null());
    command
}

/// What the program prints when `input` is piped into it; it must succeed.
pub fn piped(arguments: &[&str], input: &[u8]) -> std::process::Output {
    use std::io::Write;
    let mut child = plimsoll(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that has seen enough closes the pipe; its exit code says whether that was right.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}
