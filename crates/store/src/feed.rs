//! The feed: what happened that people and programs wait for, kept for a day. A row is written in the transaction that
//! makes it true.
//!
//! Promises: a reader that goes on from what it has seen ([`Seen`]) misses nothing and gets nothing twice, however
//! transactions overlap, and no reader waits for a transaction that is still running. Who comes back too late learns it
//! ([`pruned_up_to`]).

mod news;
mod seen;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{DeploymentMetric, IncidentMetric, TraceParent};

pub(crate) use news::Kind;
pub use news::{News, ShownDeployment, ShownIncident, ShownSource, SourceHealth, Touch};
pub use seen::{InvalidSeen, Seen};

use crate::{StoreError, StoreTx};

/// The channel on which a commit is announced that wrote to the feed or changed what metrics are made from; the payload
/// is the tenant.
pub const CHANNEL: &str = "sei_changed";

/// Rows of one kind that a computation of a service changed, which are reported one by one. Of more only the number is.
const MOST_ROWS: usize = 20;

/// A row of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The transaction that wrote it, and its number.
    pub position: (u64, i64),
    /// When.
    pub at: DateTime<Utc>,
    /// What happened; `None` if a later version of `sei` wrote what this one does not know.
    pub news: Option<News>,
    /// The span that wrote it, if its trace is exported.
    pub trace: Option<TraceParent>,
}

/// The rows that a reader has not seen, up to another point in time: at most `limit`, in the order of their positions.
/// Where there are as many, [`Seen::up_to`] the last of them says what is seen then.
pub async fn page(tx: &mut StoreTx, seen: &Seen, now: &Seen, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let (parts, ids): (Vec<String>, Vec<i64>) = seen.parts().map(|(xid, id)| (xid.to_string(), id)).unzip();
    let rows = sqlx::query!(
        r#"select xid::text as "xid!", id, at, kind, subject, service, detail, traceparent
           from feed
           where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
             and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
             and pg_visible_in_snapshot(xid, $2::text::pg_snapshot)
             and not exists (select from unnest($3::text[], $4::bigint[]) as part (of_xid, up_to)
                             where of_xid::xid8 = feed.xid and feed.id <= up_to)
           order by feed.xid, feed.id limit $5"#,
        seen.snapshot(),
        now.snapshot(),
        &parts,
        &ids,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    let position = |xid: &str, id| match xid.parse() {
        Ok(xid) => Ok((xid, id)),
        Err(_) => Err(StoreError::Unreadable(format!("feed {id}: its transaction is `{xid}`"))),
    };
    let entries = rows.into_iter().map(|row| {
        let trace = row.traceparent.and_then(|text| text.parse().ok());
        let news = News::read(&row.kind, row.subject, row.service, row.detail);
        Ok(Entry { position: position(&row.xid, row.id)?, at: row.at, news, trace })
    });
    entries.collect()
}

/// The latest transaction some of whose rows are not kept any more. Who has not seen all up to it has missed some.
pub async fn pruned_up_to(tx: &mut StoreTx) -> Result<u64, StoreError> {
    let up_to =
        sqlx::query_scalar!(r#"select up_to::text as "up_to!" from feed_pruned"#).fetch_one(tx.connection()).await?;
    up_to.parse().map_err(|_| StoreError::Unreadable(format!("feed_pruned: its transaction is `{up_to}`")))
}

/// Writes what changed of the deployments of a service. `touched` are those whose rows are others now.
pub(crate) async fn deployments(
    tx: &mut StoreTx,
    service: &str,
    rows: &[DeploymentMetric],
    touched: &BTreeMap<String, Touch>,
) -> Result<(), StoreError> {
    let shown = |id: &str| rows.iter().rfind(|row| row.deployment.as_str() == id).map(ShownDeployment::of);
    write(tx, Kind::Deployment, service, news::rows(touched, MOST_ROWS, shown)).await
}

/// Writes what changed of the incidents of a service.
pub(crate) async fn incidents(
    tx: &mut StoreTx,
    service: &str,
    rows: &[IncidentMetric],
    touched: &BTreeMap<String, Touch>,
) -> Result<(), StoreError> {
    let shown = |id: &str| rows.iter().rfind(|row| row.incident.as_str() == id).map(ShownIncident::of);
    write(tx, Kind::Incident, service, news::rows(touched, MOST_ROWS, shown)).await
}

async fn write(
    tx: &mut StoreTx,
    kind: Kind,
    service: &str,
    rows: Vec<(String, serde_json::Value)>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let (subjects, details): (Vec<String>, Vec<serde_json::Value>) = rows.into_iter().unzip();
    let traceparent = tx.traceparent();
    sqlx::query!(
        "insert into feed (kind, subject, service, detail, traceparent)
         select $1, subject, $2, detail, $5::text from unnest($3::text[], $4::jsonb[]) as new (subject, detail)",
        kind.as_str(),
        service,
        &subjects,
        &details,
        traceparent,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes rows that are older than a day, and the oldest of more than a million. Several transactions may do it at the
/// same time: one of them does.
pub(crate) async fn prune(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "with alone as (
             select up_to from feed_pruned for update skip locked
         ), gone as (
             delete from feed using alone
             where feed.id in (
                 (select id from feed where at < now() - interval '1 day' order by at limit 10000)
                 union all
                 (select id from feed where id <= (select max(id) from feed) - 1000000 order by id limit 10000)
             )
             returning feed.xid
         ), latest as (
             select xid from gone order by xid desc limit 1
         )
         update feed_pruned set up_to = greatest(feed_pruned.up_to, latest.xid) from latest"
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
