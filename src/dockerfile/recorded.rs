//! How builders write an instruction into the history, and whether an entry can be a given instruction.
//!
//! - BuildKit: `RUN |1 A=b /bin/sh -c make # buildkit`, `COPY src dst # buildkit`, `WORKDIR /srv`; variables substituted
//!   but in RUN, quotes gone, `--from` and mounts left out.
//! - Docker's legacy builder: `/bin/sh -c #(nop) COPY file:4b1e… in /srv `, `|1 A=b /bin/sh -c make`.
//! - buildah: as the legacy builder, but as written: variables and quotes stay, an exec form stands behind the shell.
//! - kaniko: the logical line as written, and only for what made a layer.

use super::expand::Expanded;
use super::instruction::Keyword;

/// A history entry, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The keyword, where the entry has one; `RUN` where it is a bare command.
    pub keyword: Keyword,
    /// What it says.
    pub form: Form,
    /// Whether it made no layer.
    pub empty: bool,
}

/// What an entry says behind its keyword; white space folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Of `RUN`: build arguments, the shell and the command, or what of these there is.
    Command(String),
    /// Of `COPY` and `ADD` where the sources are replaced by a digest: what it is of, and the destination.
    Digest {
        /// `file`, `dir` or `multi`.
        kind: String,
        /// As written.
        destination: String,
    },
    /// Anything else.
    Text(String),
}

impl Recorded {
    /// Takes the entry apart; `None` where it is none of a Dockerfile's.
    pub fn parse(created_by: &str, empty: bool) -> Option<Self> {
        let folded = fold(created_by);
        let text = folded.strip_suffix("# buildkit").map_or(folded.as_str(), str::trim_end);
        let nop = text.find("#(nop)").filter(|at| is_shell(&text[..*at], None));
        let (text, of_nop) = nop.map_or((text, false), |at| (text[at + "#(nop)".len()..].trim_start(), true));
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        // A bare command is in lower case or a path; so a keyword is one only in capitals.
        let keyword = Keyword::parse(word).filter(|keyword| keyword.name() == word);
        let (keyword, form) = match keyword {
            None if of_nop || text.is_empty() => return None,
            None => (Keyword::Run, Form::Command(text.to_owned())),
            Some(Keyword::Run) => (Keyword::Run, Form::Command(rest.to_owned())),
            Some(keyword @ (Keyword::Copy | Keyword::Add)) => (keyword, transfer(rest)),
            Some(keyword) => (keyword, Form::Text(rest.to_owned())),
        };
        Some(Self { keyword, form, empty })
    }
}

/// One line, runs of white space as one space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// `file:4b1e… in /srv`, with `--chown=…` before it; or sources and destination.
fn transfer(text: &str) -> Form {
    for kind in ["file", "dir", "multi"] {
        let Some(at) = text.find(&format!("{kind}:")) else { continue };
        let rest = &text[at + kind.len() + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if let Some(destination) = rest[digits..].strip_prefix(" in ").filter(|_| digits >= 32) {
            // Newer buildah adds what it did to labels.
            let destination = destination.split(" |").next().unwrap_or_default();
            return Form::Digest { kind: kind.to_owned(), destination: destination.to_owned() };
        }
    }
    Form::Text(without_flags(text).to_owned())
}

/// Builders differ in which flags they keep.
fn without_flags(text: &str) -> &str {
    let mut text = text;
    while text.starts_with("--") {
        text = text.split_once(' ').map_or("", |(_, rest)| rest);
    }
    text
}

/// What an instruction of the Dockerfile may look like in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The keyword.
    pub keyword: Keyword,
    /// What stands behind it, in every form that a builder may give it; folded.
    pub forms: Vec<Expanded>,
    /// The command of `RUN` needs no shell before it.
    pub exec: bool,
    /// What `SHELL` says; `None` where the file does not.
    pub shell: Option<String>,
    /// Of `COPY` and `ADD`: how many sources are named, where that is certain.
    pub sources: Option<usize>,
    /// Of `COPY` and `ADD`: the destination.
    pub destination: Option<Expanded>,
    /// Of `ENV`, `LABEL` and `ARG`: the first name.
    pub name: Option<String>,
}

