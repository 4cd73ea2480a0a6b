//! Deployments with what they carried and caused, and the evidence of their verdicts.

use async_graphql::{ComplexObject, Context, ID};
use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{EnvironmentRow, Parent, RepositoryRow, RowFilter, ServiceRow};

use crate::graphql::ids::{Kind, id};
use crate::graphql::nodes::{Change, Environment, Incident, ReportedDeployment};
use crate::graphql::paging::{List, checked, rows};
use crate::graphql::raw::events_of;
use crate::graphql::resolve::{among, first_of, key, one, some};
use crate::views::{Change as DeployedChange, Commit, Deployment, Evidence, RawEvent, Repository, Service};

/// A commit, if both its repository and its id are known.
async fn commit(
    context: &Context<'_>,
    repository: Option<&str>,
    sha: Option<&str>,
) -> async_graphql::Result<Option<Commit>> {
    let Some((repository, sha)) = repository.zip(sha) else { return Ok(None) };
    one::<kernel::Commit, _>(context, vec![repository.to_owned(), sha.to_owned()]).await
}

#[ComplexObject]
impl Deployment {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Deployment, &[&self.service, &self.id])
    }

    /// Its id at the source; several services may have a verdict of it.
    async fn key(&self) -> &str {
        &self.id
    }

    /// The service whose deployment it is.
    #[graphql(name = "service")]
    async fn service_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Service>> {
        one::<ServiceRow, _>(context, vec![self.service.clone()]).await
    }

    /// The repository whose code it is.
    #[graphql(name = "repository")]
    async fn repository_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        let Some(repository) = self.repository.clone() else { return Ok(None) };
        one::<RepositoryRow, _>(context, vec![repository]).await
    }

    /// The environment, where the source knows one.
    #[graphql(name = "environment")]
    async fn environment_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Environment>> {
        let Some(environment) = self.environment.clone() else { return Ok(None) };
        one::<EnvironmentRow, _>(context, vec![environment]).await
    }

    /// Its commit.
    async fn commit(&self, context: &Context<'_>) -> async_graphql::Result<Option<Commit>> {
        commit(context, self.repository.as_deref(), self.sha.as_deref()).await
    }

    /// The deployment that ran before.
    #[graphql(name = "previous")]
    async fn previous_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Self>> {
        let Some(previous) = self.previous.clone() else { return Ok(None) };
        one::<DeploymentMetric, _>(context, vec![self.service.clone(), previous]).await
    }

    /// The deployment that counts, with its verdict, for the rollout that this one is part of.
    #[graphql(name = "rollout")]
    async fn rollout_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Self>> {
        let Some(rollout) = self.rollout.clone() else { return Ok(None) };
        one::<DeploymentMetric, _>(context, vec![self.service.clone(), rollout]).await
    }

    /// The changes, and direct commits, that it carried, from the last id on.
    #[graphql(name = "changes", complexity = "rows(first, last) * child_complexity + 1")]
    async fn carried_changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<DeployedChange> {
        let of = (Parent::DEPLOYMENT_OF_SERVICE, (self.id.clone(), self.service.clone()));
        among::<ChangeMetric, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Commits that it carried: of each of its first changes those that the source of the change lists, and direct
    /// commits.
    #[graphql(name = "commits", complexity = "rows(first, None) * (child_complexity + 1) + 1")]
    async fn carried_commits(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Commit>> {
        let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
        let of = (Parent::DEPLOYMENT_OF_SERVICE, (self.id.clone(), self.service.clone()));
        let carried = first_of::<ChangeMetric>(context, of, first).await?;
        let (direct, changes): (Vec<_>, Vec<_>) = carried.into_iter().partition(|carried| carried.is_commit);
        let changes: Vec<Change> =
            some::<kernel::Change, _>(context, changes.into_iter().map(|row| vec![row.change.0]).collect()).await?;
        let direct = direct.iter().filter_map(|row| row.change.as_str().rsplit_once('@'));
        let direct = direct.map(|(repository, sha)| vec![repository.to_owned(), sha.to_owned()]);
        let of_changes = changes
            .iter()
            .flat_map(|change| change.commits.iter().map(|sha| vec![change.repository.clone(), sha.to_string()]));
        some::<kernel::Commit, _>(context, of_changes.chain(direct).take(limit).collect()).await
    }

    /// The incidents that marked it as failed, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn incidents(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Incident> {
        let of = (Parent::CAUSE_OF_INCIDENT, (self.id.clone(), self.service.clone()));
        among::<kernel::Incident, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The deployment as its source reported it; null for one that was inferred from a pipeline run.
    async fn reported(&self, context: &Context<'_>) -> async_graphql::Result<Option<ReportedDeployment>> {
        one::<kernel::Deployment, _>(context, vec![self.id.clone()]).await
    }

    /// The events that reported it, as the log has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(&self, context: &Context<'_>) -> async_graphql::Result<Vec<RawEvent>> {
        events_of(context, &self.id).await
    }
}

#[ComplexObject]
impl ReportedDeployment {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::ReportedDeployment, &[&self.key])
    }

    /// The service, where the source names one.
    async fn service(&self, context: &Context<'_>) -> async_graphql::Result<Option<Service>> {
        let Some(service) = self.service.clone() else { return Ok(None) };
        one::<ServiceRow, _>(context, vec![service]).await
    }

    /// The repository whose code was deployed.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Option<Repository>> {
        let Some(repository) = self.repository.clone() else { return Ok(None) };
        one::<RepositoryRow, _>(context, vec![repository]).await
    }

    /// The environment, where the source knows one.
    async fn environment(&self, context: &Context<'_>) -> async_graphql::Result<Option<Environment>> {
        let Some(environment) = self.environment.clone() else { return Ok(None) };
        one::<EnvironmentRow, _>(context, vec![environment]).await
    }

    /// The commit that was deployed.
    async fn commit(&self, context: &Context<'_>) -> async_graphql::Result<Option<Commit>> {
        commit(context, self.repository.as_deref(), self.sha.as_deref()).await
    }

    /// Its verdicts: one for each service whose production deployment it is.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn verdicts(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Deployment> {
        let of = (Parent::DEPLOYMENT, key(&self.key));
        among::<DeploymentMetric, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}

#[ComplexObject]
impl Environment {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Environment, &[&self.name])
    }

    /// The deployments to it as they were reported, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn deployments(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<ReportedDeployment> {
        let of = (Parent::ENVIRONMENT, key(&self.name));
        among::<kernel::Deployment, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}

#[ComplexObject]
impl Evidence {
    /// The events that reported what met the rule, as the log has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(&self, context: &Context<'_>) -> async_graphql::Result<Vec<RawEvent>> {
        events_of(context, &self.id).await
    }
}
