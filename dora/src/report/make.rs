//! A report from the store: which services it is about, their rows in the window, and what a reader must
//! know about them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use runtime::settings::Compat;
use store::Store;
use store::history::Services;
use store::metric_rows::{self, Computation, FindingRow};

use super::metrics::{Metrics, Observed, metrics};
use super::steps::Calendar;
use super::{FindingCount, MetricReport, QuickCheck, Report, Score, ServiceStatus, Window};
use crate::benchmark::group;
use crate::{Benchmark, DoraError, Interval, Mean, ReportQuery};

/// How long a window is that nobody gave a beginning.
const WINDOW: Duration = Duration::days(90);
/// So many services without deployments are named, then they are counted.
const NAMED: usize = 10;

/// A report of the store's tenant.
pub async fn report(store: &Store, query: &ReportQuery) -> Result<Report, DoraError> {
    let window = window(query.from, query.to, None, Utc::now())?;
    let calendar = Calendar { zone: query.time_zone };
    let steps = calendar.steps(window, query.interval)?;
    let mut tx = store.begin().await?;
    let known = store::history::services(&mut tx).await?;
    let computed = metric_rows::computations(&mut tx).await?;
    let asked = asked(query, &known, &computed)?;
    let services: Vec<String> = asked.iter().map(|computation| computation.service.clone()).collect();
    let spans = metric_rows::deployment_spans(&mut tx).await?;
    let observed = Observed {
        window,
        calendar,
        steps,
        daily: query.interval == Interval::Day,
        lower_median: query.compat == Compat::Devlake,
        deployments: metric_rows::deployment_points(&mut tx, &services, window.from, window.to).await?,
        changes: metric_rows::change_points(&mut tx, &services, window.from, window.to).await?,
        incidents: metric_rows::incident_points(&mut tx, &services, window.from, window.to).await?,
    };
    let findings = metric_rows::findings(&mut tx, &services).await?;
    tx.rollback().await?;

    let spans: BTreeMap<String, (DateTime<Utc>, DateTime<Utc>)> =
        spans.into_iter().map(|span| (span.service, (span.first, span.last))).collect();
    let services: Vec<ServiceStatus> = asked.into_iter().map(|row| status(row, &spans)).collect();
    let benchmark = query.benchmark.clone();
    // polars works on its own threads while this one waits
    let metrics = tokio::task::spawn_blocking(move || {
        let group = group(benchmark.edition, benchmark.kind, &benchmark.group);
        metrics(&observed, benchmark.levels, group)
    });
    let metrics = metrics.await.map_err(|_| DoraError::Ended("a report".to_owned()))??;
    let statements = statements(&services, &metrics.deployment_frequency, window);
    Ok(Report {
        window,
        time_zone: query.time_zone.name().to_owned(),
        interval: query.interval,
        service: query.service.clone(),
        team: query.team.clone(),
        levels: query.benchmark.levels,
        quick_check: quick_check(&query.benchmark, &metrics),
        change_lead_time: metrics.change_lead_time,
        deployment_frequency: metrics.deployment_frequency,
        change_fail_rate: metrics.change_fail_rate,
        failed_deployment_recovery_time: metrics.failed_deployment_recovery_time,
        deployment_rework_rate: metrics.deployment_rework_rate,
        time_to_restore: metrics.time_to_restore,
        findings: findings.into_iter().filter_map(finding).collect(),
        partial: services.iter().any(|service| service.partial),
        services,
        statements,
    })
}

/// The window that is asked for; `length` is how far back it reaches unless asked otherwise.
pub(crate) fn window(
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    length: Option<std::time::Duration>,
    now: DateTime<Utc>,
) -> Result<Window, DoraError> {
    let length = length.and_then(|length| Duration::from_std(length).ok()).unwrap_or(WINDOW);
    let to = to.unwrap_or(now);
    let from = from.or_else(|| to.checked_sub_signed(length)).unwrap_or(to);
    if from >= to {
        return Err(DoraError::Question(format!("the window ends at {to}, which is not after its beginning {from}")));
    }
    Ok(Window { from, to })
}

