//! Lists of code and of what is planned: repositories, changes, work items, sprints and vulnerabilities.

use async_graphql::{Context, Object};
use store::queries::RepositoryRow;

use crate::graphql::filters::{
    ChangesFilter, RepositoriesFilter, SprintsFilter, VulnerabilitiesFilter, WorkItemsFilter,
};
use crate::graphql::nodes::{Change, Sprint, Vulnerability, WorkItem};
use crate::graphql::paging::{List, rows};
use crate::graphql::resolve::list;
use crate::views::Repository;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct CodeLists;

#[expect(clippy::too_many_arguments, reason = "Relay names four of them")]
#[Object]
impl CodeLists {
    /// Repositories by id.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn repositories(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<RepositoriesFilter>,
    ) -> List<Repository> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<RepositoryRow, _>(context, asked, (first, after, last, before)).await
    }

    /// Changes: open, merged and abandoned, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn changes(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<ChangesFilter>,
    ) -> List<Change> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::Change, _>(context, asked, (first, after, last, before)).await
    }

    /// Work items of trackers, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn work_items(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<WorkItemsFilter>,
    ) -> List<WorkItem> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::WorkItem, _>(context, asked, (first, after, last, before)).await
    }

    /// Sprints, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn sprints(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<SprintsFilter>,
    ) -> List<Sprint> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::Sprint, _>(context, asked, (first, after, last, before)).await
    }

    /// Vulnerabilities, newest first.
    #[graphql(complexity = "rows(first, last) * child_complexity + 10")]
    async fn vulnerabilities(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        question: Option<VulnerabilitiesFilter>,
    ) -> List<Vulnerability> {
        let asked = question.unwrap_or_default().asked(context).await?;
        list::<kernel::Vulnerability, _>(context, asked, (first, after, last, before)).await
    }
}
