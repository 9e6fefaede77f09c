//! How the program ends.

use std::io::Write;
use std::process::ExitCode;

use anstyle::AnsiColor;

use crate::error::{Error, ErrorKind, Result};

/// How a command ended that could give its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// A check failed; the output says which.
    Failed,
}

/// The exit code of an outcome; an error is told on standard error.
pub(super) fn code(outcome: Result<Outcome>) -> ExitCode {
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(error) => {
            tell(&error);
            ExitCode::from(code_of(error.kind))
        }
    }
}

/// Every kind of trouble that keeps an answer from being given is 2, so that 1 always means that a check failed. The
/// match is exhaustive so that a new kind is a decision.
fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage
        | ErrorKind::Config
        | ErrorKind::Input
        | ErrorKind::Network
        | ErrorKind::Limit
        | ErrorKind::Output => 2,
    }
}

/// `error: …`, and what to do about it on a line of its own.
fn tell(error: &Error) {
    let mut stderr = anstream::stderr().lock();
    let [red, green] = [AnsiColor::Red.on_default().bold(), AnsiColor::Green.on_default()];
    // Where even standard error is closed, the exit code still speaks.
    let _ = writeln!(stderr, "{red}error:{red:#} {error}");
    if let Some(hint) = &error.hint {
        let _ = writeln!(stderr, "  {green}hint:{green:#} {hint}");
    }
}
