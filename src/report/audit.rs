//! The audit on a screen and in a pull request.

use super::grid::{
    Cell,
    Column::{Figure, Name, Text},
    Grid,
};
use super::style::{Ink, Style, counted, wrap};
use crate::view::audit::{Audit, Bytes, Package, PlatformAudit, Why, Without};

/// The audit on a screen.
pub fn table(audit: &Audit, style: &Style) -> String {
    let mut text = String::new();
    for platform in &audit.platforms {
        text += &format!("{} {}\n", style.paint(Ink::Strong, &audit.image), platform.platform);
        text += &header(platform, style);
        if !platform.why.is_empty() || platform.without.is_some() {
            text += &platform.why.iter().map(|why| chain(why, style)).collect::<String>();
            text += &platform.without.iter().map(|one| without(one, platform, style)).collect::<String>();
        } else {
            text += &could_go(platform, style);
            text += &others(platform, style);
        }
        text += &warnings(platform, style);
    }
    text
}

fn header(platform: &PlatformAudit, style: &Style) -> String {
    let counts = platform
        .counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let mut text =
        format!("  {}: {counts}\n", counted(platform.packages.len() as u64, "package", "packages"));
    let declared = if platform.manifests.is_empty() {
        "no file declares requirements; what pip was asked for counts".to_owned()
    } else {
        format!("declared in {}", platform.manifests.join(", "))
    };
    for line in [format!("from {}", platform.roots.join("; ")), declared] {
        for part in wrap(&line, style.width.saturating_sub(2)) {
            text += &format!("  {}\n", style.paint(Ink::Faint, &part));
        }
    }
    text + "\n"
}

fn transfer(bytes: Bytes, platform: &PlatformAudit, style: &Style) -> String {
    style.estimate(bytes.transfer, platform.transfer_exact)
}

fn ink(package: &Package) -> Ink {
    match package.verdict.as_str() {
        "unused" | "leftover" => Ink::Good,
        "optional" | "undeclared" => Ink::Warn,
        _ => Ink::Plain,
    }
}

fn could_go(platform: &PlatformAudit, style: &Style) -> String {
    let going: Vec<&Package> = platform.packages.iter().filter(|package| package.could_go).collect();
    if going.is_empty() {
        return "Nothing was found that could go.\n".to_owned();
    }
    let mut grid = Grid::new(
        &[Name, Text, Text, Figure, Figure, Figure],
        &["Could go", "verdict", "how sure", "own", "retained", "transfer"],
    );
    for package in &going {
        grid.row(vec![
            Cell::new(Ink::Plain, format!("  {} {}", package.name, package.version)),
            Cell::new(ink(package), package.verdict.clone()),
            package.confidence.clone().into(),
            style.figure(package.own.content).into(),
            style.figure(package.retained.content).into(),
            transfer(package.retained, platform, style).into(),
        ]);
    }
    grid.row_in(
        Ink::Strong,
        [
            "  together".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            style.figure(platform.joint.frees.content),
            transfer(platform.joint.frees, platform, style),
        ],
    );
    let mut text = grid.render(style);
    text += "\n";
    for package in &going {
        text += &reasons(package, style);
    }
    text
}

fn reasons(package: &Package, style: &Style) -> String {
    let mut lines = package.because.clone();
    if let Some(declared) = &package.declared {
        let frees = package.line_frees.unwrap_or_default().content;
        lines.insert(0, format!("declared in {declared}; dropping the line frees {}", style.bytes(frees)));
    }
    if !package.keeps.is_empty() {
        lines.push(format!("only it keeps {}", package.keeps.join(", ")));
    }
    if !package.alternatives.is_empty() {
        lines.push(format!("of it and {} one must stay", package.alternatives.join(", ")));
    }
    let mut text = format!("  {}\n", style.paint(Ink::Strong, &package.name));
    for line in lines {
        for part in wrap(&line, style.width.saturating_sub(4)) {
            text += &format!("    {part}\n");
        }
    }
    text
}

