//! How values are distributed, from the same observations as the metric itself.

use polars::prelude::*;

use super::cells::{Asked, Cell, SECOND_US, scaled};
use super::summed::{evidence, is_distribution};
use super::{MAX_SLICES, Observed, check_slice};
use crate::DoraError;
use crate::basis::Seen;
use crate::metrics::distribution::{Bucket, DistributionPart, Percentile, bounds};
use crate::metrics::frames::{Summaries, Wanted, column, exact_sum, quantile, summarize};
use crate::metrics::grid::Grid;
use crate::metrics::unit::Unit;

/// The percentiles that are shown, each with its column.
const PERCENTILES: [(u32, &str); 8] =
    [(5, "p5"), (10, "p10"), (25, "p25"), (50, "p50"), (75, "p75"), (85, "p85"), (90, "p90"), (95, "p95")];
/// Columns of counts: there are fewer buckets.
const COUNTS: [&str; 20] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11", "n12", "n13", "n14", "n15", "n16", "n17",
    "n18", "n19",
];

/// The distribution of the whole, then of each slice by name.
pub(in crate::metrics) fn distributed(
    asked: &Asked<'_>,
    (observations, parts): Observed<'_>,
) -> Result<(DistributionPart, Vec<DistributionPart>), DoraError> {
    check_slice(asked)?;
    if !is_distribution(asked.metric.aggregation) {
        return Err(DoraError::Question(format!(
            "`{}` has no distribution: expected a metric whose value is a median, a mean or a quantile",
            asked.metric.id
        )));
    }
    let grid = Grid::new(observations, asked.spans, parts);
    if grid.len() > MAX_SLICES {
        return Err(DoraError::Question(format!("there are {} slices: ask for fewer of them", grid.len() - 1)));
    }
    asked.budget.spend(grid.len(), PERCENTILES.len() + bounds(asked.metric.unit).len() + 1)?;
    let placed = grid.placed();
    let (cells, values) = placed.known(|_, row| observations.known(row));
    let summaries = summarize(cells, vec![column("value", values)], &wanted(asked))?;
    let totals = summarize(placed.cells.clone(), Vec::new(), &[("total", len())])?;
    let mut cells = vec![Cell::default(); grid.len() * grid.spans.len()];
    evidence(&grid, placed, &mut cells);
    let mut made = asked.distributions(&grid, &cells, (&summaries, &totals));
    // the whole is the first
    let whole = made.remove(0);
    Ok((whole, made))
}

/// The bounds of the buckets, as values are observed.
fn observed_bounds(unit: Unit) -> Vec<f64> {
    let scale = if unit == Unit::Seconds { SECOND_US } else { 1.0 };
    bounds(unit).iter().map(|bound| bound * scale).collect()
}

fn wanted(asked: &Asked<'_>) -> Vec<Wanted> {
    let unit = asked.metric.unit;
    let sum = if unit == Unit::Seconds { exact_sum("value") } else { col("value").sum() };
    let mut wanted: Vec<Wanted> =
        vec![("n", len()), ("sum", sum), ("min", col("value").min()), ("max", col("value").max())];
    for (percentile, name) in PERCENTILES {
        let is_lower = asked.rules.lower_median && percentile == 50;
        wanted.push((name, quantile("value", f64::from(percentile) / 100.0, is_lower)));
    }
    let bounds = observed_bounds(unit);
    for (nth, name) in COUNTS.iter().enumerate().take(bounds.len() + 1) {
        let from = nth.checked_sub(1).and_then(|before| bounds.get(before));
        let is_from = from.map_or(lit(true), |from| col("value").gt_eq(lit(*from)));
        let is_before = bounds.get(nth).map_or(lit(true), |to| col("value").lt(lit(*to)));
        wanted.push((name, col("value").filter(is_from.and(is_before)).len()));
    }
    wanted
}

impl Asked<'_> {
    fn distributions(
        &self,
        grid: &Grid<'_>,
        cells: &[Cell],
        (summaries, totals): (&Summaries, &Summaries),
    ) -> Vec<DistributionPart> {
        let noun = self.metric.observed();
        let measured = self.measured(&noun);
        let of_slots = if self.by.is_some() { grid.services() } else { Vec::new() };
        let part = |(slot, name): (usize, Option<&str>)| {
            let cell = grid.cell(slot, 0);
            let services = self.services_of(name.and_then(|_| of_slots.get(slot)));
            let (part, known) = (self.distribution(summaries, cell), summaries.count("n", cell));
            let evidence = cells.get(cell).map(|cell| cell.seen.evidence).unwrap_or_default();
            let seen = Seen { total: totals.count("total", cell), known, evidence, ..Seen::default() };
            let value = summaries.get("p50", cell);
            DistributionPart {
                slice: name.map(str::to_owned),
                basis: seen.basis(),
                caveats: measured.caveats(&services, seen.with_value(value), self.spans.window),
                ..part
            }
        };
        grid.names().enumerate().map(part).collect()
    }

    fn distribution(&self, summaries: &Summaries, cell: usize) -> DistributionPart {
        let unit = self.metric.unit;
        let get = |name| summaries.get(name, cell).map(|value| scaled(unit, value));
        let n = summaries.count("n", cell);
        let bounds = bounds(unit);
        let buckets = COUNTS.iter().enumerate().take(bounds.len() + 1).map(|(nth, name)| Bucket {
            from: nth.checked_sub(1).and_then(|before| bounds.get(before)).copied(),
            to: bounds.get(nth).copied(),
            n: summaries.count(name, cell),
        });
        let percentiles = PERCENTILES.iter().map(|(percentile, name)| {
            let value = get(name);
            Percentile { percentile: *percentile, value, text: value.map(|value| unit.text(value)) }
        });
        DistributionPart {
            slice: None,
            n,
            min: get("min"),
            max: get("max"),
            mean: get("sum").filter(|_| n > 0).map(|sum| sum / n as f64),
            percentiles: percentiles.collect(),
            buckets: buckets.collect(),
            basis: crate::Basis::default(),
            caveats: Vec::new(),
        }
    }
}
