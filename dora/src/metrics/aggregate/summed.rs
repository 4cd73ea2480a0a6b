//! What happened at one time: counted, added up, by quantiles, or compared by who did it.

use polars::prelude::*;

use super::cells::{Asked, Cell, Stat, scaled};
use crate::DoraError;
use crate::basis::Seen;
use crate::metrics::frames::{
    Cells, Summaries, Wanted, column, largest, quantile, summarize, summarize_keys, whole_column,
};
use crate::metrics::grid::{Grid, Placed};
use crate::metrics::metric::Metric;
use crate::metrics::model::{Aggregation, ValueName};
use crate::metrics::observations::Observations;
use crate::metrics::unit::Unit;

const QUANTILES: [(&str, ValueName, f64); 3] =
    [("median", ValueName::Median, 0.5), ("p75", ValueName::P75, 0.75), ("p90", ValueName::P90, 0.9)];

/// The values of each cell; `beside` others no more quantiles than the headline needs.
pub(super) fn cells(asked: &Asked<'_>, grid: &Grid<'_>, beside: bool) -> Result<Vec<Cell>, DoraError> {
    let (metric, placed, observations) = (asked.metric, grid.placed(), grid.observations);
    let mut wanted: Vec<Wanted> = vec![("known", len())];
    // beside others only a mean needs it
    if !beside || !is_distribution(metric.aggregation) || metric.aggregation == Aggregation::Mean {
        wanted.push(("sum", col("value").sum()));
    }
    if is_distribution(metric.aggregation) {
        let shown = QUANTILES.iter().enumerate().filter(|(place, _)| !beside || *place == headline(metric.aggregation));
        let quantile = |name, at| quantile("value", at, asked.rules.lower_median && name == "median");
        wanted.extend(shown.map(|(_, (name, _, at))| (*name, quantile(*name, *at))));
    }
    let (in_cells, values) = known(metric, grid);
    // where all are known they are not counted again
    let all_known = !beside && values.len() == placed.rows.len();
    let known = summarize(in_cells, vec![values], &wanted)?;
    let total = if beside || all_known {
        Summaries::default()
    } else {
        summarize(placed.cells.clone(), Vec::new(), &[("total", len())])?
    };
    let of = if observations.of.is_empty() {
        Summaries::default()
    } else {
        let (cells, of) = placed.known(|_, row| observations.of.get(row));
        summarize(cells, vec![column("of", of)], &[("of", col("of").sum())])?
    };
    let mut cells = Vec::with_capacity(grid.len() * grid.spans.len());
    for slot in 0..grid.len() {
        for (number, span) in grid.spans.all().iter().enumerate() {
            let cell = grid.cell(slot, number);
            let n = known.count("known", cell);
            let total = if all_known { n } else { total.count("total", cell) };
            let of_whole = OfWhole { known: known.count("known", grid.cell(0, number)), sum: of.get("of", cell) };
            let stats = stats(metric, &known, (cell, span.days), of_whole);
            cells.push(Cell { stats, seen: Seen { total, known: n, ..Seen::default() } });
        }
    }
    evidence(grid, placed, &mut cells);
    if metric.has_open && !beside {
        super::lasting::add_open(grid, &mut cells)?;
    }
    Ok(cells)
}

/// The values that are known, and their cells. Durations are whole numbers of microseconds.
#[expect(clippy::cast_possible_truncation, reason = "they were whole numbers before")]
fn known(metric: &Metric, grid: &Grid<'_>) -> (Cells, Column) {
    let (placed, observations) = (grid.placed(), grid.observations);
    if metric.unit == Unit::Seconds {
        let (cells, values) = known_of(placed, observations, |value| value as i64);
        (cells, whole_column("value", values))
    } else {
        let (cells, values) = known_of(placed, observations, |value| value);
        (cells, column("value", values))
    }
}

fn known_of<T: Default>(placed: &Placed, observations: &Observations, of: impl Fn(f64) -> T) -> (Cells, Vec<T>) {
    if let Some(values) = observations.all_known() {
        let value = |row: &u32| values.get(*row as usize).copied().map(&of).unwrap_or_default();
        return (placed.cells.clone(), placed.rows.iter().map(value).collect());
    }
    let (cells, values) = placed.known(|_, row| observations.known(row).map(&of));
    (cells.into(), values)
}

/// What a cell is a share of.
#[derive(Clone, Copy)]
struct OfWhole {
    /// How many the whole has in the span of the cell.
    known: u64,
    /// The sum that the sum of the cell is a part of.
    sum: Option<f64>,
}

