//! What metrics observed over all time, as SQL aggregates it: made by the functions of the metrics, row by row of an
//! owner.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use store::analytics::{ChunkOfObservations, MetricRow, ObservationRow, OwnedRepository, OwnedService, OwnerRows};
use store::analytics::{OwningTeam, SubjectRow};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::metric::{Input, Metric};
use super::model::{Aggregation, Slice};
use super::observations::Observations;
use super::ownership::{Filter, Ownership};
use super::registry::{all, built_in};
use super::rows::{About, EntryRef, Name, RUN_US, Row, Run};
use super::tables::{Source, Table, Tables};
use super::unit::Unit;
use crate::DoraError;
use crate::compute::DeliveryRules;
use crate::settings::CustomMetricSettings;

/// Sources with observations, each with its name.
pub(crate) const SOURCES: [(Source, &str); 10] = [
    (Source::Changes, "changes"),
    (Source::Deployed, "deployed"),
    (Source::Deployments, "deployments"),
    (Source::Incidents, "incidents"),
    (Source::Runs, "runs"),
    (Source::Items, "items"),
    (Source::Sprints, "sprints"),
    (Source::Vulnerabilities, "vulnerabilities"),
    (Source::Measures, "measures"),
    (Source::Authors, "authors"),
];

const MICROS: f64 = 1e6;

/// From when to when something matters.
pub(super) type Extent = Option<(i64, Option<i64>)>;

/// What a row is about, and when it matters.
pub(super) type AboutRow<'t> = (About<'t>, Extent);

/// What was observed, and what it is about by the number of the subject.
type Observed<'t> = (Observations, Vec<AboutRow<'t>>);

/// The declarations of all metrics. An error names the setting that can't be used.
pub(crate) fn metric_rows(rules: DeliveryRules, custom: &[CustomMetricSettings]) -> Result<Vec<MetricRow>, DoraError> {
    let row = |(position, metric): (usize, &Metric)| {
        let definition = metric.define();
        let aggregation = serde_json::to_value(definition.aggregation).ok();
        MetricRow {
            name: definition.name,
            title: definition.title,
            metric_group: definition.group,
            definition: definition.definition,
            unit: definition.unit.as_str(),
            aggregation: aggregation.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
            slices: definition
                .slices
                .iter()
                .filter(|slice| !slice.names_people())
                .map(|slice| slice.as_str())
                .collect(),
            lower_median: metric.group == "delivery" && rules.lower_median,
            position,
        }
    };
    Ok(all(custom)?.iter().enumerate().map(row).collect())
}

/// Who owns what.
pub(crate) fn owner_rows(ownership: &Ownership) -> OwnerRows {
    let teams = ownership.lines_of_teams().map(|(name, line)| OwningTeam {
        name: name.to_owned(),
        parent: line.get(1).cloned(),
        line: line.to_vec(),
    });
    let services = ownership.lines_of_services().map(|(name, line)| OwnedService {
        name: name.to_owned(),
        team: line.first().cloned(),
        line: line.to_vec(),
    });
    let repositories = ownership.owned_repositories().map(|(repository, service)| OwnedRepository {
        repository: repository.to_owned(),
        service: service.to_owned(),
    });
    OwnerRows { teams: teams.collect(), services: services.collect(), repositories: repositories.collect() }
}

/// The owners of the rows of a source.
pub(crate) fn owners(tables: &Tables, source: Source) -> Vec<String> {
    fn names<T: Row>(table: &Table<T>) -> Vec<String> {
        table.owners().map(ToString::to_string).collect()
    }
    match source {
        Source::Changes => names(&tables.changes),
        Source::Deployed => names(&tables.deployed),
        // the first ones are among them
        Source::Deployments => names(&tables.deployments),
        Source::Incidents => names(&tables.incidents),
        Source::Runs => names(&tables.runs),
        Source::Items => names(&tables.items),
        Source::Sprints => names(&tables.sprints),
        Source::Vulnerabilities => names(&tables.vulnerabilities),
        Source::Measures => names(&tables.measures),
        Source::Authors => names(&tables.authors),
        Source::Ownership | Source::Bases | Source::Computations | Source::Facts(..) => Vec::new(),
    }
}

