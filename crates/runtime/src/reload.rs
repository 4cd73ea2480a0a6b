//! Reading the settings again. After SIGHUP, if the new settings can be used, a process ends its roles in order and
//! runs once more with the same arguments: so everything takes effect, and there is one way to start. Settings that
//! can't be used change nothing.

use std::fmt::Display;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// Something waits for SIGHUP.
static AWAITED: AtomicBool = AtomicBool::new(false);

/// Whether SIGHUP reads the settings again.
pub(crate) fn is_awaited() -> bool {
    AWAITED.load(Ordering::Relaxed)
}

/// Waits for a SIGHUP after which the settings can be used; the log says why they can't.
pub async fn asked<E: Display>(usable: impl Fn() -> Result<(), E>) {
    if let Ok(mut hangup) = signal(SignalKind::hangup()) {
        AWAITED.store(true, Ordering::Relaxed);
        while hangup.recv().await.is_some() {
            match usable() {
                Ok(()) => return tracing::info!("the settings have changed: starting again with them"),
                Err(error) => {
                    let error = crate::redact(&format!("{error:#}")).into_owned();
                    tracing::error!(error, "the new settings can't be used; those from before stay in effect");
                }
            }
        }
    }
    std::future::pending::<()>().await;
}

/// Replaces this process by a new run of its program with the same arguments. Returns only if that fails.
#[must_use]
pub fn restart() -> std::io::Error {
    let mut arguments = std::env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments).exec()
}
