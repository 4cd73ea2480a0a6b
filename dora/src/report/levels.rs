//! What the values of a report are held against: levels, scores, and how others score.

use super::{MetricName, MetricReport, QuickCheck, Score};
use crate::benchmark::{
    Group, duration_score, fail_rate_level, frequency_level, frequency_score, group, lead_time_level, rate_score,
    recovery_level,
};
use crate::{Benchmark, Level, LevelYear, Mean, Value, ValueName};

/// The level and the score of a metric that was observed. `days` is the length of the window.
pub(super) fn level_and_score(
    metric: MetricName,
    values: &[Value],
    days: f64,
    year: LevelYear,
) -> (Option<Level>, Option<f64>) {
    let get = |name| values.iter().find(|value| value.name == name).and_then(|value| value.value);
    let Some(value) = values.first().and_then(|headline| headline.value) else { return (None, None) };
    let count = |name| get(name).unwrap_or_default();
    match metric {
        MetricName::ChangeLeadTime => (Some(lead_time_level(year, value)), Some(duration_score(value))),
        MetricName::DeploymentFrequency => {
            let deployments = count(ValueName::Deployments);
            (Some(frequency_level(year, deployments, days)), Some(frequency_score(deployments, days)))
        }
        MetricName::ChangeFailRate => {
            let level = fail_rate_level(year, count(ValueName::Failed), count(ValueName::Of));
            (Some(level), Some(rate_score(value)))
        }
        MetricName::FailedDeploymentRecoveryTime => (Some(recovery_level(year, value)), Some(duration_score(value))),
        MetricName::DeploymentReworkRate => (None, Some(rate_score(value))),
        MetricName::TimeToRestore => (None, None),
    }
}

/// How others score at a metric.
pub(super) fn others(metric: MetricName, group: &Group) -> Option<Mean> {
    match metric {
        MetricName::ChangeLeadTime => group.change_lead_time,
        MetricName::DeploymentFrequency => group.deployment_frequency,
        MetricName::ChangeFailRate => group.change_fail_rate,
        MetricName::FailedDeploymentRecoveryTime => group.failed_deployment_recovery_time,
        MetricName::DeploymentReworkRate => group.deployment_rework_rate,
        MetricName::TimeToRestore => None,
    }
}

/// The scores of throughput, stability and all five.
pub(super) fn quick_check(
    benchmark: &Benchmark,
    throughput: [&MetricReport; 3],
    stability: [&MetricReport; 2],
) -> QuickCheck {
    let others = group(benchmark.edition, benchmark.kind, &benchmark.group);
    let score = |metrics: &[&MetricReport], benchmark: Option<Mean>| {
        let scores: Vec<f64> = metrics.iter().filter_map(|metric| metric.score).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        Score { score: (!scores.is_empty()).then_some(mean), benchmark }
    };
    let five: Vec<&MetricReport> = throughput.into_iter().chain(stability).collect();
    QuickCheck {
        edition: benchmark.edition,
        kind: benchmark.kind,
        group: benchmark.group.clone(),
        group_name: others.map(|group| group.name.clone()).unwrap_or_default(),
        throughput: score(&throughput, others.and_then(|group| group.throughput)),
        stability: score(&stability, others.and_then(|group| group.stability)),
        overall: score(&five, others.and_then(Group::overall)),
    }
}
