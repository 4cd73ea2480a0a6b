//! What lasts: how much of it is open at a time, how old it is, how long it was open; and the last measure of a
//! project, which holds until the next.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::cells::{Cell, Stat, scaled};
use crate::DoraError;
use crate::metrics::frames::{Summaries, column, exact_sum, quantile, summarize, summarize_keys};
use crate::metrics::grid::Grid;
use crate::metrics::metric::Metric;
use crate::metrics::model::{Aggregation, ValueName};
use crate::metrics::rows::Micros;
use crate::metrics::unit::Unit;

/// Something that was there from its beginning until its end, of a slot.
type Life = (usize, i64, Option<i64>);

/// How many lives of each slot are open at instants: what began before one, less what ended before it.
struct Open {
    /// In order, each once.
    times: Vec<i64>,
    /// By slot, then time: how many more there are than at the time before.
    deltas: Summaries,
}

impl Open {
    fn new(lives: impl Iterator<Item = Life>, mut times: Vec<i64>) -> Result<Self, DoraError> {
        times.sort_unstable();
        times.dedup();
        let (mut cells, mut deltas) = (Vec::new(), Vec::new());
        let mut add = |slot: usize, at: i64, delta: f64| {
            // the first instant after it
            let time = times.partition_point(|time| *time <= at);
            if time < times.len() {
                cells.push(u32::try_from(slot * times.len() + time).unwrap_or(u32::MAX));
                deltas.push(delta);
            }
        };
        for (slot, begin, end) in lives {
            add(slot, begin, 1.0);
            if let Some(end) = end {
                add(slot, end, -1.0);
            }
        }
        let deltas = summarize(cells, vec![column("delta", deltas)], &[("delta", col("delta").sum())])?;
        Ok(Self { times, deltas })
    }

    /// How many of a slot are open at each instant.
    fn of(&self, slot: usize) -> BTreeMap<i64, u64> {
        let mut open = 0.0_f64;
        let count = |(number, time): (usize, &i64)| {
            open += self.deltas.get("delta", slot * self.times.len() + number).unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let count = open.max(0.0) as u64;
            (*time, count)
        };
        self.times.iter().enumerate().map(count).collect()
    }
}

/// How many are open at the ends of days, on average.
pub(super) fn open_at_day_ends(grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let spans = grid.spans.all();
    let days: Vec<Vec<i64>> = spans.iter().map(|span| grid.spans.day_ends(span.time)).collect();
    let ends = spans.iter().map(|span| span.time.to);
    let times = days.iter().flatten().copied().chain(ends).collect();
    let observations = grid.observations;
    let lives = observations.subject.iter().zip(&observations.at).enumerate();
    let lives = lives.flat_map(|(row, (subject, at))| {
        let until = observations.until.get(row);
        grid.slots(*subject).map(move |slot| (slot, *at, until))
    });
    let all = Open::new(lives, times)?;
    let mut cells = Vec::new();
    for slot in 0..grid.len() {
        let open = all.of(slot);
        let at = |time: &i64| open.get(time).copied().unwrap_or_default();
        let observed = grid.was_observed(slot);
        for (span, days) in spans.iter().zip(&days) {
            let sum: u64 = days.iter().map(at).sum();
            let at_end = at(&span.time.to);
            cells.push(Cell::known(vec![
                Stat::new(ValueName::Mean, observed.then(|| sum as f64 / days.len() as f64), days.len() as u64),
                Stat::new(ValueName::AtEnd, observed.then_some(at_end as f64), at_end),
            ]));
        }
    }
    Ok(cells)
}

/// Counts beside those that ended those that are open at the end of each span, and what is known of both.
pub(super) fn add_open(grid: &Grid<'_>, cells: &mut [Cell]) -> Result<(), DoraError> {
    let observations = grid.observations;
    let lives = observations.subject.iter().enumerate();
    let lives =
        lives.filter_map(|(row, subject)| Some((*subject, observations.began.get(row)?, observations.until.get(row))));
    let lives = lives.flat_map(|(subject, began, until)| grid.slots(subject).map(move |slot| (slot, began, until)));
    let all = Open::new(lives, grid.spans.all().iter().map(|span| span.time.to).collect())?;
    for (slot, cells) in cells.chunks_mut(grid.spans.len()).enumerate() {
        let open = all.of(slot);
        for (cell, span) in cells.iter_mut().zip(grid.spans.all()) {
            let still = open.get(&span.time.to).copied().unwrap_or_default();
            cell.seen.total += still;
            let ended = cell.headline().map_or(0, |first| first.n);
            cell.stats.extend([Stat::count(ValueName::Recovered, ended), Stat::count(ValueName::Open, still)]);
        }
    }
    Ok(())
}

