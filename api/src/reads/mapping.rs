//! What belongs where, and what belongs to nothing.

use kernel::{Finding as Found, FindingKind};
use store::queries::{Cut, Listed, RowFilter};
use store::{configured, mapping};

use super::lists::findings;
use super::page::{Page, Section};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::{MappedService, MappedTeam, ServiceMapping, TeamMapping, Unmapped};

/// Entries of each list of what belongs to nothing, at most.
const UNMAPPED: u32 = 200;

/// Declared services by name, with what belongs to them.
pub async fn mapped_services(scope: &Scope, part: &Section<String>) -> Result<Page<MappedService>, Problem> {
    let _turn = scope.turn().await;
    let configured = configured::load(&scope.store).await?;
    let services = mapping::services(&scope.store).await?.into_iter().map(|service| MappedService {
        in_settings: configured.services.contains(&service.name),
        mapping: ServiceMapping::of(&service),
        name: service.name,
    });
    Ok(Page::of_all(services.collect(), part, |service: &MappedService| service.name.clone()))
}

/// Declared teams by name, with what belongs to them.
pub async fn mapped_teams(scope: &Scope, part: &Section<String>) -> Result<Page<MappedTeam>, Problem> {
    let _turn = scope.turn().await;
    let configured = configured::load(&scope.store).await?;
    let teams = mapping::teams(&scope.store).await?.into_iter().map(|team| MappedTeam {
        in_settings: configured.teams.contains(&team.name),
        mapping: TeamMapping::of(&team),
        name: team.name,
    });
    Ok(Page::of_all(teams.collect(), part, |team: &MappedTeam| team.name.clone()))
}

/// Repositories, services, projects and incidents that belong to nothing.
pub async fn unmapped(scope: &Scope) -> Result<Unmapped, Problem> {
    let (repositories, services, projects) = {
        let _turn = scope.turn().await;
        let repositories = mapping::unmapped_repositories(&scope.store, UNMAPPED.into()).await?;
        let services = mapping::services_without_team(&scope.store, UNMAPPED.into()).await?;
        (repositories, services, mapping::projects_without_team(&scope.store, UNMAPPED.into()).await?)
    };
    let mut filter = RowFilter::default();
    filter.words.push(("kind", vec![FindingKind::IncidentWithoutService.as_str().to_owned()]));
    let incidents = findings(scope, &(filter, Found::LIST.default_order()), &Cut::first(UNMAPPED)).await?;
    let incidents = incidents.rows.into_iter().map(|(_, finding)| finding).collect();
    Ok(Unmapped { repositories, services, projects, incidents })
}
