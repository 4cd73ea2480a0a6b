//! A span of time that is asked about.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The time that an answer is about: `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Window {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}
