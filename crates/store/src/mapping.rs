//! What belongs where: the services and teams that are declared, and what none of them has.

use kernel::{Service, Team, project_names_in_sql};
use sqlx::AssertSqlSafe;

use crate::whole::whole;
use crate::{Store, StoreError, StoreTx};

/// The services that are declared, by name.
pub async fn services(store: &Store) -> Result<Vec<Service>, StoreError> {
    let mut tx = store.begin().await?;
    let services = services_in(&mut tx).await?;
    tx.rollback().await?;
    Ok(services)
}

/// The same, as a transaction sees them.
pub async fn services_in(tx: &mut StoreTx) -> Result<Vec<Service>, StoreError> {
    let mut services: Vec<Service> = whole(tx.connection()).await?;
    services.retain(|service| !service.deleted);
    services.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(services)
}

/// The teams that are declared, by name.
pub async fn teams(store: &Store) -> Result<Vec<Team>, StoreError> {
    let mut tx = store.begin().await?;
    let teams = teams_in(&mut tx).await?;
    tx.rollback().await?;
    Ok(teams)
}

/// The same, as a transaction sees them.
pub async fn teams_in(tx: &mut StoreTx) -> Result<Vec<Team>, StoreError> {
    let mut teams: Vec<Team> = whole(tx.connection()).await?;
    teams.retain(|team| !team.deleted);
    teams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(teams)
}

/// Repositories that no declared service has, by id: `limit` at most. Each is a service of its own.
pub async fn unmapped_repositories(store: &Store, limit: i64) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select id from repository as r
          where not exists (select from service as s where not s.deleted and r.id = any (s.repositories))
          order by id limit $1",
        limit,
    )
    .fetch_all(store.pool())
    .await?)
}

/// Projects of work items that are no repository and that no team plans in, by name: `limit` at most. The distinct ones
/// are found by stepping through the index, one look a project.
pub async fn projects_without_team(store: &Store, limit: i64) -> Result<Vec<String>, StoreError> {
    let statement = format!(
        "with recursive p as (
             select min(project) as name from work_item
             union all
             select (select min(w.project) from work_item w where w.project > p.name) from p where p.name is not null
         )
         select name from p
          where name is not null and not exists (select from repository r where r.id = p.name)
                and not exists (select from team t where not t.deleted and {} && t.projects)
          order by name limit $1",
        project_names_in_sql("p.name")
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(statement)).bind(limit).fetch_all(store.pool()).await?)
}

/// Services that no team owns, by name: `limit` at most.
pub async fn services_without_team(store: &Store, limit: i64) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select name as "name!" from (
               select c.service as name from computation as c
                where not exists (select from service as s where s.name = c.service and not s.deleted and s.team is not null)
               union
               select s.name from service as s where not s.deleted and s.team is null
           ) as unowned
           order by name limit $1"#,
        limit,
    )
    .fetch_all(store.pool())
    .await?)
}
