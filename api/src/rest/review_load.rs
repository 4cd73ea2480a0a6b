//! How much waits for reviews.

use axum::Json;
use axum::extract::{Extension, State};

use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ReviewLoadQuestion, ServiceFilter};
use crate::review_load;
use crate::scope::Scope;
use crate::views::ReviewLoad;

/// How much waits for reviews, by team; and by person, where persons are shown.
///
/// Teams and persons are in the order of their names: no ranking.
#[utoipa::path(
    get,
    path = "/api/v1/review-load",
    operation_id = "reviewLoad",
    params(ForTenant, ReviewLoadQuestion, ServiceFilter),
    responses(
        (status = 200, body = Answer<ReviewLoad>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn review_load(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<ReviewLoadQuestion>,
) -> Result<Json<Answer<ReviewLoad>>, Problem> {
    let found = review_load::review_load(&state, &scope, &question).await?;
    Ok(Json(Answer::new(&scope.tenant, found)))
}
