//! Metrics held against plain loops, and on cases counted by hand.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use kernel::Rule;
use proptest::prelude::*;
use store::metric_rows::{Rules, ServiceBasis};

use super::plan::Plan;
use super::rows::{Deployed, Deployment, Entry, FirstDeployment, Incident, Subject};
use super::tables::{Table, Tables};
use super::{MetricSettings, Question, ValueName};
use crate::basis::EvidenceSet;
use crate::report::metric_report;
use crate::settings::Compat;
use crate::{Basis, Benchmark, CaveatCode, EvidenceSource, Interval, Level, MetricName, MetricReport};

const HOUR: i64 = 3_600_000_000;

/// A deployment, and the rules of its verdicts.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says another thing")]
struct DeploymentPoint {
    service: usize,
    finished_us: i64,
    counts: bool,
    eligible: bool,
    failed: bool,
    recovered_us: Option<i64>,
    rework: bool,
    rules: Rules,
}

#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand at the end of names")]
struct ChangePoint {
    deployed_us: i64,
    lead_time_us: Option<i64>,
    stages_us: [Option<i64>; 5],
}

#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand at the end of names")]
struct IncidentPoint {
    detected_us: i64,
    resolved_us: Option<i64>,
    restore_us: Option<i64>,
}

/// What a report is made from, and what is asked.
struct Observed {
    zone: Tz,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    interval: Interval,
    devlake: bool,
    deployments: Vec<DeploymentPoint>,
    changes: Vec<ChangePoint>,
    incidents: Vec<IncidentPoint>,
    services: Vec<ServiceBasis>,
    incident_recoveries: Vec<(i64, Option<i64>)>,
}

fn observed(zone: Tz, from: &str, days: i64, interval: Interval) -> Observed {
    let from: DateTime<Utc> = from.parse().unwrap();
    Observed {
        zone,
        from,
        to: from + Duration::days(days),
        interval,
        devlake: false,
        deployments: Vec::new(),
        changes: Vec::new(),
        incidents: Vec::new(),
        services: Vec::new(),
        incident_recoveries: Vec::new(),
    }
}

impl Observed {
    fn tables(&self) -> Tables {
        fn entries<T>(rows: impl Iterator<Item = (String, T)>) -> Table<T> {
            let subject = |service: String| Subject { service: Some(service.into()), ..Subject::default() };
            let rows = rows.map(|(service, row)| Entry { subject: subject(service), row });
            Table::by_owner(rows, |subject| subject.service.as_ref())
        }
        let deployment = |point: &DeploymentPoint| Deployment {
            service: point.service.to_string().into(),
            finished: point.finished_us,
            counts: point.counts,
            has_verdict: point.eligible,
            failed: point.failed,
            recovered: point.recovered_us,
            rework: point.rework,
            failed_by: EvidenceSet::of(&point.rules.failed_by),
            recovered_by: EvidenceSet::of(&point.rules.recovered_by),
            rework_by: EvidenceSet::of(&point.rules.rework_by),
        };
        let deployed = |point: &ChangePoint| {
            let [coding_us, pickup_us, review_us, approval_us, deploy_us] = point.stages_us;
            let (at, lead_time_us) = (point.deployed_us, point.lead_time_us);
            Deployed { at, lead_time_us, coding_us, pickup_us, review_us, approval_us, deploy_us }
        };
        let incident = |point: &IncidentPoint| Incident {
            detected: point.detected_us,
            resolved: point.resolved_us,
            restore_us: point.restore_us,
            deployed: None,
        };
        let recovery = |(deployed, resolved): &(i64, Option<i64>)| Incident {
            detected: *deployed,
            resolved: *resolved,
            restore_us: None,
            deployed: Some(*deployed),
        };
        let first = self.services.iter().filter_map(|basis| Some((basis.service.clone(), basis.first?)));
        let incidents = self.incidents.iter().map(incident).chain(self.incident_recoveries.iter().map(recovery));
        let of_0 = |row| ("0".to_owned(), row);
        Tables {
            bases: self.services.clone().into(),
            deployments: entries(self.deployments.iter().map(|x| (x.service.to_string(), deployment(x)))),
            deployed: entries(self.changes.iter().map(deployed).map(|row| ("0".to_owned(), row))),
            incidents: entries(incidents.map(of_0)),
            first_deployments: entries(
                first.map(|(service, at)| (service, FirstDeployment { at: at.timestamp_micros() })),
            ),
            ..Tables::default()
        }
    }
}

