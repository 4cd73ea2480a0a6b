//! Raw events of facts.

use async_graphql::Context;

use super::refusal::refused;
use crate::ApiState;
use crate::reads;
use crate::scope::Scope;
use crate::views::RawEvent;

/// The events that reported a fact.
pub(super) async fn events_of(context: &Context<'_>, fact: &str) -> async_graphql::Result<Vec<RawEvent>> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    reads::events(state, scope, fact).await.map_err(|problem| refused(&problem))
}
