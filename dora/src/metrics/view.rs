//! Tables as a question sees them: the rows that its window is about and that pass its filter, with their slices.
//! Each is made once, whatever number of metrics is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

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

/// Rows that are asked about, and the slices of what they are about.
struct Chosen<R> {
    rows: Vec<R>,
    parts: Arc<Parts>,
}

type Once<R> = OnceLock<Chosen<R>>;

/// Tables as a question sees them.
pub(super) struct View<'t> {
    tables: &'t Tables,
    filter: &'t Filter,
    window: Micros,
    by: Option<Slice>,
    changes: Once<EntryRef<'t, Change>>,
    reviews: Once<&'t Review>,
    deployed: Once<EntryRef<'t, Deployed>>,
    deployments: Once<EntryRef<'t, Deployment>>,
    first_deployments: OnceLock<Vec<(&'t Subject, i64)>>,
    incidents: Once<EntryRef<'t, Incident>>,
    recoveries: Once<EntryRef<'t, Incident>>,
    runs: Once<EntryRef<'t, Run>>,
    items: Once<EntryRef<'t, Item>>,
    sprints: Once<EntryRef<'t, Sprint>>,
    vulnerabilities: Once<EntryRef<'t, Vulnerability>>,
    measures: Once<EntryRef<'t, Measure>>,
    authors: Once<EntryRef<'t, Author>>,
}

/// Observations, and the slices of what they are about.
type Observed = (Observations, Arc<Parts>);

impl<'t> View<'t> {
    pub fn new(tables: &'t Tables, filter: &'t Filter, window: Micros, by: Option<Slice>) -> Self {
        Self {
            tables,
            filter,
            window,
            by,
            changes: Once::new(),
            reviews: Once::new(),
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
            Input::Changes(metric) => each(self.once(&self.changes, &tables.changes), |entry, into| {
                metric(entry.row, entry.about(), into);
            }),
            Input::Reviews(metric) => each(self.reviews(), |review, into| metric(review, into)),
            Input::Deployed(metric) => {
                each(self.once(&self.deployed, &tables.deployed), |entry, into| metric(entry.row, into))
            }
            Input::Deployments(metric) => self.deployments(*metric),
            Input::Incidents(metric) => {
                each(self.once(&self.incidents, &tables.incidents), |entry, into| metric(entry.row, into))
            }
            Input::Recoveries(metric) => each(self.recoveries(), |entry, into| metric(entry.row, into)),
            Input::Runs(metric) => each(self.once(&self.runs, &tables.runs), |entry, into| metric(entry.row, into)),
            Input::RunsInOrder(metric) => {
                let runs = self.once(&self.runs, &tables.runs);
                let mut into = Observations::default();
                metric(&runs.rows, &mut into);
                (into, Arc::clone(&runs.parts))
            }
            Input::Items(metric) => each(self.once(&self.items, &tables.items), |entry, into| metric(entry.row, into)),
            Input::Sprints(metric) => {
                each(self.once(&self.sprints, &tables.sprints), |entry, into| metric(entry.row, into))
            }
            Input::Vulnerabilities(metric) => {
                each(self.once(&self.vulnerabilities, &tables.vulnerabilities), |entry, into| metric(entry.row, into))
            }
            Input::Measures(metric) => {
                each(self.once(&self.measures, &tables.measures), |entry, into| metric(entry.row, into))
            }
            Input::Authors(metric) => {
                let window = self.window;
                each(self.once(&self.authors, &tables.authors), |entry, into| metric(entry.row, window, into))
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
                (observations, Arc::new(Parts::new(about, self.by, (&tables.ownership, self.filter))))
            }
        })
    }

    fn passes<T: Row>(&self, entry: &EntryRef<'_, T>) -> bool {
        self.tables.ownership.passes_row(entry, self.filter)
    }

    fn choose<T: Row>(&self, rows: impl Iterator<Item = EntryRef<'t, T>>) -> Chosen<EntryRef<'t, T>> {
        let rows: Vec<EntryRef<'t, T>> = rows.filter(|entry| self.passes(entry)).collect();
        let parts = Parts::new(rows.iter().map(|entry| entry.about()), self.by, (&self.tables.ownership, self.filter));
        Chosen { rows, parts: Arc::new(parts) }
    }

    fn once<'v, T: Row>(&'v self, once: &'v Once<EntryRef<'t, T>>, table: &'t Table<T>) -> &'v Chosen<EntryRef<'t, T>> {
        once.get_or_init(|| self.choose(table.of(self.window)))
    }

    /// The reviews of changes.
    fn reviews(&self) -> &Chosen<&'t Review> {
        self.reviews.get_or_init(|| {
            let changes = self.tables.changes.of(self.window).filter(|entry| self.passes(entry));
            let given = changes.flat_map(|entry| entry.row.reviews.iter().map(move |review| (entry, review)));
            let given: Vec<_> = given.filter(|(_, review)| review.reviewer.is_some()).collect();
            let about = given
                .iter()
                .map(|(entry, review)| About { subject: entry.subject, reviewer: review.reviewer.as_ref() });
            let parts = Parts::new(about, self.by, (&self.tables.ownership, self.filter));
            Chosen { rows: given.iter().map(|(_, review)| *review).collect(), parts: Arc::new(parts) }
        })
    }

    /// Incidents that failed a deployment of the window.
    fn recoveries(&self) -> &Chosen<EntryRef<'t, Incident>> {
        self.recoveries.get_or_init(|| {
            let failed = |entry: &EntryRef<'_, Incident>| entry.row.deployed.is_some_and(|at| self.window.holds(at));
            self.choose(self.tables.incidents.all().filter(failed))
        })
    }

    /// The observations of deployments, and since when services are known to deploy.
    fn deployments(&self, metric: fn(&Deployment, &mut Observations)) -> Observed {
        let first = self.first_deployments.get_or_init(|| self.first());
        let chosen = self.deployments.get_or_init(|| {
            let rows: Vec<_> = self.tables.deployments.of(self.window).filter(|entry| self.passes(entry)).collect();
            let first = first.iter().map(|(subject, _)| About { subject, reviewer: None });
            let subjects = rows.iter().map(|entry| entry.about()).chain(first);
            let parts = Parts::new(subjects, self.by, (&self.tables.ownership, self.filter));
            Chosen { rows, parts: Arc::new(parts) }
        });
        let (mut into, parts) = each(chosen, |entry, into| metric(entry.row, into));
        let after = u32::try_from(chosen.rows.len()).unwrap_or(u32::MAX);
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

/// Makes the observations of each row. The number of a row is that of its subject.
fn each<R>(chosen: &Chosen<R>, observe: impl Fn(&R, &mut Observations)) -> Observed {
    let mut into = Observations::with_room(chosen.rows.len());
    for (number, row) in (0_u32..).zip(&chosen.rows) {
        into.about(number);
        observe(row, &mut into);
    }
    (into, Arc::clone(&chosen.parts))
}
