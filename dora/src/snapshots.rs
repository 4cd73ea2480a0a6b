//! The rows that metrics are made from, held in memory for each tenant, so that most questions read little or nothing
//! from the store.
//!
//! Promises: an answer equals one from a fresh read of the store at the time of the question. Before each answer the
//! store is asked which chunks have changed since the last read, in whichever transaction, and those are read again. A
//! canceled read leaves nothing half-done: its chunks are read by the next one. Rows take a bounded amount of memory;
//! those unused for longest are dropped first. Equal questions, one after the other or at the same time, are computed
//! once as long as nothing has changed.

mod answers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kernel::Tenant;
use runtime::kept::Place;
use store::{Store, StoreTx};
use tokio::sync::Mutex as Held;

use crate::metrics::{Plan, Rows, Source, Tables};
use crate::report::{from_tables, plan, question};
pub use answers::UP_TO_NOW;
use answers::{Answer, Answers, Given, Key};

use crate::settings;
use crate::{AskedServices, DoraError, MetricAnswer, MetricSettings, Question, Report, ReportQuery};

/// Snapshots of tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dora: settings::Dora,
    custom: Vec<settings::CustomMetricSettings>,
    limit_bytes: usize,
    tenants: Mutex<BTreeMap<Tenant, Arc<Tenanted>>>,
}

/// The rows of a tenant, and what they were used for last.
#[derive(Debug)]
struct Tenanted {
    rows: Held<Rows>,
    answers: Answers,
    used: Mutex<Use>,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    at: Instant,
    bytes: usize,
}

impl Snapshots {
    /// Empty ones, whose rows take up to `limit_bytes`.
    #[must_use]
    pub fn new(settings: MetricSettings<'_>, limit_bytes: usize) -> Self {
        Self(Arc::new(Inner {
            dora: settings.dora.clone(),
            custom: settings.custom.to_vec(),
            limit_bytes,
            tenants: Mutex::default(),
        }))
    }

    /// The answers for metrics of the store's tenant, as [`crate::ask`] gives them.
    pub async fn ask(
        &self,
        store: &Store,
        names: &[&str],
        question: &Question,
    ) -> Result<Vec<MetricAnswer>, DoraError> {
        let settings = MetricSettings { dora: &self.0.dora, custom: &self.0.custom };
        let plan = Plan::new(settings, names, question)?;
        let key = Key::new(names.iter().map(|name| (*name).to_owned()).collect(), question);
        let answer = self.answer(store, &key, plan, async |tx, tables, plan| {
            tx.rollback().await?;
            Ok(Answer::Metrics(Arc::new(plan.answered(tables).await?)))
        });
        match answer.await? {
            Answer::Metrics(answers) => Ok(Arc::unwrap_or_clone(answers)),
            Answer::Report(_) => Ok(Vec::new()),
        }
    }

    /// A report of the store's tenant, as [`crate::report`] gives it.
    pub async fn report(&self, store: &Store, query: &ReportQuery) -> Result<Report, DoraError> {
        let plan = plan(&self.0.dora, query)?;
        let what =
            vec!["the report".to_owned(), query.benchmark.to_string(), query.preview.unwrap_or(true).to_string()];
        let key = Key::new(what, &question(query));
        let answer = self.answer(store, &key, plan, async |tx, tables, plan| {
            Ok(Answer::Report(Arc::new(from_tables(tx, tables, plan, query).await?)))
        });
        match answer.await? {
            Answer::Report(report) => Ok(Arc::unwrap_or_clone(report)),
            Answer::Metrics(_) => Err(DoraError::Question("the report is no metric".to_owned())),
        }
    }

