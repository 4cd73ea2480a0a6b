//! The lists of the root, each with what filters and sorts it.

use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{EnvironmentRow, RepositoryRow, ServiceRow, TeamRow};

use crate::graphql::edges::lists;
use crate::graphql::filters::{
    ChangesFilter, DeployedChangesFilter, DeploymentsFilter, FindingsFilter, IncidentsFilter, PipelineRunsFilter,
    RepositoriesFilter, ServicesFilter, SprintsFilter, TeamsFilter, VulnerabilitiesFilter, WorkItemsFilter,
};
use crate::graphql::nodes::{Change, Environment, Incident, PipelineRun, Sprint, Team, Vulnerability, WorkItem};
use crate::views::{Change as DeployedChange, Deployment, Finding, Repository, Service};

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct Lists;

lists! { Lists {
    /// Teams by name.
    teams: TeamRow => Team, by TeamsFilter;
    /// Services by name.
    services: ServiceRow => Service, by ServicesFilter;
    /// Repositories by id.
    repositories: RepositoryRow => Repository, by RepositoriesFilter;
    /// Changes: open, merged and abandoned, newest first.
    changes: kernel::Change => Change, by ChangesFilter;
    /// Production deployments with their verdicts, newest first.
    deployments: DeploymentMetric => Deployment, by DeploymentsFilter;
    /// Changes, and direct commits, that reached production: one for each service; newest deployment first.
    deployed_changes: ChangeMetric => DeployedChange, by DeployedChangesFilter;
    /// Environments that deployments name, by name.
    environments: EnvironmentRow => Environment;
    /// Runs of pipelines and workflows, newest first.
    pipeline_runs: kernel::PipelineRun => PipelineRun, by PipelineRunsFilter;
    /// Incidents, newest first.
    incidents: kernel::Incident => Incident, by IncidentsFilter;
    /// Work items of trackers, newest first.
    work_items: kernel::WorkItem => WorkItem, by WorkItemsFilter;
    /// Sprints, newest first.
    sprints: kernel::Sprint => Sprint, by SprintsFilter;
    /// Vulnerabilities, newest first.
    vulnerabilities: kernel::Vulnerability => Vulnerability, by VulnerabilitiesFilter;
    /// What the engine noticed about the data itself.
    findings: kernel::Finding => Finding, by FindingsFilter;
} }