/// The computations of the services that are asked about.
fn asked(query: &ReportQuery, known: &Services, computed: &[Computation]) -> Result<Vec<Computation>, DoraError> {
    let mut asked: Vec<Computation> = computed.to_vec();
    if let Some(team) = &query.team {
        let services = services_of(team, known)?;
        asked.retain(|computation| services.contains(computation.service.as_str()));
    }
    if let Some(service) = &query.service {
        let declared = known.declared.iter().any(|declared| declared.name == *service);
        if !declared && !computed.iter().any(|computation| computation.service == *service) {
            return Err(DoraError::UnknownService(service.clone()));
        }
        asked.retain(|computation| computation.service == *service);
    }
    Ok(asked)
}

/// The services of a team and of the teams that are part of it.
pub(crate) fn services_of<'k>(team: &str, known: &'k Services) -> Result<BTreeSet<&'k str>, DoraError> {
    let named = |service: &&kernel::Service| service.team.as_deref() == Some(team);
    if !known.teams.iter().any(|known| known.name == team) && known.declared.iter().find(named).is_none() {
        return Err(DoraError::UnknownTeam(team.to_owned()));
    }
    let mut teams = BTreeSet::from([team]);
    // each round adds the teams one level down; a circle adds nothing new and ends it
    loop {
        let parts =
            known.teams.iter().filter(|part| part.parent.as_deref().is_some_and(|parent| teams.contains(parent)));
        let parts: BTreeSet<&str> = parts.map(|part| part.name.as_str()).collect();
        if parts.is_subset(&teams) {
            break;
        }
        teams.extend(parts);
    }
    let of_team = |service: &&kernel::Service| service.team.as_deref().is_some_and(|team| teams.contains(team));
    Ok(known.declared.iter().filter(of_team).map(|service| service.name.as_str()).collect())
}

fn status(row: Computation, spans: &BTreeMap<String, (DateTime<Utc>, DateTime<Utc>)>) -> ServiceStatus {
    let span = spans.get(&row.service);
    ServiceStatus {
        source: row.source,
        deployments: row.deployments.max(0).cast_unsigned(),
        changes: row.changes.max(0).cast_unsigned(),
        first_deployment_at: span.map(|(first, _)| *first),
        last_deployment_at: span.map(|(_, last)| *last),
        computed_at: row.computed_at,
        partial: row.partial,
        statement: row.statement,
        service: row.service,
    }
}

/// What a reader must know.
fn statements(services: &[ServiceStatus], frequency: &MetricReport, window: Window) -> Vec<String> {
    let mut statements = Vec::new();
    if services.is_empty() {
        statements.push(
            "Nothing was computed yet: no repository, deployment or change is known. Collect a repository with \
             `sei collect git`, or look at `sei demo load`."
                .to_owned(),
        );
    }
    let without: Vec<&String> = services.iter().filter_map(|service| service.statement.as_ref()).collect();
    statements.extend(without.iter().take(NAMED).map(ToString::to_string));
    if let Some(more @ 1..) = without.len().checked_sub(NAMED) {
        statements.push(format!("{more} more services have no deployments."));
    }
    let partial: Vec<&str> =
        services.iter().filter(|service| service.partial).map(|service| service.service.as_str()).collect();
    if !partial.is_empty() {
        statements.push(format!(
            "Numbers are partial: the history of {} is cut off (a shallow clone). Fetch the rest with \
             `git fetch --unshallow`.",
            partial.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ));
    }
    let last = services.iter().filter_map(|service| service.last_deployment_at).max();
    if let (0, Some(last)) = (frequency.n, last) {
        let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
        statements.push(format!(
            "There are no deployments from {} to {}; the last one was on {}.",
            day(window.from),
            day(window.to),
            day(last)
        ));
    }
    statements
}

fn finding(row: FindingRow) -> Option<FindingCount> {
    let kind = row.kind.parse().ok()?;
    Some(FindingCount { kind, n: row.n.max(0).cast_unsigned(), example: row.example })
}

fn quick_check(benchmark: &Benchmark, metrics: &Metrics) -> QuickCheck {
    let others = group(benchmark.edition, benchmark.kind, &benchmark.group);
    let throughput =
        [&metrics.change_lead_time, &metrics.deployment_frequency, &metrics.failed_deployment_recovery_time];
    let stability = [&metrics.change_fail_rate, &metrics.deployment_rework_rate];
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
        overall: score(&five, others.and_then(|group| group.overall)),
    }
}
