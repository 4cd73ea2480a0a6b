//! The shell around the pure core: loads facts, computes, writes what differs, reads it back for reports.

use runtime::settings;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::{DoraError, Explanation, Report, ReportQuery, Scope, Summary};

/// Computes metric facts of the store's tenant.
pub async fn recompute(_store: &Store, _settings: &settings::Dora, _scope: Scope) -> Result<Summary, DoraError> {
    Ok(Summary::default())
}

/// Computes what is stale, of every tenant, whenever something is, until the shutdown.
pub async fn run(_store: Store, _settings: settings::Dora, shutdown: CancellationToken) -> Result<(), DoraError> {
    shutdown.cancelled().await;
    Ok(())
}

/// A report of the store's tenant.
pub async fn report(_store: &Store, _query: &ReportQuery) -> Result<Report, DoraError> {
    Err(DoraError::Question("reports are being built".to_owned()))
}

/// Why a deployment or a change counts as it does. `id` is a deployment's id or name (tag, version), a
/// commit's id (7 digits at least), a change's id, or `#12`. `None` when nothing has this id.
pub async fn explain(_store: &Store, _settings: &settings::Dora, _id: &str) -> Result<Option<Explanation>, DoraError> {
    Ok(None)
}
