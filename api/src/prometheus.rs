//! Results for Prometheus: the value of each metric, of the whole, of each team, and if the settings say so of each
//! service; and the targets, with whether they are met.
//!
//! Promises: a value is what the API answers for the same window; who scrapes needs the same permission; the number of
//! series is bounded, and what exceeds it is left out as a whole and counted; a scrape is answered or refused in time. No
//! answer is kept here, so that targets are those of now; values come from what snapshots keep.
//! `/metrics`, which is about the process and has no permission, has none of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use dora::{Budget, Definition, Interval, MetricAnswer, MetricPart, Question, Slice};
use kernel::Right;
use runtime::exposition::{Gauge, Labels, OPEN_METRICS, open_metrics};
use tokio::time::timeout;

use crate::ApiState;
use crate::problem::Problem;
use crate::questions::{Asked, MetricQuestion, Span, TargetResultsQuestion, Text};
use crate::scope::Scope;
use crate::settings::PrometheusResults;
use crate::targets::{AskedTargets, TargetResult};
use crate::{admission, paths, reads, tenant};

/// How long a scrape is worked on: Prometheus waits for 10 s unless it is set otherwise.
const TIMEOUT: Duration = Duration::from_secs(8);
/// What a metric by slices is taken to cost.
const COST: usize = 25;
/// The series of a value: itself, and the number of observations behind it; of a target: itself, and whether it is met.
const SERIES: usize = 2;

static WARNED: AtomicBool = AtomicBool::new(false);

/// The route.
pub(crate) fn router(state: &ApiState) -> Router<ApiState> {
    let choose = middleware::from_fn_with_state(state.clone(), tenant::choose);
    let admit = middleware::from_fn_with_state(state.admission().reports_door.clone(), admission::admit_by_cost);
    Router::new().route(paths::RESULTS, get(results).route_layer(choose).route_layer(admit))
}

/// The results of a tenant, as far as who asks may see them.
async fn results(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(()): Asked<()>,
) -> Result<Response, Problem> {
    if !state.settings().api.prometheus.results {
        return Err(Problem::no_results());
    }
    scope.access.check(Right::Read)?;
    let gauges = timeout(TIMEOUT, read(&state, &scope)).await.map_err(|_| Problem::slow_results(TIMEOUT))??;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], open_metrics(gauges)).into_response())
}

async fn read(state: &ApiState, scope: &Scope) -> Result<Vec<Gauge>, Problem> {
    let settings = &state.settings().api.prometheus;
    let definitions = reads::metrics(state)?;
    let levels = if settings.by_service { 3 } else { 2 };
    let _turn = state.admission().reports_by_cost(scope, definitions.len().saturating_mul(levels * COST)).await?;
    let mut results = Results::new(scope.tenant.tenant.as_str(), &definitions);
    add_values(state, scope, (&definitions, None), &mut results).await?;
    add_values(state, scope, (&definitions, Some(Slice::Team)), &mut results).await?;
    add_targets(state, scope, &mut results).await?;
    if settings.by_service {
        add_values(state, scope, (&definitions, Some(Slice::Service)), &mut results).await?;
    }
    Ok(results.into_gauges())
}

/// Adds the values of the whole, or of slices if there is room for all of them.
async fn add_values(
    state: &ApiState,
    scope: &Scope,
    (definitions, by): (&[Definition], Option<Slice>),
    results: &mut Results,
) -> Result<(), Problem> {
    let limit = state.settings().api.prometheus.series;
    // the whole has a value for each metric at most, whatever the limit is
    let room = by.map_or(usize::MAX, |_| limit.saturating_sub(results.series()));
    let Some(answers) = answers(state, scope, (definitions, by), room).await? else {
        results.leave_out(by.map_or("all", Slice::as_str), limit);
        return Ok(());
    };
    results.add(&answers, by);
    Ok(())
}

/// Adds the targets of the organization and of each team, if there is room for all of them.
async fn add_targets(state: &ApiState, scope: &Scope, results: &mut Results) -> Result<(), Problem> {
    let settings = &state.settings().api.prometheus;
    let question = TargetResultsQuestion {
        span: span(settings),
        teams: Some(true),
        interval: Some(Interval::Year),
        ..TargetResultsQuestion::default()
    };
    let asked = AskedTargets::read(state, scope, &question).await?;
    let targets = asked.results(state, scope, Budget::default()).await?;
    if targets.len() * SERIES > settings.series.saturating_sub(results.series()) {
        results.leave_out("target", settings.series);
        return Ok(());
    }
    results.add_targets(&targets);
    Ok(())
}

