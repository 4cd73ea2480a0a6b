//! Rows of the lists of facts: incidents, work items, pipeline runs, vulnerabilities, reviews, teams and sources.

use chrono::{DateTime, Utc};
use kernel::{
    Incident, IncidentMetric, Outcome, PipelineRun, Review, ReviewState, StatusCategory, Vulnerability, WorkItem,
};
use serde::Serialize;
use store::queries::TeamRow;
use store::source_state::SourceState;
use utoipa::ToSchema;

use super::personal::{Personal, hide};
use super::seconds;
use crate::questions::{IncidentState, VulnerabilityState};

/// A problem for users.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether service was restored.
    pub state: IncidentState,
    /// As the source has it.
    #[schema(required)]
    pub severity: Option<String>,
    /// The services that metrics count it for, by name.
    pub services: Vec<String>,
    /// The repository that it was reported in, where no service is stated.
    #[schema(required)]
    pub repository: Option<String>,
    /// When it was noticed.
    pub detected_at: DateTime<Utc>,
    /// When it was first acknowledged.
    #[schema(required)]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When service was restored; null while it is open.
    #[schema(required)]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Detected → resolved, as the metric `time_to_restore` has it.
    #[schema(required)]
    pub time_to_restore_seconds: Option<f64>,
    /// The deployment that it marks as failed.
    #[schema(required)]
    pub deployment: Option<String>,
    /// It has a cause that is no deployment, such as a provider.
    pub external_cause: bool,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

impl IncidentView {
    /// Adds what was computed of it for a service.
    pub(crate) fn add(&mut self, metric: IncidentMetric) {
        self.time_to_restore_seconds = self.time_to_restore_seconds.or_else(|| seconds(metric.restore_us));
        self.deployment = self.deployment.take().or_else(|| metric.deployment.map(|id| id.0));
        if let Err(place) = self.services.binary_search(&metric.service) {
            self.services.insert(place, metric.service);
        }
    }
}

impl From<Incident> for IncidentView {
    fn from(from: Incident) -> Self {
        Self {
            id: from.id.0,
            title: from.title,
            state: if from.resolved_at.is_some() { IncidentState::Resolved } else { IncidentState::Open },
            severity: from.severity,
            services: Vec::new(),
            repository: from.repository.map(|id| id.0),
            detected_at: from.detected_at,
            acknowledged_at: from.acknowledged_at,
            resolved_at: from.resolved_at,
            time_to_restore_seconds: None,
            deployment: None,
            external_cause: from.external_cause,
            url: from.url,
        }
    }
}

impl Personal for IncidentView {}

