//! Who is who: people with their accounts, and statements of people about these. For administrators.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::Uri;
use axum::response::Response;
use kernel::people::JoinedPerson;
use kernel::people::statements::PeopleChange;
use kernel::{AccountId, Right};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::identity::body::Body;
use super::listing::listing;
use crate::changer::Changer;
use crate::envelope::{Answer, Listing};
use crate::person_changes::PersonChanges;
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, ListPage};
use crate::scope::Scope;
use crate::views::{JoinedPersonView, PersonStatementView};
use crate::{ApiState, reads};

/// Which people are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuestion {
    /// Only those with this text in their name, an account or an address.
    pub search: Option<String>,
}

/// A statement about accounts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentStatement {
    /// The name of the person.
    pub name: String,
    /// Their accounts, as the list of people has them: 1 to 100.
    pub accounts: Vec<String>,
}

/// People by name, with their accounts and why these are joined.
///
/// Only for administrators; that it was asked for is recorded.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    operation_id = "people",
    params(ForTenant, PeopleQuestion, ListPage),
    responses(
        (status = 200, content((Listing<JoinedPersonView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn people(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(PeopleQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    scope.access.check(Right::Administer)?;
    let part = page.section()?;
    Ok(listing(&uri, &scope, reads::people(&state, &scope, question.search.as_deref(), &part).await?))
}

/// What was stated of accounts by merging and splitting, by name.
///
/// Only for administrators; that it was asked for is recorded.
#[utoipa::path(
    get,
    path = "/api/v1/people/statements",
    operation_id = "peopleStatements",
    params(ForTenant, ListPage),
    responses(
        (status = 200, content((Listing<PersonStatementView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn statements(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(page): Asked<ListPage>,
    uri: Uri,
) -> Result<Response, Problem> {
    scope.access.check(Right::Administer)?;
    Ok(listing(&uri, &scope, reads::person_statements(&state, &scope, &page.section()?).await?))
}

/// States that accounts belong to one person, in addition to earlier statements. The answer is who then has them.
///
/// Only for administrators. A split, or taking the statement back, undoes it.
#[utoipa::path(
    post,
    path = "/api/v1/people/merge",
    operation_id = "merge_people",
    params(ForTenant),
    request_body = SentStatement,
    responses(
        (status = 200, body = Answer<Vec<JoinedPersonView>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn merge(
    state: State<ApiState>,
    scope: Extension<Scope>,
    sent: Body<SentStatement>,
) -> Result<Json<Answer<Vec<JoinedPersonView>>>, Problem> {
    change(state, scope, sent, PeopleChange::Merge).await
}

/// States that accounts belong to this person only, whatever joins them. The answer is who then has them.
///
/// Only for administrators. A merge, or taking the statement back, undoes it.
#[utoipa::path(
    post,
    path = "/api/v1/people/split",
    operation_id = "split_people",
    params(ForTenant),
    request_body = SentStatement,
    responses(
        (status = 200, body = Answer<Vec<JoinedPersonView>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn split(
    state: State<ApiState>,
    scope: Extension<Scope>,
    sent: Body<SentStatement>,
) -> Result<Json<Answer<Vec<JoinedPersonView>>>, Problem> {
    change(state, scope, sent, PeopleChange::Split).await
}

async fn change(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Body(SentStatement { name, accounts }): Body<SentStatement>,
    change: PeopleChange,
) -> Result<Json<Answer<Vec<JoinedPersonView>>>, Problem> {
    scope.access.check(Right::Administer)?;
    let named: Vec<AccountId> = accounts.iter().map(|id| AccountId(id.to_lowercase())).collect();
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let log = eventlog::open(&state.settings().log, &store).await?;
    let own = scope.access.only_own_accounts();
    let people = PersonChanges { store: &store, log: &log, bots: &state.settings().dora.bots, own: &own };
    let joined = people.change(&Changer::of(&scope), change, &name, &named).await?;
    Ok(shown(&scope, joined))
}

/// Takes back what was stated under a name. The answer is who then has its accounts.
///
/// Only for administrators.
#[utoipa::path(
    delete,
    path = "/api/v1/people/statements/{name}",
    operation_id = "withdraw_statement",
    params(("name" = String, Path, description = "The name of the person."), ForTenant),
    responses(
        (status = 200, body = Answer<Vec<JoinedPersonView>>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Path(name): Path<String>,
) -> Result<Json<Answer<Vec<JoinedPersonView>>>, Problem> {
    scope.access.check(Right::Administer)?;
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let log = eventlog::open(&state.settings().log, &store).await?;
    let own = scope.access.only_own_accounts();
    let people = PersonChanges { store: &store, log: &log, bots: &state.settings().dora.bots, own: &own };
    Ok(shown(&scope, people.withdraw(&Changer::of(&scope), &name).await?))
}

fn shown(scope: &Scope, people: Vec<JoinedPerson>) -> Json<Answer<Vec<JoinedPersonView>>> {
    Json(Answer::new(&scope.tenant, people.into_iter().map(Into::into).collect()))
}
