//! Which services have to be computed: marks of new facts, and what settings changed, become entries of the queue.

use std::collections::BTreeSet;
use std::time::Instant;

use kernel::{Service, Tenant};
use runtime::telemetry::trace;
use runtime::{Operation, OperationOutcome};
use store::flow::ReadPart;
use store::invalidations::Marks;
use store::metric_rows::{Computation, Title};
use store::{StoreTx, computation_queue, invalidations, metric_rows};
use tracing::Span;

use super::counted;
use super::digest::digest;
use super::work::Workshop;
use crate::{ComputationSummary, DoraError, Scope, services};

/// Adds to the queue of a tenant what has to be computed. One transaction: a mark is gone only when its services are in
/// the queue.
pub(super) async fn plan(workshop: &Workshop, scope: Scope) -> Result<ComputationSummary, DoraError> {
    let begun = Instant::now();
    let planned = planned(workshop, scope).await;
    let outcome = planned.as_ref().err().map_or(OperationOutcome::Ok, counted::outcome);
    counted::count(Operation::Plan, begun, outcome);
    planned
}

async fn planned(workshop: &Workshop, scope: Scope) -> Result<ComputationSummary, DoraError> {
    let Workshop { store, options, known, .. } = workshop;
    let mut tx = store.begin().await?;
    computation_queue::lock(&mut tx).await?;
    let marks = invalidations::take(&mut tx).await?;
    let span = span_of(&marks, store.tenant());
    tx.trace(trace::of(&span));
    let services = known.read(&mut tx).await?;
    let (subjects, retitled) = retitle(&mut tx, &services, marks).await?;
    let computed = metric_rows::computations(&mut tx, &ReadPart::All).await?;
    let queued = queued(&services, &computed, &subjects, digest(options), scope);
    computation_queue::push(&mut tx, &queued).await?;
    let mut summary = unowned(&mut tx, &services).await?;
    summary.written += retitled;
    tx.commit().await?;
    Ok(summary)
}

/// The span of planning what is marked, which goes on with the traces of the marks; none if nothing is marked.
fn span_of(marks: &Marks, tenant: &Tenant) -> Span {
    if marks.subjects.is_empty() && marks.retitled.is_empty() {
        return Span::none();
    }
    let span = runtime::exported_span!("plan", %tenant, subjects = trace::number(marks.subjects.len()));
    trace::follow(&span, marks.traces.iter().copied());
    span
}

/// Gives rows the new titles of changes, without computing their services. Returns the subjects for which that is not
/// enough, beside those that are marked, and how many rows were written.
async fn retitle(tx: &mut StoreTx, services: &[Service], marks: Marks) -> Result<(Vec<String>, u64), DoraError> {
    let Marks { mut subjects, retitled, .. } = marks;
    if retitled.is_empty() {
        return Ok((subjects, 0));
    }
    let titles = metric_rows::titles(tx, &retitled).await?;
    let (deciding, others): (Vec<&Title>, Vec<&Title>) = titles.iter().partition(|title| title.decides);
    subjects.extend(deciding.iter().map(|title| title.repository.clone()));
    let repositories: Vec<String> = others.iter().map(|title| title.repository.clone()).collect();
    let names: Vec<String> =
        services::touched(services, &repositories).into_iter().map(|service| service.name.clone()).collect();
    let free = computation_queue::lock_free(tx, &names).await?;
    // another worker may have read the titles before
    let busy = names.iter().filter(|name| !free.contains(*name));
    subjects.extend(busy.map(|name| invalidations::service(name)));
    let free: Vec<String> = free.into_iter().collect();
    let written = metric_rows::write_titles(tx, &free, &others).await?;
    Ok((subjects, written))
}

/// The services to compute, and those that are gone and whose rows have to go.
fn queued(
    services: &[Service],
    computed: &[Computation],
    subjects: &[String],
    digest: i64,
    scope: Scope,
) -> Vec<String> {
    let current: BTreeSet<&str> =
        computed.iter().filter(|row| row.options == digest).map(|row| row.service.as_str()).collect();
    let touched: BTreeSet<&str> =
        services::touched(services, subjects).into_iter().map(|service| service.name.as_str()).collect();
    let known: BTreeSet<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let wanted = known.iter().filter(|name| scope == Scope::All || touched.contains(*name) || !current.contains(*name));
    let gone = computed.iter().map(|row| row.service.as_str()).filter(|name| !known.contains(name));
    wanted.copied().chain(gone).map(ToOwned::to_owned).collect()
}

/// Writes findings about incidents that belong to no service.
async fn unowned(tx: &mut StoreTx, all: &[Service]) -> Result<ComputationSummary, DoraError> {
    let findings = services::unowned(&store::history::unowned_incidents(tx).await?, all);
    let written = metric_rows::write_findings(tx, services::NO_SERVICE, &findings).await?;
    Ok(ComputationSummary { written: written.written, deleted: written.deleted, ..ComputationSummary::default() })
}
