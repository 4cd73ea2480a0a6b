//! Incidents: whose they are, what caused them, and what fixed them.

use async_graphql::{ComplexObject, Context, ID};
use kernel::{DeploymentMetric, IncidentMetric};
use store::queries::{Parent, ServiceRow};

use crate::graphql::ids::{Kind, id};
use crate::graphql::nodes::{Change, Incident, IncidentOfService};
use crate::graphql::raw::events_of;
use crate::graphql::resolve::{first_of, key, one};
use crate::views::{Deployment, RawEvent, Service};

/// The services of an incident, or of a deployment, that are shown at most.
const SERVICES: u32 = 20;

/// The verdicts of a deployment, one for each of its services.
async fn verdicts(context: &Context<'_>, deployment: Option<&str>) -> async_graphql::Result<Vec<Deployment>> {
    let Some(deployment) = deployment else { return Ok(Vec::new()) };
    let of = (Parent::DEPLOYMENT, key(deployment));
    let found = first_of::<DeploymentMetric>(context, of, Some(SERVICES)).await?;
    Ok(found.into_iter().map(Into::into).collect())
}

#[ComplexObject]
impl Incident {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Incident, &[&self.key])
    }

    /// The services that it belongs to, with the deployment of each that it marks as failed; 20 at most.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn services(&self, context: &Context<'_>) -> async_graphql::Result<Vec<IncidentOfService>> {
        let of = (Parent::INCIDENT, key(&self.key));
        let found = first_of::<IncidentMetric>(context, of, Some(SERVICES)).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// The change that its source names as its cause.
    #[graphql(name = "causedByChange")]
    async fn cause_change(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
        let Some(change) = self.caused_by_change.clone() else { return Ok(None) };
        one::<kernel::Change, _>(context, vec![change]).await
    }

    /// The deployment that its source names as its cause, for each service that has a verdict of it.
    #[graphql(name = "causedByDeployments", complexity = "10 * child_complexity + 1")]
    async fn cause_deployments(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Deployment>> {
        verdicts(context, self.caused_by_deployment.as_deref()).await
    }

    /// The deployment that its source names as its fix, for each service that has a verdict of it.
    #[graphql(name = "fixedByDeployments", complexity = "10 * child_complexity + 1")]
    async fn fix_deployments(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Deployment>> {
        verdicts(context, self.fixed_by_deployment.as_deref()).await
    }

    /// The events that reported it, as the log has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(&self, context: &Context<'_>) -> async_graphql::Result<Vec<RawEvent>> {
        events_of(context, &self.key).await
    }
}

#[ComplexObject]
impl IncidentOfService {
    /// The service.
    async fn service(&self, context: &Context<'_>) -> async_graphql::Result<Option<Service>> {
        one::<ServiceRow, _>(context, vec![self.service.clone()]).await
    }

    /// The deployment that caused it: the one that it marks as failed.
    async fn deployment(&self, context: &Context<'_>) -> async_graphql::Result<Option<Deployment>> {
        let Some(deployment) = self.deployment.clone() else { return Ok(None) };
        one::<DeploymentMetric, _>(context, vec![self.service.clone(), deployment]).await
    }
}
