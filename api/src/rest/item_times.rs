//! Work items with their times.

use axum::Json;
use axum::extract::{Extension, State};

use crate::ApiState;
use crate::envelope::Answer;
use crate::item_times;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ItemTimesQuestion, ServiceFilter, Span};
use crate::scope::Scope;
use crate::views::TimedItems;

/// Work items with their times: cycle times of those that were done in the window, or ages of those in progress.
///
/// The percentiles of cycle time stand beside them, so that it shows which are slow. Without a window: the last 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/item-times",
    operation_id = "itemTimes",
    params(ForTenant, ItemTimesQuestion, Span, ServiceFilter),
    responses(
        (status = 200, body = Answer<TimedItems>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn item_times(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<ItemTimesQuestion>,
) -> Result<Json<Answer<TimedItems>>, Problem> {
    let found = item_times::item_times(&state, &scope, &question).await?;
    Ok(Json(Answer::new(&scope.tenant, found)))
}
