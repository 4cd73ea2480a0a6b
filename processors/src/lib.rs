//! From the log to the store: read a batch, normalize it, write the facts.
//!
//! Promises: each event has exactly one outcome (stored, ignored or rejected) and is counted once; the facts, dead
//! letters and counts of a batch and the position after it are written in one transaction. Nothing is skipped: what
//! can't be written now is retried, what can never be written is rejected and its bytes are kept. A normalizer that
//! panics affects only the event that it was reading.

mod backoff;
mod backups;
mod batch;
mod consumer;
mod error;
mod normalize;
mod people;
pub mod personal;
mod processor;
mod replay;
mod retention;
mod role;
mod settings;
mod summary;

pub use consumer::CONSUMER;
pub use error::ProcessError;
pub use normalize::Registry;
pub use people::PeopleKeeper;
pub use processor::{Processor, Reading};
pub use replay::{replay, replay_dead_letters};
pub use retention::Retention;
pub use role::ProcessorRole;
pub use settings::{ProcessorSettings, RetentionSettings};
pub use summary::ProcessingSummary;
