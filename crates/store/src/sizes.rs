//! How much there is of each kind of data, how fast it grows, and how old it is: by the statistics that PostgreSQL keeps
//! (`pg_class`, `pg_stat_user_tables`, `pg_stats`), so that asking takes milliseconds whatever the size. Numbers of rows and
//! the times of facts are therefore about.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{Fact, Tenant};
use sqlx::Row as _;

use crate::metric_rows::METRIC_FACTS;
use crate::{Store, StoreError, details};

/// The schema that all tenants use.
const SHARED: &str = "sei";

kernel::closed_list! {
    /// What a table holds, by how long it is kept.
    pub enum DataKind: "kind of data" {
        /// Raw events of the embedded log.
        RawEvents,
        /// Events that could not be read.
        DeadLetters,
        /// Facts that only metrics of old windows need.
        Details,
        /// Other facts.
        Facts,
        /// What the engine computes.
        MetricRows,
        /// What BI tools read beside facts and metric rows.
        Analytics,
        /// The audit log.
        Audit,
        /// Logins, links and tokens that were used.
        Sessions,
        /// Numbers of events by hour.
        EventCounts,
        /// Which event reported which fact.
        LogPositions,
        /// What changed lately, for readers that follow.
        Changes,
        /// Tenants, users, boards, targets, cursors and counts.
        Other,
    }
}

impl DataKind {
    /// That of a table.
    #[must_use]
    pub fn of_table(name: &str) -> Self {
        match name {
            "log_segment" | "log_partition" => Self::RawEvents,
            "dead_letter" => Self::DeadLetters,
            "merge_preview" | "computation" | "finding" => Self::MetricRows,
            "audit" | "audit_head" => Self::Audit,
            "login_session" | "login_link" | "provider_session" | "provider_logout" => Self::Sessions,
            "event_hour" | "event_day" => Self::EventCounts,
            "origin" => Self::LogPositions,
            "feed" | "feed_pruned" | "changed_chunk" | "people_change" | "fact_change" | "invalidation"
            | "computation_queue" => Self::Changes,
            "partial_fact" => Self::Facts,
            name if name.starts_with("analytics_") => Self::Analytics,
            name if METRIC_FACTS.contains(&name) => Self::MetricRows,
            name if details::kinds().any(|kind| kind == name) => Self::Details,
            name if Fact::KINDS.iter().any(|kind| kind.name == name) => Self::Facts,
            _ => Self::Other,
        }
    }
}

/// A table, with its partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSize {
    /// Whose it is; `None` of what all tenants use.
    pub tenant: Option<Tenant>,
    /// Its name.
    pub table: String,
    /// What it holds.
    pub kind: DataKind,
    /// Number of rows, about; none where it was never analyzed.
    pub rows: i64,
    /// Its size with indexes.
    pub bytes: i64,
    /// That of the indexes.
    pub index_bytes: i64,
    /// Rows that were added since [`Sizes::since`].
    pub added: i64,
    /// Rows that were deleted since.
    pub deleted: i64,
    /// The oldest row, where that is known.
    pub oldest: Option<DateTime<Utc>>,
    /// The newest.
    pub newest: Option<DateTime<Utc>>,
}

/// All tables of some tenants, and of what all use.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// When this was so.
    pub at: DateTime<Utc>,
    /// Since when rows that are added and deleted are counted.
    pub since: DateTime<Utc>,
    /// The size of the database, with what is not of `sei`.
    pub database_bytes: i64,
    /// The tables, the largest first.
    pub tables: Vec<TableSize>,
}

/// The sizes of what these tenants have, and of what all use.
pub async fn sizes(store: &Store, tenants: &[Tenant]) -> Result<Sizes, StoreError> {
    let schemas: Vec<String> = [SHARED.to_owned()].into_iter().chain(tenants.iter().map(ToString::to_string)).collect();
    let whole = sqlx::query!(
        r#"select now() as "at!",
                  coalesce((select stats_reset from pg_stat_database where datname = current_database()),
                           (select min(created_at) from sei.tenant), now()) as "since!",
                  pg_database_size(current_database()) as "database_bytes!""#
    )
    .fetch_one(store.pool())
    .await?;
    let mut tables = tables(store, tenants, &schemas).await?;
    ages(store, tenants, &mut tables).await?;
    Ok(Sizes { at: whole.at, since: whole.since, database_bytes: whole.database_bytes, tables })
}

