//! From text to a [`Dockerfile`]: one pass over the lines, no recursion, every instruction with its place.
//! <https://docs.docker.com/reference/dockerfile/>
//!
//! What BuildKit accepts is accepted. Flags of tomorrow are kept as they stand, for a build decides about them; an
//! unknown instruction is an error, for nothing could be said about what it does.

use std::collections::BTreeMap;

use super::expand::{Value, expand};
use super::instruction::{
    Arguments, Comment, Directive, Dockerfile, Flag, Heredoc, Instruction, Keyword, Origin, Stage,
};
use super::lines::{Code, Line, Lines, Logical, join};
use super::span::{LineRange, Span};
use super::words::{markers, pairs, shown, split};
use crate::error::{Error, Result};

/// Reads a Dockerfile. Errors name the line; the caller knows the file and adds its name.
pub fn parse(text: impl Into<String>) -> Result<Dockerfile> {
    let text = text.into();
    let mut lines = Lines::new(&text);
    let (directives, mut next) = directives(&mut lines)?;
    let escape =
        directives.iter().find(|directive| directive.name == "escape").map_or(Ok('\\'), escape_of)?;
    let mut comments = Vec::new();
    let mut instructions = Vec::new();
    while let Some(line) = next.take().or_else(|| lines.next()) {
        if line.text.trim().is_empty() {
            continue;
        }
        if line.is_comment() {
            comments.push(Comment { span: line.trimmed(), line: line.number });
            continue;
        }
        let logical = join(line, &mut lines, escape, |comment| {
            comments.push(Comment { span: comment.trimmed(), line: comment.number });
        });
        // A lone escape character with nothing behind it says nothing.
        if !logical.code.text.trim().is_empty() {
            instructions.push(instruction(&logical, &mut lines, escape)?);
        }
    }
    let stages = stages(&instructions, escape)?;
    Ok(Dockerfile { text, escape, directives, comments, instructions, stages })
}

fn at(line: u32, message: impl std::fmt::Display) -> Error {
    Error::input(format!("line {line}: {message}"))
}

/// The parser directives, and the first line that is none.
fn directives<'a>(lines: &mut Lines<'a>) -> Result<(Vec<Directive>, Option<Line<'a>>)> {
    let mut directives: Vec<Directive> = Vec::new();
    for line in lines.by_ref() {
        let Some((name, value)) = directive(line.text) else { return Ok((directives, Some(line))) };
        if directives.iter().any(|earlier| earlier.name == name) {
            return Err(at(line.number, format!("the parser directive `{name}` stands here a second time")));
        }
        directives.push(Directive { name, value, line: line.number, span: line.trimmed() });
    }
    Ok((directives, None))
}

fn directive(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    (matches!(name.as_str(), "syntax" | "escape" | "check") && !value.is_empty())
        .then(|| (name, value.to_owned()))
}

fn escape_of(directive: &Directive) -> Result<char> {
    match directive.value.as_str() {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        other => {
            let message = format!("the escape character has to be \\ or `, and this is {}", shown(other));
            Err(at(directive.line, message))
        }
    }
}

