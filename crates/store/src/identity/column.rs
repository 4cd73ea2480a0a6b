//! What columns of several tables hold.

use kernel::Tenant;

use crate::StoreError;

/// The SHA-256 of a secret.
pub type SecretHash = [u8; 32];

/// Reads the name of a tenant out of a column.
pub(super) fn tenant(name: Option<String>) -> Result<Option<Tenant>, StoreError> {
    let read = |name: String| Tenant::new(&name).map_err(|error| StoreError::Unreadable(error.to_string()));
    name.map(read).transpose()
}