/// How well an entry fits an instruction; 0 where it cannot be it. What makes layers weighs more than what does not, and
/// what is certain more than what is not, so that it decides where the rest goes.
pub fn fit(expected: &Expected, recorded: &Recorded) -> i32 {
    if expected.keyword != recorded.keyword {
        return 0;
    }
    match (&recorded.form, expected.keyword) {
        (Form::Command(text), _) => {
            if expected.forms.iter().any(|form| form.gaps.is_empty() && runs(expected, &form.text, text)) {
                12
            } else {
                0
            }
        }
        (Form::Digest { kind, destination }, _) => digest(expected, kind, destination),
        (Form::Text(text), Keyword::Copy | Keyword::Add) => {
            let fits = expected.forms.iter().filter(|form| form.can_be(text));
            fits.map(|form| certainty(form, 10, 6)).max().unwrap_or(0)
        }
        (Form::Text(text), Keyword::Workdir) => {
            let fits = expected.forms.iter().filter(|form| form.can_be(text));
            fits.map(|form| certainty(form, 4, 2)).max().unwrap_or(0)
        }
        (Form::Text(text), keyword) => said(expected, keyword, text),
    }
}

/// `sure` where nothing is unknown, `likely` where enough is known, 1 where hardly anything is.
fn certainty(form: &Expanded, sure: i32, likely: i32) -> i32 {
    match form.text.split_whitespace().map(str::len).sum::<usize>() {
        _ if form.gaps.is_empty() => sure,
        4.. => likely,
        _ => 1,
    }
}

fn digest(expected: &Expected, kind: &str, destination: &str) -> i32 {
    let possible = match (expected.sources, kind) {
        (Some(1), "multi") => false,
        (Some(sources), "file" | "dir") => sources == 1,
        _ => true,
    };
    match expected.destination.as_ref().filter(|expected| possible && expected.can_be(destination)) {
        Some(expected) => certainty(expected, 6, 3),
        None => 0,
    }
}

/// Whether `text` is `command`, run as builders run it.
fn runs(expected: &Expected, command: &str, text: &str) -> bool {
    let Some(before) = text.strip_suffix(command) else { return false };
    if command.is_empty() || !(before.is_empty() || before.ends_with(' ')) {
        return false;
    }
    let before = before.trim_end();
    // kaniko writes the line as it stands.
    if without_flags(before).is_empty() {
        return true;
    }
    if expected.exec {
        return before.starts_with('|') && !before.contains(" -c");
    }
    is_shell(before, expected.shell.as_deref())
}

/// Whether `text` ends with a call of a shell, with nothing but build arguments before it.
fn is_shell(text: &str, known: Option<&str>) -> bool {
    let text = text.trim();
    let before = match known.and_then(|shell| text.strip_suffix(shell)) {
        Some(before) => Some(before),
        None => before_shell(text),
    };
    // Arguments may hold anything, but a second shell there means that the command is not the whole one.
    before
        .map(str::trim)
        .is_some_and(|before| before.is_empty() || (before.starts_with('|') && !before.contains(" -c")))
}

/// What stands before `/bin/bash -o pipefail -c` at the end of `text`.
fn before_shell(text: &str) -> Option<&str> {
    let mut end = text.len();
    let mut options = 0;
    loop {
        let start = text[..end].rfind(' ').map_or(0, |at| at + 1);
        let word = &text[start..end];
        let base = word.rsplit(['/', '\\']).next().unwrap_or_default();
        let base = base.strip_suffix(".exe").unwrap_or(base);
        if matches!(base, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "cmd" | "powershell" | "pwsh") {
            return (options > 0).then(|| &text[..start]);
        }
        let option =
            word.starts_with('-') || matches!(word, "/S" | "/C" | "/s" | "/c" | "pipefail" | "errexit");
        if !option || start == 0 {
            return None;
        }
        options += 1;
        end = start.saturating_sub(1);
    }
}

