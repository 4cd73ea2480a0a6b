//! The answer: steps, and what carried something to each environment.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use kernel::{ChangeState, DeploymentSource, Outcome};
use serde::{Deserialize, Serialize};
use strum::Display;
use utoipa::ToSchema;

kernel::closed_list! {
    /// Whose way is asked for.
    #[derive(Deserialize, Enum, ToSchema, Display)]
    pub enum JourneyKind: "kind of journey" {
        /// A pull or merge request.
        Change,
        /// A commit.
        Commit,
        /// A work item, by the changes that name it.
        WorkItem,
        /// The version that a release or a tag names.
        Release,
        /// The version that a deployment brought.
        Deployment,
    }
}

kernel::closed_list! {
    /// A step on the way to production.
    #[derive(Deserialize, Enum, ToSchema, Display)]
    pub enum StepKind: "step of a journey" {
        /// The work item was written down.
        Created,
        /// Work on the item began.
        Started,
        /// The first commit was written.
        FirstCommit,
        /// The change was opened.
        Opened,
        /// The change was marked ready for review.
        Ready,
        /// The first review by another person.
        FirstReview,
        /// The first approval by another person.
        Approved,
        /// The change was merged.
        Merged,
        /// The version was named: released, tagged or deployed.
        Released,
        /// It reached production.
        InProduction,
        /// The work item was done.
        Done,
    }
}

/// A step: when it was taken, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyStep {
    /// Which.
    pub step: StepKind,
    /// When it was taken; null where it was not, or that is not known.
    #[schema(required)]
    pub at: Option<DateTime<Utc>>,
    /// Why `at` is null.
    #[schema(required)]
    pub why: Option<String>,
}

/// An incident that a deployment caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyIncident {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// As the source has it.
    #[schema(required)]
    pub severity: Option<String>,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When service was restored; null while it is open.
    #[schema(required)]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

/// The first deployment to an environment that had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyDeployment {
    /// Its id.
    pub id: String,
    /// Its tag or version.
    #[schema(required)]
    pub name: Option<String>,
    /// What says that it took place.
    pub source: DeploymentSource,
    /// The environment; null where the source knows none.
    #[schema(required)]
    pub environment: Option<String>,
    /// The environment is production.
    pub is_production: bool,
    /// It is the one that brought it to production: its lead time ends with it.
    pub is_first_in_production: bool,
    /// The last deployment to the environment has it too.
    pub is_still_there: bool,
    /// When it finished.
    pub finished_at: DateTime<Utc>,
    /// It failed; null where no verdict is given.
    #[schema(required)]
    pub failed: Option<bool>,
    /// When service was restored, if it failed.
    #[schema(required)]
    pub restored_at: Option<DateTime<Utc>>,
    /// The incidents that it caused.
    pub incidents: Vec<JourneyIncident>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

/// How something reached the environments of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyService {
    /// The service.
    pub service: String,
    /// When it reached production with the service.
    #[schema(required)]
    pub in_production_at: Option<DateTime<Utc>>,
    /// Why it counts as it does, or has not come further: a sentence each.
    pub why: Vec<String>,
    /// The first deployment to each environment that had it, oldest first.
    pub deployments: Vec<JourneyDeployment>,
}

/// A run of a CI pipeline on the commit by which it reached its branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyRun {
    /// Its id.
    pub id: String,
    /// The pipeline's name.
    pub name: String,
    /// How it ended; null while it runs.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When it began.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

/// The way of a change, a commit or a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct JourneyWay {
    /// What it is: `change`, `commit`, `release` or `deployment`.
    pub kind: JourneyKind,
    /// Its id; of a commit `<repository>@<sha>`.
    pub id: String,
    /// Its title, subject or version.
    pub title: String,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
    /// Of a change: open, merged or abandoned.
    #[schema(required)]
    pub state: Option<ChangeState>,
    /// Its steps, in their order.
    pub steps: Vec<JourneyStep>,
    /// Runs of CI pipelines on the commit by which it reached its branch, 50 at most.
    pub runs: Vec<JourneyRun>,
    /// How it reached the environments of each service that it is of.
    pub services: Vec<JourneyService>,
}

/// When something shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub struct Journey {
    /// What it is.
    pub kind: JourneyKind,
    /// Its id.
    pub id: String,
    /// Its title, subject or version.
    pub title: String,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
    /// Its steps, in their order.
    pub steps: Vec<JourneyStep>,
    /// Its way; of a work item those of the changes that name it, newest first, 20 at most.
    pub ways: Vec<JourneyWay>,
    /// More changes name the work item than are shown.
    pub shortened: bool,
}

impl JourneyStep {
    /// A step that was taken at a time, or why it was not.
    pub(super) fn new(step: StepKind, at: Option<DateTime<Utc>>, why: impl FnOnce() -> String) -> Self {
        Self { step, at, why: if at.is_none() { Some(why()) } else { None } }
    }
}

impl JourneyWay {
    /// One of its steps.
    pub(super) fn step(&self, kind: StepKind) -> Option<&JourneyStep> {
        self.steps.iter().find(|step| step.step == kind)
    }
}

impl From<JourneyWay> for Journey {
    fn from(way: JourneyWay) -> Self {
        Self {
            kind: way.kind,
            id: way.id.clone(),
            title: way.title.clone(),
            url: way.url.clone(),
            steps: way.steps.clone(),
            ways: vec![way],
            shortened: false,
        }
    }
}
