//! Accounts and statements about people, which the kernel joins.

use kernel::{Account, AccountId, Detail, Person, Version};

use crate::{Store, StoreError};

/// All accounts of a tenant and all statements about persons, retracted ones too.
pub async fn all(store: &Store) -> Result<(Vec<Account>, Vec<Person>), StoreError> {
    let accounts = sqlx::query!("select id, name, bot, email, detail, version_at from account")
        .fetch_all(store.pool())
        .await?
        .into_iter()
        .map(|row| Account {
            id: AccountId(row.id),
            name: row.name,
            bot: row.bot,
            email: row.email,
            version: version(row.detail, row.version_at),
        })
        .collect();
    let persons = sqlx::query!("select origin, name, accounts, emails, apart, deleted, detail, version_at from person")
        .fetch_all(store.pool())
        .await?
        .into_iter()
        .map(|row| Person {
            name: row.name,
            origin: row.origin,
            accounts: row.accounts.into_iter().map(AccountId).collect(),
            emails: row.emails,
            apart: row.apart,
            deleted: row.deleted,
            version: version(row.detail, row.version_at),
        })
        .collect();
    Ok((accounts, persons))
}

fn version(detail: i16, at: chrono::DateTime<chrono::Utc>) -> Version {
    let detail = match detail {
        0 => Detail::Inferred,
        1 => Detail::Stated,
        _ => Detail::Measured,
    };
    Version { detail, at }
}
