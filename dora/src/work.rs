//! What waits for a person, as far as facts say: sources do not report who was asked for a review.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::{Change, Outcome, PipelineRun, Review, ReviewState};

/// Since when an open change waits for one of its reviewers again: its author pushed, or answered, after the last of their
/// reviews. `accounts` are the reviewer's, `pushed_at` is when the last commit of the change was committed. `None` where the
/// reviewer acted last, has approved it, or never reviewed it.
#[must_use]
pub fn waits_for_reviewer(
    change: &Change,
    reviews: &[Review],
    pushed_at: Option<DateTime<Utc>>,
    accounts: &BTreeSet<String>,
) -> Option<DateTime<Utc>> {
    let is_own = |review: &&Review| review.reviewer.as_ref().is_some_and(|by| accounts.contains(by.as_str()));
    let last = reviews.iter().filter(is_own).max_by_key(|review| review.submitted_at)?;
    let verdicts = reviews.iter().filter(is_own).filter(|review| review.state != ReviewState::Commented);
    let verdict = verdicts.max_by_key(|review| review.submitted_at);
    if verdict.is_some_and(|verdict| verdict.state == ReviewState::Approved) {
        return None;
    }
    let by_author = reviews.iter().filter(|review| review.reviewer.is_some() && review.reviewer == change.author);
    let answered = by_author.map(|review| review.submitted_at);
    answered.chain(pushed_at).filter(|at| *at > last.submitted_at).max()
}

/// Keeps, of each pipeline on each commit, the last run, where that failed; the last queued first.
#[must_use]
pub fn last_failures(mut runs: Vec<PipelineRun>) -> Vec<PipelineRun> {
    let place = |run: &PipelineRun| (run.repository.clone(), run.name.clone(), run.sha);
    let mut last: BTreeMap<_, (DateTime<Utc>, i64, String)> = BTreeMap::new();
    for run in &runs {
        let this = (run.queued_at, run.attempt, run.id.clone());
        let known = last.entry(place(run)).or_insert_with(|| this.clone());
        if *known < this {
            *known = this;
        }
    }
    let is_last = |run: &PipelineRun| last.get(&place(run)).is_some_and(|(_, _, id)| *id == run.id);
    runs.retain(|run| run.outcome == Some(Outcome::Failure) && is_last(run));
    runs.sort_by(|one, other| (other.queued_at, &other.id).cmp(&(one.queued_at, &one.id)));
    runs
}

#[cfg(test)]
mod tests {
    use kernel::{ChangeState, Completeness, Version};

    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        format!("2026-03-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn version() -> Version {
        Version { completeness: Completeness::Reported, at: day(1) }
    }

    fn review(by: &str, state: ReviewState, at: u32) -> Review {
        Review {
            reviewer: Some(by.into()),
            ..Review::new(format!("{by}/{at}"), "r#1".into(), state, day(at), version())
        }
    }

    #[test]
    fn a_change_waits_for_a_reviewer_after_its_author_acted() {
        use ReviewState::{Approved, ChangesRequested, Commented};
        let change = Change {
            author: Some("ann".into()),
            ..Change::new("r#1".into(), "r".into(), ChangeState::Open, version())
        };
        let mine: BTreeSet<String> = ["bo".to_owned(), "email/bo".to_owned()].into();
        let since =
            |reviews: &[Review], pushed: Option<u32>| waits_for_reviewer(&change, reviews, pushed.map(day), &mine);
        let requested = review("bo", ChangesRequested, 3);
        assert_eq!(since(&[], Some(5)), None, "it was never reviewed");
        assert_eq!(since(std::slice::from_ref(&requested), Some(2)), None, "the reviewer acted last");
        assert_eq!(since(std::slice::from_ref(&requested), Some(5)), Some(day(5)));
        assert_eq!(since(&[requested.clone(), review("ann", Commented, 4)], None), Some(day(4)));
        assert_eq!(since(&[requested.clone(), review("eve", Commented, 4)], None), None, "another person answered");
        assert_eq!(since(&[requested.clone(), review("bo", Approved, 4)], Some(5)), None, "it was approved");
        let commented = [requested, review("email/bo", Commented, 6), review("ann", Commented, 5)];
        assert_eq!(since(&commented, Some(4)), None, "the reviewer commented last, by another account");
    }

    #[test]
    fn a_pipeline_is_red_by_its_last_run() {
        let run = |name: &str, nth: i64, outcome| PipelineRun {
            attempt: nth,
            outcome: Some(outcome),
            ..PipelineRun::new(format!("{name}/{nth}"), name.to_owned(), day(u32::try_from(nth).unwrap()), version())
        };
        let runs = vec![
            run("test", 1, Outcome::Failure),
            run("test", 2, Outcome::Success),
            run("lint", 1, Outcome::Success),
            run("lint", 2, Outcome::Failure),
        ];
        let red: Vec<String> = last_failures(runs).into_iter().map(|run| run.id).collect();
        assert_eq!(red, ["lint/2"]);
    }
}
