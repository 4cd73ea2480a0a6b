//! Which changes belong to a work item, and its way through them.

use chrono::{DateTime, Utc};
use kernel::{Change, ChangeState, WorkItem};

use super::model::{Journey, JourneyKind, JourneyStep, JourneyWay, StepKind};

/// Keeps the changes that name a work item by its key, in their title or branch. The key of an issue of a forge (`#12`) is
/// meant in its own repository only; a branch may begin with its number (`12-fix-totals`).
#[must_use]
pub fn changes_of_item(item: &WorkItem, mut changes: Vec<Change>) -> Vec<Change> {
    changes.retain(|change| names(item, change));
    changes
}

fn names(item: &WorkItem, change: &Change) -> bool {
    let branch = change.source_branch.as_deref().unwrap_or_default();
    let Some(number) = item.key.strip_prefix('#') else {
        return mentions(&change.title, &item.key) || mentions(branch, &item.key);
    };
    let is_numbered =
        |part: &str| part.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    change.repository.as_str() == item.project
        && (mentions(&change.title, &item.key) || branch.rsplit('/').next().is_some_and(is_numbered))
}

/// Whether a text has a key as a word, in upper or lower case.
fn mentions(text: &str, key: &str) -> bool {
    let (text, key) = (text.to_lowercase(), key.to_lowercase());
    let is_word = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + key.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    !key.is_empty() && text.match_indices(&key).any(|(at, _)| is_word(at))
}

/// Returns the way of a work item through the changes that name it.
#[must_use]
pub fn journey_of_item(item: WorkItem, ways: Vec<JourneyWay>, shortened: bool) -> Journey {
    let counted: Vec<&JourneyWay> =
        ways.iter().filter(|way| way.state.is_none_or(|state| state != ChangeState::Abandoned)).collect();
    let first = counted.iter().filter_map(|way| way.step(StepKind::FirstCommit)?.at).min();
    let not_begun = || "its tracker reports no beginning of work on it".to_owned();
    let steps = vec![
        JourneyStep { step: StepKind::Created, at: Some(item.created_at), why: None },
        JourneyStep::new(StepKind::Started, item.started_at, not_begun),
        JourneyStep::new(StepKind::FirstCommit, first, || missing(&item, &counted, "no commit of a change is known")),
        when_all(&item, &counted, (StepKind::Merged, "merged")),
        when_all(&item, &counted, (StepKind::InProduction, "in production")),
        JourneyStep::new(StepKind::Done, item.done_at, || format!("its status is `{}`", item.status)),
    ];
    Journey { kind: JourneyKind::WorkItem, id: item.id.0, title: item.title, url: item.url, steps, ways, shortened }
}

/// A step that is taken when the last of the changes has taken it.
fn when_all(item: &WorkItem, ways: &[&JourneyWay], (step, done): (StepKind, &str)) -> JourneyStep {
    let times: Vec<DateTime<Utc>> = ways.iter().filter_map(|way| way.step(step)?.at).collect();
    let at = times.iter().max().copied().filter(|_| times.len() == ways.len());
    let why = match ways {
        [only] => only.step(step).and_then(|step| step.why.clone()).unwrap_or_default(),
        _ => format!("{} of {} changes are {done}", times.len(), ways.len()),
    };
    JourneyStep::new(step, at, || missing(item, ways, &why))
}

fn missing(item: &WorkItem, ways: &[&JourneyWay], why: &str) -> String {
    if ways.is_empty() { format!("no change names `{}` in its title or branch", item.key) } else { why.to_owned() }
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, StatusCategory, Version};

    use super::*;

    fn version() -> Version {
        Version { completeness: Completeness::Reported, at: "2026-03-02T00:00:00Z".parse().unwrap() }
    }

    fn item(key: &str, project: &str) -> WorkItem {
        let created = "2026-03-01T00:00:00Z".parse().unwrap();
        WorkItem::new("t/1".into(), key.into(), project.into(), StatusCategory::Done, created, version())
    }

    fn change(title: &str, branch: &str) -> Change {
        Change {
            title: title.to_owned(),
            source_branch: Some(branch.to_owned()),
            ..Change::new("h/o/r#1".into(), "h/o/r".into(), ChangeState::Open, version())
        }
    }

    #[test]
    fn a_change_belongs_to_the_item_whose_key_it_names() {
        for (key, title, branch, is_named) in [
            ("PAY-12", "PAY-12: Round totals", "", true),
            ("PAY-12", "Round totals [pay-12]", "", true),
            ("PAY-12", "Round totals", "feature/pay-12-round", true),
            ("PAY-12", "PAY-120: Invoices", "pay-120", false),
            ("PAY-12", "XPAY-12", "", false),
            ("#12", "Round totals (#12)", "", true),
            ("#12", "Round totals (#123)", "", false),
            ("#12", "Round totals", "fix/12-round-totals", true),
            ("#12", "Round totals", "fix/120-round", false),
        ] {
            assert_eq!(names(&item(key, "h/o/r"), &change(title, branch)), is_named, "{key}: {title} {branch}");
        }
        assert!(!names(&item("#12", "h/o/other"), &change("Fix #12", "")));
    }

    #[test]
    fn an_item_is_in_production_when_the_last_of_its_changes_is() {
        let at = |day: u32| Some(format!("2026-03-{day:02}T00:00:00Z").parse().unwrap());
        let way = |state, merged, in_production| {
            let step = |step, at| JourneyStep::new(step, at, || "not yet deployed to production".to_owned());
            JourneyWay {
                kind: JourneyKind::Change,
                id: "r#1".into(),
                title: String::new(),
                url: None,
                state: Some(state),
                steps: vec![step(StepKind::Merged, merged), step(StepKind::InProduction, in_production)],
                runs: Vec::new(),
                services: Vec::new(),
            }
        };
        let reached = |ways| {
            let journey = journey_of_item(item("PAY-12", "PAY"), ways, false);
            let step = journey.steps.into_iter().find(|step| step.step == StepKind::InProduction).unwrap();
            (step.at, step.why)
        };
        let (merged, gone) = (ChangeState::Merged, ChangeState::Abandoned);
        assert_eq!(reached(vec![way(merged, at(2), at(3)), way(merged, at(2), at(5))]), (at(5), None));
        assert_eq!(reached(vec![way(merged, at(2), at(3)), way(gone, None, None)]), (at(3), None));
        let some = reached(vec![way(merged, at(2), at(3)), way(merged, at(2), None)]);
        assert_eq!(some, (None, Some("1 of 2 changes are in production".to_owned())));
        let none = reached(vec![way(merged, at(2), None)]);
        assert_eq!(none, (None, Some("not yet deployed to production".to_owned())));
        let unnamed = Some("no change names `PAY-12` in its title or branch".to_owned());
        assert_eq!(reached(Vec::new()), (None, unnamed));
    }
}
