//! Tables as a question sees them: the rows that its window is about and that pass its filter, with their slices.
//! Each is made once, whatever number of metrics is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::chosen::{Chosen, Observed, runs};
use super::chunk::ChunkPart;
use super::metric::Input;
use super::model::Slice;
use super::observations::Observations;
use super::ownership::Filter;
use super::rows::{
    About, Author, Change, Deployed, Deployment, EntryRef, Incident, Item, Measure, Micros, Review, Row, Run, Sprint,
    Subject, Vulnerability,
};
use super::slices::Parts;
use super::tables::{Table, Tables};
use crate::DoraError;

type Once<'t, T> = OnceLock<Chosen<'t, T>>;

/// Tables as a question sees them.
pub(super) struct View<'t> {
    tables: &'t Tables,
    filter: &'t Filter,
    window: Micros,
    by: Option<Slice>,
    changes: Once<'t, Change>,
    reviews: OnceLock<Given<'t>>,
    deployed: Once<'t, Deployed>,
    deployments: Once<'t, Deployment>,
    first_deployments: OnceLock<Vec<(&'t Subject, i64)>>,
    incidents: Once<'t, Incident>,
    recoveries: Once<'t, Incident>,
    runs: Once<'t, Run>,
    items: Once<'t, Item>,
    sprints: Once<'t, Sprint>,
    vulnerabilities: Once<'t, Vulnerability>,
    measures: Once<'t, Measure>,
    authors: Once<'t, Author>,
}

/// Reviews of changes, and the slices of what they are about.
struct Given<'t> {
    reviews: Vec<&'t Review>,
    parts: Arc<Parts>,
}

impl<'t> View<'t> {
    pub fn new(tables: &'t Tables, filter: &'t Filter, window: Micros, by: Option<Slice>) -> Self {
        Self {
            tables,
            filter,
            window,
            by,
            changes: Once::new(),
            reviews: OnceLock::new(),
            deployed: Once::new(),
            deployments: Once::new(),
            first_deployments: OnceLock::new(),
            incidents: Once::new(),
            recoveries: Once::new(),
            runs: Once::new(),
            items: Once::new(),
            sprints: Once::new(),
            vulnerabilities: Once::new(),
            measures: Once::new(),
            authors: Once::new(),
        }
    }

    /// What a metric observes.
    pub fn observe(&self, input: &Input) -> Result<Observed, DoraError> {
        let tables = self.tables;
        Ok(match input {
            Input::Changes(metric) => {
                self.once(&self.changes, &tables.changes).observed(|entry, into| metric(entry.row, entry.about(), into))
            }
            Input::Reviews(metric) => self.reviews(*metric),
            Input::Deployed(metric) => {
                self.once(&self.deployed, &tables.deployed).observed(|entry, into| metric(entry.row, into))
            }
            Input::Deployments(metric) => self.deployments(*metric),
            Input::Incidents(metric) => {
                self.once(&self.incidents, &tables.incidents).observed(|entry, into| metric(entry.row, into))
            }
            Input::Recoveries(metric) => self.recoveries().observed(|entry, into| metric(entry.row, into)),
            Input::Runs(metric) => self.once(&self.runs, &tables.runs).observed(|entry, into| metric(entry.row, into)),
            Input::RunsInOrder(metric) => {
                let runs = self.once(&self.runs, &tables.runs);
                let mut into = Observations::default();
                metric(&runs.entries().collect::<Vec<_>>(), &mut into);
                (into, Arc::clone(&runs.parts))
            }
            Input::Items(metric) => {
                self.once(&self.items, &tables.items).observed(|entry, into| metric(entry.row, into))
            }
            Input::Sprints(metric) => {
                self.once(&self.sprints, &tables.sprints).observed(|entry, into| metric(entry.row, into))
            }
            Input::Vulnerabilities(metric) => self
                .once(&self.vulnerabilities, &tables.vulnerabilities)
                .observed(|entry, into| metric(entry.row, into)),
            Input::Measures(metric) => {
                self.once(&self.measures, &tables.measures).observed(|entry, into| metric(entry.row, into))
            }
            Input::Authors(metric) => {
                let window = self.window;
                self.once(&self.authors, &tables.authors).observed(|entry, into| metric(entry.row, window, into))
            }
            Input::Custom(metric) => {
                let facts = tables.facts.get(&(metric.fact, metric.at)).ok_or_else(|| DoraError::Ended {
                    of: format!("the metric `{}`", metric.name),
                    message: format!("its facts, `{}`, were not read", metric.fact),
                })?;
                let (subjects, mut observations) = facts.observe(metric, self.window)?;
                observations.retain(|subject| {
                    subjects.get(subject as usize).is_some_and(|subject| tables.ownership.passes(subject, self.filter))
                });
                let about = subjects.iter().map(|subject| About { subject, reviewer: None });
                (observations, Arc::new(Parts::new(&about, self.by, (&tables.ownership, self.filter))))
            }
        })
    }

