//! Roles that were granted to users, and to groups of identity providers.

use chrono::{DateTime, Utc};
use kernel::{Role, Tenant};

use super::column::tenant;
use crate::error::word;
use crate::{Store, StoreError, StoreTx};

/// Who has a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// A user, by its id.
    User(String),
    /// All in a group of an identity provider.
    Group(String),
}

impl Grantee {
    fn columns(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::User(id) => (Some(id), None),
            Self::Group(name) => (None, Some(name)),
        }
    }
}

/// A role that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: String,
    /// Who has it.
    pub grantee: Grantee,
    /// The name of the user who has it.
    pub user_name: Option<String>,
    /// The tenant; `None` for all.
    pub tenant: Option<Tenant>,
    /// What is granted.
    pub role: Role,
    /// The teams that it is limited to; empty for none.
    pub teams: Vec<String>,
    /// When it was granted.
    pub created_at: DateTime<Utc>,
}

/// A role to be granted.
#[derive(Clone, Copy, Debug)]
pub struct NewGrant<'a> {
    /// A new id.
    pub id: &'a str,
    /// Who gets it.
    pub grantee: &'a Grantee,
    /// The tenant; `None` for all.
    pub tenant: Option<&'a Tenant>,
    /// What is granted.
    pub role: Role,
    /// The teams that it is limited to; empty for none.
    pub teams: &'a [String],
}

/// A row of the table.
struct Row {
    id: String,
    user_id: Option<String>,
    provider_group: Option<String>,
    user_name: Option<String>,
    tenant: Option<String>,
    role: String,
    teams: Vec<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for GrantRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let grantee = match (row.user_id, row.provider_group) {
            (Some(id), _) => Grantee::User(id),
            (None, group) => Grantee::Group(group.unwrap_or_default()),
        };
        Ok(Self {
            id: row.id,
            grantee,
            user_name: row.user_name,
            tenant: tenant(row.tenant)?,
            role: word("access_grant.role", &row.role)?,
            teams: row.teams,
            created_at: row.created_at,
        })
    }
}

/// Grants a role. Returns the grant, and whether it is new: what is granted already stays as it is.
pub async fn add(tx: &mut StoreTx, grant: NewGrant<'_>) -> Result<(GrantRow, bool), StoreError> {
    let (user_id, group) = grant.grantee.columns();
    let row = sqlx::query_as!(
        Row,
        r#"insert into access_grant (id, user_id, provider_group, tenant, role, teams)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (user_id, provider_group, tenant, role, teams) do update set role = excluded.role
           returning id, user_id, provider_group, (select login_user.name from login_user where login_user.id = user_id) as "user_name?",
                     tenant, role, teams, created_at"#,
        grant.id,
        user_id,
        group,
        grant.tenant.map(Tenant::as_str),
        grant.role.as_str(),
        grant.teams,
    )
    .fetch_one(tx.connection())
    .await?;
    let is_new = row.id == grant.id;
    Ok((row.try_into()?, is_new))
}

/// Takes a grant back. `false` if there is none.
pub async fn remove(tx: &mut StoreTx, id: &str) -> Result<bool, StoreError> {
    let removed = sqlx::query!("delete from access_grant where id = $1", id).execute(tx.connection()).await?;
    Ok(removed.rows_affected() == 1)
}

/// What is granted to a user and to its groups: 1,000 grants at most.
pub async fn of_user(store: &Store, user_id: &str, groups: &[String]) -> Result<Vec<GrantRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, user_id, provider_group, null::text as "user_name?", tenant, role, teams, created_at
             from access_grant where user_id = $1 or provider_group = any($2) order by id limit 1000"#,
        user_id,
        groups,
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(GrantRow::try_from).collect()
}

/// Grants by id, after this one: those for one tenant, or all.
pub async fn list(
    store: &Store,
    tenant: Option<&Tenant>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<GrantRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select access_grant.id, user_id, provider_group, name as "user_name?", tenant, role, teams,
                  access_grant.created_at
             from access_grant left join login_user on login_user.id = user_id
            where ($1::text is null or tenant = $1) and ($2::text is null or access_grant.id > $2)
            order by access_grant.id limit $3"#,
        tenant.map(Tenant::as_str),
        after,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(GrantRow::try_from).collect()
}

/// The grant of an id.
pub async fn get(store: &Store, id: &str) -> Result<Option<GrantRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select access_grant.id, user_id, provider_group, name as "user_name?", tenant, role, teams,
                  access_grant.created_at
             from access_grant left join login_user on login_user.id = user_id where access_grant.id = $1"#,
        id,
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(GrantRow::try_from).transpose()
}

/// Whether a user who may log in, or a group of one of these identity providers, is an administrator of everything.
pub async fn has_administrator(store: &Store, providers: &[String]) -> Result<bool, StoreError> {
    is_administered(store.pool(), providers).await
}

/// Holds off others that end what administrators have, until the transaction ends.
pub async fn hold_administrators(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "select id from access_grant where role = $1 and tenant is null and teams = '{}' order by id for update",
        Role::Admin.as_str(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(())
}

/// The same as [`has_administrator`], as the transaction sees it.
pub async fn leaves_administrator(tx: &mut StoreTx, providers: &[String]) -> Result<bool, StoreError> {
    is_administered(tx.connection(), providers).await
}

async fn is_administered(executor: impl sqlx::PgExecutor<'_>, providers: &[String]) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from access_grant left join login_user on login_user.id = user_id
                           where role = $1 and tenant is null and teams = '{}' and disabled_at is null
                             and (user_id is not null or split_part(provider_group, ':', 1) = any($2))) as "exists!""#,
        Role::Admin.as_str(),
        providers,
    )
    .fetch_one(executor)
    .await?)
}
