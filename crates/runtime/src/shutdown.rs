//! How a process is told to end: the first SIGINT or SIGTERM asks, a second one forces.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGINT (Ctrl-C) or SIGTERM. Roles watch it and shut down in
/// order. A second signal ends the process at once, with exit code 130: nothing that was acknowledged
/// is lost by that, since every write is one transaction. Call once, in a tokio runtime.
#[must_use]
pub fn shutdown() -> CancellationToken {
    let token = CancellationToken::new();
    // Before anything else, so that a signal right after the start is not missed. A process that cannot
    // listen to signals is ended by them the usual way.
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return token;
    };
    let asked = token.clone();
    tokio::spawn(async move {
        next(&mut interrupt, &mut terminate).await;
        tracing::info!("shutting down; once more forces it");
        asked.cancel();
        next(&mut interrupt, &mut terminate).await;
        std::process::exit(130);
    });
    token
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
