//! The description of the REST API: its operations, completed by what they have in common.

use std::sync::LazyLock;

use utoipa::OpenApi;

use super::document::Complete;
use super::identity::{grants, login, tokens, users};
use super::{
    audit, boards, contributions, dead_letters, event_counts, events, facts, item_times, journey, lists, mapping,
    metrics, own_work, people, reports, review_load, search, sources, stream, targets, tenants,
};
use crate::problem::Problem;

/// What `/api/openapi.json` says.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "sei",
        description = "What sei knows about how software is delivered. Durations are in seconds, times are \
                       RFC 3339 in UTC, what was not observed is null. The header `sei-tenant` or the parameter \
                       `tenant` chooses whose data is read; every answer says so in its headers `sei-tenant` and \
                       `sei-demo`. Errors are RFC 9457 problems."
    ),
    paths(
        reports::dora,
        reports::deployment,
        reports::change,
        events::events,
        metrics::metrics,
        metrics::metric,
        metrics::distribution,
        contributions::contributions,
        contributions::movers,
        metrics::answers,
        lists::services,
        lists::repositories,
        lists::deployments,
        lists::changes,
        lists::findings,
        tenants::tenants,
        tenants::create,
        tenants::delete,
        audit::audit,
        boards::boards,
        boards::board,
        boards::create,
        boards::replace,
        boards::delete,
        targets::targets,
        targets::results,
        targets::set,
        targets::remove,
        dead_letters::dead_letters,
        dead_letters::counts,
        dead_letters::dead_letter,
        dead_letters::replay,
        event_counts::event_counts,
        people::people,
        people::statements,
        people::merge,
        people::split,
        people::withdraw,
        mapping::unmapped,
        mapping::services,
        mapping::teams,
        mapping::put_service,
        mapping::delete_service,
        mapping::put_team,
        mapping::delete_team,
        sources::check,
        sources::webhooks,
        login::login,
        login::logout,
        login::me,
        tokens::tokens,
        tokens::create_token,
        tokens::revoke_token,
        grants::grants,
        grants::add_grant,
        grants::remove_grant,
        users::users,
        users::disable,
        users::link,
        users::unlink,
        users::enable,
        lists::teams,
        lists::sources,
        facts::open_changes,
        facts::incidents,
        facts::work_items,
        facts::pipeline_runs,
        facts::vulnerabilities,
        facts::reviews,
        search::search,
        stream::stream,
        journey::journey,
        review_load::review_load,
        item_times::item_times,
        own_work::own_work,
    ),
    components(schemas(Problem)),
    modifiers(&Complete)
)]
struct Description;

/// The description of the REST API, as `/api/openapi.json` has it.
#[must_use]
pub fn openapi() -> &'static utoipa::openapi::OpenApi {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Description::openapi);
    &DOCUMENT
}
