//! Deployments, changes and incidents as tests write them, and what is observed of them.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use kernel::Rule;
use proptest::prelude::*;
use store::metric_rows::{Rules, ServiceBasis};
use strum::{VariantArray, VariantNames};

use super::super::plan::Plan;
use super::super::rows::{Deployed, Deployment, Entry, FirstDeployment, Incident, Key, Row, Subject};
use super::super::tables::{Table, Tables};
use super::super::{MetricSettings, Question, ValueName};
use crate::basis::EvidenceSet;
use crate::report::metric_report;
use crate::settings::Compat;
use crate::{Basis, Benchmark, EvidenceSource, Interval, MetricName, MetricReport};

pub(super) const HOUR: i64 = 3_600_000_000;

/// A deployment, and the rules of its verdicts.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says another thing")]
pub(super) struct DeploymentPoint {
    pub(super) service: usize,
    pub(super) finished_us: i64,
    pub(super) counted: bool,
    pub(super) eligible: bool,
    pub(super) failed: bool,
    pub(super) recovered_us: Option<i64>,
    pub(super) rework: bool,
    pub(super) rules: Rules,
}

#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand at the end of names")]
pub(super) struct ChangePoint {
    pub(super) deployed_us: i64,
    pub(super) lead_time_us: Option<i64>,
    pub(super) stages_us: [Option<i64>; 5],
}

#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "units stand at the end of names")]
pub(super) struct IncidentPoint {
    pub(super) detected_us: i64,
    pub(super) resolved_us: Option<i64>,
    pub(super) restore_us: Option<i64>,
}

/// What a report is made from, and what is asked.
pub(super) struct Observed {
    pub(super) zone: Tz,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) interval: Interval,
    pub(super) devlake: bool,
    pub(super) deployments: Vec<DeploymentPoint>,
    pub(super) changes: Vec<ChangePoint>,
    pub(super) incidents: Vec<IncidentPoint>,
    pub(super) services: Vec<ServiceBasis>,
    pub(super) incident_recoveries: Vec<(i64, Option<i64>)>,
}

pub(super) fn observed(zone: Tz, from: &str, days: i64, interval: Interval) -> Observed {
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
        fn entries<T: Row>(rows: impl Iterator<Item = (String, T)>) -> Table<T> {
            let subject = |service: String| Subject { service: Some(service.into()), ..Subject::default() };
            let rows = rows.map(|(service, row)| Entry { key: Key::default(), subject: subject(service), row });
            Table::by_owner(rows, |subject| subject.service.as_ref())
        }
        let deployment = |point: &DeploymentPoint| Deployment {
            id: Key::default(),
            rollout: Key::default(),
            environment: None,
            service: point.service.to_string().into(),
            finished: point.finished_us,
            counted: point.counted,
            has_verdict: point.eligible,
            failed: point.failed,
            recovered: point.recovered_us,
            rework: point.rework,
            failed_by: EvidenceSet::of(&point.rules.failed_by),
            recovered_by: EvidenceSet::of(&point.rules.recovered_by),
            rework_by: EvidenceSet::of(&point.rules.rework_by),
        };
        let deployed = |point: &ChangePoint| {
            let [coding, pickup, review, approval, deploy] = point.stages_us.map(Into::into);
            let (at, lead_time) = (point.deployed_us, point.lead_time_us.into());
            Deployed { at, deployment: Key::default(), lead_time, coding, pickup, review, approval, deploy }
        };
        let incident = |point: &IncidentPoint| Incident {
            detected: point.detected_us,
            resolved: point.resolved_us,
            restore_us: point.restore_us,
            deployment: None,
            deployed: None,
        };
        let recovery = |(deployed, resolved): &(i64, Option<i64>)| Incident {
            detected: *deployed,
            resolved: *resolved,
            restore_us: None,
            deployment: None,
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

pub(super) struct Metrics {
    pub(super) change_lead_time: MetricReport,
    pub(super) deployment_frequency: MetricReport,
    pub(super) change_fail_rate: MetricReport,
    pub(super) failed_deployment_recovery_time: MetricReport,
    pub(super) deployment_rework_rate: MetricReport,
    pub(super) time_to_restore: MetricReport,
}

/// A service that deployed first `hour` hours after a Monday.
pub(super) fn service(hour: i64) -> ServiceBasis {
    let first = DateTime::from_timestamp_micros(monday() + hour * HOUR);
    ServiceBasis { service: "a".into(), first, last: first, ..ServiceBasis::default() }
}

/// A deployment `hour` hours after a Monday.
pub(super) fn deployment(hour: i64) -> DeploymentPoint {
    DeploymentPoint {
        service: 0,
        finished_us: monday() + hour * HOUR,
        counted: true,
        eligible: true,
        failed: false,
        recovered_us: None,
        rework: false,
        rules: Rules::default(),
    }
}

pub(super) const MONDAY: &str = "2026-01-05T00:00:00Z";

pub(super) fn monday() -> i64 {
    MONDAY.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

pub(super) fn of(observed: &Observed) -> Metrics {
    let mut dora = crate::settings::Dora::default();
    if observed.devlake {
        dora.compat = Compat::Devlake;
    }
    let question = Question {
        from: Some(observed.from),
        to: Some(observed.to),
        interval: Some(observed.interval),
        time_zone: observed.zone,
        values_in_series: Some(true),
        ..Question::default()
    };
    let names = <MetricName as VariantNames>::VARIANTS;
    let plan = Plan::new(MetricSettings { dora: &dora, custom: &[] }, names, &question).unwrap();
    let answers = plan.answer(&observed.tables()).unwrap();
    let benchmark = Benchmark::default();
    let reports = <MetricName as VariantArray>::VARIANTS.iter().copied().zip(answers);
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

pub(super) fn value(metric: &MetricReport, name: ValueName) -> Option<f64> {
    metric.get(name).unwrap().value
}

/// The quantile between ranks, by its definition.
pub(super) fn quantile(values: &[f64], at: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let rank = at * (values.len().checked_sub(1)? as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
    Some(values[low] + (values[high] - values[low]) * (rank - rank.floor()))
}

pub(super) fn close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    }
}

pub(super) fn hours() -> impl Strategy<Value = i64> {
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

pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let some = || prop::sample::subsequence(RULES.map(|(rule, _)| rule).to_vec(), 0..=2);
    (some(), some(), some()).prop_map(|(failed_by, recovered_by, rework_by)| Rules {
        failed_by,
        recovered_by,
        rework_by,
    })
}

/// What a value rests on, by its definition: of each observation whether its ends are known, and its rules.
pub(super) fn basis<'r>(observations: impl Iterator<Item = (bool, &'r [Rule])>) -> Basis {
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

pub(super) fn seconds(micros: impl Iterator<Item = i64>) -> Vec<f64> {
    micros.map(|micros| micros as f64 / 1e6).collect()
}
