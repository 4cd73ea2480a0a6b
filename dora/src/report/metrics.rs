//! The metrics of a window from the rows that fall into it: pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use store::metric_rows::{ChangePoint, DeploymentPoint, IncidentPoint, ServiceBasis};

use super::frames::{Frame, Stat, Summaries, Summary, summarise};
use super::steps::{Calendar, Step, monday};
use super::{MetricName, MetricReport, Point, Value, ValueName, Window};
use crate::basis::{EvidenceSet, EvidenceSource, Measured, Seen};
use crate::benchmark::{
    Group, duration_score, fail_rate_level, frequency_level, frequency_score, lead_time_level, rate_score,
    recovery_level,
};
use crate::{DoraError, Level, LevelYear, Mean};

const SECOND_US: f64 = 1e6;

/// What a report is made from.
pub(super) struct Observed {
    pub window: Window,
    pub calendar: Calendar,
    pub steps: Vec<Step>,
    /// Whether the steps are shorter than a week, so that nothing can be said of a week in them.
    pub daily: bool,
    /// The rules of `DevLake`: medians are the lower ones, weeks that the window cuts count, and each incident is a
    /// recovery of its own.
    pub devlake: bool,
    pub deployments: Vec<DeploymentPoint>,
    pub changes: Vec<ChangePoint>,
    pub incidents: Vec<IncidentPoint>,
    /// The services, each at the position that deployments name it by.
    pub services: Vec<ServiceBasis>,
    /// Of each incident that failed a deployment of the window when that finished and when it was resolved; only by
    /// the rules of `DevLake`.
    pub incident_recoveries: Vec<(i64, Option<i64>)>,
}

/// What was seen over the window, and in each step.
struct SeenOver {
    all: Seen,
    steps: Vec<Seen>,
}

/// The metrics.
pub(super) struct Metrics {
    pub change_lead_time: MetricReport,
    pub deployment_frequency: MetricReport,
    pub change_fail_rate: MetricReport,
    pub failed_deployment_recovery_time: MetricReport,
    pub deployment_rework_rate: MetricReport,
    pub time_to_restore: MetricReport,
}

/// What a value is held against.
struct Judged {
    level: Option<Level>,
    score: Option<f64>,
    benchmark: Option<Mean>,
}

pub(super) fn metrics(observed: &Observed, year: LevelYear, group: Option<&Group>) -> Result<Metrics, DoraError> {
    Ok(Metrics {
        change_lead_time: observed.change_lead_time(year, group)?,
        deployment_frequency: observed.deployment_frequency(year, group)?,
        change_fail_rate: observed.change_fail_rate(year, group)?,
        failed_deployment_recovery_time: observed.recovery_time(year, group)?,
        deployment_rework_rate: observed.rework_rate(group)?,
        time_to_restore: observed.time_to_restore()?,
    })
}

impl Observed {
    /// The number of the step that an instant falls into; `None` outside of the window.
    fn step(&self, micros: i64) -> Option<u32> {
        let after = self.steps.partition_point(|step| step.from.timestamp_micros() <= micros);
        let step = after.checked_sub(1)?;
        let within = self.steps.get(step).is_some_and(|step| micros < step.to.timestamp_micros());
        u32::try_from(step).ok().filter(|_| within)
    }

    /// What was seen of observations: the step of each, whether its ends are known, and its evidence.
    fn seen(&self, observations: impl Iterator<Item = (u32, bool, EvidenceSet)>) -> SeenOver {
        let mut seen = SeenOver { all: Seen::default(), steps: vec![Seen::default(); self.steps.len()] };
        for (step, known, evidence) in observations {
            seen.all.add(known, evidence);
            if let Some(step) = seen.steps.get_mut(step as usize) {
                step.add(known, evidence);
            }
        }
        seen
    }