    fn passes<T: Row>(&self, entry: &EntryRef<'_, T>) -> bool {
        self.tables.ownership.passes_row(entry, self.filter)
    }

    /// The rows of the window that pass, chunk by chunk.
    fn passing<T: Row>(&self, table: &'t Table<T>) -> Vec<ChunkPart<'t, T>> {
        let owner = !(T::HAS_DEPLOYMENT && self.filter.is_of_environment());
        table.of_passing(self.window, (owner, |entry: &EntryRef<'t, T>| self.passes(entry)))
    }

    fn chosen<T: Row>(&self, rows: Vec<ChunkPart<'t, T>>) -> Chosen<'t, T> {
        let owned = (&*self.tables.ownership, self.filter);
        Chosen::new(rows, |rows| Parts::of_runs(|by| runs(rows, by), self.by, owned))
    }

    fn once<'v, T: Row>(&'v self, once: &'v Once<'t, T>, table: &'t Table<T>) -> &'v Chosen<'t, T> {
        once.get_or_init(|| self.chosen(self.passing(table)))
    }

    /// The observations of reviews of changes.
    fn reviews(&self, metric: fn(&Review, &mut Observations)) -> Observed {
        let given = self.reviews.get_or_init(|| {
            let changes = self.passing(&self.tables.changes);
            let given = changes.iter().flat_map(ChunkPart::entries);
            let given = given.flat_map(|entry| entry.row.reviews.iter().map(move |review| (entry.subject, review)));
            let given: Vec<_> = given.filter(|(_, review)| review.reviewer.is_some()).collect();
            let about = given.iter().map(|(subject, review)| About { subject, reviewer: review.reviewer.as_ref() });
            let parts = Parts::new(&about, self.by, (&self.tables.ownership, self.filter));
            Given { reviews: given.iter().map(|(_, review)| *review).collect(), parts: Arc::new(parts) }
        });
        let mut into = Observations::with_room(given.reviews.len());
        for (number, review) in (0_u32..).zip(&given.reviews) {
            into.about(number);
            metric(review, &mut into);
        }
        (into, Arc::clone(&given.parts))
    }

    /// Incidents that failed a deployment of the window.
    fn recoveries(&self) -> &Chosen<'t, Incident> {
        self.recoveries.get_or_init(|| {
            let failed = |entry: &EntryRef<'_, Incident>| entry.row.deployed.is_some_and(|at| self.window.holds(at));
            self.chosen(self.tables.incidents.whose(|entry| failed(entry) && self.passes(entry)))
        })
    }

    /// The observations of deployments, and since when services are known to deploy.
    fn deployments(&self, metric: fn(&Deployment, &mut Observations)) -> Observed {
        let first = self.first_deployments.get_or_init(|| self.first());
        let chosen = self.deployments.get_or_init(|| {
            let first = || first.iter().map(|(subject, _)| (About { subject, reviewer: None }, 1));
            let owned = (&*self.tables.ownership, self.filter);
            Chosen::new(self.passing(&self.tables.deployments), |rows| {
                Parts::of_runs(|by| runs(rows, by).chain(first()), self.by, owned)
            })
        });
        let (mut into, parts) = chosen.observed(|entry, into| metric(entry.row, into));
        let after = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        for (number, (_, at)) in (after..).zip(first) {
            into.about(number);
            into.since(*at);
        }
        (into, parts)
    }

    /// When services deployed first, of each of their repositories: in an environment, what counts of it.
    fn first(&self) -> Vec<(&'t Subject, i64)> {
        if !self.filter.is_of_environment() {
            let first = self.tables.first_deployments.of(self.window).filter(|entry| self.passes(entry));
            return first.map(|entry| (entry.subject, entry.row.at)).collect();
        }
        let counted = self.tables.deployments.all().filter(|entry| entry.row.counted && self.passes(entry));
        let mut first = BTreeMap::new();
        for entry in counted.filter(|entry| entry.row.finished < self.window.to) {
            let of = (entry.subject.service.as_ref(), entry.subject.repository.as_ref());
            let known: &mut (&'t Subject, i64) = first.entry(of).or_insert((entry.subject, entry.row.finished));
            known.1 = known.1.min(entry.row.finished);
        }
        first.into_values().collect()
    }
}
