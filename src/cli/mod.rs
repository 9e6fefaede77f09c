//! The command line: arguments in, a report out. The only part of the program that prints, that writes files, and that
//! knows of terminals.

mod advise;
mod analyze;
mod audit;
mod audit_files;
mod bases;
mod cache;
mod check;
mod compare;
mod config;
mod effective;
mod exit;
mod explore;
mod init;
mod interrupt;
mod load;
mod measure;
mod output;
mod platforms;
mod plugin;
mod progress;
mod rules;
mod rules_dir;
mod screen;
mod shell;
mod sources;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  plimsoll analyze app:1.2
  docker save app | plimsoll analyze -
  plimsoll analyze app.tar
  plimsoll analyze oci-dir:build/out --platform arm64
  plimsoll analyze app.tar -o table -o json=size.json
  plimsoll platforms multi.tar
  plimsoll rules copied-wheels

An IMAGE is an archive of docker save (of any vintage), an OCI layout as
archive or directory, compressed or not, or - for an archive on standard input;
else a name, which a daemon is asked for and then a registry. docker-archive:,
oci-archive:, oci-dir:, docker:, podman:, registry: and rootfs:DIR before it
force a kind; :name:tag after an archive chooses one of several images.

Exit codes: 0 fine; 1 a check failed; 2 no answer could be given.";

/// Weighs container images: every byte of every layer, its owner, and what could go.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, arg_required_else_help = true, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(Debug, Subcommand)]
enum Command {
    Analyze(analyze::Analyze),
    Advise(advise::Advise),
    Bases(bases::Bases),
    Compare(compare::Compare),
    Check(check::Check),
    Explore(explore::Explore),
    Init(init::Init),
    Config(effective::Effective),
    Audit(audit::Audit),
    Platforms(platforms::Platforms),
    Cache(cache::Cache),
    Rules(rules::Rules),
    Completions(shell::Completions),
    #[command(hide = true)]
    Man(shell::Man),
}

/// What every command understands.
#[derive(Debug, Args)]
struct Global {
    /// When to colour; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Screen")]
    color: When,
    /// The units of bytes on the screen: powers of 1000, powers of 1024, or every digit
    #[arg(long, global = true, value_name = "UNITS", default_value = "si", help_heading = "Screen")]
    units: Units,
    /// Say nothing but the report and errors
    #[arg(short, long, global = true, help_heading = "Screen")]
    quiet: bool,
    /// How to show progress on standard error; auto shows a bar on a terminal and nothing elsewhere
    #[arg(long, global = true, value_name = "HOW", default_value = "auto", help_heading = "Screen")]
    progress: progress::How,
    #[command(flatten)]
    sources: sources::Sources,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Units {
    Si,
    Iec,
    Bytes,
}

/// Runs the program and says how it ended.
pub fn run() -> ExitCode {
    let arguments = plugin::arguments(std::env::args_os());
    if let Some(answered) = plugin::answer(&arguments) {
        return exit::code(answered.map(|()| exit::Outcome::Fine));
    }
    let Cli { command, global } = Cli::parse_from(arguments);
    // What is kept of layers may be half written when the program is told to stop.
    let _undo = global.sources.cache().map(|cache| interrupt::undo(move || cache.abandon()));
    screen::choose_colour(global.color);
    exit::code(match command {
        Command::Analyze(command) => command.run(&global),
        Command::Advise(command) => command.run(&global),
        Command::Bases(command) => command.run(&global),
        Command::Compare(command) => command.run(&global),
        Command::Check(command) => command.run(&global),
        Command::Explore(command) => command.run(&global),
        Command::Config(command) => command.run(&global),
        Command::Init(command) => command.run(&global),
        Command::Audit(command) => command.run(&global),
        Command::Platforms(command) => command.run(&global),
        Command::Cache(command) => command.run(&global),
        Command::Rules(command) => command.run(&global),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    })
}
