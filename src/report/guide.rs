//! The guide that people write by hand: what an image weighs and why, what could be built instead, what each costs and what
//! it would take. Markdown, from the figures of the report alone.

use super::markdown::{code, prose};
use super::style::{Style, percent};
use super::table::advice::{bandwidth, seconds, weight};
use crate::view::{Platform, Report, Variant};

/// How many rows a table has.
const ROWS: usize = 12;

/// The guide.
pub(super) fn render(report: &Report, bandwidths: &[u64], style: &Style) -> String {
    let mut text = format!(
        "# How to make {} smaller\n\nWritten by plimsoll {}. Figures are of the image itself; `~` marks estimates, and a size is \
         called measured only where the variant was built and weighed.\n",
        code(&report.image.reference),
        report.tool.version
    );
    for platform in &report.platforms {
        text += &format!("\n## {}\n", platform.platform);
        text += &versions(platform, style);
        text += &pulls(platform, bandwidths);
        text += &breakdown(platform, style);
        text += &strategies(platform, style);
        text += &stays(platform, style);
        text += &bases(platform, style);
        text += &commands(report, platform);
    }
    text
}

fn versions(platform: &Platform, style: &Style) -> String {
    let exact = platform.transfer.exact;
    let mut text = "\n### Versions\n\n| version | safety | on disk | reduction | to pull | reduction | |\n\
                    | --- | --- | ---: | ---: | ---: | ---: | --- |\n"
        .to_owned();
    text += &format!(
        "| as it is | | {} | | {} | | measured |\n",
        style.bytes(platform.content),
        style.estimate(platform.transfer.bytes, exact)
    );
    let less = |now: u64, then: u64| percent(now.saturating_sub(then), now);
    for variant in &platform.variants {
        let row = |content: u64, transfer: u64, exact: [bool; 2], how: &str| {
            format!(
                "| {} | {} | {} | {} | {} | {} | {how} |\n",
                variant.name,
                variant.safety,
                style.estimate(content, exact[0]),
                less(platform.content, content),
                style.estimate(transfer, exact[1]),
                less(platform.transfer.bytes, transfer),
            )
        };
        text += &row(variant.content, variant.transfer, [variant.is_exact(), false], &variant.how());
        if let Some(measured) = &variant.measurement {
            let ran = match measured.smoke {
                Some(true) => ", and runs",
                Some(false) => ", and FAILS its smoke command",
                None => "",
            };
            let how = format!("measured, built by {}{ran}", measured.engine);
            text += &row(measured.content, measured.transfer, [true; 2], &how);
        }
    }
    text
}

fn pulls(platform: &Platform, bandwidths: &[u64]) -> String {
    if bandwidths.is_empty() || !platform.transfer.is_known() {
        return String::new();
    }
    let mut text = "\n### What a pull takes, without unpacking\n\n| version |".to_owned();
    text += &bandwidths.iter().map(|bits| format!(" {} |", bandwidth(*bits))).collect::<String>();
    text += "\n| --- |";
    text += &bandwidths.iter().map(|_| " ---: |").collect::<String>();
    let named = platform.variants.iter().map(|variant| (variant.name.as_str(), weight(variant)));
    for (name, bytes) in std::iter::once(("as it is", platform.transfer.bytes)).chain(named) {
        text += &format!("\n| {name} |");
        text += &bandwidths.iter().map(|bits| format!(" {} |", seconds(bytes, *bits))).collect::<String>();
    }
    text + "\n"
}

