//! The threads that run the futures of a process.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;

/// The stack of each thread, of which only what is used takes memory. An answer of GraphQL nests futures for each level
/// of its query: 16 levels take up to 1.25 MiB in a release build, and without optimization 10 take more than 2 MiB.
const STACK_BYTES: usize = 8 * 1024 * 1024;
/// How long what has a thread of its own may go on when all else has ended.
const LAST: Duration = Duration::from_secs(5);

/// Does the work of a process, on its threads. Of these only the one that calls takes signals.
///
/// # Errors
///
/// The system gives no threads.
pub fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let threads = Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .on_thread_start(crate::signals::hold_back)
        .build()?;
    let done = threads.block_on(work);
    threads.shutdown_timeout(LAST);
    Ok(done)
}
