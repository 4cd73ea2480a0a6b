//! Accounts and statements about people, which the kernel joins.

use kernel::catalog::Declared;
use kernel::{Account, Person};
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
