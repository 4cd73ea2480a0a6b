//! The rows that metrics are made from, held in memory for each tenant, so that most questions read little or nothing
//! from the store.
//!
//! Promises: an answer equals one from a fresh read of the store at the time of the question. Before each answer the
//! store is asked what has changed since the last read, in whichever transaction, and that is read again. A canceled read
//! leaves nothing half-done: what it would have read is read by the next one. Rows take a bounded amount of memory; those
//! unused for longest are dropped first. Equal questions, one after the other or at the same time, are computed once as
//! long as nothing has changed that their answers are made from.

mod answers;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use kernel::Tenant;
use runtime::kept::Place;
use runtime::locked;
use store::Store;
use store::changes::{self, ReadAt};
use tokio::sync::{Mutex as Held, Semaphore};

use crate::metrics::{Plan, Rows, Source, Tables, Versions};
use crate::report::{from_answers, plan, question};
pub use answers::UP_TO_NOW;
use answers::{Answer, Answers, Given, Key};

use crate::settings;
use crate::{
    AskedServices, ContributionBy, Contributions, Distribution, DoraError, MetricAnswer, MetricSettings, Question,
    Report, ReportQuery,
};

/// Snapshots of tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshots {
    inner: Arc<Inner>,
    /// Who asks is content with the store as it was then, or later; without it, as it is when it is asked.
    as_of: Option<Instant>,
}

#[derive(Debug)]
struct Inner {
    dora: settings::Dora,
    custom: Vec<settings::CustomMetricSettings>,
    limit_bytes: usize,
    tenants: Mutex<BTreeMap<Tenant, Arc<Tenanted>>>,
    /// Answers that are made at once: each keeps a processor busy, and takes memory meanwhile.
    making: Arc<Semaphore>,
}

/// The rows of a tenant, and what they were used for last.
#[derive(Debug)]
struct Tenanted {
    rows: Held<Rows>,
    answers: Answers,
    used: Mutex<Use>,
    looked: Mutex<Option<Arc<Looked>>>,
}

/// How the store was when it was looked at last, and what is held of it.
#[derive(Debug)]
struct Looked {
    read_at: ReadAt,
    at: Instant,
    versions: Versions,
    tables: Tables,
    /// Those of which all is in the tables.
    sources: BTreeSet<Source>,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    at: Instant,
    bytes: usize,
}

/// What was read for a question, and the versions of all that is held.
struct Read {
    tables: Tables,
    versions: Versions,
}

/// An answer, and what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Dated<T> {
    /// The answer.
    pub answer: T,
    /// The versions of what it was made from.
    pub versions: Versions,
}

impl Tenanted {
    fn new() -> Self {
        let used = Mutex::new(Use { at: Instant::now(), bytes: 0 });
        Self { rows: Held::default(), answers: answers::none(), used, looked: Mutex::default() }
    }

    /// Notes what is held, for those who need nothing newer.
    fn note(&self, rows: &Rows) {
        let looked = rows.read_at().map(|(read_at, at)| Looked {
            read_at: read_at.clone(),
            at: *at,
            versions: rows.versions(),
            tables: rows.as_they_are(),
            sources: rows.up_to_date().collect(),
        });
        *locked(&self.looked) = looked.map(Arc::new);
        locked(&self.used).bytes = rows.bytes();
    }

    /// What a plan needs, if it is there as the store was at a time, or later.
    fn read_since(&self, at: Instant, plan: &Plan) -> Option<Read> {
        let looked = locked(&self.looked).clone()?;
        let is_there = looked.at >= at && plan.sources().is_subset(&looked.sources);
        is_there.then(|| Read { tables: looked.tables.clone(), versions: looked.versions.clone() })
    }

