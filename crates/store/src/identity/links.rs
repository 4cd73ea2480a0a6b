//! Links that are good for one login, by which a name and a password are set.

use std::time::Duration;

use super::column::SecretHash;
use crate::{Store, StoreError, StoreTx};

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose password it sets; `None` if it makes an administrator.
    pub user_id: Option<String>,
    /// The login name of that user.
    pub login_name: Option<String>,
}

/// Makes a link, and deletes those that have expired.
pub async fn create(
    tx: &mut StoreTx,
    hash: &SecretHash,
    user_id: Option<&str>,
    lifetime: Duration,
) -> Result<(), StoreError> {
    sqlx::query!("delete from login_link where expires_at < now()").execute(tx.connection()).await?;
    sqlx::query!(
        "insert into login_link (hash, user_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))",
        &hash[..],
        user_id,
        lifetime.as_secs_f64(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The link of a secret, if it was not used and has not expired.
pub async fn find(store: &Store, hash: &SecretHash) -> Result<Option<Link>, StoreError> {
    Ok(sqlx::query_as!(
        Link,
        r#"select user_id, login_name as "login_name?"
             from login_link left join login_user on login_user.id = user_id
            where hash = $1 and used_at is null and expires_at > now() and disabled_at is null"#,
        &hash[..],
    )
    .fetch_optional(store.pool())
    .await?)
}

/// Uses the link of a secret, which can be done once.
pub async fn take(tx: &mut StoreTx, hash: &SecretHash) -> Result<Option<Link>, StoreError> {
    Ok(sqlx::query_as!(
        Link,
        r#"update login_link set used_at = now()
            where hash = $1 and used_at is null and expires_at > now()
        returning user_id, (select login_user.login_name from login_user where login_user.id = user_id) as login_name"#,
        &hash[..],
    )
    .fetch_optional(tx.connection())
    .await?)
}
