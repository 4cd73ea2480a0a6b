//! Pages of lists that are of no tenant.

use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::reads::Page;
use crate::rest::listing::linked;

/// A page of a list that is of no tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries<T> {
    /// The rows of this page, in the list's order.
    pub data: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of such a list.
pub(super) fn entries<T: Serialize>(uri: &Uri, page: Page<T>) -> Response {
    linked(uri, page, |data, next_cursor| Entries { data, next_cursor })
}
