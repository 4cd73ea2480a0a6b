//! The event log's contract, the same for both logs, and what only Kafka can do wrong.

mod contract;
mod kafka;
mod parts;