fn others(platform: &PlatformAudit, style: &Style) -> String {
    let mut text = String::new();
    let of = |verdict: &'static str| {
        platform.packages.iter().filter(move |package| package.verdict == verdict && !package.could_go)
    };
    for (verdict, heading) in [
        ("undeclared", "Imported, and declared by nobody"),
        ("optional", "Optional: a feature of something else"),
        ("used", "Used"),
        ("transitive", "Needed by others"),
    ] {
        let list: Vec<&Package> = of(verdict).collect();
        if list.is_empty() {
            continue;
        }
        let mut grid = Grid::new(
            &[Name, Text, Figure, Figure, Figure],
            &[heading, "how sure", "own", "retained", "transfer"],
        );
        let shown = if style.top == 0 { list.len() } else { style.top.min(list.len()) };
        for package in &list[..shown] {
            grid.row(vec![
                Cell::new(Ink::Plain, format!("  {} {}", package.name, package.version)),
                package.confidence.clone().into(),
                style.figure(package.own.content).into(),
                style.figure(package.retained.content).into(),
                transfer(package.retained, platform, style).into(),
            ]);
            if matches!(verdict, "undeclared" | "optional")
                && let Some(because) = package.because.first()
            {
                for part in wrap(because, style.width.saturating_sub(4)) {
                    grid.note(Ink::Faint, format!("    {part}"));
                }
            }
        }
        if shown < list.len() {
            grid.note(Ink::Faint, format!("  and {} more; --top 0 shows all", list.len() - shown));
        }
        text += &format!("\n{}", grid.render(style));
    }
    if !platform.alternatives.is_empty() {
        text += &format!("\n{}\n", style.paint(Ink::Strong, "One of each must stay"));
        for group in &platform.alternatives {
            text += &format!("  {}\n", group.join(", "));
        }
    }
    if !platform.circles.is_empty() {
        text += &format!("\n{}\n", style.paint(Ink::Strong, "These keep each other"));
        for group in &platform.circles {
            text += &format!("  {}\n", group.join(", "));
        }
    }
    for (heading, joint) in [
        ("apt-get autoremove would remove", &platform.autoremove),
        ("--no-install-recommends would have left out", &platform.recommended),
    ] {
        if !joint.packages.is_empty() {
            text +=
                &format!("\n{} {}\n", style.paint(Ink::Strong, heading), style.bytes(joint.frees.content));
            for part in wrap(&joint.packages.join(", "), style.width.saturating_sub(2)) {
                text += &format!("  {part}\n");
            }
        }
    }
    if !platform.duplicates.is_empty() {
        text += &format!("\n{}\n", style.paint(Ink::Strong, "Several versions of one package"));
        for one in &platform.duplicates {
            let versions = one
                .versions
                .iter()
                .map(|(version, bytes)| format!("{version} {}", style.bytes(bytes.content)));
            text += &format!("  {}: {}\n", one.name, versions.collect::<Vec<_>>().join(", "));
        }
    }
    text + &dynamic(platform, style)
}

fn dynamic(platform: &PlatformAudit, style: &Style) -> String {
    if platform.dynamic.is_empty() {
        return String::new();
    }
    let heading = "Imports by names that only running the code would tell";
    let mut text = format!("\n{} ({})\n", style.paint(Ink::Strong, heading), platform.dynamic.len());
    let shown = if style.top == 0 { platform.dynamic.len() } else { style.top.min(platform.dynamic.len()) };
    for one in &platform.dynamic[..shown] {
        let whose = if one.application { "  (the application's own)" } else { "" };
        text += &format!("  {} {}{whose}\n", one.at, one.call);
    }
    if shown < platform.dynamic.len() {
        text += &format!("  and {} more; --top 0 shows all\n", platform.dynamic.len() - shown);
    }
    text
}

fn chain(why: &Why, style: &Style) -> String {
    let mut text = format!("{}\n", style.paint(Ink::Strong, &format!("What keeps {}", why.name)));
    if !why.installed {
        return text + "  it is not installed\n\n";
    }
    for (heading, steps, none) in [
        ("by import", &why.imports, "no import was found that reaches it"),
        ("by metadata", &why.metadata, "nothing requires it"),
    ] {
        text += &format!("  {heading}\n");
        if steps.is_empty() {
            text += &format!("    {none}\n");
        }
        for step in steps {
            for part in wrap(step, style.width.saturating_sub(4)) {
                text += &format!("    {part}\n");
            }
        }
    }
    text + "\n"
}

