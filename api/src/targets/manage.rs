//! Targets as the API and the command line change them.

use serde_json::{Value, json};
use store::Store;
use store::audit::{self, Action};
use store::targets::{self, NewTarget, TargetRow};

use crate::changer::Changer;
use crate::problem::Problem;

/// Sets a target of the store's tenant, in place of the one before.
pub async fn set(store: &Store, by: &Changer, target: NewTarget<'_>) -> Result<TargetRow, Problem> {
    let mut tx = store.begin().await?;
    let before = targets::locked(&mut tx, target.team, target.metric).await?;
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

/// What the audit log calls a target.
fn subject(team: Option<&str>, metric: &str) -> String {
    team.map_or_else(|| metric.to_owned(), |team| format!("{metric} of {team}"))
}

/// What the audit log says of a target.
fn detail(target: &TargetRow) -> Value {
    json!({ "bound": target.bound, "value": target.value, "note": target.note })
}
