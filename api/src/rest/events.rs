//! The raw events behind a fact.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::Uri;

use runtime::http::Peer;

use super::params;
use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::reads;
use crate::tenant::Scope;
use crate::views::RawEvent;

/// The events that told of a deployment, an incident, a change, a review, a CI run or a work item, as the log
/// has them: the latest first, 20 at most.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    params(
        ("fact" = String, Query, description = "The id of the fact, as evidence and rows have it."),
        ("tenant" = Option<String>, Query, description = "Whose data; `main` without it."),
    ),
    responses(
        (status = 200, body = Answer<Vec<RawEvent>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
) -> Result<Json<Answer<Vec<RawEvent>>>, Problem> {
    let mut params = params(&uri)?;
    let fact = params.text("fact").ok_or_else(|| Problem::parameter("fact", "", "the id of a fact"))?;
    params.finish()?;
    Ok(Json(Answer::new(&scope.tenant, reads::events(&state, &scope, peer, &fact).await?)))
}
