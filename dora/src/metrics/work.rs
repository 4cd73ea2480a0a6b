//! Planning: work items through the statuses of their workflow, and sprints with what was in them.

use std::collections::BTreeMap;

use store::flow::{EntryRow, ItemRow, SprintRow, StatusRow, TransitionRow};

use super::observations::{Observations, Subject};

/// A work item, and what its transitions tell.
pub(super) struct Item<'a> {
    pub row: &'a ItemRow,
    /// When work on it began first.
    started: Option<i64>,
    /// When it was finished last, if it still is.
    done: Option<i64>,
    /// The spans in which it was in progress; the last without an end while it is.
    active: Vec<(i64, Option<i64>)>,
}

/// What statuses mean, by tracker and name.
pub(super) struct Meanings<'a>(Vec<(&'a str, String, &'a str)>);

impl<'a> Meanings<'a> {
    pub fn new(statuses: &'a [StatusRow]) -> Self {
        let mut all: Vec<_> =
            statuses.iter().map(|row| (row.tracker.as_str(), row.name.to_lowercase(), row.category.as_str())).collect();
        // the most special tracker first
        all.sort_by_key(|(tracker, ..)| std::cmp::Reverse(tracker.len()));
        Self(all)
    }

    /// The category of a status of an item: what the transition says, else what its tracker says of it.
    fn of<'r>(&'r self, item: &str, name: Option<&str>, told: Option<&'r str>) -> Option<&'r str> {
        let name = name?.to_lowercase();
        let holds = |tracker: &str| item.strip_prefix(tracker).is_some_and(|rest| rest.starts_with(['/', '#']));
        told.or_else(|| self.0.iter().find(|(tracker, known, _)| *known == name && holds(tracker)).map(|(.., is)| *is))
    }
}

impl<'a> Item<'a> {
    /// From what the item says of itself, and from its transitions, oldest first.
    pub fn new(row: &'a ItemRow, transitions: &[&TransitionRow], meanings: &Meanings<'_>) -> Self {
        let mut item = Self { row, started: None, done: None, active: Vec::new() };
        let mut first = true;
        for transition in transitions {
            let from = meanings.of(&row.id, transition.from.0.as_deref(), transition.from.1.as_deref());
            let to = meanings.of(&row.id, Some(&transition.to.0), transition.to.1.as_deref());
            if std::mem::take(&mut first) && from == Some("in_progress") {
                // it was written down as work that had begun
                item.begin(row.created);
            }
            match to {
                Some("in_progress") => item.begin(transition.at),
                Some(category) => item.rest(transition.at, category == "done"),
                None => {}
            }
        }
        // a source without transitions may tell the ends
        item.started = item.started.or(row.started);
        item.done = item.done.or(row.done);
        if row.category != "done" {
            item.done = None;
        }
        if let Some((_, until @ None)) = item.active.last_mut() {
            // also where the last transition does not say what its status means
            *until = item.done;
        }
        if item.active.is_empty()
            && let Some(started) = item.started
        {
            let open = row.category == "in_progress";
            if open || item.done.is_some() {
                item.active.push((started, item.done.filter(|_| !open)));
            }
        }
        if row.canceled {
            // it is worked on no longer, but nothing was delivered
            item.done = None;
        }
        item
    }

    fn begin(&mut self, at: i64) {
        self.done = None;
        self.started.get_or_insert(at);
        if self.active.last().is_none_or(|(_, until)| until.is_some()) {
            self.active.push((at, None));
        }
    }

    fn rest(&mut self, at: i64, done: bool) {
        if let Some((_, until @ None)) = self.active.last_mut() {
            *until = Some(at);
        }
        // the last time that it became done counts; from one done status to another nothing changes
        self.done = if done { self.done.or(Some(at)) } else { None };
    }
}

pub(super) fn cycle_time(item: &Item<'_>, into: &mut Observations) {
    if let Some(done) = item.done {
        into.span(done, item.started, Some(done));
    }
}

pub(super) fn lead_time(item: &Item<'_>, into: &mut Observations) {
    if let Some(done) = item.done {
        into.span(done, Some(item.row.created), Some(done));
    }
}

pub(super) fn done(item: &Item<'_>, into: &mut Observations) {
    if let Some(done) = item.done {
        into.event(done);
    }
}

