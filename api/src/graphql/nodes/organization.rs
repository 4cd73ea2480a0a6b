//! The organization, its teams and people, the sources of its data, and who asks.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use store::TenantInfo;
use store::queries::TeamRow;
use store::source_state::SourceState;

use crate::access::Access;
use crate::access::persons::Others;
use crate::people;
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

/// Who asks.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Me {
    /// How it was identified: `user`, `token`, `jwt`, `local`, or `anyone` where no login is asked for.
    pub kind: &'static str,
    /// By what it is known: the id of a user or a token.
    pub key: String,
    /// The name for people.
    pub name: String,
    /// What was granted in this organization: `viewer`, `analyst`, `manager` or `admin`.
    pub role: &'static str,
    /// The rights that this gives.
    pub rights: Vec<&'static str>,
    /// The grant is limited to `teams`; otherwise it is for all of them.
    pub is_limited_to_teams: bool,
    /// Who it is among the people; null where it is linked with none, or where no person is shown.
    pub person: Option<Person>,
    /// Whether other persons are shown: `people`, and `person` of accounts.
    pub sees_people: bool,
    /// Why not even one's own person is shown, if it is not: what would change it.
    pub people_hidden_because: Option<String>,
    #[graphql(skip)]
    pub team_names: Vec<String>,
}

impl From<&Access> for Me {
    fn from(access: &Access) -> Self {
        let shown = access.shown_persons();
        Self {
            kind: access.principal.kind.as_str(),
            key: access.principal.id.clone(),
            name: access.principal.name.clone(),
            role: access.role.as_str(),
            rights: access.rights().collect(),
            is_limited_to_teams: access.teams.is_some(),
            person: access.own_person().map(Person::from),
            sees_people: shown.as_ref().is_ok_and(|others| *others != Others::None),
            people_hidden_because: shown.err().map(|problem| problem.detail),
            team_names: access.teams.iter().flat_map(|teams| teams.iter().cloned()).collect(),
        }
    }
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

/// A person, with the accounts that are theirs. Shown as `dora.people` says: to the person, and to managers.
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
    #[graphql(skip)]
    pub team_names: Vec<String>,
}

impl From<&people::Person> for Person {
    fn from(from: &people::Person) -> Self {
        Self {
            name: from.joined.name.clone(),
            bot: from.joined.bot,
            emails: from.joined.emails.clone(),
            accounts: from.accounts().collect(),
            team_names: from.teams.iter().cloned().collect(),
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