/// An instruction from its logical line and, where that line has markers, the heredocs behind it.
fn instruction(logical: &Logical, lines: &mut Lines<'_>, escape: char) -> Result<Instruction> {
    let mut whole = read(logical, 0, escape)?;
    let mut trigger =
        (whole.keyword == Keyword::Onbuild).then(|| read(logical, whole.at, escape)).transpose()?;
    if let Some(Keyword::Onbuild | Keyword::From | Keyword::Maintainer) =
        trigger.as_ref().map(|inner| inner.keyword)
    {
        return Err(at(logical.lines.first, "ONBUILD cannot be followed by ONBUILD, FROM or MAINTAINER"));
    }
    let carrier = trigger.as_ref().unwrap_or(&whole);
    let takes_heredocs = matches!(carrier.keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
    if takes_heredocs && matches!(carrier.arguments, Arguments::Text(_)) {
        let (heredocs, end) = heredocs(logical, lines)?;
        for instruction in [Some(&mut whole), trigger.as_mut()].into_iter().flatten() {
            if let Some(last) = heredocs.last() {
                instruction.span.end = end;
                instruction.lines.last = last.lines.last;
            }
            instruction.heredocs.clone_from(&heredocs);
        }
    }
    if let Some(inner) = &trigger {
        check(inner, escape)?;
    }
    check(&whole, escape)?;
    whole.trigger = trigger.map(Box::new);
    Ok(whole)
}

/// The instruction whose keyword stands at `start` of the logical line, without heredocs.
fn read(logical: &Logical, start: usize, escape: char) -> Result<Instruction> {
    let code = &logical.code;
    let line = &code.text[start..];
    let start = start + line.len() - line.trim_start().len();
    let word = code.text[start..].split_whitespace().next().unwrap_or_default();
    let keyword = Keyword::parse(word).ok_or_else(|| unknown(word, code.line(start)))?;
    let (flags, behind) = flags(&code.text, start + word.len(), escape);
    let text = code.text[behind..].trim();
    let at = behind + code.text[behind..].len() - code.text[behind..].trim_start().len();
    let arguments = arguments(keyword, text).map_err(|message| self::at(code.line(at), message))?;
    let span = Span { start: code.source(start), end: logical.span.end };
    let lines = LineRange::new(code.line(start), logical.lines.last);
    let code: Code = code.clone();
    Ok(Instruction { keyword, span, lines, code, at, flags, arguments, heredocs: Vec::new(), trigger: None })
}

fn unknown(word: &str, line: u32) -> Error {
    let error = at(line, format!("`{}` is not an instruction", shown(word)));
    match Keyword::nearest(word) {
        Some(keyword) => error.hint(format!("did you mean {keyword}?")),
        None if word.starts_with(['&', '|', '-', ';', '}']) => {
            error.hint("if it belongs to the line before, that line has to end with a backslash")
        }
        None => error,
    }
}

/// The flags from `start` on, and where what follows them begins. `--` alone ends them.
fn flags(text: &str, start: usize, escape: char) -> (Vec<Flag>, usize) {
    let mut flags = Vec::new();
    let mut at = start;
    loop {
        let rest = &text[at..];
        let blanks = rest.len() - rest.trim_start().len();
        if !rest[blanks..].starts_with("--") {
            return (flags, at + blanks);
        }
        let mut word = String::new();
        let mut end = rest.len();
        let mut quote = None;
        let mut characters = rest[blanks..].char_indices();
        while let Some((offset, character)) = characters.next() {
            match (quote, character) {
                (None, c) if c.is_whitespace() => {
                    end = blanks + offset;
                    break;
                }
                (None, '\'' | '"') => quote = Some(character),
                (Some(open), c) if open == c => quote = None,
                (_, c) if c == escape => word.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => word.push(character),
            }
        }
        at += end;
        let Some(body) = word.strip_prefix("--").filter(|body| !body.is_empty()) else { return (flags, at) };
        flags.push(match body.split_once('=') {
            Some((name, value)) => Flag { name: name.to_owned(), value: Some(value.to_owned()) },
            None => Flag { name: body.to_owned(), value: None },
        });
    }
}

fn arguments(keyword: Keyword, text: &str) -> Result<Arguments, String> {
    use Keyword::{Add, Cmd, Copy, Entrypoint, Run, Shell, Volume};
    if matches!(keyword, Add | Cmd | Copy | Entrypoint | Run | Shell | Volume)
        && text.starts_with('[')
        && let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text)
    {
        let strings: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        return match strings {
            Some(strings) => Ok(Arguments::Exec(strings)),
            None => Err(format!("the array of {keyword} holds something that is not a string")),
        };
    }
    // What is no array is taken as it stands, as a build does: `RUN [ -f x ] && y`.
    Ok(Arguments::Text(text.to_owned()))
}

/// The heredocs that the markers of a logical line announce, and the offset behind the last terminator.
fn heredocs(logical: &Logical, lines: &mut Lines<'_>) -> Result<(Vec<Heredoc>, usize)> {
    let mut heredocs = Vec::new();
    let mut end = logical.span.end;
    for marker in markers(&logical.code.text) {
        let mut body: Option<(Span, u32)> = None;
        let last = loop {
            let Some(line) = lines.next() else {
                let message =
                    format!("the here-document `{}` is not ended by a line of its name", shown(&marker.name));
                return Err(at(logical.lines.first, message));
            };
            let candidate = if marker.strip_tabs { line.text.trim_start_matches('\t') } else { line.text };
            let (span, _) = body.get_or_insert((Span { start: line.start, end: line.start }, line.number));
            span.end = line.start;
            if candidate == marker.name {
                break line;
            }
        };
        end = last.end();
        let (body, first) = body.unwrap_or_default();
        heredocs.push(Heredoc {
            name: marker.name,
            expand: marker.expand,
            strip_tabs: marker.strip_tabs,
            body,
            lines: LineRange::new(first, last.number),
        });
    }
    Ok((heredocs, end))
}

