//! Rows of the store on their way to the tables that metrics are made from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use kernel::{DeploymentKind, Outcome};
use regex::Regex;
use store::StoreTx;
use store::flow::{self, ChangeRow, Part, ReviewRow, TransitionRow};

use super::beginning::began;
use super::change_type::{assisted, change_type};
use super::custom::Facts;
use super::ownership::Ownership;
use super::plan::Plan;
use super::planning::Meanings;
use super::rows::{
    Author, Change, Deployed, Deployment, Entry, FirstDeployment, Incident, Item, Measure, Name, Review, Run, Sprint,
    Subject, Vulnerability,
};
use super::tables::{Source, Table, Tables};
use crate::basis::EvidenceSet;
use crate::compute::{GivenReview, rule_set};
use crate::settings;
use crate::{DoraError, Options};

/// Names that are held once.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<Name>);

impl Names {
    fn get(&mut self, text: &str) -> Name {
        if let Some(known) = self.0.get(text) {
            return Name::clone(known);
        }
        let name = Name::from(text);
        self.0.insert(Name::clone(&name));
        name
    }

    fn opt(&mut self, text: Option<&str>) -> Option<Name> {
        text.map(|text| self.get(text))
    }

    fn all(&mut self, texts: &[String]) -> Box<[Name]> {
        texts.iter().map(|text| self.get(text)).collect()
    }
}

/// Reads rows into tables.
pub(super) struct Loader<'a> {
    pub tx: &'a mut StoreTx,
    pub settings: &'a settings::Dora,
    pub names: &'a mut Names,
    pub part: Part,
    /// Whether it matters who wrote the commits of what was deployed.
    pub by_writers: bool,
    pub tables: Tables,
}

/// Reads what a plan needs.
pub(crate) async fn load(tx: &mut StoreTx, plan: &Plan, settings: &settings::Dora) -> Result<Tables, DoraError> {
    let mut loader = Loader {
        tx,
        settings,
        names: &mut Names::default(),
        part: Part::Span(plan.span()),
        by_writers: plan.by_writers(),
        tables: Tables::default(),
    };
    for source in plan.sources() {
        loader.read(source).await?;
    }
    Ok(loader.tables)
}