fn without(without: &Without, platform: &PlatformAudit, style: &Style) -> String {
    let mut grid = Grid::new(
        &[Name, Figure, Figure],
        &[&format!("Without {}", without.names.join(", ")), "content", "transfer"],
    );
    for one in &without.goes {
        let name = format!("  {} {}", one.name, one.version);
        grid.row(vec![
            name.into(),
            style.figure(one.bytes.content).into(),
            transfer(one.bytes, platform, style).into(),
        ]);
    }
    grid.row_in(
        Ink::Strong,
        [
            "  retained".to_owned(),
            style.figure(without.total.content),
            transfer(without.total, platform, style),
        ],
    );
    grid.row_in(
        Ink::Faint,
        [
            "  of which own".to_owned(),
            style.figure(without.own.content),
            transfer(without.own, platform, style),
        ],
    );
    if without.hidden != Bytes::default() {
        grid.row_in(
            Ink::Warn,
            [
                "  and their deleted wheels, which ship".to_owned(),
                style.figure(without.hidden.content),
                transfer(without.hidden, platform, style),
            ],
        );
    }
    let mut text = grid.render(style);
    let mut say = |line: String| {
        for part in wrap(&line, style.width.saturating_sub(2)) {
            text += &format!("  {part}\n");
        }
    };
    for one in &without.unknown {
        say(format!("{one} is not installed"));
    }
    for one in &without.kept {
        say(format!(
            "{} stays required by {}: it comes back unless they go too",
            one.name,
            one.by.join(", ")
        ));
    }
    for one in &without.breaks {
        say(format!("would break: {one}"));
    }
    if !without.held_back.is_empty() {
        say("A new resolution may make the difference in:".to_owned());
        for one in &without.held_back {
            say(format!(
                "{} {} ({}), held back as {}",
                one.name,
                one.version,
                style.bytes(one.bytes.content),
                one.by
            ));
        }
    }
    if !without.shared.is_empty() {
        let names: Vec<_> = without.shared.iter().map(|one| one.name.as_str()).collect();
        say(format!("Shared with what stays: {}", names.join(", ")));
    }
    text + "\n"
}

fn warnings(platform: &PlatformAudit, style: &Style) -> String {
    let mut text = String::new();
    for warning in &platform.warnings {
        for part in wrap(&format!("warning: {}", warning.message), style.width) {
            text += &format!("{}\n", style.paint(Ink::Warn, &part));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The audit as a comment on a pull request.
pub fn markdown(audit: &Audit, style: &Style) -> String {
    let mut text = String::new();
    for platform in &audit.platforms {
        text += &format!("### Dependencies of `{}` ({})\n\n", audit.image, platform.platform);
        let going: Vec<&Package> = platform.packages.iter().filter(|package| package.could_go).collect();
        if going.is_empty() {
            text += "Nothing was found that could go.\n\n";
        } else {
            text += "| could go | verdict | how sure | own | retained | transfer | why |\n| --- | --- | --- | ---: | ---: | ---: | --- |\n";
            for package in going {
                text += &format!(
                    "| {} {} | {} | {} | {} | {} | {} | {} |\n",
                    package.name,
                    package.version,
                    package.verdict,
                    package.confidence,
                    style.figure(package.own.content),
                    style.figure(package.retained.content),
                    transfer(package.retained, platform, style),
                    package.because.first().map_or("", String::as_str).replace('|', "\\|"),
                );
            }
            let joint = platform.joint.frees;
            text += &format!(
                "| **together** | | | | **{}** | **{}** | |\n\n",
                style.figure(joint.content),
                transfer(joint, platform, style)
            );
        }
        let undeclared: Vec<String> = platform
            .packages
            .iter()
            .filter(|one| one.verdict == "undeclared")
            .map(|one| format!("`{}`", one.name))
            .collect();
        if !undeclared.is_empty() {
            text += &format!("Imported, and declared by nobody: {}\n\n", undeclared.join(", "));
        }
        if let Some(without) = &platform.without {
            text += &format!(
                "Without {}: **{}** retained ({} own), {} packages go.\n\n",
                without.names.join(", "),
                style.figure(without.total.content),
                style.figure(without.own.content),
                without.goes.len(),
            );
        }
        if !platform.dynamic.is_empty() {
            text += &format!(
                "{} imports by names that only running the code would tell.\n\n",
                platform.dynamic.len()
            );
        }
    }
    text
}
