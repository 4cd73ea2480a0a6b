//! What goes wrong with a server, by request of a test.

use std::sync::Arc;

/// How a request fails.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// With this status, and `Retry-After` in seconds; nothing is done.
    Status(u16, Option<u64>),
    /// It is done, and the answer is lost on the way: 502.
    Lost,
    /// It is never answered.
    Silent,
}

/// A failure of the next requests of some endpoints.
#[derive(Clone)]
pub(super) struct Fault {
    pub(super) fails: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    pub(super) times: usize,
    pub(super) failure: Failure,
}
