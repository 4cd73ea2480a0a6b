//! Merge requests and their reviews.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use connector::lenient;
use connector::versions::{inferred, moment, pattern, stated};
use kernel::{AccountId, Change, ChangeId, ChangeState, RepositoryId, Review, ReviewState, Sha, Version};
use regex::Regex;

use super::place::Place;
use crate::wire;

/// As GitLab's button writes it.
static REVERTED_CHANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\bthis reverts merge request (?:([\w./-]+))?!(\d{1,9})\b"));

static DRAFT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\s*(?:\[(?:draft|wip)\]|(?:draft|wip):|\(draft\))"));

/// What GitLab writes under a merge request that stops to be a draft, now and in older versions.
static BECAME_READY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:marked (?:this merge request )?as \*\*ready\*\*|unmarked .*(?:draft|work in progress))")
});

impl wire::MergeRequest {
    /// When it last changed, as far as that is reported.
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.merged_at).or(self.closed_at).unwrap_or(self.created_at).0
    }
}

/// What a merge request's version says of its life.
struct Life {
    state: ChangeState,
    merged_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    merge_sha: Option<Sha>,
    version: Version,
}

/// The state of a merge request; of one that has none what its times say.
fn state(request: &wire::MergeRequest) -> Option<&str> {
    if let Some(state) = request.state.as_deref().filter(|state| !state.is_empty()) {
        return Some(state);
    }
    let problem = format!("missing or null in merge request {}; its times say whether it ended", request.iid);
    lenient::skip_part("state".to_owned(), problem);
    match (request.merged_at, request.closed_at) {
        (Some(_), _) => Some("merged"),
        (None, Some(_)) => Some("closed"),
        (None, None) => None,
    }
}

/// Hooks do not report when a merge request was merged or closed, but the hook of that very event has its
/// time. A later version that can't say it must not replace one that did: it is only inferred.
fn life(request: &wire::MergeRequest, head: Option<Sha>) -> Life {
    let action = request.action.as_deref().unwrap_or_default();
    let updated = request.changed_at();
    let by_event = |name| (action == name).then_some(updated);
    match state(request) {
        Some("merged") => {
            let merged_at = request.merged_at.map(|when| when.0).or_else(|| by_event("merge"));
            // A fast-forward leaves no commit of its own, unless it squashes.
            let fast_forward = head.filter(|_| request.squash == Some(false));
            let merge_sha = request.merge_commit_sha.or(request.squash_commit_sha).or(fast_forward);
            let known = merged_at.is_some() && merge_sha.is_some();
            let at = moment(updated, 4);
            let version = if known { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Merged, merged_at, closed_at: None, merge_sha, version }
        }
        Some("closed") => {
            let closed_at = request.closed_at.map(|when| when.0).or_else(|| by_event("close"));
            let at = moment(updated, 2);
            let version = if closed_at.is_some() { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Abandoned, merged_at: None, closed_at, merge_sha: None, version }
        }
        state => {
            let at = moment(updated, if action == "reopen" { 3 } else { 0 });
            let version = if state.is_some() { stated(at) } else { inferred(at) };
            Life { state: ChangeState::Open, merged_at: None, closed_at: None, merge_sha: None, version }
        }
    }
}

/// A merge request. `ready_at` is when it was marked ready for review, if this version has it.
pub(crate) fn change(place: &Place, request: &wire::MergeRequest, ready_at: Option<DateTime<Utc>>) -> Change {
    let head_sha = request.sha.or_else(|| request.last_commit.as_ref()?.id);
    let Life { state, merged_at, closed_at, merge_sha, version } = life(request, head_sha);
    Change {
        number: Some(request.iid),
        title: request.title.clone(),
        url: Some(place.page(&format!("merge_requests/{}", request.iid))),
        author: place.account_of(request.author.as_ref(), request.author_id),
        source_branch: request.source_branch.clone(),
        target_branch: request.target_branch.clone(),
        head_sha,
        merge_sha,
        // Its commits are found by the branch that they were pushed to.
        opened_at: Some(request.created_at.0),
        ready_at,
        merged_at,
        closed_at,
        labels: wire::titles(request.labels.as_ref()),
        reverts: request.description.as_deref().and_then(|text| reverted_change(place, text)),
        ..Change::new(place.id.change(request.iid), place.id.clone(), state, version)
    }
}

