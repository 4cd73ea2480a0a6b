//! The organization: its teams, services and people, and the sources of its data.

use async_graphql::{ComplexObject, Context, ID};
use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{self, Parent, RepositoryRow, RowFilter, ServiceRow, TeamRow};

use crate::graphql::ids::{Kind, id};
use crate::graphql::measured::{MeasuredMetric, Whose, metrics, shared_cost};
use crate::graphql::nodes::{Account, Change, Incident, Organization, Person, Source, Team};
use crate::graphql::paging::{List, checked, rows};
use crate::graphql::people::{accounts, person};
use crate::graphql::resolve::{among, key, list, one, some, usual};
use crate::questions::MetricQuestion;
use crate::views::{Change as DeployedChange, Deployment, Finding, Repository, Service};

#[ComplexObject]
impl Organization {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Organization, &[&self.name])
    }

    /// The teams that are part of no other, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn teams(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Team> {
        let filter = RowFilter { present: vec![("parent", false)], ..RowFilter::default() };
        list::<TeamRow, _>(context, (filter, usual::<TeamRow>()), (first, after, last, before)).await
    }

    /// Its services, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn services(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Service> {
        let asked = (RowFilter::default(), usual::<ServiceRow>());
        list::<ServiceRow, _>(context, asked, (first, after, last, before)).await
    }

    /// Metrics of the organization: many in one question.
    #[graphql(complexity = "shared_cost(&names, question.as_ref()) + names.len() * child_complexity")]
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<Vec<MeasuredMetric>> {
        metrics(context, Whose::Asked, &names, question).await
    }
}

#[ComplexObject]
impl Team {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Team, &[&self.name])
    }

    /// The team that it is part of.
    #[graphql(name = "parent")]
    async fn parent_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Self>> {
        let Some(parent) = self.parent.clone() else { return Ok(None) };
        one::<TeamRow, _>(context, vec![parent]).await
    }

    /// The teams that are part of it, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn children(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Self> {
        let of = (Parent::PARENT, key(&self.name));
        among::<TeamRow, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The services that it owns itself, by name.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn services(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Service> {
        let of = (Parent::TEAM, key(&self.name));
        among::<ServiceRow, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The accounts of its members.
    #[graphql(name = "members", complexity = "rows(first, None) * child_complexity + 1")]
    async fn member_accounts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Account>> {
        let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
        accounts(context, self.members.get(..limit).unwrap_or(&self.members)).await
    }

    /// Metrics of its services, and of those of the teams that are part of it: many in one question.
    #[graphql(complexity = "shared_cost(&names, question.as_ref()) + names.len() * child_complexity")]
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<Vec<MeasuredMetric>> {
        metrics(context, Whose::Team(self.name.clone()), &names, question).await
    }
}

#[ComplexObject]
impl Service {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Service, &[&self.name])
    }

    /// The team that owns it, where declared.
    #[graphql(name = "team")]
    async fn team_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Team>> {
        let Some(team) = self.team.clone() else { return Ok(None) };
        one::<TeamRow, _>(context, vec![team]).await
    }

    /// The repositories that its code lives in.
    #[graphql(name = "repositories", complexity = "rows(first, None) * child_complexity + 1")]
    async fn repository_nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Repository>> {
        let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
        let keys = self.repositories.iter().take(limit).map(|repository| vec![repository.clone()]).collect();
        some::<RepositoryRow, _>(context, keys).await
    }

    /// Its production deployments with their verdicts, newest first.
    #[graphql(name = "deployments", complexity = "rows(first, last) * child_complexity + 1")]
    async fn deployment_nodes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Deployment> {
        let of = (Parent::SERVICE, key(&self.name));
        among::<DeploymentMetric, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The changes, and direct commits, that reached production with it, newest deployment first.
    #[graphql(name = "changes", complexity = "rows(first, last) * child_complexity + 1")]
    async fn change_nodes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<DeployedChange> {
        let of = (Parent::SERVICE, key(&self.name));
        among::<ChangeMetric, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The open changes of its repositories, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn open_changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Change> {
        let of = (Parent::SERVICE_OF_CHANGE, key(&self.name));
        among::<kernel::Change, _>(context, of, queries::open(None), (first, after, last, before)).await
    }

    /// Its incidents, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn incidents(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Incident> {
        let of = (Parent::SERVICE_OF_INCIDENT, key(&self.name));
        among::<kernel::Incident, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// What the engine noticed about its data.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn findings(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Finding> {
        let of = (Parent::SERVICE, key(&self.name));
        among::<kernel::Finding, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Metrics of the service: many in one question.
    #[graphql(complexity = "shared_cost(&names, question.as_ref()) + names.len() * child_complexity")]
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<Vec<MeasuredMetric>> {
        metrics(context, Whose::Service(self.name.clone()), &names, question).await
    }
}

#[ComplexObject]
impl Finding {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Finding, &[&self.service, self.kind.as_str(), &self.subject])
    }

    /// The service; null for what belongs to none.
    #[graphql(name = "service")]
    async fn service_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Service>> {
        one::<ServiceRow, _>(context, vec![self.service.clone()]).await
    }
}

#[ComplexObject]
impl Account {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Account, &[&self.key])
    }

    /// The person whose it is; null where persons are not shown, which `viewer` explains.
    async fn person(&self, context: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        person(context, &self.key).await
    }
}

#[ComplexObject]
impl Person {
    /// The id in the graph: that of one of the accounts stands for the person.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        let account = self.accounts.first().map_or(self.name.as_str(), String::as_str);
        id(context, Kind::Person, &[account])
    }

    /// The accounts that are theirs.
    #[graphql(name = "accounts", complexity = "rows(first, None) * child_complexity + 1")]
    async fn account_nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Account>> {
        let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
        accounts(context, self.accounts.get(..limit).unwrap_or(&self.accounts)).await
    }
}

#[ComplexObject]
impl Source {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Source, &[&self.name])
    }
}
