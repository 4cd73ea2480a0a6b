//! Changes that are open: nothing has merged or closed them yet.

use std::sync::Arc;

use kernel::{Change, ChangeState};

use super::filter::{Owners, RowFilter};
use super::listed::Listed;
use super::lists;
use super::placed::Placed;
use super::sort::{Cut, Order};
use crate::{Store, StoreError};

/// The filter that open changes pass. `owners` are the services that they belong to, if not to any.
#[must_use]
pub fn open(owners: Option<Arc<Owners>>) -> RowFilter {
    RowFilter { words: vec![("state", vec![ChangeState::Open.as_str().to_owned()])], ..RowFilter::of(owners) }
}

/// The order of open changes: the longest open first.
#[must_use]
pub fn longest_open_first() -> Order {
    Change::LIST.order("opened_at", false)
}

/// Open changes, the longest open first.
pub async fn open_changes(
    store: &Store,
    owners: Option<Arc<Owners>>,
    cut: &Cut,
) -> Result<Vec<Placed<Change>>, StoreError> {
    lists::list(store, &open(owners), longest_open_first(), cut).await
}
