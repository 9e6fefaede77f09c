//! The faults of package managers: caches and lists that stay, recommendations, compilers that ship.

use super::checks::{Fault, fault};
use super::stage::Step;
use crate::dockerfile::shell::Command;

/// What the package managers of a `RUN` leave behind.
pub fn run(step: &Step<'_>, recommends_off: bool, faults: &mut Vec<Fault>) {
    let has =
        |program: &str, verbs: &[&str]| step.commands.iter().any(|command| is(command, &[program], verbs));
    for command in &step.commands {
        let mut at = |rule, what: &str| faults.push(fault(rule, step, command.line, what));
        if is(command, &["apt-get", "apt", "aptitude"], &["update"]) {
            if !has("apt-get", &["install"]) && !has("apt", &["install"]) && !has("aptitude", &["install"]) {
                at("update-alone", command.program());
            }
            if step.ships && !step.removes("/var/lib/apt/lists/x") && !step.is_mounted("/var/lib/apt/lists") {
                at("apt-lists-left", command.program());
            }
        }
        let upgrades = is(command, &["apt-get", "apt"], &["upgrade", "dist-upgrade", "full-upgrade"])
            || is(command, &["apk", "dnf", "yum", "microdnf"], &["upgrade"])
            || (is(command, &["yum", "dnf"], &["update"]) && command.operands().count() == 1);
        if step.ships && upgrades {
            at("upgrade-in-image", &command.words.iter().take(2).cloned().collect::<Vec<_>>().join(" "));
        }
        if !step.ships {
            continue;
        }
        if is(command, &["apt-get", "apt"], &["install"]) {
            let off = command.has("--no-install-recommends")
                || command.words.iter().any(|word| word.to_ascii_lowercase().contains("install-recommends="));
            if !off && !recommends_off {
                at("no-install-recommends-missing", command.program());
            }
        }
        if is(command, &["apk"], &["add"])
            && !command.has("--no-cache")
            && !step.removes("/var/cache/apk/x")
            && !step.is_mounted("/var/cache/apk")
            && !step.is_mounted("/etc/apk/cache")
        {
            at("apk-cache-left", "apk add");
        }
        rpm(step, command, &mut at);
        languages(step, command, &mut at);
        compilers(step, command, &mut at);
    }
}

/// Whether the command is one of these programs with one of these verbs as its first operand.
fn is(command: &Command, programs: &[&str], verbs: &[&str]) -> bool {
    programs.contains(&command.program())
        && command.operands().next().is_some_and(|verb| verbs.contains(&verb))
}

fn rpm(step: &Step<'_>, command: &Command, at: &mut impl FnMut(&'static str, &str)) {
    let program = command.program();
    let cleans = |other: &Command| {
        other.program() == program && other.operands().any(|word| matches!(word, "clean" | "clean-all"))
    };
    let cache = match program {
        "dnf" | "microdnf" | "tdnf" => "/var/cache/dnf",
        "yum" => "/var/cache/yum",
        "zypper" => "/var/cache/zypp",
        _ => return,
    };
    let installs = command.operands().any(|word| matches!(word, "install" | "in" | "groupinstall"));
    let gone = step.removes(cache) || step.removes(&format!("{cache}/x")) || step.is_mounted(cache);
    if installs && !gone && !step.commands.iter().any(cleans) {
        at("rpm-cache-left", program);
    }
}

