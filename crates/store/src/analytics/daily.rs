//! The values of metrics by day.

use chrono::NaiveDate;

use crate::{Store, StoreError, StoreTx};

/// Rows of one statement.
const PAGE: usize = 20_000;

/// Days on which the values of a metric are outdated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutdatedDays {
    /// The number of the metric.
    pub metric: i16,
    /// The first of them.
    pub first: NaiveDate,
    /// The last of them.
    pub last: NaiveDate,
}

/// Such days, as they were noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The days.
    pub days: OutdatedDays,
    /// The name of the metric.
    pub name: String,
    /// Another number when they are noted again.
    noted: i64,
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

/// The days on which values of metrics are outdated.
pub async fn outdated(store: &Store) -> Result<Vec<Outdated>, StoreError> {
    let rows: Vec<(i16, NaiveDate, NaiveDate, String, i64)> = sqlx::query_as(
        "select o.metric, o.first_day, o.last_day, m.name, o.noted
         from analytics_outdated o join analytics_metric m on m.id = o.metric
         order by o.metric, o.first_day, o.last_day",
    )
    .fetch_all(store.pool())
    .await?;
    let outdated = |(metric, first, last, name, noted)| {
        let days = OutdatedDays { metric, first, last };
        Outdated { days, name, noted }
    };
    Ok(rows.into_iter().map(outdated).collect())
}

/// Notes days on which values of metrics are outdated.
pub(super) async fn note(tx: &mut StoreTx, days: &[OutdatedDays]) -> Result<(), StoreError> {
    sqlx::query(
        "insert into analytics_outdated (metric, first_day, last_day)
         select * from unnest($1::smallint[], $2::date[], $3::date[])
         on conflict (metric, first_day, last_day) do update set noted = default",
    )
    .bind(days.iter().map(|days| days.metric).collect::<Vec<_>>())
    .bind(days.iter().map(|days| days.first).collect::<Vec<_>>())
    .bind(days.iter().map(|days| days.last).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    Ok(())
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

/// Notes that the values by day of metrics are up to date, but for days that were noted again since they were found.
pub async fn settle(tx: &mut StoreTx, settled: &[Outdated]) -> Result<(), StoreError> {
    sqlx::query(
        "delete from analytics_outdated o
         using unnest($1::smallint[], $2::date[], $3::date[], $4::bigint[])
               as settled (metric, first_day, last_day, noted)
         where (o.metric, o.first_day, o.last_day, o.noted)
               = (settled.metric, settled.first_day, settled.last_day, settled.noted)",
    )
    .bind(settled.iter().map(|one| one.days.metric).collect::<Vec<_>>())
    .bind(settled.iter().map(|one| one.days.first).collect::<Vec<_>>())
    .bind(settled.iter().map(|one| one.days.last).collect::<Vec<_>>())
    .bind(settled.iter().map(|one| one.noted).collect::<Vec<_>>())
    .execute(tx.connection())
    .await?;
    Ok(())
}
