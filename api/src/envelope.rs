//! What stands around every REST answer: whose data it is, and whether it is made up.

use serde::Serialize;
use store::TenantInfo;
use utoipa::ToSchema;

/// One thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer<T> {
    /// Whose data it is.
    pub tenant: String,
    /// The data is made up.
    pub demo: bool,
    /// What was asked for.
    pub data: T,
}

impl<T> Answer<T> {
    /// Of this tenant.
    pub fn new(tenant: &TenantInfo, data: T) -> Self {
        Self { tenant: tenant.tenant.to_string(), demo: tenant.demo, data }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// Whose data it is.
    pub tenant: String,
    /// The data is made up.
    pub demo: bool,
    /// The rows of this page, in the list's order.
    pub data: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one. The header `Link` has it as an address.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
