//! Dead letters: list, count, look at and replay.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use kernel::Right;
use serde::Deserialize;
use utoipa::ToSchema;

use super::identity::body::Body;
use super::listing::listing;
use crate::ApiState;
use crate::envelope::{Answer, Listing};
use crate::problem::Problem;
use crate::questions::{Asked, DeadLettersQuestion, ForTenant, Page, Text};
use crate::reads;
use crate::replay::replay_dead_letters;
use crate::scope::Scope;
use crate::views::{DeadLetterCountView, DeadLetterEvent, DeadLetterView, Replayed};

/// Events that one request replays without another number, and at most.
const REPLAYED: i64 = 1_000;
const REPLAYED_MAX: i64 = 10_000;
/// Events that one request names at most.
const NAMED: usize = 200;

/// Which dead letters are replayed; without a field all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentReplay {
    /// Only these, by their ids: 200 at most.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Only of this source, such as `github/main`.
    pub source: Option<String>,
    /// Only of this kind, such as `github.pull_request`.
    pub kind: Option<String>,
    /// Only those that were rejected for this reason.
    pub reason: Option<String>,
    /// How many, the first rejected first: 1 to 10000, 1000 without it.
    pub limit: Option<i64>,
}

/// Events that could not be read, the last rejected first, each with the reason and what to do.
///
/// They are kept with their payloads, and can be replayed. They belong to the whole organization: who may see a part of
/// it is shown none.
#[utoipa::path(
    get,
    path = "/api/v1/dead-letters",
    operation_id = "deadLetters",
    params(ForTenant, DeadLettersQuestion, Page),
    responses(
        (status = 200, content((Listing<DeadLetterView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn dead_letters(
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(DeadLettersQuestion, Page)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let filter = question.filter()?;
    Ok(listing(&uri, &scope, reads::dead_letters(&scope, &filter, page.part()?).await?))
}

/// How many events could not be read, by source, kind and reason: the most first.
///
/// Who may see a part of the organization is shown none.
#[utoipa::path(
    get,
    path = "/api/v1/dead-letters/counts",
    operation_id = "deadLetterCounts",
    params(ForTenant),
    responses(
        (status = 200, content((Answer<Vec<DeadLetterCountView>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn counts(
    Extension(scope): Extension<Scope>,
    Asked(()): Asked<()>,
) -> Result<Json<Answer<Vec<DeadLetterCountView>>>, Problem> {
    Ok(Json(Answer::new(&scope.tenant, reads::dead_letter_counts(&scope).await?)))
}

/// An event that could not be read, with what was received.
///
/// It may hold personal data, and is shown as raw events are: to administrators, and to everyone only where
/// `api.raw_events` is on.
#[utoipa::path(
    get,
    path = "/api/v1/dead-letters/{id}",
    operation_id = "deadLetter",
    params(("id" = String, Path, description = "The dead letter's id."), ForTenant),
    responses(
        (status = 200, body = Answer<DeadLetterEvent>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn dead_letter(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Asked(()): Asked<()>,
) -> Result<impl IntoResponse, Problem> {
    let answer = Answer::new(&scope.tenant, reads::dead_letter(&state, &scope, &id).await?);
    // it may hold personal data: no one keeps it
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Replays events that could not be read: they are read again by this version.
///
/// Only for administrators. Those that can't be read still are dead letters again, within seconds.
#[utoipa::path(
    post,
    path = "/api/v1/dead-letters/replay",
    operation_id = "replay_dead_letters",
    params(ForTenant),
    request_body = SentReplay,
    responses(
        (status = 200, body = Answer<Replayed>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn replay(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Body(sent): Body<SentReplay>,
) -> Result<Json<Answer<Replayed>>, Problem> {
    scope.access.check(Right::Administer)?;
    let SentReplay { ids, source, kind, reason, limit } = sent;
    let limit = limit.unwrap_or(REPLAYED);
    if !(1..=REPLAYED_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", &limit.to_string(), format!("1 to {REPLAYED_MAX}")));
    }
    if ids.len() > NAMED {
        return Err(Problem::parameter("ids", &format!("a list of {}", ids.len()), format!("{NAMED} ids at most")));
    }
    let question = DeadLettersQuestion { source, kind, reason: reason.map(Text::new) };
    let mut filter = question.filter()?;
    filter.events = (!ids.is_empty()).then_some(ids);
    let replayed = replay_dead_letters(&state, &scope, filter, limit).await?;
    Ok(Json(Answer::new(&scope.tenant, Replayed { replayed })))
}
