//! A report from the store: the answers for its metrics, the services that it is about, and what a reader must know
//! about them.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use store::Store;
use store::metric_rows::{self, Computation, FindingRow, ServiceBasis};
use strum::{VariantArray, VariantNames};

use super::levels::{level_and_score, others, quick_check};
use super::{FindingCount, MetricName, MetricReport, Rating, Report, ReportSlice, ServiceStatus};
use crate::basis::{self, Caveat, CaveatCode};
use crate::benchmark::group;
use crate::budget::series;
use crate::metrics::{Calendar, Filter, Plan, Source, Tables, computed, load};
use crate::preview::{Preview, preview};
use crate::services::NO_SERVICE;
use crate::settings::Dora;
use crate::{
    Benchmark, DoraError, MetricAnswer, MetricPart, MetricSettings, Point, Question, ReportBy, ReportQuery, Unit,
    Value, Window,
};

/// How many metrics a report has.
pub const REPORT_METRICS: usize = <MetricName as VariantNames>::VARIANTS.len();
/// How many series a report has, about: those of the values of each metric.
pub const REPORT_SERIES: usize = REPORT_METRICS * series(true);
/// The number of services without deployments that are named; the others are counted.
const NAMED: usize = 10;

/// A report of the store's tenant.
pub async fn report(store: &Store, settings: &Dora, query: &ReportQuery) -> Result<Report, DoraError> {
    let plan = plan(settings, query)?;
    let mut tx = store::changes::begin_reading(store).await?;
    let tables = load(&mut tx, &plan, settings).await?;
    tx.rollback().await?;
    let filter = plan.filter(&tables)?;
    let answers = plan.clone().answered(tables.clone()).await?;
    from_answers(store, (&plan, &tables, &filter), answers, query).await
}

/// What a report is made from.
pub(crate) fn plan(settings: &Dora, query: &ReportQuery) -> Result<Plan, DoraError> {
    let names = <MetricName as VariantNames>::VARIANTS;
    let plan = Plan::new(MetricSettings { dora: settings, custom: &[] }, names, &question(query))?;
    Ok(plan.reading(Source::Computations))
}

/// A report from the answers for its metrics and from the tables that they were made from.
pub(crate) async fn from_answers(
    store: &Store,
    (plan, tables, filter): (&Plan, &Tables, &Filter),
    answers: Vec<MetricAnswer>,
    query: &ReportQuery,
) -> Result<Report, DoraError> {
    let asked = tables.computations.iter().filter(|row| tables.ownership.passes_service(&row.service, filter));
    let asked: Vec<Computation> = asked.cloned().collect();
    let may_preview = query.preview.unwrap_or(true) && query.environment.is_none();
    let is_previewed = may_preview && asked.iter().all(|row| row.deployments <= 0);
    let merges = if is_previewed {
        let services: Vec<String> = asked.iter().map(|row| row.service.clone()).collect();
        let mut tx = store::changes::begin_reading(store).await?;
        let merges = metric_rows::previews(&mut tx, &services).await?;
        tx.rollback().await?;
        merges
    } else {
        Vec::new()
    };
    let preview = match answers.first() {
        Some(answer) => preview(plan, &asked, &merges, answer.window, query.time_zone).await?,
        None => None,
    };
    let (slices, answers) = sliced(plan.clone(), tables.clone(), query.benchmark.clone(), answers).await?;
    made((query, slices), answers, tables, asked, preview)
}

/// The slices of a report, and the answers that they were made from. A slice of which some metric has no answer is
/// computed, on threads that may be busy for long.
async fn sliced(
    plan: Plan,
    tables: Tables,
    benchmark: Benchmark,
    answers: Vec<MetricAnswer>,
) -> Result<(Vec<ReportSlice>, Vec<MetricAnswer>), DoraError> {
    let made = move || {
        let slices = Slices { plan: &plan, tables: &tables, benchmark: &benchmark }.made(&answers)?;
        Ok((slices, answers))
    };
    computed("a report", (), made).await
}

/// The question that a report is an answer to.
pub(crate) fn question(query: &ReportQuery) -> Question {
    Question {
        from: query.from,
        to: query.to,
        interval: query.interval,
        by: query.by.map(ReportBy::slice),
        compare: query.compare,
        time_zone: query.time_zone,
        service: query.service.clone(),
        team: query.team.clone(),
        environment: query.environment.clone(),
        within: query.within.clone(),
        values_in_series: Some(true),
        budget: query.budget.clone(),
        ..Question::default()
    }
}