/// How observations are made.
pub(crate) struct Exporter<'a> {
    pub tables: &'a Tables,
    pub rules: DeliveryRules,
    /// The number of each metric.
    pub numbers: &'a BTreeMap<String, i16>,
    /// What the numbers of keys are made with, so that they lead to no account.
    pub salt: u64,
}

impl Exporter<'_> {
    /// What the metrics of a source observed of an owner.
    pub fn chunk(&self, (source, name): (Source, &'static str), owner: &str) -> ChunkOfObservations {
        let mut chunk = ChunkOfObservations { source: name, owner: owner.to_owned(), ..ChunkOfObservations::default() };
        for metric in built_in() {
            let input = metric.input_by(self.rules);
            if input.source() != source {
                continue;
            }
            let Some(number) = self.numbers.get(&*metric.id) else { continue };
            let (observations, about) = observe(self.tables, &input, owner);
            self.add(&mut chunk, (*number, metric), (&observations, &about));
            if is_of_red_pipelines(metric) {
                self.add_presence(&mut chunk, *number, owner);
            }
        }
        chunk
    }

    /// Adds what a metric observed to a chunk.
    pub(super) fn add(
        &self,
        chunk: &mut ChunkOfObservations,
        (number, metric): (i16, &Metric),
        (observations, about): (&Observations, &[AboutRow<'_>]),
    ) {
        use Aggregation as A;
        let lasts = matches!(metric.aggregation, A::OpenAtDayEnd | A::AgeOfOpen | A::TimeOpen);
        let ends = lasts || metric.aggregation == A::Rate;
        let keyed = matches!(metric.aggregation, A::LatestMean | A::LatestSum | A::LargestShare | A::FewestWithHalf);
        let keys = if keyed { observations.key_names() } else { Vec::new() };
        let scale = if metric.unit == Unit::Seconds { MICROS } else { 1.0 };
        let mut subjects = Subjects::new(&self.tables.ownership, about);
        for (row, (at, subject)) in observations.at.iter().zip(&observations.subject).enumerate() {
            let (value, until) = (observations.known(row), observations.until.get(row));
            // runs that were never red are observed by the presence of runs
            let is_marker = is_of_red_pipelines(metric) && until == Some(*at);
            if is_marker || (!lasts && value.is_none()) {
                continue;
            }
            let known_until = observations.known_until.get(row).map(|until| (*at, Some(until)));
            let extent = known_until.or_else(|| subjects.extent(*subject)).filter(|_| lasts);
            let Some(at) = instant(*at) else { continue };
            let subject = subjects.id(*subject, chunk);
            chunk.rows.push(ObservationRow {
                metric: number,
                subject,
                at,
                value: value.filter(|_| !lasts).map(|value| value / scale),
                part_of: observations.of.get(row),
                key: keys.get(observations.key.get(row) as usize).map(|name| self.key(name)),
                until: until.filter(|_| ends).and_then(instant),
                present: extent.and_then(|(from, until)| Some((instant(from)?, until.and_then(instant)))),
            });
        }
        for (subject, at) in observations.since.iter().filter(|_| metric.aggregation == A::PerDay) {
            let Some(at) = instant(*at) else { continue };
            let subject = subjects.id(*subject, chunk);
            chunk.rows.push(bare(number, subject, at));
        }
        if metric.aggregation == A::OpenAtDayEnd && !is_of_red_pipelines(metric) {
            add_not_open(&mut subjects, (number, observations), chunk);
        }
    }

    /// That runs of default branches were seen, however they ended: a run is known of for a time, and runs that follow each
    /// other within it are one span.
    fn add_presence(&self, chunk: &mut ChunkOfObservations, number: i16, owner: &str) {
        let runs: Vec<EntryRef<'_, Run>> =
            self.tables.runs.of_owner(owner).filter(|entry| is_of_default_branch(entry.row)).collect();
        let mut spans: Vec<(usize, i64, i64)> = Vec::new();
        for (position, run) in runs.iter().enumerate() {
            match spans.last_mut() {
                Some((.., until)) if run.row.finished <= *until => *until = run.row.finished + RUN_US,
                _ => spans.push((position, run.row.finished, run.row.finished + RUN_US)),
            }
        }
        let about: Vec<AboutRow<'_>> = runs.iter().map(|entry| (entry.about(), None)).collect();
        let mut subjects = Subjects::new(&self.tables.ownership, &about);
        for (position, from, until) in spans {
            let (Some(from), Some(until)) = (instant(from), instant(until)) else { continue };
            let subject = subjects.id(u32::try_from(position).unwrap_or(u32::MAX), chunk);
            let row = bare(number, subject, from);
            chunk.rows.push(ObservationRow { until: Some(from), present: Some((from, Some(until))), ..row });
        }
    }

    /// The number of a key.
    fn key(&self, name: &str) -> i64 {
        i64::from_ne_bytes(xxh3_64_with_seed(name.as_bytes(), self.salt).to_ne_bytes())
    }
}

/// Whether it is about how long, or how many, pipelines are red: what lasts, of runs in their order.
fn is_of_red_pipelines(metric: &Metric) -> bool {
    let lasts = matches!(metric.aggregation, Aggregation::TimeOpen | Aggregation::OpenAtDayEnd);
    lasts && matches!(metric.input, Input::RunsInOrder(_))
}

fn is_of_default_branch(run: &Run) -> bool {
    run.default_branch && run.succeeded.is_some()
}

/// What was there before it was open, or never was: none of it is open then, which is not the same as that nothing is known.
fn add_not_open(
    subjects: &mut Subjects<'_, '_>,
    (number, observations): (i16, &Observations),
    chunk: &mut ChunkOfObservations,
) {
    let mut opened: HashMap<u32, i64> = HashMap::new();
    for (subject, at) in observations.subject.iter().zip(&observations.at) {
        let first = opened.entry(*subject).or_insert(*at);
        *first = (*first).min(*at);
    }
    for subject in 0..u32::try_from(subjects.about.len()).unwrap_or(u32::MAX) {
        let Some((from, until)) = subjects.extent(subject) else { continue };
        let Some(at) = instant(from) else { continue };
        if opened.get(&subject).is_some_and(|opened| *opened <= from) {
            continue;
        }
        let row = bare(number, subjects.id(subject, chunk), at);
        let present = Some((at, until.and_then(instant)));
        chunk.rows.push(ObservationRow { until: Some(at), present, ..row });
    }
}

/// An observation without a value.
const fn bare(metric: i16, subject: i64, at: DateTime<Utc>) -> ObservationRow {
    ObservationRow { metric, subject, at, value: None, part_of: None, key: None, until: None, present: None }
}

/// A time, if it is one that can be stored.
fn instant(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}

/// What rows are about, as the store keeps it.
struct Subjects<'o, 't> {
    ownership: &'o Ownership,
    about: &'o [AboutRow<'t>],
    /// By a hash of what is known of one, its number.
    known: HashMap<u64, i64>,
}

impl<'o, 't> Subjects<'o, 't> {
    fn new(ownership: &'o Ownership, about: &'o [AboutRow<'t>]) -> Self {
        Self { ownership, about, known: HashMap::new() }
    }

    fn extent(&self, subject: u32) -> Extent {
        self.about.get(subject as usize).and_then(|(_, extent)| *extent)
    }

    /// The number of a subject, which the chunk has from here on.
    fn id(&mut self, subject: u32, chunk: &mut ChunkOfObservations) -> i64 {
        let Some((about, _)) = self.about.get(subject as usize) else { return 0 };
        let hash = xxh3_64(format!("{:?} {:?}", about.subject, about.reviewer).as_bytes());
        if let Some(known) = self.known.get(&hash) {
            return *known;
        }
        let row = self.row(*about);
        let id = row.id();
        self.known.insert(hash, id);
        chunk.subjects.insert(id, row);
        id
    }

    fn row(&self, about: About<'_>) -> SubjectRow {
        let subject = about.subject;
        let slices = |by: Slice| {
            let mut names: Vec<String> = Vec::new();
            self.ownership.slices(about, (by, &Filter::default()), &mut |name| {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            });
            names
        };
        let text = |name: Option<&Name>| name.map(ToString::to_string);
        let mut labels: Vec<String> = subject.labels.iter().map(ToString::to_string).collect();
        labels.sort_unstable();
        labels.dedup();
        SubjectRow {
            services: slices(Slice::Service),
            teams: slices(Slice::Team),
            repository: text(subject.repository.as_ref().or(subject.project.as_ref())),
            labels,
            kind: text(subject.kind.as_ref()),
            assisted: subject.ai,
            author_teams: slices(Slice::AuthorTeam),
            review_teams: if about.reviewer.is_some() { slices(Slice::ReviewTeams) } else { Vec::new() },
        }
    }
}

/// What an input observed of the rows of an owner, of all time.
fn observe<'t>(tables: &'t Tables, input: &Input, owner: &str) -> Observed<'t> {
    match input {
        Input::Changes(metric) => {
            rows(tables.changes.of_owner(owner), |entry, into| metric(entry.row, entry.about(), into))
        }
        Input::Reviews(metric) => {
            let changes = tables.changes.of_owner(owner);
            let given = changes.flat_map(|entry| entry.row.reviews.iter().map(move |review| (entry, review)));
            let given: Vec<_> = given.filter(|(_, review)| review.reviewer.is_some()).collect();
            let about = given.iter().map(|(entry, review)| {
                (About { subject: entry.subject, reviewer: review.reviewer.as_ref() }, entry.row.extent())
            });
            (each(&given, |(_, review), into| metric(review, into)), about.collect())
        }
        Input::Deployed(metric) => rows(tables.deployed.of_owner(owner), |entry, into| metric(entry.row, into)),
        Input::Deployments(metric) => {
            let all = tables.deployments.of_owner(owner);
            let (mut into, mut about) = rows(all, |entry, into| metric(entry.row, into));
            for entry in tables.first_deployments.of_owner(owner) {
                into.about(u32::try_from(about.len()).unwrap_or(u32::MAX));
                into.since(entry.row.at);
                about.push((entry.about(), entry.row.extent()));
            }
            (into, about)
        }
        Input::Incidents(metric) => rows(tables.incidents.of_owner(owner), |entry, into| metric(entry.row, into)),
        Input::Recoveries(metric) => {
            let failed = tables.incidents.of_owner(owner).filter(|entry| entry.row.deployed.is_some());
            rows(failed, |entry, into| metric(entry.row, into))
        }
        Input::Runs(metric) => rows(tables.runs.of_owner(owner), |entry, into| metric(entry.row, into)),
        Input::RunsInOrder(metric) => {
            let runs: Vec<EntryRef<'t, Run>> = tables.runs.of_owner(owner).collect();
            let mut into = Observations::default();
            metric(&runs, &mut into);
            (into, runs.iter().map(|entry| (entry.about(), entry.row.extent())).collect())
        }
        Input::Items(metric) => rows(tables.items.of_owner(owner), |entry, into| metric(entry.row, into)),
        Input::Sprints(metric) => rows(tables.sprints.of_owner(owner), |entry, into| metric(entry.row, into)),
        Input::Vulnerabilities(metric) => {
            rows(tables.vulnerabilities.of_owner(owner), |entry, into| metric(entry.row, into))
        }
        Input::Measures(metric) => rows(tables.measures.of_owner(owner), |entry, into| metric(entry.row, into)),
        // the year before its end is that of a window, so each commit is observed by itself
        Input::Authors(_) => rows(tables.authors.of_owner(owner), |entry, into| {
            for (written, lines) in entry.row.each_commit() {
                into.keyed(written, &entry.row.name, lines as f64);
            }
        }),
        // they are made of facts, kind by kind
        Input::Custom(_) => (Observations::default(), Vec::new()),
    }
}

/// Makes the observations of each row. The number of a row is that of its subject.
fn rows<'t, T>(
    rows: impl Iterator<Item = EntryRef<'t, T>>,
    observe: impl Fn(&EntryRef<'t, T>, &mut Observations),
) -> Observed<'t>
where
    T: Row + 't,
{
    let rows: Vec<EntryRef<'t, T>> = rows.collect();
    let about = rows.iter().map(|entry| (entry.about(), entry.row.extent())).collect();
    (each(&rows, observe), about)
}

fn each<R>(rows: &[R], observe: impl Fn(&R, &mut Observations)) -> Observations {
    let mut into = Observations::with_room(rows.len());
    for (number, row) in (0_u32..).zip(rows) {
        into.about(number);
        observe(row, &mut into);
    }
    into
}
