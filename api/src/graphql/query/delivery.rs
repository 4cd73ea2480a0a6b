//! Lists of deployments and what belongs to them: deployed changes, pipeline runs, incidents and findings.

use async_graphql::{Context, Object};
use kernel::{ChangeMetric, DeploymentMetric};

use crate::graphql::filters::{
    DeployedChangesFilter, DeploymentsFilter, FindingsFilter, IncidentsFilter, PipelineRunsFilter,
};
use crate::graphql::nodes::{Incident, PipelineRun};
use crate::graphql::paging::{List, rows};
use crate::graphql::resolve::list;
use crate::views::{Change as DeployedChange, Deployment, Finding};

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct DeliveryLists;

#[expect(clippy::too_many_arguments, reason = "Relay names four of them")]
#[Object]
impl DeliveryLists {
    /// Production deployments with their verdicts, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn deployments(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<DeploymentsFilter>,
    ) -> List<Deployment> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<DeploymentMetric, _>(context, asked, (first, after, last, before)).await
    }

    /// Changes, and direct commits, that reached production: one for each service; newest deployment first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn deployed_changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<DeployedChangesFilter>,
    ) -> List<DeployedChange> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<ChangeMetric, _>(context, asked, (first, after, last, before)).await
    }

    /// Runs of pipelines and workflows, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn pipeline_runs(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<PipelineRunsFilter>,
    ) -> List<PipelineRun> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::PipelineRun, _>(context, asked, (first, after, last, before)).await
    }

    /// Incidents, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn incidents(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<IncidentsFilter>,
    ) -> List<Incident> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::Incident, _>(context, asked, (first, after, last, before)).await
    }

    /// What the engine noticed about the data itself.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn findings(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<FindingsFilter>,
    ) -> List<Finding> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::Finding, _>(context, asked, (first, after, last, before)).await
    }
}
