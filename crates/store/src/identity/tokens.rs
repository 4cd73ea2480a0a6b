//! API tokens.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::{Role, Tenant, TokenScope};

use super::column::{SecretHash, tenant};
use crate::error::word;
use crate::{Store, StoreError, StoreTx};

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Whose grants limit it; `None` if it was made on the machine of the server.
    pub owner_id: Option<String>,
    /// The tenant that it is for; `None` for all.
    pub tenant: Option<Tenant>,
    /// The role that it has at most.
    pub role: Role,
    /// The teams that it is limited to; empty for none.
    pub teams: Vec<String>,
    /// What it is for.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that may be used, and its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableToken {
    /// The token.
    pub token: ApiToken,
    /// Its owner, if it has one.
    pub owner: Option<TokenOwner>,
}

/// Whose grants limit a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// The id of the user.
    pub id: String,
    /// The address that an identity provider has verified.
    pub email: Option<String>,
    /// The groups that an identity provider stated last.
    pub groups: Vec<String>,
    /// When it did; `None` where nothing states them now.
    pub groups_at: Option<DateTime<Utc>>,
}

/// A token to be made.
#[derive(Clone, Copy)]
pub struct NewToken<'a> {
    /// A new id.
    pub id: &'a str,
    /// For people.
    pub name: &'a str,
    /// The hash of its secret.
    pub hash: &'a SecretHash,
    /// Whose grants limit it.
    pub owner_id: Option<&'a str>,
    /// The tenant that it is for; `None` for all.
    pub tenant: Option<&'a Tenant>,
    /// The role that it has at most.
    pub role: Role,
    /// The teams that it is limited to; empty for none.
    pub teams: &'a [String],
    /// What it is for.
    pub scope: TokenScope,
    /// After which it ends.
    pub lifetime: Option<Duration>,
}

/// A row of the table.
struct Row {
    id: String,
    name: String,
    owner_id: Option<String>,
    tenant: Option<String>,
    role: String,
    teams: Vec<String>,
    scope: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ApiToken {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            owner_id: row.owner_id,
            tenant: tenant(row.tenant)?,
            role: word("api_token.role", &row.role)?,
            teams: row.teams,
            scope: word("api_token.scope", &row.scope)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// Makes a token.
pub async fn create(tx: &mut StoreTx, token: NewToken<'_>) -> Result<ApiToken, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "insert into api_token (id, name, hash, owner_id, tenant, role, teams, scope, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $9, now() + make_interval(secs => $8))
         returning id, name, owner_id, tenant, role, teams, scope, created_at, expires_at, revoked_at, last_used_at",
        token.id,
        token.name,
        &token.hash[..],
        token.owner_id,
        token.tenant.map(Tenant::as_str),
        token.role.as_str(),
        token.teams,
        token.lifetime.map(|lifetime| lifetime.as_secs_f64()),
        token.scope.as_str(),
    )
    .fetch_one(tx.connection())
    .await?;
    row.try_into()
}

/// The token of a secret, if it has not ended, was not revoked, and its owner may log in.
pub async fn find(store: &Store, hash: &SecretHash) -> Result<Option<UsableToken>, StoreError> {
    let row = sqlx::query!(
        r#"select api_token.id, api_token.name, owner_id, tenant, role, teams, scope, api_token.created_at, expires_at,
                  revoked_at, last_used_at, groups as "groups?", groups_at as "groups_at?",
                  case when email_verified then email end as "email?"
             from api_token left join login_user on login_user.id = owner_id
            where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())
              and disabled_at is null"#,
        &hash[..],
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner =
        |id| TokenOwner { id, email: row.email, groups: row.groups.unwrap_or_default(), groups_at: row.groups_at };
    let owner = row.owner_id.clone().map(owner);
    let token = Row {
        id: row.id,
        name: row.name,
        owner_id: row.owner_id,
        tenant: row.tenant,
        role: row.role,
        teams: row.teams,
        scope: row.scope,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    };
    Ok(Some(UsableToken { token: token.try_into()?, owner }))
}

/// Notes that a token was used.
pub async fn touch(store: &Store, id: &str) -> Result<(), StoreError> {
    sqlx::query!("update api_token set last_used_at = now() where id = $1", id).execute(store.pool()).await?;
    Ok(())
}

/// Tokens by id, after this one; those of one owner, or of all.
pub async fn list(
    store: &Store,
    owner_id: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ApiToken>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, owner_id, tenant, role, teams, scope, created_at, expires_at, revoked_at, last_used_at
           from api_token
          where ($1::text is null or owner_id = $1) and ($2::text is null or id > $2)
          order by id limit $3",
        owner_id,
        after,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(ApiToken::try_from).collect()
}

/// How many tokens of a user can be used.
pub async fn usable_of(tx: &mut StoreTx, owner_id: &str) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_token
            where owner_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())"#,
        owner_id,
    )
    .fetch_one(tx.connection())
    .await?)
}

/// The token of an id.
pub async fn get(store: &Store, id: &str) -> Result<Option<ApiToken>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, owner_id, tenant, role, teams, scope, created_at, expires_at, revoked_at, last_used_at
           from api_token where id = $1",
        id,
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(ApiToken::try_from).transpose()
}

/// Revokes a token. `false` if there is none that was not.
pub async fn revoke(tx: &mut StoreTx, id: &str) -> Result<bool, StoreError> {
    let revoked = sqlx::query!("update api_token set revoked_at = now() where id = $1 and revoked_at is null", id)
        .execute(tx.connection())
        .await?;
    Ok(revoked.rows_affected() == 1)
}
