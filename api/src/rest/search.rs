//! Search.

use axum::Json;
use axum::extract::{Extension, State};

use crate::ApiState;
use crate::envelope::Answer;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, SearchQuestion};
use crate::scope::Scope;
use crate::search;
use crate::views::SearchHit;

/// Things that are called so, or have these words in their titles: what fits best first.
///
/// First what is called exactly so, then what begins so, then what has words that begin so in its title; of those that fit
/// alike the newest of each kind in turn.
#[utoipa::path(
    get,
    path = "/api/v1/search",
    operation_id = "search",
    params(ForTenant, SearchQuestion),
    responses(
        (status = 200, body = Answer<Vec<SearchHit>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn search(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<SearchQuestion>,
) -> Result<Json<Answer<Vec<SearchHit>>>, Problem> {
    let found = search::search(&state, &scope, question.searched()?).await?;
    Ok(Json(Answer::new(&scope.tenant, found)))
}
