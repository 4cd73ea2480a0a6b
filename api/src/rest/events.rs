//! The raw events behind a fact.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::IntoResponse;

use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::questions::{Asked, EventsQuestion, ForTenant};
use crate::reads;
use crate::scope::Scope;
use crate::views::RawEvent;

/// The raw events behind a fact, the latest first.
///
/// A fact is a deployment, an incident, a change, a review, a CI run or a work item. The events are as the log has
/// them, 20 at most, and shown to everyone only where `api.raw_events` is on.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    params(EventsQuestion, ForTenant),
    responses(
        (status = 200, body = Answer<Vec<RawEvent>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(EventsQuestion { fact }): Asked<EventsQuestion>,
) -> Result<impl IntoResponse, Problem> {
    let answer = Answer::new(&scope.tenant, reads::events(&state, &scope, &fact).await?);
    // it may hold personal data: no one keeps it
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}
