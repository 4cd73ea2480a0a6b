//! Changes, reviews, accounts and vulnerabilities.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::{ChangeState, ReviewState, Sha};

/// A pull or merge request: open, merged or abandoned.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Change {
    /// `<repository>#<number>`.
    pub key: String,
    #[graphql(skip)]
    pub repository: String,
    /// Its number in the repository.
    pub number: Option<i64>,
    /// Its title.
    pub title: String,
    /// Web address.
    pub url: Option<String>,
    /// Open, merged or abandoned.
    pub state: ChangeState,
    #[graphql(skip)]
    pub author: Option<String>,
    /// The branch that it comes from.
    pub source_branch: Option<String>,
    /// The branch that it goes to.
    pub target_branch: Option<String>,
    /// When it was opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was marked ready for review, if it was a draft.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// When it was closed without a merge.
    pub closed_at: Option<DateTime<Utc>>,
    /// Lines added.
    pub additions: Option<i64>,
    /// Lines deleted.
    pub deletions: Option<i64>,
    /// Its labels.
    pub labels: Vec<String>,
    #[graphql(skip)]
    pub reverts: Option<String>,
    /// Those that its source lists, and the one by which it was merged.
    #[graphql(skip)]
    pub commits: Vec<Sha>,
}

impl From<kernel::Change> for Change {
    fn from(from: kernel::Change) -> Self {
        let mut commits = from.commits;
        commits.extend(from.merge_sha.filter(|merge| !commits.contains(merge)));
        Self {
            key: from.id.0,
            repository: from.repository.0,
            number: from.number,
            title: from.title,
            url: from.url,
            state: from.state,
            author: from.author.map(|id| id.0),
            source_branch: from.source_branch,
            target_branch: from.target_branch,
            opened_at: from.opened_at,
            ready_at: from.ready_at,
            merged_at: from.merged_at,
            closed_at: from.closed_at,
            additions: from.additions,
            deletions: from.deletions,
            labels: from.labels,
            reverts: from.reverts.map(|id| id.0),
            commits,
        }
    }
}

/// A review of a change, or a comment on it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Review {
    /// Its id at the source.
    pub key: String,
    #[graphql(skip)]
    pub change: String,
    #[graphql(skip)]
    pub reviewer: Option<String>,
    /// Its result.
    pub state: ReviewState,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
}

impl From<kernel::Review> for Review {
    fn from(from: kernel::Review) -> Self {
        Self {
            key: from.id,
            change: from.change.0,
            reviewer: from.reviewer.map(|id| id.0),
            state: from.state,
            submitted_at: from.submitted_at,
        }
    }
}

/// An account of a person or of a program at a source.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Account {
    /// `<host>/<login>`, or `email/<address>` for a git author.
    pub key: String,
    /// The name that it goes by; null where none is known.
    pub name: Option<String>,
    /// It is a program's.
    pub bot: bool,
}

impl Account {
    /// One of which nothing is known but its id.
    pub fn unknown(key: &str) -> Self {
        Self { key: key.to_owned(), name: None, bot: false }
    }
}

impl From<kernel::Account> for Account {
    fn from(from: kernel::Account) -> Self {
        Self { key: from.id.0, name: Some(from.name).filter(|name| !name.is_empty()), bot: from.bot }
    }
}

/// A vulnerability that a scanner found.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Vulnerability {
    /// Its id at the source.
    pub key: String,
    #[graphql(skip)]
    pub repository: Option<String>,
    /// `critical`, `high`, `medium` or `low`; otherwise as the source has it.
    pub severity: String,
    /// Its title.
    pub title: String,
    /// The package, or the rule that found it.
    pub rule: Option<String>,
    /// When it was found.
    pub opened_at: DateTime<Utc>,
    /// When it was fixed.
    pub fixed_at: Option<DateTime<Utc>>,
    /// When it was dismissed.
    pub dismissed_at: Option<DateTime<Utc>>,
    /// Web address.
    pub url: Option<String>,
}

impl From<kernel::Vulnerability> for Vulnerability {
    fn from(from: kernel::Vulnerability) -> Self {
        Self {
            key: from.id,
            repository: from.repository.map(|id| id.0),
            severity: from.severity,
            title: from.title,
            rule: from.rule,
            opened_at: from.opened_at,
            fixed_at: from.fixed_at,
            dismissed_at: from.dismissed_at,
            url: from.url,
        }
    }
}