pub(super) fn in_progress(item: &Item<'_>, into: &mut Observations) {
    for (from, until) in &item.active {
        into.lasting(*from, *until);
    }
}

pub(super) fn efficiency(item: &Item<'_>, into: &mut Observations) {
    if let (Some(started), Some(done)) = (item.started, item.done)
        && done > started
    {
        let active = item.active.iter().map(|(from, until)| until.unwrap_or(done).min(done) - (*from).max(started));
        into.part(done, active.filter(|span| *span > 0).sum::<i64>() as f64, (done - started) as f64);
    }
}

/// A sprint, and what was put into it and taken out of it, oldest first.
pub(super) struct Planned<'a> {
    sprint: &'a SprintRow,
    items: BTreeMap<&'a str, InSprint>,
    /// Whether any of its items has points; otherwise items are counted.
    points: bool,
}

#[derive(Default)]
struct InSprint {
    points: Option<f64>,
    done: bool,
    /// It was in it when it began.
    committed: bool,
    /// It was in it when it ended.
    finally: bool,
}

impl<'a> Planned<'a> {
    pub fn new(sprint: &'a SprintRow, entries: &[&'a EntryRow]) -> Self {
        let mut items: BTreeMap<&str, InSprint> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.at <= sprint.ended) {
            let item = items.entry(&entry.item).or_default();
            item.points = entry.points;
            item.done = entry.done.is_some_and(|done| done >= sprint.started && done <= sprint.ended);
            item.finally = entry.added;
            if entry.at <= sprint.started {
                item.committed = entry.added;
            }
        }
        let points = items.values().any(|item| item.points.is_some());
        Self { sprint, items, points }
    }

    /// What it is about.
    pub fn subject(&self, entries: &[&EntryRow]) -> Subject {
        let project = entries.iter().find_map(|entry| entry.project.clone());
        Subject { project: project.or_else(|| self.sprint.board.clone()), ..Subject::default() }
    }

    fn sum(&self, of: impl Fn(&InSprint) -> bool) -> f64 {
        let size = |item: &InSprint| if self.points { item.points.unwrap_or_default() } else { 1.0 };
        self.items.values().filter(|item| of(item)).map(size).sum()
    }
}

pub(super) fn velocity(planned: &Planned<'_>, into: &mut Observations) {
    into.value(planned.sprint.ended, planned.sum(|item| item.finally && item.done));
}

pub(super) fn say_do(planned: &Planned<'_>, into: &mut Observations) {
    let committed = planned.sum(|item| item.committed);
    if committed > 0.0 {
        into.part(planned.sprint.ended, planned.sum(|item| item.committed && item.finally && item.done), committed);
    }
}

