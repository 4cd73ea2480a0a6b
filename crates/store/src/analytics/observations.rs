//! What metrics observed, chunk by chunk: of a chunk that is made again only the rows that differ are written.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::{StoreError, StoreTx};

/// Rows of one statement.
const PAGE: usize = 10_000;

/// What observations are about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SubjectRow {
    /// The services that it belongs to.
    pub services: Vec<String>,
    /// The teams that own them, and those that these are part of.
    pub teams: Vec<String>,
    /// The repository, or the project of a work item.
    pub repository: Option<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// The type of a change, the kind of a work item, the severity.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether an assistant wrote a part of it.
    pub assisted: Option<bool>,
    /// The teams of its author, and those that these are part of.
    pub author_teams: Vec<String>,
    /// Whose team reviewed whose.
    pub review_teams: Vec<String>,
}

impl SubjectRow {
    /// The number that it has: that of its contents.
    #[must_use]
    pub fn id(&self) -> i64 {
        signed(xxh3_64(format!("{self:?}").as_bytes()))
    }
}

/// An observation of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObservationRow {
    /// The number of the metric.
    pub metric: i16,
    /// The number of what it is about.
    pub subject: i64,
    /// When it happened; of what lasts when it began.
    pub at: DateTime<Utc>,
    /// How much.
    pub value: Option<f64>,
    /// Of how much.
    pub part_of: Option<f64>,
    /// A number of what it is counted under.
    pub key: Option<i64>,
    /// When what lasts ended.
    pub until: Option<DateTime<Utc>>,
    /// Of what lasts: windows that end after the first and begin up to the second are about it.
    pub present: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
}

impl ObservationRow {
    /// A hash of the row, as the `nth` of equal ones.
    fn digest(&self, nth: u32) -> i64 {
        let micros = |at: Option<DateTime<Utc>>| at.map_or(i64::MIN, |at| at.timestamp_micros());
        let (from, until) = self.present.map_or((None, None), |(from, until)| (Some(from), until));
        let mut hash = Xxh3::new();
        hash.update(&self.metric.to_le_bytes());
        hash.update(&nth.to_le_bytes());
        for number in [
            self.subject,
            micros(Some(self.at)),
            self.key.unwrap_or_default(),
            micros(self.until),
            micros(from),
            micros(until),
        ] {
            hash.update(&number.to_le_bytes());
        }
        for value in [self.value, self.part_of] {
            hash.update(&value.map_or(u64::MAX, f64::to_bits).to_le_bytes());
        }
        signed(hash.digest())
    }

    /// When it counts: at its time, or as long as it lasts; from then on where it only says that something is there.
    fn touched(&self) -> Touched {
        let Self { metric, at, value, present, .. } = *self;
        let (from, until) = match present {
            Some((from, until)) => (from.max(at), until),
            None => (at, value.map(|_| at)),
        };
        Touched { metric, from, until }
    }

    /// When it counts otherwise than the one that it replaces, which began as it does.
    fn touched_after(&self, before: &Self) -> Touched {
        let ends = |row: &Self| [row.until, row.present.and_then(|(_, until)| until)];
        let (one, other) = (self.touched(), before.touched());
        let first_end = ends(self).into_iter().chain(ends(before)).flatten().min();
        let first_end = first_end.filter(|_| ends(self) != ends(before));
        let from = first_end.map_or(one.from, |first| first.max(one.from));
        Touched { metric: self.metric, from, until: one.until.zip(other.until).map(|(one, other)| one.max(other)) }
    }
}

fn signed(hash: u64) -> i64 {
    i64::from_ne_bytes(hash.to_ne_bytes())
}

/// The observations that are made from the rows of a source about one owner.
#[derive(Clone, Debug, Default)]
pub struct ChunkOfObservations {
    /// The source.
    pub source: &'static str,
    /// A repository, a project or a service, or none.
    pub owner: String,
    /// The observations.
    pub rows: Vec<ObservationRow>,
    /// What they are about, by number.
    pub subjects: BTreeMap<i64, SubjectRow>,
}