struct Metrics {
    change_lead_time: MetricReport,
    deployment_frequency: MetricReport,
    change_fail_rate: MetricReport,
    failed_deployment_recovery_time: MetricReport,
    deployment_rework_rate: MetricReport,
    time_to_restore: MetricReport,
}

/// A service that deployed first `hour` hours after a Monday.
fn service(hour: i64) -> ServiceBasis {
    let first = DateTime::from_timestamp_micros(monday() + hour * HOUR);
    ServiceBasis { service: "a".into(), first, last: first, ..ServiceBasis::default() }
}

/// A deployment `hour` hours after a Monday.
fn deployment(hour: i64) -> DeploymentPoint {
    DeploymentPoint {
        service: 0,
        finished_us: monday() + hour * HOUR,
        counts: true,
        eligible: true,
        failed: false,
        recovered_us: None,
        rework: false,
        rules: Rules::default(),
    }
}

const MONDAY: &str = "2026-01-05T00:00:00Z";

fn monday() -> i64 {
    MONDAY.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

fn of(observed: &Observed) -> Metrics {
    let mut dora = crate::settings::Dora::default();
    if observed.devlake {
        dora.compat = Compat::Devlake;
    }
    let question = Question {
        from: Some(observed.from),
        to: Some(observed.to),
        interval: Some(observed.interval),
        time_zone: observed.zone,
        values_in_series: true,
        ..Question::default()
    };
    let names = MetricName::ALL.map(MetricName::as_str);
    let plan = Plan::new(MetricSettings { dora: &dora, custom: &[] }, &names, &question).unwrap();
    let answers = plan.answer(&observed.tables()).unwrap();
    let benchmark = Benchmark::default();
    let reports = MetricName::ALL.into_iter().zip(answers);
    let mut reports = reports.map(|(name, answer)| metric_report(name, answer, &benchmark));
    let mut next = || reports.next().unwrap();
    Metrics {
        change_lead_time: next(),
        deployment_frequency: next(),
        change_fail_rate: next(),
        failed_deployment_recovery_time: next(),
        deployment_rework_rate: next(),
        time_to_restore: next(),
    }
}

fn value(metric: &MetricReport, name: ValueName) -> Option<f64> {
    metric.get(name).unwrap().value
}

#[test]
fn without_anything_every_metric_is_null_and_its_counts_0() {
    let metrics = of(&observed(Tz::UTC, MONDAY, 28, Interval::Week));
    for metric in [
        &metrics.change_lead_time,
        &metrics.deployment_frequency,
        &metrics.change_fail_rate,
        &metrics.failed_deployment_recovery_time,
        &metrics.deployment_rework_rate,
        &metrics.time_to_restore,
    ] {
        assert_eq!((metric.value, metric.n, metric.level, metric.score), (None, 0, None, None), "{}", metric.title);
        assert_eq!(metric.series.len(), 4);
        assert!(metric.series.iter().all(|point| point.value.is_none() && point.n == 0), "{}", metric.title);
    }
    assert_eq!(value(&metrics.failed_deployment_recovery_time, ValueName::Open), Some(0.0));
}

#[test]
fn deployments_are_counted_not_the_days_that_have_any() {
    let mut observed = observed(Tz::UTC, MONDAY, 7, Interval::Week);
    for day in 0..7 {
        observed.deployments.extend((0..274).map(|number| DeploymentPoint {
            finished_us: monday() + day * 24 * HOUR + number * 60_000_000,
            ..deployment(0)
        }));
    }
    let frequency = of(&observed).deployment_frequency;
    assert_eq!(frequency.value, Some(274.0));
    assert_eq!(frequency.n, 7 * 274);
    assert_eq!(value(&frequency, ValueName::DaysPerWeek), Some(7.0));
    assert_eq!(value(&frequency, ValueName::TimeBetween), Some(60.0));
}

#[test]
fn three_deployments_in_four_days_are_three_quarters_a_day() {
    let mut observed = observed(Tz::UTC, MONDAY, 4, Interval::Day);
    observed.deployments = vec![deployment(1), deployment(30), deployment(90)];
    observed.services = vec![service(1)];
    let frequency = of(&observed).deployment_frequency;
    assert_eq!(frequency.value, Some(0.75));
    assert_eq!(frequency.level, Some(Level::High));
    let days: Vec<Option<f64>> = frequency.series.iter().map(|point| point.value).collect();
    assert_eq!(days, [Some(1.0), Some(1.0), Some(0.0), Some(1.0)]);
    // no week lies in four days as a whole
    assert_eq!(value(&frequency, ValueName::DaysPerWeek), None);
    assert_eq!(value(&frequency, ValueName::TimeBetween), Some(44.5 * 3600.0));
}

#[test]
fn a_service_that_deployed_before_and_stopped_deploys_0_a_day() {
    let mut observed = observed(Tz::UTC, MONDAY, 28, Interval::Week);
    observed.services = vec![service(-1000)];
    let frequency = of(&observed).deployment_frequency;
    assert_eq!(
        (frequency.value, frequency.n, frequency.level, frequency.score),
        (Some(0.0), 0, Some(Level::Low), Some(0.0))
    );
    assert!(frequency.series.iter().all(|point| point.value == Some(0.0) && point.n == 0));
    assert_eq!(value(&frequency, ValueName::DaysPerWeek), Some(0.0));
    assert_eq!(frequency.caveats[0].code, CaveatCode::NothingDeployed);
    // one that began in the third week was not known before
    observed.services = vec![service(15 * 24)];
    observed.deployments = vec![deployment(15 * 24)];
    let weeks: Vec<_> = of(&observed).deployment_frequency.series.iter().map(|point| point.value).collect();
    assert_eq!(weeks, [None, None, Some(1.0 / 7.0), Some(0.0)]);
    // and one that is to begin later is not known yet
    observed.services = vec![service(30 * 24)];
    observed.deployments.clear();
    let frequency = of(&observed).deployment_frequency;
    assert_eq!((frequency.value, frequency.level), (None, None));
    assert_eq!(frequency.caveats[0].code, CaveatCode::NoDeployments);
}

#[test]
fn a_window_is_half_open() {
    let mut observed = observed(Tz::UTC, MONDAY, 7, Interval::Day);
    observed.deployments = vec![deployment(-1), deployment(0), deployment(7 * 24 - 1), deployment(7 * 24)];
    let frequency = of(&observed).deployment_frequency;
    assert_eq!(frequency.n, 2);
    assert_eq!((frequency.series[0].n, frequency.series[6].n), (1, 1));
}

#[test]
fn a_day_of_25_hours_is_one_day() {
    // in Berlin 2026-10-25 begins at 22:00 UTC the day before and lasts 25 hours
    let mut observed = observed(chrono_tz::Europe::Berlin, "2026-10-23T22:00:00Z", 3, Interval::Day);
    let begin = observed.from.timestamp_micros();
    observed.deployments =
        [24, 48].map(|hour| DeploymentPoint { finished_us: begin + hour * HOUR, ..deployment(0) }).into();
    let frequency = of(&observed).deployment_frequency;
    let shown: Vec<(&str, u64)> = frequency.series.iter().map(|point| (point.label.as_str(), point.n)).collect();
    assert_eq!(shown, [("2026-10-24", 0), ("2026-10-25", 2), ("2026-10-26", 0)]);
    assert_eq!(frequency.series[1].value, Some(2.0));
}

#[test]
fn the_ones_still_open_are_counted_beside_the_recovered() {
    let mut observed = observed(Tz::UTC, MONDAY, 2, Interval::Day);
    let failed = |hour, recovered: Option<i64>| DeploymentPoint {
        failed: true,
        recovered_us: recovered.map(|hour| monday() + hour * HOUR),
        ..deployment(hour)
    };
    observed.deployments =
        vec![failed(-30, None), failed(-20, Some(2)), failed(1, Some(3)), failed(5, Some(30)), failed(40, Some(60))];
    let recovery = of(&observed).failed_deployment_recovery_time;
    // 22 h, 2 h and 25 h
    assert_eq!(recovery.value, Some(22.0 * 3600.0));
    assert_eq!(value(&recovery, ValueName::Recovered), Some(3.0));
    assert_eq!(value(&recovery, ValueName::Open), Some(2.0));
    let open: Vec<Option<f64>> = recovery
        .series
        .iter()
        .map(|point| point.values.iter().find(|x| x.name == ValueName::Open).unwrap().value)
        .collect();
    assert_eq!(open, [Some(2.0), Some(2.0)]);
}

#[test]
fn devlake_takes_each_incident_as_a_recovery_of_the_deployments_of_the_window() {
    let mut observed = observed(Tz::UTC, MONDAY, 7, Interval::Week);
    observed.devlake = true;
    observed.incident_recoveries =
        [3, 20, 31].map(|hour| (monday() + HOUR, Some(monday() + HOUR + hour * HOUR + 30_000_000))).to_vec();
    observed.incident_recoveries.push((monday() + HOUR, None));
    // one of a deployment before the window is its deployment's own
    observed.deployments = vec![DeploymentPoint { failed: true, recovered_us: Some(monday()), ..deployment(-30) }];
    let recovery = of(&observed).failed_deployment_recovery_time;
    assert_eq!(recovery.value, Some(1200.0 * 60.0));
    assert_eq!((recovery.n, value(&recovery, ValueName::Open)), (3, Some(1.0)));
}

#[test]
fn devlake_counts_the_days_of_weeks_that_the_window_cuts() {
    let mut observed = observed(Tz::UTC, "2026-01-08T00:00:00Z", 6, Interval::Week);
    observed.deployments = [80, 110, 180].map(deployment).to_vec();
    assert_eq!(value(&of(&observed).deployment_frequency, ValueName::DaysPerWeek), None);
    observed.devlake = true;
    // two days of the first week and one of the second: of an even number the lower
    assert_eq!(value(&of(&observed).deployment_frequency, ValueName::DaysPerWeek), Some(1.0));
}

#[test]
fn an_incident_that_was_resolved_before_it_was_detected_lacks_its_time() {
    let mut observed = observed(Tz::UTC, MONDAY, 21, Interval::Day);
    let end = monday() + 21 * 24 * HOUR;
    observed.incidents = vec![IncidentPoint { detected_us: end, resolved_us: Some(end - HOUR), restore_us: None }];
    let restore = of(&observed).time_to_restore;
    let evidence = vec![EvidenceSource::Incidents];
    assert_eq!((restore.n, restore.basis), (0, Basis { evidence, known: Some(0.0) }));
}

#[test]
fn services_are_not_each_others_time_between_deployments() {
    let mut observed = observed(Tz::UTC, MONDAY, 7, Interval::Week);
    let other = |hour| DeploymentPoint { service: 1, ..deployment(hour) };
    observed.deployments = vec![deployment(0), other(1), deployment(10), other(31)];
    let frequency = of(&observed).deployment_frequency;
    // 10 h and 30 h
    assert_eq!(value(&frequency, ValueName::TimeBetween), Some(20.0 * 3600.0));
}

/// The quantile between ranks, by its definition.
fn quantile(values: &[f64], at: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let rank = at * (values.len().checked_sub(1)? as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
    Some(values[low] + (values[high] - values[low]) * (rank - rank.floor()))
}

fn close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    }
}

