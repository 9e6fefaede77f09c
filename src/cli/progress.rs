//! Progress on standard error, where somebody watches.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{DecimalBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Global;
use super::interrupt::{self, Undo};
use crate::progress::{Progress, Unwatched};

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum How {
    /// A bar for each layer on a terminal, nothing elsewhere.
    Auto,
    /// A line every few seconds.
    Plain,
    /// Nothing.
    None,
}

/// What was asked for, as far as standard error can do it.
pub(super) fn watch(global: &Global) -> Box<dyn Progress> {
    match global.progress {
        How::Plain if !global.quiet => Box::new(Lines::new()),
        How::Auto if !global.quiet && can_draw() => Box::new(Bars::new()),
        How::Plain | How::Auto | How::None => Box::new(Unwatched),
    }
}

fn can_draw() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_set("CI") && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}

/// How far all layers are.
#[derive(Default)]
struct Sums {
    started: usize,
    done: usize,
    total: u64,
    read: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bar for each layer that is being read, and one for all. They appear only when the reading takes long enough for
/// anybody to wonder.
struct Bars {
    drawn: MultiProgress,
    all: ProgressBar,
    born: Instant,
    state: Mutex<State>,
    _undo: Undo,
}

#[derive(Default)]
struct State {
    sums: Sums,
    /// The size of each layer that is known of, and its bar while it is read.
    layers: BTreeMap<usize, (u64, Option<ProgressBar>)>,
}

const PATIENCE: Duration = Duration::from_millis(300);

impl Bars {
    fn new() -> Self {
        let drawn = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let all = drawn.add(bar(0));
        let undone = drawn.clone();
        // A failure to clear the screen is nobody's concern when the program ends.
        let undo = interrupt::undo(move || drop(undone.clear()));
        Self { drawn, all, born: Instant::now(), state: Mutex::default(), _undo: undo }
    }

    fn say(&self, sums: &Sums) {
        self.all.set_message(format!("{} of {} layers read", sums.done, sums.started));
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = "  {bar:30} {decimal_bytes:>9} of {decimal_total_bytes:9} {msg}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        Err(_) => bar,
    }
}

impl Progress for Bars {
    fn layer_started(&self, index: usize, total: Option<u64>) {
        let total = total.unwrap_or(0);
        let mut state = lock(&self.state);
        state.sums.started += 1;
        state.sums.total += total;
        state.layers.insert(index, (total, None));
        self.all.set_length(state.sums.total);
        self.say(&state.sums);
    }

    fn advanced(&self, index: usize, bytes: u64) {
        self.all.inc(bytes);
        if self.born.elapsed() < PATIENCE {
            return;
        }
        if self.drawn.is_hidden() {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
        let mut state = lock(&self.state);
        if let Some((total, shown)) = state.layers.get_mut(&index) {
            let shown = shown.get_or_insert_with(|| {
                let bar = self.drawn.insert_before(&self.all, bar(*total));
                bar.set_message(format!("layer of {}", DecimalBytes(*total)));
                bar
            });
            shown.inc(bytes);
        }
    }

    fn layer_done(&self, index: usize) {
        let mut state = lock(&self.state);
        state.sums.done += 1;
        if let Some((_, Some(shown))) = state.layers.remove(&index) {
            shown.finish_and_clear();
            self.drawn.remove(&shown);
        }
        self.say(&state.sums);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.all.finish_and_clear();
        let _ = self.drawn.clear();
    }
}

/// A line every few seconds, for logs.
struct Lines {
    state: Mutex<(Sums, Instant)>,
}

const INTERVAL: Duration = Duration::from_secs(3);

impl Lines {
    fn new() -> Self {
        Self { state: Mutex::new((Sums::default(), Instant::now())) }
    }

    fn tell(sums: &Sums) {
        let (read, total) = (DecimalBytes(sums.read), DecimalBytes(sums.total));
        let Sums { done, started, .. } = sums;
        // Whether anybody reads it is not the analysis's business.
        let _ = writeln!(std::io::stderr().lock(), "{read} of {total}, {done} of {started} layers read");
    }
}

impl Progress for Lines {
    fn layer_started(&self, _index: usize, total: Option<u64>) {
        let sums = &mut lock(&self.state).0;
        sums.started += 1;
        sums.total += total.unwrap_or(0);
    }

    fn advanced(&self, _index: usize, bytes: u64) {
        let (sums, told) = &mut *lock(&self.state);
        sums.read += bytes;
        if told.elapsed() >= INTERVAL {
            *told = Instant::now();
            Self::tell(sums);
        }
    }

    fn layer_done(&self, _index: usize) {
        lock(&self.state).0.done += 1;
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        Self::tell(&lock(&self.state).0);
    }
}
