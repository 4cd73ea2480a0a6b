//! Random histories held against plain loops.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use kernel::Rule;
use proptest::prelude::*;

use super::super::ValueName;
use super::points::{
    ChangePoint, DeploymentPoint, HOUR, IncidentPoint, MONDAY, basis, close, deployment, hours, monday, observed, of,
    quantile, rules, seconds, service, value,
};
use crate::{Interval, MetricReport};

prop_compose! {
    fn deployments()(
        rows in prop::collection::vec(
            (0..3_usize, hours(), any::<[bool; 4]>(), prop::option::of(0..100_i64), rules()), 0..40
        ),
    ) -> Vec<DeploymentPoint> {
        let mut points: Vec<DeploymentPoint> = rows
            .into_iter()
            .map(|(service, hour, [counted, eligible, failed, rework], recovered, rules)| DeploymentPoint {
                rules,
                service,
                counted,
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
                all.deployments.iter().filter(|x| x.counted && within(x.finished_us)).collect();
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
                    .rfind(|y| y.service == x.service && y.counted && window(y.finished_us));
                if let Some(before) = before.filter(|_| x.counted && within(x.finished_us)) {
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
                        x.counted && DateTime::from_timestamp_micros(x.finished_us).unwrap().date_naive() == date
                    })
                };
                days.push((0..7).filter(|day| has(*day)).count() as f64);
            }
            // counted in the window, or known from before its end
            let any = all.deployments.iter().any(|x| {
                x.counted && all.from.timestamp_micros() <= x.finished_us && x.finished_us < all.to.timestamp_micros()
            }) || first.is_some_and(|hour| monday() + hour * HOUR < all.to.timestamp_micros());
            let expected = quantile(&days, 0.5).filter(|_| any);
            prop_assert!(close(value(&found.deployment_frequency, ValueName::DaysPerWeek), expected));
        }
    }
}
