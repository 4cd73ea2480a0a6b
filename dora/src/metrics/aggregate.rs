//! Values out of observations, the same way for every metric: over the window, over each step of it, for the whole
//! and for each slice. Quantiles, sums and counts are polars'.

mod cells;
mod distributed;
mod frequency;
mod lasting;
mod summed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use store::metric_rows::ServiceBasis;

use super::grid::Grid;
use super::model::{Aggregation, MetricPart, Point, Value, ValueName};
use super::observations::Observations;
use super::parallel;
use super::slices::Parts;
use super::window::Window;
use crate::DoraError;
use crate::basis::Measured;
use crate::budget::series;
pub(super) use cells::{Asked, scaled};
use cells::{Cell, Stat};
pub(super) use distributed::distributed;

/// More slices than can be looked at.
const MAX_SLICES: usize = 2_000;
/// Values of all series together.
const MAX_POINTS: usize = 200_000;

/// Observations, and the slices of what they are about.
pub(super) type Observed<'a> = (&'a Observations, &'a Parts);

/// The whole, then each slice by name. `beside` are the observations of the metrics that are shown beside it.
pub(super) fn answer(
    asked: &Asked<'_>,
    (observations, parts): Observed<'_>,
    beside: &[(ValueName, Observations)],
) -> Result<(MetricPart, Vec<MetricPart>), DoraError> {
    check_slice(asked)?;
    let grid = Grid::new(observations, asked.spans, parts);
    let steps = asked.spans.steps.len();
    if grid.len() > MAX_SLICES || grid.len() * steps > MAX_POINTS {
        return Err(DoraError::Question(format!(
            "there are {} slices and {steps} steps: ask for a longer interval, a shorter window or fewer of them",
            grid.len() - 1,
        )));
    }
    asked.budget.spend((grid.len() - 1) * series(false), steps)?;
    let others: Vec<Grid<'_>> = beside.iter().map(|(_, observations)| grid.with(observations)).collect();
    let grids: Vec<(&Grid<'_>, bool)> =
        std::iter::once((&grid, false)).chain(others.iter().map(|grid| (grid, true))).collect();
    let mut of_grids = parallel::each(&grids, |(grid, beside)| asked.cells(grid, *beside)).into_iter();
    let mut cells = of_grids.next().transpose()?.unwrap_or_default();
    for ((name, _), others) in beside.iter().zip(of_grids) {
        for (cell, other) in cells.iter_mut().zip(others?) {
            cell.stats.extend(other.headline().map(|first| Stat { name: *name, ..*first }));
        }
    }
    let mut parts = asked.parts(&grid, &cells);
    // the whole is the first
    let whole = parts.remove(0);
    Ok((whole, parts))
}

/// Fails if the metric can't be asked for by the slice.
fn check_slice(asked: &Asked<'_>) -> Result<(), DoraError> {
    let Some(by) = asked.by.filter(|by| !asked.metric.slices().contains(by)) else { return Ok(()) };
    let known: Vec<&str> = asked.metric.slices().iter().map(|slice| slice.as_str()).collect();
    Err(DoraError::Question(format!(
        "`{}` can't be asked for by {by}: expected one of {}",
        asked.metric.id,
        known.join(", ")
    )))
}

impl Asked<'_> {
    /// The cells of a grid: all spans of the first slot, then those of the next. `beside` others only the headline is
    /// shown.
    fn cells(&self, grid: &Grid<'_>, beside: bool) -> Result<Vec<Cell>, DoraError> {
        use Aggregation as A;
        match self.metric.aggregation {
            A::OpenAtDayEnd => lasting::open_at_day_ends(grid),
            A::AgeOfOpen => lasting::ages(self.metric.unit, grid),
            A::TimeOpen => lasting::time_open(self.metric.unit, grid),
            A::LatestMean | A::LatestSum => lasting::latest(self.metric, grid),
            A::LargestShare | A::FewestWithHalf => summed::compared(self.metric, grid),
            A::PerDay => frequency::cells(self, grid),
            _ => summed::cells(self, grid, beside),
        }
    }

    fn parts(&self, grid: &Grid<'_>, cells: &[Cell]) -> Vec<MetricPart> {
        let noun = self.metric.observed();
        let measured = self.measured(&noun);
        let of_slots = if self.by.is_some() { grid.services() } else { Vec::new() };
        let slots = grid.names().zip(cells.chunks(self.spans.len())).enumerate();
        let part = |(slot, (name, cells)): (usize, (Option<&str>, &[Cell]))| {
            let services = self.services_of(name.and_then(|_| of_slots.get(slot)));
            let (cell, steps) = cells.split_first()?;
            let (value, n) = cell.headline().map_or((None, 0), |first| (first.value, first.n));
            let values = self.values(cell);
            Some(MetricPart {
                slice: name.map(str::to_owned),
                value,
                text: values.first().and_then(|first| first.text.clone()),
                n,
                compared: None,
                basis: cell.seen.basis(),
                caveats: measured.caveats(&services, cell.seen.with_value(value), self.spans.window),
                values,
                series: self.series(steps, measured, &services, self.values_in_series && name.is_none()),
            })
        };
        slots.filter_map(part).collect()
    }

    fn series(
        &self,
        cells: &[Cell],
        measured: Measured<'_>,
        services: &[&ServiceBasis],
        with_values: bool,
    ) -> Vec<Point> {
        let steps = self.spans.steps.iter().zip(cells);
        let point = |(step, cell): (&super::calendar::Step, &Cell)| {
            let (value, n) = cell.headline().map_or((None, 0), |first| (first.value, first.n));
            let window = Window { from: step.from, to: step.to };
            Point {
                from: step.from,
                to: step.to,
                label: step.label.clone(),
                value,
                n,
                basis: cell.seen.basis(),
                caveats: measured.codes_of_step(services, cell.seen.with_value(value), window),
                values: if with_values { self.values(cell) } else { Vec::new() },
            }
        };
        steps.map(point).collect()
    }

    fn values(&self, cell: &Cell) -> Vec<Value> {
        let value = |stat: &Stat| Value::new(stat.name, stat.value, stat.name.unit(self.metric.unit), stat.n);
        cell.stats.iter().map(value).collect()
    }

    /// The services that a value is of: all that are asked about, or those of a slice.
    fn services_of(&self, slice: Option<&BTreeSet<&str>>) -> Vec<&ServiceBasis> {
        let asked = self.services.iter().copied();
        match slice {
            None => asked.collect(),
            Some(names) => asked.filter(|service| names.contains(service.service.as_str())).collect(),
        }
    }
}