/// What every builder refuses, so that nothing further on has to wonder about it.
fn check(instruction: &Instruction, escape: char) -> Result<()> {
    let keyword = instruction.keyword;
    let line = instruction.lines.first;
    let words = instruction.words();
    let fault = match keyword {
        Keyword::From => match words.as_slice() {
            [_] => None,
            [_, as_, _] if as_.eq_ignore_ascii_case("as") => None,
            _ => Some("FROM takes an image, and AS with a name".to_owned()),
        },
        Keyword::Copy | Keyword::Add if words.len() < 2 => {
            Some(format!("{keyword} takes at least one source and a destination"))
        }
        Keyword::Env | Keyword::Label => pairs(&instruction.text(), escape)
            .err()
            .map(|why| format!("{keyword} takes name=value, and {why}")),
        Keyword::Cmd | Keyword::Entrypoint => None,
        _ if words.is_empty() && matches!(instruction.arguments, Arguments::Text(_)) => {
            Some(format!("{keyword} is followed by nothing"))
        }
        _ => None,
    };
    fault.map_or(Ok(()), |fault| Err(at(line, fault)))
}

/// Divides the instructions into stages and resolves what each starts from.
fn stages(instructions: &[Instruction], escape: char) -> Result<Vec<Stage>> {
    let mut arguments = BTreeMap::new();
    let mut stages: Vec<Stage> = Vec::new();
    // The last stage of each name, in lower case.
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (position, instruction) in instructions.iter().enumerate() {
        match (instruction.keyword, stages.last_mut()) {
            (Keyword::From, _) => {
                let stage = stage(position, instruction, &named, escape, &arguments);
                named.extend(stage.name.iter().map(|name| (name.to_ascii_lowercase(), stages.len())));
                stages.push(stage);
            }
            (_, Some(stage)) => stage.body.end = position + 1,
            (Keyword::Arg, None) => declare(instruction, escape, &mut arguments),
            (keyword, None) => {
                let line = instruction.lines.first;
                return Err(at(line, format!("{keyword} stands before the first FROM, where only ARG can")));
            }
        }
    }
    if stages.is_empty() {
        return Err(Error::input("it has no FROM, so it builds nothing").hint("is this a Dockerfile?"));
    }
    Ok(stages)
}

/// Takes the names and defaults of an `ARG` before the first `FROM`.
fn declare(instruction: &Instruction, escape: char, arguments: &mut BTreeMap<String, Value>) {
    let text = instruction.text();
    for word in split(&text, escape) {
        let (name, value) = match word.split_once('=') {
            Some((name, default)) => {
                let expanded = expand(default, escape, &|name| global(name, arguments));
                let known = expanded.ok().filter(|expanded| expanded.gaps.is_empty());
                (name, known.map_or(Value::Unknown, |expanded| Value::Set(expanded.text)))
            }
            None => (word, Value::Unknown),
        };
        arguments.insert(name.to_owned(), value);
    }
}

/// A variable as `FROM` sees it: an `ARG` before the first `FROM`, or one of those that the builder sets.
/// <https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>
fn global(name: &str, arguments: &BTreeMap<String, Value>) -> Value {
    let automatic = ["TARGET", "BUILD"]
        .iter()
        .filter_map(|prefix| name.strip_prefix(prefix))
        .any(|rest| matches!(rest, "PLATFORM" | "OS" | "ARCH" | "VARIANT" | "STAGE"));
    match arguments.get(name) {
        Some(value) => value.clone(),
        None if automatic => Value::Unknown,
        None => Value::Unset,
    }
}

fn stage(
    position: usize,
    from: &Instruction,
    named: &BTreeMap<String, usize>,
    escape: char,
    arguments: &BTreeMap<String, Value>,
) -> Stage {
    let words = from.words();
    let written = words.first().map(String::as_str).unwrap_or_default();
    let origin = match expand(written, escape, &|name| global(name, arguments)) {
        Ok(image) if image.gaps.is_empty() => match named.get(&image.text.to_ascii_lowercase()) {
            Some(stage) => Origin::Stage(*stage),
            None if image.text == "scratch" => Origin::Scratch,
            None => Origin::Image { reference: image.text, unknown: false },
        },
        _ => Origin::Image { reference: written.to_owned(), unknown: true },
    };
    Stage {
        name: words.get(2).cloned(),
        origin,
        platform: from.flag("platform").map(str::to_owned),
        from: position,
        body: position + 1..position + 1,
    }
}
