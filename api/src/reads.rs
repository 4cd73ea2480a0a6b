//! What REST and GraphQL both answer with: pages of lists, the engine's reports and its explanations.

mod audit;
mod boards;
mod dead_letters;
mod event_counts;
mod identity;
mod lists;
mod mapping;
mod open_changes;
mod page;
mod people;
mod persons;
mod targets;

pub use audit::audit;
pub use boards::{board, boards, whole_boards};
pub use dead_letters::{dead_letter, dead_letter_counts, dead_letters};
pub use event_counts::event_counts;
pub use identity::{grants, tokens, users};
pub use lists::{changes, deployments, findings, incidents, list, sources, teams};
pub use mapping::{mapped_services, mapped_teams, unmapped};
use open_changes::{Found, Usual};
pub use page::{Page, Part, Section};
pub use people::{people, person_statements};
pub use persons::check_account;
pub(crate) use persons::record as record_view;
pub(crate) use targets::view as target_view;
pub use targets::{all_targets, targets};

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use dora::{
    AskedServices, Budget, Contributions, Dated, Definition, Distribution, MOVER_METRICS, MetricAnswer, Mover,
    Question, Report, Snapshots, Versions,
};
use kernel::near::UnknownName;
use serde_json::json;
use store::StoreError;
use store::audit::Action;
use store::history::search;
use store::queries::{Cut, Owners};

use crate::ApiState;
use crate::access::Access;
use crate::boards::{BoardDocument, in_tile};
use crate::identity::Grants;
use crate::problem::Problem;
use crate::questions::{
    ContributionsQuestion, DistributionQuestion, MetricQuestion, MoversQuestion, ReportQuestion, RowQuestion,
    RowsAsked, ServiceFilter, Span,
};
use crate::scope::Scope;
use crate::views::{Explanation, OpenChange, RawEvent, TenantView};

/// The tenants that are granted to who asks, by name. They are few, so all are read.
pub async fn tenants(
    state: &ApiState,
    grants: &Grants,
    part: &Section<String>,
) -> Result<Page<TenantView>, StoreError> {
    let mut rows = state.store().tenants().await?;
    rows.retain(|row| grants.of_tenant(&row.tenant).is_some());
    rows.sort_by(|one, other| one.tenant.as_str().cmp(other.tenant.as_str()));
    Ok(Page::of_all(rows, part, |row| row.tenant.to_string()))
}

/// What one request may cost: values of the series that it asks for, and in GraphQL fields beside them, about.
pub const COST_MAX: u32 = 20_000;

/// What the questions of one request may cost together.
#[must_use]
pub fn budget() -> Budget {
    Budget::of(COST_MAX.into())
}

/// The five metrics over a window.
pub async fn report(
    state: &ApiState,
    scope: &Scope,
    question: &ReportQuestion,
    budget: Budget,
) -> Result<Dated<Report>, Problem> {
    let _turn = scope.turn().await;
    let (first, versions) = first_deployment_at(state, scope, (&question.span, &question.services)).await?;
    let mut query = question.query(state.settings().dora.time_zone, first, budget)?;
    query.within = scope.access.within.clone();
    let store = state.unhurried(scope.store.tenant());
    let report = snapshots(state, scope).report(&store, &query).await.map_err(refused)?;
    Ok(Dated { versions: report.versions.and(versions), ..report })
}

/// What is in memory, as a request may have it.
fn snapshots(state: &ApiState, scope: &Scope) -> Snapshots {
    state.snapshots().as_of(scope.as_of)
}

/// How many deployments of a name are suggested.
const DEPLOYMENTS: usize = 3;

/// How many events are shown of a fact, at most.
const EVENTS: i64 = 20;

/// The raw events that reported a fact, the latest first, as far as the log still holds them.
pub async fn events(state: &ApiState, scope: &Scope, fact: &str) -> Result<Vec<RawEvent>, Problem> {
    let Some(log) = state.log(&scope.access) else { return Err(Problem::raw_events()) };
    // what can't be audited is not shown
    state.audit().record(scope, Action::RawEventViewed, fact, json!({})).await?;
    let _turn = scope.turn().await;
    let mut events = Vec::new();
    let take = |place, event| events.push(RawEvent::shortened(place, event));
    eventlog::events_of(log, &scope.store, fact, EVENTS, take).await?;
    Ok(events)
}

