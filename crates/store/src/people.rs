//! Accounts and statements about people, which the kernel joins.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kernel::{Account, AccountId, Person};

use crate::changes::{self, ReadAt};
use crate::whole::whole;
use crate::{Store, StoreError, StoreTx};

/// Everything by which people are known.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// All accounts.
    pub accounts: Vec<Account>,
    /// All statements about persons, retracted ones too.
    pub persons: Vec<Person>,
    /// The members of teams.
    pub members: Vec<Membership>,
    /// Users whom administrators have linked with the person who has an account.
    pub users: Vec<(String, AccountId)>,
}

/// That a team names an account as a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The team.
    pub team: String,
    /// The account.
    pub account: AccountId,
}

/// All accounts of a tenant and all statements about persons, retracted ones too.
pub async fn all(store: &Store) -> Result<(Vec<Account>, Vec<Person>), StoreError> {
    let mut tx = store.begin().await?;
    let all = all_in(&mut tx).await?;
    tx.commit().await?;
    Ok(all)
}

/// The same, as a transaction sees them.
pub async fn all_in(tx: &mut StoreTx) -> Result<(Vec<Account>, Vec<Person>), StoreError> {
    Ok((whole(tx.connection()).await?, whole(tx.connection()).await?))
}

/// The same with the members of teams and the users who were linked.
pub async fn with_teams_and_users(store: &Store) -> Result<Known, StoreError> {
    let mut tx = store.begin().await?;
    let known = known(&mut tx).await?;
    tx.commit().await?;
    Ok(known)
}

/// The same as at one point in time, unless it is what it was at another, within the last day.
pub async fn if_changed(store: &Store, since: Option<&ReadAt>) -> Result<Option<(Known, ReadAt)>, StoreError> {
    let mut tx = changes::begin_reading(store).await?;
    let (snapshot, schema) = since.map(ReadAt::snapshot).unzip();
    let now = sqlx::query!(
        r#"select pg_current_snapshot()::text as "snapshot!", 'people_change'::regclass::oid::bigint as "schema!",
                  exists (select from people_change
                           where xid >= pg_snapshot_xmin($1::text::pg_snapshot)
                             and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)) as "is_other!""#,
        snapshot,
    )
    .fetch_one(tx.connection())
    .await?;
    let is_same = schema == Some(now.schema) && !now.is_other;
    let known = if is_same { None } else { Some(known(&mut tx).await?) };
    tx.commit().await?;
    Ok(known.map(|known| (known, ReadAt::new(now.snapshot, now.schema))))
}

async fn known(tx: &mut StoreTx) -> Result<Known, StoreError> {
    let accounts = whole(tx.connection()).await?;
    let persons = whole(tx.connection()).await?;
    let members = sqlx::query!(r#"select name, unnest(members) as "account!" from team where not deleted"#)
        .fetch_all(tx.connection())
        .await?;
    let users = sqlx::query!("select user_id, account from login_person").fetch_all(tx.connection()).await?;
    Ok(Known {
        accounts,
        persons,
        members: members
            .into_iter()
            .map(|row| Membership { team: row.name, account: AccountId(row.account) })
            .collect(),
        users: users.into_iter().map(|row| (row.user_id, AccountId(row.account))).collect(),
    })
}

/// When each account did something last: a commit, a change, a review, a step of a work item.
pub async fn last_activity(store: &Store) -> Result<HashMap<AccountId, DateTime<Utc>>, StoreError> {
    let rows = sqlx::query!(
        r#"select account as "account!", max(last_at) as "last_at!" from (
               select author as account, max(committed_at) as last_at from commit group by author
               union all select unnest(co_authors), committed_at from commit where co_authors <> '{}'
               union all select author, max(greatest(opened_at, merged_at, closed_at)) from change group by author
               union all select reviewer, max(submitted_at) from review group by reviewer
               union all select author, max(at) from transition group by author
               union all select reporter, max(created_at) from work_item group by reporter
               union all select assignee, max(greatest(created_at, started_at, done_at)) from work_item group by assignee
           ) as activity where account is not null and last_at is not null group by account"#,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (AccountId(row.account), row.last_at)).collect())
}

/// The addresses of users who log in, in lower case.
pub async fn login_addresses(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let addresses = sqlx::query_scalar!(r#"select lower(email) as "email!" from login_user where email is not null"#)
        .fetch_all(store.pool())
        .await?;
    Ok(addresses.into_iter().collect())
}

/// Links a user with the person who has an account, in place of whom it was linked with before.
pub async fn link(tx: &mut StoreTx, user_id: &str, account: &AccountId) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into login_person (user_id, account) values ($1, $2)
         on conflict (user_id) do update set account = excluded.account, stated_at = now()",
        user_id,
        account.as_str(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends what [`link`] has stated. `false` if it stated nothing.
pub async fn unlink(tx: &mut StoreTx, user_id: &str) -> Result<bool, StoreError> {
    let ended = sqlx::query!("delete from login_person where user_id = $1", user_id).execute(tx.connection()).await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends what [`link`] has stated of all users who are linked by one of these accounts. Returns how many.
pub async fn unlink_accounts(tx: &mut StoreTx, accounts: &[String]) -> Result<u64, StoreError> {
    let ended =
        sqlx::query!("delete from login_person where account = any($1)", accounts).execute(tx.connection()).await?;
    Ok(ended.rows_affected())
}

/// The names of the users who are linked with a person by one of these accounts.
pub async fn linked_users(store: &Store, accounts: &[String]) -> Result<Vec<String>, StoreError> {
    let names = "select coalesce(u.login_name, u.name) from login_person p join login_user u on u.id = p.user_id
                  where p.account = any($1) order by 1";
    Ok(sqlx::query_scalar(names).bind(accounts).fetch_all(store.pool()).await?)
}
