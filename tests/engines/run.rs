//! The built program, run where everything that it leaves behind is seen.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A home of its own, with no credentials and nothing learned.
pub struct Home {
    pub directory: TempDir,
}

/// How a run ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with an environment that holds nothing of whoever runs the tests.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        let home = self.directory.path();
        command
            .args(arguments)
            .env_clear()
            .env("PATH", format!("{}:{}", home.display(), std::env::var("PATH").unwrap()))
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .current_dir(home);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// The platforms of a report on an image, as JSON.
    pub fn report(&self, arguments: &[&str]) -> Value {
        let all = [&["analyze", "-o", "json"], arguments].concat();
        let ran = self.run(&all);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// All files below the home, by their paths.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut stack = vec![self.directory.path().to_owned()];
        while let Some(directory) = stack.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { stack.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// Whether any file holds a text.
    pub fn holds(&self, text: &str) -> bool {
        let holds = |path: &PathBuf| {
            std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
        };
        self.files().iter().any(holds)
    }

    /// Keeps a login as `docker login` does.
    pub fn log_in(&self, host: &str, user: &str, password: &str) {
        let auth = base64(format!("{user}:{password}").as_bytes());
        let config = serde_json::json!({ "auths": { host: { "auth": auth } } });
        write(&self.path(".docker/config.json"), config.to_string().as_bytes());
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

impl Ran {
    /// That the run ended in one sentence that holds all of `words`, and a hint at most.
    pub fn fails_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let lines: Vec<_> = self.stderr.lines().collect();
        let is_sentence = lines.first().is_some_and(|line| line.starts_with("error: "));
        assert!(is_sentence && lines.len() <= 2, "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
    }
}

pub fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// What of a report has to be the same wherever the image lies: all but how it is stored there.
pub fn ledger(report: &Value) -> Value {
    let mut platforms = report["platforms"].clone();
    strip(&mut platforms);
    platforms
}

/// Fails with the places where two ledgers differ, and not with the ledgers, which are long.
#[track_caller]
pub fn assert_same(left: &Value, right: &Value, about: &str) {
    let mut places = Vec::new();
    differences(left, right, "", &mut places);
    places.truncate(10);
    assert!(places.is_empty(), "{about}: {places:#?}");
}

fn differences(left: &Value, right: &Value, at: &str, places: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(these), Value::Object(those)) if these.keys().eq(those.keys()) => {
            for (key, value) in these {
                differences(value, &those[key], &format!("{at}/{key}"), places);
            }
        }
        (Value::Array(these), Value::Array(those)) if these.len() == those.len() => {
            for (number, (one, other)) in these.iter().zip(those).enumerate() {
                differences(one, other, &format!("{at}/{number}"), places);
            }
        }
        _ if left == right => {}
        _ => {
            let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
            places.push(format!("{at}: {} and {}", short(left), short(right)));
        }
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| {
                let stored =
                    ["transfer", "digest", "compress", "tags", "media_type", "verified", "exact", "blob"];
                !stored.iter().any(|part| key.contains(part))
            });
            map.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = word >> (18 - 6 * digit) & 63;
            text.push(if digit <= chunk.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}
