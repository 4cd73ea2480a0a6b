//! What a report reads of metric facts: few columns of many rows.

use chrono::{DateTime, Utc};

use super::basis::{RULES, Rules};
use crate::copy;
use crate::{StoreError, StoreTx};

/// A deployment.
#[expect(clippy::struct_excessive_bools, reason = "they are columns")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentPoint {
    /// The position of its service in the list that was asked for.
    pub service: usize,
    /// Its effective time, microseconds since 1970.
    pub finished_us: i64,
    /// It counts as a deployment.
    pub counts: bool,
    /// A verdict was given on it: it succeeded and says something new, or it is an attempt that counts.
    pub judged: bool,
    /// It failed.
    pub failed: bool,
    /// When users were well again, microseconds since 1970.
    pub recovered_us: Option<i64>,
    /// It repaired rather than advanced.
    pub rework: bool,
    /// The rules that say so.
    pub rules: Rules,
}

/// A change: when it was deployed, and what it took, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangePoint {
    /// When it was deployed, microseconds since 1970.
    pub deployed_us: i64,
    /// Lead time.
    pub lead_time_us: Option<i64>,
    /// Its stages: coding, pickup, review, approval, deploy.
    pub stages_us: [Option<i64>; 5],
}

/// An incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPoint {
    /// When it was noticed, microseconds since 1970.
    pub detected_us: i64,
    /// When users were well again, microseconds since 1970.
    pub resolved_us: Option<i64>,
    /// Detected → resolved.
    pub restore_us: Option<i64>,
}

async fn choose(
    tx: &mut StoreTx,
    services: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "select set_config('sei.services', $1::text[]::text, true) as services,
                set_config('sei.from', $2::timestamptz::text, true) as first,
                set_config('sei.to', $3::timestamptz::text, true) as last",
        services,
        from,
        to,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

const SERVICES: &str = "any (current_setting('sei.services')::text[])";
const FROM: &str = "current_setting('sei.from')::timestamptz";
const TO: &str = "current_setting('sei.to')::timestamptz";

/// The deployments of services that finished in a window, and failed ones from before it that recovered
/// in it or were still open then; by time.
pub async fn deployment_points(
    tx: &mut StoreTx,
    services: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<DeploymentPoint>, StoreError> {
    choose(tx, services, from, to).await?;
    let mut points = Vec::new();
    let statement = format!(
        "copy (select array_position(current_setting('sei.services')::text[], service)::bigint, finished_at, counts,
                      success and kind <> 'none' and rollout is null or failed and not success,
                      failed, recovered_at, rework, {RULES}
               from deployment_metric
               where service = {SERVICES} and finished_at < {TO}
                 and (finished_at >= {FROM} or failed and (recovered_at is null or recovered_at >= {FROM}))
               order by finished_at, deployment) to stdout (format binary)"
    );
    copy::read(tx.connection(), &statement, |row| {
        points.push(DeploymentPoint {
            // PostgreSQL counts from 1
            service: usize::try_from(row.i64()? - 1).unwrap_or_default(),
            finished_us: row.micros()?,
            counts: row.bool()?,
            judged: row.bool()?,
            failed: row.bool()?,
            recovered_us: row.opt_micros()?,
            rework: row.bool()?,
            rules: Rules::read(row)?,
        });
        Ok(())
    })
    .await?;
    Ok(points)
}

/// The changes of services that were deployed in a window, without those that are left out of lead time.
pub async fn change_points(
    tx: &mut StoreTx,
    services: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<ChangePoint>, StoreError> {
    choose(tx, services, from, to).await?;
    let mut points = Vec::new();
    let statement = format!(
        "copy (select deployed_at, lead_time_us, coding_us, pickup_us, review_us, approval_us, deploy_us
               from change_metric
               where service = {SERVICES} and deployed_at >= {FROM} and deployed_at < {TO} and not excluded)
         to stdout (format binary)"
    );
    copy::read(tx.connection(), &statement, |row| {
        points.push(ChangePoint {
            deployed_us: row.micros()?,
            lead_time_us: row.opt_i64()?,
            stages_us: [row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?],
        });
        Ok(())
    })
    .await?;
    Ok(points)
}

/// The incidents of services that were resolved in a window, or still open at its end.
pub async fn incident_points(
    tx: &mut StoreTx,
    services: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<IncidentPoint>, StoreError> {
    choose(tx, services, from, to).await?;
    let mut points = Vec::new();
    let statement = format!(
        "copy (select detected_at, resolved_at, restore_us
               from incident_metric
               where service = {SERVICES} and detected_at < {TO} and (resolved_at is null or resolved_at >= {FROM}))
         to stdout (format binary)"
    );
    copy::read(tx.connection(), &statement, |row| {
        points.push(IncidentPoint {
            detected_us: row.micros()?,
            resolved_us: row.opt_micros()?,
            restore_us: row.opt_i64()?,
        });
        Ok(())
    })
    .await?;
    Ok(points)
}

/// Of each incident that failed a deployment which finished in a window when that finished and when the incident was
/// resolved, in microseconds since 1970.
pub async fn incident_recoveries(
    tx: &mut StoreTx,
    services: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(i64, Option<i64>)>, StoreError> {
    choose(tx, services, from, to).await?;
    let mut recoveries = Vec::new();
    let statement = format!(
        "copy (select d.finished_at, i.resolved_at
               from deployment_metric d join incident_metric i on i.service = d.service and i.deployment = d.deployment
               where d.service = {SERVICES} and d.finished_at >= {FROM} and d.finished_at < {TO} and d.failed)
         to stdout (format binary)"
    );
    copy::read(tx.connection(), &statement, |row| {
        recoveries.push((row.micros()?, row.opt_micros()?));
        Ok(())
    })
    .await?;
    Ok(recoveries)
}
