//! From a page of history to facts: pure.

use kernel::{Envelope, Fact, IgnoreReason, NotStored};

use crate::Connector;

/// The connector.
pub struct Git;

impl Connector for Git {
    fn name(&self) -> &'static str {
        "git"
    }

    fn normalise(&self, _: &Envelope) -> Result<Vec<Fact>, NotStored> {
        Err(NotStored::Ignored(IgnoreReason::UnusedEvent))
    }
}
