//! The faults of a Dockerfile that do not belong to one package manager.

use std::collections::{BTreeMap, BTreeSet};

use super::packages;
use super::stage::{Step, steps};
use crate::dockerfile::instruction::{Arguments, Dockerfile, Keyword, Origin};
use crate::dockerfile::shell::Command;
use crate::dockerfile::span::LineRange;
use crate::path::ImagePath;

/// A fault, before it is worded.
pub struct Fault {
    /// The rule's id.
    pub rule: &'static str,
    /// Where.
    pub lines: LineRange,
    /// What was found.
    pub what: String,
}

/// A fault of a command within `step`: from its line to the end of the line.
pub fn fault(rule: &'static str, step: &Step<'_>, line: u32, what: &str) -> Fault {
    let lines = step.instruction.lines;
    let line = line.clamp(lines.first, lines.last);
    Fault { rule, lines: LineRange::new(line, line), what: what.to_owned() }
}

/// A fault of the whole instruction.
fn whole(rule: &'static str, step: &Step<'_>, what: impl Into<String>) -> Fault {
    Fault { rule, lines: step.instruction.lines, what: what.into() }
}

/// All faults, in no order.
pub fn run(file: &Dockerfile) -> Vec<Fault> {
    let steps = steps(file);
    let mut faults = Vec::new();
    bases(file, &mut faults);
    let recommends_off = file.text.contains("APT::Install-Recommends");
    for step in &steps {
        match step.instruction.keyword {
            Keyword::Run => packages::run(step, recommends_off, &mut faults),
            Keyword::Add => add(step, &mut faults),
            _ => {}
        }
    }
    copy_before_install(&steps, &mut faults);
    later(&steps, &mut faults);
    shell_form(&steps, &mut faults);
    faults
}

fn bases(file: &Dockerfile, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for stage in &file.stages {
        let Origin::Image { reference, unknown: false } = &stage.origin else { continue };
        let name = reference.rsplit('/').next().unwrap_or_default();
        let pinned = reference.contains('@') || name.split_once(':').is_some_and(|(_, tag)| tag != "latest");
        if !pinned && !reference.is_empty() && seen.insert(reference) {
            let lines = file.instructions[stage.from].lines;
            faults.push(Fault { rule: "unpinned-base", lines, what: reference.clone() });
        }
    }
}

/// Archives that `ADD` unpacks from the context, and leaves packed from a URL.
fn is_archive(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [
        ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".zip", ".deb",
        ".rpm", ".gz", ".xz",
    ]
    .iter()
    .any(|ending| path.ends_with(ending))
}

fn add(step: &Step<'_>, faults: &mut Vec<Fault>) {
    let (sources, _) = step.instruction.transfer();
    let is_remote = |source: &String| source.contains("://") || source.starts_with("git@");
    for source in sources.iter().filter(|source| is_remote(source) && is_archive(source)) {
        if step.ships && step.instruction.flag("unpack").is_none_or(|unpack| unpack != "true") {
            faults.push(whole("add-remote-archive", step, source.clone()));
        }
    }
    let plain = |source: &String| {
        !is_remote(source)
            && !is_archive(source)
            && !source.contains(['$', '*', '?', '['])
            && source.rsplit('.').next() != Some("git")
            && !source.starts_with("<<")
    };
    if !sources.is_empty() && sources.iter().all(plain) {
        faults.push(whole("add-for-copy", step, sources.join(" ")));
    }
}

/// The command installs what a manifest declares, and needs no more than that manifest and its lock file.
fn installs_dependencies(command: &Command) -> Option<&'static str> {
    let verb = command.operands().next().unwrap_or_default();
    Some(match (command.program(), verb) {
        _ if packages::is_pip(command) => {
            let file = command.has("-r") || command.has("--requirement");
            let own = command
                .operands()
                .any(|word| word == "." || word.starts_with("./") || word.starts_with(".["));
            return (file && !own).then_some("pip install -r");
        }
        ("npm", "ci" | "install" | "i") => "npm install",
        ("yarn", "" | "install") => "yarn install",
        ("pnpm", "install" | "i") => "pnpm install",
        ("bundle", "" | "install") => "bundle install",
        ("composer", "install") => "composer install",
        ("go", "mod") if command.operands().any(|word| word == "download") => "go mod download",
        ("poetry", "install") => "poetry install",
        ("pipenv", "install" | "sync") => "pipenv install",
        ("dotnet", "restore") => "dotnet restore",
        ("mvn", _) if command.operands().any(|word| word.starts_with("dependency:")) => {
            "mvn dependency:go-offline"
        }
        _ => return None,
    })
}

