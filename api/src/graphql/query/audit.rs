//! The audit log.

use async_graphql::connection::{Connection, Edge};
use async_graphql::{Context, Object};

use crate::ApiState;
use crate::graphql::paging::{checked, rows};
use crate::graphql::refusal::{invalid, refused};
use crate::questions::AuditQuestion;
use crate::reads::{self, Part};
use crate::scope::Scope;
use crate::views::AuditEntry;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct AuditLog;

#[Object]
impl AuditLog {
    /// Entries of the audit log about the tenant, newest first. It needs the role `admin`. An administrator of all tenants
    /// sees with those of the default tenant also what belongs to none: logins, settings, tokens and grants for all tenants.
    #[graphql(complexity = "rows(first, None) * child_complexity + 10")]
    async fn audit(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        question: Option<AuditQuestion>,
    ) -> async_graphql::Result<Connection<String, AuditEntry>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let zone = state.settings().dora.time_zone;
        let filter = question.unwrap_or_default().filter(&scope.tenant.tenant, zone).map_err(invalid)?;
        let has_previous = after.is_some();
        let part = Part::after("after", after.as_deref(), checked("first", first)?).map_err(invalid)?;
        let found = reads::audit(scope, filter, part).await.map_err(|problem| refused(&problem))?;
        let mut page = Connection::new(has_previous, found.more);
        page.edges.extend(found.rows.into_iter().map(|(cursor, entry)| Edge::new(cursor, entry)));
        Ok(page)
    }
}
