//! Which services there are: those that are declared, those that deployments name, and each repository
//! that belongs to none of them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Completeness, Finding, FindingKind, RepositoryId, Service, Version};
use store::history::{Services, UnownedIncident};

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
    Service::new(name.to_owned(), Version { completeness: Completeness::Inferred, at: chrono::DateTime::default() })
}

/// The service of findings that are about none.
pub(crate) const NO_SERVICE: &str = "";

/// Findings of incidents that no service claims: one for each of the things that they are part of.
pub(crate) fn unowned(incidents: &[UnownedIncident], services: &[Service]) -> Vec<Finding> {
    let owned: BTreeSet<&str> =
        services.iter().flat_map(|service| service.repositories.iter().map(RepositoryId::as_str)).collect();
    let components: BTreeSet<String> = services.iter().map(Service::component).collect();
    let names: BTreeSet<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let mut groups: BTreeMap<String, u64> = BTreeMap::new();
    for incident in incidents {
        let own_repository = incident.service.is_none()
            && incident.repository.as_deref().is_some_and(|repository| owned.contains(repository));
        let own_service = incident.service.as_deref().is_some_and(|name| names.contains(name));
        if own_service || own_repository || incident.selectors.iter().any(|selector| components.contains(selector)) {
            continue;
        }
        let group = representative(&incident.selectors).unwrap_or(&incident.id);
        *groups.entry(group.to_owned()).or_default() += 1;
    }
    let finding = |(subject, count): (String, u64)| Finding {
        service: NO_SERVICE.to_owned(),
        kind: FindingKind::IncidentWithoutService,
        detail: detail(&subject, count),
        subject,
    };
    groups.into_iter().map(finding).collect()
}

/// The selector that says best where an incident comes from: what only its source has, before labels.
fn representative(selectors: &[String]) -> Option<&str> {
    let rank = |selector: &&String| match selector.split_once(':') {
        // a project of one Jira is named without its host where that is enough
        Some(("jira", rest)) => u8::from(rest.contains('/')),
        Some(("pagerduty", _)) => 0,
        Some(("service", _)) => 2,
        Some(("repository", _)) => 3,
        _ => 4,
    };
    selectors.iter().min_by_key(|selector| (rank(selector), selector.len())).map(String::as_str)
}

fn detail(subject: &str, count: u64) -> String {
    let (incidents, belong) = if count == 1 { ("incident", "belongs") } else { ("incidents", "belong") };
    let set = match kernel::incident_selector(subject) {
        Some(selector) => format!("add `incidents = [\"{selector}\"]` to its [[service]]"),
        None => "name its service, repository or selectors where it is reported".to_owned(),
    };
    format!(
        "{count} {incidents} of {subject} {belong} to no service, so no fail rate or time to restore counts them; {set}"
    )
}

/// The services that new facts are about, by the subjects that were marked.
pub(crate) fn touched<'s>(services: &'s [Service], subjects: &[String]) -> Vec<&'s Service> {
    if subjects.iter().any(|subject| subject == store::invalidations::EVERYTHING) {
        return services.iter().collect();
    }
    let subjects: BTreeSet<&str> = subjects.iter().map(String::as_str).collect();
    let is_touched = |service: &&Service| {
        let claims = service.claims().into_iter().chain([service.component()]);
        subjects.contains(store::invalidations::service(&service.name).as_str())
            || claims.into_iter().any(|selector| subjects.contains(store::invalidations::selector(&selector).as_str()))
            || service.repositories.iter().any(|repository| subjects.contains(repository.as_str()))
    };
    services.iter().filter(is_touched).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_that_belong_to_no_service_are_named_by_what_they_are_part_of() {
        let incident = |id: &str, repository: Option<&str>, selectors: &[&str]| UnownedIncident {
            id: id.to_owned(),
            service: None,
            repository: repository.map(Into::into),
            selectors: selectors.iter().map(ToString::to_string).collect(),
        };
        let services = all(&known());
        let jira = ["component:web", "jira:SHOP", "jira:SHOP/component/web", "jira:a.example/SHOP", "label:incident"];
        let incidents = [
            incident("1", None, &jira),
            incident("2", None, &jira[1..]),
            incident("3", Some("h/a"), &["repository:h/a"]),
            incident("4", Some("h/other"), &["label:x", "repository:h/other"]),
            incident("5", None, &["component:mail"]),
            incident("6", None, &[]),
        ];
        let of_a_repository_by_its_name =
            UnownedIncident { service: Some(services[0].name.clone()), ..incident("7", None, &["label:x"]) };
        assert_eq!(unowned(&[of_a_repository_by_its_name], &services), []);
        let findings = unowned(&incidents, &services);
        let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(subjects, ["6", "jira:SHOP", "repository:h/other"]);
        let expected = "2 incidents of jira:SHOP belong to no service, so no fail rate or time to restore counts them; \
                        add `incidents = [\"jira:SHOP\"]` to its [[service]]";
        assert_eq!(findings[1].detail, expected);
    }

    #[test]
    fn a_mark_of_what_incidents_are_part_of_touches_the_services_that_claim_it() {
        let service = |name: &str, incidents: &[&str]| Service {
            incidents: incidents.iter().map(ToString::to_string).collect(),
            ..undeclared(name)
        };
        let services = [service("shop", &["jira:shop"]), service("web", &[]), service("basket", &["label:Basket"])];
        let names = |selector: &str| {
            let marks = [store::invalidations::selector(selector)];
            touched(&services, &marks).into_iter().map(|service| service.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("jira:SHOP"), ["shop"]);
        assert_eq!(names("component:web"), ["web"]);
        assert_eq!(names("label:basket"), ["basket"]);
        assert!(names("jira:OPS").is_empty());
    }

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
