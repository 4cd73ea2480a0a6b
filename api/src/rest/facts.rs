//! Lists of facts, page by page: open changes, incidents, work items, pipeline runs, vulnerabilities and reviews.

use axum::extract::{Extension, State};
use axum::http::Uri;
use axum::response::Response;
use kernel::{PipelineRun, Review, Vulnerability, WorkItem};

use super::listing::{asked, listing};
use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::questions::{
    Asked, ForTenant, IncidentsQuestion, ListPage, OpenChangesQuestion, PipelineRunColumns, PipelineRunsQuestion,
    ReviewsQuestion, ServiceFilter, Span, VulnerabilitiesQuestion, VulnerabilityColumns, WorkItemColumns,
    WorkItemsQuestion,
};
use crate::reads;
use crate::scope::Scope;
use crate::views::{IncidentView, OpenChange, PipelineRunView, ReviewView, VulnerabilityView, WorkItemView};

/// Changes that have not reached production: open, or merged and not deployed; the longest open first.
///
/// Each stands with its stage, how long it has been there, and how long 85 % of the changes of its team are in that stage at
/// most. Merged ones are shown for 90 days.
#[utoipa::path(
    get,
    path = "/api/v1/open-changes",
    operation_id = "openChanges",
    params(ForTenant, OpenChangesQuestion, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<OpenChange> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn open_changes(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(OpenChangesQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::open_changes(&state, &scope, &asked, &cut).await?))
}

/// Incidents, newest first, each with the services that it counts for.
///
/// An incident without a service is known from its source, and part of no metric.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    operation_id = "incidents",
    params(ForTenant, IncidentsQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<IncidentView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn incidents(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(IncidentsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::incidents(&scope, &asked, &cut).await?))
}

/// Work items of trackers, newest first.
///
/// Of services there are those that are issues of a forge in one of their repositories.
#[utoipa::path(
    get,
    path = "/api/v1/work-items",
    operation_id = "workItems",
    params(ForTenant, WorkItemColumns, WorkItemsQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<WorkItemView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn work_items(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(WorkItemsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<WorkItem, WorkItemView>(&scope, &asked, &cut).await?))
}

/// Runs of CI pipelines, the last queued first.
///
/// Each attempt is a run of its own.
#[utoipa::path(
    get,
    path = "/api/v1/pipeline-runs",
    operation_id = "pipelineRuns",
    params(ForTenant, PipelineRunColumns, PipelineRunsQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<PipelineRunView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn pipeline_runs(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(PipelineRunsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<PipelineRun, PipelineRunView>(&scope, &asked, &cut).await?))
}

/// Vulnerabilities of code and dependencies, the last found first.
///
/// They are as scanners report them.
#[utoipa::path(
    get,
    path = "/api/v1/vulnerabilities",
    operation_id = "vulnerabilities",
    params(ForTenant, VulnerabilityColumns, VulnerabilitiesQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<VulnerabilityView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn vulnerabilities(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(VulnerabilitiesQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<Vulnerability, VulnerabilityView>(&scope, &asked, &cut).await?))
}

/// Reviews of changes and comments on them, by when they were submitted.
///
/// They are as their source reports them, those of bots and of authors themselves among them.
#[utoipa::path(
    get,
    path = "/api/v1/reviews",
    operation_id = "reviews",
    params(ForTenant, ReviewsQuestion, Span, ServiceFilter, ListPage),
    responses(
        (status = 200, content((Listing<ReviewView> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn reviews(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked((question, page)): Asked<(ReviewsQuestion, ListPage)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (asked, cut) = asked(&state, &scope, question, &page).await?;
    Ok(listing(&uri, &scope, reads::list::<Review, ReviewView>(&scope, &asked, &cut).await?))
}