    /// A metric out of summaries: `values` makes its values from the summary of a span of time.
    fn report(
        &self,
        metric: MetricName,
        (summaries, seen): (&Summaries, &SeenOver),
        values: impl Fn(&Summary, DateTime<Utc>, DateTime<Utc>) -> Vec<Value>,
        judge: impl Fn(f64, u64) -> Judged,
    ) -> MetricReport {
        // the first value is the headline
        let head = |values: &[Value]| values.first().map_or((None, 0), |value| (value.value, value.n));
        let all = values(&summaries.all, self.window.from, self.window.to);
        let (value, n) = head(&all);
        let headline = all.first().map_or(ValueName::Median, |value| value.name);
        let judged = value
            .map_or(Judged { level: None, score: None, benchmark: judge(0.0, 0).benchmark }, |value| judge(value, n));
        let services: Vec<&ServiceBasis> = self.services.iter().collect();
        let measured = Measured {
            metric: metric.as_str(),
            noun: metric.noun(),
            sways: metric != MetricName::DeploymentFrequency,
            zone: self.calendar.zone,
        };
        let steps = self.steps.iter().zip(&summaries.steps).zip(&seen.steps);
        let series = steps.map(|((step, summary), seen)| {
            let values = values(summary, step.from, step.to);
            let (value, n) = head(&values);
            let window = Window { from: step.from, to: step.to };
            let caveats = measured.codes_of_step(&services, *seen, window);
            Point {
                from: step.from,
                to: step.to,
                label: step.label.clone(),
                value,
                n,
                basis: seen.basis(),
                caveats,
                values,
            }
        });
        MetricReport {
            metric,
            title: metric.title(),
            headline,
            value,
            unit: headline.unit(),
            text: value.map(|value| headline.unit().text(value)),
            n,
            level: judged.level,
            score: judged.score,
            benchmark: judged.benchmark,
            basis: seen.all.basis(),
            caveats: measured.caveats(&services, seen.all, self.window),
            series: series.collect(),
            values: all,
        }
    }

    fn change_lead_time(&self, year: LevelYear, group: Option<&Group>) -> Result<MetricReport, DoraError> {
        const STAGES: [(&str, ValueName); 5] = [
            ("coding", ValueName::Coding),
            ("pickup", ValueName::Pickup),
            ("review", ValueName::Review),
            ("approval", ValueName::Approval),
            ("deploy", ValueName::Deploy),
        ];
        let changes: Vec<(u32, &ChangePoint)> =
            self.changes.iter().filter_map(|change| Some((self.step(change.deployed_us)?, change))).collect();
        let mut columns = vec![("lead", changes.iter().map(|(_, change)| float(change.lead_time_us)).collect())];
        for (position, (name, _)) in STAGES.into_iter().enumerate() {
            let stage = |change: &ChangePoint| change.stages_us.get(position).copied().flatten();
            columns.push((name, changes.iter().map(|(_, change)| float(stage(change))).collect()));
        }
        let frame =
            Frame { steps: changes.iter().map(|(step, _)| *step).collect(), lower_median: self.devlake, columns };
        let mut wanted = vec![("lead", Stat::P75), ("lead", Stat::P90), ("lead", Stat::Mean)];
        for name in ["lead"].into_iter().chain(STAGES.map(|(name, _)| name)) {
            wanted.extend([(name, Stat::Median), (name, Stat::Count)]);
        }
        let summaries = summarise(frame, self.steps.len(), &wanted)?;
        let seen = changes.iter().map(|(step, change)| (*step, change.lead_time_us.is_some(), EvidenceSet::default()));
        let seen = self.seen(seen);
        let values = |summary: &Summary, _, _| {
            let n = summary.count("lead", Stat::Count);
            let lead = [
                (ValueName::Median, Stat::Median),
                (ValueName::P75, Stat::P75),
                (ValueName::P90, Stat::P90),
                (ValueName::Mean, Stat::Mean),
            ];
            let lead = lead.map(|(name, stat)| Value::new(name, seconds(summary, "lead", stat), n));
            let stages = STAGES.map(|(column, name)| {
                let n = summary.count(column, Stat::Count);
                Value::new(name, seconds(summary, column, Stat::Median), n)
            });
            lead.into_iter().chain(stages).collect()
        };
        Ok(self.report(MetricName::ChangeLeadTime, (&summaries, &seen), values, |median, _| Judged {
            level: Some(lead_time_level(year, median)),
            score: Some(duration_score(median)),
            benchmark: group.and_then(|group| group.change_lead_time),
        }))
    }

