//! Holding signals back on a thread that replaces the program, so that none ends the new run before it handles them.

use nix::sys::signal::{SigSet, Signal};

fn handled() -> SigSet {
    SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM])
}

/// Holds back what this thread, and a program that replaces the process, would be sent. Other threads still take
/// signals.
pub(crate) fn hold_back() {
    // without it there is a moment in which a signal ends the program the usual way
    let _blocked = handled().thread_block();
}

/// Lets through what was held back, also by whichever program started this one.
pub(crate) fn let_through() {
    let _unblocked = handled().thread_unblock();
}
