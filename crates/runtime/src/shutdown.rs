//! How a process is asked to end: the first SIGINT or SIGTERM asks, a second one forces. SIGHUP asks for a reload.
//! A thread of its own takes signals from the first line of `main` on, so that none ends a process that is starting.

use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio_util::sync::CancellationToken;

/// Signals this soon after the first are the same request: `timeout` and some supervisors signal the process and then
/// its group, in which it is too.
const SAME_REQUEST: Duration = Duration::from_millis(250);

/// What is done before a forced end.
static BEFORE_FORCED_END: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Canceled by the first request to end; not there before anything is running that has to end in order.
static SHUTDOWN: OnceLock<CancellationToken> = OnceLock::new();

/// Takes SIGINT, SIGTERM and SIGHUP from here on: call it in the first line of `main`, before there are other threads.
/// SIGINT and SIGTERM end the process the usual way until [`shutdown`] is called; SIGHUP is kept for it.
pub fn catch_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // a process that can't take signals is ended by them the usual way
        if let Ok(signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            thread::spawn(|| act_on(signals));
        }
        crate::signals::let_through();
    });
}

/// A token that is canceled by the first SIGINT (Ctrl-C) or SIGTERM. Roles watch it and shut down in order. A second
/// signal, a moment later, ends the process at once, with exit code 130: nothing that was acknowledged is lost by that,
/// since every write is one transaction. SIGHUP ends nothing, it asks for a reload.
#[must_use]
pub fn shutdown() -> CancellationToken {
    catch_signals();
    SHUTDOWN.get_or_init(CancellationToken::new).clone()
}

/// Does something, which must not take long, before a second signal ends the process: for what the process
/// has started and would leave behind.
pub fn before_forced_end(work: fn()) {
    let mut all = BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.iter().any(|known| std::ptr::fn_addr_eq(*known, work)) {
        all.push(work);
    }
}

fn act_on(mut signals: Signals) {
    let mut asked_at: Option<Instant> = None;
    for signal in signals.forever() {
        match (signal, SHUTDOWN.get(), asked_at) {
            (SIGHUP, _, _) => crate::reload::ask(),
            (_, None, _) => {
                // returns only if it fails, and then there is nothing else to try
                let _failed = emulate_default_handler(signal);
            }
            (_, Some(shutdown), None) => {
                tracing::info!("shutting down; once more forces it");
                shutdown.cancel();
                asked_at = Some(Instant::now());
            }
            (_, Some(_), Some(asked_at)) => {
                if asked_at.elapsed() >= SAME_REQUEST {
                    force_end();
                }
            }
        }
    }
}

fn force_end() -> ! {
    for before in BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        before();
    }
    std::process::exit(130)
}
