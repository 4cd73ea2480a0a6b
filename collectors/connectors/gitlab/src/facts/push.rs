//! Commits and tags.

use chrono::{DateTime, Utc};
use connector::versions::{inferred, is_version_tag, moment};
use connector::{reverts, trailers};
use kernel::{Commit, Deployment, DeploymentSource, Outcome};

use super::place::Place;
use crate::wire;

/// A commit of a push or of a merge request. Neither reports its parents, so a clone's version counts more.
pub(crate) fn commit(place: &Place, branch: Option<&str>, commit: &wire::Commit) -> Commit {
    let wire::Commit { committed, stated: commit } = commit;
    // A commit reaches several branches; the default branch states most. The API reports when it was written.
    let rank = i64::from(commit.authored_date.is_some()) + 2 * i64::from(place.default_branch.as_deref() == branch);
    Commit {
        parents: (!commit.parent_ids.is_empty()).then(|| commit.parent_ids.clone()),
        author: commit.email().and_then(|email| place.git_account(email)),
        subject: commit.message.lines().next().unwrap_or_default().to_owned(),
        branch: branch.map(str::to_owned),
        reverts: reverts::commits(&commit.message),
        co_authors: trailers::co_authors(&commit.message),
        cherry_picked_from: trailers::cherry_picked_from(&commit.message),
        ..Commit::new(
            place.id.clone(),
            commit.id,
            commit.authored_date.unwrap_or(*committed).0,
            committed.0,
            inferred(moment(committed.0, rank)),
        )
    }
}

/// A version tag that was made or deleted; `None` for a tag that is no version. What a clone says of the
/// tag counts more.
pub(crate) fn tag(place: &Place, push: &wire::Push, received: DateTime<Utc>) -> Option<Deployment> {
    let name = push.reference.strip_prefix("refs/tags/").filter(|name| is_version_tag(name))?;
    let deleted = push.after.is_some_and(|after| after.is_null());
    let sha = push.checkout_sha.filter(|sha| !deleted && !sha.is_null());
    let commit = push.commits.iter().find(|commit| Some(commit.stated.id) == sha);
    let at = commit.map_or(received, |commit| commit.committed.0);
    Some(Deployment {
        source: DeploymentSource::Tag,
        repository: Some(place.id.clone()),
        sha,
        name: Some(name.to_owned()),
        finished_at: (!deleted).then_some(at),
        outcome: Some(Outcome::Success),
        url: Some(place.page(&format!("tags/{name}"))),
        deleted,
        ..Deployment::new(place.id.tag(name), inferred(received))
    })
}