fn languages(step: &Step<'_>, command: &Command, at: &mut impl FnMut(&'static str, &str)) {
    let cached = |path: &str| !step.is_mounted(path) && !step.removes(path);
    let set = |name: &str| command.assignments.iter().any(|word| word.starts_with(name));
    if is_pip(command) && command.operands().any(|word| word == "install") {
        let off =
            command.has("--no-cache-dir") || step.settings.pip_without_cache || set("PIP_NO_CACHE_DIR=");
        let purged =
            step.commands.iter().any(|other| is_pip(other) && other.operands().any(|word| word == "purge"));
        if !off && !purged && cached("/root/.cache/pip") {
            at("pip-cache-left", "pip install");
        }
    }
    if command.program() == "uv"
        && command.operands().any(|word| matches!(word, "sync" | "install"))
        && !command.has("--no-cache")
        && !command.has("-n")
        && !step.settings.uv_without_cache
        && !set("UV_NO_CACHE=")
        && !step.commands.iter().any(|other| is(other, &["uv"], &["cache", "clean"]))
        && cached("/root/.cache/uv")
    {
        at("uv-cache-left", "uv");
    }
    if is(command, &["npm"], &["ci", "install", "i"]) {
        let global = command.has("-g") || command.has("--global");
        let production = command.words.iter().any(|word| {
            matches!(word.as_str(), "--omit=dev" | "--production" | "--only=production" | "--only=prod")
        }) || step.commands.iter().any(|other| is(other, &["npm"], &["prune"]));
        if !global && !production && !step.settings.node_production && !set("NODE_ENV=production") {
            at("npm-dev-dependencies", "npm");
        }
        let cleaned = step.commands.iter().any(|other| is(other, &["npm"], &["cache"]));
        if !cleaned && cached("/root/.npm") {
            at("npm-cache-left", "npm");
        }
    }
    let conda = ["conda", "mamba", "micromamba"];
    if conda.contains(&command.program())
        && command.operands().any(|word| matches!(word, "install" | "create" | "update"))
        && !step.commands.iter().any(|other| is(other, &conda, &["clean"]))
        && cached("/opt/conda/pkgs")
    {
        at("conda-cache-left", command.program());
    }
}

/// `pip`, `pip3.11`, `python3 -m pip`.
pub fn is_pip(command: &Command) -> bool {
    let program = command.program();
    let version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    program.strip_prefix("pip").is_some_and(version)
        || (program.strip_prefix("python").is_some_and(version)
            && command.words.windows(2).take(4).any(|pair| pair[0] == "-m" && pair[1] == "pip"))
}

/// Compilers and headers, by the names that distributions give them.
fn is_compiler(package: &str) -> bool {
    let name = package.split(['=', ':', '~', '>', '<']).next().unwrap_or_default();
    matches!(
        name,
        "gcc"
            | "g++"
            | "clang"
            | "make"
            | "cmake"
            | "build-essential"
            | "build-base"
            | "gfortran"
            | "cargo"
            | "rustc"
            | "golang"
            | "go"
            | "gcc-c++"
            | "ninja-build"
            | "pkg-config"
            | "autoconf"
            | "automake"
            | "musl-dev"
            | "openjdk-17-jdk"
            | "openjdk-21-jdk"
            | "default-jdk"
    ) || name.ends_with("-dev")
        || name.ends_with("-devel")
}

fn compilers(step: &Step<'_>, command: &Command, at: &mut impl FnMut(&'static str, &str)) {
    let installs = is(command, &["apt-get", "apt", "dnf", "yum", "microdnf", "zypper"], &["install"])
        || is(command, &["apk"], &["add"]);
    if !installs {
        return;
    }
    let removed: Vec<&str> = step
        .commands
        .iter()
        .filter(|other| {
            is(other, &["apt-get", "apt"], &["purge", "remove", "autoremove"])
                || is(other, &["apk"], &["del"])
                || is(other, &["dnf", "yum", "microdnf", "zypper"], &["remove", "erase"])
        })
        .flat_map(Command::operands)
        .collect();
    // `apk add --virtual .build-deps gcc` … `apk del .build-deps` names the set, not the packages.
    let set = command.words.windows(2).find(|pair| matches!(pair[0].as_str(), "--virtual" | "-t"));
    if set.is_some_and(|pair| removed.contains(&pair[1].as_str())) {
        return;
    }
    let kept: Vec<&str> =
        command.operands().filter(|package| is_compiler(package) && !removed.contains(package)).collect();
    if let [first, rest @ ..] = kept.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        at("build-tools-installed", &format!("{first}{more}"));
    }
}
