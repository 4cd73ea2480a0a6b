//! Which services there may be: those that are declared, those that deployments name, and repositories.

use std::collections::BTreeSet;

use kernel::catalog::Declared;
use kernel::{RepositoryId, Service, Team};
use sqlx::PgConnection;

use crate::{StoreError, StoreTx, copy, declared};

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
    let declared = by_name(connection).await?;
    let teams = by_name(connection).await?;
    let named = sqlx::query!(
        r#"select service as "service!", repository from deployment where service is not null and not deleted
           union select service as "service!", null from incident
                 where service is not null and not deleted
                   and not exists (select from service s
                                   where s.incidents <> '{}' and not s.deleted and s.incidents && incident.selectors)"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Services {
        declared,
        named: named.into_iter().map(|row| (row.service, row.repository.map(RepositoryId))).collect(),
        repositories: repositories(tx).await?,
        teams,
    })
}

/// What is declared and not taken back, by name.
async fn by_name<T: Declared>(connection: &mut PgConnection) -> Result<Vec<T>, StoreError> {
    let table = T::KIND.name;
    let statement = format!(
        "copy (select {} from {table} where not deleted order by name) to stdout (format binary)",
        declared::columns::<T>(table, &[])
    );
    let mut found = Vec::new();
    copy::read(connection, &statement, |row| {
        found.push(declared::read(row)?);
        Ok(())
    })
    .await?;
    Ok(found)
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
