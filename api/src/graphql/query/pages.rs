//! What pages ask beside lists and metrics.

mod contributions;
mod journey;
mod search;

use async_graphql::MergedObject;

use contributions::Changed;
use journey::Journeys;
use search::Search;

/// See [`super::Query`].
#[derive(MergedObject, Default)]
pub(super) struct Pages(Search, Journeys, Changed);
