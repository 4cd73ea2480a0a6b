//! Rows on their way into a table by `copy … from stdin (format binary)`.

use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

use crate::StoreError;
use crate::copy::SIGNATURE;

/// Bytes sent at once.
const PIECE: usize = 1 << 20;

/// A table that is being written.
pub struct TableWriter<'c> {
    copy: PgCopyIn<&'c mut PgConnection>,
}

impl<'c> TableWriter<'c> {
    /// Begins to write.
    pub(super) async fn begin(connection: &'c mut PgConnection, statement: &str) -> Result<Self, StoreError> {
        let mut copy = connection.copy_in_raw(statement).await?;
        let mut header = SIGNATURE.to_vec();
        header.extend([0; 8]);
        copy.send(header).await?;
        Ok(Self { copy })
    }

    /// Writes whole rows.
    pub async fn write(&mut self, rows: &[u8]) -> Result<(), StoreError> {
        for piece in rows.chunks(PIECE) {
            self.copy.send(piece).await?;
        }
        Ok(())
    }

    /// Ends the table. Returns the number of its rows.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.copy.send((-1_i16).to_be_bytes().to_vec()).await?;
        Ok(self.copy.finish().await?)
    }
}
