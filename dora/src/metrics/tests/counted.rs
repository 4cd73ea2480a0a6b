//! Cases counted by hand.

use chrono_tz::Tz;

use super::super::ValueName;
use super::points::{DeploymentPoint, HOUR, IncidentPoint, MONDAY, deployment, monday, observed, of, service, value};
use crate::{Basis, CaveatCode, EvidenceSource, Interval, Level};

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
