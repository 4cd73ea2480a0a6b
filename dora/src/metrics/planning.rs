//! Planning: work items through the statuses of their workflow, and sprints with what was in them.

use std::collections::BTreeMap;

use kernel::StatusCategory;
use store::flow::{EntryRow, ItemRow, SprintRow, StatusRow, TransitionRow};

use super::metric::Input::{Items, Sprints};
use super::metric::metrics;
use super::model::Aggregation::{AgeOfOpen, Mean, Median, OpenAtDayEnd, PerWeek, RatioOfSums, ShareOfWhole};
use super::observations::Observations;
use super::rows::{InSprint, Item, Name, Sprint};
use super::unit::Unit;

metrics! { "planning";
    item_cycle_time: Unit::Seconds, Median, Items(cycle_time), "Work item cycle time",
        "First in progress to done, of work items done in the window.";
    item_lead_time: Unit::Seconds, Median, Items(lead_time), "Work item lead time",
        "Written down to done, of work items done in the window.";
    item_throughput: Unit::PerWeek, PerWeek, Items(done), "Work item throughput",
        "Work items done a week.", .more_is_better();
    items_in_progress: Unit::Number, OpenAtDayEnd, Items(in_progress), "Work items in progress",
        "Work items in progress at the end of each day, on average over the days.", .neutral();
    items_to_do: Unit::Number, OpenAtDayEnd, Items(to_do), "Work items to do",
        "Work items that are written down, not closed and not in progress at the end of each day, on average over the days.";
    age_of_items_in_progress: Unit::Seconds, AgeOfOpen, Items(in_progress), "Age of work items in progress",
        "How long ago work began on the items that are in progress at the end.";
    flow_efficiency: Unit::Ratio, RatioOfSums, Items(efficiency), "Flow efficiency",
        "Time in statuses that mean in progress over cycle time, of work items done in the window.", .more_is_better();
    investment: Unit::Ratio, ShareOfWhole, Items(done), "Investment",
        "Share of all work items done in the window; asked for by type, where work goes.", .neutral();
    sprint_velocity: Unit::Number, Mean, Sprints(velocity), "Velocity",
        "Points done in a sprint, on average over sprints that ended in the window; items where there are no points.",
        .more_is_better();
    say_do_ratio: Unit::Ratio, RatioOfSums, Sprints(say_do), "Say-do ratio",
        "Of what was in a sprint when it began, what was done when it ended.", .more_is_better();
    scope_change: Unit::Ratio, RatioOfSums, Sprints(scope_change), "Scope change",
        "What was put into sprints or taken out of them after they began, over what was in them when they began.";
}

/// What statuses mean, by tracker and name.
pub(super) struct Meanings<'a>(Vec<(&'a str, String, StatusCategory)>);

impl<'a> Meanings<'a> {
    pub fn new(statuses: &'a [StatusRow]) -> Self {
        let mut all: Vec<_> =
            statuses.iter().map(|row| (row.tracker.as_str(), row.name.to_lowercase(), row.category)).collect();
        // the most special tracker first
        all.sort_by_key(|(tracker, ..)| std::cmp::Reverse(tracker.len()));
        Self(all)
    }

    /// The category of a status of an item: what the transition says, else what its tracker says of it.
    fn of(&self, item: &str, name: Option<&str>, known_category: Option<StatusCategory>) -> Option<StatusCategory> {
        let name = name?.to_lowercase();
        let holds = |tracker: &str| item.strip_prefix(tracker).is_some_and(|rest| rest.starts_with(['/', '#']));
        known_category
            .or_else(|| self.0.iter().find(|(tracker, known, _)| *known == name && holds(tracker)).map(|(.., is)| *is))
    }
}

