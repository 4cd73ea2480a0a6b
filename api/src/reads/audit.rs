//! Entries of the audit log, page by page.

use store::StoreError;
use store::audit::{self, AuditFilter, Order};

use super::page::{Page, Part};
use crate::scope::Scope;
use crate::views::AuditEntry;

/// Entries of the audit log, newest first.
pub async fn audit(scope: &Scope, filter: &AuditFilter, part: Part<i64>) -> Result<Page<AuditEntry>, StoreError> {
    let _turn = scope.turn().await;
    let rows = audit::list(&scope.store, filter, Order::Newest, part.after, part.ask()).await?;
    Ok(Page::new(rows, part.limit, |entry| entry.id))
}
