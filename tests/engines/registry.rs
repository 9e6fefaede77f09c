//! Debian's docker-registry, open or with TLS from a test CA and a password.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::run::write;
use super::{Server, free_port, listens, must, program};

/// The user that a closed registry knows.
pub const USER: &str = "alice";
/// Her password.
pub const PASSWORD: &str = "correct-horse";
/// As htpasswd keeps it.
const HASHED: &str = "$2y$05$plimsollplimsollplimsOB/OUeFDxVElxph68nESVXAmUNBXrzN2";

/// A registry of this machine.
pub struct Registry {
    // Ends before its directory goes.
    _server: Server,
    pub port: u16,
    pub ca: PathBuf,
    directory: TempDir,
    is_closed: bool,
}

impl Registry {
    /// Anybody may push and pull.
    pub fn open() -> Self {
        Self::start(false)
    }

    /// TLS and a password.
    pub fn closed() -> Self {
        Self::start(true)
    }

    fn start(is_closed: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (at, port) = (directory.path(), free_port());
        let storage = format!(
            "storage: {{filesystem: {{rootdirectory: {}/data}}, delete: {{enabled: true}}}}",
            at.display()
        );
        let mut config =
            format!("version: 0.1\nlog: {{level: error}}\n{storage}\nhttp:\n  addr: 127.0.0.1:{port}\n");
        if is_closed {
            certify(at);
            write(&at.join("htpasswd"), format!("{USER}:{HASHED}\n").as_bytes());
            config += &format!("  tls: {{certificate: {0}/server.crt, key: {0}/server.key}}\n", at.display());
            config += &format!("auth: {{htpasswd: {{realm: test, path: {}/htpasswd}}}}\n", at.display());
        }
        write(&at.join("config.yml"), config.as_bytes());
        let mut command = Command::new(program("docker-registry").unwrap());
        command.arg("serve").arg(at.join("config.yml"));
        let server = Server::start(&mut command, &at.join("log"), || listens(port));
        let server = server.unwrap_or_else(|| {
            panic!("docker-registry does not start: {}", std::fs::read_to_string(at.join("log")).unwrap())
        });
        Self { port, ca: at.join("ca.crt"), directory, is_closed, _server: server }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Pushes an image, with all that its index names, from wherever skopeo reads it.
    pub fn push(&self, from: &str, name: &str) {
        let mut command = Command::new("skopeo");
        command.args(["copy", "--quiet", "--all", "--dest-tls-verify=false"]);
        if self.is_closed {
            command.arg(format!("--dest-creds={USER}:{PASSWORD}"));
        }
        must(command.args([from, &format!("docker://{}/{name}", self.host())]));
    }

    /// Removes a blob behind the registry's back.
    pub fn lose(&self, digest: &str) {
        let hex = digest.trim_start_matches("sha256:");
        let blobs = self.directory.path().join("data/docker/registry/v2/blobs/sha256");
        std::fs::remove_dir_all(blobs.join(&hex[..2]).join(hex)).unwrap();
    }
}

/// A directory with a CA and a certificate for this machine.
pub fn certificates() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    directory
}

/// Makes a CA and a certificate for this machine.
fn certify(at: &Path) {
    let openssl = |arguments: &[&str]| must(Command::new("openssl").args(arguments).current_dir(at));
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    openssl(&[&new[..], &["-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.crt"]].concat());
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"];
    openssl(&[&new[..], &["-keyout", "server.key", "-out", "server.csr"]].concat());
    write(&at.join("names"), b"subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server.crt"]].concat());
}
