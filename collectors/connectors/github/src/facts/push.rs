//! Commits and tags.

use chrono::{DateTime, Utc};
use connector::versions::{inferred, moment};
use connector::{reverts, trailers};
use kernel::{Commit, Deployment, DeploymentSource, Outcome, Sha};

use super::place::Place;
use crate::wire;

/// A commit out of a push, whose parents the push does not report.
#[must_use]
pub fn commit(place: &Place, branch: Option<&str>, commit: &wire::Commit) -> Commit {
    // A commit reaches several branches; the default branch states most.
    let rank = i64::from(branch.is_some() && place.default_branch.as_deref() == branch);
    Commit {
        author: commit.author.as_ref().and_then(|person| place.git_account_id(person)),
        subject: commit.message.lines().next().unwrap_or_default().to_owned(),
        branch: branch.map(str::to_owned),
        reverts: reverts::commits(&commit.message),
        co_authors: trailers::co_authors(&commit.message),
        cherry_picked_from: trailers::cherry_picked_from(&commit.message),
        ..Commit::new(
            place.id.clone(),
            commit.id,
            commit.timestamp,
            commit.timestamp,
            inferred(moment(commit.timestamp, rank)),
        )
    }
}

/// A version tag that was made or deleted, on a commit where that is known. What a clone states about the tag counts more.
#[must_use]
pub fn tag(place: &Place, name: &str, sha: Option<Sha>, deleted: bool, at: DateTime<Utc>) -> Deployment {
    Deployment {
        source: DeploymentSource::Tag,
        repository: Some(place.id.clone()),
        sha: sha.filter(|_| !deleted),
        name: Some(name.to_owned()),
        finished_at: (!deleted).then_some(at),
        outcome: Some(Outcome::Success),
        deleted,
        ..Deployment::new(place.id.tag(name), inferred(at))
    }
}
