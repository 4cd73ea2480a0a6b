//! Work items with their times: points of a scatter plot, and the age of what is in progress.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use dora::{Dated, DistributionPart};
use kernel::{StatusCategory, Transition, WorkItem};
use store::queries::{self, Cut, Listed, Order, Parent, ParentKey, RowFilter};
use store::{Store, StoreError};

use crate::ApiState;
use crate::problem::Problem;
use crate::questions::{ItemTimesQuestion, ItemTimesState};
use crate::reads;
use crate::scope::Scope;
use crate::views::{TimedItem, TimedItems};

/// The metric of their times.
const CYCLE_TIME: &str = "item_cycle_time";
/// Items that are shown at most.
const ITEMS_MAX: usize = 500;
/// Transitions of an item that are read at most.
const TRANSITIONS_MAX: u32 = 200;
/// How far back items were done, unless asked otherwise.
const WINDOW: TimeDelta = TimeDelta::days(90);

/// The work items that are asked for, with their times.
pub(crate) async fn item_times(
    state: &ApiState,
    scope: &Scope,
    question: &ItemTimesQuestion,
) -> Result<TimedItems, Problem> {
    let asked = question.state.unwrap_or_default();
    let (n, percentiles) = percentiles(state, scope, question).await?;
    let p85 = percentiles.iter().find(|one| one.percentile == 85).and_then(|one| one.value);
    let window = window(state, question)?;
    let mut items = items(state, scope, (question, asked), &window).await?;
    let shortened = items.len() > ITEMS_MAX;
    items.truncate(ITEMS_MAX);
    let times = {
        let _turn = scope.turn().await;
        dora::item_times(&scope.store, &items, Utc::now()).await.map_err(reads::refused)?
    };
    let with_times = items.into_iter().zip(times).map(|((item, _), times)| TimedItem::new(item, times, p85));
    let mut items: Vec<TimedItem> = with_times.collect();
    if asked == ItemTimesState::Done {
        items.retain(|item| item.done_at.is_some_and(|done_at| window.contains(&done_at)));
        items.sort_by(|one, other| (other.done_at, &other.id).cmp(&(one.done_at, &one.id)));
    } else {
        items.sort_by(|one, other| {
            let age = |item: &TimedItem| item.seconds.unwrap_or(-1.0);
            age(other).total_cmp(&age(one)).then_with(|| one.id.cmp(&other.id))
        });
    }
    Ok(TimedItems { state: asked, percentiles, n, items, shortened })
}

/// The percentiles of the cycle time: of the project that is asked for, or of all.
async fn percentiles(
    state: &ApiState,
    scope: &Scope,
    question: &ItemTimesQuestion,
) -> Result<(u64, Vec<dora::Percentile>), Problem> {
    let asked = (&[CYCLE_TIME][..], &question.metric());
    let Dated { answer, .. } = reads::distributions(state, scope, asked, reads::budget()).await?;
    let Some(found) = answer.into_iter().next() else { return Ok((0, Vec::new())) };
    let of_project = |part: &DistributionPart| part.slice == question.project;
    let part = match question.project {
        Some(_) => found.slices.into_iter().find(of_project),
        None => Some(found.whole),
    };
    Ok(part.map_or_else(|| (0, Vec::new()), |part| (part.n, part.percentiles)))
}

/// The window in which the items were done that are asked for.
fn window(state: &ApiState, question: &ItemTimesQuestion) -> Result<Range<DateTime<Utc>>, Problem> {
    let now = Utc::now();
    let (_, window) = question.span.window(state.settings().dora.time_zone, now)?;
    let is_all = question.span.window.is_some() && window.is_some_and(|window| window.from.is_none());
    let to = window.and_then(|window| window.to).unwrap_or(now);
    let from = window.and_then(|window| window.from);
    Ok(from.unwrap_or(if is_all { DateTime::UNIX_EPOCH } else { to - WINDOW })..to)
}

/// The items, each with its transitions; one more than are shown, if there are more.
async fn items(
    state: &ApiState,
    scope: &Scope,
    (question, asked): (&ItemTimesQuestion, ItemTimesState),
    window: &Range<DateTime<Utc>>,
) -> Result<Vec<(WorkItem, Vec<Transition>)>, Problem> {
    let owners = reads::asked_owners(state, scope, &question.services).await?;
    let mut filter = RowFilter::of(owners);
    filter.words.extend(question.project.clone().map(|project| ("project", vec![project])));
    filter.folded.extend(question.kind.clone().map(|kind| ("kind", vec![kind])));
    let limit = u32::try_from(ITEMS_MAX + 1).unwrap_or(u32::MAX);
    let _turn = scope.turn().await;
    let store = &scope.store;
    let found: Vec<WorkItem> = match asked {
        ItemTimesState::Done => queries::items_done(store, (window.start, window.end), &filter, limit).await?,
        ItemTimesState::InProgress => {
            filter.words.push(("status_category", vec![StatusCategory::InProgress.as_str().to_owned()]));
            // of too many the oldest are shown
            let oldest_first = Order { descending: false, ..WorkItem::LIST.default_order() };
            let rows = queries::list::<WorkItem>(store, &filter, oldest_first, &Cut::first(limit)).await?;
            rows.into_iter().map(|placed| placed.row).collect()
        }
    };
    Ok(with_transitions(store, found).await?)
}

/// Items with their transitions.
pub(crate) async fn with_transitions(
    store: &Store,
    found: Vec<WorkItem>,
) -> Result<Vec<(WorkItem, Vec<Transition>)>, StoreError> {
    let keys: Vec<ParentKey> = found.iter().map(|item| (item.id.0.clone(), String::new())).collect();
    let mut items: Vec<(WorkItem, Vec<Transition>)> = found.into_iter().map(|item| (item, Vec::new())).collect();
    if keys.is_empty() {
        return Ok(items);
    }
    let (order, cut) = (Transition::LIST.default_order(), Cut::first(TRANSITIONS_MAX));
    let of_items = (Parent::ITEM, keys.as_slice());
    for (nth, placed) in queries::among::<Transition>(store, of_items, &RowFilter::default(), order, &cut).await? {
        if let Some((_, transitions)) = items.get_mut(nth) {
            transitions.push(placed.row);
        }
    }
    Ok(items)
}
