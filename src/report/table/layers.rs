//! The layers, lowest first, because that is how they were built.

use crate::report::grid::Column::{Figure, Name, Text};
use crate::report::grid::{Cell, Grid};
use crate::report::style::{Ink, Style, counted};
use crate::view::{Layer, Platform};

/// The layers with what made them, base and own apart, and what later layers hide of them.
pub(super) fn layers(platform: &Platform, style: &Style) -> String {
    if platform.layers.is_empty() {
        return "This image has no layers: it is a configuration and nothing else.\n".to_owned();
    }
    let exact = platform.transfer.exact;
    let mut grid =
        Grid::new(&[Name, Figure, Figure, Figure, Text], &["Layers", "content", "transfer", "wasted", "by"]);
    let mut add = |ink: Ink, name: String, sum: Sum, hidden_by: String| {
        let figures = [sum.content, sum.transfer].map(|bytes| bytes > 0);
        let wasted = if sum.wasted > 0 && ink != Ink::Strong { Ink::Warn } else { ink };
        grid.row(vec![
            Cell::new(ink, name),
            Cell::new(if figures[0] { ink } else { Ink::Faint }, style.figure(sum.content)),
            Cell::new(if figures[1] { ink } else { Ink::Faint }, style.estimate(sum.transfer, exact)),
            Cell::new(wasted, style.figure(sum.wasted)),
            Cell::new(ink, hidden_by),
        ]);
    };
    let digits = platform.layers.len().to_string().len();
    let (base, own): (Vec<_>, Vec<_>) = platform.layers.iter().partition(|layer| layer.base);
    for (name, layers) in [("base", base), ("own", own)] {
        if layers.is_empty() {
            continue;
        }
        let mut margin = "  ";
        if platform.base.is_some() {
            add(Ink::Plain, format!("  {name}, {}", many(layers.len())), Sum::of(&layers), String::new());
            margin = "    ";
        }
        let ink = if name == "base" { Ink::Faint } else { Ink::Plain };
        // One layer without files stays in its place; several are told together.
        let empty: Vec<_> = layers.iter().copied().filter(|layer| is_empty(layer)).collect();
        for layer in layers.iter().filter(|layer| empty.len() < 2 || !is_empty(layer)) {
            let ink = if is_empty(layer) { Ink::Faint } else { ink };
            let name = format!("{margin}{:>digits$}  {}", layer.number, instruction(layer));
            add(ink, name, Sum::of(&[layer]), hidden_by(layer));
        }
        if empty.len() > 1 {
            let name = format!("{margin}{:>digits$}  {} without any file", "", many(empty.len()));
            add(Ink::Faint, name, Sum::of(&empty), String::new());
        }
    }
    let all: Vec<_> = platform.layers.iter().collect();
    add(Ink::Strong, "  total".to_owned(), Sum::of(&all), String::new());
    grid.render(style)
}

fn many(layers: usize) -> String {
    counted(layers as u64, "layer", "layers")
}

/// Nothing in it, and nothing but the ends of tar and compression to pull.
fn is_empty(layer: &Layer) -> bool {
    layer.entries == 0 && layer.content == 0 && layer.read
}

fn instruction(layer: &Layer) -> String {
    let text = layer.instruction.clone().unwrap_or_else(|| super::header::short(&layer.digest));
    let note = if layer.read { "" } else { " (not distributed with the image, not read)" };
    // The line before the text: the text is what gets shorter where there is no room.
    match &layer.place {
        Some(place) => format!(":{} {text}{note}", place.lines()),
        None => format!("{text}{note}"),
    }
}

fn hidden_by(layer: &Layer) -> String {
    match layer.hidden.as_slice() {
        [] => String::new(),
        few @ ([_] | [_, _]) => few.iter().map(|hidden| hidden.by.to_string()).collect::<Vec<_>>().join(", "),
        many => format!("{} layers", many.len()),
    }
}

struct Sum {
    content: u64,
    transfer: u64,
    wasted: u64,
}

impl Sum {
    fn of(layers: &[&Layer]) -> Self {
        Self {
            content: layers.iter().map(|layer| layer.content).sum(),
            transfer: layers.iter().map(|layer| layer.transfer).sum(),
            wasted: layers.iter().map(|layer| layer.wasted).sum(),
        }
    }
}
