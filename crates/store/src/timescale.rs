//! What TimescaleDB does by itself with tables that are cut by time, as the settings say: it compresses old chunks, and
//! deletes old event counts. What is read is the same.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, StoreTx};

/// The tables whose old chunks are compressed.
const COMPRESSED: [&str; 4] = ["deployment_metric", "change_metric", "analytics_observation", "analytics_daily"];
/// The table of event counts, and the days that are made of it.
const EVENT_COUNTS: [&str; 2] = ["event_hour", "event_day"];

/// An age that nothing reaches, a thousand years.
const MAX_AGE_SECS: f64 = 31_556_952_000.0;

/// What TimescaleDB does with tables that are cut by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimescalePolicies {
    /// Rows of metrics that are older are compressed. Without it no more are.
    pub compress_after: Option<Duration>,
    /// Event counts that are older are deleted.
    pub event_counts: Duration,
}

/// How a kind of policy is known, added and removed.
struct PolicyKind {
    procedure: &'static str,
    /// The field of its configuration that says of which age on.
    age: &'static str,
    add: &'static str,
    remove: &'static str,
}

const COMPRESSION: PolicyKind = PolicyKind {
    procedure: "policy_compression",
    age: "compress_after",
    add: "public.add_compression_policy",
    remove: "public.remove_compression_policy",
};
const RETENTION: PolicyKind = PolicyKind {
    procedure: "policy_retention",
    age: "drop_after",
    add: "public.add_retention_policy",
    remove: "public.remove_retention_policy",
};

/// Makes these the policies of the store's tenant. Returns whether there are any: without TimescaleDB, and under its Apache
/// license, there are none.
pub async fn set_policies(store: &Store, policies: &TimescalePolicies) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let is_used = "select to_regclass('_sqlx_migrations_timescale') is not null
                          and coalesce(current_setting('timescaledb.license', true) = 'timescale', false)";
    let is_used: bool = sqlx::query_scalar(is_used).fetch_one(tx.connection()).await?;
    if !is_used {
        tx.rollback().await?;
        return Ok(false);
    }
    // one process at a time: the others find nothing to change
    sqlx::query("select pg_advisory_xact_lock(hashtext('sei: policies'), hashtext(current_schema()))")
        .execute(tx.connection())
        .await?;
    for table in COMPRESSED {
        set(&mut tx, &COMPRESSION, table, policies.compress_after).await?;
    }
    for table in EVENT_COUNTS {
        set(&mut tx, &RETENTION, table, Some(policies.event_counts)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Makes a policy of a kind the one of a table, unless it is; `None` to have none.
async fn set(tx: &mut StoreTx, kind: &PolicyKind, table: &str, age: Option<Duration>) -> Result<(), StoreError> {
    // an age without an end is none
    let age_secs = age.map(|age| age.as_secs_f64()).filter(|age_secs| *age_secs < MAX_AGE_SECS);
    let known: Option<bool> = sqlx::query_scalar(
        "select coalesce((config ->> $3)::interval = make_interval(secs => $4), false)
         from timescaledb_information.jobs
         where proc_name = $1 and hypertable_schema = current_schema() and hypertable_name = $2 limit 1",
    )
    .bind(kind.procedure)
    .bind(table)
    .bind(kind.age)
    .bind(age_secs)
    .fetch_optional(tx.connection())
    .await?;
    if known == Some(true) {
        return Ok(());
    }
    if known.is_some() {
        let remove = format!("select {}($1::regclass, if_exists => true)", kind.remove);
        sqlx::query(AssertSqlSafe(remove)).bind(table).execute(tx.connection()).await?;
    }
    if let Some(age_secs) = age_secs {
        let add = format!("select {}($1::regclass, make_interval(secs => $2), if_not_exists => true)", kind.add);
        sqlx::query(AssertSqlSafe(add)).bind(table).bind(age_secs).execute(tx.connection()).await?;
    }
    Ok(())
}
