//! Which part of the whole an observation belongs to: services by repositories, teams by services or by
//! members, with the teams that they are part of; the type of a change; whether an assistant wrote it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::near::UnknownName;
use regex::Regex;
use store::history::Services;

use super::observations::Subject;
use super::{MetricQuery, Slice};
use crate::report::services_of;
use crate::{DoraError, services};

/// What belongs to what.
#[derive(Debug, Default)]
pub(super) struct Belongings {
    /// The services of a repository.
    services: BTreeMap<String, Vec<String>>,
    /// The team of a service, and the teams that it is part of.
    teams: BTreeMap<String, Vec<String>>,
    /// The teams of an account, and the teams that they are part of.
    members: BTreeMap<String, BTreeSet<String>>,
    known: Services,
}

/// What is asked for: services, if not all of them.
#[derive(Debug, Default)]
pub(super) struct Filter {
    services: Option<BTreeSet<String>>,
    repository: Option<String>,
}

impl Belongings {
    pub fn new(known: &Services) -> Self {
        let mut belongings = Self { known: known.clone(), ..Self::default() };
        let parents: BTreeMap<&str, &str> =
            known.teams.iter().filter_map(|team| Some((team.name.as_str(), team.parent.as_deref()?))).collect();
        let line = |team: &str| {
            let mut line = vec![team.to_owned()];
            // a circle ends where it comes back
            while let Some(parent) = line.last().and_then(|last| parents.get(last.as_str())) {
                if line.iter().any(|team| team == parent) {
                    break;
                }
                line.push((*parent).to_owned());
            }
            line
        };
        for service in services::all(known) {
            for repository in &service.repositories {
                belongings.services.entry(repository.to_string()).or_default().push(service.name.clone());
            }
            if let Some(team) = &service.team {
                belongings.teams.insert(service.name.clone(), line(team));
            }
        }
        for team in &known.teams {
            for member in &team.members {
                belongings.members.entry(member.to_string()).or_default().extend(line(&team.name));
            }
        }
        belongings
    }

    /// What a query asks for.
    pub fn filter(&self, query: &MetricQuery) -> Result<Filter, DoraError> {
        let mut services = None;
        if let Some(team) = &query.team {
            let of_team = services_of(team, &self.known)?;
            services = Some(of_team.into_iter().map(str::to_owned).collect::<BTreeSet<String>>());
        }
        if let Some(service) = &query.service {
            let known = services::all(&self.known);
            if !known.iter().any(|known| known.name == *service) {
                let known = known.iter().map(|known| known.name.as_str());
                return Err(DoraError::UnknownService(UnknownName::new(service, known)));
            }
            let only = BTreeSet::from([service.clone()]);
            services =
                Some(services.map_or_else(|| only.clone(), |of_team| of_team.intersection(&only).cloned().collect()));
        }
        if let Some(repository) = query.repository.as_ref().filter(|asked| !self.services.contains_key(*asked)) {
            let known = self.services.keys().map(String::as_str);
            return Err(DoraError::UnknownRepository(UnknownName::new(repository, known)));
        }
        Ok(Filter { services, repository: query.repository.clone() })
    }

