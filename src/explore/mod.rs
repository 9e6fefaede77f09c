//! The terminal explorer: layers, owners and findings to the left, the tree of what is selected to the right.
//!
//! Sums of a selection are one pass over columns, and only directories that are open are looked into, so half a million
//! entries answer at once.

mod draw;
mod keys;
mod model;
mod state;

use std::io;

use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;

use crate::view::Report;

pub use state::State;

/// Shows the report until the user has seen enough. The terminal is as it was afterwards, also after an error.
pub fn run(report: &Report) -> io::Result<()> {
    let mut state = State::new(report);
    let mut terminal = ratatui::try_init()?;
    // Without a mouse it works as well.
    let _ = execute!(io::stdout(), EnableMouseCapture);
    let outcome = (|| {
        while !state.done {
            terminal.draw(|frame| draw::draw(frame, &mut state))?;
            keys::on(&event::read()?, &mut state);
        }
        Ok(())
    })();
    let _ = execute!(io::stdout(), DisableMouseCapture);
    ratatui::try_restore()?;
    outcome
}
