//! Real daemons and registries, started by the tests on sockets and ports of their own, and a proxy that misbehaves.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests start programs and make files"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

pub mod daemon;
pub mod proxy;
pub mod registry;
pub mod run;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program in `PATH`, or where Debian keeps daemons.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join(name)).find(|program| program.is_file())
}

/// Whether all of these programs are there. Where one is not, says so by the test's name.
pub fn has(test: &str, programs: &[&str]) -> bool {
    let absent: Vec<_> = programs.iter().copied().filter(|name| program(name).is_none()).collect();
    if !absent.is_empty() {
        println!("skipped: {test}: there is no {}", absent.join(", no "));
    }
    absent.is_empty()
}

/// Says that a test cannot be run here.
pub fn skip(test: &str, why: &str) {
    println!("skipped: {test}: {why}");
}

/// Runs a program to its end, which has to be good.
pub fn must(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} fails: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// A port of this machine that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that ends with the test.
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts a server that writes to a log; `None` where it ends before it is ready, or never is.
    pub fn start(command: &mut Command, log: &Path, mut is_ready: impl FnMut() -> bool) -> Option<Self> {
        let log = std::fs::File::create(log).unwrap();
        let output = log.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(output).stderr(log).spawn().ok()?;
        let mut server = Self { child };
        let born = Instant::now();
        while born.elapsed() < Duration::from_secs(40) {
            if is_ready() {
                return Some(server);
            }
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first, for a daemon has children and mounts to end.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let born = Instant::now();
        while born.elapsed() < Duration::from_secs(15) {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody listens on a port of this machine.
pub fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
