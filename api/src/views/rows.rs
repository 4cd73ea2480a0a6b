//! Rows of the lists: deployments, changes, services, repositories, findings, tenants.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use dora::reasons;
use kernel::{ChangeMetric, DeploymentKind, DeploymentMetric, DeploymentSource, FindingKind, Rule};
use serde::Serialize;
use store::TenantInfo;
use store::queries::{RepositoryRow, ServiceRow};
use utoipa::ToSchema;

use super::personal::{Personal, hide};
use super::seconds;

/// Why a verdict was given: the rule, and the thing that met it.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Evidence {
    /// The rule that was met.
    pub rule: Rule,
    /// What met it: `incident`, `deployment`, `change` or `commit`.
    pub what: String,
    /// Its id.
    pub id: String,
    /// What it undid, by id: the change or commit that it reverts, or the deployment that was the newest when
    /// the incident was detected.
    #[schema(required)]
    pub target: Option<String>,
    /// Its web address, where known.
    #[schema(required)]
    pub url: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The rule in words, with what it refers to.
    pub reason: String,
}

impl Evidence {
    /// Evidence with its reason; `reason` says it for the verdict that the evidence is of.
    fn new(from: kernel::Evidence, reason: fn(&kernel::Evidence) -> String) -> Self {
        let reason = reason(&from);
        let kernel::Evidence { rule, what, id, target, url, at } = from;
        Self { rule, what: what.to_string(), id, target, url, at, reason }
    }
}

/// A production deployment of a service, with its verdict and the evidence for it.
#[expect(clippy::struct_excessive_bools, reason = "four verdicts that say different things")]
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Deployment {
    /// Its id; with `service` it names the row.
    #[graphql(skip)]
    pub id: String,
    /// The service.
    #[graphql(skip)]
    pub service: String,
    /// Its effective time.
    pub finished_at: DateTime<Utc>,
    /// What says that it took place.
    pub source: DeploymentSource,
    /// The repository whose code it is.
    #[schema(required)]
    #[graphql(skip)]
    pub repository: Option<String>,
    /// The environment, where the source knows one.
    #[schema(required)]
    #[graphql(skip)]
    pub environment: Option<String>,
    /// Its tag or version.
    #[schema(required)]
    pub name: Option<String>,
    /// Its commit.
    #[schema(required)]
    pub sha: Option<String>,
    /// Web address.
    #[schema(required)]
    pub url: Option<String>,
    /// It succeeded; otherwise it is a failed attempt.
    pub success: bool,
    /// It counts as a deployment: it succeeded, is not the same commit once more, and leads its rollout.
    pub counted: bool,
    /// The deployment that counts, with its verdict, for the rollout that this one is part of.
    #[schema(required)]
    #[graphql(skip)]
    pub rollout: Option<String>,
    /// The deployment that ran before.
    #[schema(required)]
    #[graphql(skip)]
    pub previous: Option<String>,
    /// How it relates to the ones before it.
    pub kind: DeploymentKind,
    /// How many commits it carried.
    #[graphql(name = "commitCount")]
    pub commits: i32,
    /// How many changes it carried, direct commits not among them.
    #[graphql(name = "changeCount")]
    pub changes: i32,
    /// It failed.
    pub failed: bool,
    /// Why.
    pub failed_by: Vec<Evidence>,
    /// When service was restored.
    #[schema(required)]
    pub recovered_at: Option<DateTime<Utc>>,
    /// What recovered it.
    #[schema(required)]
    pub recovered_by: Option<Evidence>,
    /// It is rework: unplanned, to fix a user-facing fault.
    pub rework: bool,
    /// Why.
    pub rework_by: Vec<Evidence>,
}

