//! What belongs where, as administrators change it: services with their repositories, incidents and teams, and teams with
//! their members. Each change is a fact, as the settings write them; what the settings declare only they change. Each is
//! made of what it finds in its own transaction.

mod check;

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use eventlog::EventLog;
use kernel::{Completeness, Fact, Service, Team, Version};
use serde::Serialize;
use serde_json::json;
use store::audit::Action;
use store::{Store, StoreTx, configured, mapping};

use crate::ApiState;
use crate::changer::Changer;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::stated;
use crate::views::{ServiceChange, ServiceMapping, TeamChange, TeamMapping};

/// What the events of changes come from.
const SOURCE: &str = "generic/mapping";

/// States what belongs to a service; `None` that it is declared no more.
pub(crate) async fn map_service(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    after: Option<ServiceMapping>,
) -> Result<ServiceChange, Problem> {
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    check::name(name)?;
    if configured::load(&store).await?.services.contains(name) {
        return Err(in_settings("service", name));
    }
    let (mut tx, log) = begin(state, &store).await?;
    let before = mapping::services_in(&mut tx).await?.into_iter().find(|service| service.name == name);
    if before.is_none() && after.is_none() {
        return Err(Problem::not_found("declared service", name));
    }
    if let Some(after) = &after {
        check::service(after, &team_names(&mut tx).await?)?;
    }
    let service = Service::new(name.to_owned(), next(before.as_ref().map(|service| service.version.at)));
    let service = match &after {
        Some(after) => after.apply(service),
        None => Service { deleted: true, ..service },
    };
    let after = (!service.deleted).then(|| ServiceMapping::of(&service));
    let change = ServiceChange { before: before.as_ref().map(ServiceMapping::of), after };
    write(scope, (tx, log), &format!("service {name}"), (Fact::Service(service), &change)).await?;
    Ok(change)
}

/// States what belongs to a team; `None` that it is declared no more.
pub(crate) async fn map_team(
    state: &ApiState,
    scope: &Scope,
    name: &str,
    after: Option<TeamMapping>,
) -> Result<TeamChange, Problem> {
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    check::name(name)?;
    if configured::load(&store).await?.teams.contains(name) {
        return Err(in_settings("team", name));
    }
    let (mut tx, log) = begin(state, &store).await?;
    let teams = mapping::teams_in(&mut tx).await?;
    let before = teams.iter().find(|team| team.name == name);
    if before.is_none() && after.is_none() {
        return Err(Problem::not_found("declared team", name));
    }
    if let Some(after) = &after {
        check::team(name, after, &teams)?;
    }
    let team = Team::new(name.to_owned(), next(before.map(|team| team.version.at)));
    let team = match &after {
        Some(after) => after.apply(team),
        None => Team { deleted: true, ..team },
    };
    let after = (!team.deleted).then(|| TeamMapping::of(&team));
    let change = TeamChange { before: before.map(TeamMapping::of), after };
    // members are people, whom the audit log does not name
    let members = |mapping: &Option<TeamMapping>| mapping.as_ref().map(|mapping| mapping.members.len());
    let parent = |mapping: &Option<TeamMapping>| mapping.as_ref().and_then(|mapping| mapping.parent.clone());
    let projects = |mapping: &Option<TeamMapping>| mapping.as_ref().map(|mapping| mapping.projects.clone());
    let detail = json!({
        "before": { "parent": parent(&change.before), "members": members(&change.before),
                    "projects": projects(&change.before) },
        "after": { "parent": parent(&change.after), "members": members(&change.after),
                   "projects": projects(&change.after) },
    });
    write(scope, (tx, log), &format!("team {name}"), (Fact::Team(team), &detail)).await?;
    Ok(change)
}

/// A transaction that holds off others who change it, and the log.
async fn begin(state: &ApiState, store: &Store) -> Result<(StoreTx, Arc<dyn EventLog>), Problem> {
    // what has a connection waits for no other one
    let log = eventlog::open(&state.settings().log, store).await?;
    Ok((stated::begin(store).await?, log))
}

async fn write(
    scope: &Scope,
    (tx, log): (StoreTx, Arc<dyn EventLog>),
    subject: &str,
    (fact, detail): (Fact, &impl Serialize),
) -> Result<(), Problem> {
    let detail = serde_json::to_value(detail).map_err(|error| Problem::fault(&error))?;
    let entry = Changer::of(scope).entry(tx.tenant(), Action::MappingChanged, subject);
    stated::commit(tx, log, SOURCE, &[fact], &entry.with(detail)).await
}

/// The names of the teams that are declared.
async fn team_names(tx: &mut StoreTx) -> Result<Vec<String>, Problem> {
    Ok(mapping::teams_in(tx).await?.into_iter().map(|team| team.name).collect())
}

/// A version after the one before: what is stated last counts.
fn next(before: Option<DateTime<Utc>>) -> Version {
    let now = Utc::now().trunc_subsecs(6);
    let after = before.and_then(|before| before.checked_add_signed(TimeDelta::microseconds(1)));
    Version { completeness: Completeness::Measured, at: after.map_or(now, |after| after.max(now)) }
}

fn in_settings(what: &str, name: &str) -> Problem {
    Problem::conflict(format!("The {what} `{name}` is declared in the settings (`[[{what}]]`): change it there."))
}
