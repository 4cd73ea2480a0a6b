//! Writing metric facts of a service. What is stored is known by a hash of its key and a digest of its
//! row, so that comparing a million rows takes 40 bytes each; only what differs is written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use kernel::{ChangeMetric, DeploymentMetric, Finding, FindingKind, IncidentMetric};
use sqlx::PgConnection;
use xxhash_rust::xxh3::xxh3_128;

use super::encode::{Encode, Encoded};
use crate::changes::Source;
use crate::copy::{self, Rows};
use crate::feed::Touch;
use crate::{StoreError, StoreTx, changes, feed};

/// What a write changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows written because they are new or differ.
    pub written: u64,
    /// Rows deleted because nothing gives them any more.
    pub deleted: u64,
}

impl std::ops::AddAssign for Written {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.deleted += other.deleted;
    }
}

/// Makes the deployments of a service these.
pub async fn write_deployments(
    tx: &mut StoreTx,
    service: &str,
    rows: &[DeploymentMetric],
) -> Result<Written, StoreError> {
    let (written, touched) = write::<DeploymentMetric>(tx, service, rows.iter()).await?;
    feed::deployments(tx, service, rows, &by_id(touched)).await?;
    mark(tx, written, &[Source::Deployments, Source::Incidents, Source::Bases], &[service.to_owned()]).await
}

/// Makes the incidents of a service these.
pub async fn write_incidents(tx: &mut StoreTx, service: &str, rows: &[IncidentMetric]) -> Result<Written, StoreError> {
    let (written, touched) = write::<IncidentMetric>(tx, service, rows.iter()).await?;
    feed::incidents(tx, service, rows, &by_id(touched)).await?;
    mark(tx, written, &[Source::Incidents, Source::Bases], &[service.to_owned()]).await
}

/// Makes the changes of a service these.
pub async fn write_changes(
    tx: &mut StoreTx,
    service: &str,
    rows: impl Iterator<Item = ChangeMetric>,
) -> Result<Written, StoreError> {
    let (written, touched) = write::<ChangeMetric>(tx, service, rows).await?;
    let touched: BTreeSet<(String, String)> = touched.into_keys().collect();
    changes::mark_rows(tx, Source::Changes, &touched).await?;
    let touched = touched.into_iter().map(|(_, change)| (service.to_owned(), change)).collect();
    changes::mark_rows(tx, Source::Deployed, &touched).await?;
    Ok(written)
}

/// Marks chunks where anything was written.
async fn mark(
    tx: &mut StoreTx,
    written: Written,
    sources: &[Source],
    owners: &[String],
) -> Result<Written, StoreError> {
    if written != Written::default() {
        changes::mark(tx, sources, owners).await?;
    }
    Ok(written)
}

