//! Work items with their history, and sprints.

use async_graphql::{ComplexObject, Context, ID};
use store::queries::{Parent, RowFilter};

use crate::graphql::ids::{Kind, id};
use crate::graphql::nodes::{Account, Sprint, Transition, WorkItem};
use crate::graphql::paging::{List, rows};
use crate::graphql::people::account;
use crate::graphql::resolve::{among, key, one, some};

#[ComplexObject]
impl WorkItem {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::WorkItem, &[&self.key])
    }

    /// Who works on it.
    async fn assignee(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.assignee.as_deref()).await
    }

    /// Who wrote it down.
    async fn reporter(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.reporter.as_deref()).await
    }

    /// What it is part of: an epic, a story.
    async fn parent(&self, context: &Context<'_>) -> async_graphql::Result<Option<Self>> {
        let Some(parent) = self.parent.clone() else { return Ok(None) };
        one::<kernel::WorkItem, _>(context, vec![parent]).await
    }

    /// The work items that are part of it, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn children(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Self> {
        let of = (Parent::PARENT, key(&self.key));
        among::<kernel::WorkItem, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// Its history: how it moved from status to status, oldest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn history(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<Transition> {
        let of = (Parent::ITEM, key(&self.key));
        among::<kernel::Transition, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }

    /// The sprints that it is in now.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn sprints(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Sprint>> {
        let keys = self.sprints.iter().take(200).map(|id| vec![id.clone()]).collect();
        some::<kernel::Sprint, _>(context, keys).await
    }
}

#[ComplexObject]
impl Transition {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Transition, &[&self.key])
    }

    /// The work item that moved.
    async fn item(&self, context: &Context<'_>) -> async_graphql::Result<Option<WorkItem>> {
        one::<kernel::WorkItem, _>(context, vec![self.item.clone()]).await
    }

    /// Who moved it.
    async fn author(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        account(context, self.author.as_deref()).await
    }
}

#[ComplexObject]
impl Sprint {
    /// Its id in the graph.
    #[graphql(name = "id")]
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    pub(in crate::graphql) async fn node_id(&self, context: &Context<'_>) -> async_graphql::Result<ID> {
        id(context, Kind::Sprint, &[&self.key])
    }

    /// The work items that are in it now, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 1")]
    async fn items(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> List<WorkItem> {
        let of = (Parent::SPRINT, key(&self.key));
        among::<kernel::WorkItem, _>(context, of, RowFilter::default(), (first, after, last, before)).await
    }
}