fn breakdown(platform: &Platform, style: &Style) -> String {
    let exact = platform.transfer.exact;
    let mut text = "\n### Where the bytes are\n\n| package | version | on disk | share | to pull |\n\
                    | --- | --- | ---: | ---: | ---: |\n"
        .to_owned();
    for owner in platform.owners.iter().take(ROWS) {
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            code(&owner.id),
            prose(owner.version.as_deref().unwrap_or_default()),
            style.bytes(owner.content),
            percent(owner.content, platform.content),
            style.estimate(owner.transfer, exact)
        );
    }
    let rest = platform.owners.get(ROWS..).unwrap_or_default();
    if !rest.is_empty() {
        let content = rest.iter().map(|owner| owner.content).sum();
        let transfer = rest.iter().map(|owner| owner.transfer).sum();
        text += &format!(
            "| {} others | | {} | {} | {} |\n",
            rest.len(),
            style.bytes(content),
            percent(content, platform.content),
            style.estimate(transfer, exact)
        );
    }
    text += "\n| kind of file | on disk | to pull |\n| --- | ---: | ---: |\n";
    for category in platform.categories.iter().take(ROWS) {
        text += &format!(
            "| {} | {} | {} |\n",
            category.id,
            style.bytes(category.content),
            style.estimate(category.transfer, exact)
        );
    }
    text
}

fn strategies(platform: &Platform, style: &Style) -> String {
    let mut text = "\n### Strategies\n".to_owned();
    for variant in &platform.variants {
        text += &format!("\n#### {} ({})\n\n", variant.name, variant.safety);
        text += &gains(variant, style);
        text += "\nWhat it costs, and what was not checked:\n\n";
        for caveat in &variant.caveats {
            text += &format!("- {}.\n", prose(caveat));
        }
    }
    text
}

fn gains(variant: &Variant, style: &Style) -> String {
    let mut text = String::new();
    for change in &variant.changes {
        let what = if change.rule.is_empty() { "what else is not carried over" } else { &change.rule };
        text += &format!(
            "- {what}: {} less on disk, {} less to pull, {} entries\n",
            style.bytes(change.content),
            style.estimate(change.transfer, false),
            change.entries
        );
    }
    for added in &variant.adds {
        text += &format!("- more: {} for {}\n", style.bytes(added.content), prose(&added.what));
    }
    text
}

/// What cannot go, and why: what is left when everything is taken out that can be.
fn stays(platform: &Platform, style: &Style) -> String {
    let Some(smallest) = platform.variants.first() else { return String::new() };
    let base = platform.base.as_ref().map_or(0, |base| base.content);
    let mut text = format!(
        "\n### What stays, and why\n\nOf {}, {} are left in `{}`: what the command starts, what it imports, and the libraries \
         that these are linked to.\n",
        style.bytes(platform.content),
        style.bytes(smallest.content),
        smallest.name
    );
    if base > 0 {
        text += &format!("The base image brings {}; only another base changes them.\n", style.bytes(base));
    }
    for caveat in smallest.caveats.iter().filter(|caveat| caveat.starts_with("Kept")) {
        text += &format!("{}.\n", prose(caveat));
    }
    text
}

fn bases(platform: &Platform, style: &Style) -> String {
    if platform.bases.is_empty() {
        return String::new();
    }
    let mut text =
        "\n### What it could stand on\n\n| base | on disk | to pull | figures | what is in the way |\n\
                    | --- | ---: | ---: | --- | --- |\n"
            .to_owned();
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| style.bytes(bytes));
    for base in &platform.bases {
        let blockers = base.blockers.iter().map(|blocker| prose(blocker)).collect::<Vec<_>>().join(". ");
        text += &format!(
            "| {} | {} | {} | {} {} | {} |\n",
            code(&base.name),
            known(base.content),
            known(base.transfer),
            base.how,
            base.date,
            if blockers.is_empty() { "nothing that was found" } else { &blockers }
        );
    }
    text
}

fn commands(report: &Report, platform: &Platform) -> String {
    let reference = super::table::quoted(&report.image.reference);
    let mut text = format!(
        "\n### How to build them\n\n```sh\nplimsoll advise {reference} -f Dockerfile --write variants\n"
    );
    for variant in &platform.variants {
        text += &format!("docker build -f variants/{0}.Dockerfile -t app:{0} .\n", variant.name);
    }
    text + "```\n"
}
