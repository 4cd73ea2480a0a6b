//! The values of metrics by day, as they are answered to everyone.

use chrono::{DateTime, Days, NaiveDate, Utc};
use kernel::midnight;
use store::Store;
use store::analytics::{DailyRow, Outdated};

use crate::metrics::{ask, definitions};
use crate::settings::Dora;
use crate::{Aggregation, DoraError, Interval, MetricAnswer, MetricSettings, Point, Question, Slice};

/// How many days are kept up to date.
const DAYS: u64 = 3 * 366;
/// Days that are asked for at once.
const AT_ONCE: u64 = 90;

/// The first day that is kept up to date.
pub(super) fn earliest(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(DAYS)).unwrap_or(today)
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// Writes the values of the days that are outdated, up to today's.
pub(super) async fn write(store: &Store, settings: &Dora, today: NaiveDate) -> Result<(), DoraError> {
    let outdated = store::analytics::outdated(store).await?;
    let date = |at: DateTime<Utc>| at.with_timezone(&settings.time_zone).date_naive();
    let Some(first) = outdated.iter().map(|one| date(one.from)).min() else { return Ok(()) };
    let (mut from, end) = (first.max(earliest(today)), after(today, 1));
    while from < end {
        let to = after(from, AT_ONCE).min(end);
        let metrics: Vec<&Outdated> = outdated.iter().filter(|one| date(one.from) < to).collect();
        let rows = of_days(store, settings, &metrics, (from, to)).await?;
        let numbers: Vec<i16> = metrics.iter().map(|one| one.id).collect();
        let mut tx = store.begin().await?;
        store::analytics::write_daily(&mut tx, &numbers, (from, to), &rows).await?;
        tx.commit().await?;
        from = to;
    }
    let mut tx = store.begin().await?;
    store::analytics::settle(&mut tx, &outdated).await?;
    Ok(tx.commit().await?)
}

/// The values of metrics on days: of the whole, and of teams and services where metrics are of such.
async fn of_days(
    store: &Store,
    settings: &Dora,
    metrics: &[&Outdated],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<DailyRow>, DoraError> {
    let known = definitions(&[])?;
    let has = |metric: &Outdated, is: &dyn Fn(&crate::Definition) -> bool| {
        known.iter().any(|definition| definition.name == metric.name && is(definition))
    };
    // who changed half of a year is asked of a window, and of no day of it
    let by_day: Vec<&Outdated> = metrics
        .iter()
        .copied()
        .filter(|metric| has(metric, &|definition| definition.aggregation != Aggregation::FewestWithHalf))
        .collect();
    let (sliced, whole): (Vec<&Outdated>, Vec<&Outdated>) =
        by_day.into_iter().partition(|metric| has(metric, &|definition| definition.slices.contains(&Slice::Service)));
    let mut rows = Vec::new();
    for (metrics, by) in [(&sliced, Some(Slice::Service)), (&sliced, Some(Slice::Team)), (&whole, None)] {
        if metrics.is_empty() {
            continue;
        }
        let zone = settings.time_zone;
        let question = Question {
            from: Some(midnight(from, zone)),
            to: Some(midnight(to, zone)),
            time_zone: zone,
            by,
            interval: Some(Interval::Day),
            ..Question::default()
        };
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        let answers = ask(store, MetricSettings { dora: settings, custom: &[] }, &names, &question).await?;
        for (metric, answer) in metrics.iter().zip(&answers) {
            add(&mut rows, metric.id, answer);
        }
    }
    Ok(rows)
}

/// Adds the values of an answer. The whole is taken from the one that is not by teams.
fn add(rows: &mut Vec<DailyRow>, metric: i16, answer: &MetricAnswer) {
    let slice_by = match answer.by {
        Some(Slice::Team) => "team",
        _ => "service",
    };
    let whole = (answer.by != Some(Slice::Team)).then_some(&answer.whole);
    for part in whole.into_iter().chain(&answer.slices) {
        let slice = part.slice.clone().unwrap_or_default();
        let slice_by = if part.slice.is_some() { slice_by } else { "all" };
        let day = |point: &Point| point.from.with_timezone(&answer.time_zone).date_naive();
        let points = part.series.iter().filter(|point| point.value.is_some() || point.n > 0);
        rows.extend(points.map(|point| DailyRow {
            metric,
            slice_by,
            slice: slice.clone(),
            day: day(point),
            value: point.value,
            n: i64::try_from(point.n).unwrap_or(i64::MAX),
        }));
    }
}
