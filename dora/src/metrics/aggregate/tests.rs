//! Each aggregation on a few observations, counted by hand.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::Rule;

use super::super::calendar::Calendar;
use super::super::model::Slice;
use super::super::ownership::{Filter, Ownership};
use super::super::registry;
use super::super::rows::{About, Subject};
use super::super::spans::Spans;
use super::cells::SECOND_US;
use super::*;
use crate::basis::EvidenceSet;
use crate::compute::DeliveryRules;
use crate::{Budget, CaveatCode, EvidenceSource, Interval};

const DAY: i64 = 86_400_000_000;

/// Day 0 is a Monday.
fn at(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_571_200_000_000 + day * DAY).unwrap()
}

fn us(day: i64) -> i64 {
    at(day).timestamp_micros()
}

/// Observations and what they are about.
#[derive(Default)]
struct Seen {
    subjects: Vec<Subject>,
    of: Observations,
}

impl Seen {
    fn about(&mut self, subject: Subject) {
        self.of.about(u32::try_from(self.subjects.len()).unwrap());
        self.subjects.push(subject);
    }
}

fn asked_in(
    name: &str,
    seen: &Seen,
    by: Option<Slice>,
    (calendar, window): (&Calendar, Window),
) -> Result<(MetricPart, Vec<MetricPart>), DoraError> {
    let steps = calendar.steps(window, Interval::Week).unwrap();
    let metric = registry::find(name, &[]).unwrap();
    let about = seen.subjects.iter().map(|subject| About { subject, reviewer: None });
    let parts = Parts::new(&about, by, (&Ownership::default(), &Filter::default()));
    let asked = Asked {
        metric: &metric,
        by,
        environment: None,
        spans: &Spans::new(calendar, window, &steps),
        daily: false,
        rules: DeliveryRules::default(),
        values_in_series: false,
        budget: &Budget::default(),
        services: &[],
    };
    answer(&asked, (&seen.of, &parts), &[])
}

fn asked(name: &str, seen: &Seen, by: Option<Slice>) -> (MetricPart, Vec<MetricPart>) {
    let window = Window { from: at(0), to: at(14) };
    asked_in(name, seen, by, (&Calendar { zone: Tz::UTC }, window)).unwrap()
}

fn weeks(part: &MetricPart) -> Vec<Option<f64>> {
    part.series.iter().map(|point| point.value).collect()
}

fn labeled(label: &str) -> Subject {
    Subject { labels: [label.into()].into(), kind: Some(label.into()), ..Subject::default() }
}

#[test]
fn each_slice_costs_as_many_values_as_the_series_has_steps() {
    let mut seen = Seen::default();
    for label in ["a", "b", "c"] {
        seen.about(labeled(label));
        seen.of.value(us(1), SECOND_US);
    }
    let (calendar, window) = (Calendar { zone: Tz::UTC }, Window { from: at(0), to: at(14) });
    let steps = calendar.steps(window, Interval::Day).unwrap();
    let about = seen.subjects.iter().map(|subject| About { subject, reviewer: None });
    let parts = Parts::new(&about, Some(Slice::Label), (&Ownership::default(), &Filter::default()));
    let answered = |limit| {
        let asked = Asked {
            metric: &registry::find("change_cycle_time", &[]).unwrap(),
            by: Some(Slice::Label),
            environment: None,
            spans: &Spans::new(&calendar, window, &steps),
            daily: true,
            rules: DeliveryRules::default(),
            values_in_series: false,
            budget: &Budget::of(limit),
            services: &[],
        };
        answer(&asked, (&seen.of, &parts), &[])
    };
    let refused = answered(3 * 14 - 1).err().unwrap().to_string();
    assert!(refused.contains("costs 42 values, those of 3 series in 14 steps"), "{refused}");
    assert!(answered(3 * 14).is_ok());
}

