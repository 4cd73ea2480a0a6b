//! Deployments and releases.

use chrono::{DateTime, Utc};
use connector::lenient;
use connector::reference::own_name;
use connector::versions::{moment, stated};
use kernel::{Deployment, DeploymentSource, NotStored, Outcome, Sha, Version};

use super::place::{Place, text};
use crate::wire;

/// The environment of a prerelease: not production by the usual names, until it is promoted.
const PRERELEASE: &str = "prerelease";

/// A deployment that was asked for and has no status yet. It has not begun: it may wait for an approval for weeks.
#[must_use]
pub fn deployment(place: &Place, deployment: &wire::Deployment) -> Deployment {
    Deployment {
        repository: Some(place.id.clone()),
        environment: text(deployment.environment.as_ref()),
        production: is_production(deployment),
        sha: deployment.sha,
        name: deployment.reference.as_deref().and_then(|name| own_name(name, place.default_branch.as_deref())),
        ..Deployment::new(
            place.id.deployment(deployment.id),
            deployment_version(deployment.created_at, 0, is_production(deployment)),
        )
    }
}

/// Whether GitHub itself says that the environment is production. Without being asked it says so of one that is named
/// `production`, and the contrary of all others, so that only what differs from that was set on purpose.
fn is_production(deployment: &wire::Deployment) -> Option<bool> {
    let named = deployment.environment.as_deref() == Some("production");
    match (deployment.production_environment, deployment.transient_environment) {
        (Some(true), _) => Some(true),
        (Some(false), _) if named => Some(false),
        (_, Some(true)) => Some(false),
        _ => None,
    }
}

/// The version of a deployment of this rank. GraphQL does not say whether an environment is production, so of two
/// versions of one state that which says it is kept.
fn deployment_version(at: DateTime<Utc>, rank: i64, production: Option<bool>) -> Version {
    stated(moment(at, 2 * rank + i64::from(production.is_some())))
}

/// A deployment after a status; `None` for `inactive`, which says that a later deployment took its
/// place, not how it ended.
pub fn deployment_after(
    place: &Place,
    wire: &wire::Deployment,
    status: &wire::DeploymentStatus,
) -> Result<Option<Deployment>, NotStored> {
    let outcome = match &*status.state {
        "success" => Some(Outcome::Success),
        "failure" | "error" => Some(Outcome::Failure),
        "pending" | "queued" | "waiting" | "in_progress" => None,
        "inactive" => return Ok(None),
        state => return Err(lenient::not_understood("deployment_status.state", state)),
    };
    let begun = deployment(place, wire);
    let environment = text(status.environment.as_ref()).or_else(|| begun.environment.clone());
    // the flag is that of the environment that the deployment began with
    let production = begun.production.filter(|_| environment == begun.environment);
    Ok(Some(Deployment {
        environment,
        production,
        started_at: (&*status.state == "in_progress").then_some(status.created_at),
        finished_at: outcome.map(|_| status.created_at),
        outcome,
        url: text(status.log_url.as_ref()).or_else(|| text(status.target_url.as_ref())),
        version: deployment_version(status.created_at, if outcome.is_some() { 2 } else { 1 }, production),
        ..begun
    }))
}

/// A release; `None` for a draft, which only its authors see. `received` is the time of last
/// resort for a release that was taken back and has no time in its payload.
#[must_use]
pub fn release(place: &Place, release: &wire::Release, action: &str, received: DateTime<Utc>) -> Option<Deployment> {
    let gone = matches!(action, "deleted" | "unpublished");
    if release.draft && action != "unpublished" {
        return None;
    }
    let changed_at = release.updated_at.max(release.published_at).unwrap_or(received);
    let rank = match action {
        "deleted" | "unpublished" => 3,
        "edited" => 2,
        // A prerelease that became a release.
        "released" => 1,
        _ => 0,
    };
    Some(Deployment {
        source: DeploymentSource::Release,
        repository: Some(place.id.clone()),
        environment: release.prerelease.then(|| PRERELEASE.to_owned()),
        sha: release.target_commitish.as_deref().and_then(|target| Sha::parse(target).ok()),
        name: text(release.tag_name.as_ref()),
        finished_at: release.published_at,
        outcome: Some(Outcome::Success),
        url: release.html_url.clone(),
        deleted: gone,
        ..Deployment::new(place.id.release(release.id), stated(moment(changed_at, rank)))
    })
}