    /// What the names of a service and a team in a question stand for, as [`crate::asked_services`] returns it.
    pub async fn asked_services(&self, store: &Store, question: &Question) -> Result<AskedServices, DoraError> {
        let plan = Plan::new(MetricSettings { dora: &self.0.dora, custom: &[] }, &[], question)?;
        let tenanted = self.of(store.tenant());
        let mut rows = tenanted.rows.lock().await;
        let mut tx = store::changes::begin_reading(store).await?;
        rows.version(&mut tx).await?;
        let tables = self.tables((&mut rows, &tenanted), store.tenant(), &mut tx, &plan).await?;
        drop(rows);
        tx.rollback().await?;
        plan.asked_services(&tables)
    }

    /// The answer to a question: the one that was given before if nothing has changed, else what `make` makes of the
    /// tables that a plan needs, as they are now, and of the transaction that reads at that time.
    async fn answer(
        &self,
        store: &Store,
        key: &Key,
        plan: Plan,
        make: impl AsyncFnOnce(StoreTx, Tables, Plan) -> Result<Answer, DoraError>,
    ) -> Result<Answer, DoraError> {
        let tenanted = self.of(store.tenant());
        let place = tenanted.answers.place(key);
        let answer = self.answer_in((&place, &tenanted), store, key, plan, make).await;
        if answer.is_err() {
            tenanted.answers.give_up(key, &place);
        }
        answer
    }

    /// The answer to a question, in its place among those that were given before.
    async fn answer_in(
        &self,
        (place, tenanted): (&Place, &Tenanted),
        store: &Store,
        key: &Key,
        plan: Plan,
        make: impl AsyncFnOnce(StoreTx, Tables, Plan) -> Result<Answer, DoraError>,
    ) -> Result<Answer, DoraError> {
        let _alone = place.lock().await;
        let mut rows = tenanted.rows.lock().await;
        let mut tx = store::changes::begin_reading(store).await?;
        let version = rows.version(&mut tx).await?;
        if let Some(answer) = tenanted.answers.value(key).and_then(|given| given.of(key, version)) {
            tx.rollback().await?;
            return Ok(answer);
        }
        let tables = self.tables((&mut rows, tenanted), store.tenant(), &mut tx, &plan).await?;
        drop(rows);
        let answer = make(tx, tables, plan).await?;
        tenanted.answers.put(key, Given::new(version, answer.clone()), answer.points());
        Ok(answer)
    }

    /// The tables that a plan needs, as they are in a transaction whose changes are noted; makes room for them.
    async fn tables(
        &self,
        (rows, tenanted): (&mut Rows, &Tenanted),
        tenant: &Tenant,
        tx: &mut StoreTx,
        plan: &Plan,
    ) -> Result<Tables, DoraError> {
        let tables = rows.tables(tx, plan, &self.0.dora).await?;
        *tenanted.used.lock().unwrap_or_else(PoisonError::into_inner) = Use { at: Instant::now(), bytes: rows.bytes() };
        self.make_room(tenant, rows, &plan.sources());
        Ok(tables)
    }

    fn of(&self, tenant: &Tenant) -> Arc<Tenanted> {
        let mut tenants = self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let used = Mutex::new(Use { at: Instant::now(), bytes: 0 });
            Arc::new(Tenanted { rows: Held::default(), answers: answers::none(), used })
        };
        Arc::clone(tenants.entry(tenant.clone()).or_insert_with(new))
    }

    /// Lets go of rows until all take no more than the limit: of this tenant what is not asked for now, then of the
    /// tenants that were asked about longest ago, at last what is asked for.
    fn make_room(&self, tenant: &Tenant, rows: &mut Rows, asked: &BTreeSet<Source>) {
        let limit = self.0.limit_bytes;
        let others: Vec<(Use, Arc<Tenanted>)> = {
            let tenants = self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let others = tenants.iter().filter(|(other, _)| *other != tenant);
            let mut others: Vec<_> = others
                .map(|(_, held)| (*held.used.lock().unwrap_or_else(PoisonError::into_inner), Arc::clone(held)))
                .collect();
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
                other.used.lock().unwrap_or_else(PoisonError::into_inner).bytes = 0;
                elsewhere -= used.bytes;
            }
        }
        while rows.bytes() + elsewhere > limit && rows.let_go(|_| true) {}
    }
}