fn made(
    (query, slices): (&ReportQuery, Vec<ReportSlice>),
    answers: Vec<MetricAnswer>,
    tables: &Tables,
    asked: Vec<Computation>,
    preview: Option<Preview>,
) -> Result<Report, DoraError> {
    let names: BTreeSet<&str> = asked.iter().map(|row| row.service.as_str()).collect();
    let bases: Vec<&ServiceBasis> =
        tables.bases.iter().filter(|basis| names.contains(basis.service.as_str())).collect();
    let [lead_time, frequency, fail_rate, recovery_time, rework_rate, restore_time]: [MetricAnswer; 6] =
        answers.try_into().map_err(|answers: Vec<MetricAnswer>| not_six(answers.len()))?;
    let (window, interval) = (lead_time.window, lead_time.interval);
    let of = |metric, answer| metric_report(metric, answer, &query.benchmark);
    let change_lead_time = of(MetricName::ChangeLeadTime, lead_time);
    let deployment_frequency = of(MetricName::DeploymentFrequency, frequency);
    let change_fail_rate = of(MetricName::ChangeFailRate, fail_rate);
    let failed_deployment_recovery_time = of(MetricName::FailedDeploymentRecoveryTime, recovery_time);
    let deployment_rework_rate = of(MetricName::DeploymentReworkRate, rework_rate);
    let time_to_restore = of(MetricName::TimeToRestore, restore_time);
    let throughput = [&change_lead_time, &deployment_frequency, &failed_deployment_recovery_time];
    let quick_check = quick_check(&query.benchmark, throughput, [&change_fail_rate, &deployment_rework_rate]);
    let caveats = caveats(&bases, &deployment_frequency, window, query.time_zone);
    // those that are about no service belong to no team
    let of_none = query.within.is_everything();
    let is_shown = |service: &str| if service == NO_SERVICE { of_none } else { names.contains(service) };
    let findings = findings(&tables.findings, is_shown);
    let services: Vec<ServiceStatus> = asked.into_iter().map(|row| status(row, &bases)).collect();
    Ok(Report {
        window,
        time_zone: query.time_zone,
        interval,
        service: query.service.clone(),
        team: query.team.clone(),
        environment: query.environment.clone(),
        levels: query.benchmark.levels,
        quick_check,
        change_lead_time,
        deployment_frequency,
        change_fail_rate,
        failed_deployment_recovery_time,
        deployment_rework_rate,
        time_to_restore,
        by: query.by,
        slices,
        findings,
        partial: services.iter().any(|service| service.partial),
        services,
        statements: caveats.iter().map(|caveat| caveat.text.clone()).collect(),
        caveats,
        preview,
    })
}

/// What the whole of an answer is held against, by a benchmark; `None` where its metric is not one of a report.
#[must_use]
pub fn rate(answer: &MetricAnswer, benchmark: &Benchmark) -> Option<Rating> {
    let metric = answer.metric.name.parse::<MetricName>().ok()?;
    let MetricReport { level, score, benchmark, .. } = metric_report(metric, answer.clone(), benchmark);
    Some(Rating { level, score, benchmark })
}

/// An answer with the values that a report shows of it, and what they are held against.
pub(crate) fn metric_report(metric: MetricName, answer: MetricAnswer, benchmark: &Benchmark) -> MetricReport {
    let held = HeldAgainst { metric, unit: answer.metric.unit, days: days(&answer), benchmark };
    held.report(answer.whole)
}

/// The number of local days of an answer's window.
fn days(answer: &MetricAnswer) -> f64 {
    Calendar { zone: answer.time_zone }.days(answer.window.from, answer.window.to)
}

/// What the values of a metric are held against.
struct HeldAgainst<'b> {
    metric: MetricName,
    unit: Unit,
    /// The length of the window.
    days: f64,
    benchmark: &'b Benchmark,
}

impl HeldAgainst<'_> {
    fn report(&self, part: MetricPart) -> MetricReport {
        let Self { metric, unit, days, benchmark } = *self;
        let shown = |values: Vec<Value>| -> Vec<Value> {
            values.into_iter().filter(|value| metric.values().contains(&value.name)).collect()
        };
        let values = shown(part.values);
        let (level, score) = level_and_score(metric, &values, days, benchmark.levels);
        let group = group(benchmark.edition, benchmark.kind, &benchmark.group);
        MetricReport {
            metric,
            title: metric.title(),
            headline: metric.headline(),
            value: part.value,
            unit,
            text: part.text,
            n: part.n,
            level,
            score,
            benchmark: group.and_then(|group| others(metric, group)),
            compared: part.compared,
            basis: part.basis,
            caveats: part.caveats,
            values,
            series: part.series.into_iter().map(|point| Point { values: shown(point.values), ..point }).collect(),
        }
    }
}

