//! When something shipped: the whole way of changes, direct commits and versions to each environment. Their services are
//! computed once more, in memory; what carried them, and why, is what that found.
//!
//! Promises: production is what metrics count as production, and the deployment that carried something there is the one
//! that its lead time ends with; where something is not known or has not happened, the answer says why.

mod items;
mod model;
mod passage;
mod reach;
mod steps;
mod traveler;

use std::collections::BTreeMap;

use store::Store;

use crate::bots::Bots;
use crate::compute::compute;
use crate::engine::{compute_aside, load};
use crate::{DoraError, Options, services, settings};
pub use items::{changes_of_item, journey_of_item};
pub use model::{
    Journey, JourneyDeployment, JourneyIncident, JourneyKind, JourneyRun, JourneyService, JourneyStep, JourneyWay,
    StepKind,
};
use passage::Passage;
pub use traveler::Traveler;

/// Services that are computed for one answer at most.
const SERVICES_MAX: usize = 20;

/// Returns the ways of some things, in their order, as far as services go that `is_seen`. Services are computed one after
/// the other, by name, and at most 20.
pub async fn ways(
    store: &Store,
    settings: &settings::Dora,
    travelers: &[Traveler],
    is_seen: impl Fn(&str) -> bool,
) -> Result<Vec<JourneyWay>, DoraError> {
    let options = Options::new(settings)?;
    let mut tx = store.begin().await?;
    let bots = Bots::read(&mut tx, settings).await?;
    let mut services = services::all(&store::history::services(&mut tx).await?);
    services.retain(|service| is_seen(&service.name) && travelers.iter().any(|traveler| traveler.is_of(service)));
    let mut passages: BTreeMap<usize, Vec<passage::Passed>> = BTreeMap::new();
    for service in services.iter().take(SERVICES_MAX) {
        let history = load(&mut tx, service).await?;
        let (history, metrics) = compute_aside(history, &options, compute).await?;
        let passage = Passage::new(&history, &metrics, &options);
        for (nth, traveler) in travelers.iter().enumerate().filter(|(_, traveler)| traveler.is_of(service)) {
            passages.entry(nth).or_default().push(passage.of(traveler));
        }
    }
    tx.rollback().await?;
    let of_traveler =
        |(nth, traveler): (usize, &Traveler)| steps::way(traveler, passages.remove(&nth).unwrap_or_default(), &bots);
    Ok(travelers.iter().enumerate().map(of_traveler).collect())
}
