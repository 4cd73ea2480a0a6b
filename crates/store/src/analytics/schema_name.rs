//! The names of the schemas.

use kernel::Tenant;

/// The schema over all tenants.
pub const ALL_TENANTS: &str = "analytics";

/// The schema of a tenant; of all of them without one.
#[must_use]
pub fn schema_of(tenant: Option<&Tenant>) -> String {
    tenant.map_or_else(|| ALL_TENANTS.to_owned(), |tenant| format!("{ALL_TENANTS}_{tenant}"))
}
