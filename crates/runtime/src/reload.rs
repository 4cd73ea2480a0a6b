//! Reading the settings again. After SIGHUP, if the new settings can be used, a process ends its roles in order and
//! runs once more with the same arguments: so everything takes effect, and there is one way to start. Settings that
//! can't be used change nothing.

use std::fmt::Display;
use std::os::unix::process::CommandExt;
use std::pin::pin;
use std::process::Command;

use tokio_util::sync::CancellationToken;

/// Waits for a SIGHUP after which the settings can be used; the log says which have changed, or why they can't. One that
/// came since [`crate::catch_signals`] was called counts. `usable` returns the keys of those that have changed.
pub async fn asked<E: Display>(usable: impl Fn() -> Result<Vec<String>, E>) {
    loop {
        crate::shutdown::hangup().await;
        match usable() {
            Ok(changed) if changed.is_empty() => {
                return tracing::info!("no setting has changed: starting again, for secrets and files that have");
            }
            Ok(changed) => {
                let changed = changed.join(", ");
                return tracing::info!(changed, "the settings have changed: starting again with them");
            }
            Err(error) => {
                let error = crate::redact(&format!("{error:#}")).into_owned();
                tracing::error!(error, "the new settings can't be used; those from before stay in effect");
            }
        }
    }
}

/// What a program does once its roles have ended in order and everything is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// It ends.
    Exit,
    /// It starts again.
    Restart,
}

impl Next {
    /// Returns in order to end, and replaces the process by a new run to start again, unless `shutdown` asked for the
    /// end meanwhile. Call it last: nothing of this run is dropped by a restart.
    pub fn act(self, shutdown: &CancellationToken) -> std::io::Result<()> {
        if self == Self::Exit {
            return Ok(());
        }
        crate::telemetry::end();
        // What comes from here on waits for the new run, as no other thread takes it. There it ends the process, in which
        // nothing runs yet, or is a SIGHUP, which has the settings read once more.
        crate::signals::hold_back();
        crate::shutdown::end_at_once_again();
        if shutdown.is_cancelled() { Ok(()) } else { Err(restart()) }
    }
}

/// Runs a role of its own until it ends. The role gets the token that asks it to end; it is asked by `shutdown`, and by
/// a SIGHUP, after which the program is to start again.
pub async fn run<E: Display>(
    shutdown: &CancellationToken,
    usable: impl Fn() -> Result<Vec<String>, E>,
    role: impl AsyncFnOnce(CancellationToken) -> Result<(), E>,
) -> Result<Next, E> {
    let end = shutdown.child_token();
    let mut role = pin!(role(end.clone()));
    tokio::select! {
        ended = &mut role => return ended.map(|()| Next::Exit),
        () = asked(usable) => end.cancel(),
    }
    role.await.map(|()| Next::Restart)
}

/// Replaces this process by a new run of its program with the same arguments. Returns only if that fails.
fn restart() -> std::io::Error {
    let mut arguments = std::env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments);
    let error = command.exec();
    std::io::Error::new(error.kind(), format!("the program could not be started again: {error}"))
}
