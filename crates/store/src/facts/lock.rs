//! The lock between those that write facts and those that give rows other names: of repositories that moved, of people
//! whose data is erased.

use sqlx::PgConnection;

use crate::StoreError;

/// Waits for those that give rows other names, and, where `alone`, holds off all that write facts until the transaction
/// ends: none is stored under a name that was just left.
pub(crate) async fn lock(connection: &mut PgConnection, alone: bool) -> Result<(), StoreError> {
    let statement = if alone { "lock table moved in exclusive mode" } else { "lock table moved in row share mode" };
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
