//! Why a deployment or a change counts as it does. REST and GraphQL show the first commits and changes only: what a
//! deployment carried in full is a list of its own (`changes?deployment=`), read page by page. The command line shows all.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use dora::Candidate;
use serde::Serialize;
use utoipa::ToSchema;

use super::personal::{Personal, hide};
use super::{Change, Deployment, Finding};

/// How many commits and changes an answer shows at most.
const SHOWN: usize = 500;

/// A commit that a deployment carried, or that a change is made of.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Commit {
    /// Its id.
    pub sha: String,
    /// The repository.
    #[graphql(skip)]
    pub repository: String,
    /// The first line of its message.
    pub subject: String,
    /// The account that wrote it.
    #[schema(required)]
    #[graphql(skip)]
    pub author: Option<String>,
    /// When it was written.
    pub authored_at: DateTime<Utc>,
    /// The change that it came with.
    #[schema(required)]
    #[graphql(skip)]
    pub change: Option<String>,
}

impl From<dora::CarriedCommit> for Commit {
    fn from(from: dora::CarriedCommit) -> Self {
        Self {
            sha: from.sha.to_string(),
            repository: from.repository.0,
            subject: from.subject,
            author: from.author.map(|id| id.0),
            authored_at: from.authored_at,
            change: from.change.map(|id| id.0),
        }
    }
}

impl From<kernel::Commit> for Commit {
    fn from(from: kernel::Commit) -> Self {
        Self {
            sha: from.sha.to_string(),
            repository: from.repository.0,
            subject: from.subject,
            author: from.author.map(|id| id.0),
            authored_at: from.authored_at,
            change: None,
        }
    }
}

/// Why a deployment counts as it does, for one service.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct DeploymentExplanation {
    /// The service.
    pub service: String,
    /// The deployment's id.
    pub id: String,
    /// It is one of the production deployments that the service is measured by.
    pub measured: bool,
    /// Why, or why not, a sentence each.
    pub why: Vec<String>,
    /// The deployment with its verdict and evidence, where it is measured.
    #[schema(required)]
    pub deployment: Option<Deployment>,
    /// The deployment that ran before.
    #[schema(required)]
    pub previous: Option<Deployment>,
    /// The commits that it carried, newest first; 500 at most.
    pub commits: Vec<Commit>,
    /// The changes, and the commits outside of changes, that it carried, with their stages; 500 at most.
    pub changes: Vec<Change>,
    /// It carried more commits or changes than are shown here.
    pub shortened: bool,
    /// What the engine noticed about it.
    pub findings: Vec<Finding>,
}

impl DeploymentExplanation {
    fn of(from: dora::DeploymentExplanation, shown: usize) -> Self {
        Self {
            service: from.service,
            id: from.deployment.0,
            measured: from.measured,
            why: from.why,
            deployment: from.metric.map(Into::into),
            previous: from.previous.map(Into::into),
            shortened: from.commits.len() > shown || from.changes.len() > shown,
            commits: from.commits.into_iter().take(shown).map(Into::into).collect(),
            changes: from.changes.into_iter().take(shown).map(Into::into).collect(),
            findings: from.findings.into_iter().map(Into::into).collect(),
        }
    }
}

/// Why a change, or a direct commit, counts as it does, for one service.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct ChangeExplanation {
    /// The service.
    pub service: String,
    /// The change's id; for a direct commit `<repository>@<sha>`.
    pub id: String,
    /// Its title or subject.
    pub title: String,
    /// Web address.
    #[schema(required)]
    pub url: Option<String>,
    /// Why it counts, or why it does not (yet), a sentence each.
    pub why: Vec<String>,
    /// The change with its stages, where a deployment carried it.
    #[schema(required)]
    pub change: Option<Change>,
    /// The deployment that carried it first.
    #[schema(required)]
    pub deployment: Option<Deployment>,
    /// Its commits, as far as they are known, newest first; 500 at most.
    pub commits: Vec<Commit>,
    /// It has more commits than are shown here.
    pub shortened: bool,
    /// What the engine noticed about it.
    pub findings: Vec<Finding>,
}

impl ChangeExplanation {
    fn of(from: dora::ChangeExplanation, shown: usize) -> Self {
        Self {
            service: from.service,
            id: from.change.0,
            title: from.title,
            url: from.url,
            why: from.why,
            change: from.metric.map(Into::into),
            deployment: from.deployment.map(Into::into),
            shortened: from.commits.len() > shown,
            commits: from.commits.into_iter().take(shown).map(Into::into).collect(),
            findings: from.findings.into_iter().map(Into::into).collect(),
        }
    }
}

/// What was meant, explained for each service that it belongs to; or, where that is not clear, what could be.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Explanation {
    /// What was asked for.
    pub asked: String,
    /// The deployment that was meant, once for each service that it belongs to.
    pub deployments: Vec<DeploymentExplanation>,
    /// The change or commit that was meant, once for each service that it belongs to.
    pub changes: Vec<ChangeExplanation>,
    /// What could be meant: ask again with one of these ids.
    pub candidates: Vec<Candidate>,
}

impl Explanation {
    /// With the first commits and changes of each.
    #[must_use]
    pub fn shortened(from: dora::Explanation) -> Self {
        Self::of(from, SHOWN)
    }

    /// With all commits and changes.
    #[must_use]
    pub fn whole(from: dora::Explanation) -> Self {
        Self::of(from, usize::MAX)
    }

    fn of(from: dora::Explanation, shown: usize) -> Self {
        Self {
            asked: from.asked,
            deployments: from.deployments.into_iter().map(|one| DeploymentExplanation::of(one, shown)).collect(),
            changes: from.changes.into_iter().map(|one| ChangeExplanation::of(one, shown)).collect(),
            candidates: from.candidates,
        }
    }
}

impl Personal for Explanation {
    fn hide_people(&mut self, may_name: &dyn Fn(&str) -> bool) {
        for one in &mut self.deployments {
            one.changes.iter_mut().for_each(|change| change.hide_people(may_name));
            one.commits.iter_mut().for_each(|commit| hide(&mut commit.author, may_name));
        }
        for one in &mut self.changes {
            one.change.iter_mut().for_each(|change| change.hide_people(may_name));
            one.commits.iter_mut().for_each(|commit| hide(&mut commit.author, may_name));
        }
    }
}
