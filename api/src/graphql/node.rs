//! Things by their ids in the graph.

use async_graphql::{Context, ID, Interface};
use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{EnvironmentRow, RepositoryRow, ServiceRow, TeamRow};

use super::ids::{Kind, NodeId};
use super::nodes::{
    Account, Change, Environment, Incident, Job, Organization, Person, PipelineRun, ReportedDeployment, Review, Source,
    Sprint, Team, Transition, Vulnerability, WorkItem,
};
use super::people::{account, person};
use super::refusal::invalid;
use super::resolve::one;
use super::sources::sources;
use crate::questions::Invalid;
use crate::scope::Scope;
use crate::views::{Change as DeployedChange, Commit, Deployment, Finding, Repository, Service};

/// A thing that has an id in the graph.
#[derive(Interface)]
#[graphql(field(name = "id", method = "node_id", ty = "ID", desc = "Its id in the graph."))]
pub(super) enum Node {
    Organization(Organization),
    Team(Team),
    Service(Service),
    Repository(Repository),
    Person(Person),
    Account(Account),
    Change(Change),
    DeployedChange(DeployedChange),
    Review(Review),
    Commit(Commit),
    Deployment(Deployment),
    ReportedDeployment(ReportedDeployment),
    Environment(Environment),
    PipelineRun(PipelineRun),
    Job(Job),
    Incident(Incident),
    WorkItem(WorkItem),
    Transition(Transition),
    Sprint(Sprint),
    Vulnerability(Vulnerability),
    Finding(Finding),
    Source(Source),
}

/// The thing of an id. Of another tenant's id there is none, whatever its key.
pub(super) async fn find(context: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    let Some(NodeId { tenant, kind, key }) = NodeId::read(id) else {
        let expected = "an id out of an earlier answer, unchanged";
        return Err(invalid(Invalid::value("id", id.as_str(), expected)));
    };
    if tenant != context.data::<Scope>()?.tenant.tenant.as_str() {
        return Ok(None);
    }
    match kind {
        Kind::Organization | Kind::Team | Kind::Person | Kind::Account | Kind::Source => {
            of_organization(context, kind, key).await
        }
        Kind::WorkItem | Kind::Transition | Kind::Sprint => of_planning(context, kind, key).await,
        Kind::Change | Kind::DeployedChange | Kind::Review | Kind::Commit | Kind::Repository | Kind::Vulnerability => {
            of_code(context, kind, key).await
        }
        _ => of_delivery(context, kind, key).await,
    }
}

/// The key at its source of an id in the graph; any other text as it is.
pub(super) fn raw_key(id: String) -> String {
    let Some(NodeId { kind, key, .. }) = NodeId::read(&id) else { return id };
    let last = if kind == Kind::Commit { key.get(1) } else { key.last() };
    last.cloned().unwrap_or(id)
}

async fn of_organization(context: &Context<'_>, kind: Kind, key: Vec<String>) -> async_graphql::Result<Option<Node>> {
    let first = key.first().cloned().unwrap_or_default();
    Ok(match kind {
        Kind::Team => one::<TeamRow, Team>(context, key).await?.map(Into::into),
        Kind::Person => person(context, &first).await?.map(Into::into),
        Kind::Account => account(context, Some(&first)).await?.filter(|account| account.name.is_some()).map(Into::into),
        Kind::Source => sources(context).await?.into_iter().find(|source| source.name == first).map(Into::into),
        _ => {
            let tenant = context.data::<Scope>()?.tenant.clone();
            Some(Organization::from(tenant)).filter(|organization| organization.name == first).map(Into::into)
        }
    })
}

async fn of_planning(context: &Context<'_>, kind: Kind, key: Vec<String>) -> async_graphql::Result<Option<Node>> {
    Ok(match kind {
        Kind::Transition => one::<kernel::Transition, Transition>(context, key).await?.map(Into::into),
        Kind::Sprint => one::<kernel::Sprint, Sprint>(context, key).await?.map(Into::into),
        _ => one::<kernel::WorkItem, WorkItem>(context, key).await?.map(Into::into),
    })
}

async fn of_code(context: &Context<'_>, kind: Kind, key: Vec<String>) -> async_graphql::Result<Option<Node>> {
    Ok(match kind {
        Kind::DeployedChange => one::<ChangeMetric, DeployedChange>(context, key).await?.map(Into::into),
        Kind::Review => one::<kernel::Review, Review>(context, key).await?.map(Into::into),
        Kind::Commit => one::<kernel::Commit, Commit>(context, key).await?.map(Into::into),
        Kind::Repository => one::<RepositoryRow, Repository>(context, key).await?.map(Into::into),
        Kind::Vulnerability => one::<kernel::Vulnerability, Vulnerability>(context, key).await?.map(Into::into),
        _ => one::<kernel::Change, Change>(context, key).await?.map(Into::into),
    })
}

async fn of_delivery(context: &Context<'_>, kind: Kind, key: Vec<String>) -> async_graphql::Result<Option<Node>> {
    Ok(match kind {
        Kind::Service => one::<ServiceRow, Service>(context, key).await?.map(Into::into),
        Kind::ReportedDeployment => one::<kernel::Deployment, ReportedDeployment>(context, key).await?.map(Into::into),
        Kind::Environment => one::<EnvironmentRow, Environment>(context, key).await?.map(Into::into),
        Kind::PipelineRun => one::<kernel::PipelineRun, PipelineRun>(context, key).await?.map(Into::into),
        Kind::Job => one::<kernel::TaskRun, Job>(context, key).await?.map(Into::into),
        Kind::Incident => one::<kernel::Incident, Incident>(context, key).await?.map(Into::into),
        Kind::Finding => one::<kernel::Finding, Finding>(context, key).await?.map(Into::into),
        _ => one::<DeploymentMetric, Deployment>(context, key).await?.map(Into::into),
    })
}