/// The position of the headline of a distribution among the quantiles, and the mean after them.
const fn headline(aggregation: Aggregation) -> usize {
    match aggregation {
        Aggregation::P75 => 1,
        Aggregation::P90 => 2,
        Aggregation::Mean => 3,
        _ => 0,
    }
}

/// Whether values are put together by their order or their mean, so that they have a distribution.
pub(super) const fn is_distribution(aggregation: Aggregation) -> bool {
    matches!(aggregation, Aggregation::Median | Aggregation::Mean | Aggregation::P75 | Aggregation::P90)
}

/// The values of a cell, the headline first.
fn stats(metric: &Metric, summaries: &Summaries, (cell, days): (usize, f64), whole: OfWhole) -> Vec<Stat> {
    use Aggregation as A;
    let n = summaries.count("known", cell);
    let some = |value: f64| (n > 0).then_some(value);
    let sum = summaries.get("sum", cell).unwrap_or_default();
    let with = |name, value| vec![Stat::new(name, value, n), Stat::count(ValueName::Count, n)];
    match metric.aggregation {
        A::Rate => vec![
            Stat::new(ValueName::Rate, some(sum / n as f64), n),
            Stat::count(metric.counts, summaries.count("sum", cell)),
            Stat::count(ValueName::Of, n),
        ],
        A::Count => vec![Stat::count(ValueName::Count, n)],
        A::PerWeek => with(ValueName::PerWeek, some(n as f64 / (days / 7.0))),
        A::Sum => with(ValueName::Sum, some(scaled(metric.unit, sum))),
        A::RatioOfSums => {
            let of = whole.sum.filter(|of| *of > 0.0);
            with(ValueName::Ratio, of.and_then(|of| some(sum / of)))
        }
        A::ShareOfWhole => with(ValueName::Share, some(n as f64 / whole.known as f64)),
        _ => {
            let quantile = |(name, value, _): (&'static str, ValueName, f64)| {
                Stat::new(value, summaries.get(name, cell).map(|us| scaled(metric.unit, us)), n)
            };
            let mean = some(scaled(metric.unit, sum / n as f64));
            let mut stats: Vec<Stat> = QUANTILES.map(quantile).into();
            stats.push(Stat::new(ValueName::Mean, mean, n));
            if let Some(before) = stats.get_mut(..=headline(metric.aggregation)) {
                before.rotate_right(1);
            }
            stats
        }
    }
}

/// What gave evidence for the observations of each cell.
pub(super) fn evidence(grid: &Grid<'_>, placed: &Placed, cells: &mut [Cell]) {
    if grid.observations.evidence.is_empty() {
        return;
    }
    for (cell, row) in placed.each() {
        if let Some(cell) = cells.get_mut(cell as usize) {
            cell.seen.evidence.extend(grid.observations.evidence.get(row));
        }
    }
}

/// The largest part of each cell, or the smallest set that has half of it.
pub(super) fn compared(metric: &Metric, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let (placed, observations) = (grid.placed(), grid.observations);
    let keys = placed.each().map(|(_, row)| observations.key.get(row)).collect();
    let values = placed.each().map(|(_, row)| observations.known(row).unwrap_or_default()).collect();
    let cells = (placed.cells.clone(), keys);
    let count = grid.len() * grid.spans.len();
    let cell = |name, value, n| Cell::known(vec![Stat::new(name, value, n)]);
    if metric.aggregation == Aggregation::FewestWithHalf {
        let largest = largest(cells, values)?;
        let none = Vec::new();
        let of = |number: usize| u32::try_from(number).ok().and_then(|cell| largest.get(&cell)).unwrap_or(&none);
        let cells = (0..count).map(|number| cell(ValueName::Fewest, fewest(of(number)), of(number).len() as u64));
        return Ok(cells.collect());
    }
    let wanted = [("largest", col("value").max()), ("sum", col("value").sum()), ("keys", len())];
    let summaries = summarize_keys(cells, values, col("value").sum(), &wanted)?;
    let share = |number: usize| {
        let sum = summaries.get("sum", number).filter(|sum| *sum > 0.0)?;
        summaries.get("largest", number).map(|largest| largest / sum)
    };
    Ok((0..count).map(|number| cell(ValueName::Share, share(number), summaries.count("keys", number))).collect())
}

/// How many of the largest have half of the sum together.
fn fewest(largest: &[f64]) -> Option<f64> {
    let sum: f64 = largest.iter().sum();
    let mut reached = 0.0;
    let enough = largest.iter().take_while(|part| {
        let more = reached < sum / 2.0;
        reached += **part;
        more
    });
    (sum > 0.0).then_some(enough.count() as f64)
}
