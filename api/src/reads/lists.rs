//! Lists of what was computed of a tenant, page by page.

use store::StoreError;
use store::queries::{self, ChangeFilter, DeploymentFilter, FindingKey, TimeKey};

use super::page::{Page, Part};
use crate::scope::Scope;
use crate::views::{Change, Deployment, Finding, Repository, Service};

/// Production deployments, newest first.
pub async fn deployments(
    scope: &Scope,
    filter: &DeploymentFilter,
    part: Part<TimeKey>,
) -> Result<Page<Deployment>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::deployments(&scope.store, filter, part.after.as_ref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, TimeKey::of_deployment))
}

/// Changes that reached production, newest deployment first.
pub async fn changes(scope: &Scope, filter: &ChangeFilter, part: Part<TimeKey>) -> Result<Page<Change>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::changes(&scope.store, filter, part.after.as_ref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, TimeKey::of_change))
}

/// Services by name.
pub async fn services(scope: &Scope, part: Part<String>) -> Result<Page<Service>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::services(&scope.store, part.after.as_deref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, |row| row.name.clone()))
}

/// Repositories by id.
pub async fn repositories(scope: &Scope, part: Part<String>) -> Result<Page<Repository>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::repositories(&scope.store, part.after.as_deref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, |row| row.id.clone()))
}

/// What the engine noticed about the data, by service, kind and subject.
pub async fn findings(
    scope: &Scope,
    service: Option<&str>,
    part: Part<FindingKey>,
) -> Result<Page<Finding>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::findings(&scope.store, service, part.after.as_ref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, FindingKey::of))
}