impl From<DeploymentMetric> for Deployment {
    fn from(row: DeploymentMetric) -> Self {
        let evidence = |found: Vec<kernel::Evidence>, reason: fn(&kernel::Evidence) -> String| {
            found.into_iter().map(|found| Evidence::new(found, reason)).collect()
        };
        Self {
            id: row.deployment.0,
            service: row.service,
            finished_at: row.finished_at,
            source: row.source,
            repository: row.repository.map(|id| id.0),
            environment: row.environment,
            name: row.name,
            sha: row.sha.map(|sha| sha.to_string()),
            url: row.url,
            success: row.success,
            counted: row.counted,
            rollout: row.rollout.map(|id| id.0),
            previous: row.previous.map(|id| id.0),
            kind: row.kind,
            commits: row.commits,
            changes: row.changes,
            failed: row.failed,
            failed_by: evidence(row.failed_by, reasons::failed_by),
            recovered_at: row.recovered_at,
            recovered_by: row.recovered_by.map(|found| Evidence::new(found, reasons::recovered_by)),
            rework: row.rework,
            rework_by: evidence(row.rework_by, reasons::rework_by),
        }
    }
}

/// How long a change spent in each stage. A stage without its end points is null.
#[expect(clippy::struct_field_names, reason = "a field of a duration names its unit")]
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Stages {
    /// First commit → opened, or ready if it was a draft.
    #[schema(required)]
    pub coding_seconds: Option<f64>,
    /// Opened → first review by someone else who is no bot.
    #[schema(required)]
    pub pickup_seconds: Option<f64>,
    /// First review → merged.
    #[schema(required)]
    pub review_seconds: Option<f64>,
    /// Of the review, first approval → merged.
    #[schema(required)]
    pub approval_seconds: Option<f64>,
    /// Merged → deployed.
    #[schema(required)]
    pub deploy_seconds: Option<f64>,
}

/// A change, or a direct commit, that a deployment carried to production.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(name = "DeployedChange", complex)]
pub struct Change {
    /// `<repository>#<number>`; for a direct commit `<repository>@<sha>`.
    #[graphql(skip)]
    pub id: String,
    /// The service.
    #[graphql(skip)]
    pub service: String,
    /// It is a direct commit: one of no change.
    pub is_commit: bool,
    /// The deployment that carried it first.
    #[graphql(skip)]
    pub deployment: String,
    /// When that finished.
    pub deployed_at: DateTime<Utc>,
    /// The repository.
    #[graphql(skip)]
    pub repository: String,
    /// Its title, or the commit's subject.
    pub title: String,
    /// The account that opened or wrote it.
    #[schema(required)]
    #[graphql(skip)]
    pub author: Option<String>,
    /// The author is a bot.
    pub bot: bool,
    /// How many of its commits are known.
    #[graphql(name = "commitCount")]
    pub commits: i32,
    /// The start of its lead time.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was opened.
    #[schema(required)]
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was marked ready for review.
    #[schema(required)]
    pub ready_at: Option<DateTime<Utc>>,
    /// First review by someone else who is no bot.
    #[schema(required)]
    pub first_review_at: Option<DateTime<Utc>>,
    /// First approval by someone else who is no bot.
    #[schema(required)]
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was merged.
    #[schema(required)]
    pub merged_at: Option<DateTime<Utc>>,
    /// How long it spent where.
    pub stages: Stages,
    /// Start → deployed; null where it would be negative or the start is not known.
    #[schema(required)]
    pub lead_time_seconds: Option<f64>,
    /// Left out of lead time and its stages by configuration.
    pub excluded: bool,
}

impl From<ChangeMetric> for Change {
    fn from(row: ChangeMetric) -> Self {
        Self {
            id: row.change.0,
            service: row.service,
            is_commit: row.is_commit,
            deployment: row.deployment.0,
            deployed_at: row.deployed_at,
            repository: row.repository.0,
            title: row.title,
            author: row.author.map(|id| id.0),
            bot: row.bot,
            commits: row.commits,
            started_at: row.started_at,
            opened_at: row.opened_at,
            ready_at: row.ready_at,
            first_review_at: row.first_review_at,
            approved_at: row.approved_at,
            merged_at: row.merged_at,
            stages: Stages {
                coding_seconds: seconds(row.coding_us),
                pickup_seconds: seconds(row.pickup_us),
                review_seconds: seconds(row.review_us),
                approval_seconds: seconds(row.approval_us),
                deploy_seconds: seconds(row.deploy_us),
            },
            lead_time_seconds: seconds(row.lead_time_us),
            excluded: row.excluded,
        }
    }
}

