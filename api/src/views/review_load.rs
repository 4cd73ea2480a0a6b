//! How much waits for reviews.

use async_graphql::SimpleObject;
use serde::Serialize;
use utoipa::ToSchema;

/// The open changes of a team.
#[derive(Clone, Debug, Default, Serialize, SimpleObject, ToSchema)]
pub struct TeamReviewLoad {
    /// The team that owns a service of the repository; null for changes of no team. A change of several teams counts for
    /// each.
    #[schema(required)]
    pub team: Option<String>,
    /// Open changes.
    pub open: u64,
    /// Those that wait for a first review.
    pub waiting_for_review: u64,
    /// Those that were reviewed and not approved.
    pub in_review: u64,
    /// Those that were approved.
    pub approved: u64,
    /// Those that are in their stage for longer than 85 % of the changes of the team.
    pub slow: u64,
    /// The age of the oldest, in seconds.
    #[schema(required)]
    pub oldest_age_seconds: Option<f64>,
}

/// What a person reviews.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct PersonReviewLoad {
    /// The name of the person.
    pub person: String,
    /// Open changes of others that the person has reviewed or commented on.
    pub open_changes: u64,
    /// Reviews and comments on changes of others in the last 30 days.
    pub reviews: u64,
}

/// How much waits for reviews, by team, and who reviews how much.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct ReviewLoad {
    /// Open changes.
    pub open: u64,
    /// By team, in the order of names.
    pub teams: Vec<TeamReviewLoad>,
    /// By person, in the order of names; those who may be shown.
    pub persons: Vec<PersonReviewLoad>,
    /// Why no person is shown.
    #[schema(required)]
    pub persons_hidden_because: Option<String>,
    /// There are more open changes than the 1,000 that are counted, the longest open ones.
    pub shortened: bool,
}
