//! The shell around the pure core: loads facts, computes, and writes what differs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::Utc;
use kernel::{Service, Tenant};
use runtime::settings;
use store::history::Row;
use store::metric_rows::{self, Computation, Written};
use store::{Store, StoreError, StoreTx, stale};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant as Moment, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use xxhash_rust::xxh3::xxh3_64;

use crate::compute::measured;
use crate::{DoraError, History, HistoryBuilder, Options, Scope, ServiceMetrics, Summary, compute, services};

/// Changes when rows computed by an earlier version have to be computed again.
const ENGINE: u32 = 2;

/// After the first new facts, wait so long for more before computing …
const QUIET: Duration = Duration::from_millis(300);
/// … but no longer than this.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often to look for new facts that nobody announced.
const LOOK: Duration = Duration::from_mins(1);
/// How long to wait before trying again.
const RETRY: Duration = Duration::from_secs(2);

/// The computation of a service: [`compute`].
pub type Compute = fn(&History, &Options) -> ServiceMetrics;

/// Computes metric facts of the store's tenant. A service that can't be computed is named in its computation,
/// with the reason, and keeps the rows that it has; the others are computed all the same.
pub async fn recompute(store: &Store, settings: &settings::Dora, scope: Scope) -> Result<Summary, DoraError> {
    recompute_with(store, settings, scope, compute).await
}

/// The same with another computation, such as one that fails.
pub async fn recompute_with(
    store: &Store,
    settings: &settings::Dora,
    scope: Scope,
    compute: Compute,
) -> Result<Summary, DoraError> {
    let options = Options::new(settings)?;
    let begun = Instant::now();
    let mut summary = in_one_transaction(store, &options, scope, compute).await?;
    summary.elapsed = begun.elapsed();
    Ok(summary)
}

/// One transaction for all: the marks are gone only when what they stand for is written.
async fn in_one_transaction(
    store: &Store,
    options: &Options,
    scope: Scope,
    compute: Compute,
) -> Result<Summary, DoraError> {
    let mut tx = store.begin().await?;
    metric_rows::lock(&mut tx).await?;
    let subjects = stale::take(&mut tx).await?;
    let services = services::all(&store::history::services(&mut tx).await?);
    let computed = metric_rows::computations(&mut tx).await?;
    let digest = digest(options);
    let current: BTreeSet<&str> =
        computed.iter().filter(|row| row.options == digest).map(|row| row.service.as_str()).collect();
    let mut summary = forget_others(&mut tx, &services).await?;
    let touched: BTreeSet<&str> =
        services::touched(&services, &subjects).into_iter().map(|service| service.name.as_str()).collect();
    let wanted = services.iter().filter(|service| {
        let name = service.name.as_str();
        scope == Scope::All || touched.contains(name) || !current.contains(name)
    });
    // A transaction of its own reads, so that one service is read while another is computed and a third is
    // written. It begins after the marks were taken, so it sees all that they stand for.
    let (mut histories, reading) = read_aside(store.clone(), wanted.cloned().collect());
    let mut computing = None;
    while let Some((name, loaded)) = histories.recv().await {
        let before = computing.take();
        match loaded {
            Ok(history) => computing = Some(Computing::start(history, options, compute)),
            Err(error) => give_up(&mut tx, &name, error, options).await?,
        }
        summary += finish(&mut tx, before, options).await?;
    }
    summary += finish(&mut tx, computing, options).await?;
    summary += unowned(&mut tx, &services).await?;
    // had it failed, services would be missing
    reading.await.map_err(|error| DoraError::ended("the services that follow", error))??;
    tx.commit().await?;
    Ok(summary)
}

/// Deletes what was computed about services that there are no more.
async fn forget_others(tx: &mut StoreTx, services: &[Service]) -> Result<Summary, DoraError> {
    let names: BTreeSet<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let mut summary = Summary::default();
    for computed in metric_rows::computations(tx).await? {
        if !names.contains(computed.service.as_str()) {
            summary.deleted += metric_rows::forget(tx, &computed.service).await?;
        }
    }
    Ok(summary)
}

/// Writes what is to be said of incidents that belong to no service.
async fn unowned(tx: &mut StoreTx, all: &[Service]) -> Result<Summary, DoraError> {
    let findings = services::unowned(&store::history::unowned_incidents(tx).await?, all);
    let written = metric_rows::write_findings(tx, services::NO_SERVICE, &findings).await?;
    Ok(Summary { written: written.written, deleted: written.deleted, ..Summary::default() })
}