    fn deployment_frequency(&self, year: LevelYear, group: Option<&Group>) -> Result<MetricReport, DoraError> {
        let counted: Vec<(u32, &DeploymentPoint)> = self
            .deployments
            .iter()
            .filter(|deployment| deployment.counts)
            .filter_map(|deployment| Some((self.step(deployment.finished_us)?, deployment)))
            .collect();
        let mut last: BTreeMap<usize, i64> = BTreeMap::new();
        // rows are by time, so each follows the last of its service
        let gaps = counted.iter().map(|(_, deployment)| {
            let before = last.insert(deployment.service, deployment.finished_us);
            before.map(|before| deployment.finished_us - before)
        });
        let gaps: Vec<Option<f64>> = gaps.map(float).collect();
        let mut steps: Vec<u32> = counted.iter().map(|(step, _)| *step).collect();
        let mut columns =
            vec![("deployments", vec![Some(1.0); counted.len()]), ("gap", gaps), ("days", vec![None; counted.len()])];
        // and one row a whole week, with the number of its days that have a deployment
        let moments = counted.iter().map(|(_, deployment)| deployment.finished_us);
        let mut weeks: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for date in moments.filter_map(DateTime::from_timestamp_micros).map(|at| self.calendar.date(at)) {
            weeks.entry(monday(date)).or_default().insert(date);
        }
        for week in self.calendar.weeks(self.window, self.devlake) {
            let begin = self.calendar.midnight(week).max(self.window.from);
            let Some(step) = self.step(begin.timestamp_micros()) else { continue };
            let days = weeks.get(&week).map_or(0.0, |days| days.len() as f64);
            steps.push(step);
            for ((_, column), value) in columns.iter_mut().zip([None, None, Some(days)]) {
                column.push(value);
            }
        }
        let wanted = [
            ("deployments", Stat::Sum),
            ("gap", Stat::Median),
            ("gap", Stat::Count),
            ("days", Stat::Median),
            ("days", Stat::Count),
        ];
        let summaries = summarise(Frame { steps, lower_median: self.devlake, columns }, self.steps.len(), &wanted)?;
        let seen = self.seen(counted.iter().map(|(step, _)| (*step, true, EvidenceSet::default())));
        // what has deployed before and does not deploy any more deploys 0 a day
        let first = self.services.iter().filter_map(|service| service.first).min();
        let values = |summary: &Summary, from: DateTime<Utc>, to: DateTime<Utc>| {
            let n = summary.count("deployments", Stat::Sum);
            let deploys = n > 0 || first.is_some_and(|first| first < to);
            let a_day = deploys.then(|| n as f64 / self.calendar.days(from, to));
            let week = deploys.then(|| summary.get("days", Stat::Median)).flatten();
            let weeks = if deploys { summary.count("days", Stat::Count) } else { 0 };
            let whole = from == self.window.from && to == self.window.to;
            let (week, weeks) = if self.daily && !whole { (None, 0) } else { (week, weeks) };
            vec![
                Value::new(ValueName::PerDay, a_day, n),
                Value::new(ValueName::DaysPerWeek, week, weeks),
                Value::new(
                    ValueName::TimeBetween,
                    seconds(summary, "gap", Stat::Median),
                    summary.count("gap", Stat::Count),
                ),
                Value::count(ValueName::Deployments, n),
            ]
        };
        let days = self.calendar.days(self.window.from, self.window.to);
        Ok(self.report(MetricName::DeploymentFrequency, (&summaries, &seen), values, |_, n| Judged {
            level: Some(frequency_level(year, n as f64, days)),
            score: Some(frequency_score(n as f64, days)),
            benchmark: group.and_then(|group| group.deployment_frequency),
        }))
    }

