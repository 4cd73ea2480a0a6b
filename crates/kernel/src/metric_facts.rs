//! What the engine computes about deployments and changes: metric facts. Written by `dora`, kept by
//! `store`, read by `api`. Durations are whole microseconds.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

use crate::{AccountId, ChangeId, DeploymentId, DeploymentSource, IncidentId, RepositoryId, Sha};

crate::closed_list! {
    /// How a deployment relates to the ones before it.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum DeploymentKind: "kind of deployment" {
        /// The first of its repository in its environment: it has no predecessor.
        First,
        /// It advances: its commit is no ancestor of its predecessor's, or is not known.
        Normal,
        /// Its commit is an ancestor of its predecessor's.
        Rollback,
        /// It puts a version into production again that had been there before its predecessor took it back.
        RollForward,
        /// The very commit of its predecessor.
        Redeployment,
        /// A tag or release on a commit that was already reached, or an attempt that failed: carries
        /// nothing, gives no verdict.
        None,
    }
}

crate::closed_list! {
    /// The rule by which a piece of evidence counts.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum Rule: "rule of a verdict" {
        /// An incident names it, its version, its commit, or a change that it carried.
        IncidentNamesIt,
        /// An incident of its service was detected while it was the newest, within the window; or right after what
        /// undid it.
        IncidentWhileNewest,
        /// A later deployment rolled back to a commit before it.
        RolledBack,
        /// A later deployment within the window carries a revert of what it carried.
        Reverted,
        /// The very next deployment within the window carries a hotfix.
        Hotfixed,
        /// The next patch level came within the window.
        PatchRelease,
        /// The attempt itself failed, and attempts are counted by configuration.
        FailedAttempt,
        /// An incident names it as its fix.
        NamedAsFix,
    }
}

crate::closed_list! {
    /// What can meet a rule.
    #[derive(Deserialize, JsonSchema, Display)]
    pub enum EvidenceKind: "kind of evidence" {
        /// A change.
        Change,
        /// A commit.
        Commit,
        /// A deployment.
        Deployment,
        /// An incident.
        Incident,
    }
}

/// Why a verdict was given: the rule, and the thing that met it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The rule that was met.
    pub rule: Rule,
    /// What met it.
    pub what: EvidenceKind,
    /// Its id.
    pub id: String,
    /// What it undid, by id: of a revert the change or commit that it reverts; of an incident that was detected
    /// after a rollback, revert or hotfix, the deployment that was the newest then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its web address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// One production deployment of a service, with its verdict. Identity: `service` + `deployment`.
#[expect(clippy::struct_excessive_bools, reason = "a row's columns, each a verdict of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentMetric {
    /// The service.
    pub service: String,
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its effective time.
    pub finished_at: DateTime<Utc>,
    /// What says that it took place.
    pub source: DeploymentSource,
    /// The repository whose code it is.
    pub repository: Option<RepositoryId>,
    /// The environment, where the source knows one.
    pub environment: Option<String>,
    /// Its tag or version.
    pub name: Option<String>,
    /// Its commit.
    pub sha: Option<Sha>,
    /// Web address.
    pub url: Option<String>,
    /// It succeeded; otherwise it is a failed attempt.
    pub success: bool,
    /// The deployment that ran before.
    pub previous: Option<DeploymentId>,
    /// How it relates to the ones before it.
    pub kind: DeploymentKind,
    /// How many commits it carried.
    pub commits: i32,
    /// How many changes it carried (direct commits not among them).
    pub changes: i32,
    /// It failed.
    pub failed: bool,
    /// Why.
    pub failed_by: Vec<Evidence>,
    /// When service was restored.
    pub recovered_at: Option<DateTime<Utc>>,
    /// What recovered it.
    pub recovered_by: Option<Evidence>,
    /// It is rework: unplanned, to fix a user-facing fault.
    pub rework: bool,
    /// Why.
    pub rework_by: Vec<Evidence>,
    /// It counts as a deployment: it succeeded, is not the same commit once more, and leads its rollout.
    pub counted: bool,
    /// The deployment that counts, with its verdict, for the rollout that this one is part of; `None` where this
    /// one does itself.
    #[serde(default)]
    pub rollout: Option<DeploymentId>,
}

