//! The sections `[[service]]`, `[[team]]` and `[[person]]`: what is deployed, and by whom.

use std::collections::{BTreeMap, BTreeSet};

use kernel::near::UnknownName;
use kernel::{DeploymentSource, team_line};
use runtime::settings::{Findings, shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is deployed. A repository that no service names is a service of its own.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// Branches whose pipeline runs can be deployments, beside the default branch; `*` stands for any text.
    #[serde(default)]
    #[schemars(example = ["production", "release/*"])]
    pub branches: Vec<String>,
    /// If it shares a repository with other services: which deployments are its own, a regular expression on the names
    /// of tags, releases, versions and deploying pipelines.
    #[serde(default)]
    #[schemars(example = &"^checkout-")]
    pub deployments: Option<String>,
    /// The kind of deployment that it is measured by: deployment (of the forge, or posted to /v1/events), branch,
    /// pipeline, cdevents, release or tag. Without it, the first of these that it has.
    #[serde(default)]
    #[schemars(example = &"deployment")]
    pub deployments_from: Option<String>,
    /// Which incidents are its own, by what they are part of at their source: a Jira project (with its host, if there
    /// are several Jiras) or component, a PagerDuty service by its id, a label (Jira, GitHub, GitLab), a component, the
    /// service or the repository that the source names. It takes precedence over what an incident names itself. Without
    /// it, incidents of a service or a component of this name, and those reported in its repositories, are its own. An
    /// incident that no service has is a finding of the report, which states what to write here.
    #[serde(default)]
    #[schemars(example = ["jira:SHOP", "jira:you.atlassian.net/OPS/component/Basket", "pagerduty:PABC123", "label:checkout"])]
    pub incidents: Vec<String>,
    /// Its name, unique among all services.
    #[schemars(example = &"checkout")]
    pub name: String,
    /// If it shares a repository with other services: the directories that are its own. Commits that change files
    /// elsewhere only are not its commits. Needs `line_counts` of the git source.
    #[serde(default)]
    #[schemars(example = ["services/checkout"])]
    pub paths: Vec<String>,
    /// Which environments are production for it, a regular expression; without it `dora.production`, else what sources
    /// state, else the words of their names.
    #[serde(default)]
    #[schemars(example = &"^live-")]
    pub production: Option<String>,
    /// The repositories of its code, host/owner/name.
    #[serde(default)]
    #[schemars(example = ["github.com/octocat/checkout"])]
    pub repositories: Vec<String>,
    /// The team that owns it, one of `[[team]]`.
    #[serde(default)]
    #[schemars(example = &"payments")]
    pub team: Option<String>,
}

/// A team that owns services.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamSettings {
    /// The accounts of its members: host/login, or email/address.
    #[serde(default)]
    #[schemars(example = ["github.com/octocat"])]
    pub members: Vec<String>,
    /// Its name, unique among all teams.
    #[schemars(example = &"payments")]
    pub name: String,
    /// The team that it is part of, another `[[team]]`.
    #[serde(default)]
    #[schemars(example = &"commerce")]
    pub parent: Option<String>,
    /// The projects that it plans in, as its tracker names them: work items and sprints are the team's by these. Issues of
    /// the repositories of its services are its own without that.
    #[serde(default)]
    #[schemars(example = ["SHOP"])]
    pub projects: Vec<String>,
}

/// A person: accounts of one human, beside those that an address or a .mailmap joins. `sei people` lists all people.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// Their accounts: host/login, or email/address.
    #[serde(default)]
    #[schemars(example = ["github.com/annsmith", "jira.example.org/asmith"])]
    pub accounts: Vec<String>,
    /// Their addresses: accounts that have one of them are theirs, too.
    #[serde(default)]
    #[schemars(example = ["ann@example.org"])]
    pub emails: Vec<String>,
    /// Their name, unique among all persons.
    #[schemars(example = &"Ann Smith")]
    pub name: String,
}

