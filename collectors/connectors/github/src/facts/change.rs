//! Pull requests and their reviews.

use chrono::{DateTime, Utc};
use connector::versions::{inferred, moment, stated};
use connector::{lenient, reverts};
use kernel::{Change, ChangeId, ChangeState, NotStored, RepositoryId, Review, ReviewState};

use super::place::Place;
use crate::wire;

impl wire::PullRequest {
    /// Returns when it last changed, as far as the payload has it.
    fn changed_at(&self) -> DateTime<Utc> {
        let known = [self.merged_at, self.closed_at].into_iter().flatten().max();
        self.updated_at.or(known).unwrap_or(self.created_at)
    }
}

/// A pull request. `action` is the event's, where there is one.
#[must_use]
pub fn change(place: &Place, pull_request: &wire::PullRequest, action: &str) -> Change {
    let merged = pull_request.merged_at.is_some();
    let closed = match &*pull_request.state {
        "" => {
            let number = pull_request.number;
            let problem = format!("missing or null in pull request {number}; its times say whether it was closed");
            lenient::skip_part("state".to_owned(), problem);
            pull_request.closed_at.is_some()
        }
        state => state == "closed",
    };
    let (state, rank) = match (merged, closed, action) {
        (true, ..) => (ChangeState::Merged, 4),
        (_, true, _) => (ChangeState::Abandoned, 2),
        (_, _, "reopened") => (ChangeState::Open, 3),
        (_, _, "ready_for_review") => (ChangeState::Open, 1),
        _ => (ChangeState::Open, 0),
    };
    Change {
        number: Some(pull_request.number),
        title: pull_request.title.clone(),
        url: pull_request.html_url.clone(),
        author: pull_request.user.as_ref().map(|user| place.account_id(&user.login)),
        source_branch: pull_request.head.reference.clone(),
        target_branch: pull_request.base.reference.clone(),
        head_sha: pull_request.head.sha,
        // Before the merge it is a test merge that is on no branch.
        merge_sha: pull_request.merge_commit_sha.filter(|_| merged),
        opened_at: Some(pull_request.created_at),
        ready_at: (action == "ready_for_review" && !pull_request.draft).then(|| pull_request.changed_at()),
        merged_at: pull_request.merged_at,
        closed_at: pull_request.closed_at.filter(|_| state == ChangeState::Abandoned),
        additions: pull_request.additions,
        deletions: pull_request.deletions,
        labels: pull_request.labels.iter().map(|label| label.name.clone()).collect(),
        reverts: pull_request.body.as_deref().and_then(|body| reverted_change(place, body)),
        ..Change::new(
            place.id.change(pull_request.number),
            place.id.clone(),
            state,
            stated(moment(pull_request.changed_at(), rank)),
        )
    }
}

/// The pull request as a review mentions it: without sizes, so it never replaces the pull request's own
/// events.
#[must_use]
pub fn mentioned_change(place: &Place, pull_request: &wire::PullRequest) -> Change {
    let change = change(place, pull_request, "");
    Change { version: inferred(change.version.at), ..change }
}

fn reverted_change(place: &Place, body: &str) -> Option<ChangeId> {
    let (path, number) = reverts::change(body)?;
    Some(match path {
        Some(path) => RepositoryId(format!("{}/{}", place.id.host(), path.to_lowercase())).change(number),
        None => place.id.change(number),
    })
}

/// A review; `None` for one that its author has not sent yet.
pub fn review(
    place: &Place,
    review: &wire::Review,
    pull_request: &wire::PullRequest,
) -> Result<Option<Review>, NotStored> {
    let (state, rank) = match &*review.state {
        "approved" => (ReviewState::Approved, 0),
        "changes_requested" => (ReviewState::ChangesRequested, 0),
        "commented" => (ReviewState::Commented, 0),
        "dismissed" => (ReviewState::Dismissed, 1),
        "pending" => return Ok(None),
        state => return Err(lenient::not_understood("review.state", state)),
    };
    let submitted_at = review.submitted_at.unwrap_or_else(|| pull_request.changed_at());
    let change = place.id.change(pull_request.number);
    Ok(Some(Review {
        reviewer: review.user.as_ref().map(|user| place.account_id(&user.login)),
        ..Review::new(
            format!("{change}/review/{}", review.id),
            change,
            state,
            submitted_at,
            // A dismissal has no time of its own, but it touches the pull request.
            stated(moment(submitted_at.max(pull_request.changed_at()), rank)),
        )
    }))
}

/// A comment on a change. `id` is GitHub's, after an `r` for one on code, as in its addresses: the two
/// kinds have numbers of their own.
#[must_use]
pub fn comment(place: &Place, change: i64, id: &str, comment: &wire::Comment) -> Review {
    let change = place.id.change(change);
    Review {
        reviewer: comment.user.as_ref().map(|user| place.account_id(&user.login)),
        ..Review::new(
            format!("{change}/comment/{id}"),
            change,
            ReviewState::Commented,
            comment.created_at,
            stated(comment.updated_at.unwrap_or(comment.created_at)),
        )
    }
}
