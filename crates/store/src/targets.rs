//! Targets: what a team, or the organization, has agreed a metric should be. Which of them a team has is left to the API.

use chrono::{DateTime, Utc};
use kernel::TargetBound;

use crate::error::word;
use crate::text::clean;
use crate::{Store, StoreError, StoreTx};

/// A target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    /// The team that agreed on it; `None` for the organization.
    pub team: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// On which side of the value it is met.
    pub bound: TargetBound,
    /// The value, in the metric's unit.
    pub value: f64,
    /// What was agreed, in words.
    pub note: String,
    /// When it was set last.
    pub changed_at: DateTime<Utc>,
}

/// A target to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewTarget<'a> {
    /// The team that agreed on it; `None` for the organization.
    pub team: Option<&'a str>,
    /// The metric's name.
    pub metric: &'a str,
    /// On which side of the value it is met.
    pub bound: TargetBound,
    /// The value, in the metric's unit.
    pub value: f64,
    /// What was agreed, in words.
    pub note: &'a str,
}

/// A row of the table.
struct Row {
    team: String,
    metric: String,
    bound: String,
    value: f64,
    note: String,
    changed_at: DateTime<Utc>,
}

impl TryFrom<Row> for TargetRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            team: Some(row.team).filter(|team| !team.is_empty()),
            metric: row.metric,
            bound: word("target.bound", &row.bound)?,
            value: row.value,
            note: row.note,
            changed_at: row.changed_at,
        })
    }
}

/// Targets by team and metric, those of the organization first: of these teams and the organization, or of all.
pub async fn list(
    store: &Store,
    teams: Option<&[String]>,
    after: Option<(&str, &str)>,
    limit: u32,
) -> Result<Vec<TargetRow>, StoreError> {
    let (team, metric) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select team, metric, bound, value, note, changed_at
           from target
          where ($1 or team = '' or team = any ($2))
            and ($3::text is null or (team, metric) > ($3, $4::text))
          order by team, metric limit $5",
        teams.is_none(),
        teams.unwrap_or_default(),
        team,
        metric,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(TargetRow::try_from).collect()
}

/// Holds off others that set or remove targets, until the transaction ends.
pub async fn hold(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query("lock table target in share row exclusive mode").execute(tx.connection()).await?;
    Ok(())
}

/// Number of targets of the transaction's tenant.
pub async fn count(tx: &mut StoreTx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from target"#).fetch_one(tx.connection()).await?)
}

/// The target of a team, or of the organization, for a metric. No one else changes it before the transaction ends.
pub async fn locked(tx: &mut StoreTx, team: Option<&str>, metric: &str) -> Result<Option<TargetRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select team, metric, bound, value, note, changed_at from target where team = $1 and metric = $2 for update",
        team.unwrap_or_default(),
        metric,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(TargetRow::try_from).transpose()
}

/// Sets a target of the transaction's tenant, in place of the one before.
pub async fn set(tx: &mut StoreTx, target: NewTarget<'_>) -> Result<TargetRow, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "insert into target (team, metric, bound, value, note) values ($1, $2, $3, $4, $5)
         on conflict (team, metric) do update
            set bound = excluded.bound, value = excluded.value, note = excluded.note, changed_at = now()
         returning team, metric, bound, value, note, changed_at",
        target.team.unwrap_or_default(),
        target.metric,
        target.bound.as_str(),
        target.value,
        clean(target.note) as _,
    )
    .fetch_one(tx.connection())
    .await?;
    row.try_into()
}

/// Removes a target, and returns it. `None` where there was none.
pub async fn remove(tx: &mut StoreTx, team: Option<&str>, metric: &str) -> Result<Option<TargetRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "delete from target where team = $1 and metric = $2
         returning team, metric, bound, value, note, changed_at",
        team.unwrap_or_default(),
        metric,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(TargetRow::try_from).transpose()
}
