//! The rules as a list, and one of them explained.

use super::grid::{Cell, Column::*, Grid};
use super::style::{Ink, Style, counted};
use crate::advice::{Rule, Safety};

/// All rules, one line each.
pub fn list(rules: &[Rule], style: &Style) -> String {
    let mut grid = Grid::new(&[Text, Text, Name], &["Rule", "safety", "finds"]);
    for rule in rules {
        let (safety, ink) = safety(rule.safety);
        grid.row(vec![rule.id.clone().into(), Cell::new(ink, safety), rule.title.clone().into()]);
    }
    let count = counted(rules.len() as u64, "rule", "rules");
    format!("{}\n{count}; plimsoll rules ID explains one\n", grid.render(style))
}

fn safety(safety: Safety) -> (&'static str, Ink) {
    match safety {
        Safety::Safe => ("safe", Ink::Good),
        Safety::Review => ("review", Ink::Warn),
        Safety::Risky => ("risky", Ink::Bad),
    }
}
