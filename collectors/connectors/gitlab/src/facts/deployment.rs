//! Deployments and releases.

use chrono::{DateTime, Utc};
use connector::reference::own_name;
use connector::versions::{moment, stated};
use kernel::{Deployment, DeploymentSource, NotStored, Outcome, RejectReason, Rejection, Sha};

use super::pipeline::outcome;
use super::place::Place;
use crate::wire;

/// A deployment as both hook and API can report it.
struct Deployed<'a> {
    id: String,
    status: &'a str,
    at: DateTime<Utc>,
    environment: Option<&'a String>,
    tier: Option<&'a str>,
    sha: Option<Sha>,
    reference: Option<&'a str>,
    job: Option<i64>,
}

fn deployment(place: &Place, deployed: &Deployed<'_>) -> Result<Deployment, NotStored> {
    let outcome = outcome(deployed.status)?;
    let running = deployed.status == "running";
    let rank = if outcome.is_some() { 2 } else { i64::from(running) };
    // GitLab guesses a tier by the name, unless it was set; older versions and some tokens do not see it
    let production = deployed.tier.filter(|tier| !tier.is_empty()).map(|tier| tier.eq_ignore_ascii_case("production"));
    Ok(Deployment {
        repository: Some(place.id.clone()),
        environment: deployed.environment.filter(|name| !name.is_empty()).cloned(),
        production,
        sha: deployed.sha,
        name: deployed.reference.and_then(|reference| own_name(reference, place.default_branch.as_deref())),
        // The hook of one that has ended does not report it, and a number must not depend on the way here.
        started_at: Some(deployed.at).filter(|_| running),
        finished_at: outcome.map(|_| deployed.at),
        outcome,
        url: deployed.job.map(|job| place.page(&format!("jobs/{job}"))),
        ..Deployment::new(
            place.id.deployment(&deployed.id),
            stated(moment(deployed.at, 2 * rank + i64::from(production.is_some()))),
        )
    })
}

/// A deployment by its hook.
pub(crate) fn deployment_of_hook(
    place: &Place,
    hook: &wire::DeploymentHook,
    received: DateTime<Utc>,
) -> Result<Deployment, NotStored> {
    // Before there was an id, the job was it.
    let id = hook.deployment_id.map(|id| id.to_string());
    let id = id.or_else(|| Some(format!("job-{}", hook.deployable_id?)));
    let sha = hook.commit_url.as_deref().and_then(|url| Sha::parse(url.rsplit('/').next()?).ok());
    let job = hook.deployable_url.as_deref().and_then(|url| url.rsplit('/').next()?.parse().ok());
    deployment(
        place,
        &Deployed {
            id: id.ok_or_else(|| Rejection::new(RejectReason::Schema, "missing field `deployment_id`"))?,
            status: &hook.status,
            at: hook.status_changed_at.map_or(received, |when| when.0),
            environment: hook.environment.as_ref(),
            tier: hook.environment_tier.as_deref(),
            sha,
            reference: hook.reference.as_deref(),
            job: hook.deployable_id.or(job),
        },
    )
}

/// A deployment by the API, which does not report the environment's tier with it.
pub(crate) fn deployment_of_row(
    place: &Place,
    row: &wire::Deployment,
    tier: Option<&str>,
) -> Result<Deployment, NotStored> {
    deployment(
        place,
        &Deployed {
            id: row.id.to_string(),
            status: &row.status,
            at: row.updated_at.unwrap_or(row.created_at).0,
            environment: row.environment.as_ref().map(|environment| &environment.name),
            tier,
            sha: row.sha,
            reference: row.reference.as_deref(),
            job: row.deployable.as_ref().map(|job| job.id),
        },
    )
}

/// A release, known by its tag. `received` is the time of last resort for one that has none.
pub(crate) fn release(place: &Place, release: &wire::Release, deleted: bool, received: DateTime<Utc>) -> Deployment {
    let created = release.created_at.map(|when| when.0);
    let released = release.released_at.map(|when| when.0).or(created);
    Deployment {
        source: DeploymentSource::Release,
        repository: Some(place.id.clone()),
        sha: release.commit.as_ref().and_then(|commit| commit.id),
        name: Some(release.tag.clone()),
        finished_at: released,
        outcome: Some(Outcome::Success),
        url: Some(place.page(&format!("releases/{}", release.tag))),
        deleted,
        ..Deployment::new(
            place.id.release(&release.tag),
            stated(moment(released.max(created).unwrap_or(received), if deleted { 3 } else { 0 })),
        )
    }
}
