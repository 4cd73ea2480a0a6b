//! What a computation is asked to do, and what it did.

use std::time::Duration;

use serde::Serialize;

/// Which services are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those with new facts. The rows are the same as after [`Scope::All`].
    Stale,
}

/// What a computation did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ComputationSummary {
    /// Services computed.
    pub services: u64,
    /// Their production deployments.
    pub deployments: u64,
    /// The changes, and commits outside of changes, that these carried.
    pub changes: u64,
    /// The commits that were read.
    pub commits: u64,
    /// Data-quality findings.
    pub findings: u64,
    /// Rows written because they are new or differ.
    pub written: u64,
    /// Rows deleted because nothing gives them any more.
    pub deleted: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl std::ops::AddAssign for ComputationSummary {
    fn add_assign(&mut self, other: Self) {
        self.services += other.services;
        self.deployments += other.deployments;
        self.changes += other.changes;
        self.commits += other.commits;
        self.findings += other.findings;
        self.written += other.written;
        self.deleted += other.deleted;
        self.elapsed += other.elapsed;
    }
}
