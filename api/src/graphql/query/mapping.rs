//! What belongs to nothing. It is changed by REST.

use async_graphql::{Context, Object};
use kernel::Right;

use crate::graphql::refusal::refused;
use crate::reads;
use crate::scope::Scope;
use crate::views::Unmapped;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct Mapping;

#[Object]
impl Mapping {
    /// Repositories, services and incidents that belong to nothing yet. Only for administrators.
    #[graphql(complexity = "200 * child_complexity + 10")]
    async fn unmapped(&self, context: &Context<'_>) -> async_graphql::Result<Unmapped> {
        let scope = context.data::<Scope>()?;
        scope.access.check(Right::Administer).map_err(|problem| refused(&problem))?;
        reads::unmapped(scope).await.map_err(|problem| refused(&problem))
    }
}
