//! The organization: its teams, services and people, and the sources of its data.

use async_graphql::{ComplexObject, Context, ID};
use kernel::{ChangeMetric, DeploymentMetric};
use store::queries::{self, Parent, RepositoryRow, RowFilter, ServiceRow, TeamRow};

use super::me::named;
use crate::graphql::edges::edges;
use crate::graphql::ids::{Kind, id};
use crate::graphql::measured::Whose;
use crate::graphql::nodes::{Account, Change, Incident, Organization, Person, Source, Team};
use crate::graphql::paging::{checked, rows};
use crate::graphql::people::{accounts, person};
use crate::graphql::resolve::{key, one_key, some};
use crate::views::{Change as DeployedChange, Deployment, Finding, Repository, Service};

/// The first accounts of some.
async fn first_accounts(
    all: &[String],
    context: &Context<'_>,
    first: Option<u32>,
) -> async_graphql::Result<Vec<Account>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    accounts(context, all.get(..limit).unwrap_or(all)).await
}

async fn members_of(team: &Team, context: &Context<'_>, first: Option<u32>) -> async_graphql::Result<Vec<Account>> {
    first_accounts(&team.members, context, first).await
}

async fn repositories_of(
    service: &Service,
    context: &Context<'_>,
    first: Option<u32>,
) -> async_graphql::Result<Vec<Repository>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    let keys = service.repositories.iter().take(limit).map(|repository| vec![repository.clone()]).collect();
    some::<RepositoryRow, _>(context, keys).await
}

/// The teams that are part of no other.
fn roots() -> RowFilter {
    RowFilter { present: vec![("parent", false)], ..RowFilter::default() }
}

edges! {
    Organization, Organization, |it| vec![it.name.as_str()];
    all {
        /// The teams that are part of no other, by name.
        teams: TeamRow => Team, only roots();
        /// Its services, by name.
        services: ServiceRow => Service;
    }
    metrics {
        /// Metrics of the organization: many in one question.
        of |_| Whose::Asked;
    }
}

edges! {
    Team, Team, |it| vec![it.name.as_str()];
    one {
        /// The team that it is part of.
        parent_node as "parent": TeamRow => Self, |it| one_key(it.parent.as_deref());
    }
    many {
        /// The teams that are part of it, by name.
        children: TeamRow => Self, |it| (Parent::PARENT, key(&it.name));
        /// The services that it owns itself, by name.
        services: ServiceRow => Service, |it| (Parent::TEAM, key(&it.name));
    }
    few {
        /// The accounts of its members.
        member_accounts as "members": Account, members_of;
    }
    metrics {
        /// Metrics of its services, and of those of the teams that are part of it: many in one question.
        of |it| Whose::Team(it.name.clone());
    }
}

edges! {
    Service, Service, |it| vec![it.name.as_str()];
    one {
        /// The team that owns it, where declared.
        team_node as "team": TeamRow => Team, |it| one_key(it.team.as_deref());
    }
    many {
        /// Its production deployments with their verdicts, newest first.
        deployment_nodes as "deployments": DeploymentMetric => Deployment, |it| (Parent::SERVICE, key(&it.name));
        /// The changes, and direct commits, that reached production with it, newest deployment first.
        change_nodes as "changes": ChangeMetric => DeployedChange, |it| (Parent::SERVICE, key(&it.name));
        /// The open changes of its repositories, newest first.
        open_changes: kernel::Change => Change, |it| (Parent::SERVICE_OF_CHANGE, key(&it.name)), only queries::open(None);
        /// Its incidents, newest first.
        incidents: kernel::Incident => Incident, |it| (Parent::SERVICE_OF_INCIDENT, key(&it.name));
        /// What the engine noticed about its data.
        findings: kernel::Finding => Finding, |it| (Parent::SERVICE, key(&it.name));
    }
    few {
        /// The repositories that its code lives in.
        repository_nodes as "repositories": Repository, repositories_of;
    }
    metrics {
        /// Metrics of the service: many in one question.
        of |it| Whose::Service(it.name.clone());
    }
}

edges! {
    Finding, Finding, |it| vec![it.service.as_str(), it.kind.as_str(), it.subject.as_str()];
    one {
        /// The service; null for what belongs to none.
        service_node as "service": ServiceRow => Service, |it| one_key(it.service.as_str());
    }
}

edges! {
    Account, Account, |it| vec![it.key.as_str()];
    more {
        /// The person whose it is; null where that person is not shown, which `me` explains.
        async fn person(&self, context: &Context<'_>) -> async_graphql::Result<Option<Person>> {
            person(context, &self.key).await
        }
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
        first_accounts(&self.accounts, context, first).await
    }

    /// The teams that name one of the accounts as a member, as far as who asks may see them.
    #[graphql(complexity = "rows(first, None) * child_complexity + 1")]
    async fn teams(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Team>> {
        named(context, &self.team_names, first).await
    }
}

edges! {
    Source, Source, |it| vec![it.name.as_str()];
}
