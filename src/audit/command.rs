//! What a container runs: ENTRYPOINT, CMD and HEALTHCHECK, followed through shells and wrappers to the modules that they start.

use std::collections::BTreeSet;

use super::catalog::CATALOG;
use crate::image::config::Execution;
use crate::ledger::{ChainView, PathId};

/// What the command leads to.
#[derive(Debug, Clone, Default)]
pub struct Started {
    /// Modules, each with the words that name it: `main` by `uvicorn main:app`.
    pub modules: Vec<(String, String)>,
    /// Python files of the image, each with what runs it.
    pub scripts: Vec<(PathId, String)>,
    /// Everything of the image that runs: programs, shells, interpreters.
    pub programs: BTreeSet<PathId>,
    /// Words that are drivers' URLs.
    pub schemes: Vec<(String, String)>,
    /// What could not be followed.
    pub unknown: Vec<String>,
    /// Every word of every command that runs: `tsx` of `npx tsx main.ts`.
    pub words: BTreeSet<String>,
}

/// Words that stand before a command and leave it what it is: how many arguments of their own they take.
const WRAPPERS: [(&str, usize); 18] = [
    ("exec", 0),
    ("tini", 0),
    ("dumb-init", 0),
    ("env", 0),
    ("nice", 0),
    ("nohup", 0),
    ("time", 0),
    ("setsid", 0),
    ("ddtrace-run", 0),
    ("opentelemetry-instrument", 0),
    ("gosu", 1),
    ("su-exec", 1),
    ("timeout", 1),
    ("sudo", 0),
    ("then", 0),
    ("do", 0),
    ("else", 0),
    ("!", 0),
];

/// Follows a container's command.
pub fn follow(view: &ChainView<'_>, execution: &Execution) -> Started {
    let mut follow = Follow {
        view,
        path: search_path(execution),
        directory: execution.working_dir.clone(),
        started: Started::default(),
        seen: BTreeSet::new(),
    };
    let mut words = execution.entrypoint.clone();
    words.extend(execution.cmd.iter().cloned());
    follow.command(&words, 0);
    // What a health check runs has to be there as well.
    match execution.healthcheck.test.split_first() {
        Some((how, words)) if how == "CMD" => follow.command(words, 0),
        Some((how, [line, ..])) if how == "CMD-SHELL" => {
            follow.command(&["/bin/sh".to_owned(), "-c".to_owned(), line.clone()], 0);
        }
        _ => {}
    }
    for variable in &execution.env {
        let Some((name, value)) = variable.split_once('=') else { continue };
        match name {
            "DJANGO_SETTINGS_MODULE"
            | "FLASK_APP"
            | "UVICORN_APP"
            | "CELERY_APP"
            | "QUART_APP"
            | "FASTAPI_APP" => {
                follow.application(value, &format!("ENV {variable}"));
            }
            "NODE_OPTIONS" => follow.started.words.extend(split(value)),
            "GUNICORN_CMD_ARGS" => {
                let words = split(value);
                follow.arguments("gunicorn", &words, &format!("ENV {variable}"));
            }
            _ => {
                if let Some((scheme, _)) =
                    value.split_once("://").filter(|(scheme, _)| CATALOG.schemes.contains_key(*scheme))
                {
                    follow.started.schemes.push((scheme.to_owned(), format!("ENV {name}")));
                }
            }
        }
    }
    follow.started
}

/// The directories of `PATH`.
pub fn search_path(execution: &Execution) -> Vec<String> {
    let path = execution.env.iter().find_map(|variable| variable.strip_prefix("PATH="));
    let default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    path.unwrap_or(default).split(':').map(ToOwned::to_owned).collect()
}

struct Follow<'v, 'a> {
    view: &'v ChainView<'a>,
    path: Vec<String>,
    directory: String,
    started: Started,
    seen: BTreeSet<PathId>,
}

/// Scripts that run scripts that run scripts.
const DEEPEST: usize = 8;

