//! The sources of data, with their state.

use async_graphql::Context;

use super::nodes::Source;
use super::refusal::refused;
use crate::scope::Scope;

/// Every source that was tried, by name. They belong to the whole organization: who may see a part of it sees none.
pub(super) async fn sources(context: &Context<'_>) -> async_graphql::Result<Vec<Source>> {
    let scope: &Scope = context.data()?;
    if scope.access.teams.is_some() {
        return Ok(Vec::new());
    }
    let _turn = scope.turn().await;
    let states = store::source_state::all(&scope.store).await.map_err(|error| refused(&error.into()))?;
    Ok(states.into_iter().map(Into::into).collect())
}
