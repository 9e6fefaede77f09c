//! What could be built instead: all variants side by side, each in full, and what the image could stand on.

use super::findings;
use crate::report::grid::Column::{Figure, Name, Text};
use crate::report::grid::Grid;
use crate::report::style::{Ink, Style, percent, wrap};
use crate::view::{Measurement, Platform, Report, Variant};

/// The screen of `advise`.
pub(in crate::report) fn render(report: &Report, bandwidths: &[u64], style: &Style) -> String {
    let mut sections = vec![super::header::image(report, style)];
    for platform in &report.platforms {
        sections.push(super::header::platform(report, platform, style));
        sections.push(overview(platform, style));
        sections.push(pulls(platform, bandwidths, style));
        sections.extend(platform.variants.iter().map(|variant| findings::variant(platform, variant, style)));
        sections.push(bases(platform, style));
        sections.push(super::next::warnings(&platform.warnings, style));
    }
    sections.push(super::next::warnings(&report.warnings, style));
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// All variants, the smallest first; with what they really weigh, where they were built.
fn overview(platform: &Platform, style: &Style) -> String {
    if platform.variants.is_empty() {
        return "Nothing smaller could be built of what is known\n".to_owned();
    }
    let mut grid = Grid::new(
        &[Name, Text, Figure, Figure, Figure, Figure],
        &["Variants", "safety", "content", "of it", "transfer", "of it"],
    );
    let exact = platform.transfer.exact;
    let row = |name: String, safety: &str, content: u64, transfer: u64, exact: [bool; 2]| {
        [
            name,
            safety.to_owned(),
            style.estimate(content, exact[0]),
            percent(content, platform.content),
            style.estimate(transfer, exact[1]),
            percent(transfer, platform.transfer.bytes),
        ]
    };
    for variant in &platform.variants {
        let name = format!("  {}", variant.name);
        let exact = [variant.is_exact(), false];
        let cells = row(name, &variant.safety, variant.content, variant.transfer, exact);
        grid.row_in(Ink::Plain, cells);
        if let Some(Measurement { engine, content, transfer, smoke }) = &variant.measurement {
            let ran = match smoke {
                Some(true) => "runs",
                Some(false) => "FAILS",
                None => "",
            };
            let ink = if *smoke == Some(false) { Ink::Bad } else { Ink::Good };
            grid.row_in(ink, row(format!("    built by {engine}"), ran, *content, *transfer, [true; 2]));
        }
    }
    let now =
        row("  the image as it is".to_owned(), "", platform.content, platform.transfer.bytes, [true, exact]);
    grid.row_in(Ink::Faint, now);
    grid.render(style)
}

/// How long a pull takes, and what a thousand of them move.
fn pulls(platform: &Platform, bandwidths: &[u64], style: &Style) -> String {
    if bandwidths.is_empty() || !platform.transfer.is_known() {
        return String::new();
    }
    let names: Vec<String> = bandwidths.iter().map(|bits| format!("at {}", bandwidth(*bits))).collect();
    let mut columns = vec![Name];
    columns.extend(names.iter().map(|_| Figure));
    columns.push(Figure);
    let mut heads = vec!["A pull, without unpacking"];
    heads.extend(names.iter().map(String::as_str));
    heads.push("1000 pulls");
    let mut grid = Grid::new(&columns, &heads);
    let mut row = |ink: Ink, name: String, bytes: u64| {
        let mut cells = vec![name];
        cells.extend(bandwidths.iter().map(|bits| seconds(bytes, *bits)));
        cells.push(style.estimate(bytes.saturating_mul(1000), false));
        grid.row(cells.into_iter().map(|text| crate::report::grid::Cell::new(ink, text)).collect());
    };
    for variant in &platform.variants {
        row(Ink::Plain, format!("  {}", variant.name), weight(variant));
    }
    row(Ink::Faint, "  the image as it is".to_owned(), platform.transfer.bytes);
    grid.render(style)
}

/// What a pull of a variant moves: measured where it was built.
pub(in crate::report) fn weight(variant: &Variant) -> u64 {
    variant.measurement.as_ref().map_or(variant.transfer, |measured| measured.transfer)
}

/// `1 Gbps`, `50 Mbps`.
pub(in crate::report) fn bandwidth(bits: u64) -> String {
    match bits {
        _ if bits >= 1_000_000_000 && bits.is_multiple_of(1_000_000_000) => {
            format!("{} Gbps", bits / 1_000_000_000)
        }
        _ if bits >= 1_000_000 => format!("{} Mbps", bits / 1_000_000),
        _ => format!("{} kbps", bits / 1000),
    }
}

/// How long bytes take, to a tenth of a second.
pub(in crate::report) fn seconds(bytes: u64, bits: u64) -> String {
    let tenths = u128::from(bytes) * 80 / u128::from(bits.max(1));
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// What the image could stand on, and what is in the way.
fn bases(platform: &Platform, style: &Style) -> String {
    if platform.bases.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(
        &[Name, Text, Figure, Figure],
        &["Bases of the catalogue", "figures", "content", "transfer"],
    );
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| style.figure(bytes));
    for base in &platform.bases {
        let ink = if base.blockers.is_empty() { Ink::Good } else { Ink::Faint };
        let how = if base.how.is_empty() { String::new() } else { format!("{} {}", base.how, base.date) };
        grid.row_in(ink, [format!("  {}", base.name), how, known(base.content), known(base.transfer)]);
        let nothing = ["nothing was found to be in the way".to_owned()];
        let blockers = if base.blockers.is_empty() { nothing.as_slice() } else { &base.blockers };
        for blocker in blockers {
            for line in wrap(blocker, style.width.min(100).saturating_sub(4)) {
                grid.note(Ink::Faint, format!("    {line}"));
            }
        }
    }
    grid.render(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_takes_its_bits_by_the_bandwidth() {
        assert_eq!(seconds(361_000_000, 1_000_000_000), "2.8 s");
        assert_eq!(seconds(0, 0), "0.0 s");
        assert_eq!(bandwidth(1_000_000_000), "1 Gbps");
        assert_eq!(bandwidth(2_500_000_000), "2500 Mbps");
        assert_eq!(bandwidth(512_000), "512 kbps");
    }
}
