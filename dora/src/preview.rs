//! What a service without deployments would be measured as if each merge to its default branch were a deployment:
//! lead time and frequency, computed in memory. Nothing of it is stored, so no later number depends on it.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use kernel::{Deployment, DeploymentId, DeploymentSource, Detail, Outcome, RepositoryId, Sha, Version};
use serde::Serialize;
use store::Store;

use crate::basis::{Caveat, no_earlier_beginning};
use crate::compute::instant;
use crate::engine::load;
use crate::metrics::{Calendar, median};
use crate::settings;
use crate::{DoraError, History, Options, Unit, Value, ValueName, Window, compute, services};

/// How long the window of a preview is.
const WINDOW: Duration = Duration::days(90);

/// The branch that a preview follows, and the commit that it points to.
#[derive(Clone, Debug)]
pub struct PreviewBranch {
    /// The repository that it is a branch of.
    pub repository: RepositoryId,
    /// Its name, such as `main`.
    pub name: String,
    /// The commit that it points to.
    pub tip: Sha,
}

/// Lead time and frequency as if each merge, or push, to the branch were a deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The service.
    pub service: String,
    /// The branch.
    pub branch: String,
    /// 90 days up to now; up to the last merge where that is longer ago.
    pub window: Window,
    /// The number of merges, or pushes, in the window.
    pub merges: Value,
    /// Merges a day.
    pub frequency: Value,
    /// The median lead time of the changes that they carried.
    pub lead_time: Value,
    /// What a reader must know about it.
    pub caveats: Vec<Caveat>,
}

/// Previews a service that has no deployments. `None` where the service has some, or the branch has no commits.
pub async fn preview(
    store: &Store,
    settings: &settings::Dora,
    service: &str,
    branch: &PreviewBranch,
    now: DateTime<Utc>,
) -> Result<Option<Preview>, DoraError> {
    let options = Options::new(settings)?;
    let mut tx = store.begin().await?;
    let known = services::all(&store::history::services(&mut tx).await?);
    let Some(service) = known.iter().find(|known| known.name == service) else { return Ok(None) };
    let history = load(&mut tx, service).await?;
    tx.rollback().await?;
    let (branch, zone, name) = (branch.clone(), settings.time_zone, service.name.clone());
    tokio::task::spawn_blocking(move || of_history(history, &options, &branch, zone, now))
        .await
        .map_err(|error| DoraError::ended(name, error))?
}

