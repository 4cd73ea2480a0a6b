//! How far changes have come that have not reached production: the stage that they are in, and for how long.

use async_graphql::Enum;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Change, ChangeState, Review, ReviewState};
use serde::Deserialize;
use store::Store;
use strum::Display;
use utoipa::ToSchema;

use crate::bots::Bots;
use crate::compute::{GivenReview, rule_set};
use crate::{DoraError, settings};

kernel::closed_list! {
    /// Where a change stands on its way to production.
    #[derive(Deserialize, Enum, ToSchema, Display)]
    pub enum ChangeStage: "stage of a change" {
        /// It is open, and no review by another person counts.
        WaitingForReview,
        /// It is open and was reviewed, but not approved.
        InReview,
        /// It is open and was approved.
        Approved,
        /// It is merged and not deployed.
        Merged,
    }
}

impl ChangeStage {
    /// The metric that measures how long changes are in the stage.
    #[must_use]
    pub const fn metric(self) -> &'static str {
        match self {
            Self::WaitingForReview => "pickup_time",
            Self::InReview => "review_time",
            Self::Approved => "approval_time",
            Self::Merged => "deploy_time",
        }
    }
}

/// How far a change has come at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The stage that it is in.
    pub stage: ChangeStage,
    /// Since when, where that is known.
    pub stage_since: Option<DateTime<Utc>>,
    /// For how long, in seconds.
    pub stage_seconds: Option<f64>,
    /// How long ago it was opened, in seconds.
    pub age_seconds: Option<f64>,
    /// When its source last changed it, or a review was submitted.
    pub last_activity_at: DateTime<Utc>,
}

/// Returns how far changes, each with its reviews, have come at a time, in their order. Which reviews count is decided
/// as for lead time.
pub async fn progress(
    store: &Store,
    settings: &settings::Dora,
    changes: &[(Change, Vec<Review>)],
    now: DateTime<Utc>,
) -> Result<Vec<Progress>, DoraError> {
    let mut tx = store.begin().await?;
    let bots = Bots::read(&mut tx, settings).await?;
    tx.rollback().await?;
    Ok(changes.iter().map(|(change, reviews)| of_change(change, reviews, &bots, now)).collect())
}

/// The reviews of a change that count, oldest first.
pub(crate) fn counted<'r>(change: &Change, reviews: &'r [Review], bots: &Bots) -> Vec<&'r Review> {
    let rules = rule_set(bots.rules());
    let mut counted: Vec<&Review> = reviews
        .iter()
        .filter(|review| {
            let reviewer = review.reviewer.as_ref().map(|id| id.0.as_str());
            rules.counts(&GivenReview {
                reviewer,
                by_bot: reviewer.is_some_and(|account| bots.is(account)),
                at: review.submitted_at.timestamp_micros(),
                author: change.author.as_ref().map(|id| id.0.as_str()),
                merged: change.merged_at.map(|at| at.timestamp_micros()),
            })
        })
        .collect();
    counted.sort_by_key(|review| review.submitted_at);
    counted
}

fn of_change(change: &Change, reviews: &[Review], bots: &Bots, now: DateTime<Utc>) -> Progress {
    let counted = counted(change, reviews, bots);
    let approved = counted.iter().find(|review| review.state == ReviewState::Approved);
    let (stage, stage_since) = match (change.state, approved, counted.first()) {
        (ChangeState::Merged, ..) => (ChangeStage::Merged, change.merged_at),
        (_, Some(approval), _) => (ChangeStage::Approved, Some(approval.submitted_at)),
        (_, None, Some(review)) => (ChangeStage::InReview, Some(review.submitted_at)),
        (_, None, None) => (ChangeStage::WaitingForReview, change.ready_at.or(change.opened_at)),
    };
    let seconds = |since: Option<DateTime<Utc>>| since.map(|since| seconds(now - since)).filter(|age| *age >= 0.0);
    let last_review = reviews.iter().map(|review| review.submitted_at).max();
    Progress {
        stage,
        stage_since,
        stage_seconds: seconds(stage_since),
        age_seconds: seconds(change.opened_at),
        last_activity_at: last_review.map_or(change.version.at, |review| review.max(change.version.at)),
    }
}

fn seconds(length: TimeDelta) -> f64 {
    length.num_microseconds().unwrap_or_default() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, Version};

    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        format!("2026-03-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn review(by: &str, state: ReviewState, at: u32) -> Review {
        let version = Version { completeness: Completeness::Reported, at: day(at) };
        Review { reviewer: Some(by.into()), ..Review::new(format!("{by}/{at}"), "r#1".into(), state, day(at), version) }
    }

    fn change(state: ChangeState) -> Change {
        let version = Version { completeness: Completeness::Reported, at: day(2) };
        Change {
            author: Some("ann".into()),
            opened_at: Some(day(1)),
            ready_at: Some(day(2)),
            merged_at: (state == ChangeState::Merged).then(|| day(9)),
            ..Change::new("r#1".into(), "r".into(), state, version)
        }
    }

    fn at(state: ChangeState, reviews: &[Review]) -> (ChangeStage, Option<DateTime<Utc>>, DateTime<Utc>) {
        let bots = Bots::of(["robot".to_owned()], &settings::Dora::default()).unwrap();
        let progress = of_change(&change(state), reviews, &bots, day(11));
        assert_eq!(progress.age_seconds, Some(10.0 * 86_400.0));
        (progress.stage, progress.stage_since, progress.last_activity_at)
    }

    #[test]
    fn the_reviews_of_others_who_are_no_bots_say_which_stage_a_change_is_in() {
        use ReviewState::{Approved, Commented};
        let (open, own) = (ChangeState::Open, [review("ann", Commented, 3), review("robot", Approved, 4)]);
        assert_eq!(at(open, &own), (ChangeStage::WaitingForReview, Some(day(2)), day(4)));
        let [own, bot] = own;
        let reviewed = [own, bot, review("eve", Commented, 6), review("bob", Commented, 5)];
        assert_eq!(at(open, &reviewed), (ChangeStage::InReview, Some(day(5)), day(6)));
        let approved = [review("bob", Commented, 5), review("bob", Approved, 7)];
        assert_eq!(at(open, &approved), (ChangeStage::Approved, Some(day(7)), day(7)));
        assert_eq!(at(ChangeState::Merged, &approved), (ChangeStage::Merged, Some(day(9)), day(7)));
    }
}
