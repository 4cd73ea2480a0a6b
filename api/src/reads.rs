//! What REST and GraphQL both answer with: pages of lists, the engine's reports and its explanations.

mod lists;
mod page;

pub use lists::{carry, changes, deployments, findings, repositories, services};
pub use page::{Page, Part};

use chrono_tz::Tz;
use dora::{Budget, Definition, MetricAnswer, Report};
use runtime::http::Peer;
use store::StoreError;
use store::queries;

use crate::ApiState;
use crate::params::Window;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::{Explanation, RawEvent, TenantView};

/// Tenants by name. They are few, so all are read.
pub async fn tenants(state: &ApiState, part: Part<String>) -> Result<Page<TenantView>, StoreError> {
    let mut rows = state.store().tenants().await?;
    rows.sort_by(|one, other| one.tenant.as_str().cmp(other.tenant.as_str()));
    rows.retain(|row| part.after.as_deref().is_none_or(|after| row.tenant.as_str() > after));
    Ok(Page::new(rows, part.limit, |row| row.tenant.to_string()))
}

/// What one request may cost: values of the series that it asks for, and in GraphQL fields beside them, about.
pub const COST_MAX: u32 = 20_000;

/// What the questions of one request may cost together.
#[must_use]
pub fn budget() -> Budget {
    Budget::of(COST_MAX.into())
}

/// What a report is asked about.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The time; 90 days up to now without one.
    pub window: Option<Window>,
    /// The length of the steps; by the length of the window without it.
    pub interval: Option<dora::Interval>,
    /// Only this service.
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    pub team: Option<String>,
    /// What values are held against.
    pub benchmark: Option<String>,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: Tz,
    /// What it may cost.
    pub budget: Budget,
}

/// The five metrics over a window.
pub async fn report(state: &ApiState, scope: &Scope, question: Question) -> Result<Report, Problem> {
    let _turn = scope.turn().await;
    let benchmark = match &question.benchmark {
        None => dora::Benchmark::default(),
        Some(text) => text.parse().map_err(|error: dora::DoraError| asked_wrongly("benchmark", text, &error))?,
    };
    let (service, team) = (question.service, question.team);
    let (from, to) = match question.window {
        None => (None, None),
        Some(Window { from: None, to: None }) => {
            (queries::first_deployment_at(&scope.store, service.as_deref(), team.as_deref()).await?, None)
        }
        Some(Window { from, to }) => (from, to),
    };
    let query = dora::ReportQuery {
        from,
        to,
        interval: question.interval,
        time_zone: question.time_zone,
        service,
        team,
        benchmark,
        budget: question.budget,
    };
    state.snapshots().report(&state.unhurried(scope.store.tenant()), &query).await.map_err(refused)
}

/// How many events are shown of a fact, at most.
const EVENTS: i64 = 20;

/// The raw events that reported a fact, the latest first, as far as the log still holds them.
pub async fn events(state: &ApiState, scope: &Scope, peer: Peer, fact: &str) -> Result<Vec<RawEvent>, Problem> {
    let Some(log) = state.log(peer) else { return Err(Problem::raw_events()) };
    let _turn = scope.turn().await;
    let mut events = Vec::new();
    let take = |place, event| events.push(RawEvent::new(place, event));
    eventlog::events_of(log, &scope.store, fact, EVENTS, take).await?;
    Ok(events)
}

/// What `by` may be, in words.
pub const SLICES: &str = "one of `service`, `team`, `author_team`, `repository`, `label`, `type`, `ai`, `author`, `review_teams`, `review_pair`";

/// What is asked about a metric.
#[derive(Clone, Debug, Default)]
pub struct MetricQuestion {
    /// The time; the metric's own span up to now without one.
    pub window: Option<Window>,
    /// The length of the steps; by the length of the window without it.
    pub interval: Option<dora::Interval>,
    /// Only this service.
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    pub team: Option<String>,
    /// Only this repository.
    pub repository: Option<String>,
    /// A value for each of these.
    pub by: Option<dora::Slice>,
    /// The time zone in which days, weeks and months are cut.
    pub time_zone: Tz,
    /// What it may cost.
    pub budget: Budget,
}

/// The time zone of a name; the configured one without.
pub fn time_zone(state: &ApiState, asked: Option<&str>) -> Result<Tz, Problem> {
    match asked {
        None => Ok(state.dora().time_zone),
        Some(text) => kernel::time_zone(text).map_err(|error| Problem::parameter("time_zone", text, error.expected())),
    }
}

/// The metrics that can be asked for.
pub fn metrics(state: &ApiState) -> Result<Vec<Definition>, Problem> {
    dora::definitions(state.metrics().custom).map_err(refused)
}

/// Metrics over a window, in the order of their names: what they are made from is read once.
pub async fn metrics_of(
    state: &ApiState,
    scope: &Scope,
    names: &[&str],
    question: MetricQuestion,
) -> Result<Vec<MetricAnswer>, Problem> {
    let _turn = scope.turn().await;
    let (service, team) = (question.service, question.team);
    let (from, to) = match question.window {
        None => (None, None),
        Some(Window { from: None, to: None }) => {
            (queries::first_deployment_at(&scope.store, service.as_deref(), team.as_deref()).await?, None)
        }
        Some(Window { from, to }) => (from, to),
    };
    let question = dora::Question {
        from,
        to,
        interval: question.interval,
        time_zone: question.time_zone,
        service,
        team,
        repository: question.repository,
        by: question.by,
        values_in_series: false,
        budget: question.budget,
    };
    let store = state.unhurried(scope.store.tenant());
    state.snapshots().ask(&store, names, &question).await.map_err(refused)
}

/// A metric over a window.
pub async fn metric(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    question: MetricQuestion,
) -> Result<MetricAnswer, Problem> {
    let mut answers = metrics_of(state, scope, &[name], question).await?;
    answers.pop().ok_or_else(|| Problem::not_found("metric", name))
}

/// Why a deployment or a change counts as it does.
pub async fn explain(state: &ApiState, scope: &Scope, id: &str) -> Result<Option<Explanation>, Problem> {
    let _turn = scope.turn().await;
    match dora::explain(&scope.store, state.dora(), id).await {
        Ok(explanation) => Ok(explanation.map(Into::into)),
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: dora::DoraError) -> Problem {
    match error {
        dora::DoraError::Store(error) => error.into(),
        dora::DoraError::UnknownService(unknown) => Problem::unknown("service", &unknown),
        dora::DoraError::UnknownTeam(unknown) => Problem::unknown("team", &unknown),
        dora::DoraError::UnknownRepository(unknown) => Problem::unknown("repository", &unknown),
        dora::DoraError::UnknownMetric(unknown) => Problem::unknown("metric", &unknown),
        dora::DoraError::Question(text) => Problem::question(text),
        other => Problem::fault(&other),
    }
}

fn asked_wrongly(name: &str, found: &str, error: &dora::DoraError) -> Problem {
    match error {
        dora::DoraError::Question(text) => Problem::question(text.clone()).about(name, found),
        other => Problem::fault(other),
    }
}
