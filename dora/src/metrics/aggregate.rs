//! Values out of observations, the same way for every metric: over the window, over each step of it, for
//! the whole and for each slice. Quantiles, sums and counts are polars'; what is open at a time, or has to
//! be compared with its neighbours, is counted here.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};

use super::groups::{About, Group, groups};
use super::observations::{Observation, Observations, Subject};
use super::registry::{Aggregation, Entry};
use super::{MetricPart, MetricPoint, MetricValue, Slice};
use crate::DoraError;
use crate::basis::{Measured, Seen};
use crate::report::frames::{Frame, Stat, Summary, summarise};
use crate::report::{Calendar, Step, Unit, Window};

/// More slices than anybody can look at.
const MOST_SLICES: usize = 2_000;
/// Values of all series together.
const MOST_POINTS: usize = 200_000;
const SECOND_US: f64 = 1e6;

/// A span of time: the window, or a step of it.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
    /// Its local days.
    days: f64,
}

impl Span {
    fn new(from: DateTime<Utc>, to: DateTime<Utc>, calendar: &Calendar) -> Self {
        Self { from: from.timestamp_micros(), to: to.timestamp_micros(), days: calendar.days(from, to) }
    }

    fn holds(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }
}

/// What an answer is made with.
struct Maker<'a> {
    aggregation: Aggregation,
    unit: Unit,
    window: Span,
    steps: Vec<Span>,
    calendar: &'a Calendar,
    lower_median: bool,
    /// The steps of the series.
    of_series: &'a [Step],
    about: &'a About<'a>,
    noun: &'a str,
    name: &'a str,
    sways: bool,
}

/// The whole, then each slice by name.
pub(super) fn answer(
    entry: &Entry,
    observations: &Observations,
    by: Option<Slice>,
    about: &About<'_>,
    calendar: &Calendar,
    steps: &[Step],
) -> Result<(MetricPart, Vec<MetricPart>), DoraError> {
    if let Some(by) = by.filter(|by| !entry.definition.slices.contains(by)) {
        let known: Vec<&str> = entry.definition.slices.iter().map(|slice| slice.as_str()).collect();
        return Err(DoraError::Question(format!(
            "`{}` can't be asked for by {by}: expected one of {}",
            entry.definition.name,
            known.join(", ")
        )));
    }
    let groups = groups(observations, by, about.belongings);
    if groups.len() > MOST_SLICES || groups.len() * steps.len() > MOST_POINTS {
        return Err(DoraError::Question(format!(
            "there are {} slices and {} steps: ask for a longer interval, a shorter window or fewer of them",
            groups.len() - 1,
            steps.len()
        )));
    }
    let maker = Maker {
        aggregation: entry.definition.aggregation,
        unit: entry.definition.unit,
        window: Span::new(about.window.from, about.window.to, calendar),
        steps: steps.iter().map(|step| Span::new(step.from, step.to, calendar)).collect(),
        calendar,
        lower_median: entry.lower_median,
        of_series: steps,
        about,
        noun: &entry.noun(),
        name: &entry.definition.name,
        sways: entry.sways(),
    };
    let mut parts = maker.parts(&groups, &observations.subjects)?;
    // the whole has no name, so it is the first
    let whole = parts.remove(0);
    Ok((whole, parts))
}

