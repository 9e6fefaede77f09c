//! What the instructions of a stage may look like in a history: variables substituted where they are known, and as
//! written beside it, for builders differ.

use std::collections::BTreeMap;

use super::expand::{Expanded, Value, expand};
use super::instruction::{Arguments, Dockerfile, Instruction, Keyword, Origin};
use super::recorded::{Expected, fold};
use super::words::{markers, pairs, split};

/// The variables and settings that hold at a place of a stage.
struct Scope {
    variables: BTreeMap<String, Value>,
    /// What a variable is that nothing in the file sets.
    outside: Value,
    shell: Option<String>,
    /// The working directory; gaps where the base decides.
    directory: Expanded,
    escape: char,
}

impl Scope {
    fn value(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or_else(|| self.outside.clone())
    }

    /// A substitution that fails says nothing, for the build that it would have failed did not.
    fn expand(&self, text: &str) -> Expanded {
        expand(text, self.escape, &|name| self.value(name)).unwrap_or_else(|_| Expanded::unknown())
    }
}

/// The instructions that make an image of a chain of stages (see [`Dockerfile::chain`]), in its order: their positions in
/// the file, and what to look for.
pub fn expectations(file: &Dockerfile, chain: &[usize]) -> (Vec<usize>, Vec<Expected>) {
    let scratch = chain.first().is_some_and(|root| file.stages[*root].origin == Origin::Scratch);
    let mut scope = Scope {
        variables: BTreeMap::new(),
        outside: if scratch { Value::Unset } else { Value::Unknown },
        shell: None,
        directory: if scratch { Expanded::known("/") } else { Expanded::unknown() },
        escape: file.escape,
    };
    let (mut positions, mut all) = (Vec::new(), Vec::new());
    for stage in chain.iter().copied() {
        // Arguments end with their stage; what ENV set goes on.
        for value in scope.variables.values_mut().filter(|value| **value == Value::Unknown) {
            value.clone_from(&scope.outside);
        }
        for position in file.stages[stage].body.clone() {
            positions.push(position);
            all.push(expectation(&file.instructions[position], &file.text, &mut scope));
        }
    }
    (positions, all)
}

fn expectation(instruction: &Instruction, text: &str, scope: &mut Scope) -> Expected {
    let written = fold(&instruction.text());
    let mut expected = Expected {
        keyword: instruction.keyword,
        forms: vec![Expanded::known(written.clone())],
        exec: false,
        shell: scope.shell.clone(),
        sources: None,
        destination: None,
        name: None,
    };
    match instruction.keyword {
        Keyword::Run => run(instruction, text, &mut expected),
        Keyword::Copy | Keyword::Add => transfer(instruction, scope, &mut expected),
        Keyword::Workdir => {
            let path = scope.expand(&written);
            scope.directory = joined(&scope.directory, &path);
            expected.forms.extend([path, scope.directory.clone()]);
        }
        Keyword::Env | Keyword::Label => {
            let source = instruction.text();
            let mut form = Expanded::default();
            let pairs = pairs(&source, scope.escape).unwrap_or_default();
            let values: Vec<_> = pairs.iter().map(|(name, value)| (*name, scope.expand(value))).collect();
            for (name, value) in values {
                let space = if form.text.is_empty() { "" } else { " " };
                form.append(&Expanded::known(format!("{space}{}=", scope.expand(name).text)));
                form.append(&value);
                if instruction.keyword == Keyword::Env {
                    let value = if value.gaps.is_empty() { Value::Set(value.text) } else { Value::Unknown };
                    scope.variables.insert(name.to_owned(), value);
                }
            }
            expected.name = pairs.first().map(|(name, _)| scope.expand(name).text);
            expected.forms.push(form);
        }
        Keyword::Arg => {
            let source = instruction.text();
            for word in split(&source, scope.escape) {
                let name = word.split('=').next().unwrap_or_default();
                expected.name.get_or_insert_with(|| name.to_owned());
                // Whoever builds may give it another value than its default; but ENV of that name wins over ARG.
                scope.variables.entry(name.to_owned()).or_insert(Value::Unknown);
            }
        }
        Keyword::Shell => {
            scope.shell = Some(written);
        }
        _ => expected.forms.push(scope.expand(&written)),
    }
    expected
}

fn run(instruction: &Instruction, text: &str, expected: &mut Expected) {
    if let Arguments::Exec(words) = &instruction.arguments {
        // buildah writes the array itself behind the shell; then it is a command like any other.
        let array = fold(&instruction.code.text[instruction.at..]);
        expected.exec = true;
        expected.forms = vec![Expanded::known(fold(&words.join(" ")))];
        expected.forms.push(Expanded::known(format!("/bin/sh -c {array}")));
        expected.forms.push(Expanded::known(array));
        return;
    }
    let command = instruction.text();
    let [first, rest @ ..] = instruction.heredocs.as_slice() else { return };
    // The first character of a marker alone says that the heredoc is the script.
    if rest.is_empty() && markers(&command).len() == 1 && command.split_whitespace().count() == 1 {
        let script = first.content(text);
        if script.starts_with("#!") {
            // A script with its own interpreter is mounted as a file and run.
            expected.exec = true;
            expected.forms.push(Expanded::known(format!("/dev/pipes/{}", first.name)));
        }
        expected.forms.push(Expanded::known(fold(&script)));
        return;
    }
    let mut whole = command;
    for heredoc in &instruction.heredocs {
        whole.push('\n');
        whole.push_str(heredoc.body.of(text));
        whole.push_str(&heredoc.name);
    }
    expected.forms.push(Expanded::known(fold(&whole)));
}

fn transfer(instruction: &Instruction, scope: &Scope, expected: &mut Expected) {
    let (sources, destination) = instruction.transfer();
    let (inline, paths): (Vec<_>, Vec<_>) = sources.iter().partition(|source| source.starts_with("<<"));
    let destination = scope.expand(&destination);
    let mut form = Expanded::default();
    for path in &paths {
        form.append(&scope.expand(path));
        form.append(&Expanded::known(" "));
    }
    for heredoc in &instruction.heredocs {
        form.append(&Expanded::known(format!("<<{} ", heredoc.name)));
    }
    form.append(&destination);
    // A pattern or a variable may stand for any number of sources.
    let certain = inline.is_empty() && paths.iter().all(|path| !path.contains(['*', '?', '[', '$']));
    expected.sources = certain.then_some(paths.len());
    expected.destination = Some(destination);
    expected.forms.push(form);
}

/// `path` as seen from `directory`, as `WORKDIR` takes it.
fn joined(directory: &Expanded, path: &Expanded) -> Expanded {
    if path.text.starts_with('/') && path.gaps.first() != Some(&0) {
        return path.clone();
    }
    let mut joined = directory.clone();
    if !joined.text.ends_with('/') || joined.gaps.last() == Some(&joined.text.len()) {
        joined.append(&Expanded::known("/"));
    }
    joined.append(path);
    joined
}
