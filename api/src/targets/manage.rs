//! Targets as the API and the command line change them.

use serde_json::{Value, json};
use store::audit::{self, Action};
use store::targets::{self, NewTarget, TargetRow};
use store::{Store, StoreTx};

use super::agreed::TARGETS_MAX;
use crate::changer::Changer;
use crate::problem::Problem;

/// Sets a target of the store's tenant, in place of the one before. Fails where the tenant has as many as it may have.
pub async fn set(store: &Store, by: &Changer, target: NewTarget<'_>) -> Result<TargetRow, Problem> {
    let mut tx = store.begin().await?;
    targets::hold(&mut tx).await?;
    let before = targets::locked(&mut tx, target.team, target.metric).await?;
    if before.is_none() {
        check_room(&mut tx).await?;
    }
    let after = targets::set(&mut tx, target).await?;
    let entry = by.entry(store.tenant(), Action::TargetSet, &subject(target.team, target.metric));
    let detail = json!({ "before": before.as_ref().map(detail), "after": detail(&after) });
    audit::record(&mut tx, &entry.with(detail)).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes the target of a team, or without one of the organization.
pub async fn remove(store: &Store, by: &Changer, team: Option<&str>, metric: &str) -> Result<(), Problem> {
    let mut tx = store.begin().await?;
    let Some(before) = targets::remove(&mut tx, team, metric).await? else {
        return Err(Problem::not_found("target", &subject(team, metric)));
    };
    let entry = by.entry(store.tenant(), Action::TargetRemoved, &subject(team, metric));
    audit::record(&mut tx, &entry.with(json!({ "before": detail(&before) }))).await?;
    Ok(tx.commit().await?)
}

/// Fails where there are as many targets as are read.
async fn check_room(tx: &mut StoreTx) -> Result<(), Problem> {
    if targets::count(tx).await? >= i64::from(TARGETS_MAX) {
        return Err(Problem::conflict(format!("A tenant has {TARGETS_MAX} targets at most: remove one first.")));
    }
    Ok(())
}

/// What the audit log calls a target.
fn subject(team: Option<&str>, metric: &str) -> String {
    team.map_or_else(|| metric.to_owned(), |team| format!("{metric} of {team}"))
}

/// What the audit log says of a target.
fn detail(target: &TargetRow) -> Value {
    json!({ "bound": target.bound, "value": target.value, "note": target.note })
}
