//! Where reports go: `-o FORMAT[=FILE]`, any number of them from one analysis.
//!
//! Targets are opened before the long work, so that a wrong path is told at once. A file is written beside its place and
//! moved there when it is whole, so that nobody ever reads half a report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use super::interrupt::{self, Undo};
use super::{Global, screen};
use crate::error::{Error, ErrorKind, Result};
use crate::report::detail::{self, Details};
use crate::report::{Format, Subject, render};
use crate::view::Report;

/// What `-o` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    /// Standard output where there is none.
    file: Option<String>,
}

impl Default for Output {
    fn default() -> Self {
        Self { format: Format::Table, file: None }
    }
}

/// Parses `FORMAT[=FILE]`.
pub(super) fn parse(text: &str) -> Result<Output, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (text, None),
    };
    let Some(format) = Format::from_name(name) else {
        let known: Vec<_> = Format::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no format `{name}`; there are {}", known.join(", ")));
    };
    match file {
        Some("") => Err(format!("`{name}=` names no file")),
        Some("-") | None => Ok(Output { format, file: None }),
        Some(file) => Ok(Output { format, file: Some(file.to_owned()) }),
    }
}

/// Opened targets.
pub(super) struct Targets(Vec<Target>);

struct Target {
    format: Format,
    place: Place,
}

enum Place {
    Stdout,
    /// Something that cannot be replaced, such as a pipe or a device.
    Direct {
        file: File,
        name: String,
    },
    /// A file that will be moved to `name` when it is whole.
    Beside {
        file: File,
        temporary: Temporary,
        name: String,
    },
}

/// Removes the file unless it was moved away.
struct Temporary(String, #[expect(dead_code, reason = "lives as long as the file")] Undo);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing is there any more after the move, and nothing can be done where removing fails.
        let _ = fs::remove_file(&self.0);
    }
}

impl Targets {
    /// Opens all of `outputs`; the table on standard output where there is none.
    pub(super) fn open(outputs: &[Output]) -> Result<Self> {
        let default = [Output::default()];
        let outputs = if outputs.is_empty() { &default } else { outputs };
        for (position, output) in outputs.iter().enumerate() {
            if outputs[..position].iter().any(|other| other.file == output.file) {
                let place = output.file.as_deref().unwrap_or("standard output");
                return Err(Error::usage(format!("two outputs go to {place}"))
                    .hint("give each a file of its own: -o table -o json=report.json"));
            }
        }
        outputs.iter().map(Target::open).collect::<Result<_>>().map(Self)
    }

    /// Whether any of them shows single files.
    pub(super) fn want_files(&self) -> bool {
        self.0.iter().any(|target| target.format.wants_files())
    }

    /// Writes the report to all targets.
    pub(super) fn write(
        self,
        report: &Report,
        subject: Subject<'_>,
        global: &Global,
        top: usize,
    ) -> Result<()> {
        for Target { format, place } in self.0 {
            let style = match place {
                Place::Stdout => screen::style(global, top),
                _ => screen::file_style(global, top),
            };
            if format == Format::Github {
                summarize(&render(report, subject, Format::Markdown, &style))?;
            }
            place.write(&render(report, subject, format, &style))?;
        }
        Ok(())
    }
}

impl Targets {
    /// Writes owners and paths that were opened; only the screen and programs have a form for them.
    pub(super) fn write_details(self, details: &Details, global: &Global, top: usize) -> Result<()> {
        for Target { format, place } in self.0 {
            let style = match place {
                Place::Stdout => screen::style(global, top),
                _ => screen::file_style(global, top),
            };
            match format {
                Format::Table => place.write(&detail::table(details, &style))?,
                Format::Json => place.write(&detail::json(details))?,
                _ => {
                    return Err(Error::usage("--owner and --path are told as table or as json")
                        .hint("leave them out for the other formats"));
                }
            }
        }
        Ok(())
    }
}

impl Target {
    fn open(output: &Output) -> Result<Self> {
        let place = match &output.file {
            None => Place::Stdout,
            Some(name) => Place::open(name).map_err(|error| cannot_write(name, &error))?,
        };
        Ok(Self { format: output.format, place })
    }
}

impl Place {
    fn open(name: &str) -> io::Result<Self> {
        let name = match fs::metadata(name) {
            Ok(there) if there.is_dir() => return Err(io::Error::other("it is a directory")),
            Ok(there) if !there.is_file() => {
                let file = OpenOptions::new().write(true).open(name)?;
                return Ok(Self::Direct { file, name: name.to_owned() });
            }
            // A link stays a link; what it points to is replaced.
            Ok(_) => {
                fs::canonicalize(name)?.into_os_string().into_string().unwrap_or_else(|_| name.to_owned())
            }
            Err(_) => name.to_owned(),
        };
        let temporary = format!("{name}.{}.part", std::process::id());
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        let half = temporary.clone();
        // Nothing can be done where removing fails.
        let undo = interrupt::undo(move || drop(fs::remove_file(&half)));
        Ok(Self::Beside { file, temporary: Temporary(temporary, undo), name })
    }

    fn write(self, text: &str) -> Result<()> {
        let name = match &self {
            Self::Stdout => "standard output".to_owned(),
            Self::Direct { name, .. } | Self::Beside { name, .. } => name.clone(),
        };
        self.save(text).map_err(|error| cannot_write(&name, &error))
    }

    fn save(self, text: &str) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                quiet_pipe(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
            }
            Self::Direct { mut file, .. } => quiet_pipe(file.write_all(text.as_bytes())),
            Self::Beside { mut file, temporary, name } => file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .and_then(|()| fs::rename(&temporary.0, &name)),
        }
    }
}

/// Adds the report to the summary of the job, where GitHub runs it.
fn summarize(markdown: &str) -> Result<()> {
    let Some(name) = std::env::var("GITHUB_STEP_SUMMARY").ok().filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let file = OpenOptions::new().append(true).create(true).open(&name);
    file.and_then(|mut file| file.write_all(markdown.as_bytes())).map_err(|error| cannot_write(&name, &error))
}

/// Writes to standard output. Whoever closes the pipe has seen enough: that is no error.
pub(super) fn print(text: &str) -> Result<()> {
    Place::Stdout.write(text)
}

/// Whether a file can be written, which is told before the long work.
pub(super) fn can_be_written(name: &str) -> io::Result<()> {
    Place::open(name).map(drop)
}

/// Writes a file as reports are written: beside its place, and moved there.
pub(super) fn save(name: &str, text: &str) -> io::Result<()> {
    Place::open(name)?.save(text)
}

fn quiet_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn cannot_write(name: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Output, format!("the report cannot be written to {}: {error}", name.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_format_and_perhaps_a_file() {
        assert_eq!(parse("json").unwrap(), Output { format: Format::Json, file: None });
        assert_eq!(parse("json=-").unwrap(), Output { format: Format::Json, file: None });
        let file = Output { format: Format::Json, file: Some("a=b.json".to_owned()) };
        assert_eq!(parse("json=a=b.json").unwrap(), file);
        assert!(parse("yaml").unwrap_err().starts_with("there is no format `yaml`; there are table, json, "));
        assert!(parse("json=").is_err());
    }
}