/// The answers for the metrics, group by group; `None` as soon as their series take more than the room.
async fn answers(
    state: &ApiState,
    scope: &Scope,
    (definitions, by): (&[Definition], Option<Slice>),
    room: usize,
) -> Result<Option<Vec<MetricAnswer>>, Problem> {
    let question = question(&state.settings().api.prometheus, by);
    let (mut answers, mut series) = (Vec::new(), 0);
    for group in definitions.chunk_by(|one, other| one.group == other.group) {
        let asked = group.iter().filter(|definition| by.is_none_or(|by| definition.slices.contains(&by)));
        let names: Vec<&str> = asked.map(|definition| definition.name.as_str()).collect();
        if names.is_empty() {
            continue;
        }
        let read = match reads::several(state, scope, &names, &question, Budget::default()).await {
            // more slices than the engine answers for
            Err(problem) if by.is_some() && problem.status == 422 => return Ok(None),
            read => read?.answer,
        };
        series += read.iter().flat_map(|answer| parts(answer, by)).count() * SERIES;
        if series > room {
            return Ok(None);
        }
        answers.extend(read);
    }
    Ok(Some(answers))
}

/// The question about metrics. Its series are not used: the longest step makes them short.
fn question(settings: &PrometheusResults, by: Option<Slice>) -> MetricQuestion {
    MetricQuestion {
        span: span(settings),
        question: Question { by, interval: Some(Interval::Year), ..Question::default() },
        ..MetricQuestion::default()
    }
}

/// The window up to now.
fn span(settings: &PrometheusResults) -> Span {
    let window = settings.window_days().map(|days| Text::new(format!("{days}d")));
    Span { window, ..Span::default() }
}

/// The parts of an answer that have a value.
fn parts(answer: &MetricAnswer, by: Option<Slice>) -> impl Iterator<Item = (&MetricPart, f64)> {
    let parts = if by.is_some() { answer.slices.as_slice() } else { std::slice::from_ref(&answer.whole) };
    parts.iter().filter_map(|part| Some((part, part.value?)))
}

/// What is answered.
struct Results {
    tenant: String,
    info: Vec<(Labels, f64)>,
    values: Vec<(Labels, f64)>,
    observations: Vec<(Labels, f64)>,
    targets: Vec<(Labels, f64)>,
    met: Vec<(Labels, f64)>,
    left_out: Vec<(Labels, f64)>,
}

impl Results {
    fn new(tenant: &str, definitions: &[Definition]) -> Self {
        let info = |definition: &Definition| {
            let labels = [
                ("metric", definition.name.clone()),
                ("title", definition.title.clone()),
                ("unit", definition.unit.as_str().to_owned()),
                ("direction", definition.direction.as_str().to_owned()),
            ];
            (labels.into(), 1.0)
        };
        Self {
            tenant: tenant.to_owned(),
            info: definitions.iter().map(info).collect(),
            values: Vec::new(),
            observations: Vec::new(),
            targets: Vec::new(),
            met: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// How many series there are.
    fn series(&self) -> usize {
        [&self.info, &self.values, &self.observations, &self.targets, &self.met].map(Vec::len).into_iter().sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
    fn add(&mut self, answers: &[MetricAnswer], by: Option<Slice>) {
        for answer in answers {
            for (part, value) in parts(answer, by) {
                let mut labels = vec![("tenant", self.tenant.clone()), ("metric", answer.metric.name.clone())];
                labels.extend(by.zip(part.slice.clone()).map(|(by, slice)| (by.as_str(), slice)));
                self.observations.push((labels.clone(), part.n as f64));
                self.values.push((labels, value));
            }
        }
    }

    fn add_targets(&mut self, targets: &[TargetResult]) {
        for target in targets {
            let mut labels = vec![("tenant", self.tenant.clone()), ("metric", target.metric.clone())];
            labels.extend(target.team.clone().map(|team| ("team", team)));
            labels.push(("bound", target.bound.as_str().to_owned()));
            self.met.extend(target.met.map(|met| (labels.clone(), f64::from(met))));
            self.targets.push((labels, target.target));
        }
    }

    fn leave_out(&mut self, slices: &str, limit: usize) {
        if !WARNED.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                tenant = %self.tenant,
                slices,
                limit,
                "results by slices are left out for Prometheus: they are more series than `api.prometheus.series`; \
                 this is logged once"
            );
        }
        self.left_out.push((vec![("tenant", self.tenant.clone()), ("slices", slices.to_owned())], 1.0));
    }

    fn into_gauges(self) -> Vec<Gauge> {
        let gauge = |name, help, values| Gauge { name, help, values };
        vec![
            gauge("metric_info", "A metric: its unit, its name for people, and which way of it is good.", self.info),
            gauge(
                "metric_value",
                "The value of a metric, in its unit: of the whole, or of the team or service that is named.",
                self.values,
            ),
            gauge("metric_observations", "The number of observations behind the value of a metric.", self.observations),
            gauge("metric_target", "What a metric should be at most, or at least.", self.targets),
            gauge("metric_target_met", "Whether a metric meets its target: 1, or 0.", self.met),
            gauge(
                "metric_slices_left_out",
                "Slices whose values are left out, since they are more than the settings allow.",
                self.left_out,
            ),
        ]
    }
}
