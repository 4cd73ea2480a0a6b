//! Which threads take signals: the first one and no other, so that a signal which comes while the program is replaced stays
//! with the process, for the new run. A program that another thread starts would hold them back, too; PostgreSQL sets that
//! itself, and [`taking_signals`] does it for others.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

fn handled() -> SigSet {
    SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM])
}

/// Holds back what this thread, those that it starts, and a program that replaces the process, would be sent.
pub(crate) fn hold_back() {
    // without it there is a moment in which a signal ends the program the usual way
    let _blocked = handled().thread_block();
}

/// Lets through what was held back, also by whichever program started this one.
pub(crate) fn let_through() {
    let _unblocked = handled().thread_unblock();
}

/// Starts a program that takes signals as one that was started by a shell.
pub fn taking_signals<T>(start: impl FnOnce() -> T) -> T {
    let before = handled().thread_swap_mask(SigmaskHow::SIG_UNBLOCK);
    let started = start();
    if let Ok(before) = before {
        let _restored = before.thread_set_mask();
    }
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_back() -> bool {
        let mask = SigSet::thread_get_mask().unwrap();
        handled().iter().all(|signal| mask.contains(signal))
    }

    #[test]
    fn no_thread_but_the_first_takes_signals_and_the_programs_that_it_starts_do() {
        let on_others = async || {
            let task = tokio::spawn(async { (held_back(), taking_signals(held_back), held_back()) });
            (task.await.unwrap(), tokio::task::spawn_blocking(held_back).await.unwrap(), held_back())
        };
        assert_eq!(crate::block_on(on_others()).unwrap(), ((true, false, true), true, false));
    }
}
