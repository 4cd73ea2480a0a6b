//! Boards: list, read, make, replace and delete, in JSON and TOML.

use axum::extract::{Extension, FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, body};
use dora::Definition;
use kernel::is_plain_json;
use serde::Deserialize;
use store::boards::{BoardOwner, BoardRow};
use utoipa::IntoParams;

use super::accept::{accept, choose};
use super::identity::body::{OTHER_KEYS, of_value};
use super::listing::listing;
use crate::ApiState;
use crate::boards::{BoardDocument, SentBoard, TileRules, may_change, own_id, read_owner};
use crate::changer::Changer;
use crate::envelope::{Answer, Listing};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, Page};
use crate::scope::Scope;
use crate::views::{BoardSummary, BoardView};
use crate::{boards, paths, reads, writes};

/// The most that a body may have, in bytes.
const BODY: usize = 256 * 1024;
const JSON: &str = "application/json";
const TOML: &str = "application/toml";

/// The version of a board that is meant.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AtVersion {
    /// The version of the board as it was read: one that was changed meanwhile stays.
    #[param(minimum = 1, maximum = 2_147_483_647)]
    pub version: i64,
}

/// A board in the body of a request, in JSON or TOML.
pub struct Sent(SentBoard);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let form = request.headers().get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
        let form = form.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let too_large = |_| Problem::bad_body(StatusCode::PAYLOAD_TOO_LARGE, format!("Expected {BODY} bytes at most."));
        let bytes = body::to_bytes(request.into_body(), BODY).await.map_err(too_large)?;
        let sent = match form.as_str() {
            JSON => {
                let text = std::str::from_utf8(&bytes);
                let text = text.map_err(|error| unreadable(StatusCode::BAD_REQUEST, &error))?;
                if !is_plain_json(text) {
                    return Err(unreadable(StatusCode::BAD_REQUEST, &OTHER_KEYS));
                }
                serde_json::from_str(text).map_err(|error| unreadable(StatusCode::BAD_REQUEST, &error))?
            }
            TOML => {
                let text = std::str::from_utf8(&bytes);
                let text = text.map_err(|error| unreadable(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
                let bad = |error: toml::de::Error| unreadable(StatusCode::UNPROCESSABLE_ENTITY, &error.message());
                let table: toml::Table = toml::from_str(text).map_err(bad)?;
                serde_json::to_value(table).map_err(|error| unreadable(StatusCode::UNPROCESSABLE_ENTITY, &error))?
            }
            _ => return Err(Problem::not_json(format!("Send the body with content-type: {JSON} or {TOML}."))),
        };
        of_value(sent).map(Self)
    }
}

fn unreadable(status: StatusCode, why: &impl ToString) -> Problem {
    Problem::bad_body(status, why.to_string())
}

