//! Holding signals back while a program replaces itself, so that none ends it before it handles them.

use nix::sys::signal::{SigSet, Signal};

fn handled() -> SigSet {
    SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM])
}

/// Holds back what this thread, and a program that replaces the process, would be sent.
pub(crate) fn hold_back() {
    // without it there is a moment in which a signal ends the program the usual way
    let _blocked = handled().thread_block();
}

/// Lets through what was held back, also by whichever program started this one.
pub(crate) fn let_through() {
    let _unblocked = handled().thread_unblock();
}