/// A work item of a tracker.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WorkItem)]
pub struct WorkItemView {
    /// Its id.
    pub id: String,
    /// Its key, as people write it.
    pub key: String,
    /// Its project; of an issue of a forge the repository.
    pub project: String,
    /// Its title.
    pub title: String,
    /// Its kind, as the tracker has it.
    #[schema(required)]
    pub kind: Option<String>,
    /// Its status, as the tracker has it.
    pub status: String,
    /// The category of its status.
    pub state: StatusCategory,
    /// It was closed without being done.
    pub canceled: bool,
    /// The account that reported it; null for who may not see data about single persons.
    #[schema(required)]
    pub reporter: Option<String>,
    /// The account that works on it; null for who may not see data about single persons.
    #[schema(required)]
    pub assignee: Option<String>,
    /// The work item that it is part of.
    #[schema(required)]
    pub parent: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When work on it began.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done.
    #[schema(required)]
    pub done_at: Option<DateTime<Utc>>,
    /// Its estimate.
    #[schema(required)]
    pub points: Option<f64>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The sprints that it is in, by id.
    pub sprints: Vec<String>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

impl From<WorkItem> for WorkItemView {
    fn from(from: WorkItem) -> Self {
        Self {
            id: from.id.0,
            key: from.key,
            project: from.project,
            title: from.title,
            kind: from.kind,
            status: from.status,
            state: from.status_category,
            canceled: from.canceled,
            reporter: from.reporter.map(|id| id.0),
            assignee: from.assignee.map(|id| id.0),
            parent: from.parent.map(|id| id.0),
            created_at: from.created_at,
            started_at: from.started_at,
            done_at: from.done_at,
            points: from.points,
            labels: from.labels,
            sprints: from.sprints,
            url: from.url,
        }
    }
}

impl Personal for WorkItemView {
    fn hide_people(&mut self, may_name: &dyn Fn(&str) -> bool) {
        hide(&mut self.reporter, may_name);
        hide(&mut self.assignee, may_name);
    }
}

/// A run of a CI pipeline.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PipelineRun)]
pub struct PipelineRunView {
    /// Its id.
    pub id: String,
    /// The repository.
    #[schema(required)]
    pub repository: Option<String>,
    /// The name of its pipeline or workflow.
    pub name: String,
    /// The commit.
    #[schema(required)]
    pub sha: Option<String>,
    /// The branch.
    #[schema(required)]
    pub branch: Option<String>,
    /// The tag.
    #[schema(required)]
    pub tag: Option<String>,
    /// It ran for a pull request.
    pub pull_request: bool,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When it began.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; null while it runs.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

impl From<PipelineRun> for PipelineRunView {
    fn from(from: PipelineRun) -> Self {
        Self {
            id: from.id,
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

impl Personal for PipelineRunView {}

/// A vulnerability of code or of a dependency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Vulnerability)]
pub struct VulnerabilityView {
    /// Its id.
    pub id: String,
    /// The repository that it is in.
    #[schema(required)]
    pub repository: Option<String>,
    /// `critical`, `high`, `medium` or `low`; otherwise as the source has it.
    pub severity: String,
    /// Whether it is open, fixed or dismissed.
    pub state: VulnerabilityState,
    /// Its title.
    pub title: String,
    /// The package, or the rule that found it.
    #[schema(required)]
    pub rule: Option<String>,
    /// When it was found.
    pub opened_at: DateTime<Utc>,
    /// When it was fixed.
    #[schema(required)]
    pub fixed_at: Option<DateTime<Utc>>,
    /// When it was dismissed.
    #[schema(required)]
    pub dismissed_at: Option<DateTime<Utc>>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

impl From<Vulnerability> for VulnerabilityView {
    fn from(from: Vulnerability) -> Self {
        let state = match (from.fixed_at, from.dismissed_at) {
            (Some(_), _) => VulnerabilityState::Fixed,
            (None, Some(_)) => VulnerabilityState::Dismissed,
            (None, None) => VulnerabilityState::Open,
        };
        Self {
            id: from.id,
            repository: from.repository.map(|id| id.0),
            severity: from.severity,
            state,
            title: from.title,
            rule: from.rule,
            opened_at: from.opened_at,
            fixed_at: from.fixed_at,
            dismissed_at: from.dismissed_at,
            url: from.url,
        }
    }
}

impl Personal for VulnerabilityView {}

/// A review of a change, or a comment on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewView {
    /// Its id.
    pub id: String,
    /// The change.
    pub change: String,
    /// The account that gave it; null for who may not see data about single persons.
    #[schema(required)]
    pub reviewer: Option<String>,
    /// Its result.
    pub state: ReviewState,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
}

impl From<Review> for ReviewView {
    fn from(from: Review) -> Self {
        Self {
            id: from.id,
            change: from.change.0,
            reviewer: from.reviewer.map(|id| id.0),
            state: from.state,
            submitted_at: from.submitted_at,
        }
    }
}

impl Personal for ReviewView {
    fn hide_people(&mut self, may_name: &dyn Fn(&str) -> bool) {
        hide(&mut self.reviewer, may_name);
    }
}

/// A team: declared, or named by a service.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub struct TeamView {
    /// Its name.
    pub name: String,
    /// The team that it is part of.
    #[schema(required)]
    pub parent: Option<String>,
    /// The number of its members.
    pub members: usize,
    /// The services that it owns, by name: 200 at most.
    pub services: Vec<String>,
}

impl From<TeamRow> for TeamView {
    fn from(from: TeamRow) -> Self {
        Self { name: from.name, parent: from.parent, members: from.members.len(), services: Vec::new() }
    }
}

impl Personal for TeamView {}

/// A source, and how it was collected last.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceView {
    /// The connector and the configured name: `github/main`.
    pub name: String,
    /// How it stands: `collecting` while its first attempt runs, then `ok`, `partial` (something was skipped) or `failing`.
    pub state: &'static str,
    /// When it was collected last, whether that worked or not; while the first attempt runs, when that began.
    pub attempted_at: DateTime<Utc>,
    /// When that worked last.
    #[schema(required)]
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Everything that happened before is known.
    #[schema(required)]
    pub complete_until: Option<DateTime<Utc>>,
    /// The number of rows, or commits, that the last attempt fetched; while the first one runs, until now.
    pub fetched: i64,
    /// When it failed last.
    #[schema(required)]
    pub failed_at: Option<DateTime<Utc>>,
    /// Why, if it has not worked since.
    #[schema(required)]
    pub error: Option<String>,
    /// What the last attempt skipped, since it could not be fetched; it is asked for again.
    pub problems: Vec<String>,
    /// When one of its cursors was saved last.
    #[schema(required)]
    pub cursor_saved_at: Option<DateTime<Utc>>,
    /// The remaining rate budget, as the source last reported it.
    #[schema(required)]
    pub budget_left: Option<i64>,
    /// When that is renewed.
    #[schema(required)]
    pub budget_resets_at: Option<DateTime<Utc>>,
}

impl From<SourceState> for SourceView {
    fn from(from: SourceState) -> Self {
        Self {
            state: state_of(&from),
            name: from.source,
            attempted_at: from.attempted_at,
            succeeded_at: from.succeeded_at,
            complete_until: from.complete_until,
            fetched: from.fetched,
            failed_at: from.failed_at,
            error: from.error,
            problems: from.problems,
            cursor_saved_at: from.cursor_saved_at,
            budget_left: from.budget_left,
            budget_resets_at: from.budget_resets_at,
        }
    }
}

/// How a source stands.
pub(crate) fn state_of(source: &SourceState) -> &'static str {
    source.health().map_or("collecting", |health| health.as_str())
}