    /// A share of the deployments on which a verdict was given.
    fn share(&self, is: impl Fn(&DeploymentPoint) -> (bool, EvidenceSet)) -> Result<(Summaries, SeenOver), DoraError> {
        let judged = self.deployments.iter().filter(|deployment| deployment.judged);
        let judged = judged.filter_map(|deployment| Some((self.step(deployment.finished_us)?, is(deployment))));
        let judged: Vec<_> = judged.map(|(step, (is, evidence))| (step, is, evidence)).collect();
        let seen = self.seen(judged.iter().map(|(step, _, evidence)| (*step, true, *evidence)));
        let frame = Frame {
            steps: judged.iter().map(|(step, ..)| *step).collect(),
            lower_median: self.devlake,
            columns: vec![("is", judged.iter().map(|(_, is, _)| Some(f64::from(u8::from(*is)))).collect())],
        };
        Ok((summarise(frame, self.steps.len(), &[("is", Stat::Sum), ("is", Stat::Count)])?, seen))
    }

    fn change_fail_rate(&self, year: LevelYear, group: Option<&Group>) -> Result<MetricReport, DoraError> {
        let (summaries, seen) =
            self.share(|deployment| (deployment.failed, EvidenceSet::of(&deployment.rules.failed_by)))?;
        let failed = summaries.all.count("is", Stat::Sum) as f64;
        let values = |summary: &Summary, _, _| rate(summary, ValueName::Failed);
        Ok(self.report(MetricName::ChangeFailRate, (&summaries, &seen), values, |rate, of| Judged {
            level: Some(fail_rate_level(year, failed, of as f64)),
            score: Some(rate_score(rate)),
            benchmark: group.and_then(|group| group.change_fail_rate),
        }))
    }

    fn rework_rate(&self, group: Option<&Group>) -> Result<MetricReport, DoraError> {
        let (summaries, seen) =
            self.share(|deployment| (deployment.rework, EvidenceSet::of(&deployment.rules.rework_by)))?;
        let values = |summary: &Summary, _, _| rate(summary, ValueName::Rework);
        Ok(self.report(MetricName::DeploymentReworkRate, (&summaries, &seen), values, |rate, _| Judged {
            level: None,
            score: Some(rate_score(rate)),
            benchmark: group.and_then(|group| group.deployment_rework_rate),
        }))
    }

    /// The durations of what ended in the window, and what was open at the end of each span.
    fn durations(
        &self,
        metric: MetricName,
        ended: &[Ended],
        lives: &[(i64, Option<i64>)],
        judge: impl Fn(f64, u64) -> Judged,
    ) -> Result<MetricReport, DoraError> {
        let within = ended.iter().filter_map(|(at, span, evidence)| Some((self.step(*at)?, *span, *evidence)));
        let within: Vec<_> = within.collect();
        let frame = Frame {
            steps: within.iter().map(|(step, ..)| *step).collect(),
            lower_median: self.devlake,
            columns: vec![("span", within.iter().map(|(_, span, _)| float(*span)).collect())],
        };
        let summaries = summarise(frame, self.steps.len(), &[("span", Stat::Median), ("span", Stat::Count)])?;
        // open at an instant: what began before it, less what ended before it
        let mut begins: Vec<i64> = lives.iter().map(|(begin, _)| *begin).collect();
        let mut ends: Vec<i64> = lives.iter().filter_map(|(_, end)| *end).collect();
        begins.sort_unstable();
        ends.sort_unstable();
        let open_at = |to: DateTime<Utc>| {
            let before = |times: &[i64]| times.partition_point(|time| *time < to.timestamp_micros());
            before(&begins).saturating_sub(before(&ends)) as u64
        };
        let mut seen = self.seen(within.iter().map(|(step, span, evidence)| (*step, span.is_some(), *evidence)));
        seen.all.total += open_at(self.window.to);
        for (seen, step) in seen.steps.iter_mut().zip(&self.steps) {
            seen.total += open_at(step.to);
        }
        let values = |summary: &Summary, _, to: DateTime<Utc>| {
            let open = open_at(to);
            let n = summary.count("span", Stat::Count);
            vec![
                Value::new(ValueName::Median, seconds(summary, "span", Stat::Median), n),
                Value::count(ValueName::Recovered, n),
                Value::count(ValueName::Open, open),
            ]
        };
        Ok(self.report(metric, (&summaries, &seen), values, judge))
    }

