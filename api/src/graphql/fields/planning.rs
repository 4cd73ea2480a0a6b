//! Work items with their history, and sprints.

use async_graphql::Context;
use store::queries::Parent;

use crate::graphql::edges::edges;
use crate::graphql::nodes::{Account, Sprint, Transition, WorkItem};
use crate::graphql::people::account;
use crate::graphql::resolve::{key, one_key, some};

/// Sprints of a work item, at most.
const SPRINTS: usize = 200;

async fn sprints_of(item: &WorkItem, context: &Context<'_>) -> async_graphql::Result<Vec<Sprint>> {
    let keys = item.sprints.iter().take(SPRINTS).map(|id| vec![id.clone()]).collect();
    some::<kernel::Sprint, _>(context, keys).await
}

edges! {
    WorkItem, WorkItem, |it| vec![it.key.as_str()];
    one {
        /// What it is part of: an epic, a story.
        parent: kernel::WorkItem => Self, |it| one_key(it.parent.as_deref());
    }
    many {
        /// The work items that are part of it, newest first.
        children: kernel::WorkItem => Self, |it| (Parent::PARENT, key(&it.key));
        /// Its history: how it moved from status to status, oldest first.
        history: kernel::Transition => Transition, |it| (Parent::ITEM, key(&it.key));
    }
    some {
        /// The sprints that it is in now.
        sprints: Sprint, 5, sprints_of;
    }
    more {
        /// Who works on it.
        async fn assignee(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.assignee.as_deref()).await
        }

        /// Who wrote it down.
        async fn reporter(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.reporter.as_deref()).await
        }
    }
}

edges! {
    Transition, Transition, |it| vec![it.key.as_str()];
    one {
        /// The work item that moved.
        item: kernel::WorkItem => WorkItem, |it| one_key(it.item.as_str());
    }
    more {
        /// Who moved it.
        async fn author(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.author.as_deref()).await
        }
    }
}

edges! {
    Sprint, Sprint, |it| vec![it.key.as_str()];
    many {
        /// The work items that are in it now, newest first.
        items: kernel::WorkItem => WorkItem, |it| (Parent::SPRINT, key(&it.key));
    }
}