fn hours() -> impl Strategy<Value = i64> {
    // before, in and after a window of three weeks
    -50..(21 * 24 + 50_i64)
}

const RULES: [(Rule, EvidenceSource); 8] = [
    (Rule::IncidentNamesIt, EvidenceSource::Incidents),
    (Rule::IncidentWhileNewest, EvidenceSource::Incidents),
    (Rule::NamedAsFix, EvidenceSource::Incidents),
    (Rule::RolledBack, EvidenceSource::Rollbacks),
    (Rule::Reverted, EvidenceSource::Reverts),
    (Rule::Hotfixed, EvidenceSource::Hotfixes),
    (Rule::PatchRelease, EvidenceSource::PatchReleases),
    (Rule::FailedAttempt, EvidenceSource::Attempts),
];

fn rules() -> impl Strategy<Value = Rules> {
    let some = || prop::sample::subsequence(RULES.map(|(rule, _)| rule).to_vec(), 0..=2);
    (some(), some(), some()).prop_map(|(failed_by, recovered_by, rework_by)| Rules {
        failed_by,
        recovered_by,
        rework_by,
    })
}

/// What a value rests on, by its definition: of each observation whether its ends are known, and its rules.
fn basis<'r>(observations: impl Iterator<Item = (bool, &'r [Rule])>) -> Basis {
    let (mut total, mut known, mut evidence) = (0.0, 0.0, Vec::new());
    for (is_known, rules) in observations {
        total += 1.0;
        known += f64::from(u8::from(is_known));
        evidence.extend(RULES.iter().filter(|(rule, _)| rules.contains(rule)).map(|(_, source)| *source));
    }
    evidence.sort_unstable();
    evidence.dedup();
    Basis { evidence, known: (total > 0.0).then(|| known / total) }
}

