//! Ctrl-C, and being told to stop otherwise: what is half done is undone, then the program ends as the signal says.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

type Undoing = Box<dyn Fn() + Send>;

static UNDOINGS: Mutex<BTreeMap<u64, Undoing>> = Mutex::new(BTreeMap::new());

/// Something to undo if the program is told to stop. Dropping it says that there is nothing to undo any more.
pub(super) struct Undo(u64);

/// Has `undoing` done if the program is told to stop while what is returned lives.
pub(super) fn undo(undoing: impl Fn() + Send + 'static) -> Undo {
    listen();
    let mut undoings = undoings();
    let number = undoings.last_key_value().map_or(0, |(last, _)| last + 1);
    undoings.insert(number, Box::new(undoing));
    Undo(number)
}

impl Drop for Undo {
    fn drop(&mut self) {
        undoings().remove(&self.0);
    }
}

fn undoings() -> MutexGuard<'static, BTreeMap<u64, Undoing>> {
    UNDOINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Where signals cannot be heard they end the program at once, as ever.
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                undoings().values().for_each(|undoing| undoing());
                let _ = emulate_default_handler(signal);
            }
        });
    });
}