    /// The services that a subject belongs to.
    pub fn services(&self, subject: &Subject) -> Vec<String> {
        match (&subject.service, &subject.repository) {
            (Some(service), _) => vec![service.clone()],
            (None, Some(repository)) => self.services.get(repository).cloned().unwrap_or_default(),
            (None, None) => Vec::new(),
        }
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
    pub fn passes(&self, subject: &Subject, filter: &Filter) -> bool {
        let of_service =
            filter.services.as_ref().is_none_or(|asked| self.services(subject).iter().any(|name| asked.contains(name)));
        of_service && filter.repository.as_ref().is_none_or(|asked| subject.repository.as_ref() == Some(asked))
    }

    /// The slices that a subject is part of, each once.
    pub fn slices(&self, subject: &Subject, by: Slice) -> BTreeSet<String> {
        match by {
            Slice::Service => self.services(subject).into_iter().collect(),
            Slice::Team => {
                self.services(subject).iter().filter_map(|service| self.teams.get(service)).flatten().cloned().collect()
            }
            Slice::AuthorTeam => {
                subject.author.as_ref().and_then(|author| self.members.get(author)).cloned().unwrap_or_default()
            }
            Slice::Repository => subject.repository.clone().or_else(|| subject.project.clone()).into_iter().collect(),
            Slice::Label => subject.labels.iter().cloned().collect(),
            Slice::Type => subject.kind.clone().into_iter().collect(),
            Slice::Ai => {
                let name = |ai| if ai { "assisted" } else { "unassisted" };
                subject.ai.map(|ai| name(ai).to_owned()).into_iter().collect()
            }
            Slice::Author => subject.author.clone().into_iter().collect(),
            Slice::ReviewTeams => {
                let teams = |account: &Option<String>| account.as_ref().and_then(|account| self.members.get(account));
                let (reviewing, writing) = (teams(&subject.reviewer), teams(&subject.author));
                let pairs = reviewing.into_iter().flatten().flat_map(|reviewer| {
                    writing.into_iter().flatten().map(move |author| format!("{reviewer} → {author}"))
                });
                pairs.collect()
            }
            Slice::ReviewPair => {
                let pair = subject.reviewer.as_ref().zip(subject.author.as_ref());
                pair.map(|(reviewer, author)| format!("{reviewer} → {author}")).into_iter().collect()
            }
        }
    }
}

/// Types of change by their word in a conventional commit, in a label, or before the slash of a branch.
const TYPES: [(&str, &[&str]); 11] = [
    ("feature", &["feat", "feature", "enhancement"]),
    ("fix", &["fix", "bug", "bugfix", "hotfix"]),
    ("revert", &["revert"]),
    ("docs", &["docs", "doc", "documentation"]),
    ("refactor", &["refactor", "refactoring", "cleanup"]),
    ("performance", &["perf", "performance"]),
    ("test", &["test", "tests"]),
    ("build", &["build", "dependencies", "deps"]),
    ("ci", &["ci"]),
    ("chore", &["chore"]),
    ("style", &["style"]),
];

fn type_of(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    TYPES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(name, _)| *name)
}

/// The type of a change: by its title (`fix(cart)!: …`, `Revert "…"`), else by the first label that says one,
/// else by its branch (`feature/…`), else `other`.
pub(super) fn change_type<'l>(
    title: &str,
    labels: impl IntoIterator<Item = &'l String>,
    branch: Option<&str>,
) -> &'static str {
    let conventional = title.split_once(':').and_then(|(head, _)| {
        let head = head.strip_suffix('!').unwrap_or(head);
        let word = head.split_once('(').map_or(head, |(word, scope)| if scope.ends_with(')') { word } else { "" });
        type_of(word)
    });
    let revert = || title.starts_with("Revert \"").then_some("revert");
    let label =
        || labels.into_iter().find_map(|label| type_of(label.rsplit([':', '/']).next().unwrap_or(label).trim()));
    let branch = || type_of(branch?.split_once('/')?.0);
    conventional.or_else(revert).or_else(label).or_else(branch).unwrap_or("other")
}

/// Whether an assistant wrote a part of a change, by its accounts and its branch.
pub(super) fn assisted<'a>(
    pattern: &Regex,
    accounts: impl IntoIterator<Item = &'a String>,
    branch: Option<&str>,
) -> bool {
    accounts.into_iter().any(|account| pattern.is_match(account))
        || branch.is_some_and(|branch| pattern.is_match(branch))
}

#[cfg(test)]
mod tests {
    use kernel::{Detail, Service, Team, Version};

    use super::*;

    #[test]
    fn a_change_says_its_type_by_title_label_or_branch() {
        for (title, labels, branch, expected) in [
            ("feat: add cache", vec![], None, "feature"),
            ("fix(cart)!: mend total", vec!["enhancement"], None, "fix"),
            ("Revert \"feat: add cache\"", vec![], None, "revert"),
            ("Add cache", vec!["good first issue", "type: bug"], Some("feature/cache"), "fix"),
            ("Add cache", vec![], Some("feature/cache"), "feature"),
            ("Note: feat is no type here", vec![], Some("main"), "other"),
            ("perf : spaces", vec![], None, "other"),
            ("", vec![], None, "other"),
        ] {
            let labels: Vec<String> = labels.into_iter().map(ToOwned::to_owned).collect();
            assert_eq!(change_type(title, &labels, branch), expected, "{title}");
        }
    }