prop_compose! {
    fn deployments()(
        rows in prop::collection::vec(
            (0..3_usize, hours(), any::<[bool; 4]>(), prop::option::of(0..100_i64), rules()), 0..40
        ),
    ) -> Vec<DeploymentPoint> {
        let mut points: Vec<DeploymentPoint> = rows
            .into_iter()
            .map(|(service, hour, [counts, eligible, failed, rework], recovered, rules)| DeploymentPoint {
                rules,
                service,
                counts,
                eligible,
                failed: failed && eligible,
                rework,
                recovered_us: recovered.filter(|_| failed && eligible).map(|after| monday() + (hour + after) * HOUR),
                ..deployment(hour)
            })
            .collect();
        points.sort_by_key(|point| point.finished_us);
        points
    }
}

prop_compose! {
    fn changes()(
        rows in prop::collection::vec((hours(), any::<[Option<u32>; 6]>()), 0..40),
    ) -> Vec<ChangePoint> {
        rows.into_iter()
            .map(|(hour, [lead, coding, pickup, review, approval, deploy])| ChangePoint {
                deployed_us: monday() + hour * HOUR,
                lead_time_us: lead.map(i64::from),
                stages_us: [coding, pickup, review, approval, deploy].map(|span| span.map(i64::from)),
            })
            .collect()
    }
}

