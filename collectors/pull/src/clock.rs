//! How far the clock of a source is from ours: which rows are new is asked by its clock.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

/// What the last answer of a source stated. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceClock(Arc<Mutex<Option<TimeDelta>>>);

impl SourceClock {
    /// Notes when an answer was sent, by the clock of who sent it.
    pub(crate) fn note(&self, sent_at: DateTime<Utc>) {
        *runtime::locked(&self.0) = Some(sent_at - Utc::now());
    }

    /// How far it is ahead of ours.
    pub(crate) fn ahead_by(&self) -> Option<TimeDelta> {
        *runtime::locked(&self.0)
    }
}
