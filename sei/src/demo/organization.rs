//! Who there is: departments, teams, people, bots, services and their ways of working.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Account, AccountId, Completeness, Fact, Repository, RepositoryId, Service, Team, Version};

use super::dice::Dice;
use super::names;
use super::scale::Demo;

/// Where all its code lives.
const HOST: &str = "git.demo.example";

/// How a service reaches production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Deployments of the forge, to staging and production.
    Environments,
    /// Releases.
    Releases,
    /// Version tags.
    Tags,
}

/// Where the numbers of a team go over the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trend {
    /// They stay.
    Steady,
    /// They get better.
    Improves,
    /// They get worse.
    Worsens,
}

impl Trend {
    /// By what to multiply a delay or a fail rate, when so much of the time (0 to 1) has passed.
    pub(super) fn factor(self, progress: f64) -> f64 {
        match self {
            Self::Steady => 1.0,
            Self::Improves => 1.6 - 1.25 * progress,
            Self::Worsens => 0.6 + 1.2 * progress,
        }
    }
}

pub(super) struct TeamPlan {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) parent: String,
    pub(super) members: Vec<AccountId>,
    pub(super) trend: Trend,
}

pub(super) struct ServicePlan {
    pub(super) name: String,
    pub(super) team: usize,
    /// How many services its team has, and the position of this one among them.
    pub(super) of_team: (i64, i64),
    pub(super) repository: RepositoryId,
    pub(super) style: Style,
    pub(super) squash: bool,
    /// Of a working day, on average.
    pub(super) changes: f64,
    /// Of a working day, on average.
    pub(super) deployments: f64,
    pub(super) fail_rate: f64,
}

pub(super) struct Organization {
    pub(super) teams: Vec<TeamPlan>,
    pub(super) services: Vec<ServicePlan>,
    pub(super) bot: AccountId,
    begin: DateTime<Utc>,
}

/// How often each service deploys, relative to the others: some several times a day, some weekly.
const CADENCE: [f64; 7] = [4.0, 0.2, 2.0, 1.0, 0.6, 1.5, 3.0];
/// How much is changed in each, relative to the others.
const ACTIVITY: [f64; 5] = [1.6, 0.8, 1.0, 1.2, 0.4];

impl Organization {
    pub(super) fn new(demo: &Demo) -> Self {
        let mut dice = Dice::new(demo.seed, 0);
        let scale = &demo.scale;
        let team_count = scale.teams.max(1);
        let service_count = scale.services.max(1);
        let teams = (0..team_count).map(|index| team(&mut dice, index)).collect();
        let working_days = f64::from(scale.days.max(1)) * 5.0 / 7.0;
        let activity: f64 = (0..service_count).map(|index| cycled(&ACTIVITY, index)).sum();
        let cadence: f64 = (0..service_count).map(|index| cycled(&CADENCE, index)).sum();
        let changes = f64::from(scale.changes) / working_days / activity;
        let deployments = f64::from(scale.deployments) / working_days / cadence;
        let services = (0..service_count)
            .map(|index| {
                let name = named(&names::SERVICES, index);
                let team = index % team_count;
                let of_team = [(service_count - 1 - team) / team_count + 1, index / team_count];
                let [services, position] = of_team.map(|number| i64::try_from(number).unwrap_or_default());
                ServicePlan {
                    repository: RepositoryId(format!("{HOST}/acme/{name}")),
                    name,
                    team,
                    of_team: (services, position),
                    style: match index % 5 {
                        1 => Style::Releases,
                        4 => Style::Tags,
                        _ => Style::Environments,
                    },
                    squash: index % 2 == 1,
                    changes: changes * cycled(&ACTIVITY, index),
                    deployments: deployments * cycled(&CADENCE, index),
                    fail_rate: 0.05 + 0.02 * f64::from(u8::try_from(index % 6).unwrap_or_default()),
                }
            })
            .collect();
        let begin = demo.end - TimeDelta::days(i64::from(scale.days));
        Self { teams, services, bot: AccountId(format!("{HOST}/updates[bot]")), begin }
    }

    /// The facts about it that need no history.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let version = Version { completeness: Completeness::Reported, at: self.begin };
        let department = |name: &&str| Fact::Team(Team::new((*name).to_owned(), version));
        let mut facts: Vec<Fact> = names::DEPARTMENTS.iter().map(department).collect();
        let account = |id: &AccountId, bot| {
            let name = id.as_str().rsplit('/').next().unwrap_or_default().replace('.', " ");
            Fact::Account(Account { name, bot, ..Account::new(id.clone(), version) })
        };
        facts.push(account(&self.bot, true));
        for team in &self.teams {
            facts.extend(team.members.iter().map(|member| account(member, false)));
            facts.push(Fact::Team(Team {
                parent: Some(team.parent.clone()),
                members: team.members.clone(),
                projects: vec![team.key.clone()],
                ..Team::new(team.name.clone(), version)
            }));
        }
        for service in &self.services {
            facts.push(Fact::Repository(Repository {
                url: Some(format!("https://{}", service.repository)),
                default_branch: Some("main".to_owned()),
                ..Repository::new(service.repository.clone(), format!("acme/{}", service.name), version)
            }));
            facts.push(Fact::Service(Service {
                repositories: vec![service.repository.clone()],
                team: self.teams.get(service.team).map(|team| team.name.clone()),
                ..Service::new(service.name.clone(), version)
            }));
        }
        facts
    }
}

fn team(dice: &mut Dice, index: usize) -> TeamPlan {
    let (name, key) = cycled(&names::TEAMS, index);
    let round = index / names::TEAMS.len();
    let suffix = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    let size = dice.between(4, 9);
    let members = (0..size)
        .map(|member| {
            let (first, last) = (dice.word(&names::FIRST), dice.word(&names::LAST));
            // the number distinguishes two people of one name
            AccountId(format!("{HOST}/{first}.{last}{}", i64::try_from(index).unwrap_or_default() * 10 + member))
        })
        .collect();
    TeamPlan {
        name: format!("{name}{suffix}"),
        key: if round == 0 { key.to_owned() } else { format!("{key}{}", round + 1) },
        parent: cycled(&names::DEPARTMENTS, index).to_owned(),
        members,
        trend: match index % 6 {
            0 => Trend::Improves,
            3 => Trend::Worsens,
            _ => Trend::Steady,
        },
    }
}

fn named(names: &[&str], index: usize) -> String {
    let name = names.get(index % names.len().max(1)).copied().unwrap_or_default();
    match index / names.len().max(1) {
        0 => name.to_owned(),
        round => format!("{name}-{}", round + 1),
    }
}

fn cycled<T: Copy + Default>(of: &[T], index: usize) -> T {
    of.get(index % of.len().max(1)).copied().unwrap_or_default()
}