/// The merge request as a comment mentions it: it never replaces what its own events reported.
pub(crate) fn mentioned_change(place: &Place, request: &wire::MergeRequest) -> Change {
    let change = change(place, request, None);
    Change { version: inferred(change.version.at), ..change }
}

fn reverted_change(place: &Place, text: &str) -> Option<ChangeId> {
    let found = REVERTED_CHANGE.captures(text)?;
    let number: i64 = found.get(2)?.as_str().parse().ok()?;
    Some(match found.get(1) {
        Some(path) => RepositoryId(format!("{}/{}", place.id.host(), path.as_str().to_lowercase())).change(number),
        None => place.id.change(number),
    })
}

/// When a merge request became ready, by a hook that states what changed.
pub(crate) fn ready_by_hook(hook: &wire::MergeRequestHook) -> Option<DateTime<Utc>> {
    let changes = hook.changes.as_ref()?;
    let by_flag =
        changes.draft.as_ref().is_some_and(|draft| (draft.previous, draft.current) == (Some(true), Some(false)));
    // Before there was a flag, the title was it.
    let by_title = changes.title.as_ref().is_some_and(|title| match (&title.previous, &title.current) {
        (Some(previous), Some(current)) => DRAFT.is_match(previous) && !DRAFT.is_match(current),
        _ => false,
    });
    (by_flag || by_title).then(|| hook.object_attributes.changed_at())
}

/// When it became ready last, by what GitLab wrote under it.
pub(crate) fn ready_by_notes(notes: &[wire::Note]) -> Option<DateTime<Utc>> {
    notes.iter().filter(|note| note.system && BECAME_READY.is_match(&note.body)).map(|note| note.created_at.0).max()
}

/// Each user has one approval of a merge request, to give and to take back.
fn verdict(place: &Place, change: ChangeId, by: AccountId, state: ReviewState, at: DateTime<Utc>) -> Review {
    let who = by.as_str().strip_prefix(&format!("{}/", place.id.host())).unwrap_or(by.as_str()).replace('/', "-");
    Review {
        reviewer: Some(by),
        ..Review::new(
            format!("{change}/review/{who}"),
            change,
            state,
            at,
            stated(moment(at, i64::from(state == ReviewState::Dismissed))),
        )
    }
}

/// An approval by a hook, or one that was taken back. When GitLab itself takes approvals back, it names
/// the user who pushed, not those who had approved.
pub(crate) fn approval(place: &Place, hook: &wire::MergeRequestHook) -> Option<Review> {
    let request = &hook.object_attributes;
    let state = match request.action.as_deref() {
        Some("approved" | "approval") => ReviewState::Approved,
        Some("unapproved" | "unapproval") if request.system != Some(true) => ReviewState::Dismissed,
        _ => return None,
    };
    let by = place.account_of(hook.user.as_ref(), None)?;
    Some(verdict(place, place.id.change(request.iid), by, state, request.changed_at()))
}

/// A comment by a person, or an approval that GitLab wrote down; `None` for its other notes.
pub(crate) fn review(place: &Place, change: &ChangeId, note: &wire::Note) -> Option<Review> {
    let by = place.account_of(note.author.as_ref(), note.author_id);
    if !note.system {
        return Some(Review {
            reviewer: by,
            ..Review::new(
                format!("{change}/comment/{}", note.id),
                change.clone(),
                ReviewState::Commented,
                note.created_at.0,
                stated(note.updated_at.unwrap_or(note.created_at).0),
            )
        });
    }
    let state = match note.body.trim() {
        "approved this merge request" => ReviewState::Approved,
        "unapproved this merge request" => ReviewState::Dismissed,
        "requested changes" => ReviewState::ChangesRequested,
        _ => return None,
    };
    Some(verdict(place, change.clone(), by?, state, note.created_at.0))
}
