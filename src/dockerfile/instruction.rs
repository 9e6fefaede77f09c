//! What a Dockerfile consists of: instructions, flags, heredocs, comments and stages, each with its place in the text.
//! <https://docs.docker.com/reference/dockerfile/>

use std::fmt;
use std::ops::Range;

use super::lines::Code;
use super::span::{LineRange, Span};

/// The instructions of the Dockerfile reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the instruction of its name")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

/// Every keyword with its name, in the order of [`Keyword`].
const KEYWORDS: [(Keyword, &str); 18] = [
    (Keyword::Add, "ADD"),
    (Keyword::Arg, "ARG"),
    (Keyword::Cmd, "CMD"),
    (Keyword::Copy, "COPY"),
    (Keyword::Entrypoint, "ENTRYPOINT"),
    (Keyword::Env, "ENV"),
    (Keyword::Expose, "EXPOSE"),
    (Keyword::From, "FROM"),
    (Keyword::Healthcheck, "HEALTHCHECK"),
    (Keyword::Label, "LABEL"),
    (Keyword::Maintainer, "MAINTAINER"),
    (Keyword::Onbuild, "ONBUILD"),
    (Keyword::Run, "RUN"),
    (Keyword::Shell, "SHELL"),
    (Keyword::Stopsignal, "STOPSIGNAL"),
    (Keyword::User, "USER"),
    (Keyword::Volume, "VOLUME"),
    (Keyword::Workdir, "WORKDIR"),
];

impl Keyword {
    /// The keyword that `word` is, in whatever case.
    pub fn parse(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(keyword, _)| *keyword)
    }

    /// The name, in capitals.
    pub fn name(self) -> &'static str {
        KEYWORDS[self as usize].1
    }

    /// The keyword that someone who wrote `word` most likely meant: one that two edits make of it.
    pub fn nearest(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        KEYWORDS
            .iter()
            .map(|(keyword, name)| (edits(&word, name), *keyword))
            .filter(|(distance, keyword)| *distance <= 2 && *distance < keyword.name().len() - 1)
            .min()
            .map(|(_, keyword)| keyword)
    }

    /// Whether the instruction can add, change or delete files, and so makes a layer.
    pub fn makes_layer(self) -> bool {
        matches!(self, Self::Add | Self::Copy | Self::Run | Self::Workdir)
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`; words longer than any
/// keyword count as far away.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() > 16 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// A flag of an instruction: `--mount=type=cache,target=/x`, `--link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes: `mount`, `from`, `chown`, `chmod`, `link`, `exclude`, `checksum`, `network`, `security`, …
    pub name: String,
    /// What follows the `=`, quotes and escapes resolved; `None` where nothing does.
    pub value: Option<String>,
}

/// A here-document: its marker stands on the instruction's logical line, its body behind that line.
/// <https://docs.docker.com/reference/dockerfile/#here-documents>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it, without quotes. `COPY` uses it as the name of the file.
    pub name: String,
    /// Whether variables in the body are substituted: they are unless the word was quoted.
    pub expand: bool,
    /// `<<-`: leading tabs are dropped.
    pub strip_tabs: bool,
    /// The body, from its first line through the end of line before the terminator.
    pub body: Span,
    /// The lines of the body and the terminator.
    pub lines: LineRange,
}

impl Heredoc {
    /// The body as the build sees it, before variables.
    pub fn content(&self, text: &str) -> String {
        let body = self.body.of(text);
        if !self.strip_tabs {
            return body.to_owned();
        }
        body.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// The arguments of an instruction behind its flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// A JSON array of strings: the exec form of `RUN`, `CMD` and `ENTRYPOINT`, and `COPY ["a b", "c"]`.
    Exec(Vec<String>),
    /// Anything else: the logical line behind the flags, trimmed, as written.
    Text(String),
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Which one.
    pub keyword: Keyword,
    /// From the keyword to the end of the last line, heredocs and their terminators included.
    pub span: Span,
    /// The lines of that span.
    pub lines: LineRange,
    /// The logical line, keyword included, heredocs not.
    pub code: Code,
    /// Offset in `code` at which the arguments begin.
    pub at: usize,
    /// In the order as written.
    pub flags: Vec<Flag>,
    /// Behind the flags.
    pub arguments: Arguments,
    /// In the order as written.
    pub heredocs: Vec<Heredoc>,
    /// What `ONBUILD` makes a child image do.
    pub trigger: Option<Box<Instruction>>,
}

impl Instruction {
    /// The value of the flag `name`, the last one where it is repeated.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags
            .iter()
            .rev()
            .find(|flag| flag.name == name)
            .map(|flag| flag.value.as_deref().unwrap_or("true"))
    }

