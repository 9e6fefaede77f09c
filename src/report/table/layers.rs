//! The layers, lowest first, because that is how they were built.

use crate::report::grid::{Cell, Column::*, Grid};
use crate::report::style::{Ink, Style, counted};
use crate::view::{Layer, Platform};

/// The layers with what made them, and what later layers hide of them.
pub(super) fn layers(platform: &Platform, style: &Style) -> String {
    if platform.layers.is_empty() {
        return "This image has no layers: it is a configuration and nothing else.\n".to_owned();
    }
    let exact = platform.transfer.exact;
    let mut grid = Grid::new(
        &[Name, Figure, Figure, Figure, Text],
        &["Layers", "content", "transfer", "wasted", "hidden by"],
    );
    let digits = platform.layers.len().to_string().len();
    let has_base = platform.base.is_some();
    for layer in platform.layers.iter().filter(|layer| !is_empty(layer)) {
        let mark = match (has_base, layer.base) {
            (true, true) => "base  ",
            (true, false) => "      ",
            _ => "",
        };
        let ink = if layer.base { Ink::Faint } else { Ink::Plain };
        grid.row(vec![
            Cell::new(ink, format!("  {:>digits$}  {mark}{}", layer.number, instruction(layer))),
            Cell::new(ink, style.figure(layer.content)),
            Cell::new(ink, style.estimate(layer.transfer, exact)),
            Cell::new(if layer.base { ink } else { Ink::Warn }, style.figure(layer.wasted)),
            Cell::new(ink, hidden_by(layer)),
        ]);
    }
    for (name, sum) in sums(platform) {
        let ink = if name.starts_with("total") { Ink::Strong } else { Ink::Plain };
        grid.row_in(
            ink,
            [
                format!("  {name}"),
                style.figure(sum.content),
                style.estimate(sum.transfer, exact),
                style.figure(sum.wasted),
                String::new(),
            ],
        );
    }
    grid.render(style)
}

/// Nothing in it, and nothing but the ends of tar and compression to pull.
fn is_empty(layer: &Layer) -> bool {
    layer.entries == 0 && layer.content == 0 && layer.read
}

fn instruction(layer: &Layer) -> String {
    let text = layer.instruction.clone().unwrap_or_else(|| super::header::short(&layer.digest));
    let note = if layer.read { "" } else { " (not distributed with the image, not read)" };
    format!("{text}{note}")
}

fn hidden_by(layer: &Layer) -> String {
    match layer.hidden.as_slice() {
        [] => String::new(),
        few @ ([_] | [_, _]) => {
            few.iter().map(|hidden| hidden.by.to_string()).collect::<Vec<_>>().join(", ")
        }
        many => format!("{} layers", many.len()),
    }
}

#[derive(Default)]
struct Sum {
    content: u64,
    transfer: u64,
    wasted: u64,
}

/// The rest row, base against own, and everything.
fn sums(platform: &Platform) -> Vec<(String, Sum)> {
    let layers = || platform.layers.iter();
    let mut sums = Vec::new();
    let mut add = |name: &str, chosen: Vec<&Layer>| {
        let mut sum = Sum::default();
        for layer in &chosen {
            sum.content += layer.content;
            sum.transfer += layer.transfer;
            sum.wasted += layer.wasted;
        }
        sums.push((format!("{name}{}", counted(chosen.len() as u64, "layer", "layers")), sum));
    };
    let empty: Vec<_> = layers().filter(|layer| is_empty(layer)).collect();
    if !empty.is_empty() {
        add("empty: ", empty);
    }
    if platform.base.is_some() {
        add("base: ", layers().filter(|layer| layer.base).collect());
        add("own: ", layers().filter(|layer| !layer.base).collect());
    }
    add("total of ", layers().collect());
    sums
}
