//! Filters of changes, work items, sprints and vulnerabilities, and of what is listed by name.

use async_graphql::{Context, InputObject};
use kernel::{Change, ChangeState, Finding, FindingKind, Sprint, StatusCategory, Vulnerability, WorkItem};
use store::queries::{RepositoryRow, ServiceRow, TeamRow};

use super::inputs::{Asked, add_person, add_word, add_words, rows_of};
use super::sorts::{ChangeSort, ServiceSort, Sorted, SprintSort, VulnerabilitySort, WorkItemSort};
use crate::graphql::resolve::usual;
use crate::questions::{ServiceFilter, Span};

/// Which changes are listed, by when they were opened.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ChangesFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those of this repository (`host/owner/name`).
    repository: Option<String>,
    /// Only those that are open, merged or abandoned.
    states: Option<Vec<ChangeState>>,
    /// Only those that this account opened (`host/login`): one of your own, or any for who may see persons' data.
    author: Option<String>,
    /// Only those that go to this branch.
    target_branch: Option<String>,
    /// Only those whose title or key holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<ChangeSort>,
}

impl ChangesFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        add_word(&mut filter, "repository", self.repository);
        let states = self.states.map(|all| all.iter().map(|state| state.as_str().to_owned()).collect());
        add_words(&mut filter, ("states", "state"), states)?;
        add_person(context, &mut filter, ("changes", "author"), self.author).await?;
        add_word(&mut filter, "target_branch", self.target_branch);
        Ok((filter, self.sort.unwrap_or_default().order::<Change>()))
    }
}

/// Which work items are listed, by when they were written down.
#[derive(Clone, Debug, Default, InputObject)]
pub struct WorkItemsFilter {
    #[graphql(flatten)]
    span: Span,
    /// Only those of this project, or of the repository that they are in.
    project: Option<String>,
    /// Only those of these kinds, as sources have them: `story`, `bug`.
    kinds: Option<Vec<String>>,
    /// Only those that stand there.
    categories: Option<Vec<StatusCategory>>,
    /// Only those that this account works on (`host/login`): one of your own, or any for who may see persons' data.
    assignee: Option<String>,
    /// Only those whose title or reference holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<WorkItemSort>,
}

impl WorkItemsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &ServiceFilter::default(), Some(&self.span), self.search).await?;
        add_word(&mut filter, "project", self.project);
        add_words(&mut filter, ("kinds", "kind"), self.kinds)?;
        let categories = self.categories.map(|all| all.iter().map(|one| one.as_str().to_owned()).collect());
        add_words(&mut filter, ("categories", "status_category"), categories)?;
        add_person(context, &mut filter, ("work items", "assignee"), self.assignee).await?;
        Ok((filter, self.sort.unwrap_or_default().order::<WorkItem>()))
    }
}

/// Which sprints are listed, by when they began.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SprintsFilter {
    #[graphql(flatten)]
    span: Span,
    /// Only those of this board.
    board: Option<String>,
    /// Only those that are open, or only those that were closed.
    open: Option<bool>,
    /// Only those whose name holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<SprintSort>,
}

impl SprintsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &ServiceFilter::default(), Some(&self.span), self.search).await?;
        add_word(&mut filter, "board", self.board);
        filter.present.extend(self.open.map(|open| ("completed_at", !open)));
        Ok((filter, self.sort.unwrap_or_default().order::<Sprint>()))
    }
}

/// Which vulnerabilities are listed, by when they were found.
#[derive(Clone, Debug, Default, InputObject)]
pub struct VulnerabilitiesFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those of this repository (`host/owner/name`).
    repository: Option<String>,
    /// Only those that are not fixed, or only those that are.
    open: Option<bool>,
    /// Only those of these severities.
    severities: Option<Vec<String>>,
    /// Only those whose title or rule holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<VulnerabilitySort>,
}

impl VulnerabilitiesFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        add_word(&mut filter, "repository", self.repository);
        filter.present.extend(self.open.map(|open| ("fixed_at", !open)));
        add_words(&mut filter, ("severities", "severity"), self.severities)?;
        Ok((filter, self.sort.unwrap_or_default().order::<Vulnerability>()))
    }
}

/// Which services are listed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServicesFilter {
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those whose name holds this text.
    search: Option<String>,
    /// The order; by name without it.
    sort: Option<ServiceSort>,
}

impl ServicesFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let filter = rows_of(context, &self.services, None, self.search).await?;
        Ok((filter, self.sort.unwrap_or_default().order::<ServiceRow>()))
    }
}

/// Which repositories are listed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct RepositoriesFilter {
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those whose id or name holds this text.
    search: Option<String>,
}

impl RepositoriesFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        Ok((rows_of(context, &self.services, None, self.search).await?, usual::<RepositoryRow>()))
    }
}

/// Which teams are listed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TeamsFilter {
    /// Only those that are part of this team.
    parent: Option<String>,
    /// Only those that are part of no other, or only those that are part of one.
    root: Option<bool>,
    /// Only those whose name holds this text.
    search: Option<String>,
}

impl TeamsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &ServiceFilter::default(), None, self.search).await?;
        add_word(&mut filter, "parent", self.parent);
        filter.present.extend(self.root.map(|root| ("parent", !root)));
        Ok((filter, usual::<TeamRow>()))
    }
}

/// Which findings are listed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct FindingsFilter {
    /// Only of this service.
    service: Option<String>,
    /// Only those of these kinds.
    kinds: Option<Vec<FindingKind>>,
    /// Only those whose sentence or subject holds this text.
    search: Option<String>,
}

impl FindingsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let services = ServiceFilter { service: self.service, team: None };
        let mut filter = rows_of(context, &services, None, self.search).await?;
        let kinds = self.kinds.map(|all| all.iter().map(|kind| kind.as_str().to_owned()).collect());
        add_words(&mut filter, ("kinds", "kind"), kinds)?;
        Ok((filter, usual::<Finding>()))
    }
}
