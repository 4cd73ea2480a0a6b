//! Who the processors are to the log and the store.

/// The name under which the store keeps the processor's positions.
pub const CONSUMER: &str = "processor";
