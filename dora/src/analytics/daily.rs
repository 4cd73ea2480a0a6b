//! The values of metrics by day, as they are answered to everyone.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use kernel::midnight;
use store::Store;
use store::analytics::{DailyRow, Outdated};

use super::outdated::{has_days, runs};
use crate::metrics::{ask, definitions};
use crate::{DoraError, Interval, MetricAnswer, MetricSettings, Point, Question, Slice};

/// How many days are kept up to date.
const DAYS: u64 = 3 * 366;
/// Days that are asked for at once.
const AT_ONCE: i64 = 90;

/// The first day that is kept up to date.
pub(super) fn earliest(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(DAYS)).unwrap_or(today)
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// Writes the values of the days that are outdated, up to today's. Those of later days are written when they have come.
pub(super) async fn write(store: &Store, settings: MetricSettings<'_>, today: NaiveDate) -> Result<(), DoraError> {
    let outdated = store::analytics::outdated(store).await?;
    if outdated.is_empty() {
        return Ok(());
    }
    let days = |one: &Outdated| {
        let (first, last) = (one.days.first.max(earliest(today)), one.days.last.min(today));
        first.iter_days().take_while(move |day| *day <= last)
    };
    let all: BTreeSet<NaiveDate> = outdated.iter().flat_map(days).collect();
    for (first, last) in runs(all.into_iter(), AT_ONCE) {
        let is_of = |one: &&Outdated| one.days.first <= last && one.days.last >= first;
        let mut metrics: Vec<&Outdated> = outdated.iter().filter(is_of).collect();
        // they are in order
        metrics.dedup_by_key(|one| one.days.metric);
        let period = (first, after(last, 1));
        let rows = of_days(store, settings, &metrics, period).await?;
        let numbers: Vec<i16> = metrics.iter().map(|one| one.days.metric).collect();
        let mut tx = store.begin().await?;
        store::analytics::write_daily(&mut tx, &numbers, period, &rows).await?;
        tx.commit().await?;
    }
    let mut tx = store.begin().await?;
    store::analytics::settle(&mut tx, &outdated).await?;
    Ok(tx.commit().await?)
}

/// The values of metrics on days: of the whole, and of teams and services where metrics are of such.
async fn of_days(
    store: &Store,
    settings: MetricSettings<'_>,
    metrics: &[&Outdated],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<DailyRow>, DoraError> {
    let known = definitions(settings.custom)?;
    let has = |metric: &Outdated, is: &dyn Fn(&crate::Definition) -> bool| {
        known.iter().any(|definition| definition.name == metric.name && is(definition))
    };
    let by_day: Vec<&Outdated> = metrics.iter().copied().filter(|metric| has(metric, &has_days)).collect();
    let (sliced, whole): (Vec<&Outdated>, Vec<&Outdated>) =
        by_day.into_iter().partition(|metric| has(metric, &|definition| definition.slices.contains(&Slice::Service)));
    let mut rows = Vec::new();
    for (metrics, by) in [(&sliced, Some(Slice::Service)), (&sliced, Some(Slice::Team)), (&whole, None)] {
        if metrics.is_empty() {
            continue;
        }
        let zone = settings.dora.time_zone;
        let question = Question {
            from: Some(midnight(from, zone)),
            to: Some(midnight(to, zone)),
            time_zone: zone,
            by,
            interval: Some(Interval::Day),
            ..Question::default()
        };
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        let answers = ask(store, settings, &names, &question).await?;
        for (metric, answer) in metrics.iter().zip(&answers) {
            add(&mut rows, metric.days.metric, answer);
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