    /// The versions of what is held, if nothing at all has changed since the last look.
    async fn unchanged(&self, store: &Store) -> Result<Option<Versions>, DoraError> {
        let Some(looked) = locked(&self.looked).clone() else { return Ok(None) };
        let mut tx = changes::begin_reading(store).await?;
        let (_, marks) = changes::since(&mut tx, Some(&looked.read_at)).await?;
        tx.rollback().await?;
        Ok(marks.filter(BTreeSet::is_empty).map(|_| looked.versions.clone()))
    }
}

impl Snapshots {
    /// Empty ones, whose rows take up to `limit_bytes`.
    #[must_use]
    pub fn new(settings: MetricSettings<'_>, limit_bytes: usize) -> Self {
        let inner = Inner {
            dora: settings.dora.clone(),
            custom: settings.custom.to_vec(),
            limit_bytes,
            tenants: Mutex::default(),
            making: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))),
        };
        Self { inner: Arc::new(inner), as_of: None }
    }

    /// The same for who is content with the store as it was at a time, or later: what is held is asked without a look at
    /// the store if it was looked at since.
    #[must_use]
    pub fn as_of(&self, at: Instant) -> Self {
        Self { inner: Arc::clone(&self.inner), as_of: Some(at) }
    }

    /// Looks what has changed in the store, and reads it again so far as it is held and in use. Returns the versions of
    /// what is held.
    pub async fn look(&self, store: &Store) -> Result<Versions, DoraError> {
        let tenanted = self.of(store.tenant());
        let mut rows = match tenanted.rows.try_lock() {
            Ok(rows) => rows,
            // they may be held by a long read
            Err(_) => match tenanted.unchanged(store).await? {
                Some(versions) => return Ok(versions),
                None => tenanted.rows.lock().await,
            },
        };
        let mut tx = changes::begin_reading(store).await?;
        rows.find_changes(&mut tx, &self.inner.dora).await?;
        tenanted.note(&rows);
        let versions = rows.versions();
        drop(rows);
        tx.rollback().await?;
        Ok(versions)
    }

    /// The answers for metrics of the store's tenant, as [`crate::ask`] gives them.
    pub async fn ask(
        &self,
        store: &Store,
        names: &[&str],
        question: &Question,
    ) -> Result<Dated<Vec<MetricAnswer>>, DoraError> {
        let settings = MetricSettings { dora: &self.inner.dora, custom: &self.inner.custom };
        let plan = Plan::new(settings, names, question)?;
        let key = Key::new(names.iter().map(|name| (*name).to_owned()).collect(), question);
        let tenanted = self.of(store.tenant());
        let place = tenanted.answers.place(&key);
        let answered = self.ask_in(&place, (store, &tenanted), &plan, question).await;
        // each metric is kept by itself
        tenanted.answers.give_up(&key, &place);
        answered
    }

    async fn ask_in(
        &self,
        place: &Place,
        (store, tenanted): (&Store, &Tenanted),
        plan: &Plan,
        question: &Question,
    ) -> Result<Dated<Vec<MetricAnswer>>, DoraError> {
        let _alone = place.lock().await;
        let read = self.read(store, tenanted, plan).await?;
        let answer = self.answered(tenanted, &read, plan, question).await?;
        Ok(Dated { answer, versions: read.versions.of(plan.sources()) })
    }

    /// The distributions behind metrics of the store's tenant, as [`crate::distributions`] gives them.
    pub async fn distributions(
        &self,
        store: &Store,
        names: &[&str],
        question: &Question,
    ) -> Result<Dated<Vec<Distribution>>, DoraError> {
        let settings = MetricSettings { dora: &self.inner.dora, custom: &self.inner.custom };
        let plan = Plan::new(settings, names, question)?;
        let read = self.read(store, &self.of(store.tenant()), &plan).await?;
        let versions = read.versions.of(plan.sources());
        // it is never closed
        let turn = Arc::clone(&self.inner.making).acquire_owned().await.ok();
        Ok(Dated { answer: plan.distributed(read.tables, turn).await?, versions })
    }

    /// What contributed to the changes of metrics of the store's tenant since an earlier window.
    pub async fn contributions(
        &self,
        store: &Store,
        names: &[&str],
        (question, by): (&Question, ContributionBy),
    ) -> Result<Dated<Vec<Contributions>>, DoraError> {
        let settings = MetricSettings { dora: &self.inner.dora, custom: &self.inner.custom };
        let plan = Plan::new(settings, names, question)?;
        let read = self.read(store, &self.of(store.tenant()), &plan).await?;
        let versions = read.versions.of(plan.sources());
        // it is never closed
        let turn = Arc::clone(&self.inner.making).acquire_owned().await.ok();
        Ok(Dated { answer: plan.contributed(read.tables, by, turn).await?, versions })
    }

    /// A report of the store's tenant, as [`crate::report`] gives it.
    pub async fn report(&self, store: &Store, query: &ReportQuery) -> Result<Dated<Report>, DoraError> {
        let plan = plan(&self.inner.dora, query)?;
        let what =
            vec!["the report".to_owned(), query.benchmark.to_string(), query.preview.unwrap_or(true).to_string()];
        let key = Key::new(what, &question(query));
        let tenanted = self.of(store.tenant());
        let place = tenanted.answers.place(&key);
        let report = self.report_in((&place, &key), (store, &tenanted), &plan, query).await;
        tenanted.answers.give_up(&key, &place);
        report
    }

    async fn report_in(
        &self,
        (place, key): (&Place, &Key),
        (store, tenanted): (&Store, &Tenanted),
        plan: &Plan,
        query: &ReportQuery,
    ) -> Result<Dated<Report>, DoraError> {
        let _alone = place.lock().await;
        let read = self.read(store, tenanted, plan).await?;
        let given = tenanted.answers.value(key);
        if let Some((Answer::Report(report), versions)) = given.and_then(|given| given.of(key, &read.versions)) {
            return Ok(Dated { answer: Arc::unwrap_or_clone(report), versions });
        }
        let filter = plan.filter(&read.tables)?;
        let answers = self.answered(tenanted, &read, plan, &question(query)).await?;
        let report = from_answers(store, (plan, &read.tables, &filter), answers, query).await?;
        let (answer, versions) = (Answer::Report(Arc::new(report.clone())), read.versions.of(plan.sources()));
        let points = answer.points();
        tenanted.answers.put(key, Given::new(versions.clone(), answer), points);
        Ok(Dated { answer: report, versions })
    }

    /// What the names of a service and a team in a question stand for, as [`crate::asked_services`] returns it.
    pub async fn asked_services(&self, store: &Store, question: &Question) -> Result<Dated<AskedServices>, DoraError> {
        let plan = Plan::new(MetricSettings { dora: &self.inner.dora, custom: &[] }, &[], question)?;
        let read = self.read(store, &self.of(store.tenant()), &plan).await?;
        Ok(Dated { answer: plan.asked_services(&read.tables)?, versions: read.versions.of(plan.sources()) })
    }

    /// The tables that a plan needs, as they are in the store now, or were since the time that is good enough.
    async fn read(&self, store: &Store, tenanted: &Tenanted, plan: &Plan) -> Result<Read, DoraError> {
        if let Some(read) = self.as_of.and_then(|at| tenanted.read_since(at, plan)) {
            locked(&tenanted.used).at = Instant::now();
            return Ok(read);
        }
        let mut rows = tenanted.rows.lock().await;
        let mut tx = changes::begin_reading(store).await?;
        rows.find_changes(&mut tx, &self.inner.dora).await?;
        // what follows may take long
        tenanted.note(&rows);
        let tables = rows.tables(&mut tx, plan, &self.inner.dora).await?;
        *locked(&tenanted.used) = Use { at: Instant::now(), bytes: rows.bytes() };
        self.make_room(store.tenant(), &mut rows, &plan.sources());
        tenanted.note(&rows);
        let versions = rows.versions();
        drop(rows);
        tx.rollback().await?;
        Ok(Read { tables, versions })
    }

    fn of(&self, tenant: &Tenant) -> Arc<Tenanted> {
        let mut tenants = locked(&self.inner.tenants);
        Arc::clone(tenants.entry(tenant.clone()).or_insert_with(|| Arc::new(Tenanted::new())))
    }

    /// Lets go of rows until all take no more than the limit: of this tenant what is not asked for now, then of the
    /// tenants that were asked about longest ago, at last what is asked for.
    fn make_room(&self, tenant: &Tenant, rows: &mut Rows, asked: &BTreeSet<Source>) {
        let limit = self.inner.limit_bytes;
        let others: Vec<(Use, Arc<Tenanted>)> = {
            let tenants = locked(&self.inner.tenants);
            let others = tenants.iter().filter(|(other, _)| *other != tenant);
            let mut others: Vec<_> = others.map(|(_, held)| (*locked(&held.used), Arc::clone(held))).collect();
            others.sort_by_key(|(used, _)| used.at);
            others
        };
        let mut elsewhere: usize = others.iter().map(|(used, _)| used.bytes).sum();
        while rows.bytes() + elsewhere > limit && rows.let_go(|source| !asked.contains(&source)) {}
        for (used, other) in others {
            if rows.bytes() + elsewhere <= limit {
                return;
            }
            // one that is in use stays
            if let Ok(mut held) = other.rows.try_lock() {
                *held = Rows::default();
                *locked(&other.looked) = None;
                locked(&other.used).bytes = 0;
                elsewhere -= used.bytes;
            }
        }
        while rows.bytes() + elsewhere > limit && rows.let_go(|_| true) {}
    }

    /// The answers for the metrics of a plan: of each the one that was given before if nothing that it is made from has
    /// changed. Those of a window up to now end at the same time.
    async fn answered(
        &self,
        tenanted: &Tenanted,
        read: &Read,
        plan: &Plan,
        question: &Question,
    ) -> Result<Vec<MetricAnswer>, DoraError> {
        let keyed =
            |(name, plan): (&str, Plan)| (Key::new(vec![name.to_owned()], question), read.versions.of(plan.sources()));
        let keys: Vec<(Key, Versions)> = plan.by_metric().map(keyed).collect();
        let given = |(key, _): &(Key, Versions)| match tenanted.answers.value(key)?.of(key, &read.versions)? {
            (Answer::Metric(answer), _) => Some(answer),
            (Answer::Report(_), _) => None,
        };
        let mut answers: Vec<Option<Arc<MetricAnswer>>> = keys.iter().map(given).collect();
        if keys.iter().any(|(key, _)| key.is_up_to_now()) {
            let mut ends = answers.iter().map(|answer| answer.as_ref().map(|answer| answer.window.to));
            let first = ends.next().flatten();
            if first.is_none() || ends.any(|end| end != first) {
                answers.fill(None);
            }
        }
        let missing = plan.only(answers.iter().map(Option::is_none));
        let made = if answers.contains(&None) { self.made(missing, read.tables.clone()).await? } else { Vec::new() };
        let mut made = made.into_iter();
        for ((key, versions), answer) in keys.into_iter().zip(&mut answers) {
            if answer.is_none()
                && let Some(made) = made.next().map(Arc::new)
            {
                let new = Answer::Metric(Arc::clone(&made));
                let points = new.points();
                tenanted.answers.put(&key, Given::new(versions, new), points);
                *answer = Some(made);
            }
        }
        Ok(answers.into_iter().flatten().map(Arc::unwrap_or_clone).collect())
    }

    /// The answers of a plan, when it is its turn. The work goes on if the caller is dropped, and keeps its turn.
    async fn made(&self, plan: Plan, tables: Tables) -> Result<Vec<MetricAnswer>, DoraError> {
        // it is never closed
        let turn = Arc::clone(&self.inner.making).acquire_owned().await.ok();
        plan.answered_holding(tables, turn).await
    }
}
