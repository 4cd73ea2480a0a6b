//! Finds the deployment, change or commit that an id, name or number means.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{Sha, commit_ids};
use store::StoreTx;
use store::history::search::{self, FoundChange, FoundCommit, FoundDeployment};

use crate::{Candidate, DoraError};

/// The most candidates that are listed.
const MAX_CANDIDATES: i64 = 20;

/// What an id names.
pub(super) enum Target {
    Nothing,
    Several(Vec<Candidate>),
    Deployment(FoundDeployment),
    Change(FoundChange),
    Commit(FoundCommit),
}

/// Finds what an id means.
pub(super) async fn find(tx: &mut StoreTx, id: &str) -> Result<Target, DoraError> {
    let found = search::deployments(tx, id).await?;
    if let Some(exact) = found.iter().find(|found| found.id.as_str() == id) {
        return Ok(Target::Deployment(exact.clone()));
    }
    if let Some(target) = one_change(search::changes(tx, &[id.to_owned()]).await?) {
        return Ok(target);
    }
    if let Some(number) = id.strip_prefix('#').and_then(|number| number.parse().ok())
        && let Some(target) = one_change(search::changes_numbered(tx, number).await?)
    {
        return Ok(target);
    }
    if let Some(target) = one_deployment(found) {
        return Ok(target);
    }
    // a direct commit is known as `<repository>@<sha>`
    let (repository, digits) = id.rsplit_once('@').map_or((None, id), |(before, digits)| (Some(before), digits));
    let Some((begin, until)) = commit_ids(digits) else { return Ok(Target::Nothing) };
    let mut commits = search::commits(tx, &begin, &until, MAX_CANDIDATES).await?;
    commits.retain(|commit| repository.is_none_or(|repository| commit.repository.as_str() == repository));
    let shas: BTreeSet<Sha> = commits.iter().map(|commit| commit.sha).collect();
    let (Some(sha), true) = (shas.first(), shas.len() < 2) else {
        let commits = commits.into_iter();
        let commits = commits.map(|found| (found.sha.to_string(), found.subject, Some(found.authored_at)));
        let several = candidates("commit", commits);
        return Ok(if several.is_empty() { Target::Nothing } else { Target::Several(several) });
    };
    if repository.is_none()
        && let Some(target) = one_deployment(search::deployments_of(tx, sha).await?)
    {
        return Ok(target);
    }
    Ok(commits.into_iter().next().map_or(Target::Nothing, Target::Commit))
}

fn candidates(
    what: &'static str,
    found: impl IntoIterator<Item = (String, String, Option<DateTime<Utc>>)>,
) -> Vec<Candidate> {
    found.into_iter().map(|(id, title, at)| Candidate { what, id, title, at }).collect()
}

fn one_deployment(found: Vec<FoundDeployment>) -> Option<Target> {
    // of a release and a tag of one name the one that counts is the target
    let measured: Vec<&FoundDeployment> = found.iter().filter(|found| found.measured).collect();
    let ids: BTreeSet<_> = measured.iter().map(|found| &found.id).collect();
    match (measured.first().copied(), ids.len(), found.first(), found.len()) {
        (Some(only), 1, _, _) | (None, _, Some(only), 1) => Some(Target::Deployment(only.clone())),
        (_, _, None, _) => None,
        _ => Some(Target::Several(candidates(
            "deployment",
            found.into_iter().map(|found| (found.id.to_string(), found.name.unwrap_or_default(), found.at)),
        ))),
    }
}

fn one_change(mut found: Vec<FoundChange>) -> Option<Target> {
    match (found.pop(), found.len()) {
        (None, _) => None,
        (Some(only), 0) => Some(Target::Change(only)),
        (Some(last), _) => Some(Target::Several(candidates(
            "change",
            found.into_iter().chain([last]).map(|found| (found.id.to_string(), found.title, found.merged_at)),
        ))),
    }
}