/// `COPY . .` before the first install of a stage: then every change of a source file installs everything again.
fn copy_before_install(steps: &[Step<'_>], faults: &mut Vec<Fault>) {
    let mut whole_context: Option<&Step<'_>> = None;
    let mut stage = usize::MAX;
    // What comes after a first install was thought about.
    let mut installed = false;
    for step in steps {
        if step.stage != stage {
            (stage, whole_context, installed) = (step.stage, None, false);
        }
        match step.instruction.keyword {
            Keyword::Copy | Keyword::Add if !installed && step.instruction.flag("from").is_none() => {
                let (sources, _) = step.instruction.transfer();
                if sources.iter().any(|source| matches!(source.as_str(), "." | "./" | "/")) {
                    whole_context = whole_context.or(Some(step));
                }
            }
            Keyword::Run => {
                let Some(installs) = step.commands.iter().find_map(installs_dependencies) else { continue };
                if let Some(copy) = whole_context.take() {
                    faults.push(whole("copy-before-install", copy, installs));
                }
                installed = true;
            }
            _ => {}
        }
    }
}

/// Programs whose arguments name what they write.
const WRITES: [&str; 14] = [
    "curl", "wget", "tar", "git", "unzip", "pip", "pip3", "cp", "mv", "mkdir", "dd", "npm", "python3",
    "apt-get",
];

/// Bytes that one instruction brings and a later one deletes or writes anew: both ship.
fn later(steps: &[Step<'_>], faults: &mut Vec<Fault>) {
    let mut brought: BTreeMap<ImagePath, u32> = BTreeMap::new();
    let mut copied: BTreeSet<ImagePath> = BTreeSet::new();
    for step in steps.iter().filter(|step| step.ships) {
        for command in &step.commands {
            if command.program() == "rm" {
                let first = brought_below(&brought, command, step);
                if let Some((path, line)) = first {
                    let what = format!("{path}, which line {line} brings,");
                    faults.push(fault("run-add-then-delete", step, command.line, &what));
                }
            }
            let recursive = command.has_short('R') || command.has("--recursive");
            if matches!(command.program(), "chown" | "chmod") && recursive {
                let of_copied = |path: &str| {
                    let path = step.path(path);
                    copied.range(path.clone()..).next().is_some_and(|copy| copy.is_within(&path))
                        || std::iter::successors(Some(path.clone()), |path| {
                            (!path.is_root()).then(|| path.parent())
                        })
                        .take(32)
                        .any(|above| !above.is_root() && copied.contains(&above))
                };
                // The first operand is the owner or the mode.
                if let Some(path) = command.operands().skip(1).find(|path| of_copied(path)) {
                    faults.push(fault(
                        "recursive-chown",
                        step,
                        command.line,
                        &format!("{} -R {path}", command.program()),
                    ));
                }
            }
        }
        let line = step.instruction.lines.first;
        match step.instruction.keyword {
            Keyword::Copy | Keyword::Add => {
                let (sources, destination) = step.instruction.transfer();
                let directory = step.path(&destination);
                // A file copied into a directory keeps its name.
                for source in sources.iter().filter(|source| destination.ends_with('/') || *source != ".") {
                    let name = ImagePath::new(source.rsplit("://").next().unwrap_or_default());
                    if destination.ends_with('/') || destination == "." {
                        let path = directory.join(name.name());
                        brought.insert(path, line);
                    }
                }
                copied.insert(directory.clone());
                brought.insert(directory, line);
            }
            Keyword::Run => {
                let writes = step.commands.iter().filter(|command| WRITES.contains(&command.program()));
                for word in writes.flat_map(Command::operands).filter(|word| word.starts_with('/')) {
                    if !step.is_mounted(word) && !step.removes(word) {
                        brought.insert(ImagePath::new(word), line);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The first operand of an `rm` that an earlier instruction brought, with the line that did.
fn brought_below(
    brought: &BTreeMap<ImagePath, u32>,
    rm: &Command,
    step: &Step<'_>,
) -> Option<(ImagePath, u32)> {
    rm.operands().map(|path| step.path(path)).filter(|path| !path.is_root()).find_map(|path| {
        let (found, line) = brought.range(path.clone()..).next()?;
        found.is_within(&path).then_some((path, *line))
    })
}

/// An entrypoint behind a shell gets no signals. Only what the image ends up with counts.
fn shell_form(steps: &[Step<'_>], faults: &mut Vec<Fault>) {
    let last = |keyword| steps.iter().rfind(|step| step.ships && step.instruction.keyword == keyword);
    let effective = last(Keyword::Entrypoint).or_else(|| last(Keyword::Cmd));
    if let Some(step) = effective
        && let Arguments::Text(text) = &step.instruction.arguments
        && !text.is_empty()
        && !text.starts_with("exec ")
    {
        faults.push(whole("shell-form-entrypoint", step, step.instruction.keyword.name()));
    }
}