impl Item {
    /// From what the item states of itself, and from its transitions, oldest first.
    pub fn new(row: &ItemRow, transitions: &[&TransitionRow], meanings: &Meanings<'_>) -> Self {
        let mut item = Self { created: row.created, closed: row.done, ..Self::default() };
        let mut first = true;
        for transition in transitions {
            let from = meanings.of(&row.id, transition.from.0.as_deref(), transition.from.1);
            let to = meanings.of(&row.id, Some(&transition.to.0), transition.to.1);
            if std::mem::take(&mut first) && from == Some(StatusCategory::InProgress) {
                // it was written down as work that had begun
                item.begin(row.created);
            }
            match to {
                Some(StatusCategory::InProgress) => item.begin(transition.at),
                Some(category) => item.rest(transition.at, category == StatusCategory::Done),
                None => {}
            }
        }
        // a source without transitions may report the ends
        item.started = item.started.or(row.started);
        item.done = item.done.or(row.done);
        if row.category != StatusCategory::Done {
            item.done = None;
        }
        if let Some((_, until @ None)) = item.active.last_mut() {
            // also where the last transition does not say what its status means
            *until = item.done;
        }
        if item.active.is_empty()
            && let Some(started) = item.started
        {
            let open = row.category == StatusCategory::InProgress;
            if open || item.done.is_some() {
                item.active.push((started, item.done.filter(|_| !open)));
            }
        }
        item.left = item.done;
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

fn cycle_time(item: &Item, into: &mut Observations) {
    if let Some(done) = item.done {
        into.span(done, item.started, Some(done));
    }
}

fn lead_time(item: &Item, into: &mut Observations) {
    if let Some(done) = item.done {
        into.span(done, Some(item.created), Some(done));
    }
}

fn done(item: &Item, into: &mut Observations) {
    if let Some(done) = item.done {
        into.event(done);
    }
}

fn in_progress(item: &Item, into: &mut Observations) {
    for (from, until) in &item.active {
        into.lasting(*from, *until);
    }
}

/// From its beginning on whenever it is not in progress, until it is closed for the last time.
fn to_do(item: &Item, into: &mut Observations) {
    let mut since = Some(item.created);
    for (from, until) in &item.active {
        if let Some(since) = since.filter(|since| since < from) {
            into.lasting(since, Some(*from));
        }
        since = *until;
    }
    if let Some(since) = since.filter(|since| item.left.is_none_or(|left| left > *since)) {
        into.lasting(since, item.left);
    }
}

fn efficiency(item: &Item, into: &mut Observations) {
    if let (Some(started), Some(done)) = (item.started, item.done)
        && done > started
    {
        let active = item.active.iter().map(|(from, until)| until.unwrap_or(done).min(done) - (*from).max(started));
        into.part(done, active.filter(|span| *span > 0).sum::<i64>() as f64, (done - started) as f64);
    }
}

impl Sprint {
    /// From what was put into a sprint and taken out of it, oldest first.
    pub fn new(row: &SprintRow, entries: &[&EntryRow]) -> Self {
        let mut items: BTreeMap<Name, InSprint> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.at <= row.ended) {
            let item = items.entry(entry.item.as_str().into()).or_default();
            item.points = entry.points;
            item.done = entry.done.is_some_and(|done| done >= row.started && done <= row.ended);
            item.finally = entry.added;
            if entry.at <= row.started {
                item.committed = entry.added;
            }
        }
        let has_points = items.values().any(|item| item.points.is_some());
        Self { ended: row.ended, items, has_points }
    }

    fn sum(&self, of: impl Fn(&InSprint) -> bool) -> f64 {
        let size = |item: &InSprint| if self.has_points { item.points.unwrap_or_default() } else { 1.0 };
        self.items.values().filter(|item| of(item)).map(size).sum()
    }
}

fn velocity(sprint: &Sprint, into: &mut Observations) {
    into.value(sprint.ended, sprint.sum(|item| item.finally && item.done));
}

fn say_do(sprint: &Sprint, into: &mut Observations) {
    let committed = sprint.sum(|item| item.committed);
    if committed > 0.0 {
        into.part(sprint.ended, sprint.sum(|item| item.committed && item.finally && item.done), committed);
    }
}

fn scope_change(sprint: &Sprint, into: &mut Observations) {
    let committed = sprint.sum(|item| item.committed);
    if committed > 0.0 {
        into.part(sprint.ended, sprint.sum(|item| item.committed != item.finally), committed);
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
            .map(|(name, category)| StatusRow {
                tracker: "jira".into(),
                name: name.into(),
                category: category.parse().unwrap(),
            })
            .to_vec()
    }

    fn item(category: &str) -> ItemRow {
        ItemRow {
            id: "jira/T-1".into(),
            project: String::new(),
            kind: None,
            category: category.parse().unwrap(),
            assignee: None,
            created: 100,
            started: None,
            done: None,
            canceled: false,
            points: None,
            labels: Vec::new(),
        }
    }

    fn seen(metric: fn(&Item, &mut Observations), row: &ItemRow, transitions: &[TransitionRow]) -> Observations {
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
        assert_eq!(seen(cycle_time, &item("done"), &way).values()[0], Some(500.0));
        assert_eq!(seen(lead_time, &item("done"), &way).values()[0], Some(600.0));
        assert_eq!(seen(done, &item("done"), &way).at[0], 700);
        // in progress 200–350, 400–500 and 600–700 of 200–700
        let efficiency = seen(efficiency, &item("done"), &way);
        assert_eq!((efficiency.values()[0], efficiency.of.get(0)), (Some(350.0), Some(500.0)));
        let spans = seen(in_progress, &item("done"), &way);
        let spans: Vec<_> = spans.at.iter().enumerate().map(|(row, at)| (*at, spans.until.get(row))).collect();
        assert_eq!(spans, [(200, Some(350)), (400, Some(500)), (600, Some(700))]);
    }

    #[test]
    fn an_item_is_to_do_whenever_it_is_neither_in_progress_nor_closed() {
        let to_do = |row: &ItemRow, way: &[TransitionRow]| {
            let seen = seen(to_do, row, way);
            seen.at.iter().enumerate().map(|(row, at)| (*at, seen.until.get(row))).collect::<Vec<_>>()
        };
        let way = [
            transition(200, "Open", "Doing"),
            transition(300, "Doing", "Open"),
            transition(400, "Open", "Doing"),
            transition(500, "Doing", "Closed"),
        ];
        assert_eq!(to_do(&item("done"), &way), [(100, Some(200)), (300, Some(400))]);
        assert_eq!(to_do(&item("in_progress"), &way[..3]), [(100, Some(200)), (300, Some(400))]);
        assert_eq!(to_do(&item("to_do"), &way[..2]), [(100, Some(200)), (300, None)]);
        assert_eq!(to_do(&item("to_do"), &[]), [(100, None)]);
        let canceled = ItemRow { canceled: true, ..item("done") };
        assert_eq!(to_do(&canceled, &[transition(250, "Open", "Closed")]), [(100, Some(250))]);
    }

    #[test]
    fn an_item_that_was_opened_again_is_not_done() {
        let way = [transition(200, "Open", "Closed"), transition(300, "Closed", "Open")];
        assert!(seen(done, &item("to_do"), &way).at.is_empty());
    }

    #[test]
    fn canceled_work_leaves_work_in_progress_but_is_not_done() {
        let canceled = ItemRow { canceled: true, done: Some(900), ..item("done") };
        let way = [transition(200, "Open", "Doing"), transition(900, "Doing", "Closed")];
        let with_start = ItemRow { started: Some(200), ..canceled.clone() };
        // a status whose meaning is not known: the item says itself that it ended
        let unknown = [transition(200, "Open", "Doing"), transition(900, "Doing", "Dropped")];
        for (row, way) in [(&canceled, &way[..]), (&with_start, &[]), (&canceled, &unknown)] {
            for metric in [cycle_time, lead_time, done, efficiency] {
                assert!(seen(metric, row, way).values().iter().all(Option::is_none), "{way:?}");
            }
            let spans = seen(in_progress, row, way);
            assert_eq!((spans.at[0], spans.until.get(0), spans.len()), (200, Some(900), 1), "{way:?}");
        }
        let done_item = ItemRow { canceled: false, ..canceled };
        assert_eq!(seen(done, &done_item, &way).at[0], 900);
    }

    #[test]
    fn without_transitions_the_item_states_its_ends_itself() {
        let row = ItemRow { started: Some(150), done: Some(250), ..item("done") };
        assert_eq!(seen(cycle_time, &row, &[]).values()[0], Some(100.0));
        let open = ItemRow { started: Some(150), ..item("in_progress") };
        assert_eq!(seen(in_progress, &open, &[]).until.get(0), None);
        assert!(seen(in_progress, &item("to_do"), &[]).at.is_empty());
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
        let planned = Sprint::new(&sprint, &entries);
        let values = |metric: fn(&Sprint, &mut Observations)| {
            let mut into = Observations::default();
            metric(&planned, &mut into);
            (into.values()[0], into.of.get(0))
        };
        assert_eq!(values(velocity), (Some(11.0), None));
        assert_eq!(values(say_do), (Some(3.0), Some(10.0)));
        assert_eq!(values(scope_change), (Some(10.0), Some(10.0)));
    }
}
