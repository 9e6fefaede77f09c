//! The `plimsoll` program. Everything it does is in the library; here it only starts and ends.

use std::process::ExitCode;

fn main() -> ExitCode {
    plimsoll::cli::run()
}
