//! The Dockerfile of a variant that is carried over: the user's file, stages that take out and strip, and an image of
//! what is left.

use std::fmt::Write as _;

use super::words::{list, quoted};
use super::{Source, execution, head};
use crate::dockerfile::Mapping;
use crate::path::Printable;
use crate::projection::Variant;
use crate::projection::cut::DEVELOPMENT;
use crate::projection::variant::{Action, Carry, Into, Step};
use crate::size::si;

/// The stage that is the image as it was.
const BUILT: &str = "plimsoll-built";
/// The stage that strips.
const STRIPPED: &str = "plimsoll-stripped";

/// The Dockerfile; `None` where it would have to start from a base that nothing names.
pub fn dockerfile(variant: &Variant, carry: &Carry, source: &Source<'_>) -> Option<String> {
    let (mut text, built) = before(source);
    let name = &variant.name;
    // BuildKit looks up whom it is told, and an image without accounts has nobody.
    let is_root = matches!(source.image.config.config.user.as_str(), "" | "0" | "root");
    let root = if is_root { "" } else { "\nUSER 0" };
    let _ = write!(text, "\n{}", head(variant, source));
    if carry.strip.content > 0 {
        strip(&mut text, &built, carry, root);
    }
    let _ = writeln!(text, "FROM {built} AS plimsoll-{name}{root}");
    if carry.strip.content > 0 {
        let _ = writeln!(text, "COPY --from={STRIPPED} /plimsoll/ /");
    }
    for step in &carry.steps {
        self::step(&mut text, step);
    }
    let is_bare = carry.steps.iter().any(|step| step.rule == "python-bytecode");
    if let Some(module) = carry.module.as_ref().filter(|_| is_bare) {
        let _ = writeln!(
            text,
            "# To have it start as fast as before, compile what it imports and nothing else. The projection is without it.\n\
             # RUN PYTHONDONTWRITEBYTECODE= python3 -c 'import {module}'"
        );
    }
    let stage = format!("plimsoll-{name}");
    match &carry.into {
        Into::Whole => {
            let _ = writeln!(text, "\n# What is left, in one layer.\nFROM scratch\nCOPY --from={stage} / /");
        }
        Into::Base { paths, deleted } => {
            gather(&mut text, paths);
            let _ = writeln!(text, "\nFROM {}{root}", source.mapping.and_then(origin)?);
            if !deleted.is_empty() {
                let _ = writeln!(
                    text,
                    "# What the build had deleted of its base.\nRUN rm -rf{}",
                    list(deleted.iter().map(String::as_str))
                );
            }
            let _ = writeln!(text, "COPY --from={stage} /plimsoll/ /");
        }
        Into::Empty { packages, paths } => {
            gather(&mut text, paths);
            packages_of(&mut text, packages);
            let _ = writeln!(text, "\nFROM scratch\nCOPY --from={stage} /plimsoll/ /");
        }
    }
    text += &execution::instructions(source.image, source.mapping, carry.entrypoint.as_deref());
    Some(text)
}

/// The user's file with its last stage named, and that name. Without one, the image as it is, and how it came to be.
fn before(source: &Source<'_>) -> (String, String) {
    let Some(mapping) = source.mapping.filter(|mapping| !mapping.file.stages.is_empty()) else {
        return (reconstructed(source), BUILT.to_owned());
    };
    let file = &mapping.file;
    let stage = &file.stages[mapping.stage.min(file.stages.len() - 1)];
    let mut text = file.text.clone();
    let name = stage.name.clone().unwrap_or_else(|| {
        if let Some(from) = file.instructions.get(stage.from) {
            let end = from.span.of(&file.text).trim_end().len() + from.span.start;
            // A linter asks for one case in a line.
            let is_small = from.span.of(&file.text).trim_start().starts_with("from");
            text.insert_str(end, &format!(" {} {BUILT}", if is_small { "as" } else { "AS" }));
        }
        BUILT.to_owned()
    });
    if !text.ends_with('\n') {
        text.push('\n');
    }
    (text, name)
}

/// What the history says of a Dockerfile that nobody has; it starts from the finished image, for what was copied into it
/// is nowhere else.
fn reconstructed(source: &Source<'_>) -> String {
    let mut text = "# Reconstructed by plimsoll: no Dockerfile was given. This starts from the finished image; its history says\n\
                    # that it was built by (files that were copied are not in there):\n"
        .to_owned();
    for entry in &source.image.config.history {
        let line = crate::image::history::readable(&entry.created_by);
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
        let line = Printable(line.as_bytes());
        let _ = writeln!(text, "#   {line}");
    }
    // A name that a source made up may say anything; one that is none is left for the user to fill in.
    let is_name = |c: char| c.is_ascii_alphanumeric() || "/._-:@+".contains(c);
    let is_sound = !source.reference.is_empty() && source.reference.chars().all(is_name);
    let _ = writeln!(text, "FROM {} AS {BUILT}", if is_sound { source.reference } else { "IMAGE" });
    text
}

/// What the chain of stages starts from, as written: its flags, and the reference without a name for the stage.
fn origin(mapping: &Mapping) -> Option<String> {
    let file = &mapping.file;
    let first = file.chain(mapping.stage).into_iter().next()?;
    let from = file.instructions.get(file.stages.get(first)?.from)?;
    let flags =
        from.flags.iter().filter_map(|flag| Some(format!("--{}={} ", flag.name, flag.value.as_deref()?)));
    let text = from.text();
    let reference = text.split_whitespace().next()?;
    Some(flags.chain([reference.to_owned()]).collect())
}

