//! Locks that outlast a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a lock guards, also after a panic of a thread that held it: for what no thread leaves half-changed.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
