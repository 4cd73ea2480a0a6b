//! From the log to the store: read a batch, normalize it, write what it became.
//!
//! Promises: each event of the log ends exactly once, as stored, ignored or rejected, and is counted so;
//! the facts, rejects and counts of a batch and the position after it move in one transaction. Nothing is
//! skipped: what can't be written now is tried again, what can never be written is rejected with its
//! bytes. A normalizer that breaks off harms only the event that it broke off on.

mod backoff;
mod batch;
mod consumer;
mod error;
mod normalize;
mod processor;
mod replay;
mod role;
mod settings;
mod summary;

pub use consumer::CONSUMER;
pub use error::ProcessError;
pub use normalize::Registry;
pub use processor::{Processor, Reading, RejectRetention};
pub use replay::{replay, replay_rejects};
pub use role::ProcessorRole;
pub use settings::ProcessorSettings;
pub use summary::Summary;
