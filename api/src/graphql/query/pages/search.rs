//! Search.

use std::collections::BTreeSet;

use async_graphql::{ComplexObject, Context, ID, Object};
use kernel::SearchKind;

use crate::ApiState;
use crate::graphql::node::{Node, find};
use crate::graphql::paging::{checked, rows};
use crate::graphql::refusal::{invalid, refused};
use crate::questions::{SearchTerms, Text, all_kinds};
use crate::scope::Scope;
use crate::search;
use crate::views::SearchHit;

/// See [`super::super::Query`].
#[derive(Default)]
pub(super) struct Search;

#[Object]
impl Search {
    /// Things that are called so, or have these words in their titles: what fits best first.
    #[graphql(complexity = "rows(first, None) * child_complexity + 100")]
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "A key, a number, a version, a name, the beginning of a commit's id, words of a title, or a \
                          web address: 1 to 200 characters."
        )]
        text: String,
        #[graphql(desc = "Only things of these kinds; all but `PERSON` without it.")] kinds: Option<
            BTreeSet<SearchKind>,
        >,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<SearchHit>> {
        let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
        let SearchTerms(text) = Text::<SearchTerms>::new(text).read("text").map_err(invalid)?;
        let searched = (text, kinds.unwrap_or_else(all_kinds), checked("first", first)?);
        search::search(state, scope, searched).await.map_err(|problem| refused(&problem))
    }
}

#[ComplexObject]
impl SearchHit {
    /// Its id in the graph.
    #[graphql(name = "id")]
    async fn graph_id(&self) -> ID {
        ID(self.node_id.clone())
    }

    /// The thing itself.
    async fn node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Node>> {
        find(context, &ID(self.node_id.clone())).await
    }
}
