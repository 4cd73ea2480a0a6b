//! Why a deployment or a change counts as it does: what `explain` answers. Its JSON is that of the API's views, on the
//! command line too.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::{AccountId, ChangeId, ChangeMetric, DeploymentId, DeploymentMetric, Finding, RepositoryId, Sha};
use serde::Serialize;
use utoipa::ToSchema;

/// What is known about what was asked for. Either exactly one thing was meant, and it is explained for
/// each service that it belongs to, or several could be meant, and they are listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What was asked for.
    pub asked: String,
    /// The deployment that was meant, once for each service that it belongs to.
    pub deployments: Vec<DeploymentExplanation>,
    /// The change or commit that was meant, once for each service that it belongs to.
    pub changes: Vec<ChangeExplanation>,
    /// What could be meant, where that is not clear: ask again with one of these ids.
    pub candidates: Vec<Candidate>,
}

/// What could be meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, SimpleObject, ToSchema)]
pub struct Candidate {
    /// `deployment`, `change` or `commit`.
    pub what: &'static str,
    /// The id to ask with.
    pub id: String,
    /// Its name, title or subject.
    pub title: String,
    /// When it finished, was merged or written.
    #[schema(required)]
    pub at: Option<DateTime<Utc>>,
}

/// Why a deployment counts as it does.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentExplanation {
    /// The service.
    pub service: String,
    /// The deployment.
    pub deployment: DeploymentId,
    /// It is one of the production deployments that the service is measured by.
    pub measured: bool,
    /// Why, or why not: one sentence each for its source, its environment and its outcome.
    pub why: Vec<String>,
    /// Its metric facts: kind, verdicts with their evidence.
    pub metric: Option<DeploymentMetric>,
    /// The deployment that ran before.
    pub previous: Option<DeploymentMetric>,
    /// The commits that it carried, newest first.
    pub commits: Vec<CarriedCommit>,
    /// The changes, and the commits outside of changes, that it carried, with their stages.
    pub changes: Vec<ChangeMetric>,
    /// What the engine noticed about it.
    pub findings: Vec<Finding>,
}

/// A commit that a deployment carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedCommit {
    /// Its id.
    pub sha: Sha,
    /// The repository.
    pub repository: RepositoryId,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: Option<AccountId>,
    /// When it was written.
    pub authored_at: DateTime<Utc>,
    /// The change that it came with.
    pub change: Option<ChangeId>,
}

/// Why a change, or a direct commit, counts as it does.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeExplanation {
    /// The service.
    pub service: String,
    /// The change's id; for a direct commit `<repository>@<sha>`.
    pub change: ChangeId,
    /// Its title or subject.
    pub title: String,
    /// Web address.
    pub url: Option<String>,
    /// Why it counts, or why it does not (yet).
    pub why: Vec<String>,
    /// Its metric facts, where a deployment carried it: its stages.
    pub metric: Option<ChangeMetric>,
    /// The deployment that carried it first.
    pub deployment: Option<DeploymentMetric>,
    /// Its commits, as far as they are known, newest first.
    pub commits: Vec<CarriedCommit>,
    /// What the engine noticed about it.
    pub findings: Vec<Finding>,
}