impl Maker<'_> {
    fn parts(
        &self,
        groups: &BTreeMap<Option<String>, Group<'_>>,
        subjects: &[Subject],
    ) -> Result<Vec<MetricPart>, DoraError> {
        let all: Vec<&Group<'_>> = groups.values().collect();
        let over = |spans: &[Span]| -> Result<Vec<Vec<Vec<MetricValue>>>, DoraError> {
            if self.is_summed() { self.summed(&all, spans) } else { Ok(self.counted(&all, spans)) }
        };
        let (totals, series) = (over(&[self.window])?, over(&self.steps)?);
        let parts = groups.iter().zip(totals).zip(series).map(|(((slice, group), mut total), series)| {
            let values = total.pop().unwrap_or_default();
            let services = self.about.services_of(slice.as_deref(), group, subjects);
            let measured = Measured { metric: self.name, noun: self.noun, sways: self.sways, zone: self.calendar.zone };
            let seen = self.seen(group, &self.steps, &series);
            let points = self.of_series.iter().zip(series).zip(seen).map(|((step, values), seen)| {
                let (value, n) = values.first().map_or((None, 0), |first| (first.value, first.n));
                let window = Window { from: step.from, to: step.to };
                let (basis, caveats) = (seen.basis(), measured.codes_of_step(&services, seen, window));
                MetricPoint { from: step.from, to: step.to, label: step.label.clone(), value, n, basis, caveats }
            });
            let points = points.collect();
            let seen = self.seen(group, &[self.window], std::slice::from_ref(&values)).pop().unwrap_or_default();
            let first = values.first().cloned();
            MetricPart {
                slice: slice.clone(),
                value: first.as_ref().and_then(|first| first.value),
                text: first.as_ref().and_then(|first| first.text.clone()),
                n: first.map_or(0, |first| first.n),
                basis: seen.basis(),
                caveats: measured.caveats(&services, seen, self.about.window),
                series: points,
                values,
            }
        });
        Ok(parts.collect())
    }

    /// What was seen of a group in each span, given the values there.
    fn seen(&self, group: &Group<'_>, spans: &[Span], values: &[Vec<MetricValue>]) -> Vec<Seen> {
        if !self.is_summed() {
            let n = |values: &Vec<MetricValue>| values.first().map_or(0, |first| first.n);
            return values
                .iter()
                .map(|values| Seen { total: n(values), known: n(values), ..Seen::default() })
                .collect();
        }
        let mut all: Vec<Seen> = vec![Seen::default(); spans.len()];
        let mut open: Vec<(i64, i64)> = Vec::new();
        for observation in &group.observations {
            let after = spans.partition_point(|span| span.from <= observation.at);
            let nth = after.checked_sub(1).filter(|nth| spans.get(*nth).is_some_and(|span| span.holds(observation.at)));
            if let Some(seen) = nth.and_then(|nth| all.get_mut(nth)) {
                seen.add(observation.value.is_some(), observation.evidence);
            }
            open.extend(observation.began.map(|began| (began, observation.at)));
        }
        for (seen, span) in all.iter_mut().zip(spans) {
            seen.total += open.iter().filter(|(began, ended)| *began < span.to && *ended >= span.to).count() as u64;
        }
        all
    }

    /// Whether polars can do it: what happened at one time, added up.
    fn is_summed(&self) -> bool {
        use Aggregation as A;
        matches!(
            self.aggregation,
            A::Median
                | A::Mean
                | A::P75
                | A::P90
                | A::Rate
                | A::Count
                | A::PerDay
                | A::PerWeek
                | A::Sum
                | A::RatioOfSums
                | A::ShareOfWhole
        )
    }

    /// The values of each group over each span.
    fn summed(&self, groups: &[&Group<'_>], spans: &[Span]) -> Result<Vec<Vec<Vec<MetricValue>>>, DoraError> {
        let (mut cells, mut values, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
        for (number, group) in groups.iter().enumerate() {
            for observation in &group.observations {
                // spans are in order and don't overlap
                let after = spans.partition_point(|span| span.from <= observation.at);
                let Some(nth) = after.checked_sub(1) else { continue };
                if spans.get(nth).is_some_and(|span| span.holds(observation.at)) {
                    cells.push(u32::try_from(number * spans.len() + nth).unwrap_or(u32::MAX));
                    values.push(observation.value);
                    wholes.push(observation.of);
                }
            }
        }
        let frame =
            Frame { steps: cells, lower_median: self.lower_median, columns: vec![("value", values), ("of", wholes)] };
        let mut wanted = vec![("value", Stat::Sum), ("value", Stat::Count)];
        wanted.extend(match self.aggregation {
            Aggregation::RatioOfSums => vec![("of", Stat::Sum)],
            Aggregation::Median | Aggregation::Mean | Aggregation::P75 | Aggregation::P90 => {
                [Stat::Median, Stat::P75, Stat::P90, Stat::Mean].map(|stat| ("value", stat)).to_vec()
            }
            _ => Vec::new(),
        });
        let summaries = summarise(frame, groups.len() * spans.len(), &wanted)?.steps;
        let whole = |nth: usize| summaries.get(nth).map_or(0, |summary| summary.count("value", Stat::Count));
        let of_group = |(number, group): (usize, &&Group<'_>)| {
            let of_span = |(nth, span): (usize, &Span)| {
                let summary = summaries.get(number * spans.len() + nth);
                let there = group.since.is_some_and(|since| since < span.to);
                // the whole is the first group
                summary.map(|summary| self.of_summary(summary, *span, there, whole(nth))).unwrap_or_default()
            };
            spans.iter().enumerate().map(of_span).collect()
        };
        Ok(groups.iter().enumerate().map(of_group).collect())
    }

    /// The values of a span. What is `there` and did nothing did it 0 times.
    fn of_summary(&self, summary: &Summary, span: Span, there: bool, whole: u64) -> Vec<MetricValue> {
        use Aggregation as A;
        let n = summary.count("value", Stat::Count);
        let some = |value: f64| (n > 0).then_some(value);
        let sum = summary.get("value", Stat::Sum).unwrap_or_default();
        let count = MetricValue::new("count", Some(n as f64), Unit::Count, n);
        let with = |name, value| vec![MetricValue::new(name, value, self.unit, n), count.clone()];
        match self.aggregation {
            A::Rate => vec![
                MetricValue::new("rate", some(sum / n as f64), self.unit, n),
                MetricValue::new("yes", Some(sum), Unit::Count, n),
                MetricValue::new("of", Some(n as f64), Unit::Count, n),
            ],
            A::Count => vec![count],
            A::PerDay => with("per_day", (n > 0 || there).then(|| n as f64 / span.days)),
            A::PerWeek => with("per_week", some(n as f64 / (span.days / 7.0))),
            A::Sum => with("sum", some(self.scaled(sum))),
            A::RatioOfSums => {
                let of = summary.get("of", Stat::Sum).filter(|of| *of > 0.0);
                with("ratio", of.and_then(|of| some(sum / of)))
            }
            A::ShareOfWhole => with("share", some(n as f64 / whole as f64)),
            _ => {
                let of = |name, stat| {
                    MetricValue::new(name, summary.get("value", stat).map(|value| self.scaled(value)), self.unit, n)
                };
                let mut values = vec![
                    of("median", Stat::Median),
                    of("p75", Stat::P75),
                    of("p90", Stat::P90),
                    of("mean", Stat::Mean),
                ];
                let first = match self.aggregation {
                    A::P75 => 1,
                    A::P90 => 2,
                    A::Mean => 3,
                    _ => 0,
                };
                let first = values.remove(first);
                values.insert(0, first);
                values
            }
        }
    }

    /// Durations are observed in microseconds and shown in seconds.
    fn scaled(&self, value: f64) -> f64 {
        if self.unit == Unit::Seconds { value / SECOND_US } else { value }
    }

    fn counted(&self, groups: &[&Group<'_>], spans: &[Span]) -> Vec<Vec<Vec<MetricValue>>> {
        let group = |observations: &[&Observation]| match self.aggregation {
            Aggregation::OpenAtDayEnd | Aggregation::AgeOfOpen => self.open(observations, spans),
            Aggregation::TimeOpen => spans.iter().map(|span| self.time_open(observations, *span)).collect(),
            Aggregation::LatestMean | Aggregation::LatestSum => {
                spans.iter().map(|span| self.latest(observations, *span)).collect()
            }
            _ => spans.iter().map(|span| self.compared(observations, *span)).collect(),
        };
        groups.iter().map(|of| group(&of.observations)).collect()
    }

    /// The ends of the local days in a span; its own end where it holds none.
    fn day_ends(&self, span: Span) -> Vec<i64> {
        let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let first = self.calendar.date(instant(span.from));
        let days =
            std::iter::successors(first.checked_add_days(Days::new(1)), |day| day.checked_add_days(Days::new(1)));
        let ends = days.map(|day| self.calendar.midnight(day).timestamp_micros());
        let ends: Vec<i64> = ends.skip_while(|end| *end <= span.from).take_while(|end| *end <= span.to).collect();
        if ends.is_empty() { vec![span.to] } else { ends }
    }

    /// What is open: how many at the ends of days, or how old at the end.
    fn open(&self, observations: &[&Observation], spans: &[Span]) -> Vec<Vec<MetricValue>> {
        let mut begins: Vec<i64> = observations.iter().map(|seen| seen.at).collect();
        let mut ends: Vec<i64> = observations.iter().filter_map(|seen| seen.until).collect();
        begins.sort_unstable();
        ends.sort_unstable();
        let before = |times: &[i64], at: i64| times.partition_point(|time| *time < at);
        let at = |at: i64| before(&begins, at).saturating_sub(before(&ends, at));
        let of_span = |span: &Span| {
            let now = at(span.to) as u64;
            if self.aggregation == Aggregation::AgeOfOpen {
                let open =
                    observations.iter().filter(|seen| seen.at < span.to && seen.until.is_none_or(|end| end >= span.to));
                let mut ages: Vec<f64> = open.map(|seen| (span.to - seen.at) as f64 / SECOND_US).collect();
                ages.sort_by(f64::total_cmp);
                let n = ages.len() as u64;
                return vec![
                    MetricValue::new("median", quantile(&ages, 0.5), self.unit, n),
                    MetricValue::new("p90", quantile(&ages, 0.9), self.unit, n),
                    MetricValue::new("count", Some(n as f64), Unit::Count, n),
                ];
            }
            let days = self.day_ends(*span);
            let sum: usize = days.iter().map(|end| at(*end)).sum();
            let mean = (!begins.is_empty()).then(|| sum as f64 / days.len() as f64);
            vec![
                MetricValue::new("mean", mean, self.unit, days.len() as u64),
                MetricValue::new("at_end", (!begins.is_empty()).then_some(now as f64), Unit::Count, now),
            ]
        };
        spans.iter().map(of_span).collect()
    }

    fn time_open(&self, observations: &[&Observation], span: Span) -> Vec<MetricValue> {
        let within = observations.iter().filter_map(|seen| {
            let (from, to) = (seen.at.max(span.from), seen.until.unwrap_or(span.to).min(span.to));
            (from < to).then(|| (to - from) as f64)
        });
        let within: Vec<f64> = within.collect();
        let n = within.len() as u64;
        // nothing was red is something that was observed, where anything ever was
        let sum = (!observations.is_empty()).then(|| self.scaled(within.iter().sum()));
        vec![MetricValue::new("sum", sum, self.unit, n), MetricValue::new("count", Some(n as f64), Unit::Count, n)]
    }

    fn latest(&self, observations: &[&Observation], span: Span) -> Vec<MetricValue> {
        let mut last: BTreeMap<&str, (i64, f64)> = BTreeMap::new();
        for seen in observations.iter().filter(|seen| seen.at < span.to) {
            let (Some(key), Some(value)) = (seen.key.as_deref(), seen.value) else { continue };
            let held = last.entry(key).or_insert((seen.at, value));
            if held.0 <= seen.at {
                *held = (seen.at, value);
            }
        }
        let n = last.len() as u64;
        let sum: f64 = last.values().map(|(_, value)| value).sum();
        let (name, value) = match self.aggregation {
            Aggregation::LatestMean => ("mean", sum / n as f64),
            _ => ("sum", sum),
        };
        vec![MetricValue::new(name, (n > 0).then(|| self.scaled(value)), self.unit, n)]
    }

    /// The largest part, or how few have half of it.
    fn compared(&self, observations: &[&Observation], span: Span) -> Vec<MetricValue> {
        let mut of: BTreeMap<&str, f64> = BTreeMap::new();
        // who has half is asked at one time, the beginning of the window
        let all = self.aggregation == Aggregation::FewestWithHalf
            && span.from == self.window.from
            && span.to == self.window.to;
        for seen in observations.iter().filter(|seen| all || span.holds(seen.at)) {
            if let (Some(key), Some(value)) = (seen.key.as_deref(), seen.value) {
                *of.entry(key).or_default() += value;
            }
        }
        let sum: f64 = of.values().sum();
        let mut parts: Vec<f64> = of.into_values().collect();
        parts.sort_by(|a, b| b.total_cmp(a));
        let n = parts.len() as u64;
        let value = match self.aggregation {
            Aggregation::FewestWithHalf => {
                let mut reached = 0.0;
                let enough = parts.iter().take_while(|part| {
                    let more = reached < sum / 2.0;
                    reached += **part;
                    more
                });
                enough.count() as f64
            }
            _ => parts.first().map_or(0.0, |largest| largest / sum),
        };
        vec![MetricValue::new(
            if self.unit == Unit::Count { "fewest" } else { "share" },
            (sum > 0.0).then_some(value),
            self.unit,
            n,
        )]
    }
}

/// A quantile of sorted values, interpolated between ranks as everywhere.
pub(crate) fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = at * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last position")]
    let below = rank.floor() as usize;
    let (low, high) = (sorted.get(below)?, sorted.get((below + 1).min(last))?);
    Some(low + (high - low) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use kernel::Rule;

    use super::super::registry;
    use super::super::slices::Belongings;
    use super::*;
    use crate::basis::EvidenceSet;
    use crate::{CaveatCode, EvidenceSource, Interval};

    const DAY: i64 = 86_400_000_000;

    /// Day 0 is a Monday.
    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_767_571_200_000_000 + day * DAY).unwrap()
    }

    fn us(day: i64) -> i64 {
        at(day).timestamp_micros()
    }

    fn about(belongings: &Belongings, window: Window) -> About<'_> {
        About { belongings, services: Vec::new(), window }
    }

    fn asked(name: &str, observations: &Observations, by: Option<Slice>) -> (MetricPart, Vec<MetricPart>) {
        let window = Window { from: at(0), to: at(14) };
        let calendar = Calendar { zone: Tz::UTC };
        let steps = calendar.steps(window, Interval::Week).unwrap();
        let entry = registry::find(name, &[]).unwrap();
        answer(&entry, observations, by, &about(&Belongings::default(), window), &calendar, &steps).unwrap()
    }

    fn weeks(part: &MetricPart) -> Vec<Option<f64>> {
        part.series.iter().map(|point| point.value).collect()
    }

    fn labelled(label: &str) -> Subject {
        Subject { labels: vec![label.to_owned()], kind: Some(label.to_owned()), ..Subject::default() }
    }

    #[test]
    fn durations_have_a_median_over_the_window_its_steps_and_its_slices() {
        let mut seen = Observations::default();
        for (label, day, seconds) in [("a", 1, 10.0), ("b", 2, 20.0), ("a", 8, 40.0), ("a", 13, 60.0), ("a", 14, 1e9)] {
            seen.about(labelled(label));
            seen.value(us(day), seconds * SECOND_US);
        }
        let (whole, slices) = asked("change_cycle_time", &seen, Some(Slice::Label));
        assert_eq!((whole.value, whole.n), (Some(30.0), 4));
        assert_eq!(weeks(&whole), [Some(15.0), Some(50.0)]);
        let shown: Vec<_> = slices.iter().map(|part| (part.slice.as_deref().unwrap(), part.value, part.n)).collect();
        assert_eq!(shown, [("a", Some(40.0), 3), ("b", Some(20.0), 1)]);
        assert_eq!(weeks(&slices[1]), [Some(20.0), None]);
    }

    #[test]
    fn rates_counts_and_shares_are_of_what_there_was() {
        let mut seen = Observations::default();
        for (label, day, is) in [("a", 1, true), ("a", 2, false), ("b", 3, false), ("a", 4, false)] {
            seen.about(labelled(label));
            seen.is(us(day), is);
        }
        let (whole, _) = asked("merged_without_review", &seen, None);
        assert_eq!((whole.value, whole.n), (Some(0.25), 4));
        assert_eq!(weeks(&whole), [Some(0.25), None]);
        let (whole, _) = asked("change_throughput", &seen, None);
        assert_eq!(whole.value, Some(2.0));
        let (whole, slices) = asked("investment", &seen, Some(Slice::Type));
        assert_eq!(whole.value, Some(1.0));
        assert_eq!(slices.iter().map(|part| part.value).collect::<Vec<_>>(), [Some(0.75), Some(0.25)]);
    }

    #[test]
    fn three_events_in_four_days_are_not_0_a_day() {
        let mut seen = Observations::default();
        seen.about(Subject::default());
        (0..3).for_each(|day| seen.event(us(day)));
        let (whole, _) = asked("deployment_frequency", &seen, None);
        assert_eq!(whole.value, Some(3.0 / 14.0));
        (0..274).for_each(|_| seen.event(us(3)));
        assert_eq!(asked("deployment_frequency", &seen, None).0.value, Some(277.0 / 14.0));
    }

    #[test]
    fn what_has_deployed_before_and_does_not_any_more_deploys_0_a_day() {
        let mut seen = Observations::default();
        let of = |repository: &str| Subject { repository: Some(repository.to_owned()), ..Subject::default() };
        for (repository, since, deployed) in [("old", -30, None), ("new", 9, Some(9)), ("later", 20, None)] {
            seen.about(of(repository));
            seen.since(us(since));
            if let Some(day) = deployed {
                seen.event(us(day));
            }
        }
        let (whole, slices) = asked("deployment_frequency", &seen, Some(Slice::Repository));
        assert_eq!(weeks(&whole), [Some(0.0), Some(1.0 / 7.0)]);
        let shown: Vec<_> =
            slices.iter().map(|part| (part.slice.as_deref().unwrap(), part.value, part.n, weeks(part))).collect();
        let expected = [
            ("later", None, 0, vec![None, None]),
            ("new", Some(1.0 / 14.0), 1, vec![None, Some(1.0 / 7.0)]),
            ("old", Some(0.0), 0, vec![Some(0.0), Some(0.0)]),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_week_with_25_hours_on_its_sunday_has_7_days() {
        let berlin = Calendar { zone: chrono_tz::Europe::Berlin };
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let window = Window { from: instant("2026-10-18T22:00:00Z"), to: instant("2026-10-25T23:00:00Z") };
        let mut seen = Observations::default();
        seen.about(Subject::default());
        (0..14).for_each(|hour| seen.event(window.from.timestamp_micros() + hour * DAY / 2));
        let steps = berlin.steps(window, Interval::Week).unwrap();
        let belongings = Belongings::default();
        for (name, expected) in [("deployment_frequency", 2.0), ("change_throughput", 14.0), ("incidents", 14.0)] {
            let entry = registry::find(name, &[]).unwrap();
            let (whole, _) = answer(&entry, &seen, None, &about(&belongings, window), &berlin, &steps).unwrap();
            assert_eq!((whole.value, weeks(&whole)), (Some(expected), vec![Some(expected)]), "{name}");
        }
    }

    #[test]
    fn the_share_of_known_ends_is_said_of_the_whole_its_parts_and_its_steps() {
        let mut seen = Observations::default();
        for (label, day, from) in [("a", 1, Some(0)), ("a", 2, None), ("b", 8, None), ("b", 9, None)] {
            seen.about(labelled(label));
            seen.span(us(day), from.map(us), Some(us(day)));
        }
        let (whole, slices) = asked("change_cycle_time", &seen, Some(Slice::Label));
        assert_eq!((whole.n, whole.basis.known), (1, Some(0.25)));
        let known: Vec<_> = whole.series.iter().map(|point| point.basis.known).collect();
        assert_eq!(known, [Some(0.5), Some(0.0)]);
        assert_eq!(whole.series[1].caveats, [CaveatCode::EndsUnknown]);
        assert_eq!((slices[1].value, slices[1].n, slices[1].basis.known), (None, 0, Some(0.0)));
        assert_eq!(slices[1].caveats[0].code, CaveatCode::EndsUnknown);
    }

    #[test]
    fn failures_that_are_still_open_are_part_of_the_share_of_known_ends() {
        let mut seen = Observations::default();
        seen.about(Subject::default());
        let evidence = EvidenceSet::of(&[Rule::RolledBack]);
        seen.ended(us(1), Some(us(2)), Some(1.0), evidence);
        seen.ended(us(3), Some(us(9)), Some(6.0), EvidenceSet::of(&[Rule::IncidentNamesIt]));
        seen.ended(us(4), None, None, EvidenceSet::default());
        let (whole, _) = asked("failed_deployment_recovery_time", &seen, None);
        assert_eq!((whole.n, whole.basis.known), (2, Some(2.0 / 3.0)));
        assert_eq!(whole.basis.evidence, [EvidenceSource::Incidents, EvidenceSource::Rollbacks]);
        let first = &whole.series[0].basis;
        assert_eq!((&first.evidence[..], first.known), (&[EvidenceSource::Rollbacks][..], Some(1.0 / 3.0)));
    }

    #[test]
    fn what_is_open_is_counted_at_the_end_of_each_day() {
        let mut seen = Observations::default();
        seen.about(Subject::default());
        // there on the ends of days 1 to 7, from before the window on, and from the tenth on
        seen.lasting(us(0) + 1, Some(us(7) + 1));
        seen.lasting(us(-30), Some(us(2)));
        seen.lasting(us(10), None);
        let (whole, _) = asked("changes_in_progress", &seen, None);
        assert_eq!(weeks(&whole), [Some((7.0 + 2.0) / 7.0), Some(4.0 / 7.0)]);
        assert_eq!(whole.values[1].value, Some(1.0));
        let (whole, _) = asked("age_of_open_changes", &seen, None);
        assert_eq!((whole.value, whole.n), (Some(4.0 * 86_400.0), 1));
    }

    #[test]
    fn time_open_is_cut_to_the_span() {
        let mut seen = Observations::default();
        seen.about(Subject::default());
        seen.lasting(us(-5), Some(us(1)));
        seen.lasting(us(6), Some(us(9)));
        let (whole, _) = asked("ci_red_time", &seen, None);
        assert_eq!(weeks(&whole), [Some(2.0 * 86_400.0), Some(2.0 * 86_400.0)]);
        assert_eq!(whole.value, Some(4.0 * 86_400.0));
    }

    #[test]
    fn what_was_never_red_is_zero_and_what_has_no_runs_is_unknown() {
        let mut seen = Observations::default();
        assert_eq!(asked("ci_red_time", &seen, None).0.value, None);
        seen.about(Subject::default());
        seen.lasting(us(1), Some(us(1)));
        let (whole, _) = asked("ci_red_time", &seen, None);
        assert_eq!((whole.value, whole.n), (Some(0.0), 0));
        assert!(whole.value.is_some_and(f64::is_sign_positive), "-0 is no value that is shown");
    }

    #[test]
    fn the_last_measure_of_each_project_counts_however_old_it_is() {
        let mut seen = Observations::default();
        for (project, day, value) in [("a", -40, 50.0), ("a", 8, 70.0), ("b", 1, 80.0), ("b", 2, 90.0)] {
            seen.about(Subject::default());
            seen.keyed(us(day), project, value);
        }
        let (whole, _) = asked("coverage", &seen, None);
        assert_eq!(weeks(&whole), [Some(70.0), Some(80.0)]);
    }

    #[test]
    fn the_bus_factor_is_the_fewest_who_have_half() {
        let mut seen = Observations::default();
        seen.about(Subject::default());
        for (author, lines) in [("ann", 40.0), ("bob", 30.0), ("eve", 20.0), ("joe", 10.0)] {
            seen.keyed(us(0), author, lines);
        }
        assert_eq!(asked("bus_factor", &seen, None).0.value, Some(2.0));
        assert_eq!(asked("busiest_reviewer", &seen, None).0.value, Some(0.4));
        seen.keyed(us(0), "ann", 100.0);
        assert_eq!(asked("bus_factor", &seen, None).0.value, Some(1.0));
    }

    #[test]
    fn a_metric_without_data_is_null_whatever_it_is() {
        for definition in registry::definitions(&[]).unwrap() {
            let (whole, _) = asked(&definition.name, &Observations::default(), None);
            assert_eq!(
                (whole.value, whole.n.min(1) * u64::from(whole.value.is_some())),
                (None, 0),
                "{}",
                definition.name
            );
        }
    }

    #[test]
    fn what_a_metric_can_not_be_asked_for_by_is_refused() {
        let window = Window { from: at(0), to: at(14) };
        let calendar = Calendar { zone: Tz::UTC };
        let entry = registry::find("ci_duration", &[]).unwrap();
        let belongings = Belongings::default();
        let about = about(&belongings, window);
        let asked = answer(&entry, &Observations::default(), Some(Slice::Ai), &about, &calendar, &[]);
        assert!(matches!(asked, Err(DoraError::Question(_))));
    }
}
