//! Metric facts: written by the engine, in one transaction a service, and only the rows that differ from
//! those stored; read back by it for reports. What they mean is in `dora`.

mod basis;
mod encode;
mod preview;
mod titles;
mod write;

pub(crate) use basis::RULES;
pub use basis::{Rules, ServiceBasis, service_bases};
pub use preview::{MergePreview, previews, write_preview};
pub use titles::{Title, titles, write_titles};
pub use write::{Written, write_changes, write_deployments, write_findings, write_incidents};

use chrono::{DateTime, Utc};
use encode::Encode;
use kernel::{ChangeMetric, DeploymentMetric, DeploymentSource, FindingKind, IncidentMetric};

use crate::changes::Source;
use crate::flow::{ReadPart, rows};
use crate::{StoreError, StoreTx, changes, feed};

/// The tables of metric facts. Each has a column `service`.
pub(crate) const METRIC_FACTS: [&str; 5] =
    [DeploymentMetric::TABLE, ChangeMetric::TABLE, IncidentMetric::TABLE, "finding", "computation"];

/// The tables that hold what was computed of a service, in their column `service`: the metric facts, and beside them
/// what previews are made of.
pub(crate) fn computed_tables() -> impl Iterator<Item = &'static str> {
    METRIC_FACTS.into_iter().chain(["merge_preview"])
}

/// A computation of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computation {
    /// The service.
    pub service: String,
    /// What it is measured by.
    pub source: Option<DeploymentSource>,
    /// For a service without deployments: what to configure.
    pub statement: Option<String>,
    /// When.
    pub computed_at: DateTime<Utc>,
    /// Its production deployments.
    pub deployments: i64,
    /// The changes, and commits outside of changes, that they carried.
    pub changes: i64,
    /// The commits that were read.
    pub commits: i64,
    /// Its history is cut off.
    pub partial: bool,
    /// A hash of the engine's settings.
    pub options: i64,
}

/// Writes that a service was computed.
pub async fn write_computation(tx: &mut StoreTx, row: &Computation) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into computation as c
             (service, source, statement, computed_at, deployments, changes, commits, partial, options)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (service) do update
         set source = excluded.source, statement = excluded.statement, computed_at = excluded.computed_at,
             deployments = excluded.deployments, changes = excluded.changes, commits = excluded.commits,
             partial = excluded.partial, options = excluded.options, error = null",
        row.service,
        row.source.map(DeploymentSource::as_str),
        row.statement,
        row.computed_at,
        row.deployments,
        row.changes,
        row.commits,
        row.partial,
        row.options,
    )
    .execute(tx.connection())
    .await?;
    changes::mark(tx, &[Source::Bases], std::slice::from_ref(&row.service)).await?;
    changes::forget_old(tx).await?;
    feed::prune(tx).await?;
    Ok(())
}

/// Writes why a service could not be computed. What was computed of it before stays.
pub async fn write_failure(tx: &mut StoreTx, service: &str, error: &str, options: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into computation as c
             (service, statement, computed_at, deployments, changes, commits, partial, options, error)
         values ($1, $2, now(), 0, 0, 0, false, $3, $4)
         on conflict (service) do update
         set statement = excluded.statement, options = excluded.options, error = excluded.error",
        service,
        format!("`{service}` can't be computed: {error}."),
        options,
        error,
    )
    .execute(tx.connection())
    .await?;
    changes::mark(tx, &[Source::Bases], &[service.to_owned()]).await?;
    Ok(())
}

/// The computations of services.
pub async fn computations(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<Computation>, StoreError> {
    let statement = format!(
        "select service, source, statement, computed_at, deployments, changes, commits, partial, options
         from computation where {}",
        part.condition(&[], "service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(Computation {
            service: row.text()?.to_owned(),
            source: row.opt_word()?,
            statement: row.opt_text()?.map(str::to_owned),
            computed_at: row.time()?,
            deployments: row.i64()?,
            changes: row.i64()?,
            commits: row.i64()?,
            partial: row.bool()?,
            options: row.i64()?,
        })
    })
    .await
}

/// Deletes everything that was computed about a service that there is no more. Returns how many rows.
pub async fn forget(tx: &mut StoreTx, service: &str) -> Result<u64, StoreError> {
    let mut deleted = 0;
    mark_all(tx, service).await?;
    for table in computed_tables() {
        // the name is a constant of this crate
        let statement = format!("delete from {table} where service = $1");
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(service);
        deleted += statement.execute(tx.connection()).await?.rows_affected();
    }
    Ok(deleted)
}

/// Marks all chunks that hold what was computed about a service, before its rows are deleted.
pub(crate) async fn mark_all(tx: &mut StoreTx, service: &str) -> Result<(), StoreError> {
    let repositories = sqlx::query_scalar!(
        r#"select repository as "repository!" from change_metric where service = $1
           union select c.repository from finding f join change c on c.id = f.subject
                 where f.service = $1 and f.kind = $2"#,
        service,
        FindingKind::DuplicateChange.as_str(),
    )
    .fetch_all(tx.connection())
    .await?;
    changes::mark(tx, &[Source::Changes], &repositories).await?;
    let sources = [Source::Deployments, Source::Incidents, Source::Deployed, Source::Bases];
    changes::mark(tx, &sources, &[service.to_owned()]).await
}

/// How many findings of a kind a service has, and one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// The service; empty where they are about none.
    pub service: String,
    /// The kind.
    pub kind: FindingKind,
    /// How many.
    pub n: i64,
    /// Subject and sentence of the first of them.
    pub example: String,
}

/// The findings of services, and those that are about no service, by kind.
pub async fn findings(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<FindingRow>, StoreError> {
    let statement = format!(
        "select service, kind, count(*), min((subject || ': ' || detail) collate \"C\")
         from finding where {} group by service, kind",
        part.condition(&[], "service", None)
    );
    rows(tx, part, &statement, |row| {
        Ok(FindingRow {
            service: row.text()?.to_owned(),
            kind: row.word()?,
            n: row.i64()?,
            example: row.text()?.to_owned(),
        })
    })
    .await
}