prop_compose! {
    fn incidents()(
        rows in prop::collection::vec((hours(), prop::option::of(-3..100_i64)), 0..20),
    ) -> Vec<IncidentPoint> {
        rows.into_iter()
            .map(|(hour, after)| IncidentPoint {
                detected_us: monday() + hour * HOUR,
                resolved_us: after.map(|after| monday() + (hour + after) * HOUR),
                restore_us: after.filter(|after| *after >= 0).map(|after| after * HOUR),
            })
            .collect()
    }
}

fn seconds(micros: impl Iterator<Item = i64>) -> Vec<f64> {
    micros.map(|micros| micros as f64 / 1e6).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn reports_agree_with_plain_loops(
        (deployments, changes, incidents) in (deployments(), changes(), incidents()),
        interval in prop::sample::select(vec![Interval::Day, Interval::Week, Interval::Month]),
        zone in prop::sample::select(vec![Tz::UTC, chrono_tz::Asia::Kathmandu, chrono_tz::America::New_York]),
        first in prop::option::of(hours()),
    ) {
        let mut all = observed(zone, MONDAY, 21, interval);
        (all.deployments, all.changes, all.incidents) = (deployments, changes, incidents);
        all.services = first.map(service).into_iter().collect();
        let found = of(&all);
        let spans = std::iter::once((None, all.from, all.to))
            .chain(found.change_lead_time.series.iter().enumerate().map(|(step, span)| (Some(step), span.from, span.to)));
        for (step, from, to) in spans {
            let within = |at: i64| from.timestamp_micros() <= at && at < to.timestamp_micros();
            let window = |at: i64| {
                all.from.timestamp_micros() <= at && at < all.to.timestamp_micros()
            };
            let shown = |metric: &MetricReport, name: ValueName| {
                let values = step.map_or(&metric.values, |step| &metric.series[step].values);
                values.iter().find(|value| value.name == name).unwrap().value
            };
            let rests_on = |metric: &MetricReport| {
                step.map_or(&metric.basis, |step| &metric.series[step].basis).clone()
            };

            let deployed: Vec<_> = all.changes.iter().filter(|change| within(change.deployed_us)).collect();
            let lead = seconds(deployed.iter().filter_map(|change| change.lead_time_us));
            for (name, at) in [(ValueName::Median, 0.5), (ValueName::P75, 0.75), (ValueName::P90, 0.9)] {
                prop_assert!(close(shown(&found.change_lead_time, name), quantile(&lead, at)));
            }
            let mean = (!lead.is_empty()).then(|| lead.iter().sum::<f64>() / lead.len() as f64);
            prop_assert!(close(shown(&found.change_lead_time, ValueName::Mean), mean));
            for (position, name) in
                [ValueName::Coding, ValueName::Pickup, ValueName::Review, ValueName::Approval, ValueName::Deploy]
                    .into_iter()
                    .enumerate()
            {
                let stage = seconds(deployed.iter().filter_map(|change| change.stages_us[position]));
                prop_assert!(close(shown(&found.change_lead_time, name), quantile(&stage, 0.5)));
            }

            let expected = basis(deployed.iter().map(|change| (change.lead_time_us.is_some(), &[][..])));
            prop_assert_eq!(rests_on(&found.change_lead_time), expected);

            let counted: Vec<_> =
                all.deployments.iter().filter(|x| x.counts && within(x.finished_us)).collect();
            let days = (to - from).num_minutes() as f64 / 1440.0;
            let deploys = !counted.is_empty() || first.is_some_and(|hour| monday() + hour * HOUR < to.timestamp_micros());
            let a_day = deploys.then(|| counted.len() as f64 / days);
            let expected = basis(counted.iter().map(|_| (true, &[][..])));
            prop_assert_eq!(rests_on(&found.deployment_frequency), expected);
            prop_assert!(close(shown(&found.deployment_frequency, ValueName::PerDay), a_day));
            let mut gaps = Vec::new();
            for (later, x) in all.deployments.iter().enumerate() {
                let before = all.deployments[..later]
                    .iter()
                    .rfind(|y| y.service == x.service && y.counts && window(y.finished_us));
                if let Some(before) = before.filter(|_| x.counts && within(x.finished_us)) {
                    gaps.push((x.finished_us - before.finished_us) as f64 / 1e6);
                }
            }
            prop_assert!(close(shown(&found.deployment_frequency, ValueName::TimeBetween), quantile(&gaps, 0.5)));

            let eligible: Vec<_> = all.deployments.iter().filter(|x| x.eligible && within(x.finished_us)).collect();
            let share = |count: usize| (!eligible.is_empty()).then(|| count as f64 / eligible.len() as f64);
            let failed = eligible.iter().filter(|x| x.failed).count();
            prop_assert!(close(shown(&found.change_fail_rate, ValueName::Rate), share(failed)));
            let expected = basis(eligible.iter().map(|x| (true, &x.rules.failed_by[..])));
            prop_assert_eq!(rests_on(&found.change_fail_rate), expected);
            let expected = basis(eligible.iter().map(|x| (true, &x.rules.rework_by[..])));
            prop_assert_eq!(rests_on(&found.deployment_rework_rate), expected);
            let rework = eligible.iter().filter(|x| x.rework).count();
            prop_assert!(close(shown(&found.deployment_rework_rate, ValueName::Rate), share(rework)));

            let recovered = all.deployments.iter().filter(|x| x.failed && x.recovered_us.is_some_and(within));
            let recovered: Vec<_> = recovered.collect();
            let spans = seconds(recovered.iter().map(|x| x.recovered_us.unwrap() - x.finished_us));
            prop_assert!(close(shown(&found.failed_deployment_recovery_time, ValueName::Median), quantile(&spans, 0.5)));
            let end = to.timestamp_micros();
            let open = all
                .deployments
                .iter()
                .filter(|x| x.failed && x.finished_us < end && x.recovered_us.is_none_or(|at| at >= end));
            let open = open.count();
            prop_assert!(close(shown(&found.failed_deployment_recovery_time, ValueName::Open), Some(open as f64)));
            let known = recovered.iter().map(|x| (true, &x.rules.recovered_by[..]));
            let expected = basis(known.chain((0..open).map(|_| (false, &[][..]))));
            prop_assert_eq!(rests_on(&found.failed_deployment_recovery_time), expected);

            let resolved = all.incidents.iter().filter(|x| x.resolved_us.is_some_and(within));
            let resolved: Vec<_> = resolved.collect();
            let open = all.incidents.iter().filter(|x| {
                x.detected_us < end && x.resolved_us.is_none_or(|at| at >= end && at >= x.detected_us)
            });
            let known = resolved.iter().map(|x| (x.restore_us.is_some(), &[Rule::IncidentNamesIt][..]));
            let expected = basis(known.chain(open.map(|_| (false, &[][..]))));
            prop_assert_eq!(rests_on(&found.time_to_restore), expected);
            let spans = seconds(resolved.iter().filter_map(|x| x.restore_us));
            prop_assert!(close(shown(&found.time_to_restore, ValueName::Median), quantile(&spans, 0.5)));
        }
        // whole weeks of the window, by hand
        if zone == Tz::UTC {
            let mut days = Vec::new();
            for week in 0..3 {
                let has = |day: i64| {
                    let date: NaiveDate = MONDAY.parse::<DateTime<Utc>>().unwrap().date_naive() + Duration::days(week * 7 + day);
                    all.deployments.iter().any(|x| {
                        x.counts && DateTime::from_timestamp_micros(x.finished_us).unwrap().date_naive() == date
                    })
                };
                days.push((0..7).filter(|day| has(*day)).count() as f64);
            }
            // counted in the window, or known from before its end
            let any = all.deployments.iter().any(|x| {
                x.counts && all.from.timestamp_micros() <= x.finished_us && x.finished_us < all.to.timestamp_micros()
            }) || first.is_some_and(|hour| monday() + hour * HOUR < all.to.timestamp_micros());
            let expected = quantile(&days, 0.5).filter(|_| any);
            prop_assert!(close(value(&found.deployment_frequency, ValueName::DaysPerWeek), expected));
        }
    }
}
