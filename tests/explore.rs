//! The explorer, driven in a real terminal.

#![allow(
    clippy::op_ref,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and one that is skipped says so"
)]

use std::process::Command;
use std::time::{Duration, Instant};

/// A terminal of 100 columns in which the explorer runs.
struct Terminal(String);

impl Terminal {
    fn open(name: &str, arguments: &str) -> Self {
        let session = format!("plimsoll-{name}-{}", std::process::id());
        let program = env!("CARGO_BIN_EXE_plimsoll");
        let command = format!("{program} explore {arguments}; echo ended with $?; sleep 30");
        let socket = Self(session);
        socket.tmux(&["new-session", "-d", "-s", "s", "-x", "100", "-y", "30", &command]);
        socket
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").args(["-L", &self.0]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "s"], keys].concat());
    }

    /// Waits until the screen has a text.
    fn shows(&self, text: &str) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.tmux(&["capture-pane", "-p", "-t", "s"]);
            if screen.contains(text) {
                return screen;
            }
            assert!(Instant::now() < until, "no {text:?} on\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn has_tmux() -> bool {
    let there = Command::new("tmux").arg("-V").output().is_ok();
    if !there {
        println!("skipped: there is no tmux");
    }
    there
}

#[test]
fn it_is_walked_through_with_the_keys_of_dive_and_ncdu() {
    if !has_tmux() {
        return;
    }
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/images/demo.tar");
    let terminal = Terminal::open("walk", image);
    let screen = terminal.shows("Tree by content");
    assert!(screen.contains("Layers") && screen.contains("everything"), "{screen}");
    // Into the tree and out again.
    terminal.keys(&["j", "Enter"]);
    terminal.shows("▾ ");
    terminal.keys(&["u"]);
    terminal.shows("Tree by transfer");
    // Filter as you type; Escape takes it away.
    terminal.keys(&["/"]);
    terminal.keys(&["-l", "dpkg"]);
    let screen = terminal.shows("with: dpkg_");
    assert!(screen.contains("dpkg"), "{screen}");
    terminal.keys(&["Escape"]);
    terminal.shows("Tree by transfer");
    terminal.keys(&["w"]);
    terminal.shows("wasted only");
    terminal.keys(&["w", "2"]);
    terminal.shows("Owners");
    terminal.keys(&["3", "j"]);
    terminal.shows("Findings");
    terminal.keys(&["?"]);
    terminal.shows("Keys");
    terminal.keys(&["x", "q"]);
    terminal.shows("ended with 0");
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(["explore", "x.tar"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("explore needs a terminal"));
}
