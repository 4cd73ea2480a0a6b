//! When something shipped, as far as it may be seen.

use std::sync::Arc;

use chrono::Utc;
use dora::{Journey, JourneyKind, JourneyWay, Traveler};
use kernel::{Change, Commit, Deployment, Review, WorkItem};
use store::StoreError;
use store::queries::{self, Cut, Listed, Owners, Parent, ParentKey, RowFilter};

use crate::ApiState;
use crate::item_times::with_transitions;
use crate::journeys::JourneyKey;
use crate::problem::Problem;
use crate::questions::{JourneyQuestion, ServiceFilter};
use crate::reads;
use crate::scope::Scope;

/// The changes of a work item that are shown at most.
const CHANGES_MAX: usize = 20;
/// The number of changes that are read of those that may name a work item.
const CANDIDATES_MAX: u32 = 200;
/// Reviews of a change that are read at most.
const REVIEWS_MAX: u32 = 200;

/// The whole way of something to each environment; `None` where there is no such thing, or none that may be seen.
pub(crate) async fn journey(
    state: &ApiState,
    scope: &Scope,
    asked: &JourneyQuestion,
) -> Result<Option<Journey>, Problem> {
    let owners = reads::asked_owners(state, scope, &ServiceFilter::default()).await?;
    let tenant = scope.tenant.tenant.clone();
    let key = JourneyKey { tenant, owners: owners.clone(), kind: asked.kind, id: asked.id.clone() };
    // what makes one is large
    Box::pin(state.journeys().of(scope, &key, made(state, scope, asked, owners))).await
}

async fn made(
    state: &ApiState,
    scope: &Scope,
    asked: &JourneyQuestion,
    owners: Option<Arc<Owners>>,
) -> Result<Option<Journey>, Problem> {
    let filter = RowFilter::of(owners.clone());
    let _turn = scope.turn().await;
    let id = || vec![asked.id.clone()];
    let traveler = match asked.kind {
        JourneyKind::WorkItem => {
            let Some(item) = one::<WorkItem>(scope, id(), &filter).await? else { return Ok(None) };
            return of_item(state, scope, item, &filter).await;
        }
        JourneyKind::Change => {
            let found = one::<Change>(scope, id(), &filter).await?;
            with_reviews(scope, found.into_iter().collect()).await?.pop()
        }
        JourneyKind::Commit => {
            let Some((repository, sha)) = asked.id.rsplit_once('@') else { return Ok(None) };
            let key = vec![repository.to_owned(), sha.to_lowercase()];
            one::<Commit>(scope, key, &filter).await?.map(Traveler::Commit)
        }
        JourneyKind::Release | JourneyKind::Deployment => {
            one::<Deployment>(scope, id(), &filter).await?.map(Traveler::Version)
        }
    };
    let Some(traveler) = traveler else { return Ok(None) };
    let mut ways = ways(state, scope, &[traveler], owners.as_ref()).await?;
    Ok(ways.pop().map(Journey::from))
}

/// A thing of a key, if it may be seen.
async fn one<T: Listed>(scope: &Scope, key: Vec<String>, filter: &RowFilter) -> Result<Option<T>, StoreError> {
    let found = queries::by_keys::<T>(&scope.store, &[key], filter).await?;
    Ok(found.into_iter().next().map(|placed| placed.row))
}

async fn of_item(
    state: &ApiState,
    scope: &Scope,
    item: WorkItem,
    filter: &RowFilter,
) -> Result<Option<Journey>, Problem> {
    let Some(item) = as_metrics_have_it(scope, item).await? else { return Ok(None) };
    let words: Vec<&str> = item.key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let found = queries::changes_with_words(&scope.store, &words, filter, CANDIDATES_MAX).await?;
    let mut changes = dora::changes_of_item(&item, found);
    let shortened = changes.len() > CHANGES_MAX;
    changes.truncate(CHANGES_MAX);
    let travelers = with_reviews(scope, changes).await?;
    let ways = ways(state, scope, &travelers, filter.owners.as_ref()).await?;
    Ok(Some(dora::journey_of_item(item, ways, shortened)))
}

/// An item whose times are those of its metrics: trackers report steps rather than when work began.
async fn as_metrics_have_it(scope: &Scope, item: WorkItem) -> Result<Option<WorkItem>, Problem> {
    let moved = with_transitions(&scope.store, vec![item]).await?;
    let times = dora::item_times(&scope.store, &moved, Utc::now()).await.map_err(reads::refused)?;
    let item = moved.into_iter().zip(times).next();
    Ok(item.map(|((item, _), times)| WorkItem { started_at: times.started_at, done_at: times.done_at, ..item }))
}

/// Changes with their reviews.
async fn with_reviews(scope: &Scope, changes: Vec<Change>) -> Result<Vec<Traveler>, StoreError> {
    let keys: Vec<ParentKey> = changes.iter().map(|change| (change.id.0.clone(), String::new())).collect();
    let mut reviewed: Vec<(Change, Vec<Review>)> = changes.into_iter().map(|change| (change, Vec::new())).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (order, cut) = (Review::LIST.default_order(), Cut::first(REVIEWS_MAX));
    let all = RowFilter::default();
    for (nth, placed) in queries::among::<Review>(&scope.store, (Parent::CHANGE, &keys), &all, order, &cut).await? {
        if let Some((_, reviews)) = reviewed.get_mut(nth) {
            reviews.push(placed.row);
        }
    }
    Ok(reviewed.into_iter().map(|(change, reviews)| Traveler::Change(change, reviews)).collect())
}

/// The ways of things, with the services that may be seen.
async fn ways(
    state: &ApiState,
    scope: &Scope,
    travelers: &[Traveler],
    owners: Option<&Arc<Owners>>,
) -> Result<Vec<JourneyWay>, Problem> {
    let is_seen = |service: &str| owners.is_none_or(|owners| owners.services.iter().any(|seen| seen == service));
    let ways = dora::ways(&scope.store, &state.settings().dora, travelers, is_seen).await;
    ways.map_err(reads::refused)
}
