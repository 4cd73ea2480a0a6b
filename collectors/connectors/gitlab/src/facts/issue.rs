//! Issues, and the incidents that they are.

use chrono::{DateTime, Utc};
use connector::canceled;
use connector::versions::{is_incident, is_severity, label_selectors, moment, stated};
use kernel::{AccountId, Fact, Incident, IncidentId, StatusCategory, Transition, WorkItem, WorkItemId};

use super::place::Place;
use crate::wire;

const OPEN: &str = "open";

const CLOSED: &str = "closed";

impl wire::Issue {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.closed_at).unwrap_or(self.created_at).0
    }
}

/// Whether a closed issue was not done: it repeats another one, or its status or a label says so.
fn is_canceled(issue: &wire::Issue, labels: &[String], hook: Option<&wire::IssueHook>) -> bool {
    let repeats = issue.duplicated_to_id.is_some()
        || issue.links.as_ref().is_some_and(|links| links.closed_as_duplicate_of.is_some());
    let status = hook.and_then(|hook| hook.changes.as_ref()?.status.as_ref()?.current.as_ref());
    let ends = status.into_iter().flat_map(|status| [&status.category, &status.name]).flatten();
    repeats || canceled::is_canceled(ends, labels)
}

/// Whether an issue may have been an incident before this.
fn was_incident(issue: &wire::Issue, hook: Option<&wire::IssueHook>) -> bool {
    match hook {
        Some(hook) => hook
            .changes
            .as_ref()
            .and_then(|changes| changes.labels.as_ref())
            .is_some_and(|labels| wire::titles(labels.previous.as_ref()).iter().any(|label| is_incident(label))),
        // a pulled issue does not have what it was before: its label may have been taken off since the pull before
        None => issue.changed_at() > issue.created_at.0,
    }
}

/// The incident that an issue is or may have been.
fn incident_of(
    place: &Place,
    issue: &wire::Issue,
    hook: Option<&wire::IssueHook>,
    item: &WorkItem,
) -> Option<Incident> {
    let is_one = item.kind.iter().chain(&item.labels).any(|name| is_incident(name));
    let severity = issue.severity.as_deref().map(str::to_lowercase).filter(|severity| severity != "unknown");
    (is_one || was_incident(issue, hook)).then(|| Incident {
        repository: Some(place.id.clone()),
        selectors: label_selectors(&item.labels),
        title: item.title.clone(),
        severity: item.labels.iter().find(|label| is_severity(label)).cloned().or(severity),
        resolved_at: item.done_at,
        url: item.url.clone(),
        deleted: item.deleted || item.canceled || !is_one,
        ..Incident::new(IncidentId(item.id.0.clone()), item.created_at, item.version)
    })
}

/// An issue, how it came to where it stands as far as this version states it, and the incident that it is if
/// its type or one of its labels says so. A label that is taken off turns the incident into none, and so does
/// which close the issue as a duplicate or as what won't be done.
pub(crate) fn issue(place: &Place, issue: &wire::Issue, hook: Option<&wire::IssueHook>) -> Vec<Fact> {
    let action = issue.action.as_deref().unwrap_or_default();
    let updated = issue.changed_at();
    let closed = issue.state.as_deref().map_or(issue.closed_at.is_some(), |state| state == CLOSED);
    let closed_at = issue.closed_at.map(|when| when.0).or_else(|| (action == "close").then_some(updated));
    let rank = match (closed, action) {
        (false, "reopen") => 4,
        (true, _) => 3,
        _ => 0,
    };
    let version = stated(moment(updated, rank));
    let id = WorkItemId(format!("{}/issue/{}", place.id, issue.iid));
    let labels = wire::titles(issue.labels.as_ref().or_else(|| hook?.labels.as_ref()));
    let kind = issue.named_type.as_ref().or(issue.kind.as_ref()).map(|kind| kind.to_lowercase());
    let assignee = issue.assignee.as_ref().or_else(|| hook?.assignees.first());
    let canceled = closed && is_canceled(issue, &labels, hook);
    let item = WorkItem {
        title: issue.title.clone(),
        kind,
        status: if closed { CLOSED } else { OPEN }.to_owned(),
        canceled,
        assignee: place.account_of(assignee, issue.assignee_id),
        reporter: place.account_of(issue.author.as_ref(), issue.author_id),
        done_at: closed_at.filter(|_| closed),
        points: issue.weight,
        labels,
        url: Some(place.page(&format!("issues/{}", issue.iid))),
        // what was moved goes on in another project, and is closed here
        deleted: issue.moved_to_id.is_some(),
        ..WorkItem::new(
            id.clone(),
            format!("#{}", issue.iid),
            place.id.to_string(),
            if closed { StatusCategory::Done } else { StatusCategory::ToDo },
            issue.created_at.0,
            version,
        )
    };
    let incident = incident_of(place, issue, hook, &item);
    let written = transition(&id, None, issue.created_at.0, item.reporter.clone());
    let step = match action {
        "close" => Some((true, closed_at.unwrap_or(updated))),
        "reopen" => Some((false, updated)),
        _ => None,
    };
    let by = hook.and_then(|hook| place.account_of(hook.user.as_ref(), None));
    let step = step.map(|(closes, at)| transition(&id, Some(closes), at, by));
    let mut facts = vec![Fact::WorkItem(item), Fact::Transition(written)];
    facts.extend(step.map(Fact::Transition));
    facts.extend(incident.map(Fact::Incident));
    facts
}

/// A step that the API lists; `None` for one that neither closes nor reopens.
pub(crate) fn state_event(place: &Place, iid: i64, event: &wire::StateEvent) -> Option<Transition> {
    let closes = match &*event.state {
        "closed" => true,
        "reopened" => false,
        _ => return None,
    };
    let id = WorkItemId(format!("{}/issue/{iid}", place.id));
    Some(transition(&id, Some(closes), event.created_at.0, place.account_of(event.user.as_ref(), None)))
}

/// An issue was closed or opened again, or written down (`None`). Hooks report no number of the step, so it
/// is known by its time.
fn transition(item: &WorkItemId, closes: Option<bool>, at: DateTime<Utc>, author: Option<AccountId>) -> Transition {
    let name = match closes {
        None => "created".to_owned(),
        Some(true) => format!("closed-{}", at.timestamp()),
        Some(false) => format!("reopened-{}", at.timestamp()),
    };
    let (from, to) = match closes {
        None => (None, OPEN),
        Some(true) => (Some(OPEN), CLOSED),
        Some(false) => (Some(CLOSED), OPEN),
    };
    let category = |status| if status == CLOSED { StatusCategory::Done } else { StatusCategory::ToDo };
    Transition {
        author,
        from_status: from.map(str::to_owned),
        from_category: from.map(category),
        to_category: Some(category(to)),
        ..Transition::new(format!("{item}/transition/{name}"), item.clone(), at, to.to_owned(), stated(at))
    }
}
