//! Deployments with what they carried and caused, and the evidence of their verdicts.

use async_graphql::{ComplexObject, Context};
use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{EnvironmentRow, Parent, ParentKey, RepositoryRow, ServiceRow};

use crate::graphql::edges::edges;
use crate::graphql::nodes::{Change, Environment, Incident, ReportedDeployment};
use crate::graphql::paging::checked;
use crate::graphql::raw::events_of;
use crate::graphql::resolve::{first_of, key, one_key, pair_key, some};
use crate::views::{Change as DeployedChange, Commit, Deployment, Evidence, RawEvent, Repository, Service};

/// The key of a deployment of a service as a parent.
fn own_key(deployment: &Deployment) -> ParentKey {
    (deployment.id.clone(), deployment.service.clone())
}

/// Commits that a deployment carried: those of each of its first changes, and direct commits.
async fn carried_commits(
    deployment: &Deployment,
    context: &Context<'_>,
    first: Option<u32>,
) -> async_graphql::Result<Vec<Commit>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    let of = (Parent::DEPLOYMENT_OF_SERVICE, own_key(deployment));
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

edges! {
    Deployment, Deployment, |it| vec![it.service.as_str(), it.id.as_str()];
    one {
        /// The service whose deployment it is.
        service_node as "service": ServiceRow => Service, |it| one_key(it.service.as_str());
        /// The repository whose code it is.
        repository_node as "repository": RepositoryRow => Repository, |it| one_key(it.repository.as_deref());
        /// The environment, where the source knows one.
        environment_node as "environment": EnvironmentRow => Environment, |it| one_key(it.environment.as_deref());
        /// Its commit.
        commit: kernel::Commit => Commit, |it| pair_key(it.repository.as_deref(), it.sha.as_deref());
        /// The deployment that ran before.
        previous_node as "previous": DeploymentMetric => Self,
            |it| pair_key(it.service.as_str(), it.previous.as_deref());
        /// The deployment that counts, with its verdict, for the rollout that this one is part of.
        rollout_node as "rollout": DeploymentMetric => Self,
            |it| pair_key(it.service.as_str(), it.rollout.as_deref());
        /// The deployment as its source reported it; null for one that was inferred from a pipeline run.
        reported: kernel::Deployment => ReportedDeployment, |it| one_key(it.id.as_str());
    }
    many {
        /// The changes, and direct commits, that it carried, from the last id on.
        carried_changes as "changes": ChangeMetric => DeployedChange,
            |it| (Parent::DEPLOYMENT_OF_SERVICE, own_key(it));
        /// The incidents that marked it as failed, newest first.
        incidents: kernel::Incident => Incident, |it| (Parent::CAUSE_OF_INCIDENT, own_key(it));
    }
    few {
        /// Commits that it carried: of each of its first changes those that the source of the change lists, and direct
        /// commits.
        carried_commits as "commits": Commit, carried_commits;
    }
    events |it| &it.id;
    more {
        /// Its id at the source; several services may have a verdict of it.
        async fn key(&self) -> &str {
            &self.id
        }
    }
}

edges! {
    ReportedDeployment, ReportedDeployment, |it| vec![it.key.as_str()];
    one {
        /// The service, where the source names one.
        service: ServiceRow => Service, |it| one_key(it.service.as_deref());
        /// The repository whose code was deployed.
        repository: RepositoryRow => Repository, |it| one_key(it.repository.as_deref());
        /// The environment, where the source knows one.
        environment: EnvironmentRow => Environment, |it| one_key(it.environment.as_deref());
        /// The commit that was deployed.
        commit: kernel::Commit => Commit, |it| pair_key(it.repository.as_deref(), it.sha.as_deref());
    }
    many {
        /// Its verdicts: one for each service whose production deployment it is.
        verdicts: DeploymentMetric => Deployment, |it| (Parent::DEPLOYMENT, key(&it.key));
    }
}

edges! {
    Environment, Environment, |it| vec![it.name.as_str()];
    many {
        /// The deployments to it as they were reported, newest first.
        deployments: kernel::Deployment => ReportedDeployment, |it| (Parent::ENVIRONMENT, key(&it.name));
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
