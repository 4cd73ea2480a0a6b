//! Connector `github`.

use kernel::{Envelope, Fact, IgnoreReason, NotStored};

use crate::Connector;

/// The connector.
pub struct GitHub;

impl Connector for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn normalise(&self, _: &Envelope) -> Result<Vec<Fact>, NotStored> {
        Err(NotStored::Ignored(IgnoreReason::UnusedEvent))
    }
}
