//! Access that was taken back after a backup: later backups know of it, so that a restore gives it to no one again.

use sqlx::{Executor, PgConnection};

use super::later::{LaterTable, load};
use crate::StoreError;

/// The columns that are looked at, with their types.
const USER: &[(&str, &str)] = &[("id", "text"), ("disabled_at", "timestamptz")];
const TOKEN: &[(&str, &str)] = &[("id", "text"), ("revoked_at", "timestamptz")];
const GRANT: &[(&str, &str)] =
    &[("user_id", "text"), ("provider_group", "text"), ("tenant", "text"), ("role", "text"), ("teams", "text[]")];

/// Who had access as a later backup was made.
#[derive(Clone, Debug)]
pub struct LaterAccess {
    /// `login_user`, with its rows.
    pub users: LaterTable,
    /// `api_token`, with its rows.
    pub tokens: LaterTable,
    /// `access_grant`, with its rows.
    pub grants: LaterTable,
}

/// How the API tokens that a backup holds are restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// They are valid again, but for those that a later backup knows as revoked.
    Keep,
    /// All are revoked.
    Revoke,
}

/// What was taken back again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Number of users who were disabled.
    pub disabled_users: u64,
    /// Number of grants that were removed.
    pub removed_grants: u64,
    /// Number of API tokens that were revoked.
    pub revoked_tokens: u64,
    /// Number of API tokens that are valid.
    pub valid_tokens: u64,
}

/// Takes back what no one had any more as the later backup was made, and all tokens if that is asked for. What was deleted
/// by then is disabled or revoked: it may be named elsewhere.
pub(super) async fn take_back(
    connection: &mut PgConnection,
    later: Option<&LaterAccess>,
    tokens: Tokens,
) -> Result<TakenBack, StoreError> {
    let mut taken = match later {
        Some(later) => as_later(connection, later).await?,
        None => TakenBack::default(),
    };
    if tokens == Tokens::Revoke {
        let revoke = "update sei.api_token set revoked_at = now() where revoked_at is null";
        taken.revoked_tokens += sqlx::query(revoke).execute(&mut *connection).await?.rows_affected();
    }
    let valid = "select count(*) from sei.api_token t left join sei.login_user u on u.id = t.owner_id
                 where t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) and u.disabled_at is null";
    let valid: i64 = sqlx::query_scalar(valid).fetch_one(connection).await?;
    taken.valid_tokens = valid.unsigned_abs();
    Ok(taken)
}

async fn as_later(connection: &mut PgConnection, later: &LaterAccess) -> Result<TakenBack, StoreError> {
    load(connection, "later_user", &later.users, USER).await?;
    load(connection, "later_token", &later.tokens, TOKEN).await?;
    load(connection, "later_grant", &later.grants, GRANT).await?;
    let users = "update sei.login_user u
                 set disabled_at = coalesce((select l.disabled_at from later_user l where l.id = u.id), now())
                 where u.disabled_at is null
                   and not exists (select from later_user l where l.id = u.id and l.disabled_at is null)";
    let tokens = "update sei.api_token t
                  set revoked_at = coalesce((select l.revoked_at from later_token l where l.id = t.id), now())
                  where t.revoked_at is null
                    and not exists (select from later_token l where l.id = t.id and l.revoked_at is null)";
    // one that was removed and granted again has another id
    let grants = "delete from sei.access_grant g
                  where not exists (select from later_grant l
                                    where l.user_id is not distinct from g.user_id
                                      and l.provider_group is not distinct from g.provider_group
                                      and l.tenant is not distinct from g.tenant
                                      and l.role = g.role and l.teams = g.teams)";
    let taken = TakenBack {
        disabled_users: sqlx::query(users).execute(&mut *connection).await?.rows_affected(),
        removed_grants: sqlx::query(grants).execute(&mut *connection).await?.rows_affected(),
        revoked_tokens: sqlx::query(tokens).execute(&mut *connection).await?.rows_affected(),
        valid_tokens: 0,
    };
    connection.execute("drop table later_user, later_token, later_grant").await?;
    Ok(taken)
}
