//! What belongs where: declared services and teams, and what none of them has.

use async_graphql::SimpleObject;
use kernel::{AccountId, DeploymentSource, RepositoryId, Service, Team};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Finding;

/// What belongs to a service. A field that is left out is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceMapping {
    /// The repositories of its code, `host/owner/name`.
    pub repositories: Vec<String>,
    /// Its own directories in these, where it shares a repository with other services.
    pub paths: Vec<String>,
    /// Which deployments are its own, where it shares a repository with other services: a regular expression on names of
    /// tags, releases, versions and deploying pipelines.
    pub deployments: Option<String>,
    /// The team that owns it.
    pub team: Option<String>,
    /// Which environments are production for it, a regular expression.
    pub production: Option<String>,
    /// The kind of deployment that it is measured by.
    pub deployments_from: Option<DeploymentSource>,
    /// Branches whose pipeline runs can be deployments, beside the default branch.
    pub branches: Vec<String>,
    /// Which incidents are its own: `jira:SHOP`, `pagerduty:PABC123`, `label:checkout`.
    pub incidents: Vec<String>,
}

/// What belongs to a team. A field that is left out is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeamMapping {
    /// The team that it is part of.
    pub parent: Option<String>,
    /// The accounts of its members, `host/login` or `email/address`.
    pub members: Vec<String>,
    /// The projects that it plans in, as its tracker names them.
    pub projects: Vec<String>,
}

/// A service that is declared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MappedService {
    /// Its name.
    pub name: String,
    /// The settings declare it: it is changed there only.
    pub in_settings: bool,
    /// What belongs to it.
    pub mapping: ServiceMapping,
}

/// A team that is declared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MappedTeam {
    /// Its name.
    pub name: String,
    /// The settings declare it: it is changed there only.
    pub in_settings: bool,
    /// What belongs to it.
    pub mapping: TeamMapping,
}

/// A change of a service. Sending what was before undoes it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ServiceChange {
    /// What belonged to it before; null where it was not declared.
    #[schema(required)]
    pub before: Option<ServiceMapping>,
    /// What belongs to it now; null where it is declared no more.
    #[schema(required)]
    pub after: Option<ServiceMapping>,
}

/// A change of a team. Sending what was before undoes it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TeamChange {
    /// What belonged to it before; null where it was not declared.
    #[schema(required)]
    pub before: Option<TeamMapping>,
    /// What belongs to it now; null where it is declared no more.
    #[schema(required)]
    pub after: Option<TeamMapping>,
}

/// What belongs to nothing yet.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Unmapped {
    /// Repositories that no declared service has, 200 at most. Each is a service of its own.
    pub repositories: Vec<String>,
    /// Services that no team owns, 200 at most.
    pub services: Vec<String>,
    /// Projects of work items that are no repository and that no team plans in, 200 at most.
    pub projects: Vec<String>,
    /// Incidents that no service has, by what they are part of: 200 at most.
    pub incidents: Vec<Finding>,
}

impl ServiceMapping {
    /// Of a service.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        Self {
            repositories: service.repositories.iter().map(|RepositoryId(id)| id.clone()).collect(),
            paths: service.paths.clone(),
            deployments: service.deployments.clone(),
            team: service.team.clone(),
            production: service.production.clone(),
            deployments_from: service.deployments_from,
            branches: service.branches.clone(),
            incidents: service.incidents.clone(),
        }
    }

    /// A service to which this belongs.
    #[must_use]
    pub fn apply(&self, service: Service) -> Service {
        Service {
            repositories: self.repositories.iter().cloned().map(RepositoryId).collect(),
            paths: self.paths.iter().map(|path| path.trim_matches('/').to_owned()).collect(),
            deployments: self.deployments.clone(),
            team: self.team.clone(),
            production: self.production.clone(),
            deployments_from: self.deployments_from,
            branches: self.branches.clone(),
            incidents: self.incidents.clone(),
            ..service
        }
    }
}

impl TeamMapping {
    /// Of a team.
    #[must_use]
    pub fn of(team: &Team) -> Self {
        let members = team.members.iter().map(|AccountId(id)| id.clone()).collect();
        Self { parent: team.parent.clone(), members, projects: team.projects.clone() }
    }

    /// A team to which this belongs.
    #[must_use]
    pub fn apply(&self, team: Team) -> Team {
        let members = self.members.iter().map(|id| AccountId(id.to_lowercase())).collect();
        Team { parent: self.parent.clone(), members, projects: self.projects.clone(), ..team }
    }
}
