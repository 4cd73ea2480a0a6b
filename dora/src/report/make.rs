//! A report from the store: which services it is about, their rows in the window, and what a reader must
//! know about them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use kernel::near::UnknownName;
use runtime::settings::Compat;
use store::Store;
use store::history::Services;
use store::metric_rows::{self, Computation, FindingRow, ServiceBasis};

use super::metrics::{Metrics, Observed, metrics};
use super::steps::Calendar;
use super::{FindingCount, MetricReport, QuickCheck, Report, Score, ServiceStatus, Window};
use crate::basis::{self, Caveat, CaveatCode};
use crate::benchmark::{Group, group};
use crate::{Benchmark, DoraError, Interval, Mean, ReportQuery};

/// How long a window is that nobody gave a beginning.
const WINDOW: Duration = Duration::days(90);
/// So many services without deployments are named, then they are counted.
const NAMED: usize = 10;

/// The beginning of a window that ends at `to`. A length of whole days is that many days of the time zone, so
/// the same time of the day; `None` where the calendar has no such time.
#[must_use]
pub fn window_start(to: DateTime<Utc>, length: std::time::Duration, time_zone: Tz) -> Option<DateTime<Utc>> {
    Calendar { zone: time_zone }.before(to, Duration::from_std(length).ok()?)
}

/// A report of the store's tenant.
pub async fn report(store: &Store, query: &ReportQuery) -> Result<Report, DoraError> {
    let calendar = Calendar { zone: query.time_zone };
    let window = window(query.from, query.to, None, &calendar)?;
    let interval = query.interval.unwrap_or_else(|| calendar.interval(window));
    let steps = calendar.steps(window, interval)?;
    let mut tx = store.begin().await?;
    let known = store::history::services(&mut tx).await?;
    let computed = metric_rows::computations(&mut tx).await?;
    let asked = asked(query, &known, &computed)?;
    let services: Vec<String> = asked.iter().map(|computation| computation.service.clone()).collect();
    let bases = metric_rows::service_bases(&mut tx).await?;
    let mut bases: BTreeMap<String, ServiceBasis> =
        bases.into_iter().map(|basis| (basis.service.clone(), basis)).collect();
    let bases: Vec<ServiceBasis> = services.iter().filter_map(|service| bases.remove(service)).collect();
    let observed = Observed {
        window,
        calendar,
        steps,
        daily: interval == Interval::Day,
        devlake: query.compat == Compat::Devlake,
        deployments: metric_rows::deployment_points(&mut tx, &services, window.from, window.to).await?,
        changes: metric_rows::change_points(&mut tx, &services, window.from, window.to).await?,
        incidents: metric_rows::incident_points(&mut tx, &services, window.from, window.to).await?,
        services: bases.clone(),
        incident_recoveries: match query.compat {
            Compat::Devlake => metric_rows::incident_recoveries(&mut tx, &services, window.from, window.to).await?,
            Compat::Off => Vec::new(),
        },
    };
    let findings = metric_rows::findings(&mut tx, &services).await?;
    tx.rollback().await?;

    let services: Vec<ServiceStatus> = asked.into_iter().map(|row| status(row, &bases)).collect();
    let benchmark = query.benchmark.clone();
    // polars works on its own threads while this one waits
    let metrics = tokio::task::spawn_blocking(move || {
        let group = group(benchmark.edition, benchmark.kind, &benchmark.group);
        metrics(&observed, benchmark.levels, group)
    });
    let metrics = metrics.await.map_err(|error| DoraError::ended("a report", error))??;
    let caveats = caveats(&bases, &metrics.deployment_frequency, window, query.time_zone);
    Ok(Report {
        window,
        time_zone: query.time_zone.name().to_owned(),
        interval,
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
        statements: caveats.iter().map(|caveat| caveat.text.clone()).collect(),
        caveats,
    })
}

/// The window that is asked for; `length` is how far back it reaches unless asked otherwise. The clock is read
/// once, so that a window up to now is as long as it is said to be.
pub(crate) fn window(
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    length: Option<std::time::Duration>,
    calendar: &Calendar,
) -> Result<Window, DoraError> {
    let length = length.and_then(|length| Duration::from_std(length).ok()).unwrap_or(WINDOW);
    let to = to.unwrap_or_else(Utc::now);
    let from = from.or_else(|| calendar.before(to, length)).unwrap_or(to);
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
            let names = known.declared.iter().map(|declared| declared.name.as_str());
            let names = names.chain(computed.iter().map(|computation| computation.service.as_str()));
            let names: BTreeSet<&str> = names.collect();
            return Err(DoraError::UnknownService(UnknownName::new(service, names)));
        }
        asked.retain(|computation| computation.service == *service);
    }
    Ok(asked)
}

/// The services of a team and of the teams that are part of it.
pub(crate) fn services_of<'k>(team: &str, known: &'k Services) -> Result<BTreeSet<&'k str>, DoraError> {
    let named = |service: &&kernel::Service| service.team.as_deref() == Some(team);
    if !known.teams.iter().any(|known| known.name == team) && known.declared.iter().find(named).is_none() {
        let of_services = known.declared.iter().filter_map(|service| service.team.as_deref());
        let all: BTreeSet<&str> = known.teams.iter().map(|known| known.name.as_str()).chain(of_services).collect();
        return Err(DoraError::UnknownTeam(UnknownName::new(team, all)));
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

fn status(row: Computation, bases: &[ServiceBasis]) -> ServiceStatus {
    let known = bases.iter().find(|known| known.service == row.service);
    ServiceStatus {
        source: row.source,
        deployments: row.deployments.max(0).cast_unsigned(),
        changes: row.changes.max(0).cast_unsigned(),
        first_deployment_at: known.and_then(|basis| basis.first),
        last_deployment_at: known.and_then(|basis| basis.last),
        computed_at: row.computed_at,
        partial: row.partial,
        statement: row.statement,
        service: row.service,
    }
}

/// What a reader must know about the report as a whole.
fn caveats(services: &[ServiceBasis], frequency: &MetricReport, window: Window, zone: Tz) -> Vec<Caveat> {
    let services: Vec<&ServiceBasis> = services.iter().collect();
    let mut caveats = Vec::new();
    let mut add = |code, text| caveats.push(Caveat { code, text });
    if services.is_empty() {
        add(CaveatCode::NothingComputed, basis::NOTHING_COMPUTED.to_owned());
    }
    let without: Vec<&String> = services.iter().filter_map(|service| service.statement.as_ref()).collect();
    for statement in without.iter().take(NAMED) {
        add(CaveatCode::NoDeployments, (*statement).clone());
    }
    if let Some(more @ 1..) = without.len().checked_sub(NAMED) {
        add(CaveatCode::NoDeployments, format!("{more} more services have no deployments."));
    }
    if services.iter().any(|service| service.partial) {
        let names = basis::names(&services, &|service| service.partial);
        add(CaveatCode::PartialHistory, basis::partial_history(&names));
    }
    if frequency.n == 0 && services.iter().any(|service| service.last.is_some()) {
        add(CaveatCode::NothingDeployed, basis::nothing_deployed(&services, window, zone));
    }
    caveats
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
        overall: score(&five, others.and_then(Group::overall)),
    }
}
