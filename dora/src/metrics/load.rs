//! Facts of the store on their way to observations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::Regex;
use runtime::settings::{self, LeadTimeStart};
use store::StoreTx;
use store::flow::{self, ReviewRow, Span, TransitionRow};

use super::changes::{Change, by_others};
use super::ci::Runs;
use super::observations::{Observations, Subject};
use super::registry::{Aggregation, Entry, Source};
use super::slices::{assisted, change_type};
use super::work::{Item, Meanings, Planned};
use super::{custom, quality};
use crate::report::Window;
use crate::{DoraError, Options};

/// Reads what a metric is made from, and makes its observations.
pub(super) async fn observations(
    tx: &mut StoreTx,
    entry: &Entry,
    window: Window,
    settings: &settings::Dora,
) -> Result<Observations, DoraError> {
    let span = Span { from: window.from, to: window.to };
    let assistants = Regex::new(&settings.assistants).map_err(|_| DoraError::Setting {
        key: "dora.assistants".to_owned(),
        found: settings.assistants.clone(),
        expected: "a regular expression",
    })?;
    let mut into = Observations::default();
    match &entry.source {
        Source::Changes(metric) | Source::Reviews(metric) => {
            changes(tx, *metric, span, settings, &assistants, &mut into).await?;
        }
        Source::Deployed(metric) => {
            for row in flow::deployed(tx, span).await? {
                let assisted = assisted(&assistants, row.writers.iter().chain(&row.author), row.branch.as_deref());
                into.about(Subject {
                    service: Some(row.service.clone()),
                    repository: Some(row.repository.clone()),
                    labels: row.labels.clone(),
                    kind: Some(change_type(&row.title, &row.labels, row.branch.as_deref()).to_owned()),
                    ai: Some(assisted),
                    author: row.author.clone(),
                    ..Subject::default()
                });
                metric(&row, &mut into);
            }
        }
        Source::Deployments(metric) => {
            for row in flow::deployments(tx, span).await? {
                into.about(Subject {
                    service: Some(row.service.clone()),
                    repository: row.repository.clone(),
                    ..Subject::default()
                });
                metric(&row, &mut into);
            }
            if entry.definition.aggregation == Aggregation::PerDay {
                for row in flow::first_deployments(tx, span).await? {
                    into.about(Subject {
                        service: Some(row.service),
                        repository: row.repository,
                        ..Subject::default()
                    });
                    into.since(row.at);
                }
            }
        }
        Source::Incidents(metric) => {
            for row in flow::incidents(tx, span).await? {
                into.about(Subject {
                    service: Some(row.service.clone()),
                    kind: row.severity.clone(),
                    ..Subject::default()
                });
                metric(&row, &mut into);
            }
        }
        Source::Runs(metric) => metric(&Runs(&flow::runs(tx, span).await?), &mut into),
        Source::Items(metric) => items(tx, *metric, span, &mut into).await?,
        Source::Sprints(metric) => {
            let (sprints, entries) = (flow::sprints(tx, span).await?, flow::entries(tx, span).await?);
            let mut of: BTreeMap<&str, Vec<_>> = BTreeMap::new();
            for entry in &entries {
                of.entry(&entry.sprint).or_default().push(entry);
            }
            for sprint in &sprints {
                let entries = of.get(sprint.id.as_str()).map(Vec::as_slice).unwrap_or_default();
                let planned = Planned::new(sprint, entries);
                into.about(planned.subject(entries));
                metric(&planned, &mut into);
            }
        }
        Source::Vulnerabilities(metric) => {
            for row in flow::vulnerabilities(tx, span).await? {
                into.about(Subject {
                    repository: row.repository.clone(),
                    kind: Some(row.severity.clone()),
                    ..Subject::default()
                });
                metric(&row, &mut into);
            }
        }
        Source::Measures(name, factor) => {
            quality::measures(&flow::measures(tx, span).await?, name, *factor, &mut into);
        }
        Source::Authors => {
            let bots = Bots::read(tx, settings).await?;
            let at = window.from.timestamp_micros();
            quality::authors(&flow::authors(tx, span).await?, at, |account| bots.is(account), &mut into);
        }
        Source::Custom(metric) => custom::observe(tx, metric, span, &mut into).await?,
    }
    Ok(into)
}

async fn changes(
    tx: &mut StoreTx,
    metric: fn(&Change<'_>, &mut Observations),
    span: Span,
    settings: &settings::Dora,
    assistants: &Regex,
    into: &mut Observations,
) -> Result<(), DoraError> {
    let (changes, reviews) = (flow::changes(tx, span).await?, flow::reviews(tx, span).await?);
    let bots = Bots::read(tx, settings).await?;
    let mut said: HashMap<&str, Vec<&ReviewRow>> = HashMap::new();
    for review in &reviews {
        said.entry(&review.change).or_default().push(review);
    }
    for row in &changes {
        let assisted = assisted(assistants, row.writers.iter().chain(&row.author), row.branch.as_deref());
        let told = said.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let started = row.started.filter(|_| settings.lead_time_start == LeadTimeStart::FirstCommit);
        into.about(Subject {
            repository: Some(row.repository.clone()),
            labels: row.labels.clone(),
            kind: Some(change_type(&row.title, &row.labels, row.branch.as_deref()).to_owned()),
            ai: Some(assisted),
            author: row.author.clone(),
            ..Subject::default()
        });
        let reviews = by_others(row, told, |account| bots.is(account));
        metric(&Change { row, first_commit: row.first_commit.or(started), reviews, assisted }, into);
    }
    Ok(())
}

async fn items(
    tx: &mut StoreTx,
    metric: fn(&Item<'_>, &mut Observations),
    span: Span,
    into: &mut Observations,
) -> Result<(), DoraError> {
    let (items, transitions) = (flow::items(tx, span).await?, flow::transitions(tx, span).await?);
    let statuses = flow::statuses(tx).await?;
    let meanings = Meanings::new(&statuses);
    let mut ways: HashMap<&str, Vec<&TransitionRow>> = HashMap::new();
    for transition in &transitions {
        ways.entry(&transition.item).or_default().push(transition);
    }
    for row in &items {
        into.about(Subject {
            // the project of an issue of a forge is its repository
            repository: row.project.contains('/').then(|| row.project.clone()),
            project: Some(row.project.clone()),
            labels: row.labels.clone(),
            kind: row.kind.as_ref().map(|kind| kind.to_lowercase()),
            author: row.assignee.clone(),
            ..Subject::default()
        });
        let way = ways.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        metric(&Item::new(row, way, &meanings), into);
    }
    Ok(())
}

/// Accounts that are bots, by their source's word, their name or the settings.
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
