//! A person's own work.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::{PipelineRunView, WorkItemView};
use super::open_changes::OpenChange;
use super::rows::Change;

/// An open change that waits for one of its reviewers.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct WaitingChange {
    /// The change.
    pub change: OpenChange,
    /// Since its author pushed, or answered, after the last of the person's reviews.
    pub since: DateTime<Utc>,
}

/// A merged change on its way to production.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct ShippingChange {
    /// The change.
    pub change: OpenChange,
    /// The environments that have it, by name.
    pub environments: Vec<String>,
    /// Why it is not in production.
    #[schema(required)]
    pub why: Option<String>,
}

/// A person's own work. Lists have 50 rows at most.
#[derive(Clone, Debug, Default, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct OwnWork {
    /// The name of the person; null where only an account is known.
    #[schema(required)]
    pub person: Option<String>,
    /// The accounts of the person.
    pub accounts: Vec<String>,
    /// Why there is no person, and all lists are empty.
    #[schema(required)]
    pub why: Option<String>,
    /// Open changes of others that the person reviewed and whose authors acted since. Sources do not report who was asked for
    /// a review.
    pub waiting_on_me: Vec<WaitingChange>,
    /// Open changes of others in repositories of the person's teams that wait for a first review, the longest open first.
    pub reviewable: Vec<OpenChange>,
    /// Open changes of the person, the longest open first.
    pub waiting_on_others: Vec<OpenChange>,
    /// Changes of the person that were merged and are not in production; where the first 10 of them are.
    pub shipping: Vec<ShippingChange>,
    /// Work items that the person works on.
    #[graphql(skip)]
    pub items: Vec<WorkItemView>,
    /// Pipelines whose last run on the last commit of a change of the person failed, of changes of the last 30 days.
    #[graphql(skip)]
    pub red_runs: Vec<PipelineRunView>,
    /// The last changes of the person that reached production, with their stages; 20 at most.
    #[graphql(skip)]
    pub deployed: Vec<Change>,
}
