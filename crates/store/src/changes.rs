//! Which chunks of what metrics are made from have changed since a reader read them.

use std::collections::BTreeSet;

use crate::{Store, StoreError, StoreTx};

/// A point in time that a reader has read at. It is of one schema: of another, everything has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAt {
    snapshot: String,
    schema: i64,
}

kernel::closed_list! {
    /// What chunks are of.
    pub enum Source: "source of chunks" {
        /// Services, repositories, teams and members.
        Ownership,
        /// What is known of services over all time.
        Bases,
        /// Changes, with their reviews.
        Changes,
        /// What was deployed.
        Deployed,
        /// Deployments.
        Deployments,
        /// Incidents.
        Incidents,
        /// Runs of pipelines.
        Runs,
        /// Work items, with their transitions.
        Items,
        /// Sprints, with what was put into them.
        Sprints,
        /// Vulnerabilities.
        Vulnerabilities,
        /// Measures of code.
        Measures,
        /// Facts that only metrics of the user's own read.
        Facts,
    }
}

/// A chunk: a source, and a repository, project or service; an empty owner stands for all.
pub type Chunk = (Source, String);

/// Begins a transaction that reads all of its statements at one point in time.
pub async fn begin_reading(store: &Store) -> Result<StoreTx, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(tx.connection()).await?;
    Ok(tx)
}

/// The point in time that a transaction of [`begin_reading`] reads at, and the chunks that have changed since another;
/// `None` where that can't be known, so that everything may have changed: of the first point in time, and where a version
/// of `sei` that knows more sources has marked one of them.
pub async fn since(tx: &mut StoreTx, before: Option<&ReadAt>) -> Result<(ReadAt, Option<BTreeSet<Chunk>>), StoreError> {
    let now = sqlx::query!(
        r#"select pg_current_snapshot()::text as "snapshot!", 'changed_chunk'::regclass::oid::bigint as "schema!""#
    )
    .fetch_one(tx.connection())
    .await?;
    let now = ReadAt { snapshot: now.snapshot, schema: now.schema };
    let Some(before) = before.filter(|before| before.schema == now.schema) else { return Ok((now, None)) };
    if before.snapshot == now.snapshot {
        return Ok((now, Some(BTreeSet::new())));
    }
    let changed = sqlx::query!(
        "select distinct source, owner from changed_chunk
         where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
           and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)",
        before.snapshot,
    )
    .fetch_all(tx.connection())
    .await?;
    let chunks = changed.into_iter().map(|row| Some((row.source.parse().ok()?, row.owner)));
    Ok((now, chunks.collect()))
}

/// Marks chunks of sources as changed by this transaction.
pub(crate) async fn mark(tx: &mut StoreTx, sources: &[Source], owners: &[String]) -> Result<(), StoreError> {
    if owners.is_empty() {
        return Ok(());
    }
    let sources: Vec<String> = sources.iter().map(|source| source.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into changed_chunk (source, owner)
         select source, owner from unnest($1::text[]) as source, unnest($2::text[]) as owner
         on conflict do nothing",
        &sources,
        owners,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Forgets what changed a day ago: a reader whose last read was before that reads everything again.
pub(crate) async fn forget_old(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from changed_chunk where ctid in (
             select ctid from changed_chunk where changed_at < now() - interval '1 day'
             limit 10000 for update skip locked)"
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
