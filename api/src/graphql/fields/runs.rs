//! Pipeline runs and their jobs.

use async_graphql::{ComplexObject, Context, ID};
use store::queries::{Parent, RepositoryRow, RowFilter};

use crate::graphql::ids::{Kind, id};
use crate::graphql::nodes::{Job, PipelineRun};
use crate::graphql::paging::{List, rows};
use crate::graphql::raw::events_of;
use crate::graphql::resolve::{among, key, one};
use crate::views::{Commit, RawEvent, Repository};

#[ComplexObject]
impl PipelineRun {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::PipelineRun, &[&self.key])
    }

    /// The repository whose code it ran on.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        let Some(repository) = self.repository.clone() else { return Ok(None) };
        one::<RepositoryRow, _>(context, vec![repository]).await
    }

    /// The commit that it ran on.
    async fn commit(&self, context: &Context<'_>) -> async_graphql::Result<Option<Commit>> {
        let Some((repository, sha)) = self.repository.clone().zip(self.sha.clone()) else { return Ok(None) };
        one::<kernel::Commit, _>(context, vec![repository, sha]).await
    }

    /// Its jobs, in the order in which they were queued.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn jobs(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Job> {
        let of = (Parent::RUN, key(&self.key));
        among::<kernel::TaskRun, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The events that reported it, as the log has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(&self, context: &Context<'_>) -> async_graphql::Result<Vec<RawEvent>> {
        events_of(context, &self.key).await
    }
}

#[ComplexObject]
impl Job {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Job, &[&self.key])
    }

    /// The pipeline run that it is part of.
    async fn run(&self, context: &Context<'_>) -> async_graphql::Result<Option<PipelineRun>> {
        one::<kernel::PipelineRun, _>(context, vec![self.run.clone()]).await
    }
}
