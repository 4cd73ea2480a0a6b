//! Work items with their times.

use async_graphql::{Context, Object};

use crate::ApiState;
use crate::graphql::refusal::refused;
use crate::item_times;
use crate::questions::ItemTimesQuestion;
use crate::scope::Scope;
use crate::views::TimedItems;

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Items;

#[Object]
impl Items {
    /// Work items with their times: cycle times of those that were done in the window, or ages of those in progress; 500 at
    /// most. Without a window: the last 90 days.
    #[graphql(complexity = "1000 + 100 * child_complexity")]
    async fn item_times(
        &self,
        context: &Context<'_>,
        question: Option<ItemTimesQuestion>,
    ) -> async_graphql::Result<TimedItems> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let found = item_times::item_times(state, scope, &question.unwrap_or_default()).await;
        found.map_err(|problem| refused(&problem))
    }
}
