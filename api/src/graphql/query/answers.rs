//! Answers of the engine, things by their ids, raw events, and who asks.

use async_graphql::{Context, ID, Object};
use chrono::Utc;
use dora::{Budget, Definition, Distribution, MetricAnswer, Report};

use crate::ApiState;
use crate::graphql::measured::{MeasuredMetric, Whose, cost, distributions, distributions_cost, metrics};
use crate::graphql::node::{Node, find, raw_key};
use crate::graphql::raw::events_of;
use crate::graphql::refusal::{invalid, refused};
use crate::questions::{DistributionQuestion, Invalid, MetricQuestion, ReportQuestion};
use crate::reads;
use crate::scope::Scope;
use crate::views::{Explanation, RawEvent, TenantView};

/// How many ids one question takes.
const IDS: usize = 200;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct Answers;

#[Object]
impl Answers {
    /// Whose data this is: the header `sei-tenant` chooses.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn tenant(&self, context: &Context<'_>) -> async_graphql::Result<TenantView> {
        Ok(context.data::<Scope>()?.tenant.clone().into())
    }

    /// A thing by its id in the graph; null when there is no such thing, or none that may be seen.
    #[graphql(complexity = "1 + child_complexity")]
    async fn node(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<Option<Node>> {
        find(context, &id).await
    }

    /// Things by their ids in the graph, in the order of these; null in place of one that is not there.
    #[graphql(complexity = "ids.len() * (1 + child_complexity)")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "200 at most.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > IDS {
            return Err(invalid(Invalid::value("ids", ids.len().to_string(), format!("at most {IDS} ids"))));
        }
        futures::future::try_join_all(ids.iter().map(|id| find(context, id))).await
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
    async fn metric_definitions(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Definition>> {
        reads::metrics(context.data()?).map_err(|problem| refused(&problem))
    }

    /// Metrics over a window, many in one question: of each the whole, and if asked for each slice. Without a window: up
    /// to now, 90 days for most.
    #[graphql(complexity = "cost(&names, question.as_ref()) + names.len() * child_complexity")]
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<Vec<MeasuredMetric>> {
        metrics(context, Whose::Asked, &names, question).await
    }

    /// How the values behind metrics are distributed over a window: percentiles and histograms, many in one question. Only
    /// metrics whose value is a median, a mean or a quantile have one.
    #[graphql(complexity = "distributions_cost(&names, question.as_ref()) + names.len() * child_complexity")]
    async fn distributions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
        question: Option<DistributionQuestion>,
    ) -> async_graphql::Result<Vec<Distribution>> {
        distributions(context, &names, question).await
    }

    /// A metric over a window: the whole, and if asked for each slice. Without a window: up to now, 90 days for most.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + child_complexity")]
    async fn metric(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One of the names of `metricDefinitions`.")] name: String,
        question: Option<MetricQuestion>,
    ) -> async_graphql::Result<MetricAnswer> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let answer = reads::metric(state, scope, &name, &question.unwrap_or_default(), budget).await;
        answer.map(|dated| dated.answer).map_err(|problem| refused(&problem))
    }

    /// Why a deployment or a change counts as it does; null when nothing has this id. The id is that of a
    /// deployment, a change or a commit, in the graph or at its source, or a tag or version.
    #[graphql(complexity = "500 + child_complexity")]
    async fn explain(&self, context: &Context<'_>, id: String) -> async_graphql::Result<Option<Explanation>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        reads::explain(state, scope, &raw_key(id)).await.map_err(|problem| refused(&problem))
    }

    /// The events that reported a deployment, an incident, a change, a review, a CI run or a work item, as the log
    /// has them: the latest first, 20 at most.
    #[graphql(complexity = "200 + child_complexity")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the fact, as evidence and things have it, or its id in the graph.")] fact: String,
    ) -> async_graphql::Result<Vec<RawEvent>> {
        events_of(context, &raw_key(fact)).await
    }
}