/// The metrics that can be asked for.
pub fn metrics(state: &ApiState) -> Result<Vec<Definition>, Problem> {
    dora::definitions(&state.settings().metric).map_err(refused)
}

/// Metrics over a window, in the order of their names. What they are made from is read once.
pub async fn several(
    state: &ApiState,
    scope: &Scope,
    names: &[&str],
    question: &MetricQuestion,
    budget: Budget,
) -> Result<Dated<Vec<MetricAnswer>>, Problem> {
    let _turn = scope.turn().await;
    let (question, versions) = asked_of_metrics(state, scope, (names, question), budget).await?;
    let store = state.unhurried(scope.store.tenant());
    let answers = snapshots(state, scope).ask(&store, names, &question).await.map_err(refused)?;
    Ok(Dated { versions: answers.versions.and(versions), ..answers })
}

/// A metric over a window.
pub async fn metric(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    question: &MetricQuestion,
    budget: Budget,
) -> Result<Dated<MetricAnswer>, Problem> {
    let Dated { mut answer, versions } = several(state, scope, &[name], question, budget).await?;
    let answer = answer.pop().ok_or_else(|| Problem::not_found("metric", name))?;
    Ok(Dated { answer, versions })
}

/// The distributions behind metrics over a window, in the order of their names.
pub async fn distributions(
    state: &ApiState,
    scope: &Scope,
    (names, question): (&[&str], &MetricQuestion),
    budget: Budget,
) -> Result<Dated<Vec<Distribution>>, Problem> {
    let _turn = scope.turn().await;
    let (question, versions) = asked_of_metrics(state, scope, (names, question), budget).await?;
    let store = state.unhurried(scope.store.tenant());
    let Dated { answer, versions: read } =
        snapshots(state, scope).distributions(&store, names, &question).await.map_err(refused)?;
    Ok(Dated { answer, versions: read.and(versions) })
}

/// The distribution behind a metric over a window.
pub async fn distribution(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    question: &DistributionQuestion,
    budget: Budget,
) -> Result<Dated<Distribution>, Problem> {
    let question = question.metric();
    let Dated { mut answer, versions } = distributions(state, scope, (&[name], &question), budget).await?;
    let answer = answer.pop().ok_or_else(|| Problem::not_found("metric", name))?;
    Ok(Dated { answer, versions })
}

/// What contributed to the change of a metric since an earlier window.
pub async fn contributions(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    question: &ContributionsQuestion,
    budget: Budget,
) -> Result<Dated<Contributions>, Problem> {
    let _turn = scope.turn().await;
    let (asked, versions) = asked_of_metrics(state, scope, (&[name], &question.metric()), budget).await?;
    let store = state.unhurried(scope.store.tenant());
    let asked = (&asked, question.by.unwrap_or_default());
    let Dated { mut answer, versions: read } =
        snapshots(state, scope).contributions(&store, &[name], asked).await.map_err(refused)?;
    let answer = answer.pop().ok_or_else(|| Problem::not_found("metric", name))?;
    Ok(Dated { answer, versions: read.and(versions) })
}

/// What moved most since an earlier window, as far as `limit`.
pub async fn movers(
    state: &ApiState,
    scope: &Scope,
    question: &MoversQuestion,
    limit: usize,
    budget: Budget,
) -> Result<Dated<Vec<Mover>>, Problem> {
    let Dated { answer, versions } = several(state, scope, &MOVER_METRICS, &question.metrics(), budget).await?;
    Ok(Dated { answer: dora::movers(&answer, limit), versions })
}

