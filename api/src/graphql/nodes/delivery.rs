//! Pipeline runs and their jobs, deployments as they were reported, environments and incidents.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::{DeploymentSource, IncidentMetric, Outcome};
use store::queries::EnvironmentRow;

/// A run of a pipeline or workflow.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PipelineRun {
    /// Its id at the source.
    pub key: String,
    #[graphql(skip)]
    pub repository: Option<String>,
    /// The pipeline's or workflow's name.
    pub name: String,
    #[graphql(skip)]
    pub sha: Option<String>,
    /// The branch that it ran for.
    pub branch: Option<String>,
    /// The tag that it ran for.
    pub tag: Option<String>,
    /// A pull request or a fork triggered it.
    pub pull_request: bool,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; null while it runs.
    pub outcome: Option<Outcome>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::PipelineRun> for PipelineRun {
    fn from(from: kernel::PipelineRun) -> Self {
        Self {
            key: from.id,
            repository: from.repository.map(|id| id.0),
            name: from.name,
            sha: from.sha.map(|sha| sha.to_string()),
            branch: from.branch,
            tag: from.tag,
            pull_request: from.pull_request,
            attempt: from.attempt,
            queued_at: from.queued_at,
            started_at: from.started_at,
            finished_at: from.finished_at,
            outcome: from.outcome,
            url: from.url,
        }
    }
}

/// A job of a pipeline run.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Job {
    /// Its id at the source.
    pub key: String,
    #[graphql(skip)]
    pub run: String,
    /// Its name.
    pub name: String,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was queued.
    pub queued_at: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; null while it runs.
    pub outcome: Option<Outcome>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::TaskRun> for Job {
    fn from(from: kernel::TaskRun) -> Self {
        Self {
            key: from.id,
            run: from.run,
            name: from.name,
            attempt: from.attempt,
            queued_at: from.queued_at,
            started_at: from.started_at,
            finished_at: from.finished_at,
            outcome: from.outcome,
            url: from.url,
        }
    }
}

/// A deployment as its source reported it, to whichever environment.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ReportedDeployment {
    /// Its id at the source.
    pub key: String,
    /// What reported it, or what it was inferred from.
    pub source: DeploymentSource,
    #[graphql(skip)]
    pub repository: Option<String>,
    #[graphql(skip)]
    pub service: Option<String>,
    #[graphql(skip)]
    pub environment: Option<String>,
    /// Whether the environment is production, where the source says so.
    pub production: Option<bool>,
    #[graphql(skip)]
    pub sha: Option<String>,
    /// A tag or a version.
    pub name: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; null while it runs.
    pub outcome: Option<Outcome>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::Deployment> for ReportedDeployment {
    fn from(from: kernel::Deployment) -> Self {
        Self {
            key: from.id.0,
            source: from.source,
            repository: from.repository.map(|id| id.0),
            service: from.service,
            environment: from.environment,
            production: from.production,
            sha: from.sha.map(|sha| sha.to_string()),
            name: from.name,
            started_at: from.started_at,
            finished_at: from.finished_at,
            outcome: from.outcome,
            url: from.url,
        }
    }
}

/// An environment that deployments name.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Whether it is production, so that metrics can be asked for by it.
    pub is_production: bool,
}

impl From<EnvironmentRow> for Environment {
    fn from(from: EnvironmentRow) -> Self {
        Self { name: from.name, is_production: from.is_production }
    }
}

/// An incident: a fault of a service that its users noticed.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Incident {
    /// Its id at the source.
    pub key: String,
    /// Its title.
    pub title: String,
    /// As the source has it.
    pub severity: Option<String>,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When service was restored; null while it is open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// No change of the organization's own caused it.
    pub external_cause: bool,
    #[graphql(skip)]
    pub caused_by_change: Option<String>,
    #[graphql(skip)]
    pub caused_by_deployment: Option<String>,
    #[graphql(skip)]
    pub fixed_by_deployment: Option<String>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::Incident> for Incident {
    fn from(from: kernel::Incident) -> Self {
        Self {
            key: from.id.0,
            title: from.title,
            severity: from.severity,
            detected_at: from.detected_at,
            acknowledged_at: from.acknowledged_at,
            resolved_at: from.resolved_at,
            external_cause: from.external_cause,
            caused_by_change: from.caused_by_change.map(|id| id.0),
            caused_by_deployment: from.caused_by_deployment,
            fixed_by_deployment: from.fixed_by_deployment,
            url: from.url,
        }
    }
}

/// What an incident did to a service.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct IncidentOfService {
    #[graphql(skip)]
    pub service: String,
    #[graphql(skip)]
    pub deployment: Option<String>,
    /// From detected to resolved; null while it is open, or where it would be negative.
    pub restore_seconds: Option<f64>,
}

impl From<IncidentMetric> for IncidentOfService {
    fn from(from: IncidentMetric) -> Self {
        Self {
            service: from.service,
            deployment: from.deployment.map(|id| id.0),
            restore_seconds: crate::views::seconds(from.restore_us),
        }
    }
}
