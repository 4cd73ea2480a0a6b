//! How a process is asked to end: the first SIGINT or SIGTERM asks, a second one forces. SIGHUP asks for a reload.
//! A thread of its own takes signals from the first line of `main` on, so that none ends a process that is starting.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, Once, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Signals this soon after the first are the same request: `timeout` and some supervisors signal the process and then
/// its group, in which it is too.
const SAME_REQUEST: Duration = Duration::from_millis(250);

/// What is done before a forced end.
static BEFORE_FORCED_END: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Canceled by the first request to end.
static SHUTDOWN: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

/// A SIGHUP that nothing has acted on yet: one that comes during the start is kept.
static HANGUP: Notify = Notify::const_new();

/// SIGINT and SIGTERM end the process the usual way, at once: nothing runs that has to end in order.
static ENDS_AT_ONCE: AtomicBool = AtomicBool::new(true);

/// What takes signals, while anything does.
static TAKING: Mutex<Option<(Handle, JoinHandle<()>)>> = Mutex::new(None);

/// Takes SIGINT, SIGTERM and SIGHUP from here on: call it in the first line of `main`, before there are other threads.
/// SIGINT and SIGTERM end the process the usual way until [`shutdown`] is called; SIGHUP is kept for it.
pub fn catch_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // One that came between the two steps in which a handler is registered would be dropped: the system calls the
        // handler already, which finds nothing that it should do.
        crate::signals::hold_back();
        // a process that can't take signals is ended by them the usual way
        if let Ok(taking) = take_signals() {
            *TAKING.lock().unwrap_or_else(PoisonError::into_inner) = Some(taking);
        }
        crate::signals::let_through();
    });
}

fn take_signals() -> io::Result<(Handle, JoinHandle<()>)> {
    for signal in [SIGINT, SIGTERM] {
        // before the thread hears of it
        register_conditional_default(signal, &ENDS_AT_ONCE)?;
    }
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let handle = signals.handle();
    Ok((handle, thread::Builder::new().name("signals".to_owned()).spawn(|| act_on_all(signals))?))
}

/// A token that is canceled by the first SIGINT (Ctrl-C) or SIGTERM. Roles watch it and shut down in order. A second
/// signal, a moment later, ends the process at once, with exit code 130: nothing that was acknowledged is lost by that,
/// since every write is one transaction. SIGHUP ends nothing, it asks for a reload.
#[must_use]
pub fn shutdown() -> CancellationToken {
    catch_signals();
    let taking = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    // where nothing takes signals, they end the process the usual way
    ENDS_AT_ONCE.store(taking.is_none(), Ordering::SeqCst);
    SHUTDOWN.clone()
}

/// Notes a SIGHUP.
pub(crate) fn hang_up() {
    HANGUP.notify_one();
}

/// Waits for a SIGHUP. One that came since [`catch_signals`] was called counts.
pub(crate) async fn hangup() {
    HANGUP.notified().await;
}

/// From here on SIGINT and SIGTERM end the process the usual way again, and SIGHUP does nothing. All that came before
/// was acted on when this returns.
pub(crate) fn end_at_once_again() {
    let taking = {
        let mut taking = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
        ENDS_AT_ONCE.store(true, Ordering::SeqCst);
        taking.take()
    };
    if let Some((handle, thread)) = taking {
        handle.close();
        // one that panicked has nothing more to act on
        let _ended = thread.join();
    }
}

/// Does something, which must not take long, before a second signal ends the process: for what the process
/// has started and would leave behind.
pub fn before_forced_end(work: fn()) {
    let mut all = BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.iter().any(|known| std::ptr::fn_addr_eq(*known, work)) {
        all.push(work);
    }
}

/// Acts on each signal until it is asked to end, then on those that have come by then.
fn act_on_all(mut signals: Signals) {
    let mut asked_at: Option<Instant> = None;
    for signal in signals.forever() {
        act_on(signal, &mut asked_at);
    }
    for signal in signals.pending() {
        act_on(signal, &mut asked_at);
    }
}

fn act_on(signal: i32, asked_at: &mut Option<Instant>) {
    match asked_at {
        _ if signal == SIGHUP => hang_up(),
        None => {
            // A log that is not read holds up who writes it, and this thread has to take the next signal.
            let log = || tracing::info!("shutting down; once more forces it");
            let _logging = thread::Builder::new().name("shutdown".to_owned()).spawn(log);
            SHUTDOWN.cancel();
            *asked_at = Some(Instant::now());
        }
        Some(asked_at) if asked_at.elapsed() >= SAME_REQUEST => force_end(),
        Some(_) => {}
    }
}

fn force_end() -> ! {
    for before in BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        before();
    }
    std::process::exit(130)
}
