//! Who owns what: services of repositories, teams of services and of people, with the teams that they are part of;
//! and which of it a question is about. Teams are closed over their parts here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use kernel::near::UnknownName;
use kernel::{project_names, team_line};
use store::history::Services;

use super::model::{Question, Slice};
use super::reached::Reached;
use super::rows::{About, EntryRef, Name, Row, Subject};
use crate::{DoraError, Persons, Within, services};

/// What belongs to what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ownership {
    /// The services of a repository.
    services: BTreeMap<String, Vec<String>>,
    /// All services that there are.
    names: BTreeSet<String>,
    /// The team of a service, and the teams that it is part of.
    teams: BTreeMap<String, Vec<String>>,
    /// The teams of an account, and the teams that they are part of.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Each team, and the teams that it is part of, itself first.
    known_teams: BTreeMap<String, Vec<String>>,
    /// The teams that plan in a project.
    projects: BTreeMap<String, Vec<String>>,
}

/// What is asked for: services, if not all of them, and a repository.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    services: Option<BTreeSet<String>>,
    /// The projects of the teams that are asked for, if not all services are.
    projects: BTreeSet<String>,
    repository: Option<String>,
    /// What may be named in an answer, if not everything.
    seen: Option<Seen>,
    /// Who may be named.
    persons: Persons,
    /// The deployments of the environment that is asked for, if not all.
    reached: Option<Reached>,
}

/// The services and teams that who asks may see.
#[derive(Debug)]
struct Seen {
    services: BTreeSet<String>,
    teams: BTreeSet<String>,
}

impl Filter {
    /// The same, of what was deployed to an environment, or failed by it.
    pub(super) fn in_environment(self, reached: Reached) -> Self {
        Self { reached: Some(reached), ..self }
    }

    /// Whether an environment is asked for.
    pub const fn is_of_environment(&self) -> bool {
        self.reached.is_some()
    }

    /// Whether who asks may see a service.
    pub fn sees_service(&self, service: &str) -> bool {
        self.shows(SliceName::Service(service))
    }

    /// Whether a project is one of those of the teams that are asked for.
    fn holds_project(&self, project: &str) -> bool {
        project_names(project).any(|name| self.projects.contains(name))
    }

    /// The projects of the teams that are asked for, as the teams call them.
    pub fn projects(&self) -> impl Iterator<Item = &String> {
        self.projects.iter()
    }

    /// By name the services that are asked for, and the teams that may be named, if not all of them.
    pub fn into_names(self) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let list = |names: BTreeSet<String>| names.into_iter().collect();
        (self.services.map(list), self.seen.map(|seen| list(seen.teams)))
    }

    /// Whether a slice of this name may be shown.
    fn shows(&self, service_or_team: SliceName<'_>) -> bool {
        self.seen.as_ref().is_none_or(|seen| match service_or_team {
            SliceName::Service(name) => seen.services.contains(name),
            SliceName::Team(name) => seen.teams.contains(name),
        })
    }
}

