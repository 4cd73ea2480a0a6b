//! How often something happens: a number a day, the days a week that have any, and the time between two.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate};
use polars::prelude::*;

use super::cells::{Asked, Cell, SECOND_US, Stat};
use crate::DoraError;
use crate::metrics::calendar::monday;
use crate::metrics::frames::{Summaries, column, gaps, quantile, summarize, summarize_keys};
use crate::metrics::grid::Grid;
use crate::metrics::model::ValueName;

/// The values of each cell. What was there and did nothing did it 0 times.
pub(super) fn cells(asked: &Asked<'_>, grid: &Grid<'_>) -> Result<Vec<Cell>, DoraError> {
    let counts = summarize(grid.placed().cells.clone(), Vec::new(), &[("n", len())])?;
    let wanted = |column| [("median", quantile(column, 0.5, asked.rules.lower_median)), ("n", col(column).count())];
    let (in_cells, between) = time_between(grid)?;
    let between = summarize(in_cells, vec![column("gap", between)], &wanted("gap"))?;
    let (in_cells, days) = days_per_week(asked.rules.cut_weeks, grid)?;
    let days = summarize(in_cells, vec![column("days", days)], &wanted("days"))?;
    let mut cells = Vec::new();
    for slot in 0..grid.len() {
        for (number, span) in grid.spans.all().iter().enumerate() {
            let cell = grid.cell(slot, number);
            let n = counts.count("n", cell);
            let is_there = n > 0 || grid.was_there(slot, span.time.to);
            let weekly = is_there && (number == 0 || !asked.daily);
            let median = |summaries: &Summaries, is: bool| {
                if is { (summaries.get("median", cell), summaries.count("n", cell)) } else { (None, 0) }
            };
            let ((week, weeks), (gap, gaps)) = (median(&days, weekly), median(&between, true));
            cells.push(Cell::known(vec![
                Stat::new(ValueName::PerDay, is_there.then(|| n as f64 / span.days), n),
                Stat::new(ValueName::DaysPerWeek, week, weeks),
                Stat::new(ValueName::TimeBetween, gap.map(|us| us / SECOND_US), gaps),
                Stat::count(ValueName::Deployments, n),
            ]));
        }
    }
    Ok(cells)
}

type Column = (Vec<u32>, Vec<f64>);

/// How long before each observation of the window the one before it of its key was, in the cells of the window
/// and of its step.
fn time_between(grid: &Grid<'_>) -> Result<Column, DoraError> {
    let observations = grid.observations;
    let mut order: Vec<usize> = (0..observations.len()).collect();
    order.sort_by_key(|row| observations.at.get(*row));
    let (mut slots, mut of, mut at, mut spans_of) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in order {
        let (Some(time), Some(subject)) = (observations.at.get(row), observations.subject.get(row)) else { continue };
        let key = observations.key.get(row);
        let Some(spans) = grid.spans.of(*time) else { continue };
        for slot in grid.slots(*subject) {
            slots.push(u32::try_from(slot).unwrap_or(u32::MAX));
            of.push(key);
            at.push(*time as f64);
            spans_of.push(spans);
        }
    }
    let found = gaps(slots.clone(), of, at)?;
    let (mut cells, mut values) = (Vec::new(), Vec::new());
    for ((slot, spans), gap) in slots.into_iter().zip(spans_of).zip(found) {
        let Some(gap) = gap else { continue };
        for span in spans {
            cells.push(u32::try_from(grid.cell(slot as usize, span)).unwrap_or(u32::MAX));
            values.push(gap);
        }
    }
    Ok((cells, values))
}

/// On how many days of each whole week of the window anything happened, in the cells of the window and of the step
/// in which the week begins.
fn days_per_week(cut: bool, grid: &Grid<'_>) -> Result<Column, DoraError> {
    let (spans, calendar) = (grid.spans, grid.spans.calendar);
    let weeks: BTreeMap<NaiveDate, usize> = calendar.weeks(spans.window, cut).into_iter().zip(0..).collect();
    let (mut in_weeks, mut dates) = (Vec::new(), Vec::new());
    for (at, subject) in grid.observations.at.iter().zip(&grid.observations.subject) {
        let Some(date) = spans.of(*at).and_then(|_| DateTime::from_timestamp_micros(*at)) else { continue };
        let date = calendar.date(date);
        let Some(week) = weeks.get(&monday(date)) else { continue };
        for slot in grid.slots(*subject) {
            in_weeks.push(u32::try_from(slot * weeks.len() + week).unwrap_or(u32::MAX));
            dates.push(date.num_days_from_ce().cast_unsigned());
        }
    }
    let values = vec![1.0; in_weeks.len()];
    let days = summarize_keys((in_weeks, dates), values, col("value").first(), &[("days", len())])?;
    let (mut cells, mut values) = (Vec::new(), Vec::new());
    for slot in 0..grid.len() {
        for (monday, week) in &weeks {
            let begin = calendar.midnight(*monday).max(spans.window.from).timestamp_micros();
            for span in spans.of(begin).into_iter().flatten() {
                cells.push(u32::try_from(grid.cell(slot, span)).unwrap_or(u32::MAX));
                values.push(days.get("days", slot * weeks.len() + week).unwrap_or_default());
            }
        }
    }
    Ok((cells, values))
}
