//! Progress on standard error, where somebody watches.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Global;
use crate::progress::{Progress, Unwatched};

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum How {
    /// A bar on a terminal, nothing elsewhere.
    Auto,
    /// A line for each layer.
    Plain,
    /// Nothing.
    None,
}

/// What was asked for, as far as standard error can do it.
pub(super) fn watch(global: &Global) -> Box<dyn Progress> {
    match global.progress {
        How::Plain if !global.quiet => Box::new(Lines::default()),
        How::Auto if !global.quiet && can_draw() => Box::new(Bar::new()),
        How::Plain | How::Auto | How::None => Box::new(Unwatched),
    }
}

fn can_draw() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_set("CI") && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}

/// One bar over all layers. It appears only when the reading takes long enough for anybody to wonder.
struct Bar {
    drawn: ProgressBar,
    born: Instant,
    total: AtomicU64,
    started: AtomicUsize,
    done: AtomicUsize,
}

const PATIENCE: Duration = Duration::from_millis(300);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let template = "  {bar:30} {decimal_bytes:>9} of {decimal_total_bytes:9} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self {
            drawn: bar,
            born: Instant::now(),
            total: AtomicU64::new(0),
            started: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        }
    }

    fn say(&self) {
        let (done, started) = (self.done.load(Ordering::Relaxed), self.started.load(Ordering::Relaxed));
        let reading = started.saturating_sub(done);
        self.drawn.set_message(format!("{done} layers read, {reading} being read"));
    }
}

impl Progress for Bar {
    fn layer_started(&self, _index: usize, total: Option<u64>) {
        let total = total.unwrap_or(0);
        self.started.fetch_add(1, Ordering::Relaxed);
        self.drawn.set_length(self.total.fetch_add(total, Ordering::Relaxed) + total);
        self.say();
    }

    fn advanced(&self, _index: usize, bytes: u64) {
        if self.drawn.is_hidden() && self.born.elapsed() > PATIENCE {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.drawn.inc(bytes);
    }

    fn layer_done(&self, _index: usize) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.say();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.drawn.finish_and_clear();
    }
}

/// A line for each layer, for logs.
#[derive(Default)]
struct Lines {
    done: AtomicUsize,
}

impl Progress for Lines {
    fn layer_started(&self, _index: usize, _total: Option<u64>) {}

    fn advanced(&self, _index: usize, _bytes: u64) {}

    fn layer_done(&self, _index: usize) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        // Whether anybody reads it is not the analysis's business.
        let _ = writeln!(std::io::stderr().lock(), "{done} layers read");
    }
}
