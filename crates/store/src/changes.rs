//! What of that which metrics are made from has changed since a reader read it: chunks, or rows of them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::{Store, StoreError, StoreTx};

/// A point in time that a reader has read at. It is of one schema: of another, everything has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAt {
    snapshot: String,
    schema: i64,
}

impl ReadAt {
    pub(crate) const fn new(snapshot: String, schema: i64) -> Self {
        Self { snapshot, schema }
    }

    /// The snapshot as the type `pg_snapshot` has it, and what the schema is known by.
    pub(crate) fn snapshot(&self) -> (&str, i64) {
        (&self.snapshot, self.schema)
    }
}

kernel::closed_list! {
    /// What chunks are of.
    pub enum Source: "source of chunks" {
        /// Services, repositories, teams and members.
        Ownership,
        /// A service (the owner) and a repository (the key) that a fact names: who owns what is another only if they are
        /// new. Without a key they may be any.
        Named,
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

/// What a transaction says that it has changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// What it is of.
    pub source: Source,
    /// A repository, project or service, or none.
    pub owner: String,
    /// A row of that owner. Empty where all of its rows may have changed, and without an owner all of the source.
    pub key: String,
}

/// A reader whose last read is longer ago reads everything again: what changed long ago is forgotten, after a day.
pub const KEPT: Duration = Duration::from_hours(1);
/// Rows that are marked one by one; of more their chunks are marked.
const MOST_ROWS: usize = 500;

/// Begins a transaction that reads all of its statements at one point in time.
pub async fn begin_reading(store: &Store) -> Result<StoreTx, StoreError> {
    store.begin_as("begin isolation level repeatable read, read only").await
}

/// The point in time that a transaction of [`begin_reading`] reads at, and what was marked since another; `None` where that
/// can't be known, so that everything may have changed: of the first point in time, and where a version of `sei` that knows
/// more sources has marked one of them.
pub async fn since(tx: &mut StoreTx, before: Option<&ReadAt>) -> Result<(ReadAt, Option<BTreeSet<Mark>>), StoreError> {
    let rows = sqlx::query!(
        r#"with now as (
             select pg_current_snapshot()::text as snapshot, 'changed_chunk'::regclass::oid::bigint as schema
         ), changed as (
             select distinct source, owner, key from changed_chunk
             where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
               and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
         )
         select now.snapshot as "snapshot!", now.schema as "schema!",
                changed.source as "source?", changed.owner as "owner?", changed.key as "key?"
         from now left join changed on true"#,
        before.map(|before| before.snapshot.as_str()),
    )
    .fetch_all(tx.connection())
    .await?;
    let mut now = None;
    let mut marks: Option<BTreeSet<Mark>> = Some(BTreeSet::new());
    for row in rows {
        now.get_or_insert(ReadAt { snapshot: row.snapshot, schema: row.schema });
        let Some(((source, owner), key)) = row.source.zip(row.owner).zip(row.key) else { continue };
        marks = marks.zip(source.parse().ok()).map(|(mut marks, source)| {
            marks.insert(Mark { source, owner, key });
            marks
        });
    }
    // there is a row without any mark
    let now = now.ok_or_else(|| StoreError::Unreadable("the database does not say what it reads".to_owned()))?;
    let is_known = before.is_some_and(|before| before.schema == now.schema);
    Ok((now, marks.filter(|_| is_known)))
}

/// Marks chunks of sources as changed by this transaction.
pub(crate) async fn mark(tx: &mut StoreTx, sources: &[Source], owners: &[String]) -> Result<(), StoreError> {
    insert(tx, sources, owners, &vec![String::new(); owners.len()]).await
}

/// Marks rows of a source as changed by this transaction, each by its owner and its key; of many their chunks.
pub(crate) async fn mark_rows(
    tx: &mut StoreTx,
    source: Source,
    rows: &BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    if rows.len() > MOST_ROWS {
        let owners: BTreeSet<&String> = rows.iter().map(|(owner, _)| owner).collect();
        let owners: Vec<String> = owners.into_iter().cloned().collect();
        return mark(tx, &[source], &owners).await;
    }
    let (owners, keys): (Vec<String>, Vec<String>) = rows.iter().cloned().unzip();
    insert(tx, &[source], &owners, &keys).await
}

async fn insert(tx: &mut StoreTx, sources: &[Source], owners: &[String], keys: &[String]) -> Result<(), StoreError> {
    if owners.is_empty() {
        return Ok(());
    }
    let sources: Vec<String> = sources.iter().map(|source| source.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into changed_chunk (source, owner, key)
         select source, owner, key
         from unnest($1::text[]) as source, unnest($2::text[], $3::text[]) as changed (owner, key)
         on conflict do nothing",
        &sources,
        owners,
        keys,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A kind of fact that stands for any.
pub(crate) const ANY_KIND: &str = "";

/// Notes that this transaction changed facts of these kinds.
pub(crate) async fn note_facts(tx: &mut StoreTx, kinds: &[String]) -> Result<(), StoreError> {
    sqlx::query!("insert into fact_change (kind) select unnest($1::text[]) on conflict do nothing", kinds)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Whether facts of these kinds may be others in a transaction of [`begin_reading`] than they were at a point in time within
/// the last day. `now` is the point in time that it reads at.
pub async fn are_facts_changed(
    tx: &mut StoreTx,
    kinds: &[&str],
    (before, now): (&ReadAt, &ReadAt),
) -> Result<bool, StoreError> {
    if before.schema != now.schema {
        return Ok(true);
    }
    let is_other = "select exists (select from fact_change
                                    where (kind = any ($1) or kind = $2) and xid >= pg_snapshot_xmin($3::text::pg_snapshot)
                                      and not pg_visible_in_snapshot(xid, $3::text::pg_snapshot))";
    let is_other = sqlx::query_scalar(is_other).bind(kinds).bind(ANY_KIND).bind(&before.snapshot);
    Ok(is_other.fetch_one(tx.connection()).await?)
}

/// A point in time, and whether any fact is another than it was at an earlier one, within the last day.
pub async fn facts_since(store: &Store, before: Option<&ReadAt>) -> Result<(ReadAt, bool), StoreError> {
    let (snapshot, schema) = before.map(ReadAt::snapshot).unzip();
    let now = sqlx::query!(
        r#"select pg_current_snapshot()::text as "snapshot!", 'fact_change'::regclass::oid::bigint as "schema!",
                  exists (select from fact_change
                           where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
                             and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)) as "is_other!""#,
        snapshot,
    )
    .fetch_one(store.pool())
    .await?;
    let is_other = schema != Some(now.schema) || now.is_other;
    Ok((ReadAt::new(now.snapshot, now.schema), is_other))
}

/// Forgets what changed a day ago, of people and facts too: a reader whose last read was before that reads everything again.
pub(crate) async fn forget_old(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from changed_chunk where ctid in (
             select ctid from changed_chunk where changed_at < now() - interval '1 day'
             limit 10000 for update skip locked)"
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "delete from people_change where ctid in (
             select ctid from people_change where changed_at < now() - interval '1 day'
             limit 10000 for update skip locked)"
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "delete from fact_change where ctid in (
             select ctid from fact_change where changed_at < now() - interval '1 day'
             limit 10000 for update skip locked)"
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