/// Boards that you may see, by title: yours, those of your teams, and those for everyone.
///
/// A board is a dashboard of tiles, each a question about metrics. Administrators see all.
#[utoipa::path(
    get,
    path = "/api/v1/boards",
    operation_id = "boards",
    params(ForTenant, Page),
    responses(
        (status = 200, content((Listing<BoardSummary> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn boards(
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<Page>,
    uri: Uri,
) -> Result<Response, Problem> {
    Ok(listing(&uri, &scope, reads::boards(&scope, page.part()?).await?))
}

/// A board with its tiles; in TOML to keep or to take elsewhere.
///
/// Tiles that name what you may not see are left out, and counted.
#[utoipa::path(
    get,
    path = "/api/v1/boards/{id}",
    operation_id = "board",
    params(("id" = String, Path, description = "The board's id."), ForTenant),
    responses(
        (status = 200, content((Answer<BoardView> = "application/json"), (String = "application/toml"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn board(
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Asked(()): Asked<()>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = match accept(&headers) {
        None => JSON,
        Some(asked) => choose(&[JSON, TOML], &asked)
            .ok_or_else(|| Problem::not_acceptable(&asked, &format!("{JSON} or {TOML}")))?,
    };
    let board = BoardView::new(found(&scope, &id).await?, &scope.access)?;
    let mut response = if form == TOML {
        let document = BoardDocument { title: board.title, description: board.description, tiles: board.tiles };
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/toml"))], document.to_toml()?).into_response()
    } else {
        Json(Answer::new(&scope.tenant, board)).into_response()
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept, sei-tenant"));
    Ok(response)
}

/// Makes a board: yours, of a team, or for everyone.
///
/// One of a team takes the role `analyst` for that team, one for everyone the role `admin`. Metrics, slices, windows,
/// services and teams of its tiles are checked, and an error names the tile. The body may be TOML as well, as a board is
/// exported (`content-type: application/toml`).
#[utoipa::path(
    post,
    path = "/api/v1/boards",
    operation_id = "create_board",
    params(ForTenant),
    request_body = SentBoard,
    responses(
        (status = 201, body = Answer<BoardView>),
        (status = 409, description = "Its owner has as many as there may be.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    headers: HeaderMap,
    uri: Uri,
    Sent(sent): Sent,
) -> Result<Response, Problem> {
    writes::check(&state, &scope, &headers, &uri)?;
    let (document, owner, version) = sent.into_parts();
    if let Some(version) = version {
        return Err(Problem::parameter("version", &version.to_string(), "no version of a new board"));
    }
    let own = own_id(&scope.access.principal);
    let owner = owner.map_or(Ok(BoardOwner::Person(own.clone())), |owner| read_owner(&owner, &own))?;
    check(&state, &scope, &owner, &document).await?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let row = boards::create(&store, &Changer::of(&scope), &owner, &document).await?;
    let at = format!("{}/{}", paths::BOARDS, row.id);
    let board = BoardView::new(row, &scope.access)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(Answer::new(&scope.tenant, board))).into_response())
}

/// Replaces a board that is at the version that is sent.
///
/// 409 if another has changed it meanwhile. A change of its owner takes the right to change both. The body may be TOML as
/// well (`content-type: application/toml`).
#[utoipa::path(
    put,
    path = "/api/v1/boards/{id}",
    operation_id = "replace_board",
    params(("id" = String, Path, description = "The board's id."), ForTenant),
    request_body = SentBoard,
    responses(
        (status = 200, body = Answer<BoardView>),
        (status = 409, description = "It is at another version.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn replace(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    Sent(sent): Sent,
) -> Result<Response, Problem> {
    writes::check(&state, &scope, &headers, &uri)?;
    let before = found(&scope, &id).await?;
    may_change(&scope.access, &before.owner)?;
    let (document, owner, version) = sent.into_parts();
    let version =
        version.ok_or_else(|| Problem::parameter("version", "", "the version of the board as it was read"))?;
    if BoardView::new(before.clone(), &scope.access)?.hidden_tiles > 0 {
        return Err(Problem::conflict("It has tiles that you may not see, which would be lost: copy it instead."));
    }
    let own = own_id(&scope.access.principal);
    let owner = owner.map_or(Ok(before.owner.clone()), |owner| read_owner(&owner, &own))?;
    check(&state, &scope, &owner, &document).await?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let row = boards::replace(&store, &Changer::of(&scope), (&before, version), &owner, &document).await?;
    Ok(Json(Answer::new(&scope.tenant, BoardView::new(row, &scope.access)?)).into_response())
}

/// Deletes a board that is at the version that is stated.
///
/// 409 if another has changed it meanwhile.
#[utoipa::path(
    delete,
    path = "/api/v1/boards/{id}",
    operation_id = "delete_board",
    params(("id" = String, Path, description = "The board's id."), AtVersion, ForTenant),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "It is at another version.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(id): Path<String>,
    Asked(AtVersion { version }): Asked<AtVersion>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    writes::check(&state, &scope, &headers, &uri)?;
    let board = found(&scope, &id).await?;
    may_change(&scope.access, &board.owner)?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    boards::delete(&store, &Changer::of(&scope), &board, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The board of an id; one that may not be seen is not there.
async fn found(scope: &Scope, id: &str) -> Result<BoardRow, Problem> {
    reads::board(scope, id).await?.ok_or_else(|| Problem::not_found("board", id))
}

/// Fails for a board that who asks may not write, or that can't be shown.
async fn check(state: &ApiState, scope: &Scope, owner: &BoardOwner, document: &BoardDocument) -> Result<(), Problem> {
    if let BoardOwner::Team(team) = owner {
        reads::check_team(state, scope, team).await?;
    }
    may_change(&scope.access, owner)?;
    let metrics: Vec<Definition> = reads::metrics(state)?;
    let time_zone = state.settings().dora.time_zone;
    document.check(&TileRules { metrics: &metrics, time_zone, cost_max: reads::COST_MAX })?;
    reads::check_tiles(state, scope, document).await
}