#[test]
fn durations_have_a_median_over_the_window_its_steps_and_its_slices() {
    let mut seen = Seen::default();
    for (label, day, seconds) in [("a", 1, 10.0), ("b", 2, 20.0), ("a", 8, 40.0), ("a", 13, 60.0), ("a", 14, 1e9)] {
        seen.about(labeled(label));
        seen.of.value(us(day), seconds * SECOND_US);
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
    let mut seen = Seen::default();
    for (label, day, is) in [("a", 1, true), ("a", 2, false), ("b", 3, false), ("a", 4, false)] {
        seen.about(labeled(label));
        seen.of.is(us(day), is);
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
    let mut seen = Seen::default();
    seen.about(Subject::default());
    (0..3).for_each(|day| seen.of.event(us(day)));
    let (whole, _) = asked("deployment_frequency", &seen, None);
    assert_eq!(whole.value, Some(3.0 / 14.0));
    (0..274).for_each(|_| seen.of.event(us(3)));
    assert_eq!(asked("deployment_frequency", &seen, None).0.value, Some(277.0 / 14.0));
}

#[test]
fn what_has_deployed_before_and_does_not_any_more_deploys_0_a_day() {
    let mut seen = Seen::default();
    let of = |repository: &str| Subject { repository: Some(repository.into()), ..Subject::default() };
    for (repository, since, deployed) in [("old", -30, None), ("new", 9, Some(9)), ("later", 20, None)] {
        seen.about(of(repository));
        seen.of.since(us(since));
        if let Some(day) = deployed {
            seen.of.event(us(day));
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
    let mut seen = Seen::default();
    seen.about(Subject::default());
    (0..14).for_each(|hour| seen.of.event(window.from.timestamp_micros() + hour * DAY / 2));
    for (name, expected) in [("deployment_frequency", 2.0), ("change_throughput", 14.0), ("incidents", 14.0)] {
        let (whole, _) = asked_in(name, &seen, None, (&berlin, window)).unwrap();
        assert_eq!((whole.value, weeks(&whole)), (Some(expected), vec![Some(expected)]), "{name}");
    }
}

#[test]
fn the_share_of_known_ends_is_given_for_the_whole_its_parts_and_its_steps() {
    let mut seen = Seen::default();
    for (label, day, from) in [("a", 1, Some(0)), ("a", 2, None), ("b", 8, None), ("b", 9, None)] {
        seen.about(labeled(label));
        seen.of.span(us(day), from.map(us), Some(us(day)));
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
    let mut seen = Seen::default();
    seen.about(Subject::default());
    let evidence = EvidenceSet::of(&[Rule::RolledBack]);
    seen.of.ended(us(1), Some(us(2)), Some(1), evidence);
    seen.of.ended(us(3), Some(us(9)), Some(6), EvidenceSet::of(&[Rule::IncidentNamesIt]));
    seen.of.ended(us(4), None, None, EvidenceSet::default());
    let (whole, _) = asked("failed_deployment_recovery_time", &seen, None);
    assert_eq!((whole.n, whole.basis.known), (2, Some(2.0 / 3.0)));
    assert_eq!(whole.basis.evidence, [EvidenceSource::Incidents, EvidenceSource::Rollbacks]);
    let first = &whole.series[0].basis;
    assert_eq!((&first.evidence[..], first.known), (&[EvidenceSource::Rollbacks][..], Some(1.0 / 3.0)));
}

#[test]
fn what_is_open_is_counted_at_the_end_of_each_day() {
    let mut seen = Seen::default();
    seen.about(Subject::default());
    // there on the ends of days 1 to 7, from before the window on, and from the tenth on
    seen.of.lasting(us(0) + 1, Some(us(7) + 1));
    seen.of.lasting(us(-30), Some(us(2)));
    seen.of.lasting(us(10), None);
    let (whole, _) = asked("changes_in_progress", &seen, None);
    assert_eq!(weeks(&whole), [Some((7.0 + 2.0) / 7.0), Some(4.0 / 7.0)]);
    assert_eq!(whole.values[1].value, Some(1.0));
    let (whole, _) = asked("age_of_open_changes", &seen, None);
    assert_eq!((whole.value, whole.n), (Some(4.0 * 86_400.0), 1));
}

#[test]
fn time_open_is_cut_to_the_span() {
    let mut seen = Seen::default();
    seen.about(Subject::default());
    seen.of.lasting(us(-5), Some(us(1)));
    seen.of.lasting(us(6), Some(us(9)));
    let (whole, _) = asked("ci_red_time", &seen, None);
    assert_eq!(weeks(&whole), [Some(2.0 * 86_400.0), Some(2.0 * 86_400.0)]);
    assert_eq!(whole.value, Some(4.0 * 86_400.0));
}

#[test]
fn what_was_never_red_is_zero_and_what_has_no_runs_is_unknown() {
    let mut seen = Seen::default();
    assert_eq!(asked("ci_red_time", &seen, None).0.value, None);
    seen.about(Subject::default());
    seen.of.lasting(us(1), Some(us(1)));
    let (whole, _) = asked("ci_red_time", &seen, None);
    assert_eq!((whole.value, whole.n), (Some(0.0), 0));
    assert!(whole.value.is_some_and(f64::is_sign_positive), "-0 is no value that is shown");
}

#[test]
fn the_last_measure_of_each_project_counts_however_old_it_is() {
    let mut seen = Seen::default();
    for (project, day, value) in [("a", -40, 50.0), ("a", 8, 70.0), ("b", 1, 80.0), ("b", 2, 90.0)] {
        seen.about(Subject::default());
        seen.of.keyed(us(day), &project.into(), value);
    }
    let (whole, _) = asked("coverage", &seen, None);
    assert_eq!(weeks(&whole), [Some(70.0), Some(80.0)]);
}

#[test]
fn the_bus_factor_is_the_smallest_set_that_has_half() {
    let mut seen = Seen::default();
    seen.about(Subject::default());
    for (author, lines) in [("ann", 40.0), ("bob", 30.0), ("eve", 20.0), ("joe", 10.0)] {
        seen.of.keyed(us(0), &author.into(), lines);
    }
    assert_eq!(asked("bus_factor", &seen, None).0.value, Some(2.0));
    assert_eq!(asked("busiest_reviewer", &seen, None).0.value, Some(0.4));
    seen.of.keyed(us(0), &"ann".into(), 100.0);
    assert_eq!(asked("bus_factor", &seen, None).0.value, Some(1.0));
}

#[test]
fn a_metric_without_data_is_null_whatever_it_is() {
    for definition in registry::definitions(&[]).unwrap() {
        let (whole, _) = asked(&definition.name, &Seen::default(), None);
        assert_eq!((whole.value, whole.n.min(1) * u64::from(whole.value.is_some())), (None, 0), "{}", definition.name);
    }
}

#[test]
fn what_a_metric_can_not_be_asked_for_by_is_refused() {
    let window = Window { from: at(0), to: at(14) };
    let asked = asked_in("ci_duration", &Seen::default(), Some(Slice::Ai), (&Calendar { zone: Tz::UTC }, window));
    assert!(matches!(asked, Err(DoraError::Question(_))));
}
