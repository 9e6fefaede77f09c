//! Docker's daemon and Podman's service, with storage and sockets of their own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::run::write;
use super::{Server, must, program};

/// A running dockerd.
pub struct Docker {
    // Ends before its directory goes.
    _server: Server,
    pub host: String,
    directory: TempDir,
}

impl Docker {
    /// Starts a daemon; with `features` for `daemon.json`. `None` where none can be run, as without the right to.
    pub fn start(features: &str) -> Option<Self> {
        Self::start_with(features, &[])
    }

    /// Starts a daemon that listens with TLS too, and takes only those in who show a certificate of the same CA.
    pub fn start_secured(port: u16, certificates: &std::path::Path) -> Option<Self> {
        let file = |name: &str| certificates.join(name).display().to_string();
        let arguments = [
            format!("-Htcp://127.0.0.1:{port}"),
            "--tlsverify".to_owned(),
            format!("--tlscacert={}", file("ca.pem")),
            format!("--tlscert={}", file("cert.pem")),
            format!("--tlskey={}", file("key.pem")),
        ];
        Self::start_with("", &arguments)
    }

    fn start_with(features: &str, arguments: &[String]) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let host = format!("unix://{}/docker.sock", at.display());
        write(&at.join("daemon.json"), format!("{{{features}}}").as_bytes());
        let mut command = Command::new(program("dockerd")?);
        command
            .arg("--data-root")
            .arg(at.join("data"))
            .arg("--exec-root")
            .arg(at.join("exec"))
            .arg("--pidfile")
            .arg(at.join("pid"))
            .arg("--config-file")
            .arg(at.join("daemon.json"))
            .args([
                "--iptables=false",
                "--ip6tables=false",
                "--bridge=none",
                "--storage-driver=vfs",
                "-H",
                &host,
            ])
            .args(arguments);
        let ready = host.clone();
        let server = Server::start(&mut command, &at.join("log"), || {
            Command::new("docker")
                .args(["-H", &ready, "version"])
                .output()
                .is_ok_and(|output| output.status.success())
        });
        Some(Self { host, directory, _server: server? })
    }

    /// Runs docker against this daemon.
    pub fn docker(&self, arguments: &[&str]) -> String {
        must(Command::new("docker").args(["-H", &self.host]).args(arguments))
    }

    /// A file beside the daemon's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A running `podman system service`.
pub struct Podman {
    // Ends before its directory goes.
    _server: Server,
    pub host: String,
    directory: TempDir,
}

impl Podman {
    /// Starts a service; `None` where none can be run.
    pub fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let socket = at.join("podman.sock");
        let host = format!("unix://{}", socket.display());
        let mut command = Self::command(at);
        command.args(["system", "service", "--time=0", &host]);
        let server = Server::start(&mut command, &at.join("log"), || socket.exists())?;
        Some(Self { host, directory, _server: server })
    }

    fn command(at: &std::path::Path) -> Command {
        let mut command = Command::new("podman");
        command
            .arg("--root")
            .arg(at.join("root"))
            .arg("--runroot")
            .arg(at.join("run"))
            .arg("--storage-driver=vfs");
        command
    }

    /// Runs podman on the same storage.
    pub fn podman(&self, arguments: &[&str]) -> String {
        must(Self::command(self.directory.path()).args(arguments))
    }
}