/// When an observation counts that is new or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The number of the metric.
    pub metric: i16,
    /// From when on.
    pub from: DateTime<Utc>,
    /// The last moment; `None` for any after it.
    pub until: Option<DateTime<Utc>>,
}

/// Makes these the observations of the chunk. Returns when those count that are new or gone.
pub async fn write_chunk(tx: &mut StoreTx, chunk: &ChunkOfObservations) -> Result<Vec<Touched>, StoreError> {
    let id = signed(xxh3_64(format!("{}\0{}", chunk.source, chunk.owner).as_bytes()));
    let stored: Vec<(i64, DateTime<Utc>)> =
        sqlx::query_as("select digest, at from analytics_observation where chunk = $1")
            .bind(id)
            .fetch_all(tx.connection())
            .await?;
    let mut stored: HashMap<i64, DateTime<Utc>> = stored.into_iter().collect();
    if stored.is_empty() && !chunk.rows.is_empty() {
        sqlx::query("insert into analytics_chunk (id, source, owner) values ($1, $2, $3) on conflict do nothing")
            .bind(id)
            .bind(chunk.source)
            .bind(&chunk.owner)
            .execute(tx.connection())
            .await?;
    }
    let (mut taken, mut new) = (HashSet::new(), Vec::new());
    for row in &chunk.rows {
        let digest = (0..=u32::MAX).map(|nth| row.digest(nth)).find(|digest| taken.insert(*digest)).unwrap_or_default();
        if stored.remove(&digest).is_none() {
            new.push((digest, row));
        }
    }
    let gone = delete(tx, id, stored).await?;
    for new in new.chunks(PAGE) {
        write_subjects(tx, chunk, new).await?;
        insert(tx, id, new).await?;
    }
    Ok(touched(gone, new.iter().map(|(_, row)| *row)))
}

/// Deletes observations of a chunk by their digests, which have these times, and returns them.
async fn delete(
    tx: &mut StoreTx,
    chunk: i64,
    stored: HashMap<i64, DateTime<Utc>>,
) -> Result<Vec<ObservationRow>, StoreError> {
    let (mut stored, mut gone): (Vec<_>, Vec<_>) = (stored.into_iter().collect(), Vec::new());
    stored.sort_unstable_by_key(|(_, at)| *at);
    for page in stored.chunks(PAGE) {
        let (Some((_, first)), Some((_, last))) = (page.first(), page.last()) else { continue };
        let digests: Vec<i64> = page.iter().map(|(digest, _)| *digest).collect();
        // the times say which parts of a table that is cut by time are looked at
        let rows: Vec<Deleted> = sqlx::query_as(
            "delete from analytics_observation
             where chunk = $1 and digest = any ($2) and at >= $3 and at <= $4
             returning metric, subject, at, value, part_of, key, until, present_from,
                       nullif(present_until, 'infinity') as present_until",
        )
        .bind(chunk)
        .bind(digests)
        .bind(first)
        .bind(last)
        .fetch_all(tx.connection())
        .await?;
        gone.extend(rows.into_iter().map(ObservationRow::from));
    }
    Ok(gone)
}

/// When observations count that are new or gone. One that lasts and ends at another time than it did before counts the
/// same up to the earlier of both ends.
fn touched<'r>(gone: Vec<ObservationRow>, new: impl Iterator<Item = &'r ObservationRow>) -> Vec<Touched> {
    let beginning = |row: &ObservationRow| {
        let (from, _) = row.present?;
        Some((row.metric, row.subject, row.at, row.key, from))
    };
    let (mut touched, mut ended): (Vec<Touched>, HashMap<_, Vec<ObservationRow>>) = (Vec::new(), HashMap::new());
    for row in gone {
        match beginning(&row) {
            Some(beginning) => ended.entry(beginning).or_default().push(row),
            None => touched.push(row.touched()),
        }
    }
    for row in new {
        let before = beginning(row).and_then(|beginning| ended.get_mut(&beginning)?.pop());
        touched.push(before.map_or_else(|| row.touched(), |before| row.touched_after(&before)));
    }
    touched.extend(ended.into_values().flatten().map(|row| row.touched()));
    touched
}

