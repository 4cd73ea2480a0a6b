//! Entries of the audit log, page by page.

use kernel::Right;
use store::audit::{self, AuditFilter, Order};

use super::page::{Page, Part};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::AuditEntry;

/// Entries of the audit log, newest first. What belongs to no tenant is shown to administrators of all of them.
pub async fn audit(scope: &Scope, filter: AuditFilter, part: Part<i64>) -> Result<Page<AuditEntry>, Problem> {
    scope.access.check(Right::Administer)?;
    let filter = AuditFilter { of_no_tenant: filter.of_no_tenant && scope.access.administers_all, ..filter };
    let _turn = scope.turn().await;
    let rows = audit::list(&scope.store, &filter, Order::Newest, part.after, part.ask()).await?;
    Ok(Page::new(rows, part.limit, |entry| entry.id))
}
