//! What pages ask beside lists and metrics.

mod contributions;
mod item_times;
mod journey;
mod own_work;
mod review_load;
mod search;

use async_graphql::MergedObject;

use contributions::Changed;
use item_times::Items;
use journey::Journeys;
use own_work::Own;
use review_load::Load;
use search::Search;

/// See [`super::Query`].
#[derive(MergedObject, Default)]
pub(super) struct Pages(Search, Journeys, Changed, Own, Items, Load);
