//! Runs of CI pipelines.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{RepositoryId, Sha};

crate::closed_list! {
    /// How something that ran ended.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum Outcome: "outcome" {
        /// It did what it should.
        Success,
        /// It did not.
        Failure,
        /// Neither: canceled, skipped, superseded. Not counted.
        Neither,
    }
}

/// A CI run. Identity: `id`, which holds the attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced, order(repository, id), happened_at(finished_at), kept(succeeded_at = succeeded),
    example = r#"{
        "id": "git.example.org/shop/checkout/run/900/1", "repository": "git.example.org/shop/checkout",
        "name": "test", "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8", "branch": "main", "attempt": 1,
        "queued_at": "2026-02-03T08:30:05Z", "started_at": "2026-02-03T08:30:20Z",
        "finished_at": "2026-02-03T08:36:00Z", "outcome": "success"
    }"#
)]
pub struct PipelineRun {
    /// `<repository>/run/<native id>/<attempt>`; another place of its own where no repository is known.
    #[fact(moves)]
    pub id: String,
    /// The code that it ran on, where the source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub repository: Option<RepositoryId>,
    /// The pipeline's or workflow's name.
    pub name: String,
    /// The commit that it ran on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<Sha>,
    /// The branch that it ran for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tag that it ran for; `branch` is null then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// A pull request or a fork triggered it; `branch` is null then. Never a production deployment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pull_request: bool,
    /// 1 for the first attempt.
    #[serde(default = "first_attempt")]
    #[fact(written)]
    pub attempt: i64,
    /// When it was queued. The store keeps the earliest of all versions.
    #[fact(earliest)]
    pub queued_at: DateTime<Utc>,
    /// When it began. The store keeps the earliest of all versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(earliest)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended. As a deployment it takes effect at the earliest end with success that any version reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}

pub(super) fn first_attempt() -> i64 {
    1
}

impl PipelineRun {
    /// When it ended, if with success: the first such end stays, since a run that deployed can go on, or be run
    /// again, weeks later.
    fn succeeded(&self) -> Option<DateTime<Utc>> {
        self.finished_at.filter(|_| self.outcome == Some(Outcome::Success))
    }
}
