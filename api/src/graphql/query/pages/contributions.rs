//! What moved since an earlier window, and what contributed to that.

use async_graphql::{Context, Object};
use chrono::Utc;
use dora::{Budget, Contributions, Mover};

use crate::ApiState;
use crate::graphql::paging::checked;
use crate::graphql::refusal::refused;
use crate::questions::{ContributionsQuestion, MoversQuestion};
use crate::reads;
use crate::scope::Scope;

/// What moved most, unless asked otherwise.
const MOVERS: u32 = 10;

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Changed;

/// How many movers are asked for, to reckon what a query costs.
fn count(first: Option<u32>) -> usize {
    usize::try_from(first.unwrap_or(MOVERS)).unwrap_or(usize::MAX)
}

#[Object]
impl Changed {
    /// What contributed how much to the change of a metric: each service, team, repository or type, and of lead time each
    /// stage.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + child_complexity")]
    async fn contributions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "One of the names of `metricDefinitions`.")] metric: String,
        question: Option<ContributionsQuestion>,
    ) -> async_graphql::Result<Contributions> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let answer = reads::contributions(state, scope, &metric, &question.unwrap_or_default(), budget).await;
        answer.map(|dated| dated.answer).map_err(|problem| refused(&problem))
    }

    /// What moved most since an earlier window: metrics whose values are made of five observations or more in both.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + count(first).min(200) * child_complexity")]
    async fn movers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 10 without it.")] first: Option<u32>,
        question: Option<MoversQuestion>,
    ) -> async_graphql::Result<Vec<Mover>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let limit = count(Some(checked("first", Some(first.unwrap_or(MOVERS)))?));
        let answer = reads::movers(state, scope, &question.unwrap_or_default(), limit, budget).await;
        answer.map(|dated| dated.answer).map_err(|problem| refused(&problem))
    }
}
