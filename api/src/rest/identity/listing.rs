//! Pages of lists that are of no tenant.

use serde::Serialize;
use utoipa::ToSchema;

use crate::reads::Page;

/// A page of a list that is of no tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries<T> {
    /// The rows of this page, in the list's order.
    pub data: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> From<Page<T>> for Entries<T> {
    fn from(page: Page<T>) -> Self {
        let next_cursor = page.next().map(str::to_owned);
        Self { data: page.rows.into_iter().map(|(_, row)| row).collect(), next_cursor }
    }
}