async fn tables(store: &Store, tenants: &[Tenant], schemas: &[String]) -> Result<Vec<TableSize>, StoreError> {
    // chunks of hypertables are children of their table
    let rows = sqlx::query!(
        r#"select n.nspname::text as "schema!", c.relname::text as "table!",
                  coalesce(sum(greatest(p.reltuples, 0)), 0)::bigint as "rows!",
                  coalesce(sum(pg_total_relation_size(p.oid)), 0)::bigint as "bytes!",
                  coalesce(sum(pg_indexes_size(p.oid)), 0)::bigint as "index_bytes!",
                  coalesce(sum(s.n_tup_ins), 0)::bigint as "added!",
                  coalesce(sum(s.n_tup_del), 0)::bigint as "deleted!",
                  (select histogram_bounds::text::timestamptz[] from pg_stats
                   where schemaname = n.nspname and tablename = c.relname and attname = 'version_at' limit 1) as bounds
           from pg_class c
           join pg_namespace n on n.oid = c.relnamespace
           join lateral (
               select c.oid, c.reltuples
               union all
               select child.oid, child.reltuples from pg_inherits i join pg_class child on child.oid = i.inhrelid
               where i.inhparent = c.oid
           ) p on true
           left join pg_stat_user_tables s on s.relid = p.oid
           where n.nspname = any ($1::text[]) and c.relkind in ('r', 'p') and not c.relispartition
           group by n.nspname, c.relname
           order by 4 desc, 1, 2"#,
        schemas
    )
    .fetch_all(store.pool())
    .await?;
    let mut hypertables = hypertables(store, schemas).await?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in rows {
        let name = (row.schema, row.table);
        let hypertable = hypertables.remove(&name).unwrap_or_default();
        let bounds = row.bounds.unwrap_or_default();
        tables.push(TableSize {
            rows: row.rows.max(hypertable.rows),
            bytes: row.bytes.max(hypertable.bytes),
            index_bytes: row.index_bytes.max(hypertable.index_bytes),
            added: row.added,
            deleted: row.deleted,
            oldest: bounds.first().copied(),
            newest: bounds.last().copied(),
            ..hypertable.of(name, tenants)
        });
    }
    // those of continuous aggregates have the names of views
    tables.extend(hypertables.into_iter().map(|(name, hypertable)| hypertable.of(name, tenants)));
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    Ok(tables)
}

/// What TimescaleDB says of a hypertable, with its compressed chunks.
#[derive(Clone, Copy, Default)]
struct Hypertable {
    rows: i64,
    bytes: i64,
    index_bytes: i64,
}

impl Hypertable {
    /// The table of a schema and a name.
    fn of(self, (schema, table): (String, String), tenants: &[Tenant]) -> TableSize {
        TableSize {
            tenant: tenants.iter().find(|tenant| tenant.as_str() == schema).cloned(),
            kind: DataKind::of_table(&table),
            table,
            rows: self.rows,
            bytes: self.bytes,
            index_bytes: self.index_bytes,
            added: 0,
            deleted: 0,
            oldest: None,
            newest: None,
        }
    }
}