fn of_history(
    mut history: History,
    options: &Options,
    branch: &PreviewBranch,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Option<Preview>, DoraError> {
    if !compute(&history, options).deployments.is_empty() {
        return Ok(None);
    }
    history.deployments = merges(&history, branch);
    history.deployments_from = Some(DeploymentSource::Branch);
    let metrics = compute(&history, options);
    let last = metrics.deployments.iter().map(|row| row.finished_at).filter(|at| *at <= now).max();
    let Some(last) = last else { return Ok(None) };
    let to = if last < now - WINDOW { last + Duration::seconds(1) } else { now };
    let calendar = Calendar { zone };
    let Some(from) = calendar.before(to, WINDOW) else { return Ok(None) };
    let window = Window { from, to };
    let within = |at: DateTime<Utc>| window.from <= at && at < window.to;
    let merges = metrics.deployments.iter().filter(|row| row.counts && within(row.finished_at)).count() as u64;
    let changes = metrics.changes(&history, options).filter(|row| !row.excluded && within(row.deployed_at));
    let lead_times: Vec<f64> = changes.filter_map(|row| Some(row.lead_time_us? as f64 / 1e6)).collect();
    let n = lead_times.len() as u64;
    let lead_time = median(lead_times)?;
    let per_day = merges as f64 / calendar.days(window.from, window.to);
    Ok(Some(Preview {
        service: history.service,
        branch: branch.name.clone(),
        window,
        merges: Value::new(ValueName::Deployments, Some(merges as f64), Unit::Count, merges),
        frequency: Value::new(ValueName::PerDay, Some(per_day), Unit::PerDay, merges),
        lead_time: Value::new(ValueName::Median, lead_time, Unit::Seconds, n),
        caveats: no_earlier_beginning(lead_time).into_iter().collect(),
    }))
}

/// A deployment for each commit along the first parents of the branch, as the git connector makes them of a
/// deployment branch.
fn merges(history: &History, branch: &PreviewBranch) -> Vec<Deployment> {
    let graph = &history.graph;
    let mut seen = std::collections::HashSet::new();
    let tip = graph.find(&branch.tip);
    let line = std::iter::successors(tip, |commit| graph.parents(*commit).first().copied());
    // invented histories can go in circles
    let line = line.take_while(|commit| graph.known(*commit) && seen.insert(*commit));
    let mut deployments: Vec<Deployment> = line
        .map(|commit| {
            let (sha, at) = (graph.sha(commit), instant(graph.committed(commit)));
            Deployment {
                source: DeploymentSource::Branch,
                repository: Some(branch.repository.clone()),
                sha: Some(sha),
                finished_at: Some(at),
                outcome: Some(Outcome::Success),
                ..Deployment::new(
                    DeploymentId(format!("{}/branch/{}/{sha}", branch.repository, branch.name)),
                    Version { detail: Detail::Stated, at },
                )
            }
        })
        .collect();
    // a history holds them by id
    deployments.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    deployments
}

#[cfg(test)]
mod tests {
    use kernel::{Commit, Fact, Service};

    use super::*;
    use crate::HistoryBuilder;

    const REPOSITORY: &str = "example.com/shop/web";

    fn sha(number: u8) -> Sha {
        Sha::from_bytes(&[number; 20]).unwrap()
    }

    fn commit(number: u8, parents: &[u8], authored: &str, committed: &str) -> Fact {
        let parents: Vec<Sha> = parents.iter().map(|parent| sha(*parent)).collect();
        let commit = serde_json::json!({
            "repository": REPOSITORY, "sha": sha(number), "parents": parents,
            "authored_at": authored, "committed_at": committed, "subject": "x",
            "version": { "at": committed },
        });
        let commit: Commit = serde_json::from_value(commit).unwrap();
        Fact::Commit(commit)
    }

    fn previewed(now: &str, tip: u8) -> Option<Preview> {
        let service: Service = serde_json::from_value(serde_json::json!({
            "name": "web", "repositories": [REPOSITORY], "version": { "at": "2026-01-01T00:00:00Z" },
        }))
        .unwrap();
        let mut builder = HistoryBuilder::new(&service).unwrap();
        // 1 ← 2 ← 4 (merges 3, which was written a day before)
        for fact in [
            commit(1, &[], "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            commit(2, &[1], "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"),
            commit(3, &[1], "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"),
            commit(4, &[2, 3], "2026-01-03T00:00:00Z", "2026-01-03T00:00:00Z"),
        ] {
            builder.fact(&fact);
        }
        let options = Options::new(&crate::settings::Dora::default()).unwrap();
        let branch = PreviewBranch { repository: REPOSITORY.into(), name: "main".to_owned(), tip: sha(tip) };
        of_history(builder.build(), &options, &branch, Tz::UTC, now.parse().unwrap()).unwrap()
    }

    #[test]
    fn each_merge_to_the_branch_is_previewed_as_a_deployment() {
        let preview = previewed("2026-01-04T00:00:00Z", 4).unwrap();
        assert_eq!(preview.merges.value, Some(3.0));
        assert_eq!(preview.frequency.n, 3);
        assert!(preview.lead_time.value.is_some(), "{preview:?}");
    }

    #[test]
    fn a_branch_that_rests_is_previewed_up_to_its_last_merge_and_an_unknown_one_not_at_all() {
        let preview = previewed("2027-01-04T00:00:00Z", 4).unwrap();
        assert_eq!(preview.window.to, "2026-01-03T00:00:01Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(preview.merges.value, Some(3.0));
        assert_eq!(previewed("2026-01-04T00:00:00Z", 9), None);
    }
}
