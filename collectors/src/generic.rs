//! Connector `generic`.

use kernel::{Envelope, Fact, IgnoreReason, NotStored};

use crate::Connector;

/// The connector.
pub struct Generic;

impl Connector for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn normalise(&self, _: &Envelope) -> Result<Vec<Fact>, NotStored> {
        Err(NotStored::Ignored(IgnoreReason::UnusedEvent))
    }
}
