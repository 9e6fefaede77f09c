//! What a command reads: an image, which is weighed, or a report that was saved before, wherever an image is only read.

use std::fs::File;
use std::io::Read;

use super::{Global, progress};
use crate::analysis::{self, Options};
use crate::dockerfile::Given;
use crate::error::{Error, Result};
use crate::image::{Platform, Selector};
use crate::reference::{Reference, Scheme};
use crate::view::{Report, Sides};

/// The longest saved report that is read: one with every file of a million takes less.
const LONGEST: u64 = 1 << 30;

/// The report on what `image` names: made now, or saved before. With `files`, every entry is in it, unless it was saved
/// without.
pub(super) fn report(image: &str, options: &Options, files: bool, global: &Global) -> Result<Report> {
    if let Some(text) = saved(image)? {
        let report = Report::from_json(&text).map_err(|error| cannot_read(image, error))?;
        return choose(report, &options.platforms).map_err(|error| cannot_read(image, error));
    }
    let reference = Reference::parse(image)?;
    let watched = progress::watch(global);
    let analysis = analysis::analyze(&reference, options, &*watched)?;
    drop(watched);
    let report = Report::new(&analysis, &options.rules);
    let report = if files { report.with_files(&analysis) } else { report };
    // Millions of small pieces are given back while the report is written, or never if the program is faster.
    rayon::spawn(move || drop(analysis));
    Ok(report)
}

/// The Dockerfile that the user names.
pub(super) fn dockerfile(name: Option<&str>) -> Result<Option<Given>> {
    let Some(name) = name else { return Ok(None) };
    let shown = name.escape_debug();
    let text = read(name).map_err(|error| Error::config(format!("{shown} cannot be read: {error}")))?;
    Given::new(name, &text).map(Some)
}

fn cannot_read(name: &str, error: Error) -> Error {
    error.within(format_args!("cannot read {}", name.escape_debug()))
}

/// The text of a file that begins as a JSON object does; no image does.
fn saved(image: &str) -> Result<Option<String>> {
    let Ok(reference) = Reference::parse(image) else { return Ok(None) };
    if reference.scheme != Scheme::Any {
        return Ok(None);
    }
    // Whatever cannot be read is told by whoever reads images.
    let Ok(mut file) = File::open(&reference.place) else { return Ok(None) };
    if !file.metadata().is_ok_and(|there| there.is_file()) {
        return Ok(None);
    }
    let mut start = [0; 64];
    let length = file.read(&mut start).unwrap_or(0);
    if !start[..length].trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    let text = read(&reference.place).map_err(|error| cannot_read(image, Error::input(error.to_string())))?;
    Ok(Some(text))
}

fn read(file: &str) -> std::io::Result<String> {
    let file = File::open(file)?;
    if file.metadata()?.len() > LONGEST {
        return Err(std::io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The platforms of a saved report that were asked for.
fn choose(mut report: Report, selectors: &[Selector]) -> Result<Report> {
    let broken =
        |platform: &crate::view::Platform| platform.files.as_ref().is_some_and(|files| !files.is_whole());
    if report.platforms.iter().any(broken) {
        return Err(Error::input("its list of files is not whole").hint("write the report anew"));
    }
    if selectors.is_empty() {
        return Ok(report);
    }
    let platforms: Vec<_> = report.platforms.iter().map(|platform| parsed(&platform.platform)).collect();
    let mut chosen = vec![false; report.platforms.len()];
    for selector in selectors {
        let found = selector.choose(&platforms);
        if found.is_empty() {
            let names: Vec<_> = report.platforms.iter().map(|platform| platform.platform.as_str()).collect();
            return Err(Error::usage(format!("it has no platform {selector}"))
                .hint(format!("it has {}", names.join(", "))));
        }
        for at in found {
            chosen[at] = true;
        }
    }
    let mut at = 0;
    report.platforms.retain(|_| {
        at += 1;
        chosen[at - 1]
    });
    report.sides = Sides::of(&report.platforms);
    Ok(report)
}

/// A platform as reports write it: `os/arch[/variant][:version]`.
fn parsed(text: &str) -> Platform {
    let (text, _) = text.split_once(':').unwrap_or((text, ""));
    let mut parts = text.splitn(3, '/');
    let mut next = || parts.next().unwrap_or_default();
    Platform::new(next(), next(), next())
}