fn by_cell(grid: &Grid<'_>, cell: impl Fn(usize, usize) -> Cell) -> Vec<Cell> {
    let spans = grid.spans.len();
    (0..grid.len() * spans).map(|number| cell(number, number / spans)).collect()
}

/// How old those are that are open at the end of each span.
pub(super) fn ages(unit: Unit, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let wanted =
        [("median", quantile("age", 0.5, false)), ("p90", quantile("age", 0.9, false)), ("n", col("age").count())];
    let mut cells = by_cell(grid, |_, _| Cell::default());
    let is_open =
        |span: Micros, at: i64, until: Option<i64>| at < span.to && until.is_none_or(|until| until >= span.to);
    let at = &grid.observations.at;
    grid.each_lasting(is_open, |placed| {
        let (in_cells, ages) = placed.known(|cell, row| Some((span_of(grid, cell)?.to - at.get(row)?) as f64));
        let summaries = summarize(in_cells, vec![column("age", ages)], &wanted)?;
        for number in placed.touched() {
            if let Some(cell) = cells.get_mut(number) {
                *cell = age_cell(unit, &summaries, number);
            }
        }
        Ok::<_, DoraError>(())
    })?;
    let none = Summaries::default();
    for cell in cells.iter_mut().filter(|cell| cell.stats.is_empty()) {
        *cell = age_cell(unit, &none, 0);
    }
    Ok(cells)
}

/// The span of a cell.
fn span_of(grid: &Grid<'_>, cell: u32) -> Option<Micros> {
    grid.spans.all().get(cell as usize % grid.spans.len()).map(|span| span.time)
}

fn age_cell(unit: Unit, summaries: &Summaries, number: usize) -> Cell {
    let n = summaries.count("n", number);
    let of = |name, stat| Stat::new(name, summaries.get(stat, number).map(|us| scaled(unit, us)), n);
    Cell::known(vec![of(ValueName::Median, "median"), of(ValueName::P90, "p90"), Stat::count(ValueName::Count, n)])
}

/// How much of each span any of them was open, each by itself, in sum.
pub(super) fn time_open(unit: Unit, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let wanted = [("sum", exact_sum("time")), ("n", len())];
    let mut sums = vec![(0.0, 0_u64); grid.len() * grid.spans.len()];
    let overlaps =
        |span: Micros, at: i64, until: Option<i64>| at.max(span.from) < until.unwrap_or(span.to).min(span.to);
    let observations = grid.observations;
    grid.each_lasting(overlaps, |placed| {
        let (in_cells, times) = placed.known(|cell, row| {
            let (span, at) = (span_of(grid, cell)?, *observations.at.get(row)?);
            Some((observations.until.get(row).unwrap_or(span.to).min(span.to) - at.max(span.from)) as f64)
        });
        let summaries = summarize(in_cells, vec![column("time", times)], &wanted)?;
        for number in placed.touched() {
            if let Some(sum) = sums.get_mut(number) {
                *sum = (summaries.get("sum", number).unwrap_or_default(), summaries.count("n", number));
            }
        }
        Ok::<_, DoraError>(())
    })?;
    Ok(by_cell(grid, |number, slot| {
        let (sum, n) = sums.get(number).copied().unwrap_or_default();
        // nothing was red is something that was observed, where anything ever was
        let sum = grid.was_observed(slot).then(|| scaled(unit, sum));
        Cell::known(vec![Stat::new(ValueName::Sum, sum, n), Stat::count(ValueName::Count, n)])
    }))
}

/// The last measure of each project before the end of each span.
pub(super) fn latest(metric: &Metric, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let wanted = [("mean", col("value").mean()), ("sum", col("value").sum()), ("n", len())];
    let (name, stat) = match metric.aggregation {
        Aggregation::LatestMean => (ValueName::Mean, "mean"),
        _ => (ValueName::Sum, "sum"),
    };
    let none = || Cell::known(vec![Stat::new(name, None, 0)]);
    let mut cells = by_cell(grid, |_, _| none());
    let observations = grid.observations;
    grid.each_lasting(
        |span, at, _| at < span.to,
        |placed| {
            let keys = placed.each().map(|(_, row)| observations.key.get(row)).collect();
            let values = placed.each().map(|(_, row)| observations.known(row).unwrap_or(f64::NAN));
            let (touched, values) = (placed.touched(), values.collect());
            let summaries = summarize_keys((placed.cells, keys), values, col("value").last(), &wanted)?;
            for number in touched {
                let value = summaries.get(stat, number).map(|value| scaled(metric.unit, value));
                if let Some(cell) = cells.get_mut(number) {
                    *cell = Cell::known(vec![Stat::new(name, value, summaries.count("n", number))]);
                }
            }
            Ok::<_, DoraError>(())
        },
    )?;
    Ok(cells)
}