/// Hypertables and continuous aggregates by schema and name; none without the extension. Chunks that are compressed are
/// tables of TimescaleDB, of which the tables that they belong to show nothing.
async fn hypertables(store: &Store, schemas: &[String]) -> Result<BTreeMap<(String, String), Hypertable>, StoreError> {
    let there = "select exists (select from pg_extension where extname = 'timescaledb')";
    if !sqlx::query_scalar::<_, bool>(there).fetch_one(store.pool()).await? {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query(
        "with hypertable as (
             select hypertable_schema as schema, hypertable_name as name,
                    format('%I.%I', hypertable_schema, hypertable_name)::regclass as relation
             from timescaledb_information.hypertables where hypertable_schema = any ($1)
             union all
             select view_schema, view_name,
                    format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass
             from timescaledb_information.continuous_aggregates where view_schema = any ($1)
         )
         select h.schema::text as schema, h.name::text as name, public.approximate_row_count(h.relation) as rows,
                coalesce(size.total_bytes, 0) as bytes, coalesce(size.index_bytes, 0) as index_bytes
         from hypertable h left join lateral public.hypertable_detailed_size(h.relation) size on true",
    )
    .bind(schemas)
    .fetch_all(store.pool())
    .await?;
    let mut hypertables = BTreeMap::new();
    for row in rows {
        let name = (row.try_get::<String, _>("schema")?, row.try_get::<String, _>("name")?);
        let (rows, bytes) = (row.try_get("rows")?, row.try_get("bytes")?);
        hypertables.insert(name, Hypertable { rows, bytes, index_bytes: row.try_get("index_bytes")? });
    }
    Ok(hypertables)
}

/// Adds the times of the oldest and newest rows that an index gives.
async fn ages(store: &Store, tenants: &[Tenant], tables: &mut [TableSize]) -> Result<(), StoreError> {
    let shared = sqlx::query!(
        r#"select (select min(at) from sei.audit) as audit_oldest, (select max(at) from sei.audit) as audit_newest,
                  (select min((select s.appended_at from sei.log_segment s
                               where s.topic = p.topic and s.partition = p.partition order by s.base limit 1))
                   from sei.log_partition p) as log_oldest,
                  (select max((select s.appended_at from sei.log_segment s
                               where s.topic = p.topic and s.partition = p.partition order by s.base desc limit 1))
                   from sei.log_partition p) as log_newest"#
    )
    .fetch_one(store.pool())
    .await?;
    set_age(tables, None, "audit", (shared.audit_oldest, shared.audit_newest));
    set_age(tables, None, "log_segment", (shared.log_oldest, shared.log_newest));
    for tenant in tenants {
        let of_tenant = store.for_tenant(tenant);
        let row = sqlx::query!(
            r#"select (select min(rejected_at) from dead_letter) as letter_oldest,
                      (select max(rejected_at) from dead_letter) as letter_newest,
                      (select min(finished_at) from deployment_metric) as deployment_oldest,
                      (select max(finished_at) from deployment_metric) as deployment_newest,
                      (select min(deployed_at) from change_metric) as change_oldest,
                      (select max(deployed_at) from change_metric) as change_newest,
                      (select min(at) from feed) as feed_oldest, (select max(at) from feed) as feed_newest"#
        )
        .fetch_one(of_tenant.pool())
        .await?;
        for (table, age) in [
            ("dead_letter", (row.letter_oldest, row.letter_newest)),
            ("deployment_metric", (row.deployment_oldest, row.deployment_newest)),
            ("change_metric", (row.change_oldest, row.change_newest)),
            ("feed", (row.feed_oldest, row.feed_newest)),
        ] {
            set_age(tables, Some(tenant), table, age);
        }
    }
    Ok(())
}

type Age = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn set_age(tables: &mut [TableSize], tenant: Option<&Tenant>, name: &str, (oldest, newest): Age) {
    if let Some(found) = tables.iter_mut().find(|table| table.tenant.as_ref() == tenant && table.table == name) {
        (found.oldest, found.newest) = (oldest, newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fact_and_of_metric_row_is_known_as_one() {
        let of_facts = [DataKind::Facts, DataKind::Details];
        assert!(Fact::KINDS.iter().all(|kind| of_facts.contains(&DataKind::of_table(kind.name))));
        assert_eq!(DataKind::of_table("task_run"), DataKind::Details);
        assert!(METRIC_FACTS.iter().all(|name| DataKind::of_table(name) == DataKind::MetricRows));
        assert_eq!(DataKind::of_table("analytics_daily"), DataKind::Analytics);
        assert_eq!(DataKind::of_table("board"), DataKind::Other);
    }
}
