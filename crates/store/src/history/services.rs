//! Which services there may be: those that are declared, those that deployments name, and repositories.

use std::collections::BTreeSet;

use kernel::{DeploymentSource, Detail, RepositoryId, Service, Team, Version};

use super::kind::source;
use crate::{StoreError, StoreTx};

/// What decides which services there are.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Declared and not taken back, by name.
    pub declared: Vec<Service>,
    /// Named by a deployment or an incident, with the repository that it names.
    pub named: BTreeSet<(String, Option<RepositoryId>)>,
    /// Every repository that any fact is about.
    pub repositories: BTreeSet<RepositoryId>,
    /// Teams that are not taken back, by name.
    pub teams: Vec<Team>,
}

/// Reads what decides which services there are.
pub async fn services(tx: &mut StoreTx) -> Result<Services, StoreError> {
    let connection = tx.connection();
    let declared = sqlx::query!(
        "select name, repositories, paths, deployments, team, production, deployments_from, branches, incidents
         from service where not deleted order by name"
    )
    .fetch_all(&mut *connection)
    .await?;
    let named = sqlx::query!(
        r#"select service as "service!", repository from deployment where service is not null and not deleted
           union select service as "service!", null from incident
                 where service is not null and not deleted
                   and not exists (select from service s
                                   where s.incidents <> '{}' and not s.deleted and s.incidents && incident.selectors)"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let teams = sqlx::query!("select name, parent, members from team where not deleted order by name")
        .fetch_all(&mut *connection)
        .await?;
    let unversioned = Version { detail: Detail::default(), at: chrono::DateTime::default() };
    let declared = declared.into_iter().map(|row| {
        let kind: Option<DeploymentSource> = row.deployments_from.as_deref().and_then(source);
        Service {
            name: row.name,
            repositories: row.repositories.into_iter().map(RepositoryId).collect(),
            paths: row.paths,
            deployments: row.deployments,
            team: row.team,
            production: row.production,
            deployments_from: kind,
            branches: row.branches,
            incidents: row.incidents,
            deleted: false,
            version: unversioned,
        }
    });
    let teams = teams.into_iter().map(|row| Team {
        name: row.name,
        parent: row.parent,
        members: row.members.into_iter().map(Into::into).collect(),
        deleted: false,
        version: unversioned,
    });
    Ok(Services {
        declared: declared.collect(),
        named: named.into_iter().map(|row| (row.service, row.repository.map(RepositoryId))).collect(),
        repositories: repositories(tx).await?,
        teams: teams.collect(),
    })
}

/// Every repository that any fact is about. The distinct repositories of a table are found by stepping
/// through its index, one look a repository.
pub(crate) async fn repositories(tx: &mut StoreTx) -> Result<BTreeSet<RepositoryId>, StoreError> {
    let repositories = sqlx::query_scalar!(
        r#"with recursive
           c as (
               select min(repository) as r from commit
               union all select (select min(repository) from commit where repository > c.r) from c where c.r is not null
           ),
           h as (
               select min(repository) as r from change
               union all select (select min(repository) from change where repository > h.r) from h where h.r is not null
           ),
           p as (
               select min(repository) as r from pipeline_run
               union all
               select (select min(repository) from pipeline_run where repository > p.r) from p where p.r is not null
           ),
           d as (
               select min(repository) as r from deployment
               union all
               select (select min(repository) from deployment where repository > d.r) from d where d.r is not null
           )
           select r as "repository!"
           from (select r from c union select r from h union select r from p union select r from d
                 union select id from repository) as every
           where r is not null"#
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(repositories.into_iter().map(RepositoryId).collect())
}
