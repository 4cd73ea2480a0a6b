//! Accounts and statements about people, which the kernel joins.

use std::collections::BTreeSet;

use kernel::catalog::Declared;
use kernel::{Account, AccountId, Person};
use sqlx::PgConnection;

use crate::{Store, StoreError, copy, declared};

/// All accounts of a tenant and all statements about persons, retracted ones too.
pub async fn all(store: &Store) -> Result<(Vec<Account>, Vec<Person>), StoreError> {
    let mut tx = store.begin().await?;
    let accounts = whole(tx.connection()).await?;
    let persons = whole(tx.connection()).await?;
    tx.commit().await?;
    Ok((accounts, persons))
}

/// All facts of a kind.
async fn whole<T: Declared>(connection: &mut PgConnection) -> Result<Vec<T>, StoreError> {
    let table = T::KIND.name;
    let columns = declared::columns::<T>(table, &[]);
    let mut found = Vec::new();
    copy::read(connection, &format!("copy (select {columns} from {table}) to stdout (format binary)"), |row| {
        found.push(declared::read(row)?);
        Ok(())
    })
    .await?;
    Ok(found)
}

/// The accounts of the members of these teams.
pub async fn members(store: &Store, teams: &[String]) -> Result<BTreeSet<AccountId>, StoreError> {
    let statement = "select distinct unnest(members) from team where name = any($1) and not deleted";
    let members: Vec<String> = sqlx::query_scalar(statement).bind(teams).fetch_all(store.pool()).await?;
    Ok(members.iter().map(|account| AccountId::from(account.as_str())).collect())
}
