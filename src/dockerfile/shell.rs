//! The simple commands of a `RUN`, as far as a look at the text can tell them apart.
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>

use super::instruction::{Arguments, Instruction};

/// One simple command: a program and its arguments, quotes resolved, variables as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program first. Assignments and what only runs another command (`sudo`, `exec`) are left out.
    pub words: Vec<String>,
    /// `NAME=value` before the program.
    pub assignments: Vec<String>,
    /// The line of the Dockerfile on which it begins.
    pub line: u32,
}

impl Command {
    /// The program without its directory; empty where there is none.
    pub fn program(&self) -> &str {
        self.words.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default()
    }

    /// The arguments that are no options.
    pub fn operands(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// Whether one of the arguments is `option`, or `option=…`.
    pub fn has(&self, option: &str) -> bool {
        let same = |word: &String| {
            word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        self.words.iter().skip(1).any(same)
    }

    /// Whether the short option `letter` is set, alone or among others: `-rf`.
    pub fn has_short(&self, letter: char) -> bool {
        let short = |word: &&String| word.starts_with('-') && !word.starts_with("--");
        self.words.iter().skip(1).filter(short).any(|word| word.contains(letter))
    }
}

/// The commands of an instruction: its shell form, its exec form, and the heredoc that is its script.
pub fn commands(instruction: &Instruction, text: &str) -> Vec<Command> {
    let mut commands = match &instruction.arguments {
        Arguments::Exec(words) => match words.as_slice() {
            [shell, option, script] if shell.ends_with("sh") && option.ends_with('c') => {
                split(script, |_| instruction.lines.first)
            }
            _ => {
                vec![Command { words: words.clone(), assignments: Vec::new(), line: instruction.lines.first }]
            }
        },
        Arguments::Text(_) => {
            let code = instruction.code.text.get(instruction.at..).unwrap_or_default();
            split(code, |offset| instruction.code.line(instruction.at + offset))
        }
    };
    for heredoc in &instruction.heredocs {
        let body = heredoc.body.of(text);
        let mut seen = (0, heredoc.lines.first);
        // Offsets come in ascending order, so the lines are counted once.
        let line = |offset: usize| {
            let passed = body.get(seen.0..offset).unwrap_or_default().matches('\n').count();
            seen = (offset, seen.1.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX)));
            seen.1
        };
        commands.extend(split(body, line));
    }
    commands.retain(|command| !command.program().is_empty() && !command.program().starts_with("<<"));
    commands
}

/// Divides a script at its operators.
fn split(script: &str, mut line: impl FnMut(usize) -> u32) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut start = None;
    let mut quote = None;
    let mut characters = script.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                // A line that goes on, within a heredoc, where the Dockerfile does not join lines.
                match characters.next() {
                    Some((_, '\n')) | None => {}
                    Some((_, escaped)) => word.get_or_insert_default().push(escaped),
                }
            }
            (None, '#') if word.is_none() => while characters.next_if(|(_, c)| *c != '\n').is_some() {},
            (None, ';' | '&' | '|' | '\n' | '(' | ')' | '`') => {
                words.extend(word.take());
                push(&mut commands, std::mem::take(&mut words), start.take().map_or(0, &mut line));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
        if word.is_some() {
            start.get_or_insert(at);
        }
    }
    words.extend(word);
    push(&mut commands, words, start.map_or(0, line));
    commands
}

/// Words that stand before a command without being one.
const BEFORE: [&str; 17] = [
    "if",
    "then",
    "else",
    "elif",
    "while",
    "until",
    "do",
    "{",
    "}",
    "!",
    "time",
    "sudo",
    "exec",
    "command",
    "env",
    "nice",
    "eatmydata",
];

fn push(commands: &mut Vec<Command>, words: Vec<String>, line: u32) {
    let mut assignments = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| BEFORE.contains(&word.as_str()) || is_assignment(word)) {
        if is_assignment(&word) {
            assignments.push(word);
        }
    }
    let words: Vec<String> = words.collect();
    if !words.is_empty() {
        commands.push(Command { words, assignments, line });
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn read(text: &str) -> Vec<(u32, String)> {
        let file = parse(format!("FROM a\n{text}")).unwrap();
        let commands = commands(&file.instructions[1], &file.text);
        commands.into_iter().map(|command| (command.line, command.words.join("|"))).collect()
    }

    #[test]
    fn operators_divide_and_quotes_do_not() {
        let read = |text| read(text).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert_eq!(read("RUN a b && c 'd && e' || f; g | h\\ i"), ["a|b", "c|d && e", "f", "g", "h i"]);
        assert_eq!(read("RUN A=1 B=2 sudo x && if ! y; then z; fi # c; d"), ["x", "y", "z", "fi"]);
        assert_eq!(read("RUN x=$(y z) (cd a && b)"), ["y|z", "cd|a", "b"]);
        assert_eq!(read("RUN [\"a b\", \"c\"]"), ["a b|c"]);
        assert_eq!(read("RUN [\"/bin/bash\", \"-ec\", \"a; b\"]"), ["a", "b"]);
    }

    #[test]
    fn every_command_has_its_line() {
        assert_eq!(
            read("RUN a && \\\n  # c\n  b && \\\n  c"),
            [(2, "a".into()), (4, "b".into()), (5, "c".into())]
        );
        assert_eq!(read("RUN <<EOF\na\n# b\nc \\\n  d\nEOF"), [(3, "a".into()), (5, "c|d".into())]);
    }
}
