//! Who asks.

use async_graphql::{ComplexObject, Context};
use store::queries::TeamRow;

use crate::graphql::nodes::{Me, Team};
use crate::graphql::paging::{checked, rows};
use crate::graphql::resolve::some;

#[ComplexObject]
impl Me {
    /// The teams that the grant is limited to, with those that are part of them; empty where it is limited to none.
    #[graphql(complexity = "rows(first, None) * child_complexity + 1")]
    async fn teams(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Team>> {
        named(context, &self.team_names, first).await
    }
}

/// The first teams of these names.
pub(super) async fn named(
    context: &Context<'_>,
    names: &[String],
    first: Option<u32>,
) -> async_graphql::Result<Vec<Team>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    some::<TeamRow, _>(context, names.iter().take(limit).map(|name| vec![name.clone()]).collect()).await
}
