//! How far a long collection or a backup has come: a bar on a terminal if it takes over two seconds, a line in the
//! log now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pull::progress::Progress;

/// What takes less time than this needs no bar.
const SHOWN_AFTER: Duration = Duration::from_secs(2);
/// How often the log hears of it where there is no terminal.
const LINE: Duration = Duration::from_secs(10);

/// Shows progress on the terminal.
pub(crate) struct Shown {
    what: String,
    terminal: bool,
    start: Instant,
    state: Mutex<State>,
}

struct State {
    bar: ProgressBar,
    visible: bool,
    stage: &'static str,
    line: Instant,
    /// Whether the units are bytes.
    is_of_bytes: bool,
}

impl State {
    /// A bar with rate and estimate where the end is known.
    fn style(&mut self) {
        let template = match (self.bar.length().is_some(), self.is_of_bytes) {
            (true, false) => "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}",
            (false, false) => "{spinner} {msg} {pos} {per_sec}",
            (true, true) => "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
            (false, true) => "{spinner} {msg} {decimal_bytes} {decimal_bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}

impl Shown {
    /// For something that is called so.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self::of(what.into(), false)
    }

    /// The same where the units are bytes.
    pub(crate) fn of_bytes(what: impl Into<String>) -> Self {
        Self::of(what.into(), true)
    }

    fn of(what: String, is_of_bytes: bool) -> Self {
        let now = Instant::now();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            what,
            terminal: std::io::stderr().is_terminal(),
            start: now,
            state: Mutex::new(State { bar, visible: false, stage: "", line: now, is_of_bytes }),
        }
    }
}

impl Progress for Shown {
    fn stage(&self, name: &'static str, total: Option<u64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.stage = name;
        state.bar.reset();
        match total {
            Some(total) => state.bar.set_length(total),
            None => state.bar.unset_length(),
        }
        state.bar.set_message(format!("{}: {name}", self.what));
        state.style();
    }

    fn expect(&self, units: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.bar.length().unwrap_or_default();
        state.bar.set_length(known + units);
        state.style();
    }

    fn advance(&self, units: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bar.inc(units);
        if self.terminal && !state.visible && self.start.elapsed() > SHOWN_AFTER {
            state.visible = true;
            state.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if !self.terminal && state.line.elapsed() > LINE {
            state.line = Instant::now();
            let (done, of, per_second) = (state.bar.position(), state.bar.length(), state.bar.per_sec());
            tracing::info!(source.name = self.what, stage = state.stage, done, of, per_second, "collecting");
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bar.finish_and_clear();
    }
}
