//! Sessions of users who have logged in.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::column::SecretHash;
use crate::{Store, StoreError, StoreTx};

/// A session that has not ended.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub user_id: String,
    /// The name of the user, for people.
    pub user_name: String,
    /// The address of the user that an identity provider has verified.
    pub email: Option<String>,
    /// The groups of the user.
    pub groups: Vec<String>,
    /// What requests that change something repeat in a header.
    pub csrf: String,
    /// When a request came last, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When the identity provider is asked again what the user may do; `None` without one.
    pub refresh_at: Option<DateTime<Utc>>,
}

/// A session to be made.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    /// The hash of its cookie.
    pub hash: &'a SecretHash,
    /// Whose it is.
    pub user_id: &'a str,
    /// What requests that change something repeat in a header.
    pub csrf: &'a str,
    /// After which it ends.
    pub lifetime: Duration,
}

/// Makes a session, and deletes those that have ended.
pub async fn create(tx: &mut StoreTx, session: NewSession<'_>) -> Result<(), StoreError> {
    sqlx::query!("delete from login_session where expires_at < now()").execute(tx.connection()).await?;
    sqlx::query!(
        "insert into login_session (hash, user_id, csrf, expires_at)
         values ($1, $2, $3, now() + make_interval(secs => $4))",
        &session.hash[..],
        session.user_id,
        session.csrf,
        session.lifetime.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The session of a cookie, if it has not ended, no request was further back than `idle`, and its user may log in.
pub async fn find(store: &Store, hash: &SecretHash, idle: Duration) -> Result<Option<Session>, StoreError> {
    Ok(sqlx::query_as!(
        Session,
        r#"select user_id, name as user_name, case when email_verified then email end as "email?",
                  groups, csrf, last_seen_at, expires_at, refresh_at as "refresh_at?"
           from login_session join login_user on login_user.id = user_id
                left join provider_session on session_hash = hash
          where hash = $1 and expires_at > now() and last_seen_at > now() - make_interval(secs => $2)
            and disabled_at is null"#,
        &hash[..],
        idle.as_secs_f64(),
    )
    .fetch_optional(store.pool())
    .await?)
}

/// Notes that a request has come.
pub async fn touch(store: &Store, hash: &SecretHash) -> Result<(), StoreError> {
    sqlx::query!("update login_session set last_seen_at = now() where hash = $1", &hash[..])
        .execute(store.pool())
        .await?;
    Ok(())
}

/// Ends a session. `false` if there is none.
pub async fn end(tx: &mut StoreTx, hash: &SecretHash) -> Result<bool, StoreError> {
    let ended = sqlx::query!("delete from login_session where hash = $1", &hash[..]).execute(tx.connection()).await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all sessions of a user.
pub async fn end_all(tx: &mut StoreTx, user_id: &str) -> Result<u64, StoreError> {
    let ended = sqlx::query!("delete from login_session where user_id = $1", user_id).execute(tx.connection()).await?;
    Ok(ended.rows_affected())
}
