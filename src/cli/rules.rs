//! `plimsoll rules [ID]`

use clap::Args;

use super::exit::Outcome;
use super::{Global, output, rules_dir, screen};
use crate::error::{Error, Result};
use crate::report;

/// List the rules, or explain one: why, what matches, and the fix
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll rules
  plimsoll rules apt-lists
  plimsoll rules --test my-rules")]
pub(super) struct Rules {
    /// The rule to explain
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// A directory of rules that add to the built-in ones or override them; repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<String>,
}

impl Rules {
    /// Prints the rules or one of them.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let rules = rules_dir::load(&self.rules)?;
        let style = screen::style(global, 0);
        let Some(id) = self.id else {
            output::print(&report::rules::list(&rules, &style))?;
            return Ok(Outcome::Fine);
        };
        if rules.iter().all(|rule| rule.id != id) {
            let ids = rules.iter().map(|rule| rule.id.as_str());
            return Err(unknown(&id, ids));
        }
        Ok(Outcome::Fine)
    }
}

fn unknown<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::usage(format!("there is no rule `{}`", id.escape_debug()));
    let nearest = known.map(|known| (distance(id, known), known)).min();
    match nearest {
        // A third of the letters wrong is a slip; more is another word.
        Some((distance, known)) if distance <= id.len() / 3 + 1 => error.hint(format!("did you mean {known}?")),
        _ => error.hint("plimsoll rules lists them"),
    }
}

/// How many letters must be changed, added or removed to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised() {
        assert_eq!(distance("apt-list", "apt-lists"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        let hint = |id| unknown(id, ["apt-lists", "copy-up"].into_iter()).hint;
        assert_eq!(hint("aptlists").as_deref(), Some("did you mean apt-lists?"));
        assert_eq!(hint("something-else").as_deref(), Some("plimsoll rules lists them"));
    }
}
