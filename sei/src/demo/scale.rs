//! What a demo follows from: its seed, its end and how large it is.

use chrono::{DateTime, Utc};

/// The tenant of demo data.
pub(crate) const TENANT: &str = "demo";

/// How large the organization is. Numbers are what comes out on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Teams, at least one. They belong to two departments.
    pub teams: usize,
    /// Services, each with a repository of its own, at least one.
    pub services: usize,
    /// Days of history.
    pub days: u32,
    /// Merged changes, over all services and days.
    pub changes: u32,
    /// Commits of a change, beside its merge commit.
    pub commits_per_change: f64,
    /// Deployments to production, over all services and days.
    pub deployments: u32,
    /// The share of failed deployments that have an incident.
    pub incidents: f64,
    /// Reviews, CI runs, work items and deployments to staging come too.
    pub surroundings: bool,
}

impl Default for Scale {
    /// A company of 6 teams and 14 services in its last year.
    fn default() -> Self {
        Self {
            teams: 6,
            services: 14,
            days: 365,
            changes: 12_000,
            commits_per_change: 2.5,
            deployments: 4_000,
            incidents: 0.75,
            surroundings: true,
        }
    }
}

impl Scale {
    /// For benchmarks: about this number of commits and deployments, and nothing beside them, in 20 services
    /// over two years.
    #[must_use]
    pub fn benchmark(commits: u32, deployments: u32) -> Self {
        Self {
            teams: 8,
            services: 20,
            days: 730,
            // two commits a change, and its merge commit (half of the services squash instead)
            changes: commits / 3,
            commits_per_change: 2.0,
            deployments,
            incidents: 0.75,
            surroundings: false,
        }
    }

    /// For benchmarks of the engine: at 100 % 500 services over five years with a million changes, five million
    /// commits, a hundred thousand deployments to production and ten thousand incidents.
    #[must_use]
    pub fn large(percent: u32) -> Self {
        let of = |count: u32| u32::try_from(u64::from(count) * u64::from(percent) / 100).unwrap_or(u32::MAX);
        Self {
            teams: 50,
            // at least one, also of a hundredth
            services: of(500).max(1) as usize,
            days: 1_825,
            changes: of(1_000_000),
            commits_per_change: 4.3,
            deployments: of(100_000),
            incidents: 1.0,
            surroundings: false,
        }
    }
}

/// An invented organization: what it is like follows from these alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Demo {
    /// What chance decides, it decides by this.
    pub seed: u64,
    /// Where its history ends.
    pub end: DateTime<Utc>,
    /// How large it is.
    pub scale: Scale,
}