impl DeploymentMetric {
    /// Whether counting starts with it: the first one, where that carries nothing.
    #[must_use]
    pub fn is_baseline(&self) -> bool {
        self.kind == DeploymentKind::First && self.commits == 0 && self.changes == 0
    }
}

/// One change, or one direct commit, that a deployment carried. Identity: `service` + `change`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeMetric {
    /// The service.
    pub service: String,
    /// The change's id; for a direct commit `<repository>@<sha>`.
    pub change: ChangeId,
    /// It is a direct commit: one of no change.
    pub is_commit: bool,
    /// The deployment that carried it first.
    pub deployment: DeploymentId,
    /// When that finished.
    pub deployed_at: DateTime<Utc>,
    /// The repository.
    pub repository: RepositoryId,
    /// Its title, or the commit's subject.
    pub title: String,
    /// Who opened or wrote it.
    pub author: Option<AccountId>,
    /// The author is a bot.
    pub bot: bool,
    /// How many of its commits are known.
    pub commits: i32,
    /// The start of its lead time.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was marked ready for review.
    pub ready_at: Option<DateTime<Utc>>,
    /// First review by someone else who is no bot.
    pub first_review_at: Option<DateTime<Utc>>,
    /// First approval by someone else who is no bot.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// First commit → opened (or ready).
    pub coding_us: Option<i64>,
    /// Opened (or ready) → first review.
    pub pickup_us: Option<i64>,
    /// First review → merged.
    pub review_us: Option<i64>,
    /// Of the review, first approval → merged.
    pub approval_us: Option<i64>,
    /// Merged → deployed.
    pub deploy_us: Option<i64>,
    /// Start → deployed; `None` where it would be negative or the start is not known.
    pub lead_time_us: Option<i64>,
    /// Left out of lead time and its stages by configuration.
    pub excluded: bool,
}

/// One incident of a service. Identity: `service` + `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentMetric {
    /// The service.
    pub service: String,
    /// The incident.
    pub incident: IncidentId,
    /// Its title.
    pub title: String,
    /// As the source has it.
    pub severity: Option<String>,
    /// Web address.
    pub url: Option<String>,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When service was restored; `None` while it is open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Detected → resolved; `None` while it is open, or where it would be negative.
    pub restore_us: Option<i64>,
    /// The deployment that it marks as failed.
    pub deployment: Option<DeploymentId>,
}

crate::closed_list! {
    /// What the engine noticed about the data itself.
    #[derive(Deserialize)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum FindingKind: "kind of finding" {
        /// A lead time or a stage would be negative: a clock ran backwards, or history was rewritten.
        NegativeDuration,
        /// A deployment names a commit that is not known.
        UnknownCommit,
        /// A deployment names no commit at all.
        NoCommit,
        /// A deployment ended, but its source does not say when; it is not counted.
        NoTime,
        /// The history of the repository is cut off (a shallow clone).
        PartialHistory,
        /// The commits of a change are not known, so its lead time starts when it was opened.
        UnknownFirstCommit,
        /// The service has several environments: which of them count as production.
        Environments,
        /// A commit was written before 1990 by its own word, so its author time counts as missing.
        ImplausibleTime,
        /// Incidents belong to no service, so no service's fail rate or time to restore counts them.
        IncidentWithoutService,
        /// All commits of a change came with other changes (a promotion, a backport), so it does not count by itself.
        DuplicateChange,
        /// Patch releases would mark releases as failed, but that rule is off, or not usable here.
        PatchReleases,
    }
}

/// A data-quality finding. Identity: `service` + `kind` + `subject`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The service; empty where it is about none of them.
    pub service: String,
    /// What kind of finding.
    pub kind: FindingKind,
    /// The deployment, change, commit or service that it is about.
    pub subject: String,
    /// One sentence.
    pub detail: String,
}