/// One step: what asks for it, what it frees, and what is done.
fn step(text: &mut String, step: &Step) {
    let Step { rule, frees, actions } = step;
    let what = match rule.as_str() {
        "audit" => "unused packages (plimsoll audit)",
        DEVELOPMENT => "packages for development (plimsoll audit), as npm ci --omit=dev leaves them out",
        rule => rule,
    };
    let _ = writeln!(text, "# {what}: {} on disk, {} to pull", si(frees.content), si(frees.transfer));
    for action in actions {
        let _ = match action {
            Action::Purge(packages) => {
                writeln!(
                    text,
                    "RUN dpkg --log=/dev/null --purge --force-depends --force-remove-essential{}",
                    list(packages.iter().map(String::as_str))
                )
            }
            Action::Named { below, name } => writeln!(
                text,
                "RUN find {} -type d -name {} -prune -exec rm -rf {{}} +",
                quoted(below),
                quoted(name)
            ),
            Action::Remove(paths) => writeln!(text, "RUN rm -rf{}", list(paths.iter().map(String::as_str))),
        };
    }
}

/// Copies to /plimsoll, from `/` and by relative names: `cp --parents` of coreutils 9.1 loses the modes of directories
/// otherwise. What belongs to the system may have gone with a package; what does not must be there.
fn gather(text: &mut String, paths: &[String]) {
    let is_of_system = |path: &&&String| path.starts_with("/etc/") || path.starts_with("/var/");
    let (system, ours): (Vec<&String>, Vec<&String>) = paths.iter().partition(|path| is_of_system(&path));
    let relative = |paths: &[&String]| list(paths.iter().map(|path| path.trim_start_matches('/')));
    let _ = write!(
        text,
        "# What is carried over.\nRUN mkdir -p /plimsoll/usr/bin /plimsoll/usr/sbin /plimsoll/usr/lib /plimsoll/usr/lib64"
    );
    if !ours.is_empty() {
        let _ = write!(text, " \\\n && cd / && cp -a --parents{} \\\n      /plimsoll/", relative(&ours));
    }
    text.push('\n');
    if !system.is_empty() {
        let _ = writeln!(
            text,
            "RUN cd / && for p in{}; do \\\n      if [ -e \"$p\" ] || [ -L \"$p\" ]; then cp -a --parents \"$p\" /plimsoll/; fi; done",
            relative(&system)
        );
    }
}

/// Copies the files of packages, and what dpkg knows of them, the way distroless images have it.
fn packages_of(text: &mut String, packages: &[String]) {
    if packages.is_empty() {
        return;
    }
    let names = list(packages.iter().map(String::as_str));
    let _ = write!(
        text,
        "# The packages of the system that these need, with what dpkg knows of them, so that scanners still see them.\n\
         RUN mkdir -p /plimsoll/var/lib/dpkg/status.d; for p in{names}; do \\\n"
    );
    text.push_str(PACKAGES);
}

/// Files that a package lists and a cut has taken out are not there any more; a path may lie behind a link such as /lib.
const PACKAGES: &str = r#"      dpkg-query -s "$p" >"/plimsoll/var/lib/dpkg/status.d/$p"; \
      for s in /var/lib/dpkg/info/"$p".md5sums /var/lib/dpkg/info/"$p":*.md5sums; do \
        [ ! -f "$s" ] || cp "$s" "/plimsoll/var/lib/dpkg/status.d/$p.md5sums"; done; \
      dpkg-query -L "$p"; \
    done | sort -u | while IFS= read -r f; do \
      if [ -L "$f" ] || [ -f "$f" ]; then printf '%s\n' "${f#/}"; fi; \
    done | tar -C / -c --no-recursion -T - | tar -C /plimsoll -x
"#;

fn strip(text: &mut String, built: &str, carry: &Carry, root: &str) {
    let _ = writeln!(
        text,
        "# Symbols: {} on disk, {} to pull. A file that would no longer load, or not shrink, stays as it is.",
        si(carry.strip.content),
        si(carry.strip.transfer)
    );
    let _ = writeln!(text, "FROM {built} AS {STRIPPED}{root}");
    text.push_str(STRIP);
    text.push('\n');
}

/// POSIX sh and any awk: the last three digits of offset and address must agree, or the linker refuses the file.
const STRIP: &str = r#"RUN command -v strip >/dev/null || apk add --no-cache binutils 2>/dev/null \
 || { apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*; }
RUN mkdir /plimsoll && cd / && find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /plimsoll \) -prune \
      -o -type f \( -name '*.so' -o -name '*.so.*' -o -name '*.node' \) -print | while IFS= read -r f; do \
      cp -a --parents "${f#/}" /plimsoll/ && g="/plimsoll$f" && cp -p "$g" "$g.t" && strip --strip-unneeded "$g.t" 2>/dev/null \
      && readelf -lW "$g.t" | awk '$1=="LOAD"{if(substr($2,length($2)-2)!=substr($3,length($3)-2))e=1} END{exit e}' \
      && [ "$(stat -c %s "$g.t")" -lt "$(stat -c %s "$g")" ] && mv "$g.t" "$g" || rm -f "$g" "$g.t"; \
    done
"#;
