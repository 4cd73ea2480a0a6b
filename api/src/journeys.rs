//! Journeys that were made: a journey computes up to 20 services, so it is made again only where a fact has changed since.
//!
//! Promises: a journey is as new as the store; those who ask for the same at once wait for one to be made; it takes a bounded
//! amount of memory.

use std::sync::Arc;
use std::time::Duration;

use dora::{Journey, JourneyKind};
use kernel::Tenant;
use runtime::kept::{Kept, Limits};
use store::changes::{self, ReadAt};
use store::queries::Owners;
use tokio::time::Instant;

use crate::problem::Problem;
use crate::scope::Scope;

/// After this time one is made again: the database knows for a day what has changed.
const KEPT: Duration = Duration::from_hours(12);
/// The most that is kept, in steps, runs, services and deployments of all journeys together …
const PARTS: usize = 200_000;
/// … and in journeys.
const JOURNEYS: usize = 10_000;

/// Whose journey it is, as far as these services go: `None` of all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JourneyKey {
    /// The tenant.
    pub tenant: Tenant,
    /// The services that may be seen.
    pub owners: Option<Arc<Owners>>,
    /// What it is.
    pub kind: JourneyKind,
    /// Its id.
    pub id: String,
}

/// Journeys, as they were made last. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Journeys(Arc<Kept<JourneyKey, Made>>);

/// A journey, or that there is none.
#[derive(Clone, Debug)]
struct Made {
    journey: Option<Arc<Journey>>,
    /// Up to which changes of facts.
    read_at: ReadAt,
    at: Instant,
}

impl Journeys {
    /// None, yet.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Kept::new(Limits { size: PARTS, places: JOURNEYS, size_of_place: |_| 1 })))
    }

    /// The journey of a key: the one that was made, or what `make` makes.
    pub(crate) async fn of(
        &self,
        scope: &Scope,
        key: &JourneyKey,
        make: impl Future<Output = Result<Option<Journey>, Problem>>,
    ) -> Result<Option<Journey>, Problem> {
        let place = self.0.place(key);
        let alone = place.lock().await;
        let journey = self.made(scope, key, make).await;
        drop(alone);
        self.0.give_up(key, &place);
        journey
    }

    async fn made(
        &self,
        scope: &Scope,
        key: &JourneyKey,
        make: impl Future<Output = Result<Option<Journey>, Problem>>,
    ) -> Result<Option<Journey>, Problem> {
        let at = Instant::now();
        let before = self.0.value(key).filter(|made| made.at.elapsed() < KEPT);
        let (read_at, is_other) = {
            let _turn = scope.turn().await;
            changes::facts_since(&scope.store, before.as_ref().map(|made| &made.read_at)).await?
        };
        if let Some(before) = before.filter(|_| !is_other) {
            return Ok(before.journey.map(Arc::unwrap_or_clone));
        }
        // what changes from here on is found the next time
        let journey = make.await?;
        let parts = journey.as_ref().map_or(0, parts);
        self.0.put(key, Made { journey: journey.clone().map(Arc::new), read_at, at }, parts);
        Ok(journey)
    }
}

fn parts(journey: &Journey) -> usize {
    let ways = journey.ways.iter().map(|way| {
        let services = way.services.iter().map(|service| 1 + service.deployments.len());
        way.steps.len() + way.runs.len() + services.sum::<usize>()
    });
    journey.steps.len() + ways.sum::<usize>()
}