/// Makes the findings of a service these.
pub async fn write_findings(tx: &mut StoreTx, service: &str, rows: &[Finding]) -> Result<Written, StoreError> {
    let stored = sqlx::query!("select kind, subject, detail from finding where service = $1", service)
        .fetch_all(tx.connection())
        .await?;
    let mut stored: BTreeSet<(String, String, String)> =
        stored.into_iter().map(|row| (row.kind, row.subject, row.detail)).collect();
    let rows = rows.iter().map(|row| (row.kind.as_str().to_owned(), row.subject.clone(), row.detail.clone()));
    let new: Vec<(String, String, String)> = rows.filter(|row| !stored.remove(row)).collect();
    let both = || new.iter().chain(&stored);
    if both().next().is_some() {
        changes::mark(tx, &[Source::Bases], &[service.to_owned()]).await?;
    }
    let duplicate = FindingKind::DuplicateChange.as_str();
    let duplicates: Vec<String> =
        both().filter(|(kind, ..)| kind == duplicate).map(|(_, subject, _)| subject.clone()).collect();
    if !duplicates.is_empty() {
        let rows = sqlx::query!("select repository, id from change where id = any ($1)", &duplicates)
            .fetch_all(tx.connection())
            .await?;
        let rows = rows.into_iter().map(|row| (row.repository, row.id)).collect();
        changes::mark_rows(tx, Source::Changes, &rows).await?;
    }
    let connection = tx.connection();
    let (kinds, subjects): (Vec<String>, Vec<String>) =
        stored.into_iter().map(|(kind, subject, _)| (kind, subject)).unzip();
    let deleted = sqlx::query!(
        "delete from finding using unnest($2::text[], $3::text[]) as gone (kind, subject)
         where service = $1 and finding.kind = gone.kind and finding.subject = gone.subject",
        service,
        &kinds,
        &subjects,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let mut columns: [Vec<String>; 3] = Default::default();
    for (kind, subject, detail) in new {
        for (column, value) in columns.iter_mut().zip([kind, subject, detail]) {
            column.push(value);
        }
    }
    let [kinds, subjects, details] = columns;
    let written = sqlx::query!(
        "insert into finding (service, kind, subject, detail)
         select $1, kind, subject, detail
         from unnest($2::text[], $3::text[], $4::text[]) as new (kind, subject, detail)",
        service,
        &kinds,
        &subjects,
        &details,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    Ok(Written { written, deleted })
}

/// A row's key as one number.
fn key(at: DateTime<Utc>, id: &str) -> u128 {
    let mut bytes = at.timestamp_micros().to_le_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    xxh3_128(&bytes)
}

/// Rows that were written or deleted: what else each is of ([`Encode::ALSO_OF`]), its id, and how it has changed.
type Touched = BTreeMap<(String, String), Touch>;

fn by_id(touched: Touched) -> BTreeMap<String, Touch> {
    touched.into_iter().map(|((_, id), touch)| (id, touch)).collect()
}

/// Notes how a row has changed. One whose time has changed is new under its new key and gone under its old one.
fn touch(touched: &mut Touched, key: (String, String), touch: Touch) {
    touched
        .entry(key)
        .and_modify(|known| *known = if *known == touch { touch } else { Touch::Changed })
        .or_insert(touch);
}

/// Makes the rows of a service these. Returns what that changed.
async fn write<R: Encode>(
    tx: &mut StoreTx,
    service: &str,
    rows: impl Iterator<Item = impl std::borrow::Borrow<R>>,
) -> Result<(Written, Touched), StoreError> {
    let (time, id) = R::KEY;
    sqlx::query!("select set_config('sei.service', $1, true) as service", service).fetch_one(tx.connection()).await?;
    let connection = tx.connection();
    let statement = format!(
        "copy (select {time}, {id}, digest, {} from {} where service = current_setting('sei.service'))
         to stdout (format binary)",
        R::ALSO_OF,
        R::TABLE
    );
    let mut stored: HashMap<u128, i64> = HashMap::new();
    copy::read(connection, &statement, |row| {
        stored.insert(key(row.time()?, row.text()?), row.i64()?);
        Ok(())
    })
    .await?;

    let (mut done, mut touched) = (Written::default(), Touched::new());
    let mut new = Rows::new(R::TABLE, &format!("{}, digest", R::COLUMNS));
    let mut replaced: Keys = Keys::default();
    let mut encoded = Encoded::default();
    for row in rows {
        let row: &R = row.borrow();
        encoded.clear();
        row.encode(&mut encoded)?;
        let digest = encoded.digest();
        let (at, name) = row.key();
        match stored.remove(&key(at, name)) {
            Some(stored) if stored == digest => continue,
            Some(_) => {
                replaced.push(at, name);
                touch(&mut touched, (row.also_of().to_owned(), name.to_owned()), Touch::Changed);
            }
            None => touch(&mut touched, (row.also_of().to_owned(), name.to_owned()), Touch::New),
        }
        new.row(encoded.fields + 1);
        new.encoded(&encoded.bytes);
        new.bytes(Some(&digest.to_be_bytes()))?;
        if new.is_full() {
            replaced.delete::<R>(connection, service).await?;
            done.written += new.flush(connection).await?;
        }
    }
    if !stored.is_empty() {
        let mut vanished = keys_of(connection, &statement, &stored.into_keys().collect(), &mut touched).await?;
        done.deleted += vanished.delete::<R>(connection, service).await?;
    }
    replaced.delete::<R>(connection, service).await?;
    done.written += new.flush(connection).await?;
    Ok((done, touched))
}

/// The keys of stored rows, of which only the hashes are known: reads all of the service once more.
async fn keys_of(
    connection: &mut PgConnection,
    statement: &str,
    hashes: &HashSet<u128>,
    touched: &mut Touched,
) -> Result<Keys, StoreError> {
    let mut keys = Keys::default();
    copy::read(connection, statement, |row| {
        let (at, name) = (row.time()?, row.text()?);
        if hashes.contains(&key(at, name)) {
            keys.push(at, name);
            let _digest = row.i64()?;
            touch(touched, (row.text()?.to_owned(), name.to_owned()), Touch::Removed);
        }
        Ok(())
    })
    .await?;
    Ok(keys)
}

/// Keys of rows to delete.
#[derive(Default)]
struct Keys {
    times: Vec<DateTime<Utc>>,
    ids: Vec<String>,
}

impl Keys {
    fn push(&mut self, at: DateTime<Utc>, id: &str) {
        self.times.push(at);
        self.ids.push(id.to_owned());
    }

    async fn delete<R: Encode>(&mut self, connection: &mut PgConnection, service: &str) -> Result<u64, StoreError> {
        if self.ids.is_empty() {
            return Ok(0);
        }
        let (time, id) = R::KEY;
        // the names are constants of this crate; each key is looked up as a whole
        let statement = format!(
            "delete from {table} as t using (
                 select $1::text as service, at, id from unnest($2::timestamptz[], $3::text[]) as gone (at, id) offset 0
             ) as gone
             where t.service = gone.service and t.{time} = gone.at and t.{id} = gone.id
                   and t.service = $1 and t.{time} >= $4 and t.{time} <= $5",
            table = R::TABLE
        );
        // of a table that is cut by time only these parts are looked at
        let (first, last) = (self.times.iter().min().copied(), self.times.iter().max().copied());
        let statement = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(service)
            .bind(std::mem::take(&mut self.times))
            .bind(std::mem::take(&mut self.ids))
            .bind(first)
            .bind(last);
        Ok(statement.execute(connection).await?.rows_affected())
    }
}
