//! All facts of a kind that has few.

use kernel::catalog::Declared;
use sqlx::PgConnection;

use crate::{StoreError, copy, declared};

/// All facts of a kind, deleted ones too.
pub(crate) async fn whole<T: Declared>(connection: &mut PgConnection) -> Result<Vec<T>, StoreError> {
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
