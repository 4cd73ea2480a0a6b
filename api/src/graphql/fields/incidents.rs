//! Incidents: whose they are, what caused them, and what fixed them.

use async_graphql::{ComplexObject, Context};
use kernel::{DeploymentMetric, IncidentMetric};
use store::queries::{Parent, ServiceRow};

use crate::graphql::edges::edges;
use crate::graphql::nodes::{Change, Incident, IncidentOfService};
use crate::graphql::resolve::{first_of, key, one, one_key};
use crate::views::{Deployment, Service};

/// The services of an incident, or of a deployment, that are shown at most.
const SERVICES: u32 = 20;

async fn services_of(incident: &Incident, context: &Context<'_>) -> async_graphql::Result<Vec<IncidentOfService>> {
    let of = (Parent::INCIDENT, key(&incident.key));
    let found = first_of::<IncidentMetric>(context, of, Some(SERVICES)).await?;
    Ok(found.into_iter().map(Into::into).collect())
}

/// The verdicts of a deployment, one for each of its services.
async fn verdicts(context: &Context<'_>, deployment: Option<&str>) -> async_graphql::Result<Vec<Deployment>> {
    let Some(deployment) = deployment else { return Ok(Vec::new()) };
    let of = (Parent::DEPLOYMENT, key(deployment));
    let found = first_of::<DeploymentMetric>(context, of, Some(SERVICES)).await?;
    Ok(found.into_iter().map(Into::into).collect())
}

async fn causes_of(incident: &Incident, context: &Context<'_>) -> async_graphql::Result<Vec<Deployment>> {
    verdicts(context, incident.caused_by_deployment.as_deref()).await
}

async fn fixes_of(incident: &Incident, context: &Context<'_>) -> async_graphql::Result<Vec<Deployment>> {
    verdicts(context, incident.fixed_by_deployment.as_deref()).await
}

edges! {
    Incident, Incident, |it| vec![it.key.as_str()];
    one {
        /// The change that its source names as its cause.
        cause_change as "causedByChange": kernel::Change => Change, |it| one_key(it.caused_by_change.as_deref());
    }
    some {
        /// The services that it belongs to, with the deployment of each that it marks as failed; 20 at most.
        services: IncidentOfService, 10, services_of;
        /// The deployment that its source names as its cause, for each service that has a verdict of it.
        cause_deployments as "causedByDeployments": Deployment, 10, causes_of;
        /// The deployment that its source names as its fix, for each service that has a verdict of it.
        fix_deployments as "fixedByDeployments": Deployment, 10, fixes_of;
    }
    events |it| &it.key;
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
