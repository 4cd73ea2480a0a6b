//! Users who may log in.

use chrono::{DateTime, Utc};

use super::sessions;
use crate::{Store, StoreError, StoreTx};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id, which never changes.
    pub id: String,
    /// By which the user logs in with a password.
    pub login_name: Option<String>,
    /// For people.
    pub name: String,
    /// Where mail reaches it.
    pub email: Option<String>,
    /// The identity provider has verified that address.
    pub email_verified: bool,
    /// Those that the identity provider stated last.
    pub groups: Vec<String>,
    /// When it did; `None` where nothing states them now.
    pub groups_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it may not log in.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// A user to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// A new id.
    pub id: &'a str,
    /// By which the user logs in with a password.
    pub login_name: Option<&'a str>,
    /// For people.
    pub name: &'a str,
    /// Where mail reaches it.
    pub email: Option<&'a str>,
}

/// Makes a user. `false` if another one has the login name.
pub async fn create(tx: &mut StoreTx, user: NewUser<'_>) -> Result<bool, StoreError> {
    let made = sqlx::query!(
        "insert into login_user (id, login_name, name, email) values ($1, $2, $3, $4) on conflict do nothing",
        user.id,
        user.login_name,
        user.name,
        user.email,
    )
    .execute(tx.connection())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// The user of this id or login name.
pub async fn find(store: &Store, id_or_login_name: &str) -> Result<Option<User>, StoreError> {
    Ok(sqlx::query_as!(
        User,
        "select id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at
           from login_user where id = $1 or lower(login_name) = lower($1) order by id = $1 desc limit 1",
        id_or_login_name,
    )
    .fetch_optional(store.pool())
    .await?)
}

/// The user of this id, as the transaction sees it.
pub async fn get(tx: &mut StoreTx, id: &str) -> Result<Option<User>, StoreError> {
    Ok(sqlx::query_as!(
        User,
        "select id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at
           from login_user where id = $1",
        id,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// The user of this id or login name, who stays there until the transaction ends.
pub async fn hold(tx: &mut StoreTx, id_or_login_name: &str) -> Result<Option<User>, StoreError> {
    Ok(sqlx::query_as!(
        User,
        "select id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at
           from login_user where id = $1 or lower(login_name) = lower($1) order by id = $1 desc limit 1 for key share",
        id_or_login_name,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// The user of a login name who may log in with a password, and the hash of the password.
pub async fn with_password(store: &Store, login_name: &str) -> Result<Option<(User, String)>, StoreError> {
    let row = sqlx::query!(
        r#"select id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at,
                  password_hash as "password_hash!"
             from login_user
            where lower(login_name) = lower($1) and password_hash is not null and disabled_at is null"#,
        login_name,
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| {
        let user = User {
            id: row.id,
            login_name: row.login_name,
            name: row.name,
            email: row.email,
            email_verified: row.email_verified,
            groups: row.groups,
            groups_at: row.groups_at,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        };
        (user, row.password_hash)
    }))
}

/// Sets the login name and the password of a user. `false` if another user has the login name.
pub async fn set_password(
    tx: &mut StoreTx,
    id: &str,
    login_name: &str,
    password_hash: &str,
) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "update login_user set login_name = $2, password_hash = $3
          where id = $1
            and not exists (select from login_user other where lower(other.login_name) = lower($2) and other.id <> $1)",
        id,
        login_name,
        password_hash,
    )
    .execute(tx.connection())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Lets a user log in, or not; then all of its sessions end, and its tokens are refused. `false` if there is no such user.
pub async fn set_disabled(tx: &mut StoreTx, id: &str, disabled: bool) -> Result<bool, StoreError> {
    let set = sqlx::query!(
        "update login_user set disabled_at = case when $2 then coalesce(disabled_at, now()) end where id = $1",
        id,
        disabled,
    )
    .execute(tx.connection())
    .await?;
    if disabled {
        sessions::end_all(tx, id).await?;
    }
    Ok(set.rows_affected() == 1)
}

/// Users by id, after this one.
pub async fn list(store: &Store, after: Option<&str>, limit: u32) -> Result<Vec<User>, StoreError> {
    Ok(sqlx::query_as!(
        User,
        "select id, login_name, name, email, email_verified, groups, groups_at, created_at, disabled_at
           from login_user where $1::text is null or id > $1 order by id limit $2",
        after,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?)
}
