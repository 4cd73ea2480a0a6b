//! Issues, and the incidents that they are.

use chrono::{DateTime, Utc};
use connector::canceled::is_canceled;
use connector::versions::{is_incident, is_severity, label_selectors, moment, stated};
use kernel::{Incident, IncidentId, StatusCategory, WorkItem, WorkItemId};

use super::place::{Place, text};
use crate::wire;

impl wire::Issue {
    fn changed_at(&self) -> DateTime<Utc> {
        self.updated_at.or(self.closed_at).unwrap_or(self.created_at)
    }
}

/// Whether an issue may have been an incident before this.
fn was_incident(issue: &wire::Issue, action: &str, touched: Option<&wire::Label>) -> bool {
    match action {
        "unlabeled" => touched.is_some_and(|label| is_incident(&label.name)),
        // the event does not have its type of before
        "typed" | "untyped" => true,
        // nor what a pulled one was, whose label may have been taken off since the pull before
        "" => issue.changed_at() > issue.created_at,
        _ => false,
    }
}

/// An issue, and the incident that it is if its type or one of its labels says so. When that is taken off, it is an
/// incident no longer, and so it is when it was closed as canceled.
#[must_use]
pub fn issue(
    place: &Place,
    issue: &wire::Issue,
    action: &str,
    touched: Option<&wire::Label>,
) -> (WorkItem, Option<Incident>) {
    let closed = issue.state.as_deref().map_or(issue.closed_at.is_some(), |state| state == "closed");
    let reason = text(issue.state_reason.as_ref()).filter(|_| closed);
    let gone = matches!(action, "deleted" | "transferred");
    let rank = match (gone, closed, action) {
        (true, ..) => 5,
        (_, _, "reopened") => 4,
        (_, true, _) => 3,
        (_, _, "unlabeled" | "untyped") => 2,
        (_, _, "labeled" | "typed") => 1,
        _ => 0,
    };
    let id = format!("{}/issue/{}", place.id, issue.number);
    let labels: Vec<String> = issue.labels.iter().map(|label| label.name.clone()).collect();
    let canceled = closed && is_canceled(&reason, &labels);
    let version = stated(moment(issue.changed_at(), rank));
    let kind = issue.kind.as_ref().map(|kind| kind.name.to_lowercase());
    let is_one = kind.iter().chain(&labels).any(|name| is_incident(name));
    let incident = (is_one || was_incident(issue, action, touched)).then(|| Incident {
        repository: Some(place.id.clone()),
        selectors: label_selectors(&labels),
        title: issue.title.clone(),
        severity: labels.iter().find(|label| is_severity(label)).cloned(),
        resolved_at: issue.closed_at.filter(|_| closed),
        url: issue.html_url.clone(),
        deleted: gone || canceled || !is_one,
        ..Incident::new(IncidentId(id.clone()), issue.created_at, version)
    });
    let item = WorkItem {
        title: issue.title.clone(),
        kind,
        status: reason.unwrap_or_else(|| if closed { "closed".to_owned() } else { "open".to_owned() }),
        canceled,
        assignee: issue.assignee.as_ref().map(|user| place.account_id(&user.login)),
        done_at: issue.closed_at.filter(|_| closed),
        labels,
        url: issue.html_url.clone(),
        deleted: gone,
        ..WorkItem::new(
            WorkItemId(id),
            format!("#{}", issue.number),
            place.id.to_string(),
            if closed { StatusCategory::Done } else { StatusCategory::ToDo },
            issue.created_at,
            version,
        )
    };
    (item, incident)
}
