//! One service: its facts loaded and its metrics computed.

use kernel::Service;
use store::StoreTx;
use store::history::Row;
use store::metric_rows::MergePreview;

use crate::preview::merge_preview;
use crate::{DoraError, History, HistoryBuilder, Options, ServiceMetrics};

/// The computation of a service: [`crate::compute`].
pub type Compute = fn(&History, &Options) -> ServiceMetrics;

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

/// Computes a service on a thread that may be busy for long.
pub(crate) async fn compute_aside(
    history: History,
    options: &Options,
    compute: Compute,
) -> Result<(History, ServiceMetrics), DoraError> {
    let service = format!("`{}`", history.service());
    let options = options.clone();
    let task = tokio::task::spawn_blocking(move || {
        let metrics = compute(&history, &options);
        (history, metrics)
    });
    task.await.map_err(|error| DoraError::ended(service, error))
}

/// Previews a service that has no deployments, on a thread that may be busy for long.
pub(super) async fn preview_aside(
    history: History,
    options: &Options,
    compute: Compute,
) -> Result<Option<MergePreview>, DoraError> {
    let service = format!("the preview of `{}`", history.service());
    let options = options.clone();
    let task = tokio::task::spawn_blocking(move || merge_preview(history, &options, compute));
    task.await.map_err(|error| DoraError::ended(service, error))
}