fn digest(options: &Options) -> i64 {
    i64::from_ne_bytes(xxh3_64(format!("{ENGINE} {options:?}").as_bytes()).to_ne_bytes())
}

/// Loads what is known about a service.
pub(crate) async fn load(tx: &mut StoreTx, service: &Service) -> Result<History, DoraError> {
    let mut builder = HistoryBuilder::new(service)?;
    store::history::read(tx, service, |row| match row {
        Row::Commit(commit) => builder.commit(&commit),
        Row::Repository(repository) => builder.repository(&repository),
        Row::Change(change) => builder.change(&change),
        Row::Review(review) => builder.review(&review),
        Row::PipelineRun(run) => builder.pipeline_run(run),
        Row::Deployment(deployment) => builder.deployment(deployment),
        Row::Incident(incident) => builder.incident(incident),
        Row::Bot(account) => builder.account(&account),
    })
    .await?;
    Ok(builder.build())
}

/// A service's name and what was read of it.
type Loaded = (String, Result<History, DoraError>);

/// Reads services one after another, each when the one before was taken.
fn read_aside(store: Store, services: Vec<Service>) -> (mpsc::Receiver<Loaded>, JoinHandle<Result<(), StoreError>>) {
    let (read, histories) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        let mut reading = store.begin().await?;
        for service in services {
            let loaded = runtime::panics::caught(load(&mut reading, &service)).await;
            let loaded = loaded.unwrap_or_else(|message| {
                let of = format!("`{}`", service.name);
                Err(DoraError::Ended { of, message })
            });
            if loaded.is_err() {
                // it may have stopped halfway through an answer
                reading = store.begin().await?;
            }
            // Nobody waits any more: the computation ended with an error.
            if read.send((service.name, loaded)).await.is_err() {
                break;
            }
        }
        reading.rollback().await
    });
    (histories, task)
}

/// A service that is computed on a thread that may be busy for long.
struct Computing {
    service: String,
    task: JoinHandle<(History, ServiceMetrics)>,
}

impl Computing {
    fn start(history: History, options: &Options, compute: Compute) -> Self {
        let service = history.service().to_owned();
        let options = options.clone();
        let task = tokio::task::spawn_blocking(move || {
            let metrics = compute(&history, &options);
            (history, metrics)
        });
        Self { service, task }
    }

    async fn done(self) -> Result<(History, ServiceMetrics), DoraError> {
        let service = self.service;
        self.task.await.map_err(|error| DoraError::ended(format!("`{service}`"), error))
    }
}

/// Computes a service that nothing else waits for.
pub(crate) async fn compute_aside(history: History, options: &Options) -> Result<(History, ServiceMetrics), DoraError> {
    Computing::start(history, options, compute).done().await
}

/// Waits for a computation, if there is one, and writes its rows.
async fn finish(tx: &mut StoreTx, computing: Option<Computing>, options: &Options) -> Result<Summary, DoraError> {
    let Some(computing) = computing else { return Ok(Summary::default()) };
    let service = computing.service.clone();
    let error = match computing.done().await {
        Err(error) => error,
        Ok((history, metrics)) => {
            tx.savepoint().await?;
            match write(tx, &history, &metrics, options).await {
                Ok(summary) => {
                    tx.release_savepoint().await?;
                    return Ok(summary);
                }
                Err(error) if error.is_of_one_service() => {
                    tx.rollback_to_savepoint().await?;
                    error
                }
                Err(error) => return Err(error),
            }
        }
    };
    give_up(tx, &service, error, options).await?;
    Ok(Summary::default())
}

/// Keeps why a service can't be computed, if that is about it alone: it must not stop the others. It is tried
/// again when one of its facts or a setting changes.
async fn give_up(tx: &mut StoreTx, service: &str, error: DoraError, options: &Options) -> Result<(), DoraError> {
    if !error.is_of_one_service() {
        return Err(error);
    }
    let why = words(&error);
    error!(service, error = why, "the service can't be computed; the others are");
    Ok(metric_rows::write_failure(tx, service, &why, digest(options)).await?)
}

/// An error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", words(cause)),
        None => error.to_string(),
    }
}

