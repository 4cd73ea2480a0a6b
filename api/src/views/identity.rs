//! Users, sessions, tokens and grants, without their secrets.

use chrono::{DateTime, Utc};
use kernel::{Role, Tenant};
use serde::Serialize;
use store::identity::grants::{GrantRow, Grantee};
use store::identity::tokens::ApiToken;
use store::identity::users::User;
use utoipa::ToSchema;

use crate::access::Access;
use crate::access::persons::Others;
use crate::identity::{Grant, Identity, Principal};
use crate::people::Person;

/// Who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// Who.
    pub principal: Principal,
    /// What was granted: roles in tenants. What a token is limited to by itself counts as well.
    pub grants: Vec<Reach>,
    /// What requests of this session that change something repeat in the header `sei-csrf`.
    #[schema(required)]
    pub csrf: Option<String>,
    /// What that gives in the tenant of the request; null where nothing is granted there.
    #[schema(required)]
    pub tenant: Option<MeInTenant>,
}

/// What who asks has in a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeInTenant {
    /// The tenant.
    pub name: String,
    /// `viewer`, `analyst`, `manager` or `admin`.
    pub role: &'static str,
    /// The rights that the grant gives.
    pub rights: Vec<&'static str>,
    /// The teams that the grant is limited to, with those that are part of them; null where it is limited to none.
    #[schema(required)]
    pub teams: Option<Vec<String>>,
    /// Who it is among the people; null where it is linked with none, or where no person is shown.
    #[schema(required)]
    pub person: Option<OwnPerson>,
    /// Whether other persons are shown, with names and addresses, and metrics by person.
    pub sees_people: bool,
    /// Why not even one's own person is shown, if it is not: what would change it.
    #[schema(required)]
    pub people_hidden_because: Option<String>,
}

/// Who someone is among the people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnPerson {
    /// The account that stands for the person: the first of `accounts`.
    pub id: String,
    /// The name.
    pub name: String,
    /// The addresses of the accounts.
    pub emails: Vec<String>,
    /// The accounts, `<host>/<login>` or `email/<address>`.
    pub accounts: Vec<String>,
    /// The teams that name one of the accounts as a member.
    pub teams: Vec<String>,
}

/// A role, and for what.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reach {
    /// The tenant; null for all.
    #[schema(required)]
    pub tenant: Option<String>,
    /// The role.
    #[schema(value_type = Role)]
    pub role: &'static str,
    /// The teams that it is limited to, with those that are part of them; empty for none.
    pub teams: Vec<String>,
}

/// An API token, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of the user whose grants limit it; null if it was made on the server's machine.
    #[schema(required)]
    pub owner: Option<String>,
    /// The tenant that it is for; null for all.
    #[schema(required)]
    pub tenant: Option<String>,
    /// The role that it has at most.
    #[schema(value_type = Role)]
    pub role: &'static str,
    /// The teams that it is limited to, with those that are part of them; empty for none.
    pub teams: Vec<String>,
    /// `read` for one that only reads, `write` for one that also changes what its role may change.
    pub scope: &'static str,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; null for never.
    #[schema(required)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[schema(required)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    #[schema(required)]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that was made. Its secret is not shown again.
#[derive(Clone, Serialize, ToSchema)]
pub struct CreatedTokenView {
    /// The token.
    pub token: TokenView,
    /// What programs send: `Authorization: Bearer sei_…`.
    pub secret: String,
}

/// A role that was granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub struct GrantView {
    /// Its id.
    pub id: String,
    /// The id of the user who has it; null if a group has it.
    #[schema(required)]
    pub user: Option<String>,
    /// The name of that user.
    #[schema(required)]
    pub user_name: Option<String>,
    /// The group of an identity provider that has it; null if a user has it.
    #[schema(required)]
    pub group: Option<String>,
    /// The tenant; null for all.
    #[schema(required)]
    pub tenant: Option<String>,
    /// The role.
    #[schema(value_type = Role)]
    pub role: &'static str,
    /// The teams that it is limited to, with those that are part of them; empty for none.
    pub teams: Vec<String>,
    /// When it was granted.
    pub created_at: DateTime<Utc>,
}

/// A user who may log in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name by which it logs in with a password; null if it has none.
    #[schema(required)]
    pub login_name: Option<String>,
    /// Where mail reaches it.
    #[schema(required)]
    pub email: Option<String>,
    /// The identity provider has verified that address.
    pub email_verified: bool,
    /// Its groups, as the identity provider stated them last.
    pub groups: Vec<String>,
    /// When it did; null where nothing states them now.
    #[schema(required)]
    pub groups_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it may not log in.
    #[schema(required)]
    pub disabled_at: Option<DateTime<Utc>>,
}

fn name(tenant: Option<Tenant>) -> Option<String> {
    tenant.map(String::from)
}

impl Me {
    /// An identity, with what it may be answered about a tenant.
    pub(crate) fn new(from: &Identity, tenant: Option<(&Tenant, &Access)>) -> Self {
        Self {
            principal: (*from.principal).clone(),
            grants: from.grants.all().map(Reach::from).collect(),
            csrf: from.session.as_ref().map(|session| session.csrf.clone()),
            tenant: tenant.map(|(tenant, access)| MeInTenant::new(tenant, access)),
        }
    }
}

impl MeInTenant {
    fn new(tenant: &Tenant, access: &Access) -> Self {
        let shown = access.shown_persons();
        Self {
            name: tenant.to_string(),
            role: access.role.as_str(),
            rights: access.rights().collect(),
            teams: access.teams.as_ref().map(|teams| teams.iter().cloned().collect()),
            person: access.own_person().map(OwnPerson::from),
            sees_people: shown.as_ref().is_ok_and(|others| *others != Others::None),
            people_hidden_because: shown.err().map(|problem| problem.detail),
        }
    }
}

impl From<&Person> for OwnPerson {
    fn from(from: &Person) -> Self {
        Self {
            id: from.id().to_owned(),
            name: from.joined.name.clone(),
            emails: from.joined.emails.clone(),
            accounts: from.accounts().collect(),
            teams: from.teams.iter().cloned().collect(),
        }
    }
}

impl From<&Grant> for Reach {
    fn from(from: &Grant) -> Self {
        Self {
            tenant: name(from.tenant.clone()),
            role: from.role.as_str(),
            teams: from.teams.iter().cloned().collect(),
        }
    }
}

impl From<ApiToken> for TokenView {
    fn from(from: ApiToken) -> Self {
        Self {
            id: from.id,
            name: from.name,
            owner: from.owner_id,
            tenant: name(from.tenant),
            role: from.role.as_str(),
            teams: from.teams,
            scope: from.scope.as_str(),
            created_at: from.created_at,
            expires_at: from.expires_at,
            revoked_at: from.revoked_at,
            last_used_at: from.last_used_at,
        }
    }
}

impl From<GrantRow> for GrantView {
    fn from(from: GrantRow) -> Self {
        let (user, group) = match from.grantee {
            Grantee::User(id) => (Some(id), None),
            Grantee::Group(name) => (None, Some(name)),
        };
        Self {
            id: from.id,
            user,
            user_name: from.user_name,
            group,
            tenant: name(from.tenant),
            role: from.role.as_str(),
            teams: from.teams,
            created_at: from.created_at,
        }
    }
}

impl From<User> for UserView {
    fn from(from: User) -> Self {
        let User { id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at } = from;
        Self { id, name, login_name, email, email_verified, groups, groups_at, created_at, disabled_at }
    }
}