/// The name of a slice that only those may see who may see what it names.
#[derive(Clone, Copy)]
enum SliceName<'n> {
    Service(&'n str),
    Team(&'n str),
}

impl Ownership {
    pub fn new(known: &Services) -> Self {
        let mut ownership = Self::default();
        let parents: BTreeMap<&str, &str> =
            known.teams.iter().filter_map(|team| Some((team.name.as_str(), team.parent.as_deref()?))).collect();
        let line = |team: &str| -> Vec<String> {
            team_line(team, |team| parents.get(team).copied()).into_iter().map(str::to_owned).collect()
        };
        for service in services::all(known) {
            for repository in &service.repositories {
                ownership.services.entry(repository.to_string()).or_default().push(service.name.clone());
            }
            if let Some(team) = &service.team {
                ownership.known_teams.insert(team.clone(), line(team));
                ownership.teams.insert(service.name.clone(), line(team));
            }
            ownership.names.insert(service.name);
        }
        for team in &known.teams {
            ownership.known_teams.insert(team.name.clone(), line(&team.name));
            for project in &team.projects {
                ownership.projects.entry(project.clone()).or_default().push(team.name.clone());
            }
            for member in &team.members {
                ownership.members.entry(member.to_string()).or_default().extend(line(&team.name));
            }
        }
        ownership
    }

    /// The services of a team and of the teams that are part of it.
    fn services_of_team(&self, team: &str) -> BTreeSet<String> {
        let owned = self.teams.iter().filter(|(_, line)| line.iter().any(|name| name == team));
        owned.map(|(service, _)| service.clone()).collect()
    }

    /// The projects of the teams of which something holds.
    fn projects_of(&self, is_asked: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let planned = self.projects.iter().filter(|(_, teams)| teams.iter().any(|team| is_asked(team)));
        planned.map(|(project, _)| project.clone()).collect()
    }

    /// Whether a team is one of those that are part of another, or that other.
    fn is_part(&self, team: &str, of: &str) -> bool {
        self.known_teams.get(team).is_some_and(|line| line.iter().any(|name| name == of))
    }

    /// What may be seen within a limit; `None` where that is everything.
    fn seen(&self, within: &Within) -> Option<Seen> {
        let names = |lines: &BTreeMap<String, Vec<String>>| {
            lines.iter().filter(|(_, line)| within.holds(line)).map(|(name, _)| name.clone()).collect()
        };
        (!within.is_everything()).then(|| Seen { services: names(&self.teams), teams: names(&self.known_teams) })
    }

    /// Whether a service belongs to a team, or to one that is part of it.
    pub fn is_of_team(&self, service: &str, team: &str) -> bool {
        self.teams.get(service).is_some_and(|line| line.iter().any(|name| name == team))
    }

    /// The repositories that any of these services has.
    pub fn repositories_of(&self, services: &[String]) -> Vec<String> {
        let asked: BTreeSet<&str> = services.iter().map(String::as_str).collect();
        let has = |owners: &[String]| owners.iter().any(|name| asked.contains(name.as_str()));
        let repositories = self.services.iter().filter(|(_, owners)| has(owners));
        repositories.map(|(repository, _)| repository.clone()).collect()
    }

    /// What a question asks for. `computed` are services that may be there no more, but were computed.
    pub fn filter(&self, question: &Question, computed: &BTreeSet<&str>) -> Result<Filter, DoraError> {
        let seen = self.seen(&question.within);
        let is_shown = |service: &str| seen.as_ref().is_none_or(|seen| seen.services.contains(service));
        let is_seen = |team: &str| seen.as_ref().is_none_or(|seen| seen.teams.contains(team));
        let mut services = seen.as_ref().map(|seen| seen.services.clone());
        let mut projects = self.projects_of(is_seen);
        if let Some(team) = question.team.as_deref() {
            let known = || self.known_teams.keys().filter(|name| is_seen(name));
            if known().all(|name| name != team) {
                return Err(DoraError::UnknownTeam(UnknownName::new(team, known().map(String::as_str))));
            }
            let mut of_team = self.services_of_team(team);
            of_team.retain(|service| is_shown(service));
            services = Some(of_team);
            projects = self.projects_of(|part| is_seen(part) && self.is_part(part, team));
        }
        if let Some(service) = &question.service {
            let known =
                || self.names.iter().map(String::as_str).chain(computed.iter().copied()).filter(|name| is_shown(name));
            if known().all(|name| name != service) {
                return Err(DoraError::UnknownService(UnknownName::new(service, known().collect::<BTreeSet<_>>())));
            }
            let is_asked = services.is_none_or(|services| services.contains(service));
            services = Some(is_asked.then(|| service.clone()).into_iter().collect());
            projects = BTreeSet::new();
        }
        if let Some(repository) = &question.repository {
            let serves = |services: &[String]| services.iter().any(|service| is_shown(service));
            let known = || self.services.iter().filter(|(_, services)| serves(services)).map(|(id, _)| id);
            if known().all(|id| id != repository) {
                return Err(DoraError::UnknownRepository(UnknownName::new(repository, known().map(String::as_str))));
            }
        }
        let persons = question.persons.clone();
        Ok(Filter { services, projects, repository: question.repository.clone(), seen, persons, reached: None })
    }

    /// Each team with the teams that it is part of, itself first.
    pub(super) fn lines_of_teams(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.known_teams.iter().map(|(name, line)| (name.as_str(), line.as_slice()))
    }

    /// Each service with its team and the teams that this is part of.
    pub(super) fn lines_of_services(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.names.iter().map(|name| (name.as_str(), self.teams_of_service(name)))
    }

    /// Each repository with each of its services.
    pub(super) fn owned_repositories(&self) -> impl Iterator<Item = (&str, &str)> {
        self.services.iter().flat_map(|(repository, services)| {
            services.iter().map(move |service| (repository.as_str(), service.as_str()))
        })
    }

    /// The team of a service, and the teams that it is part of.
    pub(super) fn teams_of_service(&self, service: &str) -> &[String] {
        self.teams.get(service).map(Vec::as_slice).unwrap_or_default()
    }

    /// The services of a repository, as far as they are known.
    pub fn services_of_repository(&self, repository: &str) -> &[String] {
        self.services.get(repository).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether any service has a repository.
    pub(super) fn knows_repository(&self, repository: &str) -> bool {
        self.services.contains_key(repository)
    }

    /// Whether it is known that a service has a repository; without a service that any has it. Of no repository nothing is
    /// known.
    pub(super) fn knows(&self, service: &str, repository: &str) -> bool {
        let of = self.services.get(repository);
        of.is_some_and(|services| service.is_empty() || services.iter().any(|name| name == service))
    }

    /// The services that a subject belongs to.
    fn services_of<'s>(&'s self, subject: &'s Subject) -> impl Iterator<Item = &'s str> {
        let direct = subject.service.as_deref();
        let of_repository = subject.repository.as_deref().filter(|_| direct.is_none());
        let of_repository = of_repository.and_then(|repository| self.services.get(repository));
        direct.into_iter().chain(of_repository.into_iter().flatten().map(String::as_str))
    }

    /// Whether a service is asked for.
    pub fn passes_service(&self, service: &str, filter: &Filter) -> bool {
        let holds = |repository: &String| {
            self.services.get(repository).is_some_and(|services| services.iter().any(|name| name == service))
        };
        filter.services.as_ref().is_none_or(|asked| asked.contains(service))
            && filter.repository.as_ref().is_none_or(holds)
    }

    /// Whether a subject is asked for.
    pub(super) fn passes(&self, subject: &Subject, filter: &Filter) -> bool {
        let is_planned = || subject.project.iter().any(|project| filter.holds_project(project));
        let is_owned = |asked: &BTreeSet<String>| self.services_of(subject).any(|name| asked.contains(name));
        filter.services.as_ref().is_none_or(|asked| is_owned(asked) || is_planned())
            && filter.repository.as_deref().is_none_or(|asked| subject.repository.as_deref() == Some(asked))
    }

    /// Whether a row is asked for: its subject, and of what is about a deployment its environment.
    pub(super) fn passes_row<T: Row>(&self, entry: &EntryRef<'_, T>, filter: &Filter) -> bool {
        let is_reached = |reached: &Reached| {
            entry.row.deployment().is_some_and(|id| reached.holds(entry.subject.service.as_ref(), id))
        };
        self.passes(entry.subject, filter) && (!T::HAS_DEPLOYMENT || filter.reached.as_ref().is_none_or(is_reached))
    }

    /// Hands each slice that a subject is part of, and that may be shown, to `take`. The same one may come more than
    /// once.
    pub(super) fn slices(&self, about: About<'_>, (by, filter): (Slice, &Filter), take: &mut dyn FnMut(&str)) {
        let subject = about.subject;
        let one = |name: Option<&str>, take: &mut dyn FnMut(&str)| name.into_iter().for_each(take);
        let teams_of = |account| self.teams_of(account).filter(|team| filter.shows(SliceName::Team(team)));
        match by {
            Slice::Service => {
                self.services_of(subject).filter(|name| filter.shows(SliceName::Service(name))).for_each(take);
            }
            Slice::Team => {
                let of_services = self.services_of(subject).filter_map(|service| self.teams.get(service)).flatten();
                let names = subject.project.iter().flat_map(|project| project_names(project));
                let planning = names.filter_map(|name| self.projects.get(name)).flatten();
                let planning = planning.filter_map(|team| self.known_teams.get(team)).flatten();
                of_services
                    .chain(planning)
                    .filter(|team| filter.shows(SliceName::Team(team)))
                    .for_each(|team| take(team));
            }
            Slice::AuthorTeam => teams_of(subject.author.as_deref()).for_each(take),
            Slice::Repository => one(subject.repository.as_deref().or(subject.project.as_deref()), take),
            Slice::Label => subject.labels.iter().for_each(|label| take(label)),
            Slice::Type => one(subject.kind.as_deref(), take),
            Slice::Ai => one(subject.ai.map(|ai| if ai { "assisted" } else { "unassisted" }), take),
            Slice::Author => one(subject.author.as_deref().filter(|author| filter.persons.hold(author)), take),
            Slice::ReviewTeams => {
                for reviewer in teams_of(about.reviewer.map(|name| &**name)) {
                    for author in teams_of(subject.author.as_deref()) {
                        take(&format!("{reviewer} → {author}"));
                    }
                }
            }
            Slice::ReviewPair => {
                let both = about.reviewer.zip(subject.author.as_ref());
                let is_shown = |(one, other): &(&Name, &Name)| filter.persons.hold(one) && filter.persons.hold(other);
                if let Some((reviewer, author)) = both.filter(is_shown) {
                    take(&format!("{reviewer} → {author}"));
                }
            }
        }
    }

    fn teams_of<'s>(&'s self, account: Option<&str>) -> impl Iterator<Item = &'s str> {
        account.and_then(|account| self.members.get(account)).into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, Service, Team, Version};

    use super::*;

    fn version() -> Version {
        Version { completeness: Completeness::Reported, at: chrono::DateTime::default() }
    }

    fn team(name: &str, parent: Option<&str>, members: &[&str]) -> Team {
        let members = members.iter().map(|member| (*member).into()).collect();
        Team { parent: parent.map(Into::into), members, ..Team::new(name.into(), version()) }
    }

    #[test]
    fn a_team_holds_what_its_parts_hold_by_service_and_by_author() {
        let service = Service {
            repositories: vec!["h/cart".into()],
            team: Some("web".into()),
            ..Service::new("cart".into(), version())
        };
        let known = Services {
            declared: vec![service],
            repositories: ["h/cart".into(), "h/lone".into()].into(),
            teams: vec![team("shop", None, &["h/boss"]), team("web", Some("shop"), &["h/ann"])],
            ..Services::default()
        };
        let ownership = Ownership::new(&known);
        let subject = |repository: &str, author: &str| Subject {
            repository: Some(repository.into()),
            author: Some(author.into()),
            ..Subject::default()
        };
        let of = |about: About<'_>, by| {
            let mut slices = BTreeSet::new();
            ownership.slices(about, (by, &Filter::default()), &mut |name| {
                slices.insert(name.to_owned());
            });
            slices.into_iter().collect::<Vec<_>>()
        };
        let slices = |subject: &Subject, by| of(About { subject, reviewer: None }, by);
        let ours = subject("h/cart", "h/boss");
        assert_eq!(slices(&ours, Slice::Service), ["cart"]);
        assert_eq!(slices(&ours, Slice::Team), ["shop", "web"]);
        assert_eq!(slices(&ours, Slice::AuthorTeam), ["shop"]);
        assert_eq!(slices(&subject("h/lone", "h/ann"), Slice::AuthorTeam), ["shop", "web"]);
        let (lone, boss) = (subject("h/lone", "h/ann"), "h/boss".into());
        let reviewed = About { subject: &lone, reviewer: Some(&boss) };
        assert_eq!(of(reviewed, Slice::ReviewTeams), ["shop → shop", "shop → web"]);
        assert_eq!(of(reviewed, Slice::ReviewPair), ["h/boss → h/ann"]);
        let to = |accounts: &[&str], by| {
            let accounts = accounts.iter().map(ToString::to_string).collect();
            let filter = Filter { persons: Persons::only(accounts), ..Filter::default() };
            let mut slices = Vec::new();
            ownership.slices(reviewed, (by, &filter), &mut |name| slices.push(name.to_owned()));
            slices
        };
        assert_eq!((to(&["h/ann"], Slice::Author), to(&["h/boss"], Slice::Author)), (vec!["h/ann".to_owned()], vec![]));
        assert_eq!(to(&["h/ann"], Slice::ReviewPair), [""; 0], "it would name another person");
        assert_eq!(to(&["h/ann", "h/boss"], Slice::ReviewPair), ["h/boss → h/ann"]);
        assert_eq!(slices(&lone, Slice::ReviewTeams), [""; 0]);
        assert_eq!(slices(&lone, Slice::Service), ["h/lone"]);
        assert!(slices(&lone, Slice::Team).is_empty());
        let asked = |team: &str| Question { team: Some(team.into()), ..Question::default() };
        let filter = |team| ownership.filter(&asked(team), &BTreeSet::new());
        let passes = |subject: &Subject, team| ownership.passes(subject, &filter(team).unwrap());
        assert!(passes(&subject("h/cart", "x"), "shop") && !passes(&lone, "shop"));
        assert!(filter("nobody").is_err());
    }

    #[test]
    fn what_is_in_a_project_is_of_the_teams_that_plan_in_it_and_of_no_service() {
        let planning = |name: &str, parent: Option<&str>, project: &str| Team {
            projects: vec![project.to_owned()],
            ..team(name, parent, &[])
        };
        let service = Service { team: Some("web".into()), ..Service::new("cart".into(), version()) };
        let known = Services {
            declared: vec![service],
            teams: vec![team("shop", None, &[]), planning("web", Some("shop"), "WEB"), planning("docs", None, "DOCS")],
            ..Services::default()
        };
        let ownership = Ownership::new(&known);
        let item = |project: &str| Subject { project: Some(project.into()), ..Subject::default() };
        let passes = |project: &str, question: &Question| {
            ownership.passes(&item(project), &ownership.filter(question, &BTreeSet::new()).unwrap())
        };
        let of_team = |team: &str| Question { team: Some(team.into()), ..Question::default() };
        assert!(passes("WEB", &of_team("web")) && passes("WEB", &of_team("shop")) && !passes("WEB", &of_team("docs")));
        assert!(passes("you.atlassian.net/WEB", &of_team("web")) && !passes("h/o/web", &of_team("web")));
        assert!(passes("OTHER", &Question::default()) && !passes("OTHER", &of_team("web")));
        assert!(!passes("WEB", &Question { service: Some("cart".into()), ..Question::default() }));
        let limited = Question { within: Within::new(vec![["web".to_owned()].into()]), ..Question::default() };
        assert!(passes("WEB", &limited) && !passes("DOCS", &limited));
        for project in ["WEB", "you.atlassian.net/WEB"] {
            let mut teams = Vec::new();
            let web = item(project);
            let about = About { subject: &web, reviewer: None };
            ownership.slices(about, (Slice::Team, &Filter::default()), &mut |name| teams.push(name.to_owned()));
            assert_eq!(teams, ["web", "shop"], "{project}");
        }
    }

    #[test]
    fn teams_that_are_part_of_each_other_own_the_same_services() {
        let service =
            |name: &str, team: &str| Service { team: Some(team.into()), ..Service::new(name.into(), version()) };
        let known = Services {
            declared: vec![service("a", "left"), service("b", "right"), service("c", "undeclared")],
            teams: vec![team("left", Some("right"), &[]), team("right", Some("left"), &[])],
            ..Services::default()
        };
        let ownership = Ownership::new(&known);
        let of = |team: &str| ownership.services_of_team(team).into_iter().collect::<Vec<_>>();
        assert_eq!((of("left"), of("right")), (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()]));
        assert_eq!(of("undeclared"), ["c".to_owned()]);
    }
}
