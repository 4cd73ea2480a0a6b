//! Who owns what, and which metrics there are: small tables that are replaced as a whole, row by row where they differ.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{StoreError, StoreTx};

/// A team and the teams that it is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwningTeam {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    pub parent: Option<String>,
    /// Itself, and the teams that it is part of.
    pub line: Vec<String>,
}

/// A service and who owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnedService {
    /// Its name.
    pub name: String,
    /// The team that owns it.
    pub team: Option<String>,
    /// That team, and the teams that it is part of.
    pub line: Vec<String>,
}

/// A repository of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnedRepository {
    /// The repository.
    pub repository: String,
    /// The service.
    pub service: String,
}

/// Who owns what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerRows {
    /// All teams.
    pub teams: Vec<OwningTeam>,
    /// All services.
    pub services: Vec<OwnedService>,
    /// The repositories of services.
    pub repositories: Vec<OwnedRepository>,
}

/// The declaration of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetricRow {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is about.
    pub metric_group: &'static str,
    /// What it says.
    pub definition: String,
    /// The unit of its value.
    pub unit: &'static str,
    /// How observations become a value.
    pub aggregation: String,
    /// What it can be asked for by.
    pub slices: Vec<&'static str>,
    /// The median of an even number is the lower of the two in the middle.
    pub lower_median: bool,
    /// Its place in lists.
    pub position: usize,
}

const TEAMS: &str = "
    with new as (
        select * from jsonb_to_recordset($1) as new (name text, parent text, line text[])
    ), gone as (
        delete from analytics_team t where not exists (select from new where new.name = t.name) returning 1
    ), written as (
        insert into analytics_team as t (name, parent, line) select name, parent, line from new
        on conflict (name) do update set parent = excluded.parent, line = excluded.line
        where (t.parent, t.line) is distinct from (excluded.parent, excluded.line)
        returning 1
    )
    select (select count(*) from gone) + (select count(*) from written)";

const SERVICES: &str = "
    with new as (
        select * from jsonb_to_recordset($1) as new (name text, team text, line text[])
    ), gone as (
        delete from analytics_service s where not exists (select from new where new.name = s.name) returning 1
    ), written as (
        insert into analytics_service as s (name, team, line) select name, team, line from new
        on conflict (name) do update set team = excluded.team, line = excluded.line
        where (s.team, s.line) is distinct from (excluded.team, excluded.line)
        returning 1
    )
    select (select count(*) from gone) + (select count(*) from written)";

const REPOSITORIES: &str = "
    with new as (
        select * from jsonb_to_recordset($1) as new (repository text, service text)
    ), gone as (
        delete from analytics_repository r
        where not exists (select from new where (new.repository, new.service) = (r.repository, r.service))
        returning 1
    ), written as (
        insert into analytics_repository (repository, service) select repository, service from new
        on conflict do nothing
        returning 1
    )
    select (select count(*) from gone) + (select count(*) from written)";

/// Makes these who owns what. Returns whether it was something else.
pub async fn write_owners(tx: &mut StoreTx, rows: &OwnerRows) -> Result<bool, StoreError> {
    let mut changed = 0;
    for (statement, rows) in
        [(TEAMS, json!(rows.teams)), (SERVICES, json!(rows.services)), (REPOSITORIES, json!(rows.repositories))]
    {
        changed += sqlx::query_scalar::<_, i64>(statement).bind(rows).fetch_one(tx.connection()).await?;
    }
    Ok(changed > 0)
}

/// Makes these the metrics, and returns the number that each has.
pub async fn write_metrics(tx: &mut StoreTx, rows: &[MetricRow]) -> Result<BTreeMap<String, i16>, StoreError> {
    let new: Value = json!(rows);
    // a number is drawn for a new metric only: there are few of them
    for statement in [
        "delete from analytics_metric m
         where not exists (select from jsonb_to_recordset($1) as new (name text) where new.name = m.name)",
        "insert into analytics_metric
             (name, title, metric_group, definition, unit, aggregation, slices, lower_median, position)
         select name, title, metric_group, definition, unit, aggregation, slices, lower_median, position
         from jsonb_to_recordset($1) as new (name text, title text, metric_group text, definition text, unit text,
                                             aggregation text, slices text[], lower_median boolean, position integer)
         where not exists (select from analytics_metric m where m.name = new.name)",
        "update analytics_metric m
         set title = new.title, metric_group = new.metric_group, definition = new.definition, unit = new.unit,
             aggregation = new.aggregation, slices = new.slices, lower_median = new.lower_median,
             position = new.position
         from jsonb_to_recordset($1) as new (name text, title text, metric_group text, definition text, unit text,
                                             aggregation text, slices text[], lower_median boolean, position integer)
         where m.name = new.name
               and (m.title, m.metric_group, m.definition, m.unit, m.aggregation, m.slices, m.lower_median, m.position)
                   is distinct from (new.title, new.metric_group, new.definition, new.unit, new.aggregation,
                                     new.slices, new.lower_median, new.position)",
    ] {
        sqlx::query(statement).bind(&new).execute(tx.connection()).await?;
    }
    let all: Vec<(String, i16)> =
        sqlx::query_as("select name, id from analytics_metric").fetch_all(tx.connection()).await?;
    Ok(all.into_iter().collect())
}