/// An observation that was deleted.
#[derive(sqlx::FromRow)]
struct Deleted {
    metric: i16,
    subject: i64,
    at: DateTime<Utc>,
    value: Option<f64>,
    part_of: Option<f64>,
    key: Option<i64>,
    until: Option<DateTime<Utc>>,
    present_from: Option<DateTime<Utc>>,
    present_until: Option<DateTime<Utc>>,
}

impl From<Deleted> for ObservationRow {
    fn from(row: Deleted) -> Self {
        Self {
            metric: row.metric,
            subject: row.subject,
            at: row.at,
            value: row.value,
            part_of: row.part_of,
            key: row.key,
            until: row.until,
            present: row.present_from.map(|from| (from, row.present_until)),
        }
    }
}

/// Writes what observations are about, where it is not there.
async fn write_subjects(
    tx: &mut StoreTx,
    chunk: &ChunkOfObservations,
    rows: &[(i64, &ObservationRow)],
) -> Result<(), StoreError> {
    let ids: HashSet<i64> = rows.iter().map(|(_, row)| row.subject).collect();
    let subjects = chunk.subjects.iter().filter(|(id, _)| ids.contains(id)).map(|(id, subject)| {
        let mut row = json!(subject);
        if let Some(row) = row.as_object_mut() {
            row.insert("id".to_owned(), json!(id));
        }
        row
    });
    let subjects: Vec<serde_json::Value> = subjects.collect();
    sqlx::query(
        "insert into analytics_subject
             (id, services, teams, repository, labels, type, assisted, author_teams, review_teams)
         select id, services, teams, repository, labels, type, assisted, author_teams, review_teams
         from jsonb_to_recordset($1)
              as new (id bigint, services text[], teams text[], repository text, labels text[], type text,
                      assisted boolean, author_teams text[], review_teams text[])
         on conflict do nothing",
    )
    .bind(json!(subjects))
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn insert(tx: &mut StoreTx, chunk: i64, rows: &[(i64, &ObservationRow)]) -> Result<(), StoreError> {
    fn column<T>(rows: &[(i64, &ObservationRow)], value: impl Fn(&ObservationRow) -> T) -> Vec<T> {
        rows.iter().map(|(_, row)| value(row)).collect()
    }
    let digests: Vec<i64> = rows.iter().map(|(digest, _)| *digest).collect();
    sqlx::query(
        "insert into analytics_observation
             (chunk, digest, metric, subject, at, value, part_of, key, until, present_from, present_until)
         select $1, digest, metric, subject, at, value, part_of, key, until, present_from,
                case when present_from is not null then coalesce(present_until, 'infinity') end
         from unnest($2::bigint[], $3::smallint[], $4::bigint[], $5::timestamptz[], $6::double precision[],
                     $7::double precision[], $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
              as new (digest, metric, subject, at, value, part_of, key, until, present_from, present_until)",
    )
    .bind(chunk)
    .bind(digests)
    .bind(column(rows, |row| row.metric))
    .bind(column(rows, |row| row.subject))
    .bind(column(rows, |row| row.at))
    .bind(column(rows, |row| row.value))
    .bind(column(rows, |row| row.part_of))
    .bind(column(rows, |row| row.key))
    .bind(column(rows, |row| row.until))
    .bind(column(rows, |row| row.present.map(|(from, _)| from)))
    .bind(column(rows, |row| row.present.and_then(|(_, until)| until)))
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Deletes the chunks of a source of other owners than these. Returns from when to when observations of which metrics
/// counted that are gone.
pub async fn keep_chunks(tx: &mut StoreTx, source: &str, owners: &[String]) -> Result<Vec<Touched>, StoreError> {
    let deleted: Vec<(i16, DateTime<Utc>, Option<DateTime<Utc>>)> = sqlx::query_as(
        "with gone as (
             delete from analytics_chunk where source = $1 and owner <> all ($2) returning id
         ), deleted as (
             delete from analytics_observation o using gone where o.chunk = gone.id
             returning o.metric, o.at, o.present_until,
                       coalesce(o.present_until = 'infinity', o.value is null) as goes_on
         )
         select metric, min(at),
                case when not bool_or(goes_on) then max(greatest(at, present_until)) end
         from deleted group by metric",
    )
    .bind(source)
    .bind(owners)
    .fetch_all(tx.connection())
    .await?;
    Ok(deleted.into_iter().map(|(metric, from, until)| Touched { metric, from, until }).collect())
}

/// Deletes what no observation is about any more, chunks without any, and observations of metrics that there are no more.
pub async fn tidy(tx: &mut StoreTx) -> Result<(), StoreError> {
    for statement in [
        "delete from analytics_observation o
         where not exists (select from analytics_metric m where m.id = o.metric)",
        "delete from analytics_daily d where not exists (select from analytics_metric m where m.id = d.metric)",
        "delete from analytics_outdated d where not exists (select from analytics_metric m where m.id = d.metric)",
        "delete from analytics_subject s
         where not exists (select from analytics_observation o where o.subject = s.id)",
        "delete from analytics_chunk c
         where not exists (select from analytics_observation o where o.chunk = c.id)",
    ] {
        sqlx::query(statement).execute(tx.connection()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_differ_by_all_that_they_have() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let row = ObservationRow {
            metric: 1,
            subject: 2,
            at,
            value: Some(1.0),
            part_of: None,
            key: None,
            until: None,
            present: None,
        };
        let others = [
            ObservationRow { metric: 2, ..row },
            ObservationRow { value: None, ..row },
            ObservationRow { part_of: Some(1.0), ..row },
            ObservationRow { until: Some(at), ..row },
            ObservationRow { present: Some((at, None)), ..row },
        ];
        let digests: HashSet<i64> = others.iter().chain([&row]).map(|row| row.digest(0)).collect();
        assert_eq!(digests.len(), others.len() + 1);
        assert_ne!(row.digest(0), row.digest(1));
    }

    #[test]
    fn what_lasts_and_ends_at_another_time_counts_otherwise_from_the_earlier_end_on() {
        let at = |day: i64| DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(day);
        let lasting = |until: Option<i64>| ObservationRow {
            metric: 1,
            subject: 2,
            at: at(10),
            value: None,
            part_of: None,
            key: None,
            until: until.map(at),
            present: Some((at(10), until.map(at))),
        };
        let of = |gone: &[ObservationRow], new: &[ObservationRow]| -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> {
            touched(gone.to_vec(), new.iter()).into_iter().map(|one| (one.from, one.until)).collect()
        };
        assert_eq!(of(&[], &[lasting(Some(30))]), [(at(10), Some(at(30)))]);
        assert_eq!(of(&[lasting(None)], &[]), [(at(10), None)]);
        assert_eq!(of(&[lasting(None)], &[lasting(Some(30))]), [(at(30), None)], "it was closed");
        assert_eq!(of(&[lasting(Some(30))], &[lasting(Some(20))]), [(at(20), Some(at(30)))]);
        let (once, known) = (ObservationRow { value: Some(1.0), present: None, ..lasting(None) }, lasting(None));
        assert_eq!(of(&[once], &[]), [(at(10), Some(at(10)))]);
        assert_eq!(of(&[], &[ObservationRow { present: None, ..known }]), [(at(10), None)], "it is there from then on");
    }
}
