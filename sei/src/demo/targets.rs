//! What the invented organization has agreed metrics should be: some of it is missed.

use kernel::TargetBound::AtMost;
use store::Store;
use store::targets::{self, NewTarget};

const HOUR: f64 = 3600.0;
/// A team that every demo has.
const TEAM: Option<&str> = Some("Checkout");

const TARGETS: [NewTarget<'static>; 6] = [
    target(None, "change_lead_time", 60.0 * HOUR, "From the first commit to production within two and a half days."),
    target(None, "change_fail_rate", 0.15, ""),
    target(None, "time_to_first_review", 6.0 * HOUR, "Every change is looked at on the day it is opened."),
    target(TEAM, "change_lead_time", 36.0 * HOUR, "A day and a half: we deploy every day."),
    target(TEAM, "changes_in_progress", 3.0, "What is begun is finished first."),
    target(TEAM, "ci_duration", 0.25 * HOUR, "A quarter of an hour, so that no one waits for it."),
];

const fn target(
    team: Option<&'static str>,
    metric: &'static str,
    value: f64,
    note: &'static str,
) -> NewTarget<'static> {
    NewTarget { team, metric, bound: AtMost, value, note }
}

/// Sets the targets of a store's tenant.
pub(crate) async fn set_targets(store: &Store) -> Result<(), store::StoreError> {
    let mut tx = store.begin().await?;
    for target in TARGETS {
        targets::set(&mut tx, target).await?;
    }
    tx.commit().await
}
