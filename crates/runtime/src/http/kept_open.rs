//! A connection that a handler goes on with after its answer: a stream, or a connection that was upgraded to another
//! protocol. Its handler learns when the server ends, and the server waits for it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connections::{Connection, ConnectionSlot};

/// The connection of a request, among its extensions. It has its place among the open ones until the last of these is
/// dropped. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeptOpen(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slot: ConnectionSlot,
    ending: CancellationToken,
    tasks: TaskTracker,
}

/// A connection that was upgraded: the server does not close it for another, and waits for its end until this is dropped.
#[derive(Debug)]
pub struct Upgraded {
    kept_open: KeptOpen,
    _task: TaskTrackerToken,
}

impl KeptOpen {
    pub(super) fn new(slot: ConnectionSlot, ending: CancellationToken, tasks: TaskTracker) -> Self {
        Self(Arc::new(Inner { slot, ending, tasks }))
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.0.slot.connection
    }

    /// Returns once the server has been asked to end: what goes on has a moment to say goodbye.
    pub async fn ending(&self) {
        self.0.ending.cancelled().await;
    }

    /// Goes on with the connection after it was upgraded.
    #[must_use]
    pub fn upgraded(&self) -> Upgraded {
        self.connection().stream_began();
        Upgraded { _task: self.0.tasks.token(), kept_open: self.clone() }
    }
}

impl Upgraded {
    /// Returns once the server has been asked to end.
    pub async fn ending(&self) {
        self.kept_open.ending().await;
    }
}

impl Drop for Upgraded {
    fn drop(&mut self) {
        self.kept_open.connection().stream_ended();
    }
}
