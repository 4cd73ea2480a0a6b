//! How much waits for reviews.

use async_graphql::{Context, Object};

use crate::ApiState;
use crate::graphql::refusal::refused;
use crate::questions::ReviewLoadQuestion;
use crate::review_load;
use crate::scope::Scope;
use crate::views::ReviewLoad;

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Load;

#[Object]
impl Load {
    /// How much waits for reviews, by team; and by person, where persons are shown.
    #[graphql(complexity = "1000 + 20 * child_complexity")]
    async fn review_load(
        &self,
        context: &Context<'_>,
        question: Option<ReviewLoadQuestion>,
    ) -> async_graphql::Result<ReviewLoad> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let found = review_load::review_load(state, scope, &question.unwrap_or_default()).await;
        found.map_err(|problem| refused(&problem))
    }
}
