//! Users as identity providers know them, and their sessions.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::column::SecretHash;
use super::users::{self, NewUser};
use crate::{Store, StoreError, StoreTx};

/// The user that a subject of an issuer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUser {
    /// Its id.
    pub id: String,
    /// Whether it may not log in.
    pub is_disabled: bool,
}

/// What a provider states about a user.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    /// For people.
    pub name: &'a str,
    /// Where mail reaches the user.
    pub email: Option<&'a str>,
    /// It has verified that address.
    pub email_verified: bool,
    /// The groups of the user.
    pub groups: &'a [String],
}

/// A session that begins with a login at a provider.
#[derive(Clone, Copy)]
pub struct NewProviderSession<'a> {
    /// The hash of its cookie.
    pub session: &'a SecretHash,
    /// The name of the provider in the settings.
    pub provider: &'a str,
    /// Its issuer.
    pub issuer: &'a str,
    /// What it calls the user.
    pub subject: &'a str,
    /// Its own session.
    pub sid: Option<&'a str>,
    /// Its tokens, encrypted.
    pub tokens: Option<&'a [u8]>,
    /// After which it is asked again.
    pub refresh_after: Duration,
}

/// A session of a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderSession {
    /// The user.
    pub user_id: String,
    /// The name of the provider in the settings.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// What it calls the user.
    pub subject: String,
    /// Its tokens, encrypted.
    pub tokens: Option<Vec<u8>>,
    /// When it last stated what the user may do.
    pub refreshed_at: DateTime<Utc>,
}

/// A session that ended.
#[derive(Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// The hash of its cookie.
    pub hash: SecretHash,
    /// Whose it was.
    pub user_id: String,
}

/// The user that a subject of an issuer is, if it has logged in before.
pub async fn find(store: &Store, issuer: &str, subject: &str) -> Result<Option<ProviderUser>, StoreError> {
    known(store.pool(), issuer, subject).await
}

/// The user that a subject of an issuer is. At its first login this makes `new` the user.
pub async fn find_or_create(
    tx: &mut StoreTx,
    issuer: &str,
    subject: &str,
    new: NewUser<'_>,
) -> Result<ProviderUser, StoreError> {
    if let Some(known) = known(tx.connection(), issuer, subject).await? {
        return Ok(known);
    }
    users::create(tx, new).await?;
    let is_first = sqlx::query!(
        "insert into provider_subject (issuer, subject, user_id) values ($1, $2, $3) on conflict do nothing",
        issuer,
        subject,
        new.id,
    )
    .execute(tx.connection())
    .await?;
    if is_first.rows_affected() == 1 {
        return Ok(ProviderUser { id: new.id.to_owned(), is_disabled: false });
    }
    // it logs in twice at once, and the other login was first
    sqlx::query!("delete from login_user where id = $1", new.id).execute(tx.connection()).await?;
    known(tx.connection(), issuer, subject)
        .await?
        .ok_or_else(|| StoreError::Unreadable("a subject without a user".to_owned()))
}

async fn known(
    executor: impl sqlx::PgExecutor<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<ProviderUser>, StoreError> {
    Ok(sqlx::query_as!(
        ProviderUser,
        r#"select id, disabled_at is not null as "is_disabled!"
             from provider_subject join login_user on id = user_id where issuer = $1 and subject = $2"#,
        issuer,
        subject,
    )
    .fetch_optional(executor)
    .await?)
}

/// Notes what a provider states about a user at a login or a refresh.
pub async fn set_stated(tx: &mut StoreTx, user_id: &str, stated: Stated<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "update login_user set name = $2, email = $3, email_verified = $4, groups = $5, groups_at = now() where id = $1",
        user_id,
        stated.name,
        stated.email,
        stated.email_verified,
        stated.groups,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes that no provider states the groups of these users any more, except of those who have another session of one.
pub async fn forget_groups(tx: &mut StoreTx, user_ids: &[String]) -> Result<(), StoreError> {
    sqlx::query!(
        "update login_user set groups_at = null
          where id = any($1)
            and not exists (select from login_session join provider_session on session_hash = hash
                             where login_session.user_id = login_user.id and expires_at > now())",
        user_ids,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes with which login at a provider a session began.
pub async fn begin_session(tx: &mut StoreTx, session: NewProviderSession<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into provider_session (session_hash, provider, issuer, subject, sid, tokens, refresh_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))",
        &session.session[..],
        session.provider,
        session.issuer,
        session.subject,
        session.sid,
        session.tokens,
        session.refresh_after.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The provider's part of a session, if it has one.
pub async fn session(store: &Store, hash: &SecretHash) -> Result<Option<ProviderSession>, StoreError> {
    Ok(sqlx::query_as!(
        ProviderSession,
        "select user_id, provider, issuer, subject, tokens, refreshed_at
           from provider_session join login_session on hash = session_hash where session_hash = $1",
        &hash[..],
    )
    .fetch_optional(store.pool())
    .await?)
}

/// The provider's part of a session that is due to be refreshed, for the one who is to do it: others find it due again
/// only after `hold`.
pub async fn take_due(store: &Store, hash: &SecretHash, hold: Duration) -> Result<Option<ProviderSession>, StoreError> {
    Ok(sqlx::query_as!(
        ProviderSession,
        "update provider_session set refresh_at = now() + make_interval(secs => $2)
           from login_session
          where session_hash = $1 and hash = session_hash and refresh_at <= now()
      returning user_id, provider, issuer, subject, tokens, refreshed_at",
        &hash[..],
        hold.as_secs_f64(),
    )
    .fetch_optional(store.pool())
    .await?)
}

/// Notes that a session was refreshed, with the tokens that count from now on.
pub async fn set_refreshed(
    tx: &mut StoreTx,
    hash: &SecretHash,
    tokens: Option<&[u8]>,
    refresh_after: Duration,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update provider_session
            set tokens = $2, refreshed_at = now(), refresh_at = now() + make_interval(secs => $3)
          where session_hash = $1",
        &hash[..],
        tokens,
        refresh_after.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends the sessions that began with a session of an issuer, or all of a subject if none is named. Returns those that
/// ended.
pub async fn end_sessions(
    tx: &mut StoreTx,
    issuer: &str,
    subject: Option<&str>,
    sid: Option<&str>,
) -> Result<Vec<EndedSession>, StoreError> {
    let ended = sqlx::query!(
        "delete from login_session using provider_session
          where hash = session_hash and issuer = $1 and ($2::text is null or subject = $2)
            and ($3::text is null or sid = $3) and ($2::text is not null or $3::text is not null)
      returning hash, user_id",
        issuer,
        subject,
        sid,
    )
    .fetch_all(tx.connection())
    .await?;
    let read = |bytes: Vec<u8>| {
        SecretHash::try_from(bytes).map_err(|_| StoreError::Unreadable("a hash of another length".to_owned()))
    };
    ended.into_iter().map(|row| Ok(EndedSession { hash: read(row.hash)?, user_id: row.user_id })).collect()
}

/// Notes that a logout token was used, and forgets those that have expired. `false` if it was used before.
pub async fn use_logout_token(
    tx: &mut StoreTx,
    issuer: &str,
    jti: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query!("delete from provider_logout where expires_at < now()").execute(tx.connection()).await?;
    let used = sqlx::query!(
        "insert into provider_logout (issuer, jti, expires_at) values ($1, $2, $3) on conflict do nothing",
        issuer,
        jti,
        expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(used.rows_affected() == 1)
}
