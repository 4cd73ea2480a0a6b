//! Computing the services that wait, each in a transaction of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use kernel::Service;
use runtime::telemetry::trace;
use runtime::{Operation, OperationOutcome};
use store::computation_queue::{self, ClaimedService, Next};
use store::metric_rows::{self, Computation, Written};
use store::{Store, StoreTx};
use tracing::field::Empty;
use tracing::{Instrument, error};

use super::counted;
use super::digest::digest;
use super::known::KnownServices;
use super::service::{Compute, compute_aside, load, preview_aside};
use crate::{ComputationSummary, DoraError, History, Options, ServiceMetrics};

/// What the planner and the workers of a tenant share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Workshop {
    pub(super) store: Store,
    pub(super) options: Arc<Options>,
    pub(super) compute: Compute,
    pub(super) known: KnownServices,
}

/// Whether a worker waits for services that others compute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// When it returns, every service that waited is computed.
    Wait,
    /// The worker that computes a service also computes what was added for it meanwhile.
    Leave,
}

impl Workshop {
    pub(super) fn new(store: Store, options: Arc<Options>, compute: Compute) -> Self {
        Self { store, options, compute, known: KnownServices::default() }
    }

    /// Computes services until none waits. Several may do this at the same time, in this process and in others.
    pub(super) async fn work(self, others: Others) -> Result<ComputationSummary, DoraError> {
        let mut summary = ComputationSummary::default();
        loop {
            match computation_queue::take(&self.store).await? {
                Next::Taken(taken) => summary += self.service(*taken).await?,
                Next::Busy(service) if others == Others::Wait => computation_queue::wait(&self.store, &service).await?,
                Next::Busy(_) | Next::Empty => return Ok(summary),
            }
        }
    }

    /// Computes a service, in a span that goes on with the traces of its entries.
    async fn service(&self, taken: ClaimedService) -> Result<ComputationSummary, DoraError> {
        let span = runtime::exported_span!(
            "computation",
            otel.status_code = Empty,
            tenant = %taken.tx.tenant(),
            service = taken.service.as_str(),
        );
        trace::follow(&span, taken.traces.iter().copied());
        let computing = async {
            let begun = Instant::now();
            let (outcome, computed) = match self.computed(taken).await {
                Ok((outcome, summary)) => (outcome, Ok(summary)),
                Err(error) => (counted::outcome(&error), Err(error)),
            };
            counted::count(Operation::Computation, begun, outcome);
            computed
        };
        computing.instrument(span).await
    }

    async fn computed(&self, taken: ClaimedService) -> Result<(OperationOutcome, ComputationSummary), DoraError> {
        let ClaimedService { mut tx, service: name, id, .. } = taken;
        tx.trace(trace::current());
        let services = self.known.read(&mut tx).await?;
        let place = services.binary_search_by(|service| service.name.cmp(&name));
        let service = place.ok().and_then(|place| services.get(place));
        let summary = match service {
            None => {
                let deleted = metric_rows::forget(&mut tx, &name).await?;
                ComputationSummary { deleted, ..ComputationSummary::default() }
            }
            Some(service) => match self.compute(&mut tx, service).await {
                Ok(summary) => summary,
                Err(error) if error.is_of_one_service() => {
                    // its transaction may have stopped halfway through an answer
                    drop(tx);
                    let summary = self.give_up(&name, id, &error).await?;
                    return Ok((OperationOutcome::Failed, summary));
                }
                Err(error) => return Err(error),
            },
        };
        tx.commit().await?;
        Ok((OperationOutcome::Ok, summary))
    }

    async fn compute(&self, tx: &mut StoreTx, service: &Service) -> Result<ComputationSummary, DoraError> {
        let ended = |message| DoraError::Ended { of: format!("`{}`", service.name), message };
        let history = runtime::panics::caught(load(tx, service)).await.map_err(ended)??;
        let (history, metrics) = compute_aside(history, &self.options, self.compute).await?;
        let summary = write(tx, &history, &metrics, &self.options).await?;
        let preview = if metrics.deployments.is_empty() {
            preview_aside(history, &self.options, self.compute).await?
        } else {
            None
        };
        metric_rows::write_preview(tx, &service.name, preview.as_ref()).await?;
        Ok(summary)
    }

    /// Keeps why a service can't be computed, if that is about it alone: it must not stop the others. It is tried
    /// again when one of its facts or a setting changes.
    async fn give_up(&self, service: &str, id: i64, error: &DoraError) -> Result<ComputationSummary, DoraError> {
        let why = runtime::with_causes(error);
        error!(service, error = why, "the service can't be computed; the others are");
        let mut tx = computation_queue::retake(&self.store, service, id).await?;
        metric_rows::write_failure(&mut tx, service, &why, digest(&self.options)).await?;
        tx.commit().await?;
        Ok(ComputationSummary::default())
    }
}

/// Writes what differs of a service.
async fn write(
    tx: &mut StoreTx,
    history: &History,
    metrics: &ServiceMetrics,
    options: &Options,
) -> Result<ComputationSummary, DoraError> {
    let name = history.service();
    let mut written = Written::default();
    written += metric_rows::write_deployments(tx, name, &metrics.deployments).await?;
    written += metric_rows::write_changes(tx, name, metrics.changes(history, options)).await?;
    written += metric_rows::write_incidents(tx, name, &metrics.incidents).await?;
    written += metric_rows::write_findings(tx, name, &metrics.findings).await?;
    let summary = ComputationSummary {
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
        source: metrics.source,
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
