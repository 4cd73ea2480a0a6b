//! A person's own work.

use axum::Json;
use axum::extract::{Extension, State};

use crate::ApiState;
use crate::envelope::Answer;
use crate::own_work;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, OwnWorkQuestion};
use crate::scope::Scope;
use crate::views::OwnWork;

/// Your own work: what waits for you and for others, what is on its way to production, what is red, and the stages of your
/// last changes.
///
/// Who asks is a person by what an administrator has linked, or by a verified address; where there is none, `why` says so.
#[utoipa::path(
    get,
    path = "/api/v1/me/work",
    operation_id = "ownWork",
    params(ForTenant, OwnWorkQuestion),
    responses(
        (status = 200, body = Answer<OwnWork>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn own_work(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<OwnWorkQuestion>,
) -> Result<Json<Answer<OwnWork>>, Problem> {
    let found = own_work::own_work(&state, &scope, &question).await?;
    Ok(Json(Answer::new(&scope.tenant, found)))
}
