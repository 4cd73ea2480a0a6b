//! What a source is to the rest of `sei`: a name, a pure normalizer and, where it pushes, a webhook.

use kernel::{Envelope, Fact, NotStored};

use crate::webhook::Webhook;

/// A source of events. A crate and a line in the registry each; its wire types stay in its crate.
pub trait Connector: Send + Sync {
    /// Its name, as in settings, addresses and metric labels.
    fn name(&self) -> &'static str;

    /// Turns one raw event into facts. Pure: the same bytes give the same facts, whether they were
    /// pushed, pulled or replayed. Total: whatever the bytes, it returns.
    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored>;

    /// Its webhook side, if it pushes.
    fn webhook(&self) -> Option<&dyn Webhook> {
        None
    }
}
