//! How many events arrived.

use axum::Json;
use axum::extract::Extension;

use crate::envelope::Answer;
use crate::problem::Problem;
use crate::questions::{Asked, EventCountsQuestion, ForTenant};
use crate::reads;
use crate::scope::Scope;
use crate::views::EventCountView;

/// How many events arrived, by source, kind, outcome and reason: those of webhooks, pulls, imports and posts.
///
/// A source that only sends webhooks is known by these. Who may see a part of the organization is shown none.
#[utoipa::path(
    get,
    path = "/api/v1/event-counts",
    operation_id = "eventCounts",
    params(ForTenant, EventCountsQuestion),
    responses(
        (status = 200, content((Answer<Vec<EventCountView>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn event_counts(
    Extension(scope): Extension<Scope>,
    Asked(EventCountsQuestion { source }): Asked<EventCountsQuestion>,
) -> Result<Json<Answer<Vec<EventCountView>>>, Problem> {
    Ok(Json(Answer::new(&scope.tenant, reads::event_counts(&scope, source.as_deref()).await?)))
}