/// What the slices of a report are made from.
struct Slices<'r> {
    plan: &'r Plan,
    tables: &'r Tables,
    benchmark: &'r Benchmark,
}

impl Slices<'_> {
    /// The metrics of each slice of which any has observed something, by name.
    fn made(&self, answers: &[MetricAnswer]) -> Result<Vec<ReportSlice>, DoraError> {
        let by_name = |answer: &MetricAnswer| -> BTreeMap<String, MetricPart> {
            answer.slices.iter().filter_map(|part| Some((part.slice.clone()?, part.clone()))).collect()
        };
        let mut parts: Vec<BTreeMap<String, MetricPart>> = answers.iter().map(by_name).collect();
        let names: BTreeSet<String> = parts.iter().flat_map(|parts| parts.keys().cloned()).collect();
        let held: Vec<HeldAgainst<'_>> = <MetricName as VariantArray>::VARIANTS
            .iter()
            .zip(answers)
            .map(|(metric, answer)| {
                let (unit, days) = (answer.metric.unit, days(answer));
                HeldAgainst { metric: *metric, unit, days, benchmark: self.benchmark }
            })
            .collect();
        let slice = |name: String| {
            let mut found: Vec<Option<MetricPart>> = parts.iter_mut().map(|parts| parts.remove(&name)).collect();
            if found.contains(&None) {
                let nothing = self.plan.nothing_of(self.tables, &name)?;
                for (found, nothing) in found.iter_mut().zip(nothing) {
                    found.get_or_insert(nothing);
                }
            }
            let found = found.into_iter().flatten().zip(&held);
            self.slice(name, found.map(|(part, held)| held.report(part)).collect())
        };
        names.into_iter().map(slice).collect()
    }

    fn slice(&self, slice: String, metrics: Vec<MetricReport>) -> Result<ReportSlice, DoraError> {
        let [
            change_lead_time,
            deployment_frequency,
            change_fail_rate,
            failed_deployment_recovery_time,
            deployment_rework_rate,
            time_to_restore,
        ]: [MetricReport; 6] = metrics.try_into().map_err(|metrics: Vec<MetricReport>| not_six(metrics.len()))?;
        let throughput = [&change_lead_time, &deployment_frequency, &failed_deployment_recovery_time];
        let quick_check = quick_check(self.benchmark, throughput, [&change_fail_rate, &deployment_rework_rate]);
        Ok(ReportSlice {
            slice,
            change_lead_time,
            deployment_frequency,
            change_fail_rate,
            failed_deployment_recovery_time,
            deployment_rework_rate,
            time_to_restore,
            quick_check,
        })
    }
}

fn not_six(found: usize) -> DoraError {
    DoraError::Ended { of: "a report".to_owned(), message: format!("{found} metrics were answered of 6") }
}

fn status(row: Computation, bases: &[&ServiceBasis]) -> ServiceStatus {
    let known = bases.iter().find(|known| known.service == row.service);
    ServiceStatus {
        source: row.source.map(|source| source.as_str().to_owned()),
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
fn caveats(services: &[&ServiceBasis], frequency: &MetricReport, window: Window, zone: Tz) -> Vec<Caveat> {
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
        let names = basis::names(services, &|service| service.partial);
        add(CaveatCode::PartialHistory, basis::partial_history(&names));
    }
    if frequency.n == 0 && services.iter().any(|service| service.last.is_some()) {
        add(CaveatCode::NothingDeployed, basis::nothing_deployed(services, window, zone));
    }
    caveats
}

/// The findings of the services that are shown, by kind.
fn findings(rows: &[FindingRow], is_shown: impl Fn(&str) -> bool) -> Vec<FindingCount> {
    let mut by_kind: BTreeMap<&str, FindingCount> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_shown(&row.service)) {
        let none = || FindingCount { kind: row.kind, n: 0, example: row.example.clone() };
        let count = by_kind.entry(row.kind.as_str()).or_insert_with(none);
        count.n += row.n.max(0).cast_unsigned();
        if row.example < count.example {
            count.example.clone_from(&row.example);
        }
    }
    by_kind.into_values().collect()
}
