//! Production deployments.

use chrono::{DateTime, Utc};
use kernel::{DeploymentMetric, Evidence, RepositoryId, Sha};
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use super::page::{Range, TimeKey};
use super::row::Row;
use crate::error::word;
use crate::{Store, StoreError};

/// Which deployments; everything that is `None` is left open.
#[derive(Clone, Debug, Default)]
pub struct DeploymentFilter {
    /// Of these services.
    pub services: Option<Vec<String>>,
    /// Finished at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Finished before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only those that failed, or only those that did not.
    pub failed: Option<bool>,
}

// Lists of some services are read service by service, each by the primary key, and merged. With `service =`
// PostgreSQL would rather walk the index on time and drop what others did, which for a service that is
// seldom deployed means all of it; a comparison of rows that begins with the service leaves it no choice.
// `before_at` and `before_id` are where the page begins for one service: after the last row's time for
// services that sort before its service, exactly at it for its own, before it for those after it.
macro_rules! select_deployments {
    ($rest:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            DeploymentRow,
            r#"select m.service as "service!", m.deployment as "deployment!", m.finished_at as "finished_at!",
                      m.source as "source!", m.repository as "repository?", m.environment as "environment?",
                      m.name as "name?", m.sha as "sha?", m.url as "url?", m.success as "success!",
                      m.previous as "previous?", m.kind as "kind!", m.commits as "commits!", m.changes as "changes!",
                      m.failed as "failed!", m.failed_by as "failed_by!: Json<Vec<Evidence>>",
                      m.recovered_at as "recovered_at?", m.recovered_by as "recovered_by?: Json<Evidence>",
                      m.rework as "rework!", m.rework_by as "rework_by!: Json<Vec<Evidence>>", m.counted as "counted!",
                      m.rollout as "rollout?"
                 from "# + $rest,
            $($argument),+
        )
    };
}

/// Production deployments, newest first; at most `limit`, after `after`.
pub async fn deployments(
    store: &Store,
    filter: &DeploymentFilter,
    after: Option<&TimeKey>,
    limit: u32,
) -> Result<Vec<DeploymentMetric>, StoreError> {
    let Range { from, before } = Range::new(filter.from, filter.to, after);
    let limit = i64::from(limit);
    let rows = if let Some(among) = &filter.services {
        select_deployments!(
            "(select one.among,
                     case when one.among < $3 then $2::timestamptz + interval '1 microsecond' else $2 end as before_at,
                     case when one.among = $3 then $4 else '' end as before_id
                from unnest($1::text[]) as one(among)) s
             cross join lateral (
                 select * from deployment_metric d
                  where (d.service, d.finished_at, d.deployment) < (s.among, s.before_at, s.before_id)
                    and (d.service, d.finished_at) >= (s.among, $5)
                    and ($6::boolean is null or d.failed = $6)
                  order by d.service desc, d.finished_at desc, d.deployment desc limit $7) m
             order by m.finished_at desc, m.service desc, m.deployment desc limit $7",
            among,
            before.at,
            before.service,
            before.id,
            from,
            filter.failed,
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        select_deployments!(
            "deployment_metric m
              where (m.finished_at, m.service, m.deployment) < ($1, $2, $3) and m.finished_at >= $4
                and ($5::boolean is null or m.failed = $5)
              order by m.finished_at desc, m.service desc, m.deployment desc limit $6",
            before.at,
            before.service,
            before.id,
            from,
            filter.failed,
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    rows.into_iter().map(TryInto::try_into).collect()
}

#[expect(clippy::struct_excessive_bools, reason = "a row's columns")]
#[derive(sqlx::FromRow)]
struct DeploymentRow {
    service: String,
    deployment: String,
    finished_at: DateTime<Utc>,
    source: String,
    repository: Option<String>,
    environment: Option<String>,
    name: Option<String>,
    sha: Option<Vec<u8>>,
    url: Option<String>,
    success: bool,
    previous: Option<String>,
    kind: String,
    commits: i32,
    changes: i32,
    failed: bool,
    failed_by: Json<Vec<Evidence>>,
    recovered_at: Option<DateTime<Utc>>,
    recovered_by: Option<Json<Evidence>>,
    rework: bool,
    rework_by: Json<Vec<Evidence>>,
    counted: bool,
    rollout: Option<String>,
}

impl TryFrom<DeploymentRow> for DeploymentMetric {
    type Error = StoreError;
    fn try_from(row: DeploymentRow) -> Result<Self, StoreError> {
        Ok(Self {
            service: row.service,
            deployment: row.deployment.into(),
            finished_at: row.finished_at,
            source: word("deployment_metric.source", &row.source)?,
            repository: row.repository.map(RepositoryId),
            environment: row.environment,
            name: row.name,
            sha: row.sha.map(|raw| object_id(&raw)).transpose()?,
            url: row.url,
            success: row.success,
            previous: row.previous.map(Into::into),
            kind: word("deployment_metric.kind", &row.kind)?,
            commits: row.commits,
            changes: row.changes,
            failed: row.failed,
            failed_by: row.failed_by.0,
            recovered_at: row.recovered_at,
            recovered_by: row.recovered_by.map(|json| json.0),
            rework: row.rework,
            rework_by: row.rework_by.0,
            counted: row.counted,
            rollout: row.rollout.map(Into::into),
        })
    }
}

impl Row for DeploymentMetric {
    fn columns() -> String {
        "t.service, t.deployment, t.finished_at, t.source, t.repository, t.environment, t.name, t.sha, t.url, t.success, \
         t.previous, t.kind, t.commits, t.changes, t.failed, t.failed_by, t.recovered_at, t.recovered_by, t.rework, \
         t.rework_by, t.counted, t.rollout"
            .to_owned()
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        <DeploymentRow as sqlx::FromRow<'_, PgRow>>::from_row(row)?.try_into()
    }
}

fn object_id(bytes: &[u8]) -> Result<Sha, StoreError> {
    Sha::from_bytes(bytes).map_err(|error| StoreError::Unreadable(format!("deployment_metric.sha: {error}")))
}