impl Follow<'_, '_> {
    fn command(&mut self, words: &[String], depth: usize) {
        let mut words = words;
        // `PORT=80 exec tini -- env X=1 program`
        while let Some(first) = words.first() {
            let base = first.rsplit('/').next().unwrap_or(first);
            let is_assignment = first.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            });
            let wrapper = WRAPPERS.iter().find(|(name, _)| *name == base);
            match wrapper {
                _ if is_assignment => words = &words[1..],
                Some((_, own)) => {
                    self.program(first);
                    words = &words[1..];
                    while words.first().is_some_and(|word| word.starts_with('-')) {
                        words = &words[1..];
                    }
                    words = words.get(*own..).unwrap_or_default();
                }
                None => break,
            }
        }
        let Some((program, arguments)) = words.split_first() else { return };
        self.started.words.extend(words.iter().cloned());
        if depth > DEEPEST {
            return self.started.unknown.push(words.join(" "));
        }
        let base = program.rsplit('/').next().unwrap_or(program).to_owned();
        let line = words.join(" ");
        let found = self.program(program);
        match base.as_str() {
            "sh" | "bash" | "ash" | "dash" => self.shell(arguments, depth),
            _ if base.starts_with("python") || base.starts_with("pypy") => self.python(arguments, &line),
            "poetry" | "pipenv" | "uv" | "pdm" | "hatch"
                if arguments.first().is_some_and(|word| word == "run") =>
            {
                self.command(&arguments[1..], depth + 1);
            }
            _ => {
                self.arguments(&base, arguments, &line);
                if let Some(path) = found {
                    self.file(path, arguments, &line, depth);
                }
            }
        }
    }

    /// `sh -c 'line'`, `sh script arguments`.
    fn shell(&mut self, arguments: &[String], depth: usize) {
        let Some(at) = arguments.iter().position(|word| !word.starts_with('-') || word.ends_with('c')) else {
            return;
        };
        if arguments[at].starts_with('-') {
            if let Some(script) = arguments.get(at + 1) {
                self.script(script, arguments.get(at + 2..).unwrap_or_default(), depth + 1);
            }
        } else if let Some(path) = self.find(&arguments[at]) {
            self.file(path, &arguments[at + 1..], &arguments[at..].join(" "), depth);
        }
    }

    /// The lines of a shell script, each command of them as if it stood alone: what any branch may run counts.
    fn script(&mut self, script: &str, arguments: &[String], depth: usize) {
        for line in script.replace("\\\n", " ").lines() {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            for command in line.split([';', '|', '&']).map(str::trim).filter(|command| !command.is_empty()) {
                let mut words = Vec::new();
                for word in split(command) {
                    match word.as_str() {
                        "$@" | "$*" | "${@}" => words.extend(arguments.iter().cloned()),
                        _ => {
                            words
                                .push(word.trim_start_matches("$(").trim_matches(['(', ')', '`']).to_owned());
                        }
                    }
                }
                self.command(&words, depth);
            }
        }
    }

    fn python(&mut self, arguments: &[String], line: &str) {
        let mut left = arguments;
        while let Some((word, rest)) = left.split_first() {
            match word.as_str() {
                "-m" => {
                    let Some((module, rest)) = rest.split_first() else { return };
                    // A package runs its `__main__`; `python -m uvicorn main:app` names an application too.
                    self.started.modules.push((module.clone(), line.to_owned()));
                    self.started.modules.push((format!("{module}.__main__"), line.to_owned()));
                    let program = module.rsplit('.').next().unwrap_or(module).to_owned();
                    self.arguments(&program, rest, line);
                    return;
                }
                "-c" => return self.started.unknown.push(line.to_owned()),
                "-X" | "-W" => left = rest.get(1..).unwrap_or_default(),
                option if option.starts_with('-') => left = rest,
                script => {
                    if let Some(path) = self.find(script) {
                        self.started.scripts.push((path, line.to_owned()));
                    }
                    return;
                }
            }
        }
    }

    /// What a program's arguments say about the application.
    fn arguments(&mut self, program: &str, arguments: &[String], line: &str) {
        for (option, values) in &CATALOG.options {
            let mut value = None;
            for (at, word) in arguments.iter().enumerate() {
                if word == option {
                    value = arguments.get(at + 1).map(String::as_str);
                } else if let Some(joined) =
                    word.strip_prefix(option.as_str()).and_then(|rest| rest.strip_prefix('='))
                {
                    value = Some(joined);
                }
            }
            let module =
                value.and_then(|value| values.iter().find(|(start, _)| value.starts_with(start.as_str())));
            if let Some((_, module)) = module {
                self.started.modules.push((module.clone(), line.to_owned()));
            }
        }
        let Some(known) =
            CATALOG.command.iter().find(|command| command.program.iter().any(|name| name == program))
        else {
            return;
        };
        let mut follows = known.after.is_empty();
        for word in arguments {
            if let Some((option, value)) = word.split_once('=')
                && known.after.iter().any(|after| after == option)
            {
                return self.application(value, line);
            }
            let is_application =
                !word.starts_with('-') && (!known.after.is_empty() || word.contains(':') || is_module(word));
            if follows && is_application {
                return self.application(word, line);
            }
            follows = known.after.is_empty() || known.after.contains(word);
        }
    }

    /// `main:app`, `main:create()`, `main`, `app/main.py`.
    fn application(&mut self, text: &str, line: &str) {
        let module = text.split(':').next().unwrap_or(text);
        if let Some(path) = self.find(module).filter(|_| text.strip_suffix(".py").is_some()) {
            self.started.scripts.push((path, line.to_owned()));
        } else {
            self.started.modules.push((module.to_owned(), line.to_owned()));
            // `celery -A proj` finds the application in `proj.celery`.
            if line.contains("celery") {
                self.started.modules.push((format!("{module}.celery"), line.to_owned()));
            }
        }
    }

    /// A program of the image that is a script: its interpreter runs, and what it names.
    fn file(&mut self, path: PathId, arguments: &[String], line: &str, depth: usize) {
        if !self.seen.insert(path) {
            return;
        }
        let name = self.view.ledger.tree.name(path);
        if name.ends_with(b".py") {
            return self.started.scripts.push((path, line.to_owned()));
        }
        let Some(content) = self.view.content(path) else { return };
        let content = String::from_utf8_lossy(content).into_owned();
        let Some(shebang) = content.lines().next().and_then(|line| line.strip_prefix("#!")) else { return };
        let interpreter = split(shebang.trim());
        let program = interpreter.iter().find(|word| !word.ends_with("/env") && !word.starts_with('-'));
        for word in &interpreter {
            self.program(word);
        }
        let base = program.map(|program| program.rsplit('/').next().unwrap_or(program)).unwrap_or_default();
        if base.starts_with("python") || base.starts_with("pypy") || content.contains("'''exec'") {
            for import in content.lines().filter_map(|line| line.trim().strip_prefix("from ")) {
                if let Some((module, _)) = import.split_once(" import ") {
                    self.started.modules.push((module.trim().to_owned(), line.to_owned()));
                }
            }
            for import in content.lines().filter_map(|line| line.trim().strip_prefix("import ")) {
                self.started.modules.push((import.trim().to_owned(), line.to_owned()));
            }
        } else if base.ends_with("sh") {
            self.script(&content, arguments, depth + 1);
        }
    }

    /// Notes that a program runs, with every link on the way to it.
    fn program(&mut self, word: &str) -> Option<PathId> {
        let found = self.find(word)?;
        self.started.programs.insert(found);
        Some(found)
    }

    /// Finds a word as a shell does.
    fn find(&self, word: &str) -> Option<PathId> {
        let file = |path: &str| {
            self.view
                .follow(path.as_bytes())
                .filter(|found| self.view.entry(*found).is_some_and(|entry| !entry.is_directory()))
        };
        if word.starts_with('/') {
            return file(word);
        }
        let here = format!("{}/{word}", self.directory);
        if word.contains('/') || word.contains('.') {
            return file(&here)
                .or_else(|| self.path.iter().find_map(|directory| file(&format!("{directory}/{word}"))));
        }
        self.path.iter().find_map(|directory| file(&format!("{directory}/{word}")))
    }
}

fn is_module(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

/// The words of a command line; quotes are taken off, nothing is expanded.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                any = true;
            }
            (None, _) if character.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            _ => word.push(character),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}
