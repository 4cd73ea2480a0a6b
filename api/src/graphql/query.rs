//! What can be asked. Lists are Relay connections, read forward.

use async_graphql::{Context, Object};
use chrono::Utc;
use dora::{Budget, Definition, MetricAnswer, Report};

use super::carried;
use super::paging::{List, list, part, rows};
use super::refusal::{invalid, refused};
use crate::ApiState;
use crate::questions::{
    ChangesQuestion, DeploymentsQuestion, FindingsQuestion, LIMIT_MAX, MetricQuestion, ReportQuestion,
};
use crate::reads;
use crate::scope::Scope;
use crate::views::{Change, Deployment, Explanation, Finding, RawEvent, Repository, Service, TenantView};

/// The root of all queries.
pub struct Query;

/// What sei knows about how software is delivered. Durations are in seconds, times in UTC; what was not
/// observed is null.
#[Object]
impl Query {
    /// Whose data this is: the header `sei-tenant` chooses.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn tenant(&self, context: &Context<'_>) -> async_graphql::Result<TenantView> {
        Ok(context.data::<Scope>()?.tenant.clone().into())
    }

    /// The five metrics over a window, with their series. Without a window: the 90 days up to now.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + child_complexity")]
    async fn dora(&self, context: &Context<'_>, question: Option<ReportQuestion>) -> async_graphql::Result<Report> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let report = reads::report(state, scope, &question.unwrap_or_default(), budget).await;
        report.map(|dated| dated.answer).map_err(|problem| refused(&problem))
    }

    /// The metrics that can be asked for, built in and of the settings.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn metrics(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Definition>> {
        reads::metrics(context.data()?).map_err(|problem| refused(&problem))
    }

    /// A metric over a window: the whole, and if asked for each slice. Without a window: up to now, 90 days for most.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + child_complexity")]
    async fn metric(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One of the names of `metrics`.")] name: String,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<MetricAnswer> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let answer = reads::metric(state, scope, &name, &question.unwrap_or_default(), budget).await;
        answer.map(|dated| dated.answer).map_err(|problem| refused(&problem))
    }

    /// Production deployments, newest first.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn deployments(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        question: Option<DeploymentsQuestion>,
    ) -> List<Deployment> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let question = question.unwrap_or_default();
        let services = reads::asked_services(state, scope, &question.services).await;
        let services = services.map_err(|problem| refused(&problem))?;
        let filter = question.filter(services, state.settings().dora.time_zone).map_err(invalid)?;
        let mut page = reads::deployments(scope, &filter, part(first, after.as_deref())?).await;
        if let (Ok(page), Some(limit)) = (&mut page, carried::asked(context)) {
            let mut rows: Vec<&mut Deployment> = page.rows.iter_mut().map(|(_, row)| row).collect();
            let read = reads::carry(scope, &mut rows, limit.min(LIMIT_MAX)).await;
            read.map_err(|error| refused(&error.into()))?;
        }
        list(page, after.is_some())
    }

    /// Changes, and direct commits, that reached production; newest deployment first.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        question: Option<ChangesQuestion>,
    ) -> List<Change> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let question = question.unwrap_or_default();
        let services = reads::asked_services(state, scope, &question.services).await;
        let services = services.map_err(|problem| refused(&problem))?;
        let deployment = question.deployment.as_deref();
        reads::check_deployment(scope, deployment).await.map_err(|problem| refused(&problem))?;
        let filter = question.filter(services, state.settings().dora.time_zone).map_err(invalid)?;
        list(reads::changes(scope, &filter, part(first, after.as_deref())?).await, after.is_some())
    }

    /// Services by name.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn services(&self, context: &Context<'_>, first: Option<u32>, after: Option<String>) -> List<Service> {
        list(reads::services(context.data()?, part(first, after.as_deref())?).await, after.is_some())
    }

    /// Repositories by id.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn repositories(&self, context: &Context<'_>, first: Option<u32>, after: Option<String>) -> List<Repository> {
        list(reads::repositories(context.data()?, part(first, after.as_deref())?).await, after.is_some())
    }

    /// What the engine noticed about the data itself.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn findings(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        question: Option<FindingsQuestion>,
    ) -> List<Finding> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let (part, question) = (part(first, after.as_deref())?, question.unwrap_or_default());
        reads::asked_services(state, scope, &question.services()).await.map_err(|problem| refused(&problem))?;
        list(reads::findings(scope, question.service.as_deref(), part).await, after.is_some())
    }

    /// Why a deployment or a change counts as it does; null when nothing has this id. The id is that of a
    /// deployment, a change or a commit, or a tag or version.
    #[graphql(complexity = "500 + child_complexity")]
    async fn explain(&self, context: &Context<'_>, id: String) -> async_graphql::Result<Option<Explanation>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        reads::explain(state, scope, &id).await.map_err(|problem| refused(&problem))
    }

    /// The events that reported a deployment, an incident, a change, a review, a CI run or a work item, as the log
    /// has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the fact, as evidence and rows have it.")] fact: String,
    ) -> async_graphql::Result<Vec<RawEvent>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        reads::events(state, scope, &fact).await.map_err(|problem| refused(&problem))
    }
}