/// What is deployed, and what was computed of it last.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The team that owns it, where declared.
    #[schema(required)]
    #[graphql(skip)]
    pub team: Option<String>,
    /// The kind of deployment it is measured by; null where it has none.
    #[schema(required)]
    pub source: Option<String>,
    /// A sentence about what there is to measure, where that is not plain.
    #[schema(required)]
    pub statement: Option<String>,
    /// The repositories that its code lives in.
    #[graphql(skip)]
    pub repositories: Vec<String>,
    /// When its metrics were computed.
    pub computed_at: DateTime<Utc>,
    /// Its production deployments, failed attempts among them.
    #[graphql(name = "deploymentCount")]
    pub deployments: i64,
    /// The changes, and direct commits, that they carried.
    #[graphql(name = "changeCount")]
    pub changes: i64,
    /// Its known commits.
    #[graphql(name = "commitCount")]
    pub commits: i64,
    /// The history of a repository is cut off: its numbers are partial.
    pub partial: bool,
    /// When the last of its deployments that count finished.
    #[schema(required)]
    pub last_deployment_at: Option<DateTime<Utc>>,
}

impl From<ServiceRow> for Service {
    fn from(row: ServiceRow) -> Self {
        Self {
            name: row.name,
            team: row.team,
            source: row.source.map(|source| source.as_str().to_owned()),
            statement: row.statement,
            repositories: row.repositories,
            computed_at: row.computed_at,
            deployments: row.deployments,
            changes: row.changes,
            commits: row.commits,
            partial: row.partial,
            last_deployment_at: row.last_deployment_at,
        }
    }
}

/// Where code lives.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Repository {
    /// `host/owner/name`.
    #[graphql(skip)]
    pub id: String,
    /// As its owner writes it.
    pub name: String,
    /// Its address.
    #[schema(required)]
    pub url: Option<String>,
    /// The branch that changes go to.
    #[schema(required)]
    pub default_branch: Option<String>,
    /// Its history is cut off: numbers computed from it are partial.
    pub partial: bool,
}

impl From<RepositoryRow> for Repository {
    fn from(row: RepositoryRow) -> Self {
        Self { id: row.id, name: row.name, url: row.url, default_branch: row.default_branch, partial: row.partial }
    }
}

/// Something that the engine noticed about the data itself.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(complex)]
pub struct Finding {
    /// The service.
    #[graphql(skip)]
    pub service: String,
    /// What kind of finding.
    pub kind: FindingKind,
    /// The deployment, change or commit that it is about.
    pub subject: String,
    /// One sentence.
    pub detail: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl From<kernel::Finding> for Finding {
    fn from(from: kernel::Finding) -> Self {
        let remedy = reasons::remedy(from.kind);
        Self { service: from.service, kind: from.kind, subject: from.subject, detail: from.detail, remedy }
    }
}

/// Whose data can be asked for.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
#[graphql(name = "Tenant")]
#[schema(as = Tenant)]
pub struct TenantView {
    /// Its name, as the header `sei-tenant` and the parameter `tenant` take it.
    pub name: String,
    /// Its data is made up.
    pub demo: bool,
}

impl From<TenantInfo> for TenantView {
    fn from(from: TenantInfo) -> Self {
        Self { name: from.tenant.to_string(), demo: from.demo }
    }
}

impl Personal for Change {
    fn hide_people(&mut self, may_name: &dyn Fn(&str) -> bool) {
        hide(&mut self.author, may_name);
    }
}

impl Personal for Deployment {}
impl Personal for Finding {}
impl Personal for Repository {}
impl Personal for Service {}