/// Reports what is wrong with the sections.
pub(super) fn check(
    services: &[ServiceSettings],
    teams: &[TeamSettings],
    persons: &[PersonSettings],
    findings: &mut Findings,
) {
    let known: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    for (index, service) in services.iter().enumerate() {
        let key = format!("service.{index}");
        findings.name(format!("{key}.name"), &service.name, seen.insert(service.name.as_str()), "services");
        service.check(&key, &known, findings);
    }
    check_teams(teams, &known, findings);
    check_persons(persons, findings);
}

impl ServiceSettings {
    fn check(&self, key: &str, teams: &[&str], findings: &mut Findings) {
        for (nth, id) in self.repositories.iter().enumerate() {
            findings.repository(format!("{key}.repositories.{nth}"), id);
        }
        for (nth, selector) in self.incidents.iter().enumerate() {
            if kernel::incident_selector(selector).is_none() {
                let expected = format!("what incidents are part of: {}", kernel::SELECTOR_FORMS);
                findings.error(format!("{key}.incidents.{nth}"), shown(selector), expected);
            }
        }
        if let Some(team) = self.team.as_deref().filter(|team| !teams.contains(team)) {
            unknown_team(format!("{key}.team"), team, teams, findings);
        }
        for (name, pattern) in [("production", &self.production), ("deployments", &self.deployments)] {
            if let Some(pattern) = pattern {
                findings.pattern(format!("{key}.{name}"), pattern);
            }
        }
        for (nth, _) in self.branches.iter().enumerate().filter(|(_, branch)| branch.is_empty()) {
            findings.error(format!("{key}.branches.{nth}"), "nothing", "the name of a branch");
        }
        if let Some(Err(unknown)) = self.deployments_from.as_deref().map(str::parse::<DeploymentSource>) {
            let expected = format!("one of {}", unknown.expected);
            findings.error(format!("{key}.deployments_from"), shown(&unknown.found), expected);
        }
    }
}

fn check_teams(teams: &[TeamSettings], known: &[&str], findings: &mut Findings) {
    let parents: BTreeMap<&str, &str> =
        teams.iter().filter_map(|team| Some((team.name.as_str(), team.parent.as_deref()?))).collect();
    let mut seen = BTreeSet::new();
    for (index, team) in teams.iter().enumerate() {
        let key = |name: &str| format!("team.{index}.{name}");
        findings.name(key("name"), &team.name, seen.insert(team.name.as_str()), "teams");
        check_accounts(&key("members"), &team.members, findings);
        for (nth, _) in team.projects.iter().enumerate().filter(|(_, project)| project.trim().is_empty()) {
            findings.error(key(&format!("projects.{nth}")), "nothing", "the name of a project");
        }
        let Some(parent) = &team.parent else { continue };
        if !known.contains(&parent.as_str()) {
            unknown_team(key("parent"), parent, known, findings);
        } else if let Some(circle) = circle(&team.name, &parents) {
            findings.error(key("parent"), format!("a circle: {circle}"), "teams that end in one without a parent");
        }
    }
}

fn check_persons(persons: &[PersonSettings], findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for (index, person) in persons.iter().enumerate() {
        let key = |name: &str| format!("person.{index}.{name}");
        findings.name(key("name"), &person.name, seen.insert(person.name.as_str()), "persons");
        check_accounts(&key("accounts"), &person.accounts, findings);
        for email in person.emails.iter().filter(|email| !email.contains('@')) {
            findings.error(key("emails"), shown(email), "an address");
        }
    }
}

fn check_accounts(key: &str, accounts: &[String], findings: &mut Findings) {
    for account in accounts.iter().filter(|account| !account.contains('/')) {
        findings.error(key, shown(account), "an account: host/login, or email/address");
    }
}

fn unknown_team(key: String, name: &str, known: &[&str], findings: &mut Findings) {
    let expected = UnknownName::new(name, known.iter().copied()).expected("the name of a [[team]]");
    findings.error(key, format!("{}, which no [[team]] has", shown(name)), expected);
}

/// `a → b → a`, if following parents from `start` comes back to it.
fn circle(start: &str, parents: &BTreeMap<&str, &str>) -> Option<String> {
    let mut line = team_line(start, |team| parents.get(team).copied());
    let comes_back = line.last().and_then(|last| parents.get(*last)).is_some_and(|above| *above == start);
    line.push(start);
    comes_back.then(|| line.join(" → "))
}
