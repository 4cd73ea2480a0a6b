//! The threads that run the futures of a process.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// The stack of each thread, of which only what is used takes memory. An answer of GraphQL nests futures for each level
/// of its query: 16 levels take up to 1.25 MiB in a release build, and without optimization 10 take more than 2 MiB.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Starts the threads of a process.
///
/// # Errors
///
/// The system gives no threads.
pub fn threads() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()
}
