//! Targets, and whether they are met. They are changed by REST.

use async_graphql::{Context, Object};
use chrono::Utc;
use dora::Budget;

use crate::ApiState;
use crate::graphql::refusal::refused;
use crate::questions::TargetResultsQuestion;
use crate::reads;
use crate::scope::Scope;
use crate::targets::{AskedTargets, TargetResult};
use crate::views::TargetView;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct Targets;

#[Object]
impl Targets {
    /// Targets that you may see, by team and metric: what teams, and the organization, have agreed metrics should be.
    #[graphql(complexity = "50 * child_complexity + 10")]
    async fn targets(&self, context: &Context<'_>) -> async_graphql::Result<Vec<TargetView>> {
        reads::all_targets(context.data::<Scope>()?).await.map_err(|problem| refused(&problem))
    }

    /// Whether targets are met over a window: each with the metric's value, and since when it is missed. A team without a
    /// target of its own has that of the team that it is part of, and else that of the organization.
    #[graphql(complexity = "question.unwrap_or_default().cost(Utc::now()) + 50 * child_complexity")]
    async fn target_results(
        &self,
        context: &Context<'_>,
        question: Option<TargetResultsQuestion>,
    ) -> async_graphql::Result<Vec<TargetResult>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let budget = context.data::<Budget>()?.clone();
        let question = question.unwrap_or_default();
        let asked = AskedTargets::read(state, scope, &question).await.map_err(|problem| refused(&problem))?;
        asked.results(state, scope, budget).await.map_err(|problem| refused(&problem))
    }
}