    fn recovery_time(&self, year: LevelYear, group: Option<&Group>) -> Result<MetricReport, DoraError> {
        let failed = self.deployments.iter().filter(|deployment| deployment.failed);
        let lives: Vec<_> =
            failed.clone().map(|deployment| (deployment.finished_us, deployment.recovered_us)).collect();
        let recovered = failed.filter_map(|deployment| {
            let (at, evidence) = (deployment.recovered_us?, EvidenceSet::of(&deployment.rules.recovered_by));
            Some((at, Some(at - deployment.finished_us), evidence))
        });
        let recovered: Vec<_> = recovered.collect();
        let (recovered, lives) = if self.devlake { self.incident_recoveries() } else { (recovered, lives) };
        self.durations(MetricName::FailedDeploymentRecoveryTime, &recovered, &lives, |median, _| Judged {
            level: Some(recovery_level(year, median)),
            score: Some(duration_score(median)),
            benchmark: group.and_then(|group| group.failed_deployment_recovery_time),
        })
    }

    /// As `DevLake` has it: the recovery of each incident, in whole minutes, when its deployment finished; and how
    /// long each was open.
    fn incident_recoveries(&self) -> (Vec<Ended>, Vec<(i64, Option<i64>)>) {
        const MINUTE_US: i64 = 60_000_000;
        let mut incidents = EvidenceSet::default();
        incidents.insert(EvidenceSource::Incidents);
        let lives = self.incident_recoveries.clone();
        let ended = lives.iter().filter_map(|(finished, resolved)| {
            let span = resolved.map(|resolved| resolved - finished).filter(|span| *span >= 0)?;
            Some((*finished, Some(span / MINUTE_US * MINUTE_US), incidents))
        });
        (ended.collect(), lives)
    }

    fn time_to_restore(&self) -> Result<MetricReport, DoraError> {
        let mut incidents = EvidenceSet::default();
        incidents.insert(EvidenceSource::Incidents);
        let resolved = self.incidents.iter();
        let resolved = resolved.filter_map(|incident| Some((incident.resolved_us?, incident.restore_us, incidents)));
        let resolved: Vec<_> = resolved.collect();
        // one that was resolved before it was detected was never open
        let lives =
            self.incidents.iter().filter(|incident| incident.resolved_us.is_none_or(|at| at >= incident.detected_us));
        let lives: Vec<_> = lives.map(|incident| (incident.detected_us, incident.resolved_us)).collect();
        self.durations(MetricName::TimeToRestore, &resolved, &lives, |_, _| Judged {
            level: None,
            score: None,
            benchmark: None,
        })
    }
}

/// When something ended, how long it took, in microseconds, and what it rests on.
type Ended = (i64, Option<i64>, EvidenceSet);

/// Microseconds, as frames have them: whole up to 285 years.
fn float(micros: Option<i64>) -> Option<f64> {
    micros.map(|micros| micros as f64)
}

fn seconds(summary: &Summary, column: &'static str, stat: Stat) -> Option<f64> {
    summary.get(column, stat).map(|micros| micros / SECOND_US)
}

fn rate(summary: &Summary, what: ValueName) -> Vec<Value> {
    let (count, of) = (summary.count("is", Stat::Sum), summary.count("is", Stat::Count));
    let rate = (of > 0).then(|| count as f64 / of as f64);
    vec![Value::new(ValueName::Rate, rate, of), Value::count(what, count), Value::count(ValueName::Of, of)]
}
