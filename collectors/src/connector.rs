//! What a source is to the rest of `sei`: a name, a pure normaliser and, where it pushes, a webhook.

use kernel::{Envelope, Fact, NotStored};

use crate::pull::Pull;
use crate::webhook::Webhook;

/// A source of events. One file and one line in [`crate::registry`] each; its wire types stay in its file.
pub trait Connector: Send + Sync {
    /// Its name, as in settings, addresses and metric labels.
    fn name(&self) -> &'static str;

    /// Turns one raw event into facts. Pure: the same bytes give the same facts, whether they were
    /// pushed, pulled or replayed. Total: whatever the bytes, it returns.
    fn normalise(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored>;

    /// Its webhook side, if it pushes.
    fn webhook(&self) -> Option<&dyn Webhook> {
        None
    }

    /// Its pull side, if it can be asked.
    fn pull(&self) -> Option<&dyn Pull> {
        None
    }
}
