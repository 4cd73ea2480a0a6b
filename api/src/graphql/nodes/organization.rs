//! The organization, its teams and people, the sources of its data, and who asks.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::people::JoinedPerson;
use store::TenantInfo;
use store::queries::TeamRow;
use store::source_state::SourceState;

use crate::views::state_of;

/// The organization whose data it is: a tenant.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Organization {
    /// Its name, as the header `sei-tenant` takes it.
    pub name: String,
    /// Its data is made up.
    pub demo: bool,
}

impl From<TenantInfo> for Organization {
    fn from(from: TenantInfo) -> Self {
        Self { name: from.tenant.to_string(), demo: from.demo }
    }
}

/// Who asks, and what they are shown.
#[derive(Clone, Debug, SimpleObject)]
pub struct Viewer {
    /// What they were granted: `viewer`, `analyst`, `manager` or `admin`.
    pub role: &'static str,
    /// The rights that the role has.
    pub rights: Vec<&'static str>,
    /// Whether persons are shown: `people`, and `person` of accounts.
    pub sees_people: bool,
    /// Why persons are not shown, if they are not: what would change it.
    pub people_hidden_because: Option<String>,
}

/// A team: declared, or named by a service.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Team {
    /// Its name.
    pub name: String,
    #[graphql(skip)]
    pub parent: Option<String>,
    #[graphql(skip)]
    pub members: Vec<String>,
}

impl From<TeamRow> for Team {
    fn from(from: TeamRow) -> Self {
        Self { name: from.name, parent: from.parent, members: from.members }
    }
}

/// A person, with the accounts that are theirs. Shown to who may see persons' data, where `dora.people` is on.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// It is a program.
    pub bot: bool,
    /// The addresses of the accounts.
    pub emails: Vec<String>,
    #[graphql(skip)]
    pub accounts: Vec<String>,
}

impl From<&JoinedPerson> for Person {
    fn from(from: &JoinedPerson) -> Self {
        Self {
            name: from.name.clone(),
            bot: from.bot,
            emails: from.emails.clone(),
            accounts: from.accounts.iter().map(|id| id.0.clone()).collect(),
        }
    }
}

/// Where data comes from, and how the last attempts to collect it went.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Source {
    /// The connector and the configured name: `github/main`.
    pub name: String,
    /// How it stands: `collecting` while its first attempt runs, then `ok`, `partial` or `failing`.
    pub state: &'static str,
    /// When it was tried last; while the first attempt runs, when that began.
    pub attempted_at: DateTime<Utc>,
    /// When it worked last.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// All that happened before is known.
    pub complete_until: Option<DateTime<Utc>>,
    /// When one of its cursors was saved last.
    pub cursor_saved_at: Option<DateTime<Utc>>,
    /// Number of rows, or commits, that the last attempt fetched; while the first one runs, until now.
    pub fetched: i64,
    /// When it failed last.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why, if it has not worked since.
    pub error: Option<String>,
    /// What the last attempt skipped because it could not be fetched.
    pub problems: Vec<String>,
    /// The remaining rate budget, as the source last reported it.
    pub budget_left: Option<i64>,
    /// When that is renewed.
    pub budget_resets_at: Option<DateTime<Utc>>,
}

impl From<SourceState> for Source {
    fn from(from: SourceState) -> Self {
        Self {
            state: state_of(&from),
            name: from.source,
            attempted_at: from.attempted_at,
            succeeded_at: from.succeeded_at,
            complete_until: from.complete_until,
            cursor_saved_at: from.cursor_saved_at,
            fetched: from.fetched,
            failed_at: from.failed_at,
            error: from.error,
            problems: from.problems,
            budget_left: from.budget_left,
            budget_resets_at: from.budget_resets_at,
        }
    }
}
