//! Which services there are: those that are declared, those that deployments name, and each repository
//! that belongs to none of them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Detail, RepositoryId, Service, Version};
use store::history::Services;

/// All services, by name.
pub(crate) fn all(known: &Services) -> Vec<Service> {
    let mut services: BTreeMap<String, Service> =
        known.declared.iter().map(|service| (service.name.clone(), service.clone())).collect();
    for (name, repository) in &known.named {
        let service = services.entry(name.clone()).or_insert_with(|| undeclared(name));
        if let Some(repository) = repository
            && !service.repositories.contains(repository)
        {
            service.repositories.push(repository.clone());
        }
    }
    let claimed: BTreeSet<RepositoryId> = services.values().flat_map(|service| service.repositories.clone()).collect();
    for repository in known.repositories.difference(&claimed) {
        // a declared service may carry a repository's name without holding it
        services
            .entry(repository.to_string())
            .or_insert_with(|| undeclared(repository.as_str()))
            .repositories
            .push(repository.clone());
    }
    services.into_values().collect()
}

fn undeclared(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        repositories: Vec::new(),
        paths: Vec::new(),
        deployments: None,
        team: None,
        production: None,
        deployments_from: None,
        branches: Vec::new(),
        deleted: false,
        version: Version { detail: Detail::Inferred, at: chrono::DateTime::default() },
    }
}

/// The services that new facts are about, by the subjects that were marked.
pub(crate) fn touched<'s>(services: &'s [Service], subjects: &[String]) -> Vec<&'s Service> {
    if subjects.iter().any(|subject| subject == store::stale::EVERYTHING) {
        return services.iter().collect();
    }
    let subjects: BTreeSet<&str> = subjects.iter().map(String::as_str).collect();
    let is_touched = |service: &&Service| {
        subjects.contains(store::stale::service(&service.name).as_str())
            || service.repositories.iter().any(|repository| subjects.contains(repository.as_str()))
    };
    services.iter().filter(is_touched).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Services {
        Services {
            declared: vec![Service { repositories: vec!["h/a".into(), "h/b".into()], ..undeclared("shop") }],
            named: BTreeSet::from([
                ("shop".to_owned(), Some("h/c".into())),
                ("mail".to_owned(), Some("h/d".into())),
                ("lost".to_owned(), None),
            ]),
            repositories: ["h/a", "h/b", "h/c", "h/d", "h/e"].map(RepositoryId::from).into(),
            teams: Vec::new(),
        }
    }

    #[test]
    fn a_repository_that_no_service_has_is_a_service_of_its_own() {
        let services = all(&known());
        let shown: Vec<(&str, Vec<&str>)> = services
            .iter()
            .map(|service| (service.name.as_str(), service.repositories.iter().map(RepositoryId::as_str).collect()))
            .collect();
        assert_eq!(
            shown,
            [("h/e", vec!["h/e"]), ("lost", vec![]), ("mail", vec!["h/d"]), ("shop", vec!["h/a", "h/b", "h/c"])]
        );
    }

    #[test]
    fn marks_touch_the_services_that_they_are_about() {
        let services = all(&known());
        let names = |subjects: &[&str]| {
            let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            touched(&services, &subjects).into_iter().map(|service| service.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names(&["h/b", "service:lost"]), ["lost", "shop"]);
        assert_eq!(names(&["*"]), ["h/e", "lost", "mail", "shop"]);
        assert_eq!(names(&["h/gone"]), Vec::<&str>::new());
    }
}
