//! Whether what is stated of services and teams can be: as the settings check it.

use std::collections::BTreeMap;

use kernel::near::UnknownName;
use kernel::{Team, team_line};
use runtime::settings::Findings;

use crate::problem::Problem;
use crate::views::{ServiceMapping, TeamMapping};

/// Characters of a name at most.
const NAME_CHARS: usize = 200;
/// Entries of a list at most.
const ENTRIES: usize = 200;

/// Fails for what is no name.
pub(super) fn name(name: &str) -> Result<(), Problem> {
    let is_good = name.trim() == name && (1..=NAME_CHARS).contains(&name.chars().count());
    if is_good && !name.contains(char::is_control) {
        return Ok(());
    }
    let expected = format!("1 to {NAME_CHARS} characters, without spaces at the ends");
    Err(Problem::parameter("name", name, expected))
}

/// Fails for what can't belong to a service.
pub(super) fn service(mapping: &ServiceMapping, teams: &[String]) -> Result<(), Problem> {
    let ServiceMapping { repositories, paths, branches, incidents, .. } = mapping;
    let lists = [("repositories", repositories), ("paths", paths), ("branches", branches), ("incidents", incidents)];
    for (key, list) in lists {
        check_list(key, list)?;
    }
    let mut findings = Findings::default();
    for id in repositories {
        findings.repository("repositories", id);
    }
    for (key, pattern) in [("production", &mapping.production), ("deployments", &mapping.deployments)] {
        if let Some(pattern) = pattern {
            findings.pattern(key, pattern);
        }
    }
    for selector in incidents.iter().filter(|text| kernel::incident_selector(text).is_none()) {
        let expected = format!("what incidents are part of: {}", kernel::SELECTOR_FORMS);
        findings.error("incidents", selector.as_str(), expected);
    }
    if let Some((key, found, expected)) = findings.first() {
        return Err(Problem::parameter(key, found.trim_matches('`'), expected));
    }
    match &mapping.team {
        Some(team) => check_team("team", team, teams.iter().map(String::as_str)),
        None => Ok(()),
    }
}

/// Fails for what can't belong to a team.
pub(super) fn team(name: &str, mapping: &TeamMapping, teams: &[Team]) -> Result<(), Problem> {
    check_list("members", &mapping.members)?;
    check_list("projects", &mapping.projects)?;
    if let Some(account) = mapping.members.iter().find(|account| !account.contains('/')) {
        return Err(Problem::parameter("members", account, "accounts: host/login, or email/address"));
    }
    let Some(parent) = &mapping.parent else { return Ok(()) };
    check_team("parent", parent, teams.iter().map(|team| team.name.as_str()))?;
    let parents: BTreeMap<&str, &str> =
        teams.iter().filter_map(|team| Some((team.name.as_str(), team.parent.as_deref()?))).collect();
    if team_line(parent, |team| parents.get(team).copied()).contains(&name) {
        return Err(Problem::parameter("parent", parent, "a team that is no part of this one"));
    }
    Ok(())
}

fn check_list(key: &str, list: &[String]) -> Result<(), Problem> {
    if list.len() > ENTRIES {
        return Err(Problem::parameter(key, &format!("a list of {}", list.len()), format!("{ENTRIES} at most")));
    }
    match list.iter().find(|text| text.trim().is_empty() || text.chars().count() > NAME_CHARS) {
        Some(text) => Err(Problem::parameter(key, text, format!("texts of 1 to {NAME_CHARS} characters"))),
        None => Ok(()),
    }
}

fn check_team<'t>(key: &str, team: &str, known: impl Iterator<Item = &'t str> + Clone) -> Result<(), Problem> {
    if known.clone().any(|known| known == team) {
        return Ok(());
    }
    let unknown = UnknownName::new(team, known);
    let hint = unknown.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    Err(Problem::parameter(key, team, format!("a declared team{hint}")))
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, Version};

    use super::*;

    fn declared(name: &str, parent: Option<&str>) -> Team {
        let version = Version { completeness: Completeness::Measured, at: chrono::DateTime::UNIX_EPOCH };
        Team { parent: parent.map(str::to_owned), ..Team::new(name.to_owned(), version) }
    }

    #[test]
    fn a_team_is_no_part_of_itself() {
        let teams = [declared("all", None), declared("shop", Some("all")), declared("web", Some("shop"))];
        let of = |parent: &str| TeamMapping { parent: Some(parent.to_owned()), ..TeamMapping::default() };
        assert_eq!(team("web", &of("all"), &teams), Ok(()));
        for (name, parent) in [("all", "web"), ("shop", "shop"), ("web", "shpo")] {
            let problem = team(name, &of(parent), &teams).unwrap_err();
            assert_eq!(problem.parameter.as_deref(), Some("parent"), "{name} {parent}");
        }
        assert!(team("web", &of("shpo"), &teams).unwrap_err().detail.contains("did you mean `shop`"));
    }

    #[test]
    fn a_service_is_checked_as_in_the_settings() {
        let teams = ["web".to_owned()];
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let good = ServiceMapping {
            repositories: texts(&["github.com/octo/shop"]),
            team: Some("web".to_owned()),
            incidents: texts(&["jira:SHOP"]),
            ..ServiceMapping::default()
        };
        assert_eq!(service(&good, &teams), Ok(()));
        for (wrong, parameter) in [
            (ServiceMapping { repositories: texts(&["Shop"]), ..good.clone() }, "repositories"),
            (ServiceMapping { production: Some("(".to_owned()), ..good.clone() }, "production"),
            (ServiceMapping { incidents: texts(&["nothing"]), ..good.clone() }, "incidents"),
            (ServiceMapping { team: Some("wbe".to_owned()), ..good.clone() }, "team"),
            (ServiceMapping { branches: texts(&[""]), ..good }, "branches"),
        ] {
            assert_eq!(service(&wrong, &teams).unwrap_err().parameter.as_deref(), Some(parameter));
        }
    }
}