    #[test]
    fn assistants_are_known_by_account_or_branch_and_people_are_not() {
        let pattern = Regex::new(&runtime::load(None, &[]).unwrap().dora.assistants).unwrap();
        for (account, expected) in [
            ("email/198982749+copilot@users.noreply.github.com", true),
            ("github.com/copilot-swe-agent[bot]", true),
            ("github.com/copilot", true),
            ("email/noreply@anthropic.com", true),
            ("github.com/devin-ai-integration[bot]", true),
            ("email/claude.monet@example.com", false),
            ("github.com/claude", false),
            ("email/ann@cursor.example.com", false),
            ("github.com/dependabot[bot]", false),
        ] {
            assert_eq!(assisted(&pattern, [&account.to_owned()], None), expected, "{account}");
        }
        assert!(assisted(&pattern, [], Some("copilot/fix-17")));
        assert!(!assisted(&pattern, [], Some("feature/copilots")));
    }

    fn version() -> Version {
        Version { detail: Detail::Stated, at: chrono::DateTime::default() }
    }

    fn team(name: &str, parent: Option<&str>, members: &[&str]) -> Team {
        let members = members.iter().map(|member| (*member).into()).collect();
        Team { name: name.into(), parent: parent.map(Into::into), members, deleted: false, version: version() }
    }

    #[test]
    fn a_team_holds_what_its_parts_hold_by_service_and_by_author() {
        let service = Service {
            name: "cart".into(),
            repositories: vec!["h/cart".into()],
            paths: Vec::new(),
            deployments: None,
            team: Some("web".into()),
            production: None,
            deployments_from: None,
            branches: Vec::new(),
            incidents: Vec::new(),
            deleted: false,
            version: version(),
        };
        let known = Services {
            declared: vec![service],
            repositories: ["h/cart".into(), "h/lone".into()].into(),
            teams: vec![team("shop", None, &["h/boss"]), team("web", Some("shop"), &["h/ann"])],
            ..Services::default()
        };
        let belongings = Belongings::new(&known);
        let subject = |repository: &str, author: &str| Subject {
            repository: Some(repository.into()),
            author: Some(author.into()),
            ..Subject::default()
        };
        let slices = |subject: &Subject, by| belongings.slices(subject, by).into_iter().collect::<Vec<_>>();
        let ours = subject("h/cart", "h/boss");
        assert_eq!(slices(&ours, Slice::Service), ["cart"]);
        assert_eq!(slices(&ours, Slice::Team), ["shop", "web"]);
        assert_eq!(slices(&ours, Slice::AuthorTeam), ["shop"]);
        assert_eq!(slices(&subject("h/lone", "h/ann"), Slice::AuthorTeam), ["shop", "web"]);
        let reviewed = Subject { reviewer: Some("h/boss".into()), ..subject("h/lone", "h/ann") };
        assert_eq!(slices(&reviewed, Slice::ReviewTeams), ["shop → shop", "shop → web"]);
        assert_eq!(slices(&reviewed, Slice::ReviewPair), ["h/boss → h/ann"]);
        assert_eq!(slices(&subject("h/lone", "h/ann"), Slice::ReviewTeams), [""; 0]);
        assert_eq!(slices(&subject("h/lone", "h/ann"), Slice::Service), ["h/lone"]);
        assert!(slices(&subject("h/lone", "h/ann"), Slice::Team).is_empty());
        let of = |team: &str| MetricQuery { team: Some(team.into()), ..MetricQuery::default() };
        let passes = |subject, team| belongings.passes(&subject, &belongings.filter(&of(team)).unwrap());
        assert!(passes(subject("h/cart", "x"), "shop") && !passes(subject("h/lone", "x"), "shop"));
        assert!(belongings.filter(&of("nobody")).is_err());
    }
}