pub(super) fn scope_change(planned: &Planned<'_>, into: &mut Observations) {
    let committed = planned.sum(|item| item.committed);
    if committed > 0.0 {
        into.part(planned.sprint.ended, planned.sum(|item| item.committed != item.finally), committed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(at: i64, from: &str, to: &str) -> TransitionRow {
        TransitionRow { item: "jira/T-1".into(), at, from: (Some(from.into()), None), to: (to.into(), None) }
    }

    fn meanings() -> Vec<StatusRow> {
        [("Open", "to_do"), ("Doing", "in_progress"), ("Review", "in_progress"), ("Closed", "done")]
            .map(|(name, category)| StatusRow { tracker: "jira".into(), name: name.into(), category: category.into() })
            .to_vec()
    }

    fn item(category: &str) -> ItemRow {
        ItemRow { id: "jira/T-1".into(), category: category.into(), created: 100, ..ItemRow::default() }
    }

    fn seen(metric: fn(&Item<'_>, &mut Observations), row: &ItemRow, transitions: &[TransitionRow]) -> Observations {
        let statuses = meanings();
        let transitions: Vec<&TransitionRow> = transitions.iter().collect();
        let mut into = Observations::default();
        metric(&Item::new(row, &transitions, &Meanings::new(&statuses)), &mut into);
        into
    }

    #[test]
    fn an_items_cycle_is_from_the_first_in_progress_to_the_last_done() {
        let way = [
            transition(200, "Open", "doing"),
            transition(300, "Doing", "Review"),
            transition(350, "Review", "Open"),
            transition(400, "Open", "Doing"),
            transition(500, "Doing", "Closed"),
            transition(600, "Closed", "Doing"),
            transition(700, "Doing", "Closed"),
        ];
        assert_eq!(seen(cycle_time, &item("done"), &way).all[0].value, Some(500.0));
        assert_eq!(seen(lead_time, &item("done"), &way).all[0].value, Some(600.0));
        assert_eq!(seen(done, &item("done"), &way).all[0].at, 700);
        // in progress 200–350, 400–500 and 600–700 of 200–700
        let efficiency = seen(efficiency, &item("done"), &way);
        assert_eq!((efficiency.all[0].value, efficiency.all[0].of), (Some(350.0), Some(500.0)));
        let spans = seen(in_progress, &item("done"), &way);
        let spans: Vec<_> = spans.all.iter().map(|seen| (seen.at, seen.until)).collect();
        assert_eq!(spans, [(200, Some(350)), (400, Some(500)), (600, Some(700))]);
    }

    #[test]
    fn an_item_that_was_opened_again_is_not_done() {
        let way = [transition(200, "Open", "Closed"), transition(300, "Closed", "Open")];
        assert!(seen(done, &item("to_do"), &way).all.is_empty());
    }

    #[test]
    fn canceled_work_leaves_work_in_progress_but_is_not_done() {
        let canceled = ItemRow { canceled: true, done: Some(900), ..item("done") };
        let way = [transition(200, "Open", "Doing"), transition(900, "Doing", "Closed")];
        let told = ItemRow { started: Some(200), ..canceled.clone() };
        // a status whose meaning is not known: the item says itself that it ended
        let unknown = [transition(200, "Open", "Doing"), transition(900, "Doing", "Dropped")];
        for (row, way) in [(&canceled, &way[..]), (&told, &[]), (&canceled, &unknown)] {
            for metric in [cycle_time, lead_time, done, efficiency] {
                assert!(seen(metric, row, way).all.iter().all(|seen| seen.value.is_none()), "{way:?}");
            }
            let spans = seen(in_progress, row, way);
            assert_eq!((spans.all[0].at, spans.all[0].until, spans.all.len()), (200, Some(900), 1), "{way:?}");
        }
        let done_item = ItemRow { canceled: false, ..canceled };
        assert_eq!(seen(done, &done_item, &way).all[0].at, 900);
    }

    #[test]
    fn without_transitions_the_item_tells_its_ends_itself() {
        let row = ItemRow { started: Some(150), done: Some(250), ..item("done") };
        assert_eq!(seen(cycle_time, &row, &[]).all[0].value, Some(100.0));
        let open = ItemRow { started: Some(150), ..item("in_progress") };
        assert_eq!(seen(in_progress, &open, &[]).all[0].until, None);
        assert!(seen(in_progress, &item("to_do"), &[]).all.is_empty());
    }

    #[test]
    fn a_sprint_says_what_was_promised_what_was_done_and_what_changed() {
        let sprint = SprintRow { id: "s".into(), board: None, started: 1_000, ended: 2_000 };
        let entry = |item: &str, at, added, points, done| EntryRow {
            sprint: "s".into(),
            item: item.into(),
            at,
            added,
            points: Some(points),
            done,
            project: None,
        };
        let entries = [
            entry("done", 500, true, 3.0, Some(1_500)),
            entry("late", 500, true, 5.0, Some(2_500)),
            entry("taken out", 500, true, 2.0, None),
            entry("taken out", 1_200, false, 2.0, None),
            entry("put in", 1_300, true, 8.0, Some(1_900)),
            entry("after", 2_100, true, 100.0, Some(1_900)),
        ];
        let entries: Vec<&EntryRow> = entries.iter().collect();
        let planned = Planned::new(&sprint, &entries);
        let values = |metric: fn(&Planned<'_>, &mut Observations)| {
            let mut into = Observations::default();
            metric(&planned, &mut into);
            (into.all[0].value, into.all[0].of)
        };
        assert_eq!(values(velocity), (Some(11.0), None));
        assert_eq!(values(say_do), (Some(3.0), Some(10.0)));
        assert_eq!(values(scope_change), (Some(10.0), Some(10.0)));
    }
}
