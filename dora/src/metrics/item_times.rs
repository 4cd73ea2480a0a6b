//! The times of single work items, as their metrics have them.

use kernel::{Transition, WorkItem};
use store::flow::{ItemRow, StatusRow, TransitionRow};

use super::planning::Meanings;
use super::rows::Item;

/// When work on each item began first and when it was finished last, microseconds since 1970.
pub(crate) fn item_times(
    items: &[(WorkItem, Vec<Transition>)],
    statuses: &[StatusRow],
) -> Vec<(Option<i64>, Option<i64>)> {
    let meanings = Meanings::new(statuses);
    let times = items.iter().map(|(item, transitions)| {
        let mut transitions: Vec<TransitionRow> = transitions.iter().map(transition_row).collect();
        transitions.sort_by_key(|transition| transition.at);
        let transitions: Vec<&TransitionRow> = transitions.iter().collect();
        let item = Item::new(&item_row(item), &transitions, &meanings);
        (item.started, item.done)
    });
    times.collect()
}

fn item_row(item: &WorkItem) -> ItemRow {
    ItemRow {
        id: item.id.0.clone(),
        project: item.project.clone(),
        kind: item.kind.clone(),
        category: item.status_category,
        assignee: None,
        created: item.created_at.timestamp_micros(),
        started: item.started_at.map(|at| at.timestamp_micros()),
        done: item.done_at.map(|at| at.timestamp_micros()),
        canceled: item.canceled,
        points: item.points,
        labels: Vec::new(),
    }
}

fn transition_row(transition: &Transition) -> TransitionRow {
    TransitionRow {
        item: transition.item.0.clone(),
        at: transition.at.timestamp_micros(),
        from: (transition.from_status.clone(), transition.from_category),
        to: (transition.to_status.clone(), transition.to_category),
    }
}
