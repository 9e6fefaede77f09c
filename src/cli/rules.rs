//! `plimsoll rules [ID]`

use clap::Args;

use super::exit::Outcome;
use super::{Global, output, rules_dir, screen};
use crate::advice;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::report::{self, Style};

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
    #[arg(long = "rules", value_name = "DIR")]
    directories: Vec<String>,
    /// Run the [[test]] cases of the rules in DIR; exit 1 where one fails
    #[arg(long, value_name = "DIR", conflicts_with_all = ["id", "directories"])]
    test: Option<String>,
}

impl Rules {
    /// Prints the rules or one of them.
    pub(super) fn run(self, global: &Global) -> Result<Outcome> {
        let style = screen::style(global, 0);
        if let Some(directory) = self.test {
            return test(directory, &style);
        }
        let rules = rules_dir::load(&self.directories)?;
        let text = match self.id {
            None => report::rules::list(&rules, &style),
            Some(id) => match advice::by_id(&rules, &id) {
                Some(rule) => report::rules::explain(rule, &style),
                None => return Err(unknown(&id, rules.iter().map(|rule| rule.id.as_str()))),
            },
        };
        output::print(&text)?;
        Ok(Outcome::Fine)
    }
}

fn test(directory: String, style: &Style) -> Result<Outcome> {
    let files = rules_dir::read(&[directory])?;
    let rules: Vec<_> =
        files.iter().map(|(file, text)| advice::load::parse(file, text)).collect::<Result<_>>()?;
    let outcomes = advice::test(&rules);
    output::print(&report::rules::tests(&outcomes, style))?;
    Ok(if outcomes.iter().all(advice::TestOutcome::passed) { Outcome::Fine } else { Outcome::Failed })
}

fn unknown<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::usage(format!("there is no rule `{}`", id.escape_debug()));
    match nearest(id, known) {
        Some(known) => error.hint(format!("did you mean {known}?")),
        None => error.hint("plimsoll rules lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised() {
        let hint = |id| unknown(id, ["apt-lists", "copy-up"].into_iter()).hint;
        assert_eq!(hint("aptlists").as_deref(), Some("did you mean apt-lists?"));
        assert_eq!(hint("something-else").as_deref(), Some("plimsoll rules lists them"));
    }
}
