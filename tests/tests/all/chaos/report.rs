//! What a run came to: a table, and what it has to be.

use std::collections::BTreeMap;
use std::time::Duration;

use eventlog::settings::LogKind;

use super::outcome::Rows;
use super::plan::Fault;

/// How many rows that differ are shown.
const SHOWN: usize = 10;

/// How long after a fault an event had its effect that was sent when it was over.
pub(super) struct Recovery {
    pub(super) fault: Fault,
    pub(super) nth: usize,
    pub(super) took: Duration,
}

pub(super) struct Report {
    pub(super) kind: LogKind,
    pub(super) seed: u64,
    pub(super) recoveries: Vec<Recovery>,
    pub(super) attempts: usize,
    pub(super) acknowledged: usize,
    /// Events in the log, and the outcomes that were counted.
    pub(super) logged: i64,
    pub(super) counted: i64,
    pub(super) commits: usize,
    /// How often a process ended that was not made to.
    pub(super) ended_by_themselves: usize,
}

impl Report {
    pub(super) fn print(&self, rows: &Rows, expected: &Rows) {
        println!("\n{:?} log, seed {}", self.kind, self.seed);
        println!("{:<28}{:>8}{:>18}{:>18}", "fault", "times", "median recovery", "slowest recovery");
        let mut by_kind: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
        for recovery in &self.recoveries {
            by_kind.entry(recovery.fault.kind()).or_default().push(recovery.took);
        }
        for (kind, mut took) in by_kind {
            took.sort_unstable();
            let seconds = |nth: usize| format!("{:.1} s", took[nth].as_secs_f64());
            println!("{kind:<28}{:>8}{:>18}{:>18}", took.len(), seconds(took.len() / 2), seconds(took.len() - 1));
        }
        let slowest = self.slowest();
        println!("slowest: fault {}, {:?}, {:.1} s", slowest.nth, slowest.fault, slowest.took.as_secs_f64());
        println!("requests sent {}, acknowledged {}", self.attempts, self.acknowledged);
        println!(
            "events logged {}, outcomes counted {}, commits collected {}",
            self.logged, self.counted, self.commits
        );
        println!("processes that ended by themselves {}", self.ended_by_themselves);
        let (lost, doubled) = (expected.beyond(rows).len(), rows.beyond(expected).len());
        println!("rows {}, of a calm run {}, missing {lost}, not of it {doubled}", rows.len(), expected.len());
    }

    fn slowest(&self) -> &Recovery {
        self.recoveries.iter().max_by_key(|recovery| recovery.took).unwrap()
    }

    /// Panics unless nothing was lost or doubled.
    pub(super) fn check(&self, rows: &Rows, expected: &Rows) {
        let shown = |rows: Vec<&str>| rows.into_iter().take(SHOWN).collect::<Vec<_>>().join("\n");
        let (missing, beyond) = (expected.beyond(rows), rows.beyond(expected));
        assert!(missing.is_empty(), "seed {}: rows are missing:\n{}", self.seed, shown(missing));
        assert!(beyond.is_empty(), "seed {}: rows are not those of a calm run:\n{}", self.seed, shown(beyond));
        assert_eq!(self.counted, self.logged, "seed {}: each event of the log has one outcome", self.seed);
        if let Ok(limit) = std::env::var("SEI_CHAOS_RECOVERY_SECONDS") {
            let limit = Duration::from_secs(limit.parse().unwrap());
            let Recovery { fault, nth, took } = self.slowest();
            assert!(*took <= limit, "seed {}: fault {nth}, {fault:?}, took {took:?} of {limit:?}", self.seed);
        }
    }
}
