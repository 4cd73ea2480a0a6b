//! Finding what an id, a name or the beginning of a commit's id means.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{ChangeId, ChangeState, DeploymentId, NameError, RepositoryId, Sha};

use super::services::repositories;
use crate::{StoreError, StoreTx};

/// A deployment that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDeployment {
    /// Its id.
    pub id: DeploymentId,
    /// Its tag or version.
    pub name: Option<String>,
    /// The repository whose code it is.
    pub repository: Option<RepositoryId>,
    /// The service that it names.
    pub service: Option<String>,
    /// When it finished.
    pub at: Option<DateTime<Utc>>,
    /// A service is measured by it.
    pub measured: bool,
}

/// A change that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundChange {
    /// Its id.
    pub id: ChangeId,
    /// Where it is merged to.
    pub repository: RepositoryId,
    /// Its title.
    pub title: String,
    /// Web address.
    pub url: Option<String>,
    /// Open, merged or abandoned.
    pub state: ChangeState,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
}

/// A commit that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCommit {
    /// Where it is.
    pub repository: RepositoryId,
    /// Its id.
    pub sha: Sha,
    /// The first line of its message.
    pub subject: String,
    /// When it was written.
    pub authored_at: DateTime<Utc>,
}

/// Those of these deployments that any of these services is measured by.
pub async fn measured(tx: &mut StoreTx, ids: &[String], services: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let statement =
        "select distinct deployment from deployment_metric where service = any($1) and deployment = any($2)";
    let found = sqlx::query_scalar(statement).bind(services).bind(ids).fetch_all(tx.connection()).await?;
    Ok(found.into_iter().collect())
}

/// Deployments of this id or name, and pipeline runs' deployments of this id; by id.
pub async fn deployments(tx: &mut StoreTx, text: &str) -> Result<Vec<FoundDeployment>, StoreError> {
    let rows = sqlx::query!(
        r#"select f.id as "id!", f.name, f.repository, f.service, f.finished_at,
                  exists (select from deployment_metric m where m.deployment = f.id) as "measured!"
           from (
               select id, name, repository, service, finished_at from deployment
               where (id = $1 or name = $1) and not deleted
               union all
               select id || '/deployment', name, repository, null, finished_at from pipeline_run
               where id = substring($1 from '^(.*)/deployment$')
           ) as f
           order by f.id"#,
        text,
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = rows.into_iter().map(|row| FoundDeployment {
        id: row.id.into(),
        name: row.name,
        repository: row.repository.map(RepositoryId),
        service: row.service,
        at: row.finished_at,
        measured: row.measured,
    });
    Ok(rows.collect())
}

/// The deployments of a commit that services are measured by; by time.
pub async fn deployments_of(tx: &mut StoreTx, sha: &Sha) -> Result<Vec<FoundDeployment>, StoreError> {
    let rows = sqlx::query!(
        "select distinct on (finished_at, deployment) deployment, name, repository, service, finished_at
         from deployment_metric where sha = $1 order by finished_at, deployment",
        sha.as_bytes(),
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = rows.into_iter().map(|row| FoundDeployment {
        id: row.deployment.into(),
        name: row.name,
        // without a repository only the service decides
        service: row.repository.is_none().then_some(row.service),
        repository: row.repository.map(RepositoryId),
        at: Some(row.finished_at),
        measured: true,
    });
    Ok(rows.collect())
}

/// The changes of these ids.
pub async fn changes(tx: &mut StoreTx, ids: &[String]) -> Result<Vec<FoundChange>, StoreError> {
    let rows = sqlx::query!(
        "select id, repository, title, url, state, merged_at from change
         where id = any ($1) and not deleted order by id",
        ids,
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = rows.into_iter().map(|row| {
        let state = row.state.parse();
        Ok(FoundChange {
            state: state.map_err(|error: NameError| StoreError::Unreadable(format!("change {}: {error}", row.id)))?,
            id: row.id.into(),
            repository: row.repository.into(),
            title: row.title,
            url: row.url,
            merged_at: row.merged_at,
        })
    });
    rows.collect()
}

/// The changes of this number, in every repository.
pub async fn changes_numbered(tx: &mut StoreTx, number: i64) -> Result<Vec<FoundChange>, StoreError> {
    let ids: Vec<String> =
        repositories(tx).await?.iter().map(|repository| repository.change(number).to_string()).collect();
    changes(tx, &ids).await
}

/// The commits whose ids begin with these bytes, as far as `at_most`; `until` is the first id after them.
pub async fn commits(
    tx: &mut StoreTx,
    begin: &[u8],
    until: &[u8],
    at_most: i64,
) -> Result<Vec<FoundCommit>, StoreError> {
    let repositories: Vec<String> = repositories(tx).await?.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        r#"select c.repository, c.sha, c.subject, c.authored_at
           from unnest($1::text[]) as r (id)
           cross join lateral (
               select repository, sha, subject, authored_at from commit
               where repository = r.id and sha >= $2 and sha < $3 order by sha limit $4
           ) as c
           order by c.sha, c.repository limit $4"#,
        &repositories,
        begin,
        until,
        at_most,
    )
    .fetch_all(tx.connection())
    .await?;
    let rows = rows.into_iter().map(|row| {
        let sha = Sha::from_bytes(&row.sha)
            .map_err(|_| StoreError::Unreadable(format!("a commit of {} has no object id", row.repository)))?;
        Ok(FoundCommit { repository: row.repository.into(), sha, subject: row.subject, authored_at: row.authored_at })
    });
    rows.collect()
}
