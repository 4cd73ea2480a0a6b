//! Repositories, their commits and vulnerabilities.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID};
use kernel::{ChangeMetric, Sha};
use store::queries::{Parent, RepositoryRow, RowFilter, ServiceRow};

use crate::graphql::ids::{Kind, id};
use crate::graphql::loads::OfCommit;
use crate::graphql::nodes::{Account, Change, PipelineRun, Vulnerability};
use crate::graphql::paging::{List, rows};
use crate::graphql::people::account;
use crate::graphql::refusal::refused;
use crate::graphql::resolve::{among, first_of, key, loads, one};
use crate::views::{Change as DeployedChange, Commit, Repository, Service};

#[ComplexObject]
impl Repository {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Repository, &[&self.id])
    }

    /// `host/owner/name`.
    async fn key(&self) -> &str {
        &self.id
    }

    /// The services that are declared with it, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn services(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Service> {
        let of = (Parent::REPOSITORY_OF_SERVICE, key(&self.id));
        among::<ServiceRow, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its changes: open, merged and abandoned, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Change> {
        let of = (Parent::REPOSITORY, key(&self.id));
        among::<kernel::Change, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its commits, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn commits(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Commit> {
        let of = (Parent::REPOSITORY, key(&self.id));
        among::<kernel::Commit, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The runs of its pipelines, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn pipeline_runs(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<PipelineRun> {
        let of = (Parent::REPOSITORY, key(&self.id));
        among::<kernel::PipelineRun, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its vulnerabilities, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn vulnerabilities(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Vulnerability> {
        let of = (Parent::REPOSITORY, key(&self.id));
        among::<kernel::Vulnerability, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}

impl Commit {
    /// The change that it came with.
    async fn found_change(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<kernel::Change>>> {
        let Ok(sha) = Sha::parse(&self.sha) else { return Ok(None) };
        let key = OfCommit { repository: self.repository.clone(), sha };
        loads(context)?.load_one(key).await.map_err(|problem| refused(&problem))
    }
}

#[ComplexObject]
impl Commit {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Commit, &[&self.repository, &self.sha])
    }

    /// Who wrote it.
    #[graphql(name = "author")]
    async fn author_account(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.author.as_deref()).await
    }

    /// The repository that it is in.
    #[graphql(name = "repository")]
    async fn repository_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        one::<RepositoryRow, _>(context, vec![self.repository.clone()]).await
    }

    /// The change that it came with: one whose source lists it, or that was merged by it.
    #[graphql(name = "change")]
    async fn change_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
        match &self.change {
            Some(change) => one::<kernel::Change, _>(context, vec![change.clone()]).await,
            None => Ok(self.found_change(context).await?.map(|change| kernel::Change::clone(&change).into())),
        }
    }

    /// Its deployments: of the change that it came with, or as a direct commit; newest first.
    #[graphql(complexity = "rows(first, None) * child_complexity + 1")]
    async fn deployed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<DeployedChange>> {
        let change = match self.found_change(context).await? {
            Some(change) => change.id.0.clone(),
            None => format!("{}@{}", self.repository, self.sha),
        };
        let found = first_of::<ChangeMetric>(context, (Parent::CHANGE, key(&change)), first).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// The pipeline runs that it was tested or deployed by, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn pipeline_runs(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<PipelineRun> {
        let of = (Parent::COMMIT_OF_RUN, (self.sha.clone(), self.repository.clone()));
        among::<kernel::PipelineRun, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}

#[ComplexObject]
impl Vulnerability {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Vulnerability, &[&self.key])
    }

    /// The repository that it is in.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        let Some(repository) = self.repository.clone() else { return Ok(None) };
        one::<RepositoryRow, _>(context, vec![repository]).await
    }
}