/// Writes what differs of a service.
async fn write(
    tx: &mut StoreTx,
    history: &History,
    metrics: &ServiceMetrics,
    options: &Options,
) -> Result<Summary, DoraError> {
    let name = history.service();
    let mut written = Written::default();
    written += metric_rows::write_deployments(tx, name, &metrics.deployments).await?;
    written += metric_rows::write_changes(tx, name, metrics.changes(history, options)).await?;
    written += metric_rows::write_incidents(tx, name, &metrics.incidents).await?;
    written += metric_rows::write_findings(tx, name, &metrics.findings).await?;
    let summary = Summary {
        services: 1,
        deployments: metrics.deployments.len() as u64,
        changes: metrics.changes_len() as u64,
        commits: history.commits() as u64,
        findings: metrics.findings.len() as u64,
        written: written.written,
        deleted: written.deleted,
        elapsed: Duration::ZERO,
    };
    let computation = Computation {
        service: name.to_owned(),
        source: metrics.source.map(|source| measured::name(source).to_owned()),
        statement: metrics.statement.clone(),
        computed_at: Utc::now(),
        deployments: summary.deployments.cast_signed(),
        changes: summary.changes.cast_signed(),
        commits: summary.commits.cast_signed(),
        partial: metrics.partial,
        options: digest(options),
    };
    metric_rows::write_computation(tx, &computation).await?;
    Ok(summary)
}

/// Computes what is stale, of every tenant, whenever something is, until the shutdown. A burst of facts
/// gives one computation.
pub async fn run(store: Store, settings: settings::Dora, shutdown: CancellationToken) -> Result<(), DoraError> {
    Options::new(&settings)?;
    let mut listener = store::listen(&store, &[stale::CHANNEL]).await?;
    let mut waiting: BTreeSet<Tenant> = every_tenant(&store).await?;
    loop {
        while let Some(tenant) = waiting.pop_first() {
            let computing = recompute_tenant(&store, &tenant, &settings);
            let done = tokio::select! {
                done = computing => done,
                () = shutdown.cancelled() => return Ok(()),
            };
            if let Err(error) = done {
                if !error.is_transient() {
                    return Err(error);
                }
                warn!(%tenant, error = &error as &dyn std::error::Error, "metrics are computed again in a moment");
                waiting.insert(tenant);
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = shutdown.cancelled() => return Ok(()),
                }
            }
        }
        let announced = tokio::select! {
            announced = announcements(&mut listener) => announced,
            () = shutdown.cancelled() => return Ok(()),
        };
        waiting = match announced {
            Some(tenants) => tenants,
            None => match every_tenant(&store).await {
                Ok(tenants) => tenants,
                Err(error) if error.is_transient() => BTreeSet::from([Tenant::default()]),
                Err(error) => return Err(error),
            },
        };
    }
}

async fn every_tenant(store: &Store) -> Result<BTreeSet<Tenant>, DoraError> {
    Ok(store.tenants().await?.into_iter().map(|known| known.tenant).collect())
}

async fn recompute_tenant(store: &Store, tenant: &Tenant, settings: &settings::Dora) -> Result<(), DoraError> {
    let summary = recompute(&store.for_tenant(tenant), settings, Scope::Stale).await?;
    if summary.services > 0 {
        info!(
            %tenant,
            services = summary.services,
            deployments = summary.deployments,
            changes = summary.changes,
            written = summary.written,
            deleted = summary.deleted,
            milliseconds = u64::try_from(summary.elapsed.as_millis()).unwrap_or(u64::MAX),
            "metrics computed"
        );
    }
    Ok(())
}

/// The tenants whose new facts were announced, once it is quiet; `None` when something may have been
/// missed, or nothing was announced for long.
async fn announcements(listener: &mut store::Listener) -> Option<BTreeSet<Tenant>> {
    let first = timeout_at(Moment::now() + LOOK, listener.recv()).await;
    let mut tenants = BTreeSet::from([tenant(first)?]);
    let end = Moment::now() + PATIENCE;
    loop {
        let quiet = end.min(Moment::now() + QUIET);
        match timeout_at(quiet, listener.recv()).await {
            Err(_) => return Some(tenants),
            more => {
                tenants.insert(tenant(more)?);
            }
        }
    }
}

/// The tenant that an announcement names.
fn tenant<E>(announced: Result<Result<Option<store::Notice>, store::StoreError>, E>) -> Option<Tenant> {
    Tenant::new(&announced.ok()?.ok()??.payload).ok()
}
