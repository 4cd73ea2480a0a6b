//! Services, repositories, and what the engine noticed about the data.

use chrono::{DateTime, Utc};
use kernel::{DeploymentSource, Finding};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::row::Row;
use crate::error::word;
use crate::{Store, StoreError};

/// A service as it was computed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: String,
    /// The team that owns it, where declared.
    pub team: Option<String>,
    /// Which kind of deployment it is measured by; `None` where it has none.
    pub source: Option<DeploymentSource>,
    /// One sentence about what there is to measure, where that is not plain.
    pub statement: Option<String>,
    /// The repositories that its code lives in.
    pub repositories: Vec<String>,
    /// When its metrics were computed.
    pub computed_at: DateTime<Utc>,
    /// Its production deployments, failed attempts among them.
    pub deployments: i64,
    /// The changes, and direct commits, that they carried.
    pub changes: i64,
    /// Its known commits.
    pub commits: i64,
    /// The history of a repository is cut off: its numbers are partial.
    pub partial: bool,
    /// Why it could not be computed last, if it could not: its numbers are those of before.
    pub error: Option<String>,
    /// When the last of its deployments that count finished.
    pub last_deployment_at: Option<DateTime<Utc>>,
}

/// Services by name, each with what was computed of it last; at most `limit`, after `after`. The last
/// deployment is asked for as the greatest row up to the service's end, which only the primary key can
/// answer: asked plainly, the planner walks the index of times through all other services.
pub async fn services(store: &Store, after: Option<&str>, limit: u32) -> Result<Vec<ServiceRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.service as name, s.team as "team?", c.source, c.statement, coalesce(s.repositories, array[c.service]) as "repositories!",
                  c.computed_at, c.deployments, c.changes, c.commits, c.partial, c.error,
                  d.finished_at as "last_deployment_at?"
             from computation c
             left join service s on s.name = c.service and not s.deleted
             left join lateral (select m.service, m.finished_at from deployment_metric m
                                 where (m.service, m.finished_at) <= (c.service, 'infinity') and m.counted
                                 order by m.service desc, m.finished_at desc limit 1) d on d.service = c.service
            where c.service > $1
            order by c.service limit $2"#,
        after.unwrap_or_default(),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    let rows = rows.into_iter().map(|row| {
        Ok(ServiceRow {
            name: row.name,
            team: row.team,
            source: row.source.as_deref().map(|source| word("computation.source", source)).transpose()?,
            statement: row.statement,
            repositories: row.repositories,
            computed_at: row.computed_at,
            deployments: row.deployments,
            changes: row.changes,
            commits: row.commits,
            partial: row.partial,
            error: row.error,
            last_deployment_at: row.last_deployment_at,
        })
    });
    rows.collect()
}

impl Row for ServiceRow {
    fn columns() -> String {
        "t.name, t.team, t.source, t.statement, t.repositories, t.computed_at, t.deployments, t.changes, t.commits, \
         t.partial, t.error, t.last_deployment_at"
            .to_owned()
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        let source: Option<&str> = row.try_get("source")?;
        Ok(Self {
            name: row.try_get("name")?,
            team: row.try_get("team")?,
            source: source.map(|source| word("computation.source", source)).transpose()?,
            statement: row.try_get("statement")?,
            repositories: row.try_get("repositories")?,
            computed_at: row.try_get("computed_at")?,
            deployments: row.try_get("deployments")?,
            changes: row.try_get("changes")?,
            commits: row.try_get("commits")?,
            partial: row.try_get("partial")?,
            error: row.try_get("error")?,
            last_deployment_at: row.try_get("last_deployment_at")?,
        })
    }
}

/// Reads a row whose columns have the names of its fields.
macro_rules! of_columns {
    ($row:ident: $columns:literal) => {
        impl Row for $row {
            fn columns() -> String {
                $columns.to_owned()
            }

            fn read(row: &PgRow) -> Result<Self, StoreError> {
                Ok(sqlx::FromRow::from_row(row)?)
            }
        }
    };
}

/// A team: declared, or named by a service.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TeamRow {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    pub parent: Option<String>,
    /// Its members' accounts.
    pub members: Vec<String>,
}

of_columns!(TeamRow: "t.name, t.parent, t.members");

/// An environment that deployments name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EnvironmentRow {
    /// Its name.
    pub name: String,
    /// Whether deployments to it are counted as production, or were attempts at that.
    pub is_production: bool,
}

of_columns!(EnvironmentRow:
    "t.name, exists (select from deployment_metric m where m.environment = t.name) as is_production");

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RepositoryRow {
    /// `host/owner/name`.
    pub id: String,
    /// As its owner writes it.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
    /// The branch that changes go to.
    pub default_branch: Option<String>,
    /// Its history is cut off.
    pub partial: bool,
}

of_columns!(RepositoryRow: "t.id, t.name, t.url, t.default_branch, t.partial");

/// A cursor in the list of findings: service, kind and subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingKey {
    /// The service.
    pub service: String,
    /// The kind, as it is written in JSON.
    pub kind: String,
    /// What it is about.
    pub subject: String,
}

impl FindingKey {
    /// The cursor of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            service: finding.service.clone(),
            kind: finding.kind.as_str().to_owned(),
            subject: finding.subject.clone(),
        }
    }
}

/// What the engine noticed about the data, by service, kind and subject; at most `limit`, after `after`.
pub async fn findings(
    store: &Store,
    service: Option<&str>,
    after: Option<&FindingKey>,
    limit: u32,
) -> Result<Vec<Finding>, StoreError> {
    let start = after.cloned().unwrap_or_default();
    let limit = i64::from(limit);
    let rows = if let Some(service) = service {
        sqlx::query_as!(
            FindingRow,
            "select service, kind, subject, detail from finding
              where service = $1 and (kind, subject) > ($2, $3)
              order by kind, subject limit $4",
            service,
            start.kind,
            start.subject,
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        sqlx::query_as!(
            FindingRow,
            "select service, kind, subject, detail from finding
              where (service, kind, subject) > ($1, $2, $3)
              order by service, kind, subject limit $4",
            start.service,
            start.kind,
            start.subject,
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    rows.into_iter().map(TryInto::try_into).collect()
}

#[derive(sqlx::FromRow)]
struct FindingRow {
    service: String,
    kind: String,
    subject: String,
    detail: String,
}

impl TryFrom<FindingRow> for Finding {
    type Error = StoreError;
    fn try_from(row: FindingRow) -> Result<Self, StoreError> {
        let kind = word("finding.kind", &row.kind)?;
        Ok(Self { service: row.service, kind, subject: row.subject, detail: row.detail })
    }
}

impl Row for Finding {
    fn columns() -> String {
        "t.service, t.kind, t.subject, t.detail".to_owned()
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        <FindingRow as sqlx::FromRow<'_, PgRow>>::from_row(row)?.try_into()
    }
}