/// Changes that are open, or merged and not deployed, with how far each has come.
pub async fn open_changes(
    state: &ApiState,
    scope: &Scope,
    asked: &RowsAsked,
    cut: &Cut,
) -> Result<Page<OpenChange>, Problem> {
    let found = Found::read(scope, asked, cut).await?;
    let progress = {
        let _turn = scope.turn().await;
        let settings = &state.settings().dora;
        dora::progress(&scope.store, settings, &found.reviewed, Utc::now()).await.map_err(refused)?
    };
    let (names, question) = Usual::question(&progress);
    let usual = distributions(state, scope, (&names, &question), Budget::default()).await?;
    Ok(found.shown(scope, &progress, &Usual::new(usual.answer)))
}

/// The engine's question about metrics, and what it was made from. The caller has the turn.
async fn asked_of_metrics(
    state: &ApiState,
    scope: &Scope,
    (names, question): (&[&str], &MetricQuestion),
    budget: Budget,
) -> Result<(Question, Versions), Problem> {
    let persons = persons::named(state, scope, (names, question)).await?;
    let (first, versions) = first_deployment_at(state, scope, (&question.span, &question.services)).await?;
    let question = question.query(state.settings().dora.time_zone, first, budget)?;
    Ok((Question { within: scope.access.within.clone(), persons, ..question }, versions))
}

/// The services that a list is asked for; `None` for all. Fails if a service or a team does not exist: an empty list would
/// hide a misspelled name.
pub async fn asked_services(
    state: &ApiState,
    scope: &Scope,
    services: &ServiceFilter,
) -> Result<Option<Vec<String>>, Problem> {
    if services.service.is_none() && services.team.is_none() && scope.access.within.is_everything() {
        return Ok(None);
    }
    let _turn = scope.turn().await;
    Ok(services_asked_about(state, scope, services).await?.answer.services)
}

/// Fails if a tile of a board names a service or a team that is not there, or may not be seen.
pub async fn check_tiles(state: &ApiState, scope: &Scope, board: &BoardDocument) -> Result<(), Problem> {
    let mut looked_up = BTreeSet::new();
    for (nth, tile) in board.tiles.iter().enumerate().filter(|(_, tile)| looked_up.insert((&tile.service, &tile.team)))
    {
        let services = ServiceFilter { service: tile.service.clone(), team: tile.team.clone() };
        asked_services(state, scope, &services).await.map_err(|problem| in_tile(nth, problem))?;
    }
    Ok(())
}

/// Fails for a team that is not there, or may not be seen.
pub async fn check_team(state: &ApiState, scope: &Scope, team: &str) -> Result<(), Problem> {
    let services = ServiceFilter { team: Some(team.to_owned()), ..ServiceFilter::default() };
    asked_services(state, scope, &services).await.map(drop)
}

/// What an access that is limited to teams stands for, and whose data it is shown, by the tenant's data.
pub async fn limited(state: &ApiState, scope: Scope) -> Result<Scope, Problem> {
    if scope.access.within.is_everything() {
        return persons::decided(state, scope).await;
    }
    let asked = services_asked_about(state, &scope, &ServiceFilter::default()).await?.answer;
    let access = scope.access.clone().limited_to(asked);
    persons::decided(state, scope.with_access(access)).await
}

/// The services that a list is asked for, with their repositories; `None` for all. Fails as [`asked_services`] does.
pub async fn asked_owners(
    state: &ApiState,
    scope: &Scope,
    services: &ServiceFilter,
) -> Result<Option<Arc<Owners>>, Problem> {
    if services.service.is_none() && services.team.is_none() && scope.access.within.is_everything() {
        return Ok(None);
    }
    let _turn = scope.turn().await;
    let AskedServices { services, repositories, .. } = services_asked_about(state, scope, services).await?.answer;
    Ok(services.map(|services| Arc::new(Owners { services, repositories: repositories.unwrap_or_default() })))
}

/// The services that a question about rows is about, with their repositories; `None` for all. Fails as [`asked_services`]
/// does, for a deployment that does not exist, and for the account of a person whose data may not be shown.
pub async fn row_owners(
    state: &ApiState,
    scope: &Scope,
    question: &impl RowQuestion,
) -> Result<Option<Arc<Owners>>, Problem> {
    if let Some((list, account)) = question.account() {
        check_account(state, scope, (list, account)).await?;
    }
    let owners = asked_owners(state, scope, &question.services()).await?;
    if let Some(deployment) = question.deployment() {
        check_deployment(scope, deployment).await?;
    }
    Ok(owners)
}