/// How well what makes no layer fits: builders differ in quotes, brackets and order, so these are left aside.
fn said(expected: &Expected, keyword: Keyword, text: &str) -> i32 {
    let loose = loosen(text);
    let same = expected.forms.iter().any(|form| {
        let form = Expanded { text: form.text.clone(), gaps: form.gaps.clone() };
        form.can_be(text)
            || (form.gaps.is_empty() && {
                let own = loosen(&form.text);
                own == loose
                    || (matches!(keyword, Keyword::Cmd | Keyword::Entrypoint)
                        && loose
                            .strip_suffix(&own)
                            .is_some_and(|before| is_shell(before, expected.shell.as_deref())))
            })
    });
    if same {
        return 3;
    }
    let named = |name: &String| text.split(' ').any(|word| word.split('=').next() == Some(name));
    match keyword {
        Keyword::Arg if expected.name.as_ref().is_some_and(named) => 2,
        Keyword::Env | Keyword::Label if expected.name.as_ref().is_some_and(named) => 1,
        // `map[8000/tcp:{}]`, `&{["CMD" "true"] "30s" …}`: forms that change with the builder's version.
        Keyword::Expose | Keyword::Healthcheck | Keyword::Volume => 1,
        _ => 0,
    }
}

fn loosen(text: &str) -> String {
    fold(&text.replace(['[', ']', '"', '\'', ',', '\\'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builder_is_taken_apart() {
        let hash = "0a8fba90ee5c999c2dea37931c1b93f28512a07b97139a581b95de40664beeae";
        let digest = |kind: &str, to: &str| Form::Digest { kind: kind.into(), destination: to.into() };
        for (text, keyword, form) in [
            (format!("/bin/sh -c #(nop) COPY file:{hash} in . "), Keyword::Copy, digest("file", ".")),
            (
                format!("/bin/sh -c #(nop) COPY --chown=1:1dir:{hash} in /a b "),
                Keyword::Copy,
                digest("dir", "/a b"),
            ),
            (
                format!("/bin/sh -c #(nop) ADD multi:{hash} in /x |inheritLabels=false"),
                Keyword::Add,
                digest("multi", "/x"),
            ),
            ("COPY --chown=1 a b # buildkit".into(), Keyword::Copy, Form::Text("a b".into())),
            (
                "RUN /bin/sh -c a  &&   b # buildkit".into(),
                Keyword::Run,
                Form::Command("/bin/sh -c a && b".into()),
            ),
            ("|1 A=b /bin/sh -c a".into(), Keyword::Run, Form::Command("|1 A=b /bin/sh -c a".into())),
            ("/bin/sh -c #(nop)  CMD [\"a\"]".into(), Keyword::Cmd, Form::Text("[\"a\"]".into())),
            ("WORKDIR /srv".into(), Keyword::Workdir, Form::Text("/srv".into())),
            ("bazel build //x".into(), Keyword::Run, Form::Command("bazel build //x".into())),
        ] {
            assert_eq!(
                Recorded::parse(&text, false),
                Some(Recorded { keyword, form, empty: false }),
                "{text}"
            );
        }
        for nothing in ["", "  ", "/bin/sh -c #(nop) nothing"] {
            assert_eq!(Recorded::parse(nothing, false), None);
        }
    }

    #[test]
    fn a_command_is_the_whole_command() {
        let run = |command: &str, exec| Expected {
            keyword: Keyword::Run,
            forms: vec![Expanded::known(command)],
            exec,
            shell: None,
            sources: None,
            destination: None,
            name: None,
        };
        let fits =
            |command, exec, text: &str| fit(&run(command, exec), &Recorded::parse(text, false).unwrap()) > 0;
        for (command, exec, text) in [
            ("make", false, "RUN /bin/sh -c make # buildkit"),
            ("make", false, "RUN |2 A=1 B=two words /bin/bash -o pipefail -c make # buildkit"),
            ("make", false, "/bin/sh -c make"),
            ("make", false, "RUN make"),
            ("make", false, "RUN --mount=type=cache,target=/x make"),
            ("make all", true, "RUN |1 A=1 make all # buildkit"),
            ("make all", true, "RUN make all # buildkit"),
        ] {
            assert!(fits(command, exec, text), "{text}");
        }
        for (command, exec, text) in [
            ("make", false, "/bin/sh -c true && make"),
            ("make", false, "|1 A=1 /bin/sh -c sh -c make"),
            ("make", false, "/bin/sh -c cmake"),
            ("make", true, "|1 A=1 /bin/sh -c true && make"),
            ("make", false, "RUN /bin/sh -c make install # buildkit"),
        ] {
            assert!(!fits(command, exec, text), "{text}");
        }
    }
}
