//! Rows of the store on their way to the tables that metrics are made from.

mod code;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU64;
use std::sync::Arc;

use kernel::{DeploymentKind, Outcome};
use store::StoreTx;
use store::flow::{self, ReadPart, TransitionRow};
use xxhash_rust::xxh3::xxh3_64;

use super::custom::Facts;
use super::ownership::Ownership;
use super::plan::Plan;
use super::planning::Meanings;
use super::rows::{
    Deployment, Entry, FirstDeployment, Incident, Item, Key, Measure, Name, Run, Sprint, Subject, Vulnerability,
};
use super::tables::{Source, Table, TableBuilder, Tables};
use crate::DoraError;
use crate::basis::EvidenceSet;
use crate::settings;

/// Names that are held once.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<Name>);

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
pub(crate) struct Loader<'a> {
    pub tx: &'a mut StoreTx,
    pub settings: &'a settings::Dora,
    pub names: &'a mut Names,
    pub part: ReadPart,
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
        part: ReadPart::Span(plan.span()),
        by_writers: plan.by_writers(),
        tables: Tables::default(),
    };
    for source in plan.sources() {
        // a rollout may have reached an environment outside of the span
        let is_whole = source == Source::Deployments && plan.is_of_environment();
        loader.part = if is_whole { ReadPart::All } else { ReadPart::Span(plan.span()) };
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
                let mut bases = store::metric_rows::service_bases(self.tx, &self.whole()).await?;
                bases.sort_by(|one, other| one.service.cmp(&other.service));
                self.tables.bases = Arc::new(bases);
                Ok(())
            }
            Source::Computations => self.computations().await,
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
                if let ReadPart::Span(span) = self.part {
                    let facts = Facts::read(self.tx, (fact, at), span).await?;
                    self.tables.facts.insert((fact, at), Arc::new(facts));
                }
                Ok(())
            }
        }
    }

    /// What is read where no window matters.
    fn whole(&self) -> ReadPart {
        if matches!(self.part, ReadPart::Span(_)) { ReadPart::All } else { self.part.clone() }
    }

    async fn computations(&mut self) -> Result<(), DoraError> {
        let part = self.whole();
        let mut computations = store::metric_rows::computations(self.tx, &part).await?;
        computations.sort_by(|one, other| one.service.cmp(&other.service));
        let mut findings = store::metric_rows::findings(self.tx, &part).await?;
        findings.sort_by(|one, other| (&one.service, one.kind.as_str()).cmp(&(&other.service, other.kind.as_str())));
        self.tables.computations = Arc::new(computations);
        self.tables.findings = Arc::new(findings);
        Ok(())
    }

    async fn deployments(&mut self) -> Result<(), DoraError> {
        let rows = flow::deployments(self.tx, &self.part).await?;
        let first = flow::first_deployments(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let of = |names: &mut Names, service: &str, repository: Option<&str>| Subject {
            service: Some(names.get(service)),
            repository: names.opt(repository),
            ..Subject::default()
        };
        let entry = |row: flow::DeploymentRow| {
            let subject = of(names, &row.service, row.repository.as_deref());
            // the same commit again is no further success, but can fail
            let once = row.counted || row.failed;
            let is_eligible = row.kind != DeploymentKind::None && row.rollout.is_none() && once;
            let id = Key::of(&row.id);
            let deployment = Deployment {
                id,
                rollout: row.rollout.as_deref().map_or(id, Key::of),
                environment: names.opt(row.environment.map(|name| name.to_lowercase()).as_deref()),
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
            Entry { subject, row: deployment, ..Entry::default() }
        };
        self.tables.deployments = Table::by_owner(rows.into_iter().map(entry), |subject| subject.service.as_ref());
        let entry = |row: flow::FirstDeploymentRow| Entry {
            subject: of(names, &row.service, row.repository.as_deref()),
            row: FirstDeployment { at: row.at },
            ..Entry::default()
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
                deployment: row.deployment.as_deref().map(Key::of),
                deployed: row.failed_deployment,
            },
            ..Entry::default()
        };
        self.tables.incidents = Table::by_owner(rows.into_iter().map(entry), |subject| subject.service.as_ref());
        Ok(())
    }

    async fn runs(&mut self) -> Result<(), DoraError> {
        let names = &mut *self.names;
        let mut runs = TableBuilder::default();
        flow::runs(self.tx, &self.part, |row| {
            let repository = names.opt(row.repository);
            let subject = Subject { project: repository.clone(), repository, ..Subject::default() };
            let key = Key::of(row.id);
            let row = Run {
                name: names.get(row.name),
                commit: row.sha.map(|sha| NonZeroU64::MIN.saturating_add(xxh3_64(sha) >> 1)),
                default_branch: row.default_branch,
                queued: row.queued,
                started: row.started,
                finished: row.finished,
                succeeded: match row.outcome {
                    Some(Outcome::Success) => Some(true),
                    Some(Outcome::Failure) => Some(false),
                    Some(Outcome::Neither) | None => None,
                },
            };
            runs.push(Entry { key, subject, row }, |subject| subject.repository.as_ref());
        })
        .await?;
        self.tables.runs = runs.build();
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
                key: Key::of(&row.id),
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
            Entry { key: Key::of(&sprint.id), subject, row: Sprint::new(sprint, entries) }
        };
        self.tables.sprints = Table::by_owner(sprints.iter().map(entry), |_| None);
        Ok(())
    }

    async fn vulnerabilities(&mut self) -> Result<(), DoraError> {
        let rows = flow::vulnerabilities(self.tx, &self.part).await?;
        let names = &mut *self.names;
        let entry = |row: flow::VulnerabilityRow| Entry {
            key: Key::of(&row.id),
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
                key: Key::of(&row.id),
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
}
