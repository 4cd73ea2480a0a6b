//! What happened at one time: counted, added up, by quantiles, or compared by who did it.

use polars::prelude::*;

use super::cells::{Cell, Stat, scaled};
use crate::DoraError;
use crate::basis::Seen;
use crate::metrics::frames::{Summaries, Wanted, exact_sum, largest, quantile, summarize, summarize_keys};
use crate::metrics::grid::{Grid, Placed};
use crate::metrics::metric::Metric;
use crate::metrics::model::{Aggregation, ValueName};
use crate::metrics::unit::Unit;

const QUANTILES: [(&str, ValueName, f64); 3] =
    [("median", ValueName::Median, 0.5), ("p75", ValueName::P75, 0.75), ("p90", ValueName::P90, 0.9)];

/// The values of each cell.
pub(super) fn cells(metric: &Metric, devlake: bool, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let placed = grid.placed();
    let lower = devlake && metric.group == "delivery";
    let mut wanted: Vec<Wanted> = vec![("total", len()), ("known", col("value").count())];
    wanted.push(("sum", if metric.unit == Unit::Seconds { exact_sum("value") } else { col("value").sum() }));
    let mut columns = vec![("value", placed.column(&grid.observations.value))];
    if is_distribution(metric.aggregation) {
        wanted.extend(QUANTILES.map(|(name, _, at)| (name, quantile("value", at, lower && name == "median"))));
    }
    if metric.aggregation == Aggregation::RatioOfSums {
        wanted.push(("of", col("of").sum()));
        columns.push(("of", placed.column(&grid.observations.of)));
    }
    let summaries = summarize(placed.cells.clone(), columns, &wanted)?;
    let mut cells = Vec::with_capacity(grid.len() * grid.spans.len());
    for slot in 0..grid.len() {
        for (number, span) in grid.spans.all().iter().enumerate() {
            let cell = grid.cell(slot, number);
            let seen = Seen {
                total: summaries.count("total", cell),
                known: summaries.count("known", cell),
                ..Seen::default()
            };
            let whole = summaries.count("known", grid.cell(0, number));
            let stats = stats(metric, &summaries, (cell, span.days), whole);
            cells.push(Cell { stats, seen });
        }
    }
    evidence(grid, &placed, &mut cells);
    if metric.has_open {
        super::lasting::add_open(grid, &mut cells)?;
    }
    Ok(cells)
}

const fn is_distribution(aggregation: Aggregation) -> bool {
    matches!(aggregation, Aggregation::Median | Aggregation::Mean | Aggregation::P75 | Aggregation::P90)
}

/// The values of a cell, the headline first. `whole` is how many the whole has in its span.
fn stats(metric: &Metric, summaries: &Summaries, (cell, days): (usize, f64), whole: u64) -> Vec<Stat> {
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
            let of = summaries.get("of", cell).filter(|of| *of > 0.0);
            with(ValueName::Ratio, of.and_then(|of| some(sum / of)))
        }
        A::ShareOfWhole => with(ValueName::Share, some(n as f64 / whole as f64)),
        _ => {
            let quantile = |(name, value, _): (&'static str, ValueName, f64)| {
                Stat::new(value, summaries.get(name, cell).map(|us| scaled(metric.unit, us)), n)
            };
            let mean = some(scaled(metric.unit, sum / n as f64));
            let mut stats: Vec<Stat> = QUANTILES.map(quantile).into();
            stats.push(Stat::new(ValueName::Mean, mean, n));
            let headline = match metric.aggregation {
                A::P75 => 1,
                A::P90 => 2,
                A::Mean => 3,
                _ => 0,
            };
            if let Some(before) = stats.get_mut(..=headline) {
                before.rotate_right(1);
            }
            stats
        }
    }
}

/// What gave evidence for the observations of each cell.
fn evidence(grid: &Grid<'_>, placed: &Placed, cells: &mut [Cell]) {
    for (cell, row) in placed.cells.iter().zip(&placed.rows) {
        if let (Some(cell), Some(evidence)) = (cells.get_mut(*cell as usize), grid.observations.evidence.get(*row)) {
            cell.seen.evidence.extend(*evidence);
        }
    }
}

/// The largest part of each cell, or the smallest set that has half of it.
pub(super) fn compared(metric: &Metric, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let placed = grid.placed();
    let keys = placed.column(&grid.observations.key);
    let values = placed.column(&grid.observations.value);
    let count = grid.len() * grid.spans.len();
    let cell = |name, value, n| Cell::known(vec![Stat::new(name, value, n)]);
    if metric.aggregation == Aggregation::FewestWithHalf {
        let largest = largest((placed.cells, keys), values)?;
        let none = Vec::new();
        let of = |number: usize| u32::try_from(number).ok().and_then(|cell| largest.get(&cell)).unwrap_or(&none);
        let cells = (0..count).map(|number| cell(ValueName::Fewest, fewest(of(number)), of(number).len() as u64));
        return Ok(cells.collect());
    }
    let wanted = [("largest", col("value").max()), ("sum", col("value").sum()), ("keys", len())];
    let summaries = summarize_keys((placed.cells, keys), values, col("value").sum(), &wanted)?;
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
