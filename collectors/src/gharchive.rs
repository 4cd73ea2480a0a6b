//! Connector `gharchive`.

use kernel::{Envelope, Fact, IgnoreReason, NotStored};

use crate::Connector;

/// The connector.
pub struct GhArchive;

impl Connector for GhArchive {
    fn name(&self) -> &'static str {
        "gharchive"
    }

    fn normalise(&self, _: &Envelope) -> Result<Vec<Fact>, NotStored> {
        Err(NotStored::Ignored(IgnoreReason::UnusedEvent))
    }
}
