//! A person's own work.

use async_graphql::{ComplexObject, Context, Object};

use crate::ApiState;
use crate::graphql::nodes::{Change, PipelineRun, WorkItem};
use crate::graphql::refusal::refused;
use crate::graphql::resolve::{one, some};
use crate::own_work;
use crate::questions::OwnWorkQuestion;
use crate::scope::Scope;
use crate::views::{Change as DeployedChange, OpenChange, OwnWork};

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Own;

#[Object]
impl Own {
    /// A person's own work: of who asks, or of whom they may see.
    #[graphql(complexity = "500 + 20 * child_complexity")]
    async fn own_work(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of an account of the person; the person who asks without it.")] account: Option<
            String,
        >,
    ) -> async_graphql::Result<OwnWork> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        own_work::own_work(state, scope, &OwnWorkQuestion { account }).await.map_err(|problem| refused(&problem))
    }
}

#[ComplexObject]
impl OwnWork {
    /// Work items that the person works on.
    #[graphql(name = "items")]
    async fn item_nodes(&self, context: &Context<'_>) -> async_graphql::Result<Vec<WorkItem>> {
        let keys = self.items.iter().map(|item| vec![item.id.clone()]).collect();
        some::<kernel::WorkItem, _>(context, keys).await
    }

    /// Pipelines whose last run on the last commit of a change of the person failed, of changes of the last 30 days.
    #[graphql(name = "redRuns")]
    async fn red_run_nodes(&self, context: &Context<'_>) -> async_graphql::Result<Vec<PipelineRun>> {
        let keys = self.red_runs.iter().map(|run| vec![run.id.clone()]).collect();
        some::<kernel::PipelineRun, _>(context, keys).await
    }

    /// The last changes of the person that reached production, with their stages; 20 at most.
    #[graphql(name = "deployed")]
    async fn deployed_nodes(&self, context: &Context<'_>) -> async_graphql::Result<Vec<DeployedChange>> {
        let keys = self.deployed.iter().map(|row| vec![row.service.clone(), row.id.clone()]).collect();
        some::<kernel::ChangeMetric, _>(context, keys).await
    }
}

#[ComplexObject]
impl OpenChange {
    /// The change itself.
    async fn change(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
        one::<kernel::Change, _>(context, vec![self.id.clone()]).await
    }
}
