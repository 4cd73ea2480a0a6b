//! The audit log.

use axum::extract::{Extension, State};
use axum::http::Uri;
use axum::response::Response;

use super::listing::listing;
use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::questions::{Asked, AuditQuestion, ForTenant, Page};
use crate::reads;
use crate::scope::Scope;
use crate::views::AuditEntry;

/// Entries of the audit log, newest first.
///
/// Needs the role `admin`. Those about the tenant. An administrator of all tenants sees with those of the default tenant also
/// what belongs to none: logins, settings, retention, tokens and grants for all tenants. Each holds the hash of the one before
/// it; `sei audit verify` walks the whole chain.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "audit",
    params(ForTenant, AuditQuestion, Page),
    responses(
        (status = 200, content((Listing<AuditEntry> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn audit(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(AuditQuestion, Page)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let filter = question.filter(&scope.tenant.tenant, state.settings().dora.time_zone)?;
    Ok(listing(&uri, &scope, reads::audit(&scope, filter, page.part()?).await?))
}
