//! On which days the values of metrics are outdated.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use store::analytics::{OutdatedDays, Touched};

use crate::{Aggregation, Definition};

/// Days that are as near as this are taken together.
const NEAR: i64 = 14;

/// The days on which the values of metrics are outdated, of those that are kept up to date.
pub(super) struct Outdated {
    zone: Tz,
    earliest: NaiveDate,
    today: NaiveDate,
    /// The metrics with values by day; whether an observation counts on all days after it.
    metrics: BTreeMap<i16, bool>,
    /// By metric and day, how many observations begin to count, without those that ended to.
    steps: BTreeMap<i16, Vec<i64>>,
}

impl Outdated {
    /// None yet of these metrics, which have these numbers.
    pub(super) fn new(
        definitions: &[Definition],
        numbers: &BTreeMap<String, i16>,
        zone: Tz,
        (earliest, today): (NaiveDate, NaiveDate),
    ) -> Self {
        let with_days = definitions.iter().filter(|definition| has_days(definition));
        let metrics = with_days.filter_map(|definition| {
            let counts_after = matches!(definition.aggregation, Aggregation::LatestMean | Aggregation::LatestSum);
            Some((*numbers.get(&definition.name)?, counts_after))
        });
        Self { zone, earliest, today, metrics: metrics.collect(), steps: BTreeMap::new() }
    }

    /// Observations are others than before.
    pub(super) fn touch(&mut self, touched: &[Touched]) {
        let date = |at: DateTime<Utc>, zone: Tz| at.with_timezone(&zone).date_naive();
        for Touched { metric, from, until } in touched {
            let Some(counts_after) = self.metrics.get(metric) else { continue };
            let until = until.filter(|_| !counts_after);
            let last = until.map_or(self.today, |until| date(until, self.zone));
            self.note(*metric, date(*from, self.zone), last);
        }
    }

    /// All metrics are outdated from a day on.
    pub(super) fn touch_all(&mut self, first: NaiveDate) {
        for metric in self.metrics.keys().copied().collect::<Vec<_>>() {
            self.note(metric, first, self.today);
        }
    }

    fn note(&mut self, metric: i16, first: NaiveDate, last: NaiveDate) {
        let (first, last) = (first.max(self.earliest), last.min(self.today));
        if first > last {
            return;
        }
        let index = |day: NaiveDate| usize::try_from((day - self.earliest).num_days()).unwrap_or_default();
        let steps = self.steps.entry(metric).or_insert_with(|| vec![0; index(self.today) + 2]);
        for (at, step) in [(index(first), 1), (index(last) + 1, -1)] {
            if let Some(known) = steps.get_mut(at) {
                *known += step;
            }
        }
    }

    /// The days, by metric.
    pub(super) fn days(&self) -> Vec<OutdatedDays> {
        let mut all = Vec::new();
        for (metric, steps) in &self.steps {
            let days = self.earliest.iter_days().zip(steps).scan(0, |counting, (day, step)| {
                *counting += step;
                Some((day, *counting > 0))
            });
            let days = days.filter(|(_, is_outdated)| *is_outdated).map(|(day, _)| day);
            let runs = runs(days, i64::MAX).into_iter();
            all.extend(runs.map(|(first, last)| OutdatedDays { metric: *metric, first, last }));
        }
        all
    }
}

/// Whether a metric has values by day: who changed half of a year is asked of a window, and of no day of it.
pub(super) fn has_days(definition: &Definition) -> bool {
    definition.aggregation != Aggregation::FewestWithHalf
}

/// Days in a row, `most` at most: the first and the last of each. Days are in order; those that are near are taken together.
pub(super) fn runs(days: impl Iterator<Item = NaiveDate>, most: i64) -> Vec<(NaiveDate, NaiveDate)> {
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((first, last)) if (day - *last).num_days() <= NEAR && (day - *first).num_days() < most => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
        first.checked_add_days(chrono::Days::new(number)).unwrap()
    }

    fn at(number: u64) -> DateTime<Utc> {
        day(number).and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    /// The numbers of the days of a metric that are outdated after a change.
    fn outdated(name: &str, from: u64, until: Option<u64>) -> Vec<(i64, i64)> {
        let definitions = crate::definitions(&[]).unwrap();
        let numbers = BTreeMap::from([(name.to_owned(), 7)]);
        let mut outdated = Outdated::new(&definitions, &numbers, Tz::UTC, (day(10), day(1_000)));
        outdated.touch(&[Touched { metric: 7, from: at(from), until: until.map(at) }]);
        let number = |date: NaiveDate| (date - day(0)).num_days();
        outdated.days().iter().map(|days| (number(days.first), number(days.last))).collect()
    }

    #[test]
    fn an_old_observation_outdates_its_own_day_and_what_lasts_the_days_that_it_lasted() {
        assert_eq!(outdated("change_lead_time", 100, Some(100)), [(100, 100)]);
        assert_eq!(outdated("changes_in_progress", 100, Some(130)), [(100, 130)]);
        assert_eq!(outdated("changes_in_progress", 100, None), [(100, 1_000)]);
        assert_eq!(outdated("changes_in_progress", 3, Some(12)), [(10, 12)], "as far back as days are kept");
        assert_eq!(outdated("change_lead_time", 3, Some(3)), []);
        assert_eq!(outdated("change_lead_time", 1_200, Some(1_200)), [], "it is computed when it has come");
    }

    #[test]
    fn what_is_measured_counts_until_it_is_measured_again_and_a_window_of_a_year_has_no_days() {
        let definitions = crate::definitions(&[]).unwrap();
        let of = |aggregation: Aggregation| definitions.iter().find(|one| one.aggregation == aggregation).unwrap();
        assert_eq!(outdated(&of(Aggregation::LatestMean).name, 100, Some(100)), [(100, 1_000)]);
        assert_eq!(outdated(&of(Aggregation::FewestWithHalf).name, 100, Some(100)), []);
    }

    #[test]
    fn days_that_are_near_are_taken_together_up_to_a_limit() {
        let days = [1, 2, 10, 40, 41, 60];
        let of = |most: i64| runs(days.into_iter().map(day), most);
        assert_eq!(of(i64::MAX), [(day(1), day(10)), (day(40), day(41)), (day(60), day(60))]);
        assert_eq!(of(5), [(day(1), day(2)), (day(10), day(10)), (day(40), day(41)), (day(60), day(60))]);
    }
}
