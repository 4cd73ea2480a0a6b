//! Changes, open or deployed, and their reviews.

use async_graphql::{ComplexObject, Context, ID};
use chrono::Utc;
use kernel::{ChangeMetric, ChangeState, DeploymentMetric};
use store::queries::{Parent, RepositoryRow, RowFilter, ServiceRow};

use crate::graphql::ids::{Kind, id};
use crate::graphql::nodes::{Account, Change, Review};
use crate::graphql::paging::{List, checked, rows};
use crate::graphql::people::account;
use crate::graphql::resolve::{among, key, one, some};
use crate::views::{Change as DeployedChange, Commit, Deployment, Repository, Service};

/// The commits of a change, as far as they are known.
pub(super) async fn commits_of(
    context: &Context<'_>,
    change: &Change,
    first: Option<u32>,
) -> async_graphql::Result<Vec<Commit>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    let keys = change.commits.iter().take(limit).map(|sha| vec![change.repository.clone(), sha.to_string()]);
    some::<kernel::Commit, _>(context, keys.collect()).await
}

#[ComplexObject]
impl Change {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Change, &[&self.key])
    }

    /// Who opened it.
    async fn author(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.author.as_deref()).await
    }

    /// The repository that it is merged to.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        one::<RepositoryRow, _>(context, vec![self.repository.clone()]).await
    }

    /// The services that are declared with its repository, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn services(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Service> {
        let of = (Parent::REPOSITORY_OF_SERVICE, key(&self.repository));
        among::<ServiceRow, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// For how long it has been open, in seconds; null unless it is open.
    async fn age_seconds(&self) -> Option<i64> {
        let opened_at = self.opened_at.filter(|_| self.state == ChangeState::Open)?;
        Some((Utc::now() - opened_at).num_seconds().max(0))
    }

    /// The change that it reverts.
    async fn reverts(&self, context: &Context<'_>) -> async_graphql::Result<Option<Self>> {
        let Some(reverts) = self.reverts.clone() else { return Ok(None) };
        one::<kernel::Change, _>(context, vec![reverts]).await
    }

    /// Its reviews and comments, oldest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn reviews(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Review> {
        let of = (Parent::CHANGE, key(&self.key));
        among::<kernel::Review, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its commits: those that its source lists, and the one by which it was merged.
    #[graphql(complexity = "rows(first, None) * child_complexity + 1")]
    async fn commits(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Commit>> {
        commits_of(context, self, first).await
    }

    /// Its deployments: one for each service that it reached production with, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn deployed(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<DeployedChange> {
        let of = (Parent::CHANGE, key(&self.key));
        among::<ChangeMetric, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}

#[ComplexObject]
impl DeployedChange {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::DeployedChange, &[&self.service, &self.id])
    }

    /// `<repository>#<number>`; for a direct commit `<repository>@<sha>`.
    async fn key(&self) -> &str {
        &self.id
    }

    /// The change itself; null for a direct commit.
    async fn change(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
        one::<kernel::Change, _>(context, vec![self.id.clone()]).await
    }

    /// Who opened or wrote it.
    #[graphql(name = "author")]
    async fn author_account(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.author.as_deref()).await
    }

    /// The service that it was deployed with.
    #[graphql(name = "service")]
    async fn service_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Service>> {
        one::<ServiceRow, _>(context, vec![self.service.clone()]).await
    }

    /// The repository that it is of.
    #[graphql(name = "repository")]
    async fn repository_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        one::<RepositoryRow, _>(context, vec![self.repository.clone()]).await
    }

    /// The deployment that carried it first.
    #[graphql(name = "deployment")]
    async fn deployment_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Deployment>> {
        one::<DeploymentMetric, _>(context, vec![self.service.clone(), self.deployment.clone()]).await
    }

    /// Its reviews and comments, oldest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn reviews(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Review> {
        let of = (Parent::CHANGE, key(&self.id));
        among::<kernel::Review, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its commits: those that its source lists, and the one by which it was merged; or the direct commit.
    #[graphql(name = "commits", complexity = "rows(first, None) * child_complexity + 1")]
    async fn commit_nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Commit>> {
        if let Some((repository, sha)) = self.id.rsplit_once('@').filter(|_| self.is_commit) {
            return some::<kernel::Commit, _>(context, vec![vec![repository.to_owned(), sha.to_owned()]]).await;
        }
        match one::<kernel::Change, Change>(context, vec![self.id.clone()]).await? {
            Some(change) => commits_of(context, &change, first).await,
            None => Ok(Vec::new()),
        }
    }
}

#[ComplexObject]
impl Review {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Review, &[&self.key])
    }

    /// Who reviewed.
    async fn reviewer(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.reviewer.as_deref()).await
    }

    /// The change that was reviewed.
    async fn change(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
        one::<kernel::Change, _>(context, vec![self.change.clone()]).await
    }
}
