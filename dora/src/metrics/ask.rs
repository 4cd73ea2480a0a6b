//! Asking for metrics: what they are made from is read once, then each is answered.

use store::Store;

use super::distribution::Distribution;
use super::load::load;
use super::model::{AskedServices, MetricAnswer, MetricSettings, Question};
use super::plan::Plan;
use crate::DoraError;

/// Computes metrics of the store's tenant, in the order of their names. What they are made from is read once,
/// as it is at one point in time.
pub async fn ask(
    store: &Store,
    settings: MetricSettings<'_>,
    names: &[&str],
    question: &Question,
) -> Result<Vec<MetricAnswer>, DoraError> {
    let plan = Plan::new(settings, names, question)?;
    let mut tx = store::changes::begin_reading(store).await?;
    let tables = load(&mut tx, &plan, settings.dora).await?;
    tx.rollback().await?;
    plan.answered(tables).await
}

/// Computes the distributions of metrics of the store's tenant, in the order of their names, over the window and the
/// slices of the question.
pub async fn distributions(
    store: &Store,
    settings: MetricSettings<'_>,
    names: &[&str],
    question: &Question,
) -> Result<Vec<Distribution>, DoraError> {
    let plan = Plan::new(settings, names, question)?;
    let mut tx = store::changes::begin_reading(store).await?;
    let tables = load(&mut tx, &plan, settings.dora).await?;
    tx.rollback().await?;
    plan.distributed(tables, ()).await
}

/// Returns what the names of a service and a team in a question stand for in the store's tenant.
pub async fn asked_services(
    store: &Store,
    settings: MetricSettings<'_>,
    question: &Question,
) -> Result<AskedServices, DoraError> {
    let plan = Plan::new(settings, &[], question)?;
    let mut tx = store::changes::begin_reading(store).await?;
    let tables = load(&mut tx, &plan, settings.dora).await?;
    tx.rollback().await?;
    plan.asked_services(&tables)
}
