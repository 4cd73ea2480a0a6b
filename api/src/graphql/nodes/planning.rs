//! Work items with their history, and sprints.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::StatusCategory;

/// An issue, a story, an epic: something that is planned in a tracker.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct WorkItem {
    /// Its id at the source.
    pub key: String,
    /// As people call it: `PROJ-12`, `#12`.
    pub reference: String,
    /// The project, or the repository that it is in.
    pub project: String,
    /// Its title.
    pub title: String,
    /// As the source has it: `story`, `bug`.
    pub kind: Option<String>,
    /// As its workflow calls it.
    pub status: String,
    /// Where it stands.
    pub status_category: StatusCategory,
    /// It was closed without being done.
    pub canceled: bool,
    #[graphql(skip)]
    pub assignee: Option<String>,
    #[graphql(skip)]
    pub reporter: Option<String>,
    #[graphql(skip)]
    pub parent: Option<String>,
    #[graphql(skip)]
    pub sprints: Vec<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When work on it began first.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was finished last.
    pub done_at: Option<DateTime<Utc>>,
    /// Story points.
    pub points: Option<f64>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::WorkItem> for WorkItem {
    fn from(from: kernel::WorkItem) -> Self {
        Self {
            key: from.id.0,
            reference: from.key,
            project: from.project,
            title: from.title,
            kind: from.kind,
            status: from.status,
            status_category: from.status_category,
            canceled: from.canceled,
            assignee: from.assignee.map(|id| id.0),
            reporter: from.reporter.map(|id| id.0),
            parent: from.parent.map(|id| id.0),
            sprints: from.sprints,
            created_at: from.created_at,
            started_at: from.started_at,
            done_at: from.done_at,
            points: from.points,
            labels: from.labels,
            url: from.url,
        }
    }
}

/// A work item that moved from one status to another.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Transition {
    /// Its id at the source.
    pub key: String,
    #[graphql(skip)]
    pub item: String,
    /// When.
    pub at: DateTime<Utc>,
    #[graphql(skip)]
    pub author: Option<String>,
    /// The status that it left; null for its first.
    pub from_status: Option<String>,
    /// The status that it came to.
    pub to_status: String,
    /// What the status that it left means, where the source says so.
    pub from_category: Option<StatusCategory>,
    /// What the status that it came to means, where the source says so.
    pub to_category: Option<StatusCategory>,
}

impl From<kernel::Transition> for Transition {
    fn from(from: kernel::Transition) -> Self {
        Self {
            key: from.id,
            item: from.item.0,
            at: from.at,
            author: from.author.map(|id| id.0),
            from_status: from.from_status,
            to_status: from.to_status,
            from_category: from.from_category,
            to_category: from.to_category,
        }
    }
}

/// A sprint.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Sprint {
    /// Its id at the source.
    pub key: String,
    /// The board that it was planned on.
    pub board: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub goal: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it is to end.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was closed; null while it is open.
    pub completed_at: Option<DateTime<Utc>>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::Sprint> for Sprint {
    fn from(from: kernel::Sprint) -> Self {
        Self {
            key: from.id,
            board: from.board,
            name: from.name,
            goal: from.goal,
            started_at: from.started_at,
            ends_at: from.ends_at,
            completed_at: from.completed_at,
            url: from.url,
        }
    }
}