    /// The values of every flag `name`.
    pub fn flags<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |flag| flag.name == name).filter_map(|flag| flag.value.as_deref())
    }

    /// The arguments as one text; the exec form joined by spaces.
    pub fn text(&self) -> String {
        match &self.arguments {
            Arguments::Exec(words) => words.join(" "),
            Arguments::Text(text) => text.clone(),
        }
    }

    /// The arguments divided at white space, as `FROM`, `COPY` and `EXPOSE` take them: quotes do not hold them together.
    pub fn words(&self) -> Vec<String> {
        match &self.arguments {
            Arguments::Exec(words) => words.clone(),
            Arguments::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Sources and destination of `COPY` and `ADD`.
    pub fn transfer(&self) -> (Vec<String>, String) {
        let mut words = self.words();
        let destination = words.pop().unwrap_or_default();
        (words, destination)
    }
}

/// A comment line outside of heredocs. A parser directive is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line.
    pub span: Span,
    /// Its line.
    pub line: u32,
}

/// `# syntax=…`, `# escape=…` or `# check=…` at the very top.
/// <https://docs.docker.com/reference/dockerfile/#parser-directives>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// In lower case.
    pub name: String,
    /// As written.
    pub value: String,
    /// Its line.
    pub line: u32,
    /// From the `#` to the end of the line.
    pub span: Span,
}

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing.
    Scratch,
    /// Another stage of this file, by its position.
    Stage(usize),
    /// An image.
    Image {
        /// Its reference, with build arguments at their defaults.
        reference: String,
        /// Whether a build argument without a default took part, so that the reference is not known.
        unknown: bool,
    },
}

/// A build stage: `FROM` and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name that `AS` gives it, as written; names are compared without regard to case.
    pub name: Option<String>,
    /// What it starts from.
    pub origin: Origin,
    /// `--platform`, as written.
    pub platform: Option<String>,
    /// Position of its `FROM` in [`Dockerfile::instructions`].
    pub from: usize,
    /// Positions of its other instructions.
    pub body: Range<usize>,
}

/// A Dockerfile, read; it keeps its text, and every span is of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// As given, byte order mark and ends of lines included.
    pub text: String,
    /// `\`, or `` ` `` where a directive says so.
    pub escape: char,
    /// In the order of the text.
    pub directives: Vec<Directive>,
    /// In the order of the text.
    pub comments: Vec<Comment>,
    /// In the order of the text; those before the first `FROM` are `ARG`.
    pub instructions: Vec<Instruction>,
    /// In the order of the text; at least one.
    pub stages: Vec<Stage>,
}

impl Dockerfile {
    /// The instructions of `stage` behind its `FROM`.
    pub fn body(&self, stage: &Stage) -> &[Instruction] {
        self.instructions.get(stage.body.clone()).unwrap_or_default()
    }

    /// The stages that `stage` is built upon by `FROM`, itself last: the instructions of these make the image.
    pub fn chain(&self, stage: usize) -> Vec<usize> {
        let mut chain = vec![];
        let mut next = Some(stage);
        while let Some(stage) = next.filter(|stage| *stage < self.stages.len()) {
            chain.push(stage);
            // A stage only ever starts from an earlier one, so this ends.
            next = match self.stages[stage].origin {
                Origin::Stage(earlier) if earlier < stage => Some(earlier),
                _ => None,
            };
        }
        chain.reverse();
        chain
    }

    /// The stage that `name` means for `stage`'s `COPY --from`: a name, or a number.
    pub fn stage_before(&self, name: &str, stage: usize) -> Option<usize> {
        let earlier = self.stages.get(..stage).unwrap_or_default();
        let named = |stage: &Stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        earlier.iter().rposition(named).or_else(|| name.parse().ok().filter(|number| *number < stage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_keywords_is_in_order() {
        for (position, (keyword, name)) in KEYWORDS.iter().enumerate() {
            assert_eq!((*keyword as usize, Keyword::parse(&name.to_lowercase())), (position, Some(*keyword)));
        }
    }

    #[test]
    fn a_typing_error_suggests_what_was_meant() {
        for (wrong, right) in
            [("RNU", "RUN"), ("COPPY", "COPY"), ("entripoint", "ENTRYPOINT"), ("FRM", "FROM")]
        {
            assert_eq!(Keyword::nearest(wrong).map(Keyword::name), Some(right), "{wrong}");
        }
        for nothing in ["apt-get", "&&", "", "X", "éé", &"RUN".repeat(10_000)] {
            assert_eq!(Keyword::nearest(nothing), None, "{nothing:.20}");
        }
    }
}
