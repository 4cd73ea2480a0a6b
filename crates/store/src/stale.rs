//! Which repositories and services have facts that no computation has seen yet. Marks are written in
//! the transaction that writes the facts and taken in the one that writes what was computed from them,
//! so none is lost and none is seen before its facts are.

use crate::{Store, StoreError, StoreTx};

/// The channel on which a commit that marked something is announced; the payload is the tenant.
pub const CHANNEL: &str = "sei_stale";

/// The subject that stands for everything.
pub const EVERYTHING: &str = "*";

/// The subject of facts that name only a service.
#[must_use]
pub fn service(name: &str) -> String {
    format!("service:{name}")
}

/// Marks subjects, and announces it when the transaction commits.
pub async fn mark(tx: &mut StoreTx, subjects: &[String]) -> Result<(), StoreError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant().to_string();
    sqlx::query!(
        "with marks as (insert into stale (subject) select unnest($1::text[]) returning 1)
         select pg_notify($2, $3) from (select count(*) from marks) as marked",
        subjects,
        CHANNEL,
        tenant,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes all marks: each subject once, in order. They are back if the transaction does not commit.
/// Read the facts after this, in the same transaction. Marks that another transaction is taking are
/// left to it.
pub async fn take(tx: &mut StoreTx) -> Result<Vec<String>, StoreError> {
    let subjects = sqlx::query_scalar!(
        r#"with taken as (
               delete from stale where id in (select id from stale for update skip locked) returning subject
           )
           select distinct subject as "subject!" from taken order by 1"#
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(subjects)
}

/// Whether anything is marked.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from stale) as "any!""#).fetch_one(store.pool()).await?)
}