impl Loader<'_> {
    pub async fn read(&mut self, source: Source) -> Result<(), DoraError> {
        match source {
            Source::Ownership => {
                self.tables.ownership = Arc::new(Ownership::new(&store::history::services(self.tx).await?));
                Ok(())
            }
            Source::Bases => {
                self.tables.bases = Arc::new(store::metric_rows::service_bases(self.tx).await?);
                self.tables.computations = Arc::new(store::metric_rows::computations(self.tx).await?);
                Ok(())
            }
            Source::Changes => self.changes().await,
            Source::Deployed => self.deployed().await,
            Source::Deployments => self.deployments().await,
            Source::Incidents => self.incidents().await,
            Source::Runs => self.runs().await,
            Source::Items => self.items().await,
            Source::Sprints => self.sprints().await,
            Source::Vulnerabilities => self.vulnerabilities().await,
            Source::Measures => self.measures().await,
            Source::Authors => self.authors().await,
            Source::Facts(fact, at) => {
                if let Part::Span(span) = self.part {
                    let facts = Facts::read(self.tx, (fact, at), span).await?;
                    self.tables.facts.insert((fact, at), Arc::new(facts));
                }
                Ok(())
            }
        }
    }

    fn assistants(&self) -> Result<Regex, DoraError> {
        Regex::new(&self.settings.assistants).map_err(|_| DoraError::Setting {
            key: "dora.assistants".to_owned(),
            found: self.settings.assistants.clone(),
            expected: "a regular expression",
        })
    }

    async fn changes(&mut self) -> Result<(), DoraError> {
        let assistants = self.assistants()?;
        let (changes, reviews) = (flow::changes(self.tx, &self.part).await?, flow::reviews(self.tx, &self.part).await?);
        let bots = Bots::read(self.tx, self.settings).await?;
        let mut of_change: HashMap<&str, Vec<&ReviewRow>> = HashMap::new();
        for review in &reviews {
            of_change.entry(&review.change).or_default().push(review);
        }
        let names = &mut *self.names;
        let lead_time_start = self.settings.lead_time_start;
        let entry = |row: &ChangeRow| {
            let ai = assisted(&assistants, row.writers.iter().chain(&row.author), row.branch.as_deref());
            let reviews = of_change.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let reviews = counted(row, reviews, &bots);
            let review =
                |review: &&ReviewRow| Review { reviewer: names.opt(review.reviewer.as_deref()), at: review.at };
            let reviews = reviews.iter().map(review).collect();
            let change = Change {
                first_commit: began(row, lead_time_start),
                opened: row.opened,
                ready: row.ready,
                merged: row.merged,
                closed: row.closed,
                lines: row.additions.zip(row.deletions).map(|(additions, deletions)| additions + deletions),
                reviews,
            };
            let subject = Subject {
                repository: Some(names.get(&row.repository)),
                labels: names.all(&row.labels),
                kind: Some(names.get(change_type(&row.title, &row.labels, row.branch.as_deref()))),
                ai: Some(ai),
                author: names.opt(row.author.as_deref()),
                ..Subject::default()
            };
            Entry { subject, row: change }
        };
        self.tables.changes = Table::by_owner(changes.iter().map(entry), |subject| subject.repository.as_ref());
        Ok(())
    }

    async fn deployed(&mut self) -> Result<(), DoraError> {
        let assistants = self.assistants()?;
        let names = &mut *self.names;
        let entry = |row: flow::DeployedRow| {
            let ai = assisted(&assistants, row.writers.iter().chain(&row.author), row.branch.as_deref());
            let [coding_us, pickup_us, review_us, approval_us, deploy_us] = row.stages;
            Entry {
                subject: Subject {
                    service: Some(names.get(&row.service)),
                    repository: Some(names.get(&row.repository)),
                    labels: names.all(&row.labels),
                    kind: Some(names.get(change_type(&row.title, &row.labels, row.branch.as_deref()))),
                    ai: Some(ai),
                    author: names.opt(row.author.as_deref()),
                    ..Subject::default()
                },
                row: Deployed {
                    at: row.deployed,
                    lead_time_us: row.lead_time,
                    coding_us,
                    pickup_us,
                    review_us,
                    approval_us,
                    deploy_us,
                },
            }
        };
        let rows = flow::deployed(self.tx, &self.part, self.by_writers).await?;
        self.tables.deployed = Table::by_owner(rows.into_iter().map(entry), |subject| subject.service.as_ref());
        Ok(())
    }

    async fn deployments(&mut self) -> Result<(), DoraError> {
        let rows = flow::deployments(self.tx, &self.part).await?;
        let first = flow::first_deployments(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let mut of = |service: &str, repository: Option<&str>| Subject {
            service: Some(names.get(service)),
            repository: names.opt(repository),
            ..Subject::default()
        };
        let entry = |row: flow::DeploymentRow| {
            let subject = of(&row.service, row.repository.as_deref());
            // the same commit again is no further success, but can fail
            let once = row.counted || row.failed;
            let is_eligible = row.kind != DeploymentKind::None && !row.in_rollout && once;
            let deployment = Deployment {
                service: subject.service.clone().unwrap_or_default(),
                finished: row.finished,
                counted: row.counted,
                has_verdict: if row.success { is_eligible } else { row.failed },
                failed: row.failed,
                recovered: row.recovered,
                rework: row.rework,
                failed_by: EvidenceSet::of(&row.rules.failed_by),
                recovered_by: EvidenceSet::of(&row.rules.recovered_by),
                rework_by: EvidenceSet::of(&row.rules.rework_by),
            };
            Entry { subject, row: deployment }
        };
        self.tables.deployments = Table::by_owner(rows.into_iter().map(entry), |subject| subject.service.as_ref());
        let entry = |row: flow::FirstDeploymentRow| Entry {
            subject: of(&row.service, row.repository.as_deref()),
            row: FirstDeployment { at: row.at },
        };
        self.tables.first_deployments =
            Table::by_owner(first.into_iter().map(entry), |subject| subject.service.as_ref());
        Ok(())
    }

    async fn incidents(&mut self) -> Result<(), DoraError> {
        let rows = flow::incidents(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let entry = |row: flow::IncidentRow| Entry {
            subject: Subject {
                service: Some(names.get(&row.service)),
                kind: names.opt(row.severity.as_deref()),
                ..Subject::default()
            },
            row: Incident {
                detected: row.detected,
                resolved: row.resolved,
                restore_us: row.restore,
                deployed: row.failed_deployment,
            },
        };
        self.tables.incidents = Table::by_owner(rows.into_iter().map(entry), |subject| subject.service.as_ref());
        Ok(())
    }

    async fn runs(&mut self) -> Result<(), DoraError> {
        let rows = flow::runs(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let entry = |row: flow::RunRow| {
            let repository = names.opt(row.repository.as_deref());
            Entry {
                subject: Subject { project: repository.clone(), repository, ..Subject::default() },
                row: Run {
                    name: names.get(&row.name),
                    sha: names.opt(row.sha.as_deref()),
                    default_branch: row.default_branch,
                    queued: row.queued,
                    started: row.started,
                    finished: row.finished,
                    succeeded: match row.outcome {
                        Some(Outcome::Success) => Some(true),
                        Some(Outcome::Failure) => Some(false),
                        Some(Outcome::Neither) | None => None,
                    },
                },
            }
        };
        self.tables.runs = Table::by_owner(rows.into_iter().map(entry), |subject| subject.repository.as_ref());
        Ok(())
    }

    async fn items(&mut self) -> Result<(), DoraError> {
        let (items, transitions) =
            (flow::items(self.tx, &self.part).await?, flow::transitions(self.tx, &self.part).await?);
        let statuses = flow::statuses(self.tx).await?;
        let meanings = Meanings::new(&statuses);
        let mut of_item: HashMap<&str, Vec<&TransitionRow>> = HashMap::new();
        for transition in &transitions {
            of_item.entry(&transition.item).or_default().push(transition);
        }
        let names = &mut *self.names;
        let entry = |row: &flow::ItemRow| {
            let project = names.get(&row.project);
            let transitions = of_item.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            Entry {
                subject: Subject {
                    // the project of an issue of a forge is its repository
                    repository: row.project.contains('/').then(|| Name::clone(&project)),
                    project: Some(project),
                    labels: names.all(&row.labels),
                    kind: row.kind.as_ref().map(|kind| names.get(&kind.to_lowercase())),
                    author: names.opt(row.assignee.as_deref()),
                    ..Subject::default()
                },
                row: Item::new(row, transitions, &meanings),
            }
        };
        self.tables.items = Table::by_owner(items.iter().map(entry), |subject| subject.project.as_ref());
        Ok(())
    }

    async fn sprints(&mut self) -> Result<(), DoraError> {
        let (sprints, entries) = (flow::sprints(self.tx, &self.part).await?, flow::entries(self.tx, &self.part).await?);
        let mut of_sprint: BTreeMap<&str, Vec<&flow::EntryRow>> = BTreeMap::new();
        for entry in &entries {
            of_sprint.entry(&entry.sprint).or_default().push(entry);
        }
        let names = &mut *self.names;
        let entry = |sprint: &flow::SprintRow| {
            let entries = of_sprint.get(sprint.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let project = entries.iter().find_map(|entry| entry.project.as_deref()).or(sprint.board.as_deref());
            let subject = Subject { project: names.opt(project), ..Subject::default() };
            Entry { subject, row: Sprint::new(sprint, entries) }
        };
        self.tables.sprints = Table::by_owner(sprints.iter().map(entry), |_| None);
        Ok(())
    }

    async fn vulnerabilities(&mut self) -> Result<(), DoraError> {
        let rows = flow::vulnerabilities(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let entry = |row: flow::VulnerabilityRow| Entry {
            subject: Subject {
                repository: names.opt(row.repository.as_deref()),
                kind: Some(names.get(&row.severity)),
                ..Subject::default()
            },
            row: Vulnerability { opened: row.opened, fixed: row.fixed, dismissed: row.dismissed },
        };
        self.tables.vulnerabilities = Table::by_owner(rows.into_iter().map(entry), |_| None);
        Ok(())
    }

    async fn measures(&mut self) -> Result<(), DoraError> {
        let rows = flow::measures(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let entry = |row: flow::MeasureRow| {
            let project = names.get(&row.project);
            Entry {
                subject: Subject {
                    repository: names.opt(row.repository.as_deref()),
                    project: Some(Name::clone(&project)),
                    ..Subject::default()
                },
                row: Measure { project, metric: names.get(&row.metric), value: row.value, at: row.at },
            }
        };
        self.tables.measures = Table::by_owner(rows.into_iter().map(entry), |_| None);
        Ok(())
    }

    async fn authors(&mut self) -> Result<(), DoraError> {
        let bots = Bots::read(self.tx, self.settings).await?;
        let rows = flow::authors(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let mut commits: BTreeMap<(Name, Name), Vec<(i64, i64)>> = BTreeMap::new();
        for row in rows {
            let author = (names.get(&row.repository), names.get(&row.author));
            commits.entry(author).or_default().push((row.at, row.lines));
        }
        let people = commits.into_iter().filter(|((_, author), _)| !bots.is(author));
        let entry = |((repository, author), commits)| Entry {
            subject: Subject { repository: Some(repository), ..Subject::default() },
            row: Author::new(author, commits),
        };
        self.tables.authors = Table::by_owner(people.map(entry), |subject| subject.repository.as_ref());
        Ok(())
    }
}

/// The reviews of a change and the comments on it that count, out of all of them.
fn counted<'r>(row: &ChangeRow, reviews: &[&'r ReviewRow], bots: &Bots) -> Vec<&'r ReviewRow> {
    let rules = rule_set(&bots.options);
    let counts = |review: &&&ReviewRow| {
        let reviewer = review.reviewer.as_deref();
        let by_bot = reviewer.is_some_and(|account| bots.is(account));
        let author = row.author.as_deref();
        rules.counts(&GivenReview { reviewer, by_bot, at: review.at, author, merged: row.merged })
    };
    reviews.iter().filter(counts).copied().collect()
}

/// Accounts that are bots, by what their source says, their name or the settings.
struct Bots {
    known: BTreeSet<String>,
    options: Options,
}

impl Bots {
    async fn read(tx: &mut StoreTx, settings: &settings::Dora) -> Result<Self, DoraError> {
        Ok(Self { known: flow::bots(tx).await?.into_iter().collect(), options: Options::new(settings)? })
    }

    fn is(&self, account: &str) -> bool {
        self.known.contains(account) || self.options.names_bot(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_reviews_count_is_decided_by_the_rules_that_are_followed() {
        let review = |reviewer: &str, at| ReviewRow { change: "c".into(), reviewer: Some(reviewer.into()), at };
        let row = ChangeRow { author: Some("ann".into()), merged: Some(10), ..ChangeRow::default() };
        let reviews = [review("ann", 4), review("bot", 5), review("bob", 6), review("eve", 8), review("bob", 12)];
        let reviews: Vec<&ReviewRow> = reviews.iter().collect();
        let times = |compat| -> Vec<i64> {
            let settings = settings::Dora { compat, ..settings::Dora::default() };
            let bots = Bots { known: ["bot".to_owned()].into(), options: Options::new(&settings).unwrap() };
            counted(&row, &reviews, &bots).iter().map(|review| review.at).collect()
        };
        // neither what the author says, nor a bot, nor what comes after the merge
        assert_eq!(times(settings::Compat::Off), [6, 8]);
        assert_eq!(times(settings::Compat::Devlake), [5, 6, 8, 12]);
    }
}