/// What the names of a service and a team stand for. The caller has the turn.
async fn services_asked_about(
    state: &ApiState,
    scope: &Scope,
    services: &ServiceFilter,
) -> Result<Dated<AskedServices>, Problem> {
    let store = state.unhurried(scope.store.tenant());
    let question = Question { within: scope.access.within.clone(), ..services.question() };
    snapshots(state, scope).asked_services(&store, &question).await.map_err(refused)
}

/// When the first deployment finished, where a window begins with it, and what that was made from. The caller has the turn.
async fn first_deployment_at(
    state: &ApiState,
    scope: &Scope,
    (span, services): (&Span, &ServiceFilter),
) -> Result<(Option<DateTime<Utc>>, Versions), Problem> {
    let mut versions = Versions::default();
    let asked = async {
        let asked = services_asked_about(state, scope, services).await?;
        versions = asked.versions;
        Ok::<_, Problem>(asked.answer)
    };
    let first = span.first_deployment_at(asked).await?;
    Ok((first, versions))
}

/// Fails if a list is asked for a deployment that does not exist.
async fn check_deployment(scope: &Scope, id: &str) -> Result<(), Problem> {
    let _turn = scope.turn().await;
    let mut tx = scope.store.begin().await?;
    let mut found = search::deployments(&mut tx, id).await?;
    if let Some(services) = &scope.access.services {
        // one of another service is not there for who does not see that
        let ids: Vec<String> = found.iter().map(|found| found.id.to_string()).collect();
        let services: Vec<String> = services.iter().cloned().collect();
        let seen = search::measured(&mut tx, &ids, &services).await?;
        found.retain(|found| seen.contains(found.id.as_str()));
    }
    tx.rollback().await?;
    if found.iter().any(|found| found.id.as_str() == id) {
        return Ok(());
    }
    // a tag or a version is no id, since several services may have it
    let meant = found.into_iter().take(DEPLOYMENTS).map(|found| found.id.to_string()).collect();
    Err(Problem::unknown("deployment", &UnknownName { near: meant, ..UnknownName::new(id, []) }))
}

/// Why a deployment or a change counts as it does.
pub async fn explain(state: &ApiState, scope: &Scope, id: &str) -> Result<Option<Explanation>, Problem> {
    let _turn = scope.turn().await;
    match dora::explain(&scope.store, &state.settings().dora, id).await {
        Ok(explanation) => {
            let mut shown = explanation.and_then(|found| seen(found, &scope.access)).map(Explanation::shortened);
            lists::hide_people(scope, shown.iter_mut());
            Ok(shown)
        }
        Err(error) => Err(refused(error)),
    }
}

/// What of an explanation may be shown; `None` where that is nothing. What else could be meant may belong to anyone: who
/// is limited to teams gets no candidates.
fn seen(mut found: dora::Explanation, access: &Access) -> Option<dora::Explanation> {
    if access.services.is_some() {
        found.deployments.retain(|deployment| access.sees_service(&deployment.service));
        found.changes.retain(|change| access.sees_service(&change.service));
        found.candidates.clear();
        if found.deployments.is_empty() && found.changes.is_empty() {
            return None;
        }
    }
    Some(found)
}

/// What the engine refuses, as a problem.
pub fn refused(error: dora::DoraError) -> Problem {
    match error {
        dora::DoraError::Store(error) => error.into(),
        dora::DoraError::UnknownService(unknown) => Problem::unknown("service", &unknown),
        dora::DoraError::UnknownTeam(unknown) => Problem::unknown("team", &unknown),
        dora::DoraError::UnknownRepository(unknown) => Problem::unknown("repository", &unknown),
        dora::DoraError::UnknownEnvironment(unknown) => Problem::unknown_environment(&unknown),
        dora::DoraError::UnknownMetric(unknown) => Problem::unknown("metric", &unknown),
        dora::DoraError::Question(text) => Problem::question(text),
        other => Problem::fault(&other),
    }
}
