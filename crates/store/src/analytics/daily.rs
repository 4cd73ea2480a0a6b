//! The values of metrics by day.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Store, StoreError, StoreTx};

/// Rows of one statement.
const PAGE: usize = 20_000;

/// A metric whose values by day are outdated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// Its number.
    pub id: i16,
    /// Its name.
    pub name: String,
    /// Since when.
    pub from: DateTime<Utc>,
}

/// The value of a metric on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyRow {
    /// The number of the metric.
    pub metric: i16,
    /// `all`, `team` or `service`.
    pub slice_by: &'static str,
    /// The team or the service; empty for the whole.
    pub slice: String,
    /// The day.
    pub day: NaiveDate,
    /// The value.
    pub value: Option<f64>,
    /// How many observations are behind it.
    pub n: i64,
}

/// The metrics whose values by day are outdated.
pub async fn outdated(store: &Store) -> Result<Vec<Outdated>, StoreError> {
    let rows: Vec<(i16, String, DateTime<Utc>)> =
        sqlx::query_as("select id, name, daily_from from analytics_metric where daily_from is not null order by id")
            .fetch_all(store.pool())
            .await?;
    Ok(rows.into_iter().map(|(id, name, from)| Outdated { id, name, from }).collect())
}

/// Makes these the values of metrics of the days from `days.0` on, before `days.1`.
pub async fn write_daily(
    tx: &mut StoreTx,
    metrics: &[i16],
    days: (NaiveDate, NaiveDate),
    rows: &[DailyRow],
) -> Result<(), StoreError> {
    sqlx::query("delete from analytics_daily where metric = any ($1) and day >= $2 and day < $3")
        .bind(metrics)
        .bind(days.0)
        .bind(days.1)
        .execute(tx.connection())
        .await?;
    for rows in rows.chunks(PAGE) {
        sqlx::query(
            "insert into analytics_daily (metric, slice_by, slice, day, value, n)
             select * from unnest($1::smallint[], $2::text[], $3::text[], $4::date[], $5::double precision[],
                                  $6::bigint[])
             on conflict do nothing",
        )
        .bind(rows.iter().map(|row| row.metric).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.slice_by).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.slice.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.day).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.value).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.n).collect::<Vec<_>>())
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Notes that the values by day of metrics are up to date, unless observations have changed since they were found outdated.
pub async fn settle(tx: &mut StoreTx, settled: &[Outdated]) -> Result<(), StoreError> {
    sqlx::query(
        "update analytics_metric m set daily_from = null
         from unnest($1::smallint[], $2::timestamptz[]) as settled (id, daily_from)
         where m.id = settled.id and m.daily_from = settled.daily_from",
    )
    .bind(settled.iter().map(|one| one.id).collect::<Vec<_>>())
    .bind(settled.iter().map(|one| one.from).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    Ok(())
}
