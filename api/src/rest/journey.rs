//! When something shipped.

use axum::Json;
use axum::extract::{Extension, State};
use dora::Journey;

use crate::ApiState;
use crate::envelope::Answer;
use crate::journey;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, JourneyQuestion};
use crate::scope::Scope;

/// When something shipped: the steps of a change, a commit, a work item or a version to each environment.
///
/// A step that was not taken says why. Production is what metrics count as production; a work item is followed through the
/// changes that name its key in their title or branch.
#[utoipa::path(
    get,
    path = "/api/v1/journey",
    operation_id = "journey",
    params(ForTenant, JourneyQuestion),
    responses(
        (status = 200, body = Answer<Journey>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn journey(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<JourneyQuestion>,
) -> Result<Json<Answer<Journey>>, Problem> {
    match journey::journey(&state, &scope, &question).await? {
        Some(found) => Ok(Json(Answer::new(&scope.tenant, found))),
        None => Err(Problem::not_found(&question.kind.as_str().replace('_', " "), &question.id)),
    }
}
