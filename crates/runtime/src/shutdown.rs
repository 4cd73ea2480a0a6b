//! How a process is asked to end: the first SIGINT or SIGTERM asks, a second one forces.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Signals this soon after the first are the same request: `timeout` and some supervisors signal the process and then
/// its group, in which it is too.
const SAME_REQUEST: Duration = Duration::from_millis(250);

/// What is done before a forced end.
static BEFORE_FORCED_END: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// A token that is cancelled by the first SIGINT (Ctrl-C) or SIGTERM. Roles watch it and shut down in
/// order. A second signal, a moment later, ends the process at once, with exit code 130: nothing that was acknowledged
/// is lost by that, since every write is one transaction. SIGHUP ends nothing, it asks for a reload. Call once, in a
/// tokio runtime, before others can find this process.
#[must_use]
pub fn shutdown() -> CancellationToken {
    let token = CancellationToken::new();
    // Before anything else, so that a signal right after the start is not missed. A process that cannot
    // listen to signals is ended by them the usual way.
    let listening = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = listening else { return token };
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            crate::reload::ask();
        }
    });
    let asked = token.clone();
    tokio::spawn(async move {
        next(&mut interrupt, &mut terminate).await;
        tracing::info!("shutting down; once more forces it");
        asked.cancel();
        let same_until = Instant::now() + SAME_REQUEST;
        loop {
            next(&mut interrupt, &mut terminate).await;
            if Instant::now() >= same_until {
                break;
            }
        }
        for before in BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            before();
        }
        std::process::exit(130);
    });
    token
}

/// Does something, which must not take long, before a second signal ends the process: for what the process
/// has started and would leave behind.
pub fn before_forced_end(work: fn()) {
    let mut all = BEFORE_FORCED_END.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.iter().any(|known| std::ptr::fn_addr_eq(*known, work)) {
        all.push(work);
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
