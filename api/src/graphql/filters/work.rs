//! Filters of changes, work items, sprints and vulnerabilities, and of what is listed by name.

use async_graphql::InputObject;
use kernel::{Change, ChangeState, Finding, FindingKind, Sprint, StatusCategory, Vulnerability, WorkItem};
use store::queries::{RepositoryRow, RowFilter, ServiceRow, TeamRow};

use super::inputs::searched;
use super::sorts::{ChangeSort, ServiceSort, SprintSort, VulnerabilitySort, WorkItemSort, order};
use crate::questions::rows::{add, present, row_question, text, texts, texts_in_any_case, words};
use crate::questions::{Invalid, RowQuestion, ServiceFilter, Span, TeamColumns, VulnerabilityColumns, WorkItemColumns};

row_question! {
    /// Which changes are listed, by when they were opened.
    #[derive(Clone, Debug, Default, InputObject)]
    ChangesFilter of Change {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those of this repository (`host/owner/name`).
            repository: String => text("repository"),
            /// Only those that are open, merged or abandoned.
            states: Vec<ChangeState> => words("states", "state"),
            /// Only those that this account opened (`host/login`): one of your own, or any for who may see persons' data.
            author: String => text("author"),
            /// Only those that go to this branch.
            target_branch: String => text("target_branch"),
            /// Only those whose title or key holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        account author of "changes",
        sort {
            /// The order; the newest first without it.
            by ChangeSort => order::<Change, _>,
        }
    }
}

row_question! {
    /// Which work items are listed, by when they were written down.
    #[derive(Clone, Debug, Default, InputObject)]
    WorkItemsFilter of WorkItem {
        within {
            #[graphql(flatten)]
            span: Span,
        }
        shared {
            #[graphql(flatten)]
            columns: WorkItemColumns,
        }
        columns {
            /// Only those of these kinds, as sources have them, in upper or lower case: `story`, `bug`.
            kinds: Vec<String> => texts_in_any_case("kinds", "kind"),
            /// Only those that stand there.
            categories: Vec<StatusCategory> => words("categories", "status_category"),
            /// Only those whose title or reference holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        account columns.assignee of "work items",
        sort {
            /// The order; the newest first without it.
            by WorkItemSort => order::<WorkItem, _>,
        }
    }
}

row_question! {
    /// Which sprints are listed, by when they began.
    #[derive(Clone, Debug, Default, InputObject)]
    SprintsFilter of Sprint {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those of this board.
            board: String => text("board"),
            /// Only those that are open, or only those that were closed.
            open: bool => present(|open: bool| [("completed_at", !open)]),
            /// Only those whose name holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        sort {
            /// The order; the newest first without it.
            by SprintSort => order::<Sprint, _>,
        }
    }
}

row_question! {
    /// Which vulnerabilities are listed, by when they were found.
    #[derive(Clone, Debug, Default, InputObject)]
    VulnerabilitiesFilter of Vulnerability {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        shared {
            #[graphql(flatten)]
            columns: VulnerabilityColumns,
        }
        columns {
            /// Only those that are not fixed, or only those that are.
            open: bool => present(|open: bool| [("fixed_at", !open)]),
            /// Only those of these severities.
            severities: Vec<String> => texts("severities", "severity"),
            /// Only those whose title or rule holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        sort {
            /// The order; the newest first without it.
            by VulnerabilitySort => order::<Vulnerability, _>,
        }
    }
}

row_question! {
    /// Which services are listed.
    #[derive(Clone, Debug, Default, InputObject)]
    ServicesFilter of ServiceRow {
        within {
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those whose name holds this text.
            search: String => searched(),
        }
        sort {
            /// The order; by name without it.
            by ServiceSort => order::<ServiceRow, _>,
        }
    }
}

row_question! {
    /// Which repositories are listed.
    #[derive(Clone, Debug, Default, InputObject)]
    RepositoriesFilter of RepositoryRow {
        within {
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those whose id or name holds this text.
            search: String => searched(),
        }
    }
}

row_question! {
    /// Which teams are listed.
    #[derive(Clone, Debug, Default, InputObject)]
    TeamsFilter of TeamRow {
        shared {
            #[graphql(flatten)]
            columns: TeamColumns,
        }
        columns {
            /// Only those that are part of no other, or only those that are part of one.
            root: bool => present(|root: bool| [("parent", !root)]),
            /// Only those whose name holds this text.
            search: String => searched(),
        }
    }
}

/// Which findings are listed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct FindingsFilter {
    /// Only this service.
    service: Option<String>,
    /// Only those of these kinds.
    kinds: Option<Vec<FindingKind>>,
    /// Only those whose sentence or subject holds this text.
    search: Option<String>,
}

impl RowQuestion for FindingsFilter {
    type Row = Finding;

    fn services(&self) -> ServiceFilter {
        ServiceFilter { service: self.service.clone(), team: None }
    }

    fn add_to(self, filter: &mut RowFilter) -> Result<(), Invalid> {
        if let Some(kinds) = self.kinds {
            add(filter, kinds, words("kinds", "kind"))?;
        }
        self.search.map_or(Ok(()), |text| add(filter, text, searched()))
    }
}
