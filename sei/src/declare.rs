//! The services, teams and persons that the settings declare, as facts of the tenant `main`.
//!
//! What is no longer declared is marked as deleted, if it was the settings that had declared it: services
//! that were reported by events stay.

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use kernel::{AccountId, Completeness, DeploymentSource, Fact, Person, RepositoryId, Service, Team, Version, people};
use store::Store;
use store::configured::{self, Configured};

use crate::settings::{PersonSettings, ServiceSettings, Settings, TeamSettings};

/// Writes the declared services, teams and persons, if they are not those that were written last. Returns
/// whether they were written.
pub(crate) async fn declare(store: &Store, settings: &Settings, now: DateTime<Utc>) -> Result<bool> {
    let before = configured::load(store).await?;
    let declared = Configured {
        settings: serde_json::to_value((&settings.service, &settings.team, &settings.person))?,
        services: settings.service.iter().map(|service| service.name.clone()).collect(),
        teams: settings.team.iter().map(|team| team.name.clone()).collect(),
        persons: settings.person.iter().map(|person| person.name.clone()).collect(),
    };
    if declared == before || (declared.is_nothing() && before == Configured::default()) {
        return Ok(false);
    }
    let facts = facts(settings, &before, &declared, now)?;
    let mut transaction = store.begin().await?;
    store::facts::write(&mut transaction, &facts).await?;
    transaction.commit().await?;
    configured::save(store, &declared).await?;
    Ok(true)
}

fn facts(settings: &Settings, before: &Configured, declared: &Configured, now: DateTime<Utc>) -> Result<Vec<Fact>> {
    let mut facts = Vec::new();
    for settings in &settings.service {
        facts.push(Fact::Service(service(settings, now)?));
    }
    facts.extend(settings.team.iter().map(|settings| Fact::Team(team(settings, now))));
    facts.extend(settings.person.iter().map(|settings| Fact::Person(person(settings, now))));
    for name in before.services.difference(&declared.services) {
        let gone = ServiceSettings { name: name.clone(), ..ServiceSettings::default() };
        facts.push(Fact::Service(Service { deleted: true, ..service(&gone, now)? }));
    }
    for name in before.teams.difference(&declared.teams) {
        let gone = TeamSettings { name: name.clone(), ..TeamSettings::default() };
        facts.push(Fact::Team(Team { deleted: true, ..team(&gone, now) }));
    }
    for name in before.persons.difference(&declared.persons) {
        let gone = PersonSettings { name: name.clone(), ..PersonSettings::default() };
        facts.push(Fact::Person(Person { deleted: true, ..person(&gone, now) }));
    }
    Ok(facts)
}

fn version(at: DateTime<Utc>) -> Version {
    // what is configured is better known than what any source says
    Version { completeness: Completeness::Measured, at }
}

fn service(settings: &ServiceSettings, now: DateTime<Utc>) -> Result<Service> {
    let source = |name: &String| {
        serde_json::from_value::<DeploymentSource>(name.as_str().into())
            .map_err(|_| anyhow!("service `{}`: deployments_from can't be `{name}`", settings.name))
    };
    Ok(Service {
        repositories: settings.repositories.iter().cloned().map(RepositoryId).collect(),
        paths: settings.paths.iter().map(|path| path.trim_matches('/').to_owned()).collect(),
        deployments: settings.deployments.clone(),
        team: settings.team.clone(),
        production: settings.production.clone(),
        deployments_from: settings.deployments_from.as_ref().map(source).transpose()?,
        branches: settings.branches.clone(),
        incidents: settings.incidents.clone(),
        ..Service::new(settings.name.clone(), version(now))
    })
}

fn team(settings: &TeamSettings, now: DateTime<Utc>) -> Team {
    Team {
        parent: settings.parent.clone(),
        members: settings.members.iter().map(|account| AccountId(account.to_lowercase())).collect(),
        projects: settings.projects.clone(),
        ..Team::new(settings.name.clone(), version(now))
    }
}

fn person(settings: &PersonSettings, now: DateTime<Utc>) -> Person {
    Person {
        origin: people::CONFIGURED.to_owned(),
        accounts: settings.accounts.iter().map(|account| AccountId(account.to_lowercase())).collect(),
        emails: settings.emails.iter().map(|email| email.to_lowercase()).collect(),
        ..Person::new(settings.name.clone(), version(now))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_no_longer_declared_is_deleted() -> Result<()> {
        let service = vec![ServiceSettings { name: "shop".into(), ..ServiceSettings::default() }];
        let settings = Settings { service, ..Settings::default() };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let before = Configured {
            services: names(&["shop", "old"]),
            teams: names(&["red"]),
            persons: names(&["Ann"]),
            ..Configured::default()
        };
        let declared = Configured { services: names(&["shop"]), ..Configured::default() };
        let found: Vec<(String, bool)> = facts(&settings, &before, &declared, DateTime::UNIX_EPOCH)?
            .into_iter()
            .map(|fact| match fact {
                Fact::Service(service) => (service.name, service.deleted),
                Fact::Team(team) => (team.name, team.deleted),
                Fact::Person(person) => (person.name, person.deleted),
                other => (other.kind().to_owned(), false),
            })
            .collect();
        assert_eq!(found, [("shop".into(), false), ("old".into(), true), ("red".into(), true), ("Ann".into(), true)]);
        Ok(())
    }

    #[test]
    fn members_are_accounts_in_the_letter_case_that_sources_give_them() {
        let settings = TeamSettings { members: vec!["GitHub.com/AnnSmith".into()], ..TeamSettings::default() };
        assert_eq!(team(&settings, DateTime::UNIX_EPOCH).members, [AccountId("github.com/annsmith".to_owned())]);
    }
}
