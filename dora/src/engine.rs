//! The shell around the pure core: loads facts, computes, and writes what differs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::Utc;
use kernel::{Service, Tenant};
use runtime::settings;
use store::history::Row;
use store::metric_rows::{self, Computation, Written};
use store::{Store, StoreTx, stale};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant as Moment, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use xxhash_rust::xxh3::xxh3_64;

use crate::compute::measured;
use crate::{DoraError, History, HistoryBuilder, Options, Scope, ServiceMetrics, Summary, compute, services};

/// Changes when rows computed by an earlier version have to be computed again.
const ENGINE: u32 = 1;

/// After the first new facts, wait so long for more before computing …
const QUIET: Duration = Duration::from_millis(300);
/// … but no longer than this.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often to look for new facts that nobody announced.
const LOOK: Duration = Duration::from_mins(1);
/// How long to wait before trying again.
const RETRY: Duration = Duration::from_secs(2);

/// Computes metric facts of the store's tenant.
pub async fn recompute(store: &Store, settings: &settings::Dora, scope: Scope) -> Result<Summary, DoraError> {
    let options = Options::new(settings)?;
    let begun = Instant::now();
    let mut summary = in_one_transaction(store, &options, scope).await?;
    summary.elapsed = begun.elapsed();
    Ok(summary)
}

/// One transaction for all: the marks are gone only when what they stand for is written.
async fn in_one_transaction(store: &Store, options: &Options, scope: Scope) -> Result<Summary, DoraError> {
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
    let (mut histories, reading) = read_aside(store.begin().await?, wanted.cloned().collect());
    let mut computing = None;
    while let Some((name, loaded)) = histories.recv().await {
        let before = computing.take();
        match loaded {
            Ok(history) => computing = Some(Computing::start(history, options)),
            // one service's setting must not stop the others
            Err(error @ DoraError::Setting { .. }) => {
                warn!(service = %name, %error, "the service is not computed");
                metric_rows::write_computation(&mut tx, &unusable(&name, &error, options)).await?;
            }
            Err(error) => return Err(error),
        }
        summary += finish(&mut tx, before, options).await?;
    }
    summary += finish(&mut tx, computing, options).await?;
    summary += unowned(&mut tx, &services).await?;
    // had it failed, services would be missing
    reading.await.map_err(|_| DoraError::Ended("the services that follow".to_owned()))?;
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
fn read_aside(mut reading: StoreTx, services: Vec<Service>) -> (mpsc::Receiver<Loaded>, JoinHandle<()>) {
    let (read, histories) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        for service in services {
            let loaded = load(&mut reading, &service).await;
            // Nobody waits any more: the computation ended with an error.
            if read.send((service.name, loaded)).await.is_err() {
                return;
            }
        }
    });
    (histories, task)
}

/// A service that is computed on a thread that may be busy for long.
struct Computing {
    service: String,
    task: JoinHandle<(History, ServiceMetrics)>,
}

impl Computing {
    fn start(history: History, options: &Options) -> Self {
        let service = history.service().to_owned();
        let options = options.clone();
        let task = tokio::task::spawn_blocking(move || {
            let metrics = compute(&history, &options);
            (history, metrics)
        });
        Self { service, task }
    }

    async fn done(self) -> Result<(History, ServiceMetrics), DoraError> {
        self.task.await.map_err(|_| DoraError::Ended(self.service))
    }
}

/// Computes a service that nothing else waits for.
pub(crate) async fn compute_aside(history: History, options: &Options) -> Result<(History, ServiceMetrics), DoraError> {
    Computing::start(history, options).done().await
}

/// Waits for a computation, if there is one, and writes its rows.
async fn finish(tx: &mut StoreTx, computing: Option<Computing>, options: &Options) -> Result<Summary, DoraError> {
    let Some(computing) = computing else { return Ok(Summary::default()) };
    let (history, metrics) = computing.done().await?;
    write(tx, &history, &metrics, options).await
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

fn unusable(service: &str, error: &DoraError, options: &Options) -> Computation {
    Computation {
        service: service.to_owned(),
        source: None,
        statement: Some(format!("`{service}` can't be computed: {error}.")),
        computed_at: Utc::now(),
        deployments: 0,
        changes: 0,
        commits: 0,
        partial: false,
        options: digest(options),
    }
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
