//! How many events arrived. They belong to the whole organization: who may see a part of it is shown none.

use store::{StoreError, counts};

use crate::scope::Scope;
use crate::views::EventCountView;

/// Sources, kinds and outcomes that are listed at most.
const COUNTS: i64 = 1_000;

/// How many events there were, of one source or of all, by source, kind, outcome and reason.
pub async fn event_counts(scope: &Scope, source: Option<&str>) -> Result<Vec<EventCountView>, StoreError> {
    if !scope.access.within.is_everything() {
        return Ok(Vec::new());
    }
    let _turn = scope.turn().await;
    Ok(counts::of(&scope.store, source, COUNTS).await?.into_iter().map(Into::into).collect())
}
