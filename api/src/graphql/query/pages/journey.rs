//! When something shipped.

use async_graphql::{Context, Object};
use dora::{Journey, JourneyKind};

use crate::ApiState;
use crate::graphql::ids::{Kind, NodeId};
use crate::graphql::node::raw_key;
use crate::graphql::refusal::refused;
use crate::journey;
use crate::questions::JourneyQuestion;
use crate::scope::Scope;

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Journeys;

#[Object]
impl Journeys {
    /// When something shipped: the steps of a change, a commit, a work item or a version to each environment. A step that
    /// was not taken says why. Null when there is no such thing.
    #[graphql(complexity = "500 + child_complexity")]
    async fn journey(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it is.")] kind: JourneyKind,
        #[graphql(desc = "Its key, as a search and lists have it, or its id in the graph; of a commit \
                          `<repository>@<sha>`.")]
        id: String,
    ) -> async_graphql::Result<Option<Journey>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        // the key of a commit in the graph has its repository, too
        let id = if kind == JourneyKind::Commit { commit_key(id) } else { raw_key(id) };
        let question = JourneyQuestion { kind, id };
        journey::journey(state, scope, &question).await.map_err(|problem| refused(&problem))
    }
}

/// The repository and the id of a commit, of its id in the graph; any other text as it is.
fn commit_key(id: String) -> String {
    match NodeId::read(&id) {
        Some(NodeId { kind: Kind::Commit, key, .. }) => key.join("@"),
        _ => id,
    }
}
